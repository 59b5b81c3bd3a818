"""One side of `benchmarks.cql`, in a separate process: seconds by phase, and the numerator."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measure import BUILD

NODE_MODULES = BUILD.parent / "npm" / "node_modules"


def theirs(folder: Path) -> tuple[dict[str, float], set[str]]:
    from tests.cql.engine import ELM, Referee
    from tests.cql.test_referee import POPULATIONS

    start = time.perf_counter()
    with (folder / "bundles.ndjson").open(encoding="utf-8") as file:
        bundles = [json.loads(line) for line in file]
    read = time.perf_counter()
    referee = Referee(ELM.read_text(encoding="utf-8"))
    each = ((b["entry"][0]["resource"]["id"], b) for b in bundles)
    populations = referee.populations(each, POPULATIONS)
    done = time.perf_counter()
    return {"reading": read - start, "evaluating": done - read}, populations["Numerator"]


def ours(folder: Path) -> tuple[dict[str, float], set[str]]:
    from qi_checker.engines.duckdb import evaluate
    from qi_checker.protocol.as_of import AsOf
    from qi_checker.protocol.load import load_protocol, load_site
    from qi_checker.protocol.paths import rules_dir
    from qi_checker.sources.files import read_folder

    begun: dict[str, float] = {}
    start = time.perf_counter()
    site = load_site(folder / "site.yaml")
    bundle = load_protocol(rules_dir() / "hepatic-metastasectomy-imaging")
    records = read_folder(folder, site)

    def phase(words: str) -> None:
        begun.setdefault(words.split()[0], time.perf_counter())

    evaluation = evaluate(bundle, records, AsOf.parse("2026-12-31"), site, progress=phase)
    evaluation.findings()  # with event, dates and sentence
    cases = evaluation.cases()
    done = time.perf_counter()
    read = begun["evaluating"]
    numerator = {c["case_id"] for c in cases if c["verdict"] == "compliant"}
    return {"reading": read - start, "evaluating": done - read}, numerator


def fqm(folder: Path) -> tuple[dict[str, float], set[str]]:
    """Run node in a child process; the operating system counts the memory of both."""
    from tests.cql.engine import ELM

    script = Path(__file__).with_name("fqm.cjs")
    command = ["node", "--max-old-space-size=6000", script, NODE_MODULES, folder, ELM]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    numerator = set(json.loads((folder / "fqm.json").read_text(encoding="utf-8")))
    return {k: v for k, v in json.loads(output).items() if k != "size"}, numerator


def main() -> None:
    folder, side = Path(sys.argv[1]), sys.argv[2]
    phases, patients = {"ours": ours, "theirs": theirs, "fqm": fqm}[side](folder)
    numerator = hashlib.sha256("\n".join(sorted(patients)).encode()).hexdigest()
    print(json.dumps({**phases, "numerator": numerator, "size": len(patients)}))


if __name__ == "__main__":
    main()
