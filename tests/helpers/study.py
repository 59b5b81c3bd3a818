"""The study of the reconstructed cohort, and of small folders, without the command line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from qi_checker.demo.study import AFTER, BEFORE, write_study
from qi_checker.engines.duckdb import evaluate
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol, load_site
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.published import load_published
from qi_checker.sources.files import read_folder, read_ious
from qi_checker.study.cases import Span
from qi_checker.study.comparison import study
from qi_checker.study.ious import read_registry
from qi_checker.study.views import Study

Dates = tuple[date, date]


def study_of(folder: Path, before: Dates = BEFORE, after: Dates = AFTER) -> Study:
    """Compare two periods of a folder with the shipped protocol, as of the later period's end."""
    site = load_site(folder / "site.yaml")
    records = read_folder(folder, site)
    raw = read_ious(folder, site, records)
    bundle = load_protocol(rules_dir() / "hepatic-metastasectomy-imaging")
    done = evaluate(bundle, records, AsOf(after[1]), site)
    ids = [row["case_id"] for row in done.rows("SELECT case_id FROM ready_cases")]
    beside = folder / "published.yaml"
    printed = load_published(beside) if beside.is_file() else None
    try:
        return study(
            done, (Span(*before), Span(*after)), read_registry(done.con, raw, ids), printed
        )
    finally:
        records.con.close()


def reconstructed(folder: Path) -> Study:
    """Return the study of the records that give the published figures."""
    write_study(folder)
    return study_of(folder)
