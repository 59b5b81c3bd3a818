"""Every measurement, one after the other: `python -m benchmarks.run` (minutes)."""

from __future__ import annotations

import sys

from benchmarks import audit_speed, check_start


def main() -> None:
    """Run all with their usual sizes; arguments go to the audit's measurement."""
    print("# An audit beside plain SQL and pandas")
    audit_speed.main()
    sys.argv = sys.argv[:1]
    print("\n# One case from a cold start")
    check_start.main()


if __name__ == "__main__":
    main()
