"""`none_between`: what makes an event count no more if it happened since."""

from __future__ import annotations

import pytest

from tests.helpers import (
    case,
    ct,
    ct_rule,
    exception,
    expect,
    expect_each,
    protocol_with,
    run,
    scan,
    therapy,
)

UPCOMING = case(status="scheduled")
BEFORE = "2026-05-20"
LONG_AFTER = "2027-12-31"


def since(then="fail", **event):
    """No therapy since the CT."""
    return {
        "id": "therapy",
        "title": "therapy",
        "event": {"kind": "therapy"} | event,
        "then": then,
    }


FAIL = ct_rule(none_between=[since()])
CT = scan("2026-05-10T10:00")


def test_a_therapy_since_the_ct_takes_it_away(engine):
    """Between the CT on 10 May at 10:00 and surgery on 31 May at 08:00."""
    table = [
        (CT, "met in_window E1"),
        (CT, therapy("2026-05-09"), "met in_window E1"),
        (CT, therapy("2026-05-10T09:59"), "met in_window E1"),
        (CT, therapy("2026-05-10"), "unknown between_unknown E1"),
        (CT, therapy("2026-05-10T10:01"), "missing event_between E1"),
        (CT, therapy("2026-05-11"), "missing event_between E1"),
        (CT, therapy("2026-05-30"), "missing event_between E1"),
        (CT, therapy("2026-05-31"), "unknown between_unknown E1"),
        (CT, therapy("2026-05-31T07:59"), "missing event_between E1"),
        (CT, therapy("2026-05-31T08:00"), "met in_window E1"),
        (CT, therapy("2026-06-01"), "met in_window E1"),
        (CT, therapy("2026-05"), "unknown between_unknown E1"),
        (CT, therapy("2026-04"), "met in_window E1"),
        (CT, therapy(None), "unknown between_unknown E1"),
        (CT, therapy("2026-05-20", status="booked"), "met in_window E1"),
        (CT, therapy("2026-05-20", status="cancelled"), "met in_window E1"),
        (CT, therapy("2026-05-20"), therapy(None, "T2"), "missing event_between E1"),
        (CT, therapy("2026-05-20"), scan("2026-05-21", "E3"), "met in_window E3"),
    ]
    expect_each(engine, FAIL, table)


def test_in_a_leap_year_and_over_a_change_of_the_clock(engine):
    """Instants decide where both have one: 01:30 EST is before 03:10 EDT on the same night."""
    operation = case(surgery_at="2024-03-20T08:00")
    table = [
        (operation, scan("2024-02-29"), therapy("2024-03-01"), "missing event_between E1"),
        (operation, scan("2024-02-29"), therapy("2024-02-28"), "met in_window E1"),
        (
            operation,
            scan("2024-03-10T03:10-04:00"),
            therapy("2024-03-10T01:30-05:00"),
            "met in_window E1",
        ),
        (
            operation,
            scan("2024-03-10T01:30-05:00"),
            therapy("2024-03-10T03:10-04:00"),
            "missing event_between E1",
        ),
    ]
    expect_each(engine, FAIL, table)


def test_warn_changes_no_status(engine):
    """It only adds advice."""
    rule = ct_rule(none_between=[since(then="warn")])
    table = [
        (CT, therapy("2026-05-20"), "met in_window E1"),
        (CT, therapy(None), "met in_window E1"),
    ]
    expect_each(engine, rule, table)


def test_an_appointment_is_not_taken_away(engine):
    """What lies between it and surgery is yet to come."""
    booked = scan("2026-05-25", status="booked")
    table = [
        (UPCOMING, booked, therapy("2026-05-28", status="booked"), "booked booked_in_window E1"),
        (UPCOMING, CT, therapy("2026-05-12"), booked | {"event_id": "E2"}, "booked"),
        (UPCOMING, CT, therapy("2026-05-12"), "due event_between E1"),
    ]
    expect_each(engine, FAIL, table, as_of=BEFORE)


def test_an_exception_covers_what_no_longer_counts(engine):
    """And what may no longer count."""
    policy = {"reasons": ["contraindication-mri"]}
    rule = protocol_with(ct(none_between=[since()]), exceptions=policy)
    waiver = exception(requirement="ct")
    table = [
        (waiver, CT, "met in_window E1"),
        (waiver, CT, therapy("2026-05-20"), "exempt excepted -"),
        (waiver, CT, therapy(None), "exempt excepted -"),
    ]
    expect_each(engine, rule, table)


