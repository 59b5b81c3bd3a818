"""Limits in hours and minutes compare moments. Surgery is on 31 May 2026 at 08:00."""

from __future__ import annotations

import pytest

from tests.helpers import case, ct_rule, expect_each, run, scan

MINUTES = ct_rule(window={"before": "surgery", "at_most": "120 minutes"})
STRICT = ct_rule(window={"before": "surgery", "less_than": "2 hours"})
AFTER = ct_rule(window={"after": "surgery", "at_most": "24 hours"})
LONG_AFTER = "2027-12-31"


def test_within_120_minutes_before_the_operation(engine):
    """Exactly 120 minutes count; a microsecond more does not."""
    table = [
        (scan("2026-05-31T05:59:59.999999"), "expired too_old E1"),
        (scan("2026-05-31T06:00"), "met in_window E1"),
        (scan("2026-05-31T07:59"), "met in_window E1"),
        (scan("2026-05-31T08:00"), "missing after_surgery E1"),
        (scan("2026-05-30T07:00"), "expired too_old E1"),
        (scan("2026-06-01T07:00"), "missing after_surgery E1"),
        (scan(None), "unknown rejected_record E1"),
    ]
    expect_each(engine, MINUTES, table)


def test_less_than_2_hours_is_strict(engine):
    """Exactly 2 hours are too long."""
    table = [
        (scan("2026-05-31T06:00"), "expired too_old E1"),
        (scan("2026-05-31T06:00:00.000001"), "met in_window E1"),
    ]
    expect_each(engine, STRICT, table)


def test_without_a_clock_it_cannot_be_told(engine):
    """Somewhere on that day; on another day it is certainly too old."""
    operation = case(surgery_at="2026-05-31")
    table = [
        (scan("2026-05-30"), "expired too_old E1"),
        (scan("2026-05-31"), "unknown same_day_untimed E1"),
        (scan("2026-05"), "unknown partial_date E1"),
        (operation, scan("2026-05-31T06:00"), "unknown same_day_untimed E1"),
        (operation, scan("2026-05-30T21:00"), "expired too_old E1"),
        (operation, scan("2026-05-30T22:00"), "unknown untimed E1"),
        (operation, scan("2026-05-30"), "unknown untimed E1"),
    ]
    expect_each(engine, MINUTES, table)


def test_a_day_allowed_without_a_clock_leaves_the_minutes_open(engine):
    """`same_day: allow` says that it was before the operation, not how long before."""
    rule = ct_rule(window={"before": "surgery", "at_most": "120 minutes"}, same_day="allow")
    expect_each(engine, rule, [(scan("2026-05-31"), "unknown untimed E1")])


def test_a_day_may_be_certain_without_a_clock(engine):
    """Every moment of 30 May is less than 32 hours before 08:00 on the next day, and more than 8."""
    table = [(scan("2026-05-30"), "met in_window E1"), (scan("2026-05-29"), "expired too_old E1")]
    expect_each(engine, ct_rule(window={"before": "surgery", "at_most": "32 hours"}), table)
    table = [
        (scan("2026-05-30"), "met in_window E1"),
        (scan("2026-05-31T01:00"), "missing too_late E1"),
    ]
    expect_each(engine, ct_rule(window={"before": "surgery", "at_least": "8 hours"}), table)


def test_not_nearer_than_so_many_hours(engine):
    """`at_least` includes its end, `more_than` does not."""
    at_least = ct_rule(window={"before": "surgery", "at_least": "6 hours"})
    table = [
        (scan("2026-05-31T02:00"), "met in_window E1"),
        (scan("2026-05-31T02:00:00.000001"), "missing too_late E1"),
        (scan("2026-05-31T09:00"), "missing after_surgery E1"),
    ]
    expect_each(engine, at_least, table)
    more_than = ct_rule(window={"before": "surgery", "more_than": "6 hours"})
    table = [
        (scan("2026-05-31T01:59"), "met in_window E1"),
        (scan("2026-05-31T02:00"), "missing too_late E1"),
    ]
    expect_each(engine, more_than, table)


def test_within_24_hours_after_the_operation(engine):
    """Into the next day, to the minute."""
    table = [
        (scan("2026-05-31T07:59"), "missing too_early E1"),
        (scan("2026-05-31T08:00"), "met in_window E1"),
        (scan("2026-06-01T08:00"), "met in_window E1"),
        (scan("2026-06-01T08:01"), "missing too_late E1"),
        (scan("2026-06-01"), "unknown untimed E1"),
        (scan("2026-06-02"), "missing too_late E1"),
        (scan("2026-06"), "unknown partial_date E1"),
    ]
    expect_each(engine, AFTER, table, as_of=LONG_AFTER)


