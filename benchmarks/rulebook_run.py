"""Evaluate protocols of a rulebook and print the seconds of each phase as JSON.

`python -m benchmarks.rulebook_run DIR PLACES`: the protocols at these places (`0,7,14`, or `all`)
with one reading of the records.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb

from qi_checker.engines.duckdb import evaluate_rulebook
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol, load_rulebook, load_site
from qi_checker.sources.files import read_folder

AS_OF = AsOf.parse("2026-06-30")


def main(folder: Path, places: str) -> None:
    files = sorted((folder / "rules").glob("*/protocol.yaml"))
    phases = dict.fromkeys(("load", "read", "evaluate", "numbers"), 0.0)
    mark = time.perf_counter()

    def note(phase: str) -> None:
        nonlocal mark
        now = time.perf_counter()
        phases[phase] += now - mark
        mark = now

    if places == "all":
        bundles = load_rulebook(folder / "rules")
    else:
        bundles = [load_protocol(files[int(n)]) for n in places.split(",")]
    site = load_site(folder / "records" / "site.yaml")
    note("load")
    con = duckdb.connect()
    con.execute("SET threads = 2; SET preserve_insertion_order = false")
    records = read_folder(folder / "records", site, con)

    def progress(words: str) -> None:
        if "evaluating" in words and not phases["evaluate"]:
            note("read")

    met: dict[str, int] = {}
    for done in evaluate_rulebook(bundles, records, AS_OF, site, progress=progress):
        note("evaluate")
        if done.failures:
            raise SystemExit(f"failed: {done.failures}")
        summary = done.summary()
        met[done.compiled.bundle.protocol.id] = summary["compliant"] + sum(
            summary["in_window"].values()
        )
        note("numbers")
    print(json.dumps({"phases": phases, "met": met}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
