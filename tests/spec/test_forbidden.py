"""`forbidden: true`: there must be no such event. Surgery is on 31 May 2026 at 08:00."""

from __future__ import annotations

from tests.helpers import (
    case,
    ct_rule,
    event,
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
# That therapy is recorded at all: another patient's, long ago.
DELIVERED = therapy("2020-01-01", "T9", patient_id="P9")
RULE = {
    "id": "free",
    "title": "chemotherapy",
    "event": {"kind": "therapy"},
    "window": {"before": "surgery", "at_most": "6 weeks"},
    "forbidden": True,
    "owner": "Oncology",
}
NO_THERAPY = protocol_with(RULE)


def with_delivery(*table):
    """Lines of a table that share the row which shows that the source delivers."""
    return [(DELIVERED, *line) for line in table]


def test_nothing_of_the_kind_in_the_6_weeks_before(engine):
    """19 April is 42 days before; the day before it is free."""
    table = with_delivery(
        ("met none_found -",),
        (therapy("2026-04-18"), "met none_found -"),
        (therapy("2026-04-19"), "missing forbidden_event T1"),
        (therapy("2026-05-30"), "missing forbidden_event T1"),
        (therapy("2026-05-31"), "unknown same_day_untimed T1"),
        (therapy("2026-05-31T07:00"), "missing forbidden_event T1"),
        (therapy("2026-05-31T09:00"), "met none_found -"),
        (therapy("2026-06-01"), "met none_found -"),
        (therapy("2026-04"), "unknown partial_date T1"),
        (therapy("2026-03"), "met none_found -"),
        (therapy(None), "unknown rejected_record T1"),
        (therapy("2026-05-05", status="cancelled"), "met none_found -"),
        (therapy("2026-05-05", status="ordered"), "met none_found -"),
    )
    expect_each(engine, NO_THERAPY, table, requirement="free")


def test_in_a_leap_year(engine):
    """Six weeks before 31 March 2024 is 18 February."""
    operation = case(surgery_at="2024-03-31T08:00")
    table = with_delivery(
        (operation, therapy("2024-02-17"), "met none_found -"),
        (operation, therapy("2024-02-18"), "missing forbidden_event T1"),
    )
    expect_each(engine, NO_THERAPY, table, requirement="free")


def test_nothing_forbidden_is_met_on_no_data(engine):
    """Where nobody has a therapy, therapies are probably not recorded."""
    seen = run(engine, NO_THERAPY, events=[scan("2026-05-05")])
    expect(seen, free="unknown no_such_records -", verdict="undetermined")


def test_any_known_row_of_the_kind_shows_that_the_source_delivers(engine):
    """One entered in error, or after `as_of`; not one that was recorded later or rejected."""
    for row, said in (
        (therapy("2026-05-05", status="entered-in-error"), "met none_found -"),
        (therapy("2026-07-05"), "met none_found -"),
        (therapy("2026-05-05", recorded_at="2026-07-05"), "unknown no_such_records -"),
        (therapy("2026-05-05", status="done"), "unknown no_such_records -"),
    ):
        events = [row | {"patient_id": "P9"}]
        expect(run(engine, NO_THERAPY, events=events), free=said)


def test_a_source_that_has_fallen_silent_shows_nothing(engine):
    """Its newest record is older than the site allows."""
    old = DELIVERED | {"recorded_at": "2026-05-01"}
    seen = run(engine, NO_THERAPY, events=[old], feeds={"therapy": "3 days"})
    expect(seen, free="unknown feed_stale -")


def test_not_decided_until_the_window_closes(engine):
    """Due until the operation, however little is there: it may still be given."""
    anticoagulant = protocol_with(RULE | {"window": {"before": "surgery", "at_most": "5 days"}})
    for as_of, status, said in (
        ("2026-05-10", "scheduled", "due window_not_closed -"),
        ("2026-05-28", "scheduled", "due window_not_closed -"),
        ("2026-05-31T07:00", "scheduled", "due window_not_closed -"),
        ("2026-05-31", "scheduled", "due window_not_closed -"),
        ("2026-05-31", "performed", "met none_found -"),
        ("2026-06-01", "scheduled", "met none_found -"),
    ):
        seen = run(
            engine, anticoagulant, cases=[case(status=status)], events=[DELIVERED], as_of=as_of
        )
        verdict = "action_needed" if "due" in said else "compliant"
        expect(seen, free=said, verdict=verdict)
        assert seen.finding("free")["act_by"] is None
        assert seen.case()["next_requirement"] is None


def test_a_window_that_closes_before_or_after_the_operation(engine):
    """What counts is its own end."""
    after = {"after": "surgery", "at_most": "30 days"}
    long_before = {"before": "surgery", "at_most": "30 days", "at_least": "5 days"}
    for window, status, as_of, said in (
        (after, "performed", "2026-05-31", "due window_not_closed -"),
        (after, "performed", "2026-06-30", "due window_not_closed -"),
        (after, "performed", "2026-07-01", "met none_found -"),
        ({"after": "surgery"}, "performed", "2036-07-01", "due window_not_closed -"),
        (long_before, "scheduled", "2026-05-26", "due window_not_closed -"),
        (long_before, "scheduled", "2026-05-27", "met none_found -"),
    ):
        rule = protocol_with(RULE | {"window": window})
        seen = run(engine, rule, cases=[case(status=status)], events=[DELIVERED], as_of=as_of)
        expect(seen, free=said)


def test_what_must_not_happen_and_until_when_is_said(engine):
    """There is nothing to arrange."""
    seen = run(engine, NO_THERAPY, cases=[UPCOMING], events=[DELIVERED], as_of=BEFORE)
    found = seen.finding("free")
    assert found["sentence"] == (
        "No chemotherapy is recorded so far; there must be none within 6 weeks before surgery,"
        " until 2026-05-31."
    )


def test_a_case_that_may_still_be_broken_is_not_in_the_rate(engine):
    """The evening of the operation says nothing about the 30 days after it."""
    rule = protocol_with(RULE | {"window": {"after": "surgery", "at_most": "30 days"}})
    for as_of, count in (("2026-05-31", 0), ("2026-07-01", 1)):
        numbers = run(engine, rule, events=[DELIVERED], as_of=as_of).numbers
        assert (numbers["eligible"], numbers["compliant"]) == (count, count)
        assert numbers["present"] == numbers["in_window"] == {"free": count}


def test_an_appointment_for_something_forbidden_is_to_be_moved(engine):
    """Due: it can still be put off."""
    table = with_delivery(
        (UPCOMING, therapy("2026-05-25", status="booked"), "due forbidden_event T1"),
        (UPCOMING, therapy("2026-06-25", status="booked"), "due window_not_closed -"),
        (UPCOMING, therapy("2026-05-10", status="booked"), "due window_not_closed -"),
        (UPCOMING, therapy("2026-05-05"), "missing forbidden_event T1"),
    )
    expect_each(engine, NO_THERAPY, table, requirement="free", as_of=BEFORE)


def test_it_is_called_off_before_its_day(engine):
    """By the last working day before it, whatever the lead time; 25 May is a Monday."""
    for lead, booked, act_by in (
        ({}, "2026-05-25", "2026-05-22"),
        ({"lead_time": "0 working days"}, "2026-05-28", "2026-05-27"),
        ({"lead_time": "2 working days"}, "2026-05-28", "2026-05-27"),
        ({}, "2026-05-20", "2026-05-19"),
    ):
        rule = protocol_with(RULE | lead)
        events = [DELIVERED, therapy(booked, status="booked")]
        seen = run(engine, rule, cases=[UPCOMING], events=events, as_of=BEFORE)
        expect(seen, free="due forbidden_event T1")
        assert seen.finding("free")["act_by"] == act_by
        assert (seen.case()["next_requirement"], seen.case()["act_by"]) == ("free", act_by)


def test_of_several_the_latest_is_told(engine):
    """As for an event that is asked for."""
    table = with_delivery(
        (therapy("2026-05-01"), therapy("2026-05-10", "T2"), "missing forbidden_event T2"),
        (therapy("2026-05-10"), therapy("2026-05-10", "T0"), "missing forbidden_event T0"),
    )
    expect_each(engine, NO_THERAPY, table, requirement="free")


def test_an_exception_covers_it_unless_it_is_met(engine):
    """Also where it cannot be decided."""
    rule = protocol_with(RULE, exceptions={"reasons": ["contraindication-mri"]})
    waiver = exception(requirement="free")
    table = with_delivery(
        (waiver, "met none_found -"),
        (waiver, therapy("2026-05-05"), "exempt excepted -"),
        (waiver, therapy(None), "exempt excepted -"),
    )
    expect_each(engine, rule, table, requirement="free")
    expect_each(
        engine,
        rule,
        with_delivery((UPCOMING, waiver, "exempt excepted -")),
        requirement="free",
        as_of=BEFORE,
    )
    expect(run(engine, rule, exceptions=[waiver]), free="exempt excepted -")


def test_the_dates_of_something_forbidden(engine):
    """The last surgery date for which it would be inside; none where nothing is found."""
    seen = run(engine, NO_THERAPY, events=[therapy("2026-05-05")])
    found = seen.finding("free")
    assert (found["valid_through"], found["days_before"]) == ("2026-06-16", 26)
    seen = run(engine, NO_THERAPY, events=[DELIVERED])
    found = seen.finding("free")
    assert (found["valid_through"], found["window_opens"]) == (None, "2026-04-19")
    assert seen.case()["latest_surgery_date"] is None


def test_present_is_the_same_as_in_the_window(engine):
    """Both count the requirement as met, and not the event."""
    for events, count in (([DELIVERED], 1), ([therapy("2026-05-05")], 0)):
        numbers = run(engine, NO_THERAPY, events=events).numbers
        assert numbers["present"] == numbers["in_window"] == {"free": count}


def test_an_undecided_event_that_is_forbidden(engine):
    """Of a modality that is not recorded: it may be the one."""
    rule = ct_rule(forbidden=True)
    table = [
        (event("2026-05-05"), "unknown unmapped E1"),
        (scan("2026-05-05", region="head"), "met none_found -"),
        (scan("2026-05-05"), "missing forbidden_event E1"),
    ]
    expect_each(engine, rule, table)