def test_a_rejected_ct_may_be_a_newer_one(engine):
    """Then it is not known whether one is there."""
    table = [(CT, therapy("2026-05-20"), scan("soon", "E7"), "unknown rejected_record E7")]
    expect_each(engine, FAIL, table)


THERAPY = therapy("2026-05-20T12:00")


def test_an_event_that_may_be_newer_leaves_it_open(engine):
    """Older ones are taken away with the latest. What may have been after the therapy may count."""
    table = [
        (CT, scan("2026-05-05", "E0"), THERAPY, "missing event_between E1"),
        (CT, scan("2026-05-25", "E5", region=None), THERAPY, "unknown unmapped E5"),
        (CT, scan("2026-05-25", "E5", region="chest"), THERAPY, "missing event_between E1"),
        (CT, scan("2026-05-15", "E5", region=None), THERAPY, "missing event_between E1"),
        (CT, scan("2026-05-20T12:01", "E5", region=None), THERAPY, "unknown unmapped E5"),
        (CT, scan("2026-05-20T12:00", "E5", region=None), THERAPY, "missing event_between E1"),
        (CT, scan("2026-05-20", "E5", region=None), THERAPY, "unknown unmapped E5"),
        (CT, scan("2026-05-31", "E5"), THERAPY, "unknown same_day_untimed E5"),
        (CT, scan("2026-05", "E5"), THERAPY, "unknown partial_date E5"),
        (CT, scan("2026-04", "E5"), THERAPY, "missing event_between E1"),
        (CT, scan("2026-05-25", "E5", status="cancelled"), THERAPY, "missing event_between E1"),
        # Both on 20 May: the CT with a clock time was chosen, and the other may be the later one.
        (scan("2026-05-20T08:00"), scan("2026-05-20", "E0"), THERAPY, "unknown between_unknown E0"),
        (
            scan("2026-05-22T08:00"),
            scan("2026-05-22", "E0"),
            therapy("2026-05-22T07:00"),
            "met in_window E1",
        ),
        # All of May is in time, and 10 May is later than its first day.
        (
            case(surgery_at="2026-06-05"),
            CT,
            scan("2026-05-10", "E5", region=None),
            therapy("2026-05-10"),
            "unknown between_unknown E1",
        ),
    ]
    expect_each(engine, FAIL, table)


def test_of_several_lines_each_takes_away(engine):
    """The newer event has to be after what each line found."""
    other = {"id": "visit", "title": "visit", "event": {"kind": "clinic"}, "then": "fail"}
    rule = ct_rule(none_between=[since(), other])
    visit = therapy("2026-05-27", "V1", kind="clinic")
    newer = scan("2026-05-25", "E5", region=None)
    table = [
        (CT, THERAPY, newer, "unknown unmapped E5"),
        (CT, THERAPY, newer, visit, "missing event_between E1"),
        (CT, THERAPY, visit, scan("2026-05-28", "E5", region=None), "unknown unmapped E5"),
        (CT, THERAPY, therapy("2026-05-26", "T2"), newer, "missing event_between E1"),
    ]
    expect_each(engine, rule, table)


def test_what_counts_may_be_the_same_kind_as_what_came_between(engine):
    """A newer event of which the region is open is itself imaging: it does not take itself away."""
    line = {"kind": "imaging", "modality": ["CT", "MR"]}
    rule = ct_rule(none_between=[since() | {"event": line}])
    table = [
        (CT, scan("2026-05-25", "E5", region=None), "unknown unmapped E5"),
        (CT, scan("2026-05-25", "E5", region="chest"), "missing event_between E1"),
    ]
    expect_each(engine, rule, table)


def test_with_a_count_one_newer_event_is_enough(engine):
    """Only what came after the latest event is considered."""
    rule = ct_rule(none_between=[since()], count=2)
    old = scan("2026-05-05", "E0")
    table = [
        (old, CT, THERAPY, "missing event_between E1"),
        (old, CT, THERAPY, scan("2026-05-25", "E5"), "met in_window E5"),
        (old, CT, THERAPY, scan("2026-05-25", "E5", region=None), "unknown unmapped E5"),
        (old, CT, THERAPY, scan("soon", "E7"), "unknown rejected_record E7"),
    ]
    expect_each(engine, rule, table)


