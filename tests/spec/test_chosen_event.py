"""Which of several events a finding names: the chosen one, or the nearest miss."""

from __future__ import annotations

import pytest

from tests.helpers import case, ct_rule, event, expect, run, scan

UPCOMING = [case(status="scheduled")]


def test_the_latest_study_that_fulfils_is_chosen(engine):
    """The most recent picture is the one that the surgeon uses, and it lasts longest."""
    events = [scan("2026-05-10", "E1"), scan("2026-05-20", "E2"), scan("2026-05-15", "E3")]
    expect(run(engine, ct_rule(), events=events), ct="met in_window E2")


@pytest.mark.parametrize(
    ("ids", "chosen"),
    [
        (("E2", "E1"), "E1"),
        (("E10", "E9"), "E10"),
        (("b", "B"), "B"),
        (("Z", "é"), "Z"),
        (("a", "Ä"), "a"),
    ],
)
def test_of_several_on_one_day_the_lowest_id_in_text_order(engine, ids, chosen):
    """By code point, so that every engine chooses the same; clock times do not matter."""
    events = [scan(f"2026-05-10T{hour}:00", id) for id, hour in zip(ids, ("08", "09"), strict=True)]
    expect(run(engine, ct_rule(), events=events), ct=f"met in_window {chosen}")


def test_a_partial_date_counts_as_its_first_day(engine):
    """February as a whole is 1 February."""
    cases = [case(surgery_at="2026-03-02")]
    events = [scan("2026-02", "E1"), scan("2026-02-01", "E2"), scan("2026-02-02", "E3")]
    expect(run(engine, ct_rule(), cases=cases, events=events), ct="met in_window E3")
    expect(run(engine, ct_rule(), cases=cases, events=events[:2]), ct="met in_window E1")


def test_the_latest_booking_is_chosen(engine):
    """As among completed studies."""
    events = [scan("2026-05-22", "E1", status="booked"), scan("2026-05-25", "E2", status="booked")]
    seen = run(engine, ct_rule(), cases=UPCOMING, events=events, as_of="2026-05-20")
    expect(seen, ct="booked booked_in_window E2")


@pytest.mark.parametrize(
    ("nearer", "farther", "expected"),
    [
        (scan("2026-04-30"), scan("2026-04-29"), "expired too_old"),
        (scan("2026-04-30"), scan("2026-06-02"), "expired too_old"),
        (scan("2026-06-01"), scan("2026-04-29"), "expired after_surgery"),
        (scan("2026-04-01"), scan("2026-04-30", region="chest"), "expired too_old"),
        (scan("2026-05-10", region="chest"), scan("2026-04-30"), "expired wrong_region"),
        (scan("2026-05-10", status="cancelled"), scan("2026-04-30"), "expired cancelled"),
        (scan("2026-04-30"), scan(None, status="ordered"), "expired too_old"),
        (scan(None, status="ordered"), scan("2026-05-10", "E0", region="head", codes="LOCAL:CT-CHEST"),
         "missing ordered_not_booked"),
        (scan("2026-05-12", region="chest"), scan("2026-05-10", "E0", region="head"),
         "missing wrong_region"),
        (scan("2026-05-10", region="chest"), scan("2026-05-10", "E3", region="head"),
         "missing wrong_region"),
        (scan("2026-05-10", codes="LOCAL:CT-CHEST"), scan("2026-05-09", "E0", region="head"),
         "missing excluded_code"),
        (event("2026-04-30", modality="CT"), event("2026-04-30", "E0"), "missing unmapped"),
    ],
)  # fmt: skip
def test_the_nearest_miss_is_told(engine, nearer, farther, expected):
    """Fewest criteria that do not pass, then closest to the window, then latest, then lowest id."""
    if nearer["event_id"] == farther["event_id"]:
        farther = farther | {"event_id": "E2"}
    for events in ([nearer, farther], [farther, nearer]):
        expect(run(engine, ct_rule(), events=events), ct=f"{expected} E1")


def test_as_near_before_as_after_the_later_one_is_told(engine):
    """One day too old and one day too late are equally near."""
    events = [scan("2026-04-30", "E1"), scan("2026-06-01", "E2")]
    expect(run(engine, ct_rule(), events=events), ct="expired after_surgery E2")


def test_the_reason_of_a_study_with_several_faults_is_the_first(engine):
    """In the order code, modality, region, status, window."""
    study = scan("2026-04-01", region="chest", status="cancelled", codes="LOCAL:CT-CHEST")
    expect(run(engine, ct_rule(), events=[study]), ct="missing excluded_code E1")
    del study["codes"]
    expect(run(engine, ct_rule(), events=[study]), ct="missing wrong_region E1")
    study["region"] = "liver"
    expect(run(engine, ct_rule(), events=[study]), ct="missing cancelled E1")


@pytest.mark.parametrize(
    ("better", "worse", "expected"),
    [
        (scan("2026-05-05", region=None), event("2026-05-20", "E2"), "unmapped"),
        (scan("2026-05", "E1"), scan("2026-04-20", "E2", region=None), "partial_date"),
        (scan("2026-05-20", region=None), scan("2026-05-05", "E2", region=None), "unmapped"),
        (scan("2026-05-20", region=None), scan("2026-05-20", "E2", region="thorax"), "unmapped"),
    ],
)
def test_the_undecided_study_with_the_fewest_doubts_is_told(engine, better, worse, expected):
    """Then the one closest to the window, the latest, and the lowest id."""
    for events in ([better, worse], [worse, better]):
        expect(run(engine, ct_rule(), events=events), ct=f"unknown {expected} E1")


def test_an_undecided_study_that_fails_something_else_leaves_no_doubt(engine):
    """Too old is too old, wherever it was."""
    expect(run(engine, ct_rule(), events=[event("2026-04-01")]), ct="missing unmapped E1")


def test_a_wrong_modality_is_no_near_miss(engine):
    """An ultrasound says nothing about a CT."""
    expect(
        run(engine, ct_rule(), events=[scan("2026-05-10", modality="US")]),
        ct="missing never_ordered",
    )


def test_where_no_modality_is_asked_every_event_of_the_kind_is_a_near_miss(engine):
    """A visit that was too early is told."""
    rule = ct_rule(event={"kind": "visit"})
    events = [event("2026-04-01", kind="visit")]
    expect(run(engine, rule, events=events), ct="expired too_old E1")
