"""Nights to store, written as small rows, and a store on each database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from qi_checker.cases.actions import ACTION_COLUMNS, URGENCIES
from qi_checker.protocol.records import CASE_COLUMNS, FINDING_COLUMNS
from qi_checker.store import Night
from qi_checker.store.lines import Lines, Sources

PROTOCOL = "liver"
AT = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def hours(number: int) -> datetime:
    """Return the moment this many hours after the first night."""
    return AT + timedelta(hours=number)


def finding(case_id: str = "C1", requirement: str = "mri", status: str = "met", **more: Any) -> Any:
    row = dict.fromkeys(FINDING_COLUMNS)
    return {
        **row,
        "case_id": case_id,
        "requirement": requirement,
        "status": status,
        "reason": "in_window",
        "sentence": f"{requirement} is {status}.",
    } | more


def action(case_id: str = "C1", requirement: str = "mri", **more: Any) -> Any:
    """Make one action with the columns of actions.csv."""
    row = {**dict.fromkeys(ACTION_COLUMNS), "case_id": case_id, "requirement": requirement}
    details = {"action": "order", "text": f"Order {requirement}", "act_by": "2026-03-12"}
    return row | details | {"when": "soon", "owner": "Clinic"} | more


def case(case_id: str = "C1", surgery: str = "2026-03-20", **more: Any) -> Any:
    row = dict.fromkeys(CASE_COLUMNS)
    return {**row, "case_id": case_id, "verdict": "pending", "surgery_date": surgery} | more


@dataclass(frozen=True)
class Written(Night):
    """A night with its rows."""

    findings: Sequence[Any] = ()
    cases: Sequence[Any] = ()
    actions: Sequence[Any] = ()


def night(
    *findings: Any,
    as_of: str = "2026-03-01",
    surgery: str = "2026-03-20",
    data: str = "d1",
    rules: str = "r1",
    evidence: str = "e1",
    cases: Any = None,
    schedules: Any = None,
    actions: Sequence[Any] = (),
    **more: Any,
) -> Written:
    """Make a night of these findings; every case has this date of surgery.

    A finding may have `window_opens` and `act_by`, a case `opens` and `closes` of its next action.
    """
    manifest = {
        "program": {"name": "qi-checker", "version": "1"},
        "protocol": {"id": PROTOCOL, "versions": ["1.0"], "sha256": rules},
        "as_of": as_of,
        "site": {"timezone": "UTC", "holidays": [f"2026-0{n}-01" for n in range(1, 10)]},
        "data": {"sha256": data, "files": []},
        "problems": [
            f"Still scheduled after the date of surgery: {f['case_id']}." for f in findings
        ],
    }
    ids = sorted({f["case_id"] for f in findings})
    if cases is None:
        cases = [case(i, surgery) for i in ids]
    con = WORK.cursor()
    _table(con, "given_findings", FINDING_COLUMNS, findings)
    _table(con, "given_cases", (*CASE_COLUMNS, "opens", "closes"), cases)
    planned = schedules or [{"case_id": i, "surgery_at": f"{surgery}T08:00"} for i in ids]
    _table(con, "given_schedules", ("case_id", "surgery_at"), planned)
    shown = [{"case_id": i, "sha256": evidence} for i in ids]
    _table(con, "given_evidence", ("case_id", "sha256"), shown)
    columns = ("number", *ACTION_COLUMNS)
    _table(con, "given_actions", columns, [{"number": n, **a} for n, a in enumerate(actions)])
    kinds = ("findings", "cases", "schedules", "evidence", "actions")
    if actions:
        manifest["actions"] = {name: sum(a["when"] == name for a in actions) for name in URGENCIES}
    queries: dict[str, Any] = {kind: f"FROM given_{kind}" for kind in kinds}
    given: dict[str, Any] = {
        "manifest": manifest,
        "lines": Lines.of(con, Sources(**queries), as_of),
        "feeds": [{"kind": "imaging", "newest": "2026-02-28"}],
        "findings": findings,
        "cases": cases,
        "actions": actions,
    }
    return Written(as_of=as_of, started_at=AT, **given | more)


WORK = duckdb.connect(config={"threads": 1})
_DATES = (
    "event_date",
    "window_opens",
    "window_closes",
    "opens",
    "closes",
    "valid_through",
    "act_by",
    "surgery_date",
    "latest_surgery_date",
    "from",
    "until",
)


def _table(con: duckdb.DuckDBPyConnection, name: str, columns: Any, rows: Any) -> None:
    kinds = {
        **dict.fromkeys(_DATES, "DATE"),
        "days_before": "INT",
        "slack_days": "INT",
        "number": "INT",
    }
    typed = ", ".join(f'"{column}" {kinds.get(column, "TEXT")}' for column in columns)
    con.execute(f"CREATE TEMP TABLE {name} ({typed})")
    marks = ", ".join("?" for _ in columns)
    for row in rows:
        con.execute(f"INSERT INTO {name} VALUES ({marks})", [row.get(c) for c in columns])


def document(written: Written) -> bytes:
    """Return findings.json of a night whose rows are lists, as DuckDB would write it."""
    head = json.dumps(written.manifest, ensure_ascii=False, indent=1)
    parts = [("findings", written.findings), ("cases", written.cases)]
    if "actions" in written.manifest:
        parts.append(("actions", written.actions))
    lists = [
        f'"{name}": [\n\t'
        + ",\n\t".join(json.dumps(r, separators=(",", ":"), ensure_ascii=False) for r in rows)
        + "\n]\n"
        for name, rows in parts
    ]
    joined = ",\n".join(lists)
    return f'{{"manifest": {head},\n{joined}}}\n'.encode()
