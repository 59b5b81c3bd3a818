"""Day 0: a study on the day of surgery, 31 May 2026 at 08:00."""

from __future__ import annotations

import pytest

from tests.helpers import case, ct_rule, expect, run, scan

DAY = "2026-05-31"


@pytest.mark.parametrize("same_day", ["unknown", "allow", "refuse"])
@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("07:59", "met in_window E1"),
        ("00:00", "met in_window E1"),
        ("08:00", "missing after_surgery E1"),
        ("15:00", "missing after_surgery E1"),
    ],
)
def test_with_both_clock_times_the_study_must_begin_before_the_operation(
    engine, same_day, clock, expected
):
    """The clock times decide, whatever the rule says about days without them."""
    seen = run(engine, ct_rule(same_day=same_day), events=[scan(f"{DAY}T{clock}")])
    expect(seen, ct=expected)


@pytest.mark.parametrize(
    ("surgery", "study"),
    [(f"{DAY}T08:00", DAY), (DAY, f"{DAY}T07:00"), (DAY, DAY), (DAY, f"{DAY}T23:00")],
    ids=["study untimed", "surgery untimed", "both untimed", "surgery untimed, late study"],
)
@pytest.mark.parametrize(
    ("same_day", "expected"),
    [
        ("unknown", "unknown same_day_untimed E1"),
        ("allow", "met in_window E1"),
        ("refuse", "missing same_day_untimed E1"),
    ],
)
def test_without_both_clock_times_the_rule_decides(engine, surgery, study, same_day, expected):
    """`same_day` is unknown, unless the rule says allow or refuse."""
    rule = ct_rule(same_day=same_day)
    expect(run(engine, rule, cases=[case(surgery_at=surgery)], events=[scan(study)]), ct=expected)


def test_day_0_is_undecided_where_the_rule_says_nothing(engine):
    """`unknown` is the default."""
    expect(run(engine, ct_rule(), events=[scan(DAY)]), ct="unknown same_day_untimed E1")


def test_a_study_on_the_day_before_needs_no_clock_time(engine):
    """Only day 0 is in doubt."""
    expect(run(engine, ct_rule(same_day="refuse"), events=[scan("2026-05-30")]), ct="met")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (f"{DAY}T07:00", "booked booked_in_window E1"),
        (DAY, "booked booked_in_window E1"),
        (f"{DAY}T08:00", "due booked_outside_window E1"),
    ],
)
@pytest.mark.parametrize("same_day", ["unknown", "refuse"])
def test_a_booking_on_day_0_counts_unless_it_is_known_to_be_too_late(
    engine, at, expected, same_day
):
    """Whoever books it sees to it that it comes first; the rule's same_day is for the past."""
    cases = [case(status="scheduled")]
    events = [scan(at, status="booked")]
    seen = run(engine, ct_rule(same_day=same_day), cases=cases, events=events, as_of="2026-05-20")
    expect(seen, ct=expected)


def test_a_window_of_0_days_that_refuses_the_day_can_only_be_met_by_the_clocks(engine):
    """Without a clock time such a study certainly does not count."""
    rule = ct_rule(window={"before": "surgery", "at_most": "0 days"}, same_day="refuse")
    expect(run(engine, rule, events=[scan(DAY)]), ct="missing same_day_untimed E1")
    expect(run(engine, rule, events=[scan(f"{DAY}T07:00")]), ct="met in_window E1")


def test_a_clock_time_of_midnight_is_a_clock_time(engine):
    """00:00 is before the operation at 08:00 ..."""
    expect(run(engine, ct_rule(), events=[scan(f"{DAY}T00:00:00")]), ct="met in_window E1")


@pytest.mark.parametrize("clock", ["T00:00", " 00:00:00", "T00:00:00.000"])
def test_unless_the_site_writes_dates_as_midnight(engine, clock):
    """... where `midnight_is_date` is set, it is a date without a clock time."""
    seen = run(engine, ct_rule(), events=[scan(DAY + clock)], midnight_is_date=True)
    expect(seen, ct="unknown same_day_untimed E1")


def test_midnight_with_an_offset_is_always_an_instant(engine):
    """A system that writes offsets writes clock times."""
    seen = run(engine, ct_rule(), events=[scan(f"{DAY}T00:00:00-04:00")], midnight_is_date=True)
    expect(seen, ct="met in_window E1")


def test_the_planned_time_is_not_borrowed_for_an_actual_start_without_a_clock(engine):
    """The operation time is that of the value which gave the anchor; nothing else is used."""
    cases = [case(started_at=DAY)]
    seen = run(engine, ct_rule(), cases=cases, events=[scan(f"{DAY}T07:00")])
    expect(seen, ct="unknown same_day_untimed E1")


def test_seconds_and_their_fractions_count(engine):
    """Half a second before the operation is before it."""
    early = scan(f"{DAY}T07:59:59.5")
    expect(run(engine, ct_rule(), events=[early]), ct="met in_window E1")
    same = [scan(f"{DAY} 08:00:00.000")]
    expect(run(engine, ct_rule(), events=same), ct="missing after_surgery E1")