def test_not_earlier_than_so_many_hours_after(engine):
    """The least distance, counted on."""
    rule = ct_rule(window={"after": "surgery", "at_least": "6 hours"})
    table = [
        (scan("2026-05-31T13:59"), "due too_early E1"),
        (scan("2026-05-31T14:00"), "met in_window E1"),
    ]
    expect_each(engine, rule, table, as_of=LONG_AFTER)


def test_days_before_or_hours_after_admission(engine):
    """As for a history and physical: 30 days before, or 24 hours after, admission."""
    window = {"before": "admission", "at_most": "30 days", "or_after": {"at_most": "24 hours"}}
    rule = ct_rule(window=window | {"and": [{"before": "surgery"}]})
    admitted = case(admitted_at="2026-05-29T10:00")
    table = [
        (admitted, scan("2026-04-28"), "expired too_old E1"),
        (admitted, scan("2026-04-29"), "met in_window E1"),
        (admitted, scan("2026-05-29"), "met in_window E1"),
        (admitted, scan("2026-05-30T10:00"), "met in_window E1"),
        (admitted, scan("2026-05-30T10:01"), "missing too_late E1"),
        (admitted, scan("2026-05-30"), "unknown untimed E1"),
        (admitted, scan("2026-05-31T09:00"), "missing after_surgery E1"),
    ]
    expect_each(engine, rule, table)


def test_local_clocks_pass_over_a_change_of_the_clock(engine):
    """In the night to 8 March 2026 an hour is left out in Toronto: 07:00 EST is 08:00 EDT."""
    local = case(surgery_at="2026-03-08T04:00")
    exact = case(surgery_at="2026-03-08T04:00-04:00")
    table = [
        (local, scan("2026-03-08T01:00"), "expired too_old E1"),
        (local, scan("2026-03-08T01:00-05:00"), "expired too_old E1"),
        (exact, scan("2026-03-08T01:00-05:00"), "met in_window E1"),
        (exact, scan("2026-03-08T00:59-05:00"), "expired too_old E1"),
        (exact, scan("2026-03-08T06:00Z"), "met in_window E1"),
    ]
    expect_each(engine, MINUTES, table)


def test_the_hour_that_comes_twice(engine):
    """On 1 November 2026 the clock goes back: instants tell the first 01:30 from the second."""
    exact = case(surgery_at="2026-11-01T03:00-05:00")
    table = [
        (exact, scan("2026-11-01T01:30-04:00"), "expired too_old E1"),
        (exact, scan("2026-11-01T01:30-05:00"), "met in_window E1"),
        (exact, scan("2026-11-01T01:30"), "met in_window E1"),
    ]
    expect_each(engine, MINUTES, table, as_of=LONG_AFTER)


def test_minutes_in_a_leap_year(engine):
    """Midnight on 29 February."""
    operation = case(surgery_at="2024-03-01T01:00")
    table = [
        (operation, scan("2024-02-29T23:00"), "met in_window E1"),
        (operation, scan("2024-02-29T22:59"), "expired too_old E1"),
    ]
    expect_each(engine, MINUTES, table)


@pytest.mark.parametrize(
    ("window", "surgery", "opens", "closes"),
    [
        ({"before": "surgery", "at_most": "9 hours"}, "T08:00", "2026-05-30", "2026-05-31"),
        ({"before": "surgery", "at_most": "8 hours"}, "T08:00", "2026-05-31", "2026-05-31"),
        ({"before": "surgery", "at_most": "8 hours"}, "", "2026-05-30", "2026-05-31"),
        ({"before": "surgery", "at_least": "9 hours"}, "T08:00", None, "2026-05-30"),
        ({"before": "surgery", "at_least": "9 hours"}, "", None, "2026-05-31"),
        ({"after": "surgery", "at_most": "16 hours"}, "T08:00", "2026-05-31", "2026-06-01"),
        ({"after": "surgery", "less_than": "16 hours"}, "T08:00", "2026-05-31", "2026-05-31"),
        ({"after": "surgery", "at_most": "16 hours"}, "", "2026-05-31", "2026-06-01"),
        ({"after": "surgery", "at_least": "20 hours"}, "T08:00", "2026-06-01", None),
    ],
)
def test_the_dates_of_a_window_of_hours(engine, window, surgery, opens, closes):
    """The local dates of the first and of the last moment; a day without a clock is all of it."""
    cases = [case(surgery_at=f"2026-05-31{surgery}")]
    found = run(engine, ct_rule(window=window), cases=cases, as_of=LONG_AFTER).finding("ct")
    assert (found["window_opens"], found["window_closes"]) == (opens, closes)


