"""Local days: offsets, the site's time zone and changes of the clock."""

from __future__ import annotations

import pytest

from tests.helpers import case, ct_rule, expect, expect_each, run, run_each, scan

IN, OUT = "met in_window E1", "expired too_old E1"


def test_ten_ways_to_count_days_for_a_hospital_at_utc_minus_5(engine):
    """0 to 30 days before, day 0 included: engines that count hours or UTC days get some wrong."""
    late = "missing after_surgery E1"
    maybe = "unknown partial_date E1"
    table = [
        ("2026-05-01T23:30-05", "2026-05-31T07:00-05", IN),  # 30 local days, late to early
        ("2026-04-30T23:30-05", "2026-05-31T07:00-05", OUT),  # 31 local days, but not 31 x 24 hours
        ("2026-05-01T00:30Z", "2026-05-31T08:00-05", OUT),  # 31 local days, 30 in UTC
        ("2026-05-01T12:00-05", "2026-05-31", IN),  # surgery without a time
        ("2026-05-31T15:00", "2026-05-31T08:00", late),  # 7 hours after
        ("2026-03-07", "2026-04-06", IN),  # 30 days across a change of the clock
        ("2026-05-01", "2026-05-31", IN),  # 30 days
        ("2026-04-30", "2026-05-31", OUT),  # 31 days
        ("2026-05", "2026-05-31", IN),  # 0 to 30 days
        ("2026-04", "2026-05-10", maybe),  # 10 to 39 days
    ]
    lines = [(case(surgery_at=surgery), scan(at), expected) for at, surgery, expected in table]
    expect_each(engine, ct_rule(same_day="allow"), lines, timezone="Etc/GMT+5")


def test_the_month_of_surgery_is_in_doubt_where_day_0_is(engine):
    """All of May 2026 is 0 to 30 days before 31 May, but day 0 itself may be too late."""
    cases = [case(surgery_at="2026-05-31")]
    seen = run(engine, ct_rule(), cases=cases, events=[scan("2026-05")])
    expect(seen, ct="unknown partial_date E1")


@pytest.mark.parametrize(
    ("zone", "local_days"),
    [
        (
            "America/Toronto",
            {
                "2026-05-01T03:59:59Z": "2026-04-30",
                "2026-05-01T04:00:00Z": "2026-05-01",
                "2026-05-01T00:30-0400": "2026-05-01",
                "2026-05-01T12:00+14:00": "2026-04-30",
            },
        ),
        (
            "Europe/London",
            {
                "2026-04-30T22:59:59Z": "2026-04-30",
                "2026-04-30T23:00:00Z": "2026-05-01",
            },
        ),
        ("UTC", {"2026-05-01T01:30+02:00": "2026-04-30"}),
        ("Asia/Kolkata", {"2026-04-30T18:30Z": "2026-05-01"}),
        ("Pacific/Auckland", {"2026-04-30T12:00+0000": "2026-05-01"}),
    ],
)
def test_a_time_with_an_offset_is_turned_into_the_time_of_the_site(engine, zone, local_days):
    """Only then its calendar date is taken."""
    seen = run_each(engine, ct_rule(), [[scan(study)] for study in local_days], timezone=zone)
    assert [s.finding("ct")["event_date"] for s in seen] == list(local_days.values())


@pytest.mark.parametrize(
    ("zone", "study", "surgery"),
    [
        ("America/Toronto", "2026-02-06T23:59", "2026-03-08T03:30"),
        ("America/Toronto", "2026-02-08T23:30", "2026-03-10T00:10"),
        ("America/Toronto", "2025-10-03T00:10", "2025-11-02T23:50"),
        ("Europe/London", "2026-02-27T23:59", "2026-03-29T02:30"),
        ("Europe/London", "2026-09-25T00:10", "2026-10-25T23:50"),
    ],
)
def test_a_change_of_the_clock_within_the_window_makes_no_day_shorter(engine, zone, study, surgery):
    """30 calendar days are 30 days, of 719, 720 or 721 hours."""
    cases = [case(surgery_at=surgery)]
    events = [scan(study)]
    seen = run(engine, ct_rule(), cases=cases, events=events, as_of="2026-12-31", timezone=zone)
    expect(seen, ct=IN)
    assert seen.finding("ct")["days_before"] == 30


def test_in_the_hour_that_comes_twice_instants_decide(engine):
    """Toronto, 1 November 2026: 01:50 EDT is before 01:10 EST, though its clock says later.

    Without an offset on both sides only the clock times are left.
    """
    study = scan("2026-11-01T01:50-04:00")
    table = [
        (case(surgery_at="2026-11-01T01:10-05:00"), study, IN),
        (case(surgery_at="2026-11-01T01:10"), study, "missing after_surgery E1"),
    ]
    expect_each(engine, ct_rule(), table, as_of="2026-12-01")


def test_a_clock_time_that_the_change_skipped_is_read_as_it_stands(engine):
    """Toronto had no 02:30 on 8 March 2026; the record is still of that day."""
    cases = [case(surgery_at="2026-03-08T03:00")]
    seen = run(engine, ct_rule(), cases=cases, events=[scan("2026-03-08T02:30")])
    expect(seen, ct=IN)


def test_the_date_of_surgery_is_local_too(engine):
    """An operation at 00:30 UTC is on the evening before in Toronto."""
    cases = [case(surgery_at="2026-06-01T00:30Z")]
    seen = run(engine, ct_rule(), cases=cases, events=[scan("2026-05-01")])
    expect(seen, ct=IN)
    assert seen.case()["surgery_date"] == "2026-05-31"


def test_an_offset_on_one_side_is_compared_by_the_clock_of_the_site(engine):
    """11:30 UTC is 07:30 in Toronto, before 08:00 there."""
    table = [
        (scan("2026-05-31T11:30Z"), IN),
        (scan("2026-05-31T12:00Z"), "missing after_surgery E1"),
    ]
    expect_each(engine, ct_rule(), table)


def test_rules_that_changed_lately_are_those_of_tzdata_on_every_engine(engine):
    """British Columbia keeps its clocks in November 2026: 07:30 UTC is half past midnight.

    By older rules it is half past eleven of the day before, which is too early by one day.
    """
    cases = [case(surgery_at="2026-12-15")]
    events = [scan("2026-11-15T07:30Z")]
    zone = "America/Vancouver"
    seen = run(engine, ct_rule(), cases=cases, events=events, as_of="2026-12-31", timezone=zone)
    expect(seen, ct=IN)
    assert seen.finding("ct")["event_date"] == "2026-11-15"
