"""The status of a requirement: the first that applies. Surgery is on 31 May 2026 at 08:00."""

from __future__ import annotations

import pytest

from tests.helpers import (
    case,
    ct_rule,
    event,
    exception,
    expect,
    expect_each,
    liver,
    mr_scan,
    run,
    run_each,
    scan,
)

UPCOMING = [case(status="scheduled")]
BEFORE = "2026-05-20"
WAIVED = {"reasons": ["contraindication-mri"]}


def test_met_a_completed_study_fulfils_every_criterion(engine):
    """CT and MRI in time make a compliant case."""
    seen = run(engine, events=[scan("2026-05-05"), mr_scan("2026-05-06")])
    expect(seen, ct="met in_window E1", mri="met in_window E2", verdict="compliant")


def test_booked_an_appointment_inside_the_window(engine):
    """Until it has taken place the case is pending."""
    events = [scan("2026-05-05"), mr_scan("2026-05-28T10:00", status="booked")]
    seen = run(engine, cases=UPCOMING, events=events, as_of=BEFORE)
    expect(seen, ct="met", mri="booked booked_in_window E2", verdict="pending")


def test_met_outranks_booked(engine):
    """A second appointment changes nothing."""
    events = [scan("2026-05-05"), scan("2026-05-28", "E9", status="booked")]
    seen = run(engine, ct_rule(), cases=UPCOMING, events=events, as_of=BEFORE)
    expect(seen, ct="met in_window E1", verdict="compliant")


def test_booked_outranks_unknown(engine):
    """What is undecided will soon not matter."""
    events = [event("2026-05-05"), scan("2026-05-28", "E9", status="booked")]
    seen = run(engine, ct_rule(), cases=UPCOMING, events=events, as_of=BEFORE)
    expect(seen, ct="booked booked_in_window E9")


def test_exempt_outranks_booked_and_unknown(engine):
    """An approved exception covers whatever is not met."""
    for mr in (mr_scan("2026-05-28", status="booked"), mr_scan("2026-05-15", region=None)):
        seen = run(
            engine,
            liver(exceptions=WAIVED),
            cases=UPCOMING,
            events=[mr],
            exceptions=[exception(approved_at="2026-05-02", valid_from="2026-05-02")],
            as_of=BEFORE,
        )
        expect(seen, mri="exempt excepted -")


def test_unknown_outranks_due_and_missing(engine):
    """A study that may fulfil it must be looked at first."""
    doubt = event("2026-05-05")
    for seen in run_each(engine, ct_rule(), [[*UPCOMING, doubt], [doubt]], as_of=BEFORE):
        expect(seen, ct="unknown unmapped E1", verdict="undetermined")


def test_unknown_outranks_expired(engine):
    """An undecided study that may be in time comes before one that is too old."""
    seen = run(engine, ct_rule(), events=[scan("2026-03-05"), event("2026-05-05", "E2")])
    expect(seen, ct="unknown unmapped E2")


def test_due_there_is_still_time(engine):
    """Nothing is there, the operation is ahead."""
    seen = run(engine, ct_rule(), cases=UPCOMING, as_of=BEFORE)
    expect(seen, ct="due never_ordered -", verdict="action_needed")


def test_due_on_the_day_of_surgery_while_it_is_scheduled(engine):
    """The last day of the window is the day of surgery."""
    seen = run(engine, ct_rule(), cases=UPCOMING, as_of="2026-05-31")
    expect(seen, ct="due never_ordered -")


def test_past_as_soon_as_it_is_performed(engine):
    """The same day, after the operation."""
    expect(run(engine, ct_rule(), as_of="2026-05-31"), ct="missing never_ordered -")


def test_past_when_a_scheduled_day_has_gone_by(engine):
    """A case that nobody closed is judged as past."""
    seen = run(engine, ct_rule(), cases=UPCOMING, as_of="2026-06-01")
    expect(seen, ct="missing never_ordered -", verdict="not_compliant")


def test_expired_the_only_study_is_too_old(engine):
    """Right in all else."""
    seen = run(engine, ct_rule(), events=[scan("2026-04-01")])
    expect(seen, ct="expired too_old E1", verdict="not_compliant")


def test_expired_needs_every_other_criterion_to_be_certain(engine):
    """An old study of the wrong region is simply no study."""
    faults = [
        {"region": "chest"},
        {"region": None},
        {"codes": "LOCAL:CT-CHEST"},
        {"modality": "PT;CT"},
        {"status": "cancelled"},
    ]
    table = [(scan("2026-04-01", **columns), "missing") for columns in faults]
    expect_each(engine, ct_rule(), table)


