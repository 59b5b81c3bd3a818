"""Day 0: a study on the day of surgery, 31 May 2026 at 08:00."""

from __future__ import annotations

import pytest

from tests.helpers import case, ct_rule, expect, expect_each, run, scan

DAY = "2026-05-31"


@pytest.mark.parametrize("same_day", ["unknown", "allow", "refuse"])
def test_with_both_clock_times_the_study_must_begin_before_the_operation(engine, same_day):
    """The clock times decide, whatever the rule says about days without them."""
    table = [
        (scan(f"{DAY}T07:59"), "met in_window E1"),
        (scan(f"{DAY}T00:00"), "met in_window E1"),
        (scan(f"{DAY}T07:59:59.5"), "met in_window E1"),
        (scan(f"{DAY}T08:00"), "missing after_surgery E1"),
        (scan(f"{DAY} 08:00:00.000"), "missing after_surgery E1"),
        (scan(f"{DAY}T15:00"), "missing after_surgery E1"),
    ]
    expect_each(engine, ct_rule(same_day=same_day), table)


@pytest.mark.parametrize(
    ("same_day", "expected"),
    [
        ("unknown", "unknown same_day_untimed E1"),
        ("allow", "met in_window E1"),
        ("refuse", "missing same_day_untimed E1"),
    ],
)
def test_without_both_clock_times_the_rule_decides(engine, same_day, expected):
    """`same_day` is unknown, unless the rule says allow or refuse."""
    untimed = case(surgery_at=DAY)
    table = [
        (scan(DAY), expected),
        (untimed, scan(DAY), expected),
        (untimed, scan(f"{DAY}T07:00"), expected),
        (untimed, scan(f"{DAY}T23:00"), expected),
    ]
    expect_each(engine, ct_rule(same_day=same_day), table)


def test_day_0_is_undecided_where_the_rule_says_nothing(engine):
    """`unknown` is the default."""
    expect(run(engine, ct_rule(), events=[scan(DAY)]), ct="unknown same_day_untimed E1")


def test_a_study_on_the_day_before_needs_no_clock_time(engine):
    """Only day 0 is in doubt."""
    expect(run(engine, ct_rule(same_day="refuse"), events=[scan("2026-05-30")]), ct="met")


@pytest.mark.parametrize("same_day", ["unknown", "refuse"])
def test_a_booking_on_day_0_counts_unless_it_is_known_to_be_too_late(engine, same_day):
    """Whoever books it sees to it that it comes first; the rule's same_day is for the past."""
    planned = case(status="scheduled")
    table = [
        (planned, scan(f"{DAY}T07:00", status="booked"), "booked booked_in_window E1"),
        (planned, scan(DAY, status="booked"), "booked booked_in_window E1"),
        (planned, scan(f"{DAY}T08:00", status="booked"), "due booked_outside_window E1"),
    ]
    expect_each(engine, ct_rule(same_day=same_day), table, as_of="2026-05-20")


def test_a_window_of_0_days_that_refuses_the_day_can_only_be_met_by_the_clocks(engine):
    """Without a clock time such a study certainly does not count."""
    rule = ct_rule(window={"before": "surgery", "at_most": "0 days"}, same_day="refuse")
    table = [
        (scan(DAY), "missing same_day_untimed E1"),
        (scan(f"{DAY}T07:00"), "met in_window E1"),
    ]
    expect_each(engine, rule, table)


def test_midnight_is_a_clock_time_unless_the_site_writes_dates_so(engine):
    """With `midnight_is_date` it is a date; with an offset it is an instant all the same."""
    clocks = ["T00:00", " 00:00:00", "T00:00:00.000"]
    expect_each(engine, ct_rule(), [(scan(DAY + clock), "met in_window E1") for clock in clocks])
    table = [(scan(DAY + clock), "unknown same_day_untimed E1") for clock in clocks]
    table += [(scan(f"{DAY}T00:00:00-04:00"), "met in_window E1")]
    expect_each(engine, ct_rule(), table, midnight_is_date=True)


def test_the_planned_time_is_not_borrowed_for_an_actual_start_without_a_clock(engine):
    """The operation time is that of the value which gave the anchor; nothing else is used."""
    cases = [case(started_at=DAY)]
    seen = run(engine, ct_rule(), cases=cases, events=[scan(f"{DAY}T07:00")])
    expect(seen, ct="unknown same_day_untimed E1")
