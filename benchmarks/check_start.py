"""One case from a cold start: `python -m benchmarks.check_start`.

`qi-checker check` on a folder of 1,000 cases, beside importing the libraries it needs.
"""

from __future__ import annotations

import argparse

import duckdb

from benchmarks.data import write
from benchmarks.measure import BUILD, alternate, mid, ratio

CASES = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    folder = BUILD / str(CASES)
    if not (folder / "cases.csv").is_file():
        write(folder, CASES)
        for table in ("cases", "events"):
            duckdb.execute(
                f"COPY (SELECT * FROM '{folder}/{table}.parquet') TO '{folder}/{table}.csv' (HEADER)"
            )
            (folder / f"{table}.parquet").unlink()
    check = [
        "-m",
        "qi_checker",
        "check",
        "C000000007",
        "--data",
        str(folder),
        "--as-of",
        "2026-06-30",
    ]
    commands = {
        "imports": ["-c", "import duckdb, pydantic, yaml, sqlglot"],
        "check": check,
        "check --format json": [*check, "--format", "json"],
    }
    found = alternate(commands, arguments.runs)
    for name, runs in found.items():
        print(f"{name:20} {mid(runs):6.3f} s, {ratio(runs, found['imports']):.2f} x the imports")


if __name__ == "__main__":
    main()
