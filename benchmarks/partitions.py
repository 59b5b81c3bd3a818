"""Records split into parts by patient: `python -m benchmarks.partitions DIR --parts N`.

A patient's cases and events are in one part, so that each part can be evaluated separately, in
bounded memory, here or elsewhere (docs/scale.md). Writes `DIR/parts/<n>/` and prints the time.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from pathlib import Path

import duckdb

from benchmarks.measure import Run, run


def cut(folder: Path, parts: int, memory: str = "2GB") -> Path:
    """Write the parts, with one pass over each table."""
    target = folder / "parts"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    con = duckdb.connect()
    # One thread, so that there is one file for each part.
    con.execute(f"SET memory_limit = '{memory}'; SET threads = 1")
    con.execute(f"SET temp_directory = '{folder}/spill'")
    con.execute(f"SET partitioned_write_max_open_files = {parts + 1}")
    for table in ("cases", "events"):
        con.execute(f"""
            COPY (SELECT *, hash(patient_id) % {parts} AS part FROM '{folder}/{table}.parquet')
            TO '{target}/{table}' (FORMAT PARQUET, PARTITION_BY (part))""")
    for part in range(parts):
        (target / str(part)).mkdir()
        for table in ("cases", "events"):
            (file,) = (target / table / f"part={part}").iterdir()
            file.rename(target / str(part) / f"{table}.parquet")
        shutil.copy(folder / "site.yaml", target / str(part))
    for table in ("cases", "events"):
        shutil.rmtree(target / table)
    return target


def evaluate(target: Path) -> Run:
    """Run the program on every part, one process after the other; add up, with the highest peak."""
    each = []
    for part in sorted(target.iterdir(), key=lambda p: int(p.name)):
        each.append(run(["-m", "benchmarks.ours", str(part)], {"QI_BENCH_MEMORY": "2GB"}))
        for file in (*part.glob("f*.parquet"), *part.glob("spill/*")):
            file.unlink()
    outputs = [r.said for r in each]
    phases = {name: sum(s["phases"][name] for s in outputs) for name in outputs[0]["phases"]}
    met = {name: sum(s["met"][name] for s in outputs) for name in outputs[0]["met"]}
    return Run(
        sum(r.seconds for r in each),
        sum(r.cpu for r in each),
        max(r.peak_mb for r in each),
        {"phases": phases, "met": met},
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", type=int, required=True)
    arguments = parser.parse_args()
    start = time.perf_counter()
    cut(arguments.folder, arguments.parts)
    print(json.dumps({"seconds": time.perf_counter() - start}))
