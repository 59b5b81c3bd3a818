"""The window: how days are counted back from surgery on 31 May 2026 at 08:00."""

from __future__ import annotations

import pytest

from tests.helpers import case, ct_rule, expect, expect_each, run, run_each, scan


def test_within_30_days_means_0_to_30_days_before(engine):
    """Both ends of the window are included; days after surgery never count."""
    table = [
        (scan("2026-04-30"), "expired too_old E1"),  # 31 days
        (scan("2026-05-01"), "met in_window E1"),  # 30 days
        (scan("2026-05-02"), "met in_window E1"),
        (scan("2026-05-30"), "met in_window E1"),  # 1 day
        (scan("2026-05-31T07:00"), "met in_window E1"),  # 0 days
        (scan("2026-06-01"), "missing after_surgery E1"),
        (scan(None), "unknown rejected_record E1"),
    ]
    expect_each(engine, ct_rule(), table)


def within(limit):
    return ct_rule(window={"before": "surgery", "at_most": limit})


def less_than(limit):
    return ct_rule(window={"before": "surgery", "less_than": limit})


@pytest.mark.parametrize(
    ("rule", "surgery", "first_day", "day_before"),
    [
        (within("4 weeks"), "2026-05-31", "2026-05-03", "2026-05-02"),
        (less_than("4 weeks"), "2026-05-31", "2026-05-04", "2026-05-03"),
        (less_than("30 days"), "2026-05-31", "2026-05-02", "2026-05-01"),
        (within("1 month"), "2026-05-15", "2026-04-15", "2026-04-14"),
        (within("1 month"), "2026-05-31", "2026-04-30", "2026-04-29"),
        (within("1 month"), "2026-03-31", "2026-02-28", "2026-02-27"),
        (within("1 month"), "2024-03-31", "2024-02-29", "2024-02-28"),
        (within("1 month"), "2024-03-30", "2024-02-29", "2024-02-28"),
        (within("13 months"), "2026-03-31", "2025-02-28", "2025-02-27"),
        (within("1 year"), "2024-02-29", "2023-02-28", "2023-02-27"),
        (within("1 year"), "2025-02-28", "2024-02-28", "2024-02-27"),
        (less_than("1 month"), "2026-03-31", "2026-03-01", "2026-02-28"),
        (within("30 days"), "2024-03-30", "2024-02-29", "2024-02-28"),
        (within("30 days"), "2023-03-30", "2023-02-28", "2023-02-27"),
        (within("30 days"), "2026-01-15", "2025-12-16", "2025-12-15"),
        (within("365 days"), "2024-12-31", "2024-01-01", "2023-12-31"),
    ],
)
def test_the_first_day_of_a_window(engine, rule, surgery, first_day, day_before):
    """Weeks are seven days; a month is a calendar month, cut to the last day a month has."""
    operation = case(surgery_at=surgery)
    examples = [(operation, scan(first_day)), (operation, scan(day_before))]
    inside, outside = run_each(engine, rule, examples)
    expect(inside, ct="met in_window E1")
    expect(outside, ct="expired too_old E1")
    assert inside.finding("ct")["window_opens"] == first_day


def test_a_window_without_a_limit_reaches_back_for_ever(engine):
    """Nothing is too old, and there is no first day and no last surgery date."""
    seen = run(engine, ct_rule(window={"before": "surgery"}), events=[scan("1998-02-03")])
    expect(seen, ct="met in_window E1")
    finding = seen.finding("ct")
    assert (finding["window_opens"], finding["valid_through"], finding["slack_days"]) == (None,) * 3
    assert seen.case()["latest_surgery_date"] is None


def test_a_window_without_a_limit_still_ends_with_surgery(engine):
    """A study after the operation does not count."""
    seen = run(engine, ct_rule(window={"before": "surgery"}), events=[scan("2026-06-01")])
    expect(seen, ct="missing after_surgery E1")


def test_a_window_of_0_days_is_the_day_of_surgery(engine):
    """With clock times the study before the operation counts, and no earlier day does."""
    table = [
        (scan("2026-05-31T07:00"), "met in_window E1"),
        (scan("2026-05-30T07:00"), "expired too_old E1"),
    ]
    expect_each(engine, within("0 days"), table)


def test_the_window_is_counted_from_the_actual_start_once_performed(engine):
    """Surgery planned for 31 May began on 1 June, so 1 May is 31 days before."""
    moved = case(started_at="2026-06-01T09:00")
    table = [
        (moved, scan("2026-05-01"), "expired too_old E1"),
        (moved, scan("2026-05-02"), "met in_window E1"),
    ]
    expect_each(engine, ct_rule(), table)


def test_the_start_of_an_operation_that_is_still_scheduled_does_not_count(engine):
    """Only a performed operation has begun."""
    cases = [case(started_at="2026-06-01T09:00", status="scheduled")]
    seen = run(engine, ct_rule(), cases=cases, events=[scan("2026-05-01")])
    expect(seen, ct="met in_window E1")
    assert seen.case()["surgery_date"] == "2026-05-31"


def test_days_before_counts_calendar_days_and_is_negative_after_surgery(engine):
    """The same arithmetic is shown in the finding."""
    days = {"2026-04-30": 31, "2026-05-31T07:59": 0, "2026-06-02": -2}
    for seen, day in zip(
        run_each(engine, ct_rule(), [[scan(day)] for day in days]), days, strict=True
    ):
        found = seen.finding("ct")
        assert (found["event_date"], found["days_before"]) == (day[:10], days[day])