def test_an_upcoming_case_with_an_old_study_is_due(engine):
    """There is time for another one; the reason says what is wrong with the first."""
    seen = run(engine, ct_rule(), cases=UPCOMING, events=[scan("2026-04-01")], as_of=BEFORE)
    expect(seen, ct="due too_old E1")


def test_missing_nothing_fulfils_it(engine):
    """No study at all."""
    seen = run(engine)
    expect(seen, ct="missing never_ordered -", mri="missing never_ordered -")
    assert seen.case()["verdict"] == "not_compliant"


def test_window_not_open_nothing_to_do_yet(engine):
    """Too early: a study today would be too old on the day of surgery."""
    seen = run(engine, ct_rule(), cases=UPCOMING, as_of="2026-04-30")
    expect(seen, ct="due window_not_open -")
    seen = run(engine, ct_rule(), cases=UPCOMING, as_of="2026-05-01")
    expect(seen, ct="due never_ordered -")


def test_a_study_too_old_before_the_window_opens_says_more_than_window_not_open(engine):
    """A near miss is always told."""
    seen = run(engine, ct_rule(), cases=UPCOMING, events=[scan("2026-03-01")], as_of="2026-04-01")
    expect(seen, ct="due too_old E1")


@pytest.mark.parametrize(
    ("as_of", "bookings"),
    [
        (
            "2026-05-20",
            {
                "2026-05-20": "booked booked_in_window",
                "2026-05-20T09:00": "booked booked_in_window",
                "2026-05-19": "due booking_passed",
                "2026-04-20": "due booking_passed",
                "2026-06-01": "due booked_outside_window",
            },
        ),
        ("2026-05-20T08:59", {"2026-05-20T09:00": "booked booked_in_window"}),
        ("2026-05-20T09:00", {"2026-05-20T09:00": "booked booked_in_window"}),
        (
            "2026-05-20T09:01",
            {
                "2026-05-20T09:00": "due booking_passed",
                "2026-05-20": "booked booked_in_window",
            },
        ),
        ("2026-04-10", {"2026-04-20": "due booked_outside_window"}),
    ],
)
def test_an_appointment_is_good_until_it_has_passed(engine, as_of, bookings):
    """A booking of today is not past for an as_of without a clock time."""
    table = [(*UPCOMING, scan(at, status="booked"), said) for at, said in bookings.items()]
    expect_each(engine, ct_rule(), table, as_of=as_of)


def test_a_booking_never_fulfils_a_past_case(engine):
    """The study was not recorded as completed."""
    table = [
        (scan("2026-05-20", status="booked"), "missing booking_passed E1"),
        (scan("2026-05-31T07:00", status="booked"), "missing booking_passed E1"),
        (scan("2026-06-10", status="booked"), "missing booked_outside_window E1"),
    ]
    expect_each(engine, ct_rule(), table, as_of="2026-05-31")


def test_an_order_is_not_an_appointment(engine):
    """Nor is a cancelled one; what was entered in error never was."""
    said = {
        "ordered": "due ordered_not_booked E1",
        "cancelled": "due cancelled E1",
        "entered-in-error": "due never_ordered -",
    }
    table = [
        (*UPCOMING, scan(at, status=status), said[status])
        for status in said
        for at in (None, "2026-05-22")
    ]
    expect_each(engine, ct_rule(), table, as_of=BEFORE)


def test_a_booking_of_an_unrecorded_region_is_not_booked(engine):
    """It is not unknown either: the study has not been done, and the booking can be checked."""
    events = [scan("2026-05-25", status="booked", region=None)]
    seen = run(engine, ct_rule(), cases=UPCOMING, events=events, as_of=BEFORE)
    expect(seen, ct="due unmapped E1")


def test_exempt_an_approved_exception_covers_it(engine):
    """The MRI is not met, and waived."""
    seen = run(
        engine, liver(exceptions=WAIVED), events=[scan("2026-05-05")], exceptions=[exception()]
    )
    expect(seen, ct="met", mri="exempt excepted -", verdict="compliant_with_exception")


def test_met_outranks_exempt(engine):
    """An exception that was not needed is unused."""
    events = [scan("2026-05-05"), mr_scan("2026-05-06")]
    seen = run(engine, liver(exceptions=WAIVED), events=events, exceptions=[exception()])
    expect(seen, mri="met in_window E2", verdict="compliant")
