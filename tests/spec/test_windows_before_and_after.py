"""Windows before and after a date, and both ways. Surgery is on 31 May 2026 at 08:00."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.helpers import case, ct_rule, expect, expect_each, run, run_each, scan

SURGERY = date(2026, 5, 31)
LONG_AFTER = "2027-12-31"


def window(**keys):
    """A rule that asks for a CT in this window."""
    return ct_rule(window=keys)


def days_after(number):
    return scan(str(SURGERY + timedelta(days=number)))


def test_after_surgery_counts_on_from_the_operation(engine):
    """Both ends are included; on the day itself the clock decides."""
    table = [
        (scan("2026-05-30"), "missing too_early E1"),
        (scan("2026-05-31"), "unknown same_day_untimed E1"),
        (scan("2026-05-31T07:59"), "missing too_early E1"),
        (scan("2026-05-31T08:00"), "met in_window E1"),
        (scan("2026-06-01"), "met in_window E1"),
        (scan("2026-06-30"), "met in_window E1"),
        (scan("2026-07-01"), "missing too_late E1"),
        (scan("2026-05"), "unknown partial_date E1"),
        (scan("2026-06"), "met in_window E1"),
        (scan("2026-07"), "missing too_late E1"),
        (scan(None), "unknown rejected_record E1"),
    ]
    expect_each(engine, window(after="surgery", at_most="30 days"), table, as_of=LONG_AFTER)


def test_less_than_after_surgery_is_strict(engine):
    """The 30th day is not less than 30 days after it."""
    table = [(days_after(29), "met in_window E1"), (days_after(30), "missing too_late E1")]
    expect_each(engine, window(after="surgery", less_than="30 days"), table, as_of=LONG_AFTER)


@pytest.mark.parametrize(
    ("same_day", "said"),
    [("allow", "met in_window E1"), ("refuse", "missing too_early E1")],
)
def test_the_day_of_surgery_without_a_clock_is_allowed_or_refused_after_it_too(
    engine, same_day, said
):
    """The same key as for windows before surgery."""
    rule = ct_rule(window={"after": "surgery", "at_most": "30 days"}, same_day=same_day)
    expect_each(engine, rule, [(scan("2026-05-31"), said)], as_of=LONG_AFTER)


def test_between_two_distances_after_surgery(engine):
    """From 300 to 425 days after a hip replacement, both ends included."""
    rule = window(after="surgery", at_least="300 days", at_most="425 days")
    table = [
        (days_after(299), "missing too_early E1"),
        (days_after(300), "met in_window E1"),
        (days_after(425), "met in_window E1"),
        (days_after(426), "missing too_late E1"),
    ]
    expect_each(engine, rule, table, as_of=LONG_AFTER)


def test_more_than_after_surgery_is_strict(engine):
    """The 300th day is not more than 300 days after it; without a last day it may still come."""
    table = [(days_after(300), "due too_early E1"), (days_after(301), "met in_window E1")]
    expect_each(engine, window(after="surgery", more_than="300 days"), table, as_of=LONG_AFTER)


def test_not_nearer_to_surgery_than_a_week(engine):
    """Far enough before it, and not too far."""
    table = [
        (days_after(-31), "expired too_old E1"),
        (days_after(-30), "met in_window E1"),
        (days_after(-7), "met in_window E1"),
        (days_after(-6), "missing too_late E1"),
        (days_after(1), "missing after_surgery E1"),
        (scan("2026-05"), "unknown partial_date E1"),
        (scan(None), "unknown rejected_record E1"),
    ]
    rule = window(before="surgery", at_least="7 days", at_most="30 days")
    expect_each(engine, rule, table)


def test_more_than_before_surgery_is_strict(engine):
    """Seven days are not more than a week."""
    table = [(days_after(-8), "met in_window E1"), (days_after(-7), "missing too_late E1")]
    expect_each(engine, window(before="surgery", more_than="1 week"), table)


def test_before_or_after(engine):
    """Within 30 days before or 10 days after; the day of surgery counts without a clock, too."""
    rule = window(before="surgery", at_most="30 days", or_after={"at_most": "10 days"})
    table = [
        (days_after(-31), "expired too_old E1"),
        (days_after(-30), "met in_window E1"),
        (days_after(0), "met in_window E1"),
        (scan("2026-05-31T09:00"), "met in_window E1"),
        (days_after(10), "met in_window E1"),
        (days_after(11), "missing"),
        (scan(None), "unknown rejected_record E1"),
    ]
    expect_each(engine, rule, table)


def test_before_or_less_than_so_long_after(engine):
    """The reach after the anchor may be strict."""
    rule = window(before="surgery", or_after={"less_than": "10 days"})
    table = [
        (scan("1999-05-05"), "met in_window E1"),
        (days_after(9), "met in_window E1"),
        (days_after(10), "missing"),
    ]
    expect_each(engine, rule, table)


@pytest.mark.parametrize(
    ("keys", "surgery", "inside", "outside"),
    [
        ({"after": "surgery", "at_most": "1 month"}, "2026-01-31", "2026-02-28", "2026-03-01"),
        ({"after": "surgery", "at_most": "1 month"}, "2024-01-31", "2024-02-29", "2024-03-01"),
        ({"after": "surgery", "less_than": "1 month"}, "2026-01-31", "2026-02-27", "2026-02-28"),
        (
            {"after": "surgery", "at_least": "1 month", "at_most": "6 months"},
            "2026-01-31",
            "2026-02-28",
            "2026-02-27",
        ),
        ({"after": "surgery", "at_most": "1 year"}, "2024-02-29", "2025-02-28", "2025-03-01"),
        ({"after": "surgery", "at_most": "4 weeks"}, "2026-02-01", "2026-03-01", "2026-03-02"),
        ({"before": "surgery", "at_least": "1 month"}, "2026-03-31", "2026-02-28", "2026-03-01"),
        ({"before": "surgery", "at_least": "1 month"}, "2024-03-31", "2024-02-29", "2024-03-01"),
        ({"before": "surgery", "more_than": "1 month"}, "2026-03-31", "2026-02-27", "2026-02-28"),
    ],
)
def test_months_are_cut_to_the_last_day_that_a_month_has(engine, keys, surgery, inside, outside):
    """In both directions, and in leap years."""
    operation = case(surgery_at=surgery)
    table = [(operation, scan(inside), "met"), (operation, scan(outside), "missing")]
    expect_each(engine, window(**keys), table, as_of=LONG_AFTER)


def test_every_span_of_a_window_must_hold(engine):
    """Within 30 days before surgery, and within 10 days before admission."""
    rule = window(
        before="surgery",
        at_most="30 days",
        **{"and": [{"before": "admission", "at_most": "10 days"}]},
    )
    admitted = case(admitted_at="2026-05-29T18:00")
    table = [
        (admitted, scan("2026-05-18"), "expired too_old E1"),
        (admitted, scan("2026-05-19"), "met in_window E1"),
        (admitted, scan("2026-05-29T17:00"), "met in_window E1"),
        (admitted, scan("2026-05-29T19:00"), "missing same_day_untimed E1"),
        (admitted, scan("2026-05-30"), "missing too_late E1"),
        (admitted, scan("2026-06-01"), "missing after_surgery E1"),
    ]
    expect_each(engine, rule, table)


@pytest.mark.parametrize(
    ("keys", "opens", "closes"),
    [
        ({"before": "surgery", "at_most": "30 days"}, "2026-05-01", "2026-05-31"),
        ({"before": "surgery"}, None, "2026-05-31"),
        ({"before": "surgery", "at_least": "7 days"}, None, "2026-05-24"),
        ({"before": "surgery", "more_than": "7 days"}, None, "2026-05-23"),
        ({"before": "surgery", "or_after": {"at_most": "10 days"}}, None, "2026-06-10"),
        ({"after": "surgery"}, "2026-05-31", None),
        ({"after": "surgery", "at_least": "7 days"}, "2026-06-07", None),
        ({"after": "surgery", "more_than": "7 days"}, "2026-06-08", None),
        ({"after": "surgery", "less_than": "7 days"}, "2026-05-31", "2026-06-06"),
    ],
)
def test_the_first_and_the_last_date_of_a_window(engine, keys, opens, closes):
    """Neither the clock of an event nor `same_day` says anything about them."""
    found = run(engine, window(**keys), as_of=LONG_AFTER).finding("ct")
    assert (found["window_opens"], found["window_closes"]) == (opens, closes)


def test_days_before_is_negative_after_the_anchor(engine):
    """The same column for both directions."""
    seen = run(engine, window(after="surgery"), events=[days_after(12)])
    assert seen.finding("ct")["days_before"] == -12


def test_only_a_limit_before_surgery_says_how_far_surgery_may_move(engine):
    """A window after it has no last surgery date."""
    examples = [[scan("2026-06-10")]]
    (after,) = run_each(engine, window(after="surgery", at_most="30 days"), examples)
    expect(after, ct="met in_window E1")
    assert after.finding("ct")["valid_through"] is None
    rule = window(before="surgery", at_most="30 days", or_after={"at_most": "30 days"})
    (both,) = run_each(engine, rule, examples)
    assert both.finding("ct")["valid_through"] == "2026-07-10"
