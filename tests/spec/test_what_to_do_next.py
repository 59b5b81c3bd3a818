"""Next action, its last day and its owner; how long a study lasts; how far surgery may move."""

from __future__ import annotations

import pytest

from tests.helpers import (
    case,
    ct,
    ct_rule,
    exception,
    expect,
    group,
    liver,
    mr_scan,
    mri,
    protocol_with,
    run,
    run_each,
    scan,
)

UPCOMING = [case(status="scheduled")]  # 31 May 2026 is a Sunday
BEFORE = "2026-05-10"


@pytest.mark.parametrize(
    ("surgery", "lead_time", "holidays", "act_by"),
    [
        ("2026-05-31", None, [], "2026-05-31"),
        ("2026-05-31", "0 working days", [], "2026-05-31"),
        ("2026-05-31", "1 working day", [], "2026-05-29"),
        ("2026-05-29", "1 working day", [], "2026-05-28"),
        ("2026-06-01", "1 working day", [], "2026-05-29"),
        ("2026-05-31", "5 working days", [], "2026-05-25"),
        ("2026-05-30", "5 working days", [], "2026-05-25"),
        ("2026-06-01", "6 working days", [], "2026-05-22"),
        ("2026-05-31", "1 working day", ["2026-05-29"], "2026-05-28"),
        ("2026-05-31", "5 working days", ["2026-05-25", "2026-05-30"], "2026-05-22"),
        ("2026-05-29", "1 working day", ["2026-05-29"], "2026-05-28"),
        ("2026-05-31", "10 working days", ["2026-05-18"], "2026-05-15"),
    ],
)
def test_act_by_counts_working_days_back_from_the_last_day_of_the_window(
    engine, surgery, lead_time, holidays, act_by
):
    """That day itself is not counted; weekends and the site's holidays are no working days."""
    cases = [case(surgery_at=surgery, status="scheduled")]
    rule = ct_rule(lead_time=lead_time)
    seen = run(engine, rule, cases=cases, as_of=BEFORE, holidays=holidays)
    assert seen.finding("ct")["act_by"] == act_by
    assert seen.finding("ct")["window_closes"] == surgery


def test_a_requirement_without_a_lead_time_has_that_of_the_site(engine):
    """Its own comes first."""
    seen = run(
        engine,
        protocol_with(ct(lead_time="1 working day"), mri()),
        cases=UPCOMING,
        as_of=BEFORE,
        lead_time="3 working days",
    )
    assert seen.finding("ct")["act_by"] == "2026-05-29"
    assert seen.finding("mri")["act_by"] == "2026-05-27"


def test_who_acts_and_until_when(engine):
    """What is met needs nobody; what is booked has an owner but no last day."""
    table = [
        ([], "due", True, True),
        ([scan("2026-05-05", region=None)], "unknown", True, True),
        ([scan("2026-05-20", status="booked")], "booked", False, True),
        ([scan("2026-05-05")], "met", False, False),
    ]
    examples = [[*UPCOMING, *events] for events, *_ in table]
    seen = run_each(engine, ct_rule(), examples, as_of=BEFORE)
    for one, (_, status, has_act_by, has_owner) in zip(seen, table, strict=True):
        expect(one, ct=status)
        found = one.finding("ct")
        assert (found["act_by"] is not None, found["owner"] is not None) == (has_act_by, has_owner)


def test_the_owner_is_that_of_the_action_for_the_reason(engine):
    """Of a map of owners; without one of its own an action is the one's who orders."""
    owners = {"order": "Clinic", "book": "CT desk", "records": "Records", "decide": "Surgeon"}
    ends = {"before": "surgery", "at_least": "25 days", "at_most": "30 days"}
    table = [
        ([], {}, "Clinic"),
        ([scan("2026-05-05", region=None)], {}, "Records"),
        ([scan("2026-05-20", status="booked")], {}, "CT desk"),
        ([scan("soon")], {}, "Clinic"),
        ([], {"window": ends}, "Surgeon"),
    ]
    for events, changes, owner in table:
        rule = ct_rule(owner=owners, **changes)
        seen = run(engine, rule, cases=UPCOMING, events=events, as_of=BEFORE)
        assert seen.finding("ct")["owner"] == owner


def test_a_past_case_has_owners_but_nothing_left_to_do(engine):
    """The owner is told for the review of what went wrong."""
    seen = run(engine, ct_rule())
    assert (seen.finding("ct")["act_by"], seen.finding("ct")["owner"]) == (None, "CT desk")
    line = seen.case()
    assert (line["next_requirement"], line["act_by"], line["owner"]) == (None, None, None)


def test_the_next_action_is_the_one_with_the_earliest_last_day(engine):
    """Then the first one in the order written."""
    for lead_time, expected in (("1 working day", "mri"), ("3 working days", "ct")):
        rule = protocol_with(ct(lead_time=lead_time), mri(lead_time="3 working days"))
        line = run(engine, rule, cases=UPCOMING, as_of=BEFORE).case()
        assert (line["next_requirement"], line["act_by"]) == (expected, "2026-05-27")


def test_a_requirement_that_is_met_or_booked_is_not_the_next_action(engine):
    """Only what is still open."""
    events = [scan("2026-05-05")]
    line = run(engine, cases=UPCOMING, events=events, as_of=BEFORE).case()
    assert (line["next_requirement"], line["owner"]) == ("mri", "MRI desk")
    events = [scan("2026-05-05"), mr_scan("2026-05-20", status="booked")]
    line = run(engine, cases=UPCOMING, events=events, as_of=BEFORE).case()
    assert (line["next_requirement"], line["owner"]) == (None, None)


