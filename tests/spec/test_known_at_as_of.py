"""What was known at `as_of`: later knowledge does not change an evaluation of an earlier day."""

from __future__ import annotations

import pytest

from tests.helpers import case, ct_rule, expect, run, scan

UPCOMING = [case(status="scheduled")]


@pytest.mark.parametrize(
    ("recorded_at", "as_of", "known"),
    [
        (None, "2026-05-20", True),
        ("2026-05-20", "2026-05-20", True),
        ("2026-05-20T23:59", "2026-05-20", True),
        ("2026-05-21", "2026-05-20", False),
        ("2026-05-20T09:00", "2026-05-20T09:00", True),
        ("2026-05-20T09:01", "2026-05-20T09:00", False),
        ("2026-05-20", "2026-05-20T09:00", True),
        ("2026-05-21T00:30Z", "2026-05-20", True),
        ("2026-05-20T13:01Z", "2026-05-20T09:00", False),
    ],
)
def test_an_event_counts_from_when_it_was_recorded(engine, recorded_at, as_of, known):
    """A date as as_of means its end; a moment means the moment, in the time of the site."""
    events = [scan("2026-05-10", recorded_at=recorded_at)]
    seen = run(engine, ct_rule(), cases=UPCOMING, events=events, as_of=as_of)
    expect(seen, ct="met in_window E1" if known else "due never_ordered -")


@pytest.mark.parametrize(
    ("at", "as_of", "counts"),
    [
        ("2026-05-20", "2026-05-20", True),
        ("2026-05-21", "2026-05-20", False),
        ("2026-05-20T09:00", "2026-05-20T08:59", False),
        ("2026-05-20T09:00", "2026-05-20T09:00", True),
        ("2026-05-20", "2026-05-20T08:59", True),
    ],
)
def test_a_completed_study_cannot_lie_in_the_future(engine, at, as_of, counts):
    """It is left out until its time has come."""
    seen = run(engine, ct_rule(), cases=UPCOMING, events=[scan(at)], as_of=as_of)
    expect(seen, ct="met in_window E1" if counts else "due never_ordered -")


def test_the_same_records_seen_from_three_days(engine):
    """First nothing, then booked, then met: the status follows what was known."""
    events = [
        scan("2026-05-22", "E1", status="booked", recorded_at="2026-05-15"),
        scan("2026-05-22", "E2", recorded_at="2026-05-23"),
    ]
    for as_of, status in [
        ("2026-05-14", "due never_ordered -"),
        ("2026-05-15", "booked booked_in_window E1"),
        ("2026-05-22", "booked booked_in_window E1"),
        ("2026-05-23", "met in_window E2"),
    ]:
        expect(run(engine, ct_rule(), cases=UPCOMING, events=events, as_of=as_of), ct=status)


@pytest.mark.parametrize(
    ("surgery_at", "status", "as_of", "upcoming"),
    [
        ("2026-05-31T08:00", "scheduled", "2026-05-30", True),
        ("2026-05-31T08:00", "scheduled", "2026-05-31", True),
        ("2026-05-31T08:00", "scheduled", "2026-05-31T20:00", True),
        ("2026-05-31T08:00", "performed", "2026-05-31T07:00", False),
        ("2026-05-31T08:00", "scheduled", "2026-06-01", False),
        ("2026-05-31T08:00", "performed", "2026-05-30", True),
        ("2026-06-01T03:59Z", "scheduled", "2026-05-31", True),
        ("2026-06-01T03:59Z", "scheduled", "2026-06-01", False),
    ],
)
def test_a_case_is_upcoming_until_its_day_is_over_or_it_is_performed(
    engine, surgery_at, status, as_of, upcoming
):
    """Upcoming cases are due, past ones are missing."""
    cases = [case(surgery_at=surgery_at, status=status)]
    seen = run(engine, ct_rule(), cases=cases, as_of=as_of)
    expect(seen, ct="due" if upcoming else "missing")


def test_a_study_entered_in_error_takes_no_part(engine):
    """Neither as a study nor as a near miss."""
    events = [scan("2026-05-10", status="entered-in-error")]
    expect(run(engine, ct_rule(), events=events), ct="missing never_ordered -")