@pytest.mark.parametrize(
    ("at", "limit", "last"),
    [
        ("2026-05-31T07:00", "16 hours", "2026-05-31"),
        ("2026-05-31T07:00", "17 hours", "2026-06-01"),
        ("2026-05-30", "47 hours", "2026-06-01"),
    ],
)
def test_how_long_an_event_counts_in_hours(engine, at, limit, last):
    """The date of its last possible moment and so much later."""
    rule = ct_rule(window={"before": "surgery", "at_most": limit})
    found = run(engine, rule, events=[scan(at)]).finding("ct")
    assert (found["status"], found["valid_through"]) == ("met", last)


def test_a_booking_is_judged_like_any_other_event(engine):
    """An appointment at the wrong hour is outside."""
    upcoming = case(status="scheduled")
    booked = {"status": "booked"}
    table = [
        (upcoming, scan("2026-05-31T06:00", **booked), "booked booked_in_window E1"),
        (upcoming, scan("2026-05-31T05:00", **booked), "due booked_outside_window E1"),
        (upcoming, scan("2026-05-31", **booked), "due untimed E1"),
    ]
    expect_each(engine, MINUTES, table, as_of="2026-05-20")


def test_the_nearest_miss_is_measured_by_the_clock(engine):
    """In minutes, on both sides; a day without a clock may have been at its nearest moment."""
    hour = ct_rule(window={"before": "surgery", "at_most": "60 minutes"}, same_day="refuse")
    early = scan("2026-05-31T05:30")  # 90 minutes before the window
    table = [
        (early, scan("2026-05-31T08:05", "E2"), "expired after_surgery E2"),
        (early, scan("2026-05-31T10:00", "E2"), "expired too_old E1"),
        (early, scan("2026-05-31T05:29", "E2"), "expired too_old E1"),
        (early, scan("2026-05-31T09:30", "E2"), "expired after_surgery E2"),
        (scan("2026-05-30T23:00"), scan("2026-05-31T15:59", "E2"), "expired after_surgery E2"),
        (scan("2026-05-30T23:00"), scan("2026-05-31T16:01", "E2"), "expired too_old E1"),
        (scan("2026-05-30"), scan("2026-05-31T15:00", "E2"), "expired after_surgery E2"),
        (scan("2026-05-30"), scan("2026-05-31T15:00:01", "E2"), "expired too_old E1"),
    ]
    both_ways = []
    for one, other, said in table:
        both_ways += [(one, other, said), (other, one, said)]
    expect_each(engine, hour, both_ways)


AFTER_ADMISSION = {"after": "admission", "at_least": "4 hours"}


def test_the_nearest_miss_beside_days(engine):
    """Where one limit of a window is in hours, every distance to it is a length of time."""
    rule = ct_rule(
        window={"before": "surgery", "at_most": "30 days", "and": [AFTER_ADMISSION]},
    )
    operation = case(admitted_at="2026-05-29T10:00")  # it may be from 14:00
    table = [
        (operation, scan("2026-05-29T13:00"), scan("2026-05-31T08:30", "E2"), "E2"),
        (operation, scan("2026-05-29T13:40"), scan("2026-05-31T08:30", "E2"), "E1"),
    ]
    for *rows, nearest in table:
        found = run(engine, rule, cases=rows[:1], events=rows[1:]).finding("ct")
        assert found["event_id"] == nearest


