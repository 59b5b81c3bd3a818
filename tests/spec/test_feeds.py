"""A source that has not delivered: nothing is called missing because the feed is silent."""

from __future__ import annotations

import pytest

from tests.helpers import case, ct_rule, expect, run, scan

UPCOMING = [case(status="scheduled")]
LIMIT = {"feeds": {"imaging": "2 days"}}


def other(recorded_at, **columns):
    """A study of another patient, which shows that the feed is alive."""
    return scan("2026-05-01", "E9", patient_id="P9", recorded_at=recorded_at, **columns)


@pytest.mark.parametrize(
    ("recorded_at", "expected"),
    [
        ("2026-05-20", "due never_ordered -"),
        ("2026-05-18", "due never_ordered -"),
        ("2026-05-17", "unknown feed_stale -"),
        ("2026-05-17T23:59", "unknown feed_stale -"),
        ("2026-05-21", "unknown feed_stale -"),  # not known yet: nothing was delivered
        (None, "due never_ordered -"),
    ],
)
def test_a_feed_is_stale_after_more_than_so_many_days(engine, recorded_at, expected):
    """Counted from the newest recorded_at of the kind; without any nothing is known."""
    events = [other(recorded_at)]
    seen = run(engine, ct_rule(), cases=UPCOMING, events=events, as_of="2026-05-20", **LIMIT)
    expect(seen, ct=expected)


def test_a_stale_feed_makes_the_case_undetermined(engine):
    """And it says who should look."""
    events = [other("2026-05-01")]
    seen = run(engine, ct_rule(), cases=UPCOMING, events=events, as_of="2026-05-20", **LIMIT)
    expect(seen, ct="unknown feed_stale -", verdict="undetermined")
    assert seen.finding("ct")["owner"] == "CT desk"


def test_the_newest_record_of_the_kind_counts(engine):
    """Whose it is does not matter; another kind has another feed."""
    fresh = other("2026-05-20")
    for events, expected in (
        ([other("2026-05-01"), fresh | {"event_id": "E8"}], "due never_ordered"),
        ([other("2026-05-01"), fresh | {"event_id": "E8", "kind": "lab"}], "unknown feed_stale"),
    ):
        seen = run(engine, ct_rule(), cases=UPCOMING, events=events, as_of="2026-05-20", **LIMIT)
        expect(seen, ct=expected)


def test_whatever_came_shows_that_the_feed_is_alive(engine):
    """Also what was entered in error; but not a row that was rejected."""
    for newest, expected in (
        (other("2026-05-20", status="entered-in-error"), "due never_ordered"),
        (other("2026-05-20", status="cancelled"), "due never_ordered"),
        (other("2026-05-20", status="final"), "unknown feed_stale"),
    ):
        events = [other("2026-05-01"), newest | {"event_id": "E8"}]
        seen = run(engine, ct_rule(), cases=UPCOMING, events=events, as_of="2026-05-20", **LIMIT)
        expect(seen, ct=expected)


def test_what_is_there_does_not_need_the_feed(engine):
    """Met, booked and undecided studies are told as ever."""
    for study, expected in (
        (scan("2026-05-05"), "met"),
        (scan("2026-05-25", status="booked"), "booked"),
        (scan("2026-05-05", region=None), "unknown unmapped"),
    ):
        events = [study, other("2026-05-01")]
        seen = run(engine, ct_rule(), cases=UPCOMING, events=events, as_of="2026-05-20", **LIMIT)
        expect(seen, ct=expected)


def test_a_near_miss_is_not_told_while_the_feed_is_stale(engine):
    """A newer study may be on its way."""
    events = [scan("2026-04-01", recorded_at="2026-04-01")]
    seen = run(engine, ct_rule(), cases=UPCOMING, events=events, as_of="2026-05-20", **LIMIT)
    expect(seen, ct="unknown feed_stale -")


@pytest.mark.parametrize(
    ("recorded_at", "expected"),
    [("2026-05-30", "unknown feed_stale -"), ("2026-05-31", "missing never_ordered -")],
)
def test_a_feed_that_reached_the_day_of_surgery_has_told_everything(engine, recorded_at, expected):
    """What came to a halt after the window closed hides no study."""
    seen = run(engine, ct_rule(), events=[other(recorded_at)], **LIMIT)
    expect(seen, ct=expected)


def test_a_site_without_a_limit_has_no_stale_feed(engine):
    """The site decides how old is too old, per kind."""
    for site in ({}, {"feeds": {"lab": "1 day"}}):
        seen = run(engine, ct_rule(), events=[other("2020-01-01")], **site)
        expect(seen, ct="missing never_ordered -")


@pytest.mark.parametrize(
    "events",
    [
        [],
        [other("2026-05-20", kind="lab")],
        [other("2026-05-20", status="final")],
        [other("2026-05-21")],
    ],
    ids=["no event at all", "another kind", "only rejected rows", "only known later"],
)
def test_a_feed_that_delivered_nothing_is_the_stalest_of_all(engine, events):
    """Nothing is the oldest news there is, also where every window has closed since."""
    seen = run(engine, ct_rule(), cases=UPCOMING, events=events, as_of="2026-05-20", **LIMIT)
    expect(seen, ct="unknown feed_stale -", verdict="undetermined")
    past = [case(surgery_at="2020-05-31")]
    seen = run(engine, ct_rule(), cases=past, events=events, as_of="2026-05-20", **LIMIT)
    expect(seen, ct="unknown feed_stale -")
