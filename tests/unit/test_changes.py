"""What changed between two audits, and why (docs/changes.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qi_checker.audit.folder import write_audit
from qi_checker.digest.changes import Change, changes
from qi_checker.digest.snapshot import Snapshot
from qi_checker.engines.duckdb import evaluate
from qi_checker.errors import UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.sources.files import read_folder
from tests.helpers.folders import SITE, write_csv
from tests.helpers.protocols import liver
from tests.helpers.snapshots import NIGHT_2, audit, found, line, snapshot_of

DUE = found(status="due", reason="never_ordered", act_by="2026-03-10", window_closes="2026-03-19")
MET = found(status="met", reason="in_window", event_id="E1", event_date="2026-02-20")
OLD = found(status="expired", reason="too_old", event_id="E1", event_date="2026-02-20")
MISSING = found(status="missing", reason="never_ordered", window_closes="2026-03-19")
STALE = found(status="unknown", reason="feed_stale")


def only(now: Snapshot, before: Snapshot, **more: Any) -> Change:
    [change] = changes(now, before, **more)
    return change


def said(change: Change) -> tuple[str, str, str]:
    return change.kind, change.cause, change.after_reason


def test_nothing_changed() -> None:
    assert changes(audit(MET, as_of=NIGHT_2, data="d2"), audit(MET)) == ()


@pytest.mark.parametrize(
    ("before", "now", "surgery", "expected"),
    [
        (MET, OLD, "2026-04-20", ("rescheduled", "reschedule", "expired_by_reschedule")),
        (OLD, MET, "2026-03-10", ("rescheduled", "reschedule", "in_window")),
        (DUE, STALE, "2026-03-20", ("new", "feed", "feed_stale")),
        (STALE, MET, "2026-03-20", ("resolved", "feed", "in_window")),
        (
            MISSING,
            found(status="exempt", reason="excepted"),
            "2026-03-20",
            ("resolved", "exception", "excepted"),
        ),
        (MISSING, MET, "2026-03-20", ("resolved", "late_data", "in_window")),
        (
            MISSING,
            found(status="met", reason="in_window", event_id="E2", event_date=NIGHT_2),
            "2026-03-20",
            ("resolved", "new_event", "in_window"),
        ),
        (DUE, MISSING, "2026-03-20", ("new", "data", "never_ordered")),
        (MET, DUE, "2026-03-20", ("new", "data", "never_ordered")),
    ],
)
def test_kind_and_cause(
    before: dict[str, Any], now: dict[str, Any], surgery: str, expected: tuple[str, str, str]
) -> None:
    tonight = audit(now, as_of=NIGHT_2, surgery=surgery, data="d2")
    assert said(only(tonight, audit(before))) == expected


def test_only_the_calendar_moved() -> None:
    change = only(audit(MISSING, as_of="2026-03-20"), audit(DUE, as_of="2026-03-19"))
    assert said(change) == ("new", "time", "never_ordered")
    other_records = audit(MISSING, as_of="2026-03-20", data="d2")
    assert only(other_records, audit(DUE, as_of="2026-03-19")).cause == "time"


def test_the_last_day_to_arrange_it_has_passed() -> None:
    change = only(audit(DUE, as_of="2026-03-11"), audit(DUE, as_of="2026-03-10"))
    assert said(change) == ("new", "time", "never_ordered")
    assert changes(audit(DUE, as_of="2026-03-12"), audit(DUE, as_of="2026-03-11")) == ()


def test_a_past_case_is_judged_anew() -> None:
    before = audit(MISSING, as_of="2026-04-01")
    late = audit(MET, as_of="2026-04-02", data="d2")
    assert said(only(late, before)) == ("rejudged", "late_data", "in_window")
    rules = audit(MET, as_of="2026-04-02", rules="r2")
    assert said(only(rules, before)) == ("rejudged", "protocol", "in_window")
    both = audit(MET, as_of="2026-04-02", rules="r2", data="d2")
    assert said(only(both, before)) == ("rejudged", "protocol or data", "in_window")


def test_a_problem_that_was_there_before_is_opened_again() -> None:
    first, then, now = audit(OLD), audit(MET, data="d2"), audit(OLD, data="d3", as_of=NIGHT_2)
    assert only(now, then, earlier=frozenset(first.findings)).kind == "reopened"
    assert only(now, then).kind == "new"


def test_cases_come_and_go() -> None:
    before, now = audit(MET), audit(found("C2", **{k: MISSING[k] for k in ("status", "reason")}))
    assert [(c.case_id, c.requirement, c.kind) for c in changes(now, before)] == [
        ("C2", "mri", "new"),
        ("C2", "", "case_added"),
        ("C1", "", "case_gone"),
    ]


def test_another_protocol_or_a_later_audit_cannot_be_compared() -> None:
    now = audit(MET)
    other = Snapshot.from_rows(
        {**now.manifest, "protocol": {"id": "lung", "sha256": "x"}}, [MET], [line()]
    )
    with pytest.raises(UserError, match="another protocol"):
        changes(now, other)
    with pytest.raises(UserError, match="later audit"):
        changes(now, audit(MET, as_of=NIGHT_2))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ('{"manifest": {}', "not JSON"),
        ("[]", "are missing"),
        ('{"manifest": {}, "findings": [], "cases": []}', "not the output of an audit"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_foreign_file_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "findings.json").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=words):
        Snapshot.read(tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "fine"},
        {"event_date": "yesterday"},
        {"slack_days": "3"},
        {"case_id": None},
        {"case_id": "C9"},
        {"owner": 3},
    ],
)
def test_a_foreign_row_is_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    manifest = dict(audit(MET).manifest)
    document = {"manifest": manifest, "findings": [MET], "cases": [line()]}
    (tmp_path / "findings.json").write_text(json.dumps(document), encoding="utf-8")
    assert Snapshot.read(tmp_path).findings
    document["findings"] = [MET | wrong]
    (tmp_path / "findings.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UserError, match="not the output of an audit"):
        Snapshot.read(tmp_path)


def test_no_folder_and_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        Snapshot.read(tmp_path / "none")
    with pytest.raises(UserError, match="contains no findings"):
        Snapshot.read(tmp_path)
    (tmp_path / "rulebook.json").write_text("{}")
    with pytest.raises(UserError, match="audit of a rulebook"):
        Snapshot.read(tmp_path)


def test_the_folder_and_the_evaluation_say_the_same(tmp_path: Path) -> None:
    done = evaluate(liver(), read_folder(write_csv(tmp_path), SITE), AsOf.parse(NIGHT_2), SITE)
    write_audit(done, tmp_path / "audit", pages=0)
    of, read = snapshot_of(done), Snapshot.read(tmp_path / "audit")
    assert (of.findings, of.cases, of.manifest) == (read.findings, read.cases, read.manifest)
    assert changes(of, read) == ()