@pytest.mark.parametrize(
    ("window", "day", "surgery", "through"),
    [
        ({"at_most": "30 days"}, "2026-05-05", "2026-05-31", "2026-06-04"),
        ({"at_most": "30 days"}, "2026-04-29", "2026-05-31", "2026-05-29"),
        ({"less_than": "30 days"}, "2026-05-05", "2026-05-31", "2026-06-03"),
        ({"at_most": "4 weeks"}, "2026-05-05", "2026-05-31", "2026-06-02"),
        ({"at_most": "1 month"}, "2026-02-28", "2026-03-01", "2026-03-31"),
        ({"at_most": "1 month"}, "2026-01-31", "2026-02-28", "2026-02-28"),
        ({"at_most": "1 month"}, "2026-01-30", "2026-02-28", "2026-02-28"),
        ({"at_most": "1 month"}, "2026-01-28", "2026-02-28", "2026-02-28"),
        ({"at_most": "1 month"}, "2024-02-29", "2024-03-01", "2024-03-31"),
        ({"at_most": "1 month"}, "2026-04-30", "2026-05-01", "2026-05-31"),
        ({"less_than": "1 month"}, "2026-02-28", "2026-03-01", "2026-03-27"),
        ({"less_than": "1 month"}, "2026-03-01", "2026-03-02", "2026-03-31"),
        ({"at_most": "1 year"}, "2023-02-28", "2024-02-01", "2024-02-29"),
        ({"at_most": "1 year"}, "2024-02-29", "2024-03-01", "2025-02-28"),
    ],
)
def test_valid_through_is_the_last_surgery_date_for_which_the_study_counts(
    engine, window, day, surgery, through
):
    """Slack is counted from the day of surgery to it, and is negative for a study too old."""
    rule = ct_rule(window={"before": "surgery"} | window)
    examples = [(case(surgery_at=date), scan(day)) for date in (surgery, through)]
    found, moved = (seen.finding("ct") for seen in run_each(engine, rule, examples))
    assert found["valid_through"] == through
    assert (moved["status"], moved["slack_days"]) == ("met", 0)
    assert (found["status"] == "met") == (found["slack_days"] >= 0)


def test_valid_through_is_told_of_a_study_that_counts_or_is_too_old(engine):
    """Of others it would mislead."""
    table = [
        ([scan("2026-05-05")], True),
        ([scan("2026-05-20", status="booked")], True),
        ([scan("2026-04-01")], True),
        ([scan("2026-05-05", region=None)], False),
        ([scan("2026-04-01", status="booked")], False),
        ([scan("2026-05-05", region="chest")], False),
        ([], False),
    ]
    examples = [[*UPCOMING, *events] for events, _ in table]
    seen = run_each(engine, ct_rule(), examples, as_of=BEFORE)
    with_day = [one.finding("ct")["valid_through"] is not None for one in seen]
    assert with_day == [has_one for _, has_one in table]


def latest(engine, rule, *events, exceptions=()):
    """The latest surgery date of an upcoming case."""
    seen = run(engine, rule, cases=UPCOMING, events=events, exceptions=exceptions, as_of=BEFORE)
    return seen.case()["latest_surgery_date"]


def test_surgery_may_move_until_the_first_study_is_too_old(engine):
    """The earliest of all that are needed; nothing is said while something is open."""
    assert latest(engine, liver(), scan("2026-05-05"), mr_scan("2026-05-08")) == "2026-06-04"
    assert latest(engine, liver(), scan("2026-05-05")) is None
    booked = mr_scan("2026-05-12", status="booked")
    assert latest(engine, liver(), scan("2026-05-09"), booked) == "2026-06-08"


def test_of_studies_of_which_one_is_enough_the_last_to_expire_counts(engine):
    """Those that do not count do not matter, and one without a limit lasts for ever."""
    either = protocol_with(group("any_of", ct(), mri()))
    assert latest(engine, either, scan("2026-05-05"), mr_scan("2026-05-08")) == "2026-06-07"
    assert latest(engine, either, scan("2026-05-05")) == "2026-06-04"
    assert latest(engine, either, scan("2026-05-05"), mr_scan("2026-04-01")) == "2026-06-04"
    unlimited = protocol_with(group("any_of", ct(), mri(window={"before": "surgery"})))
    assert latest(engine, unlimited, scan("2026-05-05"), mr_scan("2026-04-01")) is None
    assert latest(engine, unlimited, scan("2026-05-05")) == "2026-06-04"


def test_an_exception_lasts_until_it_expires(engine):
    """The last one, where there are several."""
    rule = liver(exceptions={"reasons": ["contraindication-mri"]})
    known = {"approved_at": "2026-05-01", "valid_from": "2026-05-01"}
    waivers = [exception(**known, expires_on="2026-06-01")]
    assert latest(engine, rule, scan("2026-05-05"), exceptions=waivers) == "2026-06-01"
    waivers += [exception("X2", **known, expires_on="2026-06-02")]
    waivers += [exception("X3", **known, expires_on="2026-05-31")]
    assert latest(engine, rule, scan("2026-05-05"), exceptions=waivers) == "2026-06-02"


def test_a_past_case_tells_how_far_it_could_have_moved(engine):
    """The slack of a compliant case is part of the audit."""
    seen = run(engine, events=[scan("2026-05-05"), mr_scan("2026-05-03")])
    assert seen.case()["latest_surgery_date"] == "2026-06-02"
