"""Run the program on the same files, and print the seconds of each phase as JSON."""

import json
import os
import sys
import time
from pathlib import Path

import duckdb

from qi_checker.engines.duckdb import evaluate
from qi_checker.engines.duckdb.evaluation import FINDINGS_SQL
from qi_checker.engines.inputs.results import NO_CHECKS
from qi_checker.plausibility import PlausibilityChecks
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol, load_site
from qi_checker.protocol.paths import rules_dir
from qi_checker.query.tables import FINDINGS
from qi_checker.sources.files import read_folder

folder = Path(sys.argv[1])
marks = [("start", time.perf_counter())]


def mark(name: str) -> None:
    marks.append((name, time.perf_counter()))


con = duckdb.connect()
memory = os.environ.get("QI_BENCH_MEMORY", "2GB")
con.execute(f"SET memory_limit = '{memory}'; SET threads = 2; SET preserve_insertion_order = false")
con.execute(f"SET temp_directory = '{folder}/spill'")
bundle = load_protocol(rules_dir() / "hepatic-metastasectomy-imaging")
site = load_site(folder / "site.yaml")
records = read_folder(folder, site, con)
mark("open")


def progress(words: str) -> None:
    if words.startswith("evaluating"):
        mark("validate")
    elif words == "computing verdicts":
        mark("evaluate")


checks = (
    PlausibilityChecks(site.checks, refuses=False) if os.environ.get("QI_BENCH_LOOK") else NO_CHECKS
)
evaluation = evaluate(
    bundle, records, AsOf.parse("2026-06-30"), site, progress=progress, checks=checks
)
mark("verdicts")
if evaluation.failures:
    raise SystemExit(f"failed: {evaluation.failures}")
con.execute(
    f"COPY (SELECT {FINDINGS_SQL} FROM {FINDINGS}) TO '{folder}/findings.parquet' (FORMAT PARQUET)"
)
mark("write findings with sentences")
seconds = {name: at - marks[i][1] for i, (name, at) in enumerate(marks[1:])}
met = con.execute(
    f"SELECT id, count_if(status = 'met') FROM {FINDINGS} GROUP BY 1 ORDER BY 1"
).fetchall()
checks = sorted({finding.check for finding in evaluation.checked.findings})
print(json.dumps({"phases": seconds, "met": dict(met), "checks": checks}))
