"""An audit compared with hand-written programs for the same result: `python -m benchmarks.scale`.

In one run and on the same Parquet files: a plain SQL query that decides only met or not met; DuckDB
SQL, Polars and pandas for the long result (status, reason, chosen event or nearest miss, days,
window, of every case and requirement); and the program. All long results must be the same in every
value, or the comparison stops. `--parts N` evaluates the records in N parts by patient instead,
without the others.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import median

import duckdb

from benchmarks.data import write
from benchmarks.measure import BUILD, Run, alternate, mid, ratio, run
from benchmarks.partitions import evaluate

OURS = ["-m", "benchmarks.ours"]
LONG = {"hand-written SQL": "long_sql", "Polars": "long_polars", "pandas": "long_pandas"}
WRITTEN = {"hand-written SQL": "long_sql", "Polars": "polars", "pandas": "pandas"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--parts", type=int, help="evaluate in N parts, by patient")
    parser.add_argument("--without", action="append", choices=list(LONG), default=[])
    arguments = parser.parse_args()
    folder = BUILD / str(arguments.cases)
    if not (folder / "site.yaml").is_file():
        write(folder, arguments.cases)
    print(f"{arguments.cases:,} cases, {8 * arguments.cases:,} events")
    if arguments.parts:
        _in_parts(folder, arguments.parts)
    else:
        _beside(folder, arguments.runs, [n for n in LONG if n not in arguments.without])


def _in_parts(folder: Path, parts: int) -> None:
    cutting = run(["-m", "benchmarks.partitions", str(folder), "--parts", str(parts)])
    _say("cutting by patient", [cutting])
    whole = evaluate(folder / "parts")
    _say(f"qi-checker, {parts} parts", [whole])
    _phases([whole])


def _beside(folder: Path, runs: int, others: list[str]) -> None:
    commands = {"met or not only": ["-m", "benchmarks.plain_sql", str(folder)]}
    commands |= {name: ["-m", f"benchmarks.{LONG[name]}", str(folder)] for name in others}
    commands["qi-checker"] = [*OURS, str(folder)]
    results = alternate(commands, runs)
    _agree(folder, results["qi-checker"][0].said["met"], others)
    for name, measured in results.items():
        _say(name, measured)
    ours = results["qi-checker"]
    _phases(ours)
    for name in commands:
        if name != "qi-checker":
            print(
                f"qi-checker, everything / {name}: {ratio(ours, results[name]):.2f} "
                f"({ratio(ours, results[name], 'cpu'):.2f} in processor seconds)"
            )
    if "hand-written SQL" in results:
        evaluating = median(
            r.said["phases"]["evaluate"] + r.said["phases"]["verdicts"] for r in ours
        )
        print(
            "facts and verdicts, not written / hand-written SQL: "
            f"{evaluating / mid(results['hand-written SQL']):.2f}"
        )


def _say(name: str, runs: list[Run]) -> None:
    print(
        f"{name:22} {mid(runs):8.2f} s {mid(runs, 'cpu'):8.2f} cpu s "
        f"{mid(runs, 'peak_mb'):6.0f} MB peak"
    )


def _phases(runs: list[Run]) -> None:
    for phase in runs[0].said["phases"]:
        print(f"    {phase:32} {median(r.said['phases'][phase] for r in runs):6.2f} s")


def _agree(folder: Path, met: dict[str, int], others: list[str]) -> None:
    """Stop if the results differ: the speed of a wrong answer is worthless."""
    query = f"SELECT count_if(ct), count_if(mri) FROM '{folder}/plain.parquet'"
    if duckdb.execute(query).fetchone() != (met["ct"], met["mri"]):
        raise SystemExit(f"the plain query and the program differ: {met}")
    ours = _checksum(folder / "findings.parquet")
    for name in others:
        if _checksum(folder / f"{WRITTEN[name]}.parquet") != ours:
            raise SystemExit(f"{name} and the program give different results")


def _checksum(file: Path) -> object:
    """Hash every value of the long result, independent of the order of rows."""
    return duckdb.execute(f"""
        SELECT count(*), bit_xor(hash(case_id, requirement, status, reason, event_id,
                   event_date::DATE, days_before::INT, window_opens::DATE, window_closes::DATE,
                   valid_through::DATE)) FROM '{file}'""").fetchone()


if __name__ == "__main__":
    main()
