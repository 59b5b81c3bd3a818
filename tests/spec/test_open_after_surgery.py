"""Windows that reach past the operation: until they close, the case is still open."""

from __future__ import annotations

import pytest

from tests.helpers import (
    case,
    ct,
    ct_rule,
    expect,
    expect_each,
    group,
    mr_scan,
    mri,
    protocol_with,
    run,
    scan,
)

AFTER = {"after": "surgery", "at_most": "30 days"}  # until 30 June
CONTROL = ct_rule(window=AFTER, same_day="refuse")


@pytest.mark.parametrize(
    ("as_of", "said"),
    [
        ("2026-06-29", "due never_ordered -"),
        ("2026-06-30", "due never_ordered -"),
        ("2026-07-01", "missing never_ordered -"),
    ],
)
def test_due_until_the_window_closes(engine, as_of, said):
    """The operation was performed; its control may still come."""
    seen = run(engine, CONTROL, as_of=as_of)
    expect(seen, ct=said, verdict="action_needed" if "due" in said else "not_compliant")


def test_due_for_ever_without_a_last_day(engine):
    """There is no last day to arrange it either, so it is nobody's next action."""
    seen = run(engine, ct_rule(window={"after": "surgery"}), as_of="2036-01-01")
    expect(seen, ct="due never_ordered -", verdict="action_needed")
    assert seen.finding("ct")["act_by"] is None
    line = seen.case()
    assert (line["next_requirement"], line["act_by"], line["owner"]) == (None, None, None)


def test_a_cancelled_case_is_never_open(engine):
    """Nothing is asked of it."""
    seen = run(engine, CONTROL, cases=[case(status="cancelled")], as_of="2026-06-10")
    expect(seen, ct="not_applicable cancelled_case -")


def test_an_appointment_after_the_operation(engine):
    """It counts while the window is open, though the case is past."""
    table = [
        (scan("2026-06-20", status="booked"), "booked booked_in_window E1"),
        (scan("2026-06-10", status="booked"), "booked booked_in_window E1"),
        (scan("2026-06-09", status="booked"), "due booking_passed E1"),
        (scan("2026-05-30", status="booked"), "due booking_passed E1"),
        (scan("2026-07-20", status="booked"), "due booked_outside_window E1"),
    ]
    expect_each(engine, CONTROL, table, as_of="2026-06-10")


def test_what_to_do_next_in_a_past_case(engine):
    """The last day of the window, less the lead time in working days."""
    rule = ct_rule(window=AFTER, lead_time="5 working days")
    seen = run(engine, rule, as_of="2026-06-10")
    assert seen.finding("ct")["act_by"] == "2026-06-23"
    line = seen.case()
    assert (line["next_requirement"], line["act_by"]) == ("ct", "2026-06-23")


def test_the_earliest_of_what_is_open_comes_first(engine):
    """A missed requirement of a past case can no longer be arranged, and is passed over."""
    rule = protocol_with(mri(), ct(window=AFTER))
    seen = run(engine, rule, as_of="2026-06-10")
    expect(seen, mri="missing", ct="due", verdict="not_compliant")
    assert seen.case()["next_requirement"] == "ct"


def test_a_case_that_is_still_open_is_not_in_the_rate(engine):
    """Neither when it is due nor when it is booked; a requirement counts as soon as it is settled."""
    rule = protocol_with(mri(), ct(window=AFTER, same_day="refuse"))
    events = [
        [],
        [scan("2026-06-20", status="booked")],
        [scan("2026-06-05")],
    ]
    numbers = [
        run(engine, rule, events=[mr_scan("2026-05-20"), *more], as_of="2026-06-10").numbers
        for more in events
    ]
    assert [n["eligible"] for n in numbers] == [0, 0, 1]
    assert [n["compliant"] for n in numbers] == [0, 0, 1]
    assert [n["in_window"] for n in numbers] == [
        {"mri": 1, "ct": 0},
        {"mri": 1, "ct": 0},
        {"mri": 1, "ct": 1},
    ]
    assert [n["present"] for n in numbers] == [n["in_window"] for n in numbers]


def test_what_is_there_of_an_open_requirement_is_not_counted_yet(engine):
    """One of two control CTs."""
    rule = protocol_with(mri(), ct(window=AFTER, count=2))
    events = [mr_scan("2026-05-20"), scan("2026-06-05")]
    open_still = run(engine, rule, events=events, as_of="2026-06-10").numbers
    settled = run(engine, rule, events=events, as_of="2026-07-10").numbers
    assert open_still["present"] == {"mri": 1, "ct": 0}
    assert settled["present"] == {"mri": 1, "ct": 1}


