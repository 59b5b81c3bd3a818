"""A study of which only the month or the year is known; surgery is on 31 May 2026."""

from __future__ import annotations

import pytest

from tests.helpers import case, ct_rule, expect, expect_each, run, scan


def test_an_interval_counts_where_all_of_it_does(engine):
    """Inside as a whole it counts, outside as a whole it does not, else nobody knows."""
    table = [
        ("2026-05", "2026-06-01", "unknown partial_date"),
        ("2026-05", "2026-05-31", "unknown partial_date"),
        ("2026-04", "2026-05-31", "expired too_old"),
        ("2026-04", "2026-05-30", "unknown partial_date"),
        ("2026-04", "2026-05-10", "unknown partial_date"),
        ("2026-06", "2026-05-31", "missing after_surgery"),
        ("2026-05", "2026-05-10", "unknown partial_date"),
        ("2026-02", "2026-03-01", "met in_window"),
        ("2026-02", "2026-03-03", "met in_window"),
        ("2024-02", "2024-03-02", "met in_window"),
        ("2024-02", "2024-03-03", "unknown partial_date"),
        ("2025", "2026-05-31", "expired too_old"),
        ("2025", "2026-01-20", "unknown partial_date"),
        ("2026", "2026-05-31", "unknown partial_date"),
        ("2026-05-01", "2026-05-31", "met in_window"),
    ]
    lines = [(case(surgery_at=surgery), scan(at), expected) for at, surgery, expected in table]
    expect_each(engine, ct_rule(), lines)


@pytest.mark.parametrize(
    ("same_day", "expected"),
    [
        ("allow", "met in_window"),
        ("unknown", "unknown partial_date"),
        ("refuse", "unknown partial_date"),
    ],
)
def test_an_interval_that_ends_on_day_0_is_in_doubt_there_as_any_day_0(engine, same_day, expected):
    """The interval 1 to 31 May touches the day of surgery."""
    expect(run(engine, ct_rule(same_day=same_day), events=[scan("2026-05")]), ct=expected)


def test_an_interval_that_touches_the_window_only_on_a_refused_day_0_is_out(engine):
    """With a window of 0 days, May could only count on day 0."""
    rule = ct_rule(window={"before": "surgery", "at_most": "0 days"}, same_day="refuse")
    expect(run(engine, rule, events=[scan("2026-05")]), ct="missing same_day_untimed")


def test_an_interval_shows_its_first_day(engine):
    """The finding takes an interval at its beginning."""
    cases = [case(surgery_at="2026-03-03")]
    found = run(engine, ct_rule(), cases=cases, events=[scan("2026-02")]).finding("ct")
    assert (found["event_date"], found["days_before"]) == ("2026-02-01", 30)
    assert (found["valid_through"], found["slack_days"]) == ("2026-03-03", 0)


def test_what_is_completed_happened_by_as_of(engine):
    """Seen on 20 May, a study of May lies in 1 to 20 May, before surgery on 31 May."""
    cases = [case(status="scheduled")]
    seen = run(engine, ct_rule(), cases=cases, events=[scan("2026-05")], as_of="2026-05-20")
    expect(seen, ct="met in_window E1")


def test_a_booking_for_a_month_may_still_be_anywhere_in_it(engine):
    """May is within 30 days before 31 May, but it may be after surgery on 25 May."""
    in_may = scan("2026-05", status="booked")
    table = [
        (case(status="scheduled"), in_may, "booked booked_in_window E1"),
        (case(surgery_at="2026-05-25", status="scheduled"), in_may, "due partial_date E1"),
    ]
    expect_each(engine, ct_rule(), table, as_of="2026-05-10")


def test_a_month_that_begins_after_as_of_is_left_out(engine):
    """A completed study cannot lie in the future."""
    cases = [case(surgery_at="2026-07-20", status="scheduled")]
    seen = run(engine, ct_rule(), cases=cases, events=[scan("2026-07")], as_of="2026-06-30")
    expect(seen, ct="due never_ordered -")


def test_a_month_is_no_date_for_anything_but_the_event_itself(engine):
    """`recorded_at` and the dates of a case need a day."""
    seen = run(engine, ct_rule(), events=[scan("2026-05-10", recorded_at="2026-05")])
    assert seen.reject_lines == ["events row 2: recorded_at: unreadable date"]
    seen = run(engine, ct_rule(), cases=[case(surgery_at="2026-05")])
    assert seen.reject_lines == ["cases row 2: surgery_at: unreadable date"]
