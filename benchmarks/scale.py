"""An audit beside the least that could be done: `python -m benchmarks.audit_speed`.

Compares, in one run and on the same Parquet files: (a) a plain SQL query that decides only met or
not met, (b) an idiomatic pandas script that decides the same, and the program's full findings.
The three must agree on how many are met, or the comparison stops.
"""

from __future__ import annotations

import argparse
from statistics import median

import duckdb

from benchmarks.data import write
from benchmarks.measure import BUILD, alternate, mid, ratio


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--without-pandas", action="store_true")
    arguments = parser.parse_args()
    folder = BUILD / str(arguments.cases)
    if not (folder / "site.yaml").is_file():
        write(folder, arguments.cases)
    commands = {
        "plain SQL": ["-m", "benchmarks.plain_sql", str(folder)],
        "qi-checker": ["-m", "benchmarks.ours", str(folder)],
    }
    if not arguments.without_pandas:
        commands["pandas"] = ["-m", "benchmarks.pandas_script", str(folder)]
    found = alternate(commands, arguments.runs)
    _agree(folder, found["qi-checker"][0].said["met"], list(commands))
    print(f"{arguments.cases:,} cases, {8 * arguments.cases:,} events, {arguments.runs} runs each")
    for name, runs in found.items():
        print(f"{name:12} {mid(runs):7.2f} s  {mid(runs, 'cpu'):7.2f} cpu s  "
              f"{mid(runs, 'peak_mb'):6.0f} MB peak")  # fmt: skip
    ours = found["qi-checker"]
    for phase in ours[0].said["phases"]:
        print(f"    {phase:32} {median(r.said['phases'][phase] for r in ours):6.2f} s")
    plain = mid(found["plain SQL"])
    phases = [r.said["phases"] for r in ours]
    facts = median(p["evaluate"] + p["verdicts"] + p["write facts"] for p in phases)
    print(f"statuses with evidence / plain SQL: {facts / plain:.2f}")
    print(f"everything / plain SQL: {ratio(ours, found['plain SQL']):.2f}")
    if "pandas" in found:
        print(f"pandas / everything: {ratio(found['pandas'], ours):.2f}")


def _agree(folder: object, met: dict[str, int], names: list[str]) -> None:
    """All answer the same question; a fast wrong answer is not worth a figure."""
    for name, file in (("plain SQL", "plain"), ("pandas", "pandas")):
        if name in names:
            ct, mri = duckdb.execute(
                f"SELECT count_if(ct), count_if(mri) FROM '{folder}/{file}.parquet'"
            ).fetchone() or (0, 0)
            if (ct, mri) != (met["ct"], met["mri"]):
                raise SystemExit(f"{name} finds {ct} and {mri} met, the program {met}")


if __name__ == "__main__":
    main()