def test_a_case_that_failed_already_is_in_the_rate(engine):
    """What is due cannot save it."""
    rule = protocol_with(mri(), ct(window=AFTER, same_day="refuse"))
    numbers = run(engine, rule, as_of="2026-06-10").numbers
    assert (numbers["eligible"], numbers["compliant"]) == (1, 0)


PRESENT = [
    (scan("2026-05-30"), 0),
    (scan("2026-05-31"), 0),
    (scan("2026-05-31T07:59"), 0),
    (scan("2026-05-31T08:00"), 1),
    (scan("2026-06-01"), 1),
    (scan("2026-09-01"), 1),
    (scan("2026-05"), 0),
    (scan("2026-06-01", region="head"), 0),
    (scan("2026-06-01", status="booked"), 0),
]


@pytest.mark.parametrize(("study", "count"), PRESENT)
def test_present_is_at_any_time_after(engine, study, count):
    """On the right side of the anchor for certain, however late."""
    rule = ct_rule(window=AFTER)
    assert run(engine, rule, events=[study], as_of="2026-12-31").numbers["present"] == {"ct": count}


def test_present_is_on_either_side_where_both_count(engine):
    """At any time."""
    rule = ct_rule(window={"before": "surgery", "or_after": {"at_most": "1 day"}})
    for day in ("2020-01-01", "2026-05-31", "2026-06-20"):
        assert run(engine, rule, events=[scan(day)]).numbers["present"] == {"ct": 1}


def test_sensitivity_leaves_other_windows_as_they_are(engine):
    """Only days before surgery get another limit; of the control CT the status counts."""
    rule = protocol_with(mri(), ct(window=AFTER), sensitivity=["7 days", "60 days"])
    mr = mr_scan("2026-04-10")
    for events, wide in (([mr, scan("2026-06-05")], 1), ([mr, scan("2026-07-05")], 0)):
        numbers = run(engine, rule, events=events, as_of="2026-12-31").numbers
        assert numbers["sensitivity"] == {"7 days": 0, "60 days": wide}


@pytest.mark.parametrize(
    "keys",
    [
        {"count": 2},
        {"none_between": [{"id": "t", "title": "t", "event": {"kind": "therapy"}, "then": "fail"}]},
        {"window": {"before": "surgery", "at_most": "30 days", "at_least": "2 days"}},
        {"window": {"before": "surgery", "at_most": "48 hours"}},
        {"window": {"before": "admission", "at_most": "30 days"}},
    ],
)
def test_sensitivity_judges_only_plain_windows_anew(engine, keys):
    """Of every other requirement its status counts: here it is not met under any limit."""
    rule = protocol_with(ct(**keys), sensitivity=["60 days"])
    cases = [case(admitted_at="2026-05-29")]
    assert run(engine, rule, cases=cases, events=[scan("2026-04-10")]).numbers["sensitivity"] == {
        "60 days": 0
    }


NEVER = {"applies_if": {"urgency": ["emergency"]}}


def test_members_that_are_not_asked_are_passed_over(engine):
    """In `all_of` and in `any_of`; a group without any other is passed over itself."""
    events = [mr_scan("2026-05-20")]
    for how, verdict in (("all_of", "compliant"), ("any_of", "compliant")):
        rule = protocol_with(group(how, ct(**NEVER), mri()))
        seen = run(engine, rule, events=events)
        expect(seen, ct="not_applicable condition_not_met -", mri="met", verdict=verdict)
        assert run(engine, rule).case()["verdict"] == "not_compliant"
    rule = protocol_with(group("any_of", ct(**NEVER), ct(id="other", **NEVER)), mri())
    assert run(engine, rule, events=events).case()["verdict"] == "compliant"


def test_a_member_that_is_not_asked_sets_no_limit_and_lifts_none(engine):
    """The last surgery date is that of the members that hold."""
    rule = protocol_with(group("any_of", ct(**NEVER), mri()))
    seen = run(engine, rule, events=[mr_scan("2026-05-20")])
    assert seen.case()["latest_surgery_date"] == "2026-06-19"


def test_sensitivity_passes_over_members_that_are_not_asked(engine):
    """They make no case compliant, and none that is not."""
    rule = protocol_with(group("any_of", ct(**NEVER), mri()), sensitivity=["7 days", "14 days"])
    numbers = run(engine, rule, events=[mr_scan("2026-05-20")]).numbers
    assert numbers["sensitivity"] == {"7 days": 0, "14 days": 1}
    assert numbers["in_window"] == {"ct": 0, "mri": 1}
