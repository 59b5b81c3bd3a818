"""Spark with one and two workers compared with DuckDB: `python -m benchmarks.spark`.

A standalone cluster of the wheel's own daemons on loopback, each worker with one processor; whole
commands, from a cold start to the folder of results, with the same records in one run.
"""

from __future__ import annotations

import argparse

from benchmarks.data import write
from benchmarks.measure import BUILD, Run, run
from tests.helpers.spark import cluster

AS_OF = "2025-06-30"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200_000)
    arguments = parser.parse_args()
    folder = BUILD / f"spark-{arguments.cases}"
    if not (folder / "site.yaml").is_file():
        write(folder, arguments.cases)
    audit = ["-m", "qi_checker", "audit", "--data", str(folder), "--as-of", AS_OF]
    out = str(BUILD / "spark-out")
    results: dict[str, Run] = {"DuckDB": run([*audit, "--pages", "0", "--out", out])}
    for workers in (1, 2):
        with cluster(workers, memory="2g") as there:
            name = f"Spark, {workers} worker{'s' * (workers > 1)}"
            results[name] = run([*audit, "--engine", there.address, "--out", out])
    for name, measured in results.items():
        print(
            f"{name}: {measured.seconds:.1f} s, {measured.seconds / results['DuckDB'].seconds:.1f} x"
        )
    one, two = (results[f"Spark, {n}"].seconds for n in ("1 worker", "2 workers"))
    print(f"two workers / one: {two / one:.2f}")


if __name__ == "__main__":
    main()
