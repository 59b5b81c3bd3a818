"""Which clause decided: every reason leads to the key that it comes from, at its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qi_checker.authoring.explain import Explanation, explain
from qi_checker.cases.rows import Origin
from qi_checker.judging import read_data
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.records import RawTable
from qi_checker.protocol.site import Site
from tests.helpers.records import case, event, exception, scan

SITE = Site(timezone="America/Toronto")
RULE = """
id: scan
title: A scan in time
statement: Everybody has a scan in time.
source: [{{citation: Invented, level: none}}]
owner: Committee
versions:
  - version: "1.0"
    in_force: {{from: 2020-01-01}}
    applies_to:
      all_of: [{{procedure: {{in: liver-resection}}}}, {{urgency: [elective, urgent]}}]
    exclude:
      - {{id: ward, title: Ward, when: {{column: {{name: ward, in: [W9]}}}}}}
    requirements:
      - id: scan
        title: Scan
        owner: Desk
        event: {event}
        window: {window}
{more}
      - {{id: visit, title: Visit, owner: Desk, event: {{kind: imaging, modality: [US]}},
         window: {{before: surgery}}}}
    exceptions: {{reasons: [contraindication-mri], at_most: 90 days}}
"""
EVENT = "{kind: imaging, modality: [CT], region: [liver], not_codes: {in: imaging-not-done}}"
WINDOW = "{before: surgery, at_most: 30 days}"
Rows = list[dict[str, Any]]


def rule(tmp_path: Path, window: str = WINDOW, event: str = EVENT, *more: str) -> Bundle:
    folder = tmp_path / "scan"
    folder.mkdir()
    keys = "\n".join(f"        {line}" for line in more)
    text = RULE.format(window=window, event=event, more=keys)
    (folder / "protocol.yaml").write_text(text, "utf-8")
    return load_protocol(folder)


def explained(
    bundle: Bundle,
    events: Rows | None = None,
    exceptions: Rows | None = None,
    as_of: str = "2026-06-30",
    site: Site = SITE,
    **columns: Any,
) -> Explanation:
    """Explain one operation on 31 May 2026 at 8."""
    tables = {
        "cases": [case(**{"urgency": "elective"} | columns)],
        "events": events or [],
        "exceptions": exceptions or [],
    }
    data = read_data(bundle, tables, AsOf.parse(as_of), site)
    origin = Origin({name: RawTable(name, name, (), "") for name in tables})
    return explain(bundle, data.trace("C1"), origin)


def decided(found: Explanation, id: str = "scan") -> tuple[str, str]:
    """The reason of a requirement, and the path of the clause that decided."""
    line = next(r for r in found.requirements if r.id == id)
    clause = line.decided_by
    if clause.where:
        file, row, column = clause.where.rsplit(":", 2)
        text = Path(file).read_text("utf-8").splitlines()[int(row) - 1][int(column) - 1 :]
        key = clause.path.rpartition(".")[2].partition("[")[0]
        assert text.startswith(f"{key}:") is bool(clause.value) or "[" in clause.path, clause
    return line.reason, clause.path


CT = [
    ([scan("2026-05-20")], "in_window", "window.at_most"),
    ([scan("2026-04-20")], "too_old", "window.at_most"),
    ([scan("2026-06-02")], "after_surgery", "window.before"),
    ([scan("2026-05-31")], "same_day_untimed", "same_day"),
    ([scan("2026-04")], "too_old", "window.at_most"),
    ([scan("2026")], "partial_date", "window.at_most"),
    ([scan("2026-05-20", region="chest")], "wrong_region", "event.region"),
    ([scan("2026-05-20", region="")], "unmapped", "event.region"),
    ([scan("2026-05-20", modality="")], "unmapped", "event.modality"),
    ([scan("2026-05-20", modality="PT;CT")], "wrong_modality", "pet_ct"),
    ([scan("2026-05-20", status="ordered")], "ordered_not_booked", "event.status"),
    ([scan("2026-05-20", status="cancelled")], "cancelled", "event.status"),
    ([scan("2026-05-20", status="booked")], "booking_passed", "event.status"),
    ([], "never_ordered", "event"),
    ([scan("never")], "rejected_record", "the records: row 2 of events"),
]


@pytest.mark.parametrize(("events", "reason", "path"), CT)
def test_the_clause_of_a_reason(events: Rows, reason: str, path: str, tmp_path: Path) -> None:
    assert decided(explained(rule(tmp_path), events)) == (reason, path)


VISIT = "{kind: imaging, modality: [CT]}"
THERAPY = "{kind: therapy, codes: {in: liver-transplant}"
MORE: list[tuple[str, tuple[str, ...], Rows, str, str]] = [
    (
        "{before: surgery, less_than: 2 hours}",
        (),
        [scan("2026-05-31T05:00")],
        "too_old",
        "window.less_than",
    ),
    (
        "{before: surgery, less_than: 10 hours}",
        (),
        [scan("2026-05-30")],
        "untimed",
        "window.less_than",
    ),
    (
        "{after: surgery, at_least: 3 days, at_most: 9 days}",
        (),
        [scan("2026-06-02")],
        "too_early",
        "window.at_least",
    ),
    (
        "{after: surgery, at_least: 3 days, at_most: 9 days}",
        (),
        [scan("2026-06-12")],
        "too_late",
        "window.at_most",
    ),
    (
        "{before: admission, at_most: 30 days, or_after: {at_most: 24 hours}}",
        (),
        [scan("2026-05-30T10:00")],
        "too_late",
        "window.or_after.at_most",
    ),
    (
        "{before: admission, at_most: 30 days, or_after: {less_than: 30 hours}}",
        (),
        [scan("2026-05-30")],
        "untimed",
        "window.or_after.less_than",
    ),
    (
        "{before: admission, at_most: 30 days, or_after: {at_most: 24 hours}}",
        (),
        [scan("2026-05-30T08:00", status="booked")],
        "booking_passed",
        "event.status",
    ),
    ("{before: {column: seen_at}, at_most: 30 days}", (), [], "anchor_unknown", "window.before"),
    (
        "{before: surgery, and: [{after: {column: seen_at}}]}",
        (),
        [],
        "anchor_unknown",
        "window.and[0].after",
    ),
    (WINDOW, ("count: 2",), [scan("2026-05-20")], "too_few", "count"),
    (
        WINDOW,
        ("count: 2", "apart: {at_least: 7 days}"),
        [scan("2026-05-20"), scan("2026-05-21", "E2")],
        "too_close",
        "apart.at_least",
    ),
    (WINDOW, ("forbidden: true",), [scan("2026-05-20")], "forbidden_event", "forbidden"),
    (WINDOW, ("forbidden: true",), [event("2025-05-20")], "none_found", "forbidden"),
    (WINDOW, ("forbidden: true",), [], "no_such_records", "event.kind"),
    (
        WINDOW,
        ("applies_if: {any_of: [{urgency: [emergency]}, {site: [A]}]}",),
        [],
        "condition_not_met",
        "applies_if.any_of[0].urgency",
    ),
    (
        WINDOW,
        (f"applies_if: {{event: {THERAPY}, window: {{before: surgery}}}}}}",),
        [event("soon", kind="therapy", codes="ICD-10-PCS:0FY00Z0")],
        "condition_unknown",
        "applies_if.event",
    ),
    (
        WINDOW,
        (f"none_between: [{{id: c, title: chemo, event: {THERAPY}}}, then: fail}}]",),
        [scan("2026-05-10"), scan("2026-05-12", "E2", kind="therapy", codes="ICD-10-PCS:0FY00Z0")],
        "event_between",
        "none_between[0]",
    ),
]


@pytest.mark.parametrize(("window", "more", "events", "reason", "path"), MORE)
def test_the_clause_of_the_whole_language(
    window: str, more: tuple[str, ...], events: Rows, reason: str, path: str, tmp_path: Path
) -> None:
    bundle = rule(tmp_path, window, VISIT, *more)
    found = explained(bundle, events, admitted_at="2026-05-29T09:00", seen_at="")
    assert decided(found) == (reason, path)


@pytest.mark.parametrize(
    ("columns", "reason", "path"),
    [
        ({"status": "cancelled"}, "cancelled_case", "the records: status of the case"),
        ({"surgery_at": "2019-05-31"}, "not_in_force", "in_force"),
        ({"urgency": "emergency"}, "not_in_population", "applies_to.all_of[1].urgency"),
        ({"procedures": ""}, "not_in_population", "applies_to.all_of[0].procedure"),
        ({"ward": "W9"}, "excluded", "exclude[0].when.column"),
    ],
)
def test_why_a_case_is_not_asked(
    columns: dict[str, Any], reason: str, path: str, tmp_path: Path
) -> None:
    found = explained(rule(tmp_path), **columns)
    assert {decided(found, r.id) for r in found.requirements} == {(reason, path)}
    assert found.ruled_out == reason
    assert all(r.spans == () and r.events == () for r in found.requirements)


def test_the_trees_say_what_was_found(tmp_path: Path) -> None:
    found = explained(rule(tmp_path), ward="W1", urgency="Urgent")
    assert (found.applies_to.outcome, found.applies_to.found) == ("true", "")
    procedure, urgency = found.applies_to.parts
    assert (procedure.outcome, procedure.found) == ("true", "ICD-10-PCS:0FB00ZZ")
    assert (urgency.clause.value, urgency.found) == ("[elective, urgent]", "Urgent")
    (ward,) = found.exclusions
    assert (ward.when.outcome, ward.when.found) == ("false", "W1")


def test_a_window_is_worked_out(tmp_path: Path) -> None:
    window = "{before: admission, at_most: 1 month, or_after: {less_than: 24 hours}, "
    window += "and: [{before: surgery, more_than: 2 working days}]}"
    found = explained(rule(tmp_path, window, VISIT), admitted_at="2026-05-29T09:00")
    first, second = found.requirements[0].spans
    assert (first.counted_from, first.anchor) == ("admission", "2026-05-29T09:00")
    assert [(n.clause.path, n.side, n.day) for n in first.limits] == [
        ("window.at_most", "from", "2026-04-29"),
        ("window.or_after.less_than", "until", "2026-05-30T08:59"),
    ]
    assert (second.counted_from, second.anchor) == ("surgery", "2026-05-31T08:00")
    assert [(n.clause.path, n.side, n.day) for n in second.limits] == [
        ("window.and[0].more_than", "until", "2026-05-27")
    ]
    assert str(found.requirements[0].window_opens) == "2026-04-29"
    assert str(found.requirements[0].window_closes) == "2026-05-27"


def test_exceptions_that_were_considered(tmp_path: Path) -> None:
    good = exception("X1", "scan")
    own = exception("X2", "scan", approved_by="dr adams ")
    other = exception("X3", "visit")
    found = explained(rule(tmp_path), exceptions=[own, other, good])
    line = found.requirements[0]
    assert decided(found) == ("excepted", "exceptions")
    assert [(x.exception_id, x.ignored) for x in line.exceptions] == [
        ("X1", ""),
        ("X2", "approved by the requester"),
    ]


def test_each_event_with_the_clause_that_it_fails(tmp_path: Path) -> None:
    events = [
        scan("2026-04-20"),
        scan("2026-05-20", "E2", region="chest"),
        scan("2026-05-21", "E3", modality="MR"),
    ]
    line = explained(rule(tmp_path), events).requirements[0]
    failed = {
        e.event_id: [(c.name, c.outcome, c.clause.path) for c in e.criteria if c.why]
        for e in line.events
    }
    assert failed == {
        "E1": [("window", "fail", "window.at_most")],
        "E2": [("region", "fail", "event.region")],
    }
    assert line.others == 1 and [e.chosen for e in line.events] == [True, False]


def test_a_stale_feed_is_the_site_s(tmp_path: Path) -> None:
    site = Site.model_validate({"timezone": "UTC", "feeds": {"imaging": "3 days"}})
    old = scan("2026-05-01", patient_id="P2", recorded_at="2026-05-02")
    found = explained(rule(tmp_path), [old], site=site)
    assert decided(found) == ("feed_stale", "the site: feeds.imaging, or completeness")


def test_rows_of_others_count_where_they_share_an_id(tmp_path: Path) -> None:
    """The first row with an id is another patient's, so that the case's own is rejected."""
    events = [scan("2026-05-20", "E1", patient_id="P2"), scan("2026-05-21", "E1")]
    found = explained(rule(tmp_path), events)
    assert decided(found) == ("rejected_record", "the records: row 3 of events")
