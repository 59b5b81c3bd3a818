"""Single checks where the damages of the whole records do not reach: limits, small numbers, words."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from qi_checker.plausibility.judged import few_by_chance, few_of_by_chance, parts
from qi_checker.protocol.plausible import CHECKS, Level
from qi_checker.protocol.plausible_findings import Finding, accepted
from qi_checker.protocol.plausible_settings import read_settings
from tests.helpers.damages import DAMAGES, Tables
from tests.helpers.hospitals import untidy
from tests.helpers.plausible import damaged, demo, run_checks

NAME = "Zyxwvut Quandary"


def of_demo(name: str) -> Tables:
    return next(d for d in DAMAGES if d.name == name).done_to(demo())


@pytest.mark.parametrize(
    ("name", "check", "table", "column"),
    [
        ("events_in_us_dates", "rejected", "events", "at"),
        ("ids_of_events_without_separators", "spelling", "cases", "patient_id"),
        ("modality_is_mri", "words", "events", "modality"),
        ("diagnoses_without_a_system", "codes", "cases", "diagnoses"),
        ("day_and_month_swapped_in_events", "swapped_dates", "events", "at"),
        ("procedures_and_diagnoses_exchanged", "exchanged", "cases", "procedures"),
        ("default_date_in_a_tenth", "before_1990", "events", "at"),
        ("commas_tear_a_tenth_of_rows", "torn", "events", ""),
    ],
)
def test_a_finding_names_table_and_column_and_counts_rows(name, check, table, column):
    seen = damaged("demo", name)
    assert seen is not None
    found = [f for f in seen.checked.findings if f.check == check]
    assert [(f.table, f.column) for f in found] == [(table, column)]
    assert 0 < found[0].count <= found[0].of
    assert CHECKS[check].do in found[0].message


def test_no_message_holds_a_value_of_the_records():
    """A word, a code or an id may be a patient's name."""
    tables = demo().copy()
    for row in tables.events:
        row.update(modality=NAME, kind=NAME if row["kind"] == "therapy" else row["kind"])
        row.update(codes=f"{NAME}:{NAME}", provenance=NAME)
    for row in tables.cases:
        row.update(procedures=f"{NAME}:1;{NAME}", patient_id=f"{NAME} {row['patient_id']}")
    result = run_checks(tables).checked
    assert {"words", "codes", "no_events"} <= {f.check for f in result.findings}
    assert not [f for f in result.findings if re.search("zyxwvut|quandary", str(f), re.IGNORECASE)]
    assert not [name for name in result.counts if re.search("zyxwvut", name, re.IGNORECASE)]


def test_a_share_of_the_patients_is_looked_at_where_events_are_many(monkeypatch):
    """The same checks find the same, and counts for later nights stay of the same size."""
    from qi_checker.plausibility import sample

    tables = untidy(1, date(2026, 3, 2))
    whole = run_checks(tables).checked
    monkeypatch.setattr(sample, "LOOKED_AT", 1500)
    some = run_checks(tables).checked
    assert (whole.findings, some.findings) == ((), ())
    for name in ("events", "operations"):
        assert some.counts[name] == whole.counts[name]
    for name in ("imaging events, completed", "operations with an event"):
        assert some.counts[name] == pytest.approx(whole.counts[name], rel=0.25)
    for row in tables.events:
        row["patient_id"] = row["patient_id"].lstrip("0")
    seen = run_checks(tables)
    assert "spelling" in seen.checks and seen.level == "refuse"


def test_plausibility_off_sees_nothing():
    settings = read_settings(False)[0]
    seen = run_checks(of_demo("ids_of_events_without_separators"), settings=settings)
    assert (seen.checked.findings, seen.checked.counts) == ((), {})


def test_accepting_turns_a_refusal_into_a_warning_that_says_so():
    refused = Finding("torn", "events", "", 9, 90, Level.REFUSE, "Torn.")
    warned = Finding("night", "events", "at", 9, 90, Level.WARN, "Night.")
    found = accepted([refused, warned], ["torn", "night"])
    assert [f.level for f in found] == [Level.WARN, Level.WARN]
    assert found[0].message == "Torn. Accepted for this run: --accept torn."
    assert found[1] == warned
    assert accepted([refused], ["night"]) == (refused,)


def test_numbers_in_messages():
    assert parts(1466, 1479) == "1,466 of 1,479 (99.1%)"
    assert parts(3, 1479) == "3 of 1,479 (0.2%)"
    assert parts(5, 5) == "5 of 5 (100%)"
    assert parts(50, 100) == "50 of 100 (50%)"


def test_chance():
    assert few_by_chance(0, 7) == pytest.approx(0.000912, rel=1e-3)
    assert few_by_chance(3, 3) == pytest.approx(0.647232, rel=1e-4)
    assert few_by_chance(5, 0) == 1.0
    assert few_of_by_chance(1, 10, 0.5) == pytest.approx(11 / 1024)
    assert (few_of_by_chance(9, 10, 1.0), few_of_by_chance(10, 10, 1.0)) == (0.0, 1.0)
    assert few_of_by_chance(0, 10, 0.0) == 1.0


def test_a_vanished_feed_is_told_beside_its_findings():
    """`feeds` makes what is missing unknown; the check says why, and comes first."""
    from qi_checker.protocol.site import Site
    from tests.helpers import plausible

    tables = of_demo("no_imaging_at_all")
    site = Site(timezone="America/Toronto", feeds={"imaging": "3 days"})
    before, plausible.SITE = plausible.SITE, site
    try:
        seen = run_checks(tables, findings=True)
    finally:
        plausible.SITE = before
    assert seen.findings and "missing" not in {f["status"] for f in seen.findings}
    assert "kinds" in seen.checks


def test_one_finding_is_told_once_a_day_however_old_the_pause():
    """A pause of a large hospital warns after two weeks and refuses after two months."""
    seen = {}
    for days in (10, 30, 75):
        tables = demo().copy()
        last = tables.as_of - timedelta(days=days)
        tables.events = [r for r in tables.events if (r.get("at") or "9")[:10] <= str(last)]
        seen[days] = run_checks(tables)
    assert "newest_event" not in seen[10].checks
    assert (seen[30].level, "newest_event" in seen[30].checks) == ("warn", True)
    assert (seen[75].level, "newest_event" in seen[75].checks) == ("refuse", True)
