"""Windows in working days: Monday to Friday without holidays. 29 May 2026 is a Friday."""

from __future__ import annotations

import pytest

from tests.helpers import case, ct_rule, expect_each, run, scan

WITHIN_5 = ct_rule(window={"before": "surgery", "at_most": "5 working days"})
LONG_AFTER = "2027-12-31"


def test_within_5_working_days_before_a_friday(engine):
    """The fifth working day before Friday is the Friday of the week before."""
    operation = case(surgery_at="2026-05-29T08:00")
    table = [
        (operation, scan("2026-05-21"), "expired too_old E1"),
        (operation, scan("2026-05-22"), "met in_window E1"),
        (operation, scan("2026-05-24"), "met in_window E1"),
        (operation, scan("2026-05-29"), "unknown same_day_untimed E1"),
        (operation, scan("2026-05-29T07:00"), "met in_window E1"),
        (operation, scan(None), "unknown rejected_record E1"),
    ]
    expect_each(engine, WITHIN_5, table)


@pytest.mark.parametrize(
    ("surgery", "holidays", "first"),
    [
        ("2026-05-31", [], "2026-05-25"),
        ("2026-06-01", [], "2026-05-25"),
        ("2026-06-01", ["2026-05-25"], "2026-05-22"),
        ("2026-06-01", ["2026-05-25", "2026-05-24"], "2026-05-22"),
        ("2026-06-01", ["2026-06-01"], "2026-05-25"),
        ("2024-03-05", [], "2024-02-27"),
        ("2026-03-09", [], "2026-03-02"),
    ],
)
def test_the_first_day_counted_back(engine, surgery, holidays, first):
    """The day of surgery itself is not counted, and neither are holidays and weekends."""
    seen = run(engine, WITHIN_5, cases=[case(surgery_at=surgery)], holidays=holidays)
    assert seen.finding("ct")["window_opens"] == first


@pytest.mark.parametrize(
    ("limit", "holidays", "last"),
    [
        ({"at_most": "1 working day"}, [], "2026-06-01"),
        ({"at_most": "1 working day"}, ["2026-06-01"], "2026-06-02"),
        ({"less_than": "1 working day"}, [], "2026-05-31"),
        ({"at_most": "0 working days"}, [], "2026-05-29"),
    ],
)
def test_the_last_day_counted_on(engine, limit, holidays, last):
    """From a Friday on the next working day is Monday."""
    rule = ct_rule(window={"after": "surgery"} | limit)
    cases = [case(surgery_at="2026-05-29")]
    seen = run(engine, rule, cases=cases, holidays=holidays, as_of=LONG_AFTER)
    assert seen.finding("ct")["window_closes"] == last


def test_at_least_so_many_working_days(engine):
    """Two working days before Monday is Thursday."""
    operation = case(surgery_at="2026-06-01")
    rule = ct_rule(window={"before": "surgery", "at_least": "2 working days"})
    table = [
        (operation, scan("2026-05-28"), "met in_window E1"),
        (operation, scan("2026-05-29"), "missing too_late E1"),
    ]
    expect_each(engine, rule, table)


def test_the_last_surgery_date_in_working_days(engine):
    """A study of a Friday holds until the next Friday, and longer where that is a holiday."""
    seen = run(
        engine,
        WITHIN_5,
        cases=[case(surgery_at="2026-05-29T08:00")],
        events=[scan("2026-05-22")],
    )
    assert seen.finding("ct")["valid_through"] == "2026-05-29"
    with_holiday = run(
        engine,
        WITHIN_5,
        cases=[case(surgery_at="2026-05-29T08:00")],
        events=[scan("2026-05-22")],
        holidays=["2026-05-29"],
    )
    assert with_holiday.finding("ct")["valid_through"] == "2026-06-01"
