"""Counts of the monthly report, worked out by hand, and equal wherever they stand."""

from __future__ import annotations

from random import Random

import pytest

from qi_checker.monthly import words as said
from qi_checker.monthly.tables import tables
from qi_checker.monthly.views import Monthly, Standard, Tally
from tests.helpers.monthly import Records, report, settings, typical


@pytest.fixture(scope="module")
def view() -> Monthly:
    return report(typical(), "2026-02")


def standard(view: Monthly, key: str) -> Standard:
    return next(s for s in view.standards if s.key == key)


def test_the_month_by_hand(view: Monthly) -> None:
    """February: complies, MRI missing, complies, waived, undetermined; the emergency is excluded."""
    whole = standard(view, "compliant")
    assert whole.month == Tally(part=2, whole=4, undetermined=1, excepted=1)
    assert standard(view, "ct").month == Tally(part=5, whole=5, undetermined=0, excepted=0)
    assert standard(view, "mri").month == Tally(part=2, whole=4, undetermined=1, excepted=1)
    assert standard(view, "mri").present_month == Tally(3, 5, 0, 0)


def test_the_twelve_months_by_hand(view: Monthly) -> None:
    """Three a month and the four others that count; in March 2025 and after every second lacks it."""
    whole = standard(view, "compliant").year
    assert (whole.part, whole.whole, whole.undetermined, whole.excepted) == (25, 38, 1, 1)
    assert standard(view, "ct").present_year == Tally(39, 39, 0, 0)
    assert view.header.year_first == "2025-03"


def test_present_is_not_in_time() -> None:
    made = Records()
    made.add("2026-02-10", mri=98)
    made.add("2026-02-11", mri=1)
    mri = standard(report(made, "2026-02"), "mri")
    assert (mri.present_month, mri.month.part) == (Tally(2, 2, 0, 0), 1)


def test_bounds_and_raw_rate_stand_beside_the_rate(view: Monthly) -> None:
    whole = standard(view, "compliant")
    assert said.bounds(whole.month) == "2 to 3 of 4"
    assert said.raw(whole.month) == "2/5 (40%)"
    assert said.tally(whole.month) == "2/4"  # no percentage of fewer than five


def test_the_flow_adds_up(view: Monthly) -> None:
    assert {w: (m, y) for w, m, y in view.flow}["– excluded by the protocol"] == (1, 1)
    _adds_up(view)


def _adds_up(view: Monthly) -> None:
    for lines in (
        {words: month or 0 for words, month, _ in view.flow},
        {words: year or 0 for words, _, year in view.flow},
    ):
        taken = sum(
            n
            for words, n in lines.items()
            if words.startswith("–") and words != "– with an approved exception"
        )
        assert lines["Operations"] - taken == lines["Eligible"]
        assert lines["Eligible"] - lines["– with an approved exception"] == lines["Assessed"]
        parts = [n for words, n in lines.items() if words.startswith("of which")]
        assert sum(parts) == lines["Assessed"]


def test_the_window_of_the_protocol_gives_the_rate(view: Monthly) -> None:
    own = [line for line in view.sensitivity if line.own]
    assert [line.window for line in own] == ["30 days"]
    year = standard(view, "compliant").year
    # an MRI of which only the month is known counts from its first day, like the chosen event
    assert own[0].tally.whole == year.whole
    assert own[0].tally.part in (year.part, year.best)
    numbers = [line.tally.part or 0 for line in view.sensitivity]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("seed", range(6))
def test_numbers_are_the_same_in_lists_tables_and_pictures(seed: int) -> None:
    view = report(
        _random(seed), "2026-02", settings(baseline={"first": "2025-06", "last": "2025-09"})
    )
    _adds_up(view)
    rows = {t.key: t.rows for t in tables(view)}
    columns = {t.key: t.columns for t in tables(view)}
    whole = standard(view, "compliant").month
    flow = {words: month for words, month, _ in view.flow}
    assert view.failed is not None and view.exempt is not None and view.undetermined is not None
    assert len(view.failed) == flow["of which not compliant"]
    assert len(view.exempt) == flow["– with an approved exception"] == whole.excepted
    assert len(view.undetermined) == flow["of which undetermined"] == whole.undetermined
    assert len({r[0] for r in rows["failed"]}) == len(view.failed)
    last = dict(zip(columns["trend"], rows["trend"][-1], strict=True))
    assert (last["compliant"], last["cases"]) == (whole.part, whole.whole)
    months = {p.month: p for p in view.trend.points}
    year = [p for m, p in months.items() if m >= view.header.year_first]
    assert sum(p.events or 0 for p in year) == standard(view, "compliant").year.part
    assert sum(p.cases or 0 for p in year) == standard(view, "compliant").year.whole
    lacking = sum(
        (s.year.whole or 0) - (s.year.part or 0) - (s.year.undetermined or 0)
        for s in view.standards[1:]
    )
    assert sum(c.count or 0 for c in view.causes.causes) == lacking
    assert view.intervals is not None
    assert len(rows["intervals"]) == len(view.intervals.points)


def _random(seed: int) -> Records:
    chance = Random(seed)
    made = Records()
    for n in range(120):
        month = f"2025-{n % 12 + 1:02}" if n < 100 else f"2026-{n % 2 + 1:02}"
        made.add(
            f"{month}-{chance.randint(1, 28):02}",
            ct=chance.choice((5, 10, 30, 31, None)),
            mri=chance.choice((5, 10, 29, 30, 40, 98, None)),
            waived=chance.random() < 0.1,
            partial=chance.random() < 0.1,
            urgency=chance.choice(("elective", "emergency", "elective")),
            status=chance.choice(("performed", "performed", "performed", "cancelled")),
        )
    return made
