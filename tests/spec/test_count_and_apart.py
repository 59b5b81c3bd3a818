"""`count` and `apart`: several events, perhaps some time apart. Surgery is on 31 May 2026."""

from __future__ import annotations

from tests.helpers import (
    case,
    ct,
    ct_rule,
    event,
    exception,
    expect,
    expect_each,
    protocol_with,
    run,
    scan,
)

UPCOMING = case(status="scheduled")
BEFORE = "2026-05-20"
WINDOW = {"before": "surgery", "at_most": "90 days"}  # from 2 March
TWO = ct_rule(window=WINDOW, count=2)
APART = ct_rule(window=WINDOW, count=2, apart={"at_least": "14 days"})


def scans(*days, **columns):
    """CTs on these days, E1 first."""
    return [scan(day, f"E{number}", **columns) for number, day in enumerate(days, start=1)]


def test_two_are_needed(engine):
    """The latest is the chosen one."""
    table = [
        ("missing never_ordered -",),
        (*scans("2026-05-10"), "missing too_few E1"),
        (*scans("2026-05-10", "2026-05-12"), "met in_window E2"),
        (*scans("2026-05-12", "2026-05-12"), "met in_window E1"),
        (*scans("2026-03-02", "2026-05-12"), "met in_window E2"),
        (*scans("2026-03-01", "2026-05-12"), "expired too_few E2"),
        (*scans("2026-05-31T07:00", "2026-05-12"), "met in_window E1"),
        (*scans("2026-05-12", "2026-06-01"), "missing too_few E1"),
        (*scans("2026-04", "2026-03-05"), "met in_window E1"),
    ]
    expect_each(engine, TWO, table)


def test_far_enough_apart(engine):
    """14 days between them count, 13 do not; a partial date counts with its last day."""
    table = [
        (*scans("2026-05-20", "2026-05-06"), "met in_window E1"),
        (*scans("2026-05-20", "2026-05-07"), "missing too_close E1"),
        (*scans("2026-05-20", "2026-05-07", "2026-05-06"), "met in_window E1"),
        (*scans("2026-05-20", "2026-05-19", "2026-05-18"), "missing too_close E1"),
        (*scans("2026-05-20"), "missing too_few E1"),
        (*scans("2026-05-14", "2026-04"), "met in_window E1"),
        (*scans("2026-05-13", "2026-04"), "missing too_close E1"),
    ]
    expect_each(engine, APART, table)


def test_apart_over_the_end_of_a_leap_february(engine):
    """14 days before 14 March 2024 is 29 February."""
    operation = case(surgery_at="2024-03-31T08:00")
    table = [
        (operation, *scans("2024-03-14", "2024-02-29"), "met in_window E1"),
        (operation, *scans("2024-03-14", "2024-03-01"), "missing too_close E1"),
    ]
    expect_each(engine, APART, table)


def test_months_apart_are_calendar_months(engine):
    """A month before 31 May is 30 April."""
    rule = ct_rule(window=WINDOW, count=2, apart={"at_least": "1 month"})
    table = [
        (*scans("2026-05-30", "2026-04-30"), "met in_window E1"),
        (*scans("2026-05-30", "2026-05-01"), "missing too_close E1"),
    ]
    expect_each(engine, rule, table)


def test_what_is_undecided_may_make_up_the_number(engine):
    """Only if there are enough of them."""
    doubt = event("2026-05-05", "E8")
    table = [
        (doubt, "missing unmapped E8"),
        (doubt, event("2026-05-06", "E9"), "unknown unmapped E9"),
        (doubt, *scans("2026-05-20"), "unknown unmapped E8"),
        (scan("soon", "E8"), "missing never_ordered -"),
        (scan("soon", "E8"), *scans("2026-05-20"), "unknown rejected_record E8"),
        (scan("soon", "E7"), doubt, "unknown unmapped E8"),
        (*scans("2026-05-31"), "missing same_day_untimed E1"),
    ]
    expect_each(engine, TWO, table)


def test_appointments_make_up_the_number(engine):
    """The chosen event is the latest appointment that is counted."""
    booked = {"status": "booked"}
    table = [
        (UPCOMING, *scans("2026-05-10"), "due too_few E1"),
        (
            UPCOMING,
            *scans("2026-05-10"),
            scan("2026-05-25", "E8", **booked),
            "booked booked_in_window E8",
        ),
        (UPCOMING, *scans("2026-05-25", "2026-05-26", **booked), "booked booked_in_window E2"),
        (UPCOMING, *scans("2026-05-25", **booked), "due"),
    ]
    expect_each(engine, TWO, table, as_of=BEFORE)
    table = [
        (UPCOMING, *scans("2026-05-12"), scan("2026-05-25", "E8", **booked), "due too_few E1"),
        (UPCOMING, *scans("2026-05-11"), scan("2026-05-25", "E8", **booked), "booked"),
    ]
    expect_each(engine, APART, table, as_of=BEFORE)


def test_the_oldest_that_is_needed_says_how_long_it_holds(engine):
    """A third, older one says nothing."""
    events = scans("2026-05-20", "2026-04-10", "2026-03-20")
    found = run(engine, TWO, events=events).finding("ct")
    assert (found["event_date"], found["valid_through"]) == ("2026-05-20", "2026-07-09")


def test_an_exception_covers_the_number(engine):
    """Too few are not met."""
    policy = {"reasons": ["contraindication-mri"]}
    rule = protocol_with(ct(window=WINDOW, count=2), exceptions=policy)
    waiver = exception(requirement="ct")
    table = [
        (waiver, *scans("2026-05-10"), "exempt excepted -"),
        (waiver, *scans("2026-05-10", "2026-05-11"), "met in_window E2"),
    ]
    expect_each(engine, rule, table)


def test_a_single_one_is_present_but_not_in_the_window(engine):
    """Present asks whether there is any."""
    seen = run(engine, TWO, events=scans("2026-05-10"))
    expect(seen, ct="missing too_few E1")
    assert (seen.numbers["present"], seen.numbers["in_window"]) == ({"ct": 1}, {"ct": 0})