PERFORMED, SCHEDULED = case(), case(status="scheduled")
SIX_HOURS = ct_rule(window={"after": "surgery", "at_most": "6 hours"})
OPEN = [
    # Within 6 hours after the operation of 08:00, which is past.
    (SIX_HOURS, PERFORMED, "2026-05-31T09:00", "due never_ordered"),
    (SIX_HOURS, PERFORMED, "2026-05-31T14:00", "due never_ordered"),
    (SIX_HOURS, PERFORMED, "2026-05-31T14:01", "missing never_ordered"),
    (SIX_HOURS, PERFORMED, "2026-05-31", "missing never_ordered"),
    (SIX_HOURS, SCHEDULED, "2026-05-31T07:59", "due window_not_open"),
    (SIX_HOURS, SCHEDULED, "2026-05-31T08:00", "due never_ordered"),
    (SIX_HOURS, SCHEDULED, "2026-05-31T14:01", "missing never_ordered"),
    # Strictly less: the last minute is not one of them.
    (
        ct_rule(window={"after": "surgery", "less_than": "6 hours"}),
        PERFORMED,
        "2026-05-31T14:00",
        "missing never_ordered",
    ),
    # Until the end of the day of surgery, in days.
    (
        ct_rule(window={"after": "surgery", "at_most": "0 days"}),
        PERFORMED,
        "2026-05-31T23:59",
        "due never_ordered",
    ),
    (
        ct_rule(window={"after": "surgery", "at_most": "0 days"}),
        PERFORMED,
        "2026-05-31",
        "missing never_ordered",
    ),
    # Past midnight.
    (AFTER, PERFORMED, "2026-06-01T08:00", "due never_ordered"),
    (AFTER, PERFORMED, "2026-06-01T08:01", "missing never_ordered"),
    (AFTER, PERFORMED, "2026-06-01", "due never_ordered"),
    # What the operation itself closes.
    (MINUTES, PERFORMED, "2026-05-31T08:00", "missing never_ordered"),
    (MINUTES, SCHEDULED, "2026-05-31T05:59", "due window_not_open"),
    (MINUTES, SCHEDULED, "2026-05-31T06:00", "due never_ordered"),
    (MINUTES, SCHEDULED, "2026-05-31T09:00", "due never_ordered"),
    (
        ct_rule(window={"before": "surgery", "at_least": "30 minutes"}),
        SCHEDULED,
        "2026-05-31T07:31",
        "missing never_ordered",
    ),
    # Counted from the admission at 06:00, on the day of surgery.
    (
        ct_rule(window={"after": "admission", "at_most": "4 hours"}),
        case(admitted_at="2026-05-31T06:00"),
        "2026-05-31T10:00",
        "due never_ordered",
    ),
    (
        ct_rule(
            window={"after": "admission", "at_most": "4 hours", "and": [{"before": "surgery"}]}
        ),
        case(admitted_at="2026-05-31T06:00"),
        "2026-05-31T09:00",
        "missing never_ordered",
    ),
    # Without a clock time of the operation the hours may end on the next day.
    (SIX_HOURS, case(surgery_at="2026-05-31"), "2026-05-31T23:00", "due never_ordered"),
]


def test_open_until_the_last_minute(engine):
    """Where `as_of` has a time; a date is the end of its day."""
    said = [
        (run(engine, rule, cases=[operation], as_of=as_of).finding("ct"), expected)
        for rule, operation, as_of, expected in OPEN
    ]
    assert [f"{found['status']} {found['reason']}" for found, _ in said] == [e for _, e in said]


def test_an_appointment_on_the_day_of_an_operation_that_is_past(engine):
    """By the clocks: at 13:00, after it; a time that has gone, or no time, is of no use."""
    table = [
        (scan("2026-05-31T13:00", status="booked"), "booked booked_in_window E1"),
        (scan("2026-05-31T15:00", status="booked"), "due booked_outside_window E1"),
        (scan("2026-05-31T08:30", status="booked"), "due booking_passed E1"),
        (scan("2026-05-31", status="booked"), "due booking_passed E1"),
        (scan("2026-05-31T07:00", status="booked"), "due booking_passed E1"),
    ]
    expect_each(engine, SIX_HOURS, table, as_of="2026-05-31T09:00")


def test_what_is_forbidden_for_some_hours(engine):
    """It is decided when the hours are over."""
    rule = ct_rule(window={"after": "surgery", "at_most": "6 hours"}, forbidden=True)
    delivered = scan("2026-01-01", "E9", patient_id="P9")
    for as_of, said in (
        ("2026-05-31T09:00", "due window_not_closed"),
        ("2026-05-31T14:01", "met none_found"),
        ("2026-05-31", "met none_found"),
    ):
        found = run(engine, rule, events=[delivered], as_of=as_of).finding("ct")
        assert f"{found['status']} {found['reason']}" == said
