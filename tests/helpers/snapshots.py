"""Two audits to compare, written as small rows."""

from __future__ import annotations

from typing import Any

from qi_checker.audit.provenance import manifest
from qi_checker.digest.snapshot import Snapshot
from qi_checker.engines.duckdb import Evaluation
from qi_checker.protocol.records import CASE_COLUMNS, FINDING_COLUMNS

NIGHT_1, NIGHT_2 = "2026-03-01", "2026-03-02"


def snapshot_of(evaluation: Evaluation) -> Snapshot:
    """Return the snapshot of an evaluation."""
    return Snapshot.from_rows(manifest(evaluation), evaluation.findings(), evaluation.cases())


def found(case_id: str = "C1", requirement: str = "mri", **columns: Any) -> dict[str, Any]:
    """Make a finding; omitted columns do not apply."""
    row = dict.fromkeys(FINDING_COLUMNS)
    return {**row, "case_id": case_id, "requirement": requirement, "sentence": ""} | columns


def line(case_id: str = "C1", surgery: str = "2026-03-20", **columns: Any) -> dict[str, Any]:
    """Make a case."""
    row = dict.fromkeys(CASE_COLUMNS)
    return {**row, "case_id": case_id, "surgery_date": surgery, "verdict": "pending"} | columns


def audit(
    *findings: dict[str, Any],
    as_of: str = NIGHT_1,
    surgery: str = "2026-03-20",
    data: str = "d1",
    rules: str = "r1",
    cases: tuple[dict[str, Any], ...] | None = None,
) -> Snapshot:
    """Make a snapshot of these findings; every case has this date of surgery."""
    document = {
        "program": {"name": "qi-checker", "version": "1"},
        "protocol": {"id": "liver", "versions": ["1.0"], "sha256": rules},
        "site": {"timezone": "UTC"},
        "as_of": as_of,
        "data": {"sha256": data, "files": []},
    }
    ids = sorted({f["case_id"] for f in findings})
    lines = tuple(line(i, surgery) for i in ids) if cases is None else cases
    return Snapshot.from_rows(document, findings, lines)
