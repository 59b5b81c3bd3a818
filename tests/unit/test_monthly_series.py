"""Trend, days, deviations, drift, units and what was judged again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from qi_checker.monthly import words as said
from qi_checker.monthly.cases import last_day, months_between, months_on
from qi_checker.monthly.units import pseudonym
from qi_checker.monthly.views import Monthly
from tests.helpers.monthly import FULL, Records, report, settings, typical

BASE = {"first": "2024-03", "last": "2025-02"}


def two_years(before: int, after: int) -> Records:
    """Four cases a month for 24 months to February 2026; so many of four comply."""
    made = Records()
    for n in range(24):
        month = months_on("2024-03", n)
        good = before if n < 12 else after
        for k in range(4):
            made.add(f"{month}-{5 * k + 2:02}", mri=10 if k < good else None)
    return made


def test_months() -> None:
    assert (months_on("2026-01", -1), months_on("2025-12", 1)) == ("2025-12", "2026-01")
    assert months_between("2025-11", "2026-02") == ("2025-11", "2025-12", "2026-01", "2026-02")
    assert last_day("2024-02") == date(2024, 2, 29)


@pytest.fixture(scope="module")
def better() -> Monthly:
    return report(two_years(1, 4), "2026-02", settings(baseline=BASE))


def test_an_improvement_is_seen(better: Monthly) -> None:
    signals = {p.month: p.quarter_signal for p in better.trend.points}
    assert signals["2025-05"] == "improvement"  # 12 of 12 where a quarter complied
    assert all(not signals[m] for m in signals if m < "2025-05")
    assert better.trend.baseline == ("2024-03", "2025-02")
    assert set(better.trend.centre) == {0.25}
    assert better.cusum is not None
    assert {p.signal for p in better.cusum.points} == {"", "improvement"}
    assert len(better.cusum.points) == 48
    assert "better" in better.cusum.title


def test_a_phase_is_suggested_and_not_applied(better: Monthly) -> None:
    many_on_line = report(two_years(1, 4), "2026-02", settings())
    assert [p.first for p in better.phases] == ["2024-03"]
    assert "not evaluable" in many_on_line.trend.status
    assert "more than a quarter of the points on the centre line" in many_on_line.trend.status


def test_a_phase_that_was_decided_starts_its_own_lines() -> None:
    loaded = settings(
        baseline=BASE,
        phases=[{"from": "2025-02-15", "reason": "reserved slots", "approved_by": "Dr Adams"}],
    )
    view = report(two_years(1, 4), "2026-02", loaded)
    assert [(p.first, p.baseline) for p in view.phases] == [
        ("2024-03", ("2024-03", "2025-02")),
        ("2025-03", ("2025-03", "2026-02")),
    ]
    assert view.trend.centre[0] == 0.25 and view.trend.centre[-1] == 1.0
    assert "not evaluable" in view.trend.status  # the line is at 100%
    assert view.cusum is None and "no month after the baseline" in view.cusum_why
    assert [e.words for e in view.happened] == ["New baseline: reserved slots"]
    assert "Decided by Dr Adams: reserved slots" in " ".join(said.phase_words(view))


def test_a_month_without_a_case_keeps_its_place() -> None:
    made = Records()
    made.add("2025-12-03")
    made.add("2026-02-03")
    view = report(made, "2026-02")
    assert [(p.month, p.events, p.cases) for p in view.trend.points] == [
        ("2025-12", 1, 1),
        ("2026-01", 0, 0),
        ("2026-02", 1, 1),
    ]
    assert said.month_tally(view.trend.points[1]) == "no case"
    assert view.trend.status.startswith("not evaluable")


def test_days_are_those_of_the_oldest_study_that_is_asked_for() -> None:
    made = Records()
    made.add("2026-02-03", ct=4, mri=31)
    made.add("2026-02-04", ct=4, mri=None)
    view = report(made, "2026-02")
    assert view.intervals is not None
    assert [(p.days, p.kind) for p in view.intervals.points] == [(31, "outside"), (None, "none")]
    assert view.intervals.limit == 30
    assert "0 of 1 within 30 days" in view.intervals.title


def test_limits_of_days_come_from_the_baseline() -> None:
    made = two_years(4, 4)
    made.add("2026-02-27", mri=98)
    view = report(made, "2026-02", settings(baseline=BASE))
    assert view.intervals is not None and view.intervals.baseline == 48
    assert (view.intervals.centre, view.intervals.upper) == (10, 10)
    assert [p.days for p in view.intervals.points if p.signal] == [98]


def test_cases_between_deviations_once_most_comply() -> None:
    made = two_years(4, 4)
    for day in ("2025-04-25", "2025-10-25"):
        made.add(day, mri=None)
    view = report(made, "2026-02", settings(baseline=BASE))
    assert view.gaps is not None
    assert [(p.gap, bool(p.case_id)) for p in view.gaps.points] == [(25, True), (16, False)]
    few = report(two_years(1, 1), "2026-02")
    assert few.gaps is None and "80%" in few.gaps_why


def test_what_became_known_late_is_judged_again() -> None:
    view = report(typical(), "2026-02")
    assert view.rejudged is not None
    assert [(r.surgery_date, r.before, r.after) for r in view.rejudged] == [
        (date(2025, 12, 20), "not_compliant", "compliant")
    ]
    assert "a study of 2025-12-10 became known after 2026-01-31" in view.rejudged[0].why
    assert said.rejudged_words(view).startswith("1 earlier result changed")


def test_actions_that_are_overdue_come_first() -> None:
    view = report(typical(), "2026-02", FULL)
    assert [(a.owner, a.overdue, a.done) for a in view.actions] == [
        ("Radiology", True, None),
        ("Surgery", False, None),
        ("Surgery", False, date(2025, 11, 20)),
    ]


def test_a_target_that_changed_within_the_year_is_not_judged() -> None:
    lead = report(typical(), "2026-02", FULL).standards[0]
    assert (lead.target, lead.year_target) == (0.9, None)
    assert said.judged(lead) == "the target changed within the 12 months"


def test_units_are_letters_and_small_ones_are_not_shown() -> None:
    view = report(typical(), "2026-02", by="surgeon")
    assert view.units is not None
    assert [(u.name, u.cases) for u in view.units.units] in (
        [("A", 25), ("B", 13)],
        [("A", 13), ("B", 25)],
    )
    shown = " ".join([view.units.title, view.units.description, view.units_why])
    assert "Adams" not in shown and "Baker" not in shown
    few = report(typical(), "2026-02", settings(fewest_cases=20), by="surgeon")
    assert few.units is not None and len(few.units.units) == 1
    assert few.units_why == "Not shown: 1 with fewer than 20 cases, 13 cases together."
    assert report(typical(), "2026-02").units is None


def test_pseudonyms() -> None:
    assert [pseudonym(n) for n in (0, 25, 26, 27, 701, 702)] == ["A", "Z", "AA", "AB", "ZZ", "AAA"]


def test_no_unit_has_enough_cases() -> None:
    made = Records()
    made.add("2026-02-03", surgeon="Adams")
    made.add("2026-02-04")
    view = report(made, "2026-02", by="surgeon")
    assert view.units is None
    assert view.units_why == (
        "No surgeon has 10 cases in these 12 months. Not shown: 1 with fewer than 10 cases, 1 case "
        "together. Without a recorded surgeon: 1 case."
    )


def test_late_events_are_counted() -> None:
    made = Records()
    day = date(2026, 2, 10)
    made.add(day, recorded=f"{day + timedelta(days=3)}")
    checks = dict(report(made, "2026-02").quality.checks)
    assert checks["Events of these patients that were recorded only after surgery"] == 2