def test_after_surgery_the_earliest_counts(engine):
    """A later CT takes nothing away from one before the therapy."""
    rule = ct_rule(window={"after": "surgery", "at_most": "30 days"}, none_between=[since()])
    first, second = scan("2026-06-05T10:00"), scan("2026-06-20T10:00", "E2")
    table = [
        (first, second, "met in_window E1"),
        (first, second, therapy("2026-06-10"), "met in_window E1"),
        (first, second, therapy("2026-06-03"), "missing event_between E1"),
        (second, therapy("2026-06-03"), therapy("2026-06-15", "T2"), "missing event_between E2"),
        (second, therapy("2026-06-25"), "met in_window E2"),
        (
            second,
            scan("2026-06-05", "E5", region=None),
            therapy("2026-06-10"),
            "unknown unmapped E5",
        ),
        (
            second,
            scan("2026-06-15", "E5", region=None),
            therapy("2026-06-10"),
            "missing event_between E2",
        ),
        (
            second,
            scan("2026-06-15", "E5", region=None),
            therapy("2026-06-10"),
            therapy("2026-06-18", "T2"),
            "missing event_between E2",
        ),
        (
            first,
            scan("2026-06-05", "E0"),
            therapy("2026-06-05T09:00"),
            "unknown between_unknown E0",
        ),
    ]
    expect_each(engine, rule, table, as_of=LONG_AFTER)


def test_a_stale_feed_of_therapies_leaves_it_open(engine):
    """The source of therapies has been silent for longer than the site allows."""
    old = therapy("2020-01-01", recorded_at="2026-05-01")
    seen = run(engine, FAIL, events=[CT, old], feeds={"therapy": "3 days"})
    expect(seen, ct="unknown between_unknown E1")


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_the_first_that_is_true_counts(engine, order):
    """An undecided one says nothing where another is true."""
    lines = [since(columns=[{"name": "drug", "in": ["A"]}]), since() | {"id": "other"}]
    rule = ct_rule(none_between=lines[::order])
    table = [
        (CT, therapy("2026-05-20", drug=None), "missing event_between E1"),
        (CT, therapy("2026-05-20", drug="A"), "missing event_between E1"),
        (CT, therapy("2026-05", drug="A"), "unknown between_unknown E1"),
    ]
    expect_each(engine, rule, table)


def test_the_selector_says_what_counts(engine):
    """A therapy with another drug does no harm; where it is not recorded, it may."""
    rule = ct_rule(none_between=[since(columns=[{"name": "drug", "in": ["A"]}])])
    table = [
        (CT, therapy("2026-05-20", drug="A"), "missing event_between E1"),
        (CT, therapy("2026-05-20", drug="B"), "met in_window E1"),
        (CT, therapy("2026-05-20", drug=None), "unknown between_unknown E1"),
    ]
    expect_each(engine, rule, table)


def test_after_an_anchor_it_is_the_other_way_round(engine):
    """Between surgery and the control CT that comes after it."""
    window = {"after": "surgery", "at_most": "90 days"}
    rule = ct_rule(window=window, none_between=[since()])
    control = scan("2026-07-10T10:00")
    table = [
        (control, therapy("2026-05-30"), "met in_window E1"),
        (control, therapy("2026-05-31T09:00"), "missing event_between E1"),
        (control, therapy("2026-07-09"), "missing event_between E1"),
        (control, therapy("2026-07-10T09:59"), "missing event_between E1"),
        (control, therapy("2026-07-10T10:00"), "met in_window E1"),
        (control, therapy("2026-07-11"), "met in_window E1"),
        (control, therapy("2026-07-10"), "unknown between_unknown E1"),
    ]
    expect_each(engine, rule, table, as_of=LONG_AFTER)


def test_the_event_itself_does_not_lie_between(engine):
    """A selector that fits the chosen event speaks of the others."""
    rule = ct_rule(none_between=[since(kind="imaging")])
    table = [
        (CT, "met in_window E1"),
        (scan("2026-05-10"), "met in_window E1"),
        (CT, scan("2026-05-20", "E2", region="head"), "missing event_between E1"),
    ]
    expect_each(engine, rule, table)


def test_where_the_day_of_the_event_is_not_known_nothing_can_be_told(engine):
    """The month of the CT is an anchor that is not known to the day."""
    window = {"before": "surgery", "at_most": "90 days"}
    table = [
        (scan("2026-04"), "unknown between_unknown E1"),
        (scan("2026-04"), therapy("2026-05-20"), "unknown between_unknown E1"),
    ]
    expect_each(engine, ct_rule(window=window, none_between=[since()]), table)
