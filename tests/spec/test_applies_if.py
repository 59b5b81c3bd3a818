"""`applies_if`: a requirement that is asked only under a condition."""

from __future__ import annotations

import pytest

from tests.helpers import (
    case,
    ct,
    exception,
    expect,
    expect_each,
    mr_scan,
    mri,
    protocol_with,
    run,
    scan,
    therapy,
)
from tests.helpers.tables import run_each

NOT_APPLICABLE = "not_applicable condition_not_met -"
THERAPY = {"event": {"kind": "therapy", "window": {"before": "surgery", "at_most": "6 weeks"}}}


def only_if(condition, **changes):
    """The CT is asked under a condition."""
    return protocol_with(ct(applies_if=condition, **changes))


def test_an_attribute_of_the_case(engine):
    """A missing value does not match, as in the population."""
    table = [
        (case(urgency="Urgent"), "missing never_ordered -"),
        (case(urgency="elective"), NOT_APPLICABLE),
        (case(), NOT_APPLICABLE),
    ]
    expect_each(engine, only_if({"urgency": ["urgent"]}), table)


def test_a_case_of_which_nothing_is_asked_is_not_applicable(engine):
    """It is in no rate, and nothing is to be done."""
    seen = run(engine, only_if({"urgency": ["urgent"]}), cases=[case(status="scheduled")])
    expect(seen, ct=NOT_APPLICABLE, verdict="not_applicable")
    found = seen.finding("ct")
    assert (found["window_opens"], found["act_by"], found["owner"]) == (None, None, None)
    assert seen.numbers["eligible"] == 0


def test_an_event_in_a_look_back(engine):
    """Asked where a therapy was given within 6 weeks before surgery."""
    table = [
        (NOT_APPLICABLE,),
        (therapy("2026-04-18"), NOT_APPLICABLE),
        (therapy("2026-04-19"), "missing never_ordered -"),
        (therapy("2026-05-31T07:00"), "missing never_ordered -"),
        (therapy("2026-05-31T09:00"), NOT_APPLICABLE),
        (therapy("2026-05-31"), "unknown condition_unknown -"),
        (therapy("2026-04"), "unknown condition_unknown -"),
        (therapy(None), "unknown condition_unknown -"),
        (therapy("2026-05-05", status="booked"), NOT_APPLICABLE),
        (therapy("2026-05-05"), therapy(None, "T2"), "missing never_ordered -"),
        (therapy("2026-05-05"), scan("2026-05-05"), "met in_window E1"),
    ]
    expect_each(engine, only_if(THERAPY), table)


def test_a_look_back_in_a_leap_year(engine):
    """Six weeks before 31 March 2024 is 18 February."""
    operation = case(surgery_at="2024-03-31T08:00")
    table = [
        (operation, therapy("2024-02-17"), NOT_APPLICABLE),
        (operation, therapy("2024-02-18"), "missing never_ordered -"),
    ]
    expect_each(engine, only_if(THERAPY), table)


def test_where_the_condition_is_undecided_only_met_and_exempt_stay(engine):
    """The chosen event is kept."""
    rule = only_if(THERAPY)
    perhaps = therapy("2026-04")
    table = [
        (perhaps, scan("2026-05-05"), "met in_window E1"),
        (perhaps, scan("2026-03-05"), "unknown condition_unknown E1"),
        (perhaps, scan("2026-05-05", region=None), "unknown condition_unknown E1"),
        (perhaps, "unknown condition_unknown -"),
    ]
    expect_each(engine, rule, table)
    upcoming = case(status="scheduled")
    table = [
        (upcoming, perhaps, scan("2026-05-25", status="booked"), "unknown condition_unknown E1"),
        (upcoming, perhaps, "unknown condition_unknown -"),
    ]
    expect_each(engine, rule, table, as_of="2026-05-20")


def test_an_exception_covers_what_cannot_be_told(engine):
    """It holds whether the condition does or not; where it does not, nothing is asked."""
    policy = {"reasons": ["contraindication-mri"]}
    rule = protocol_with(ct(applies_if=THERAPY), exceptions=policy)
    waiver = exception(requirement="ct")
    table = [(waiver, therapy("2026-04"), "exempt excepted -"), (waiver, NOT_APPLICABLE)]
    expect_each(engine, rule, table)


def test_a_stale_feed_leaves_the_condition_open(engine):
    """The source of therapies has been silent for longer than the site allows."""
    old = therapy("2020-01-01", recorded_at="2026-05-01")
    seen = run(engine, only_if(THERAPY), events=[old], feeds={"therapy": "3 days"})
    expect(seen, ct="unknown condition_unknown -")


def test_an_anchor_that_is_not_known_leaves_the_condition_open(engine):
    """Nobody can say whether it was before admission."""
    look_back = {"event": {"kind": "therapy", "window": {"before": "admission"}}}
    table = [
        (therapy("2026-05-05"), "unknown condition_unknown -"),
        (case(admitted_at="2026-05-29"), therapy("2026-05-05"), "missing never_ordered -"),
        (case(admitted_at="2026-05-29"), therapy("2026-05-30"), NOT_APPLICABLE),
    ]
    expect_each(engine, only_if(look_back), table)


UPCOMING = case(status="scheduled")
LATER = {"event": {"kind": "therapy", "window": {"after": {"column": "ended_at"}}}}
LATE_AND_LATER = {"all_of": [LATER, THERAPY]}
WAITS = "due condition_unknown"


@pytest.mark.parametrize(
    ("condition", "rows", "said"),
    [
        (LATER, [UPCOMING], f"{WAITS} -"),
        (LATER, [UPCOMING, scan("2026-05-10")], "met in_window E1"),
        (LATER, [UPCOMING, scan("2026-05-25", status="booked")], f"{WAITS} E1"),
        (LATER, [UPCOMING | {"ended_at": "2026-05-31"}], NOT_APPLICABLE),
        (LATER, [case(surgery_at="2026-05-10")], "unknown condition_unknown -"),
        (LATE_AND_LATER, [UPCOMING], NOT_APPLICABLE),
        (LATE_AND_LATER, [UPCOMING, therapy("2026-05-05")], f"{WAITS} -"),
        (LATE_AND_LATER, [UPCOMING, therapy("2026-04")], "unknown condition_unknown -"),
        ({"any_of": [LATER, THERAPY]}, [UPCOMING], f"{WAITS} -"),
        ({"any_of": [LATER, THERAPY]}, [UPCOMING, therapy("2026-04")], "unknown condition_unknown"),
        ({"any_of": [LATER, THERAPY]}, [UPCOMING, therapy("2026-05-05")], "due never_ordered -"),
        ({"any_of": [LATER, {"urgency": ["urgent"]}]}, [UPCOMING], f"{WAITS} -"),
        (
            {"all_of": [{"any_of": [LATER, {"site": ["X"]}]}, THERAPY]},
            [UPCOMING, therapy("2026-05-05")],
            WAITS,
        ),
    ],
)
def test_what_becomes_known_later_is_due_and_nothing_to_do(engine, condition, rows, said):
    """The end of an operation is not known before it. Nobody can find it out now."""
    seen = run_each(engine, only_if(condition), [rows], as_of="2026-05-20")[0]
    found = seen.finding("ct")
    words = (found["status"], found["reason"], found["event_id"] or "-")
    assert " ".join(words[: len(said.split())]) == said
    if said.startswith(WAITS):
        assert found["act_by"] is None
        assert (
            found["sentence"] == "It is not known yet whether CT of the liver applies to this case."
        )
        assert seen.case()["next_requirement"] is None


@pytest.mark.parametrize(
    ("planned", "said"),
    [
        ("scheduled", f"{WAITS} -"),
        ("performed", "unknown condition_unknown -"),
    ],
)
def test_where_a_chosen_event_lies_may_become_known_later(engine, planned, said):
    """The MRI is there; whether it was before admission is known at admission."""
    condition = {"chosen": {"requirement": "mri", "window": {"before": "admission"}}}
    rule = protocol_with(mri(), ct(applies_if=condition))
    expect_each(
        engine,
        rule,
        [(case(status=planned), mr_scan("2026-05-10"), said)],
        as_of="2026-05-20" if planned == "scheduled" else "2026-06-20",
    )


@pytest.mark.parametrize(
    ("group", "rows", "said"),
    [
        ("all_of", [case(urgency="urgent"), therapy("2026-05-05")], "missing"),
        ("all_of", [case(urgency="urgent"), therapy("2026-04")], "unknown condition_unknown"),
        ("all_of", [case(urgency="elective"), therapy("2026-04")], NOT_APPLICABLE),
        ("any_of", [case(urgency="elective"), therapy("2026-04")], "unknown condition_unknown"),
        ("any_of", [case(urgency="urgent"), therapy("2026-04")], "missing"),
        ("any_of", [case(urgency="elective"), therapy("2026-04-18")], NOT_APPLICABLE),
    ],
)
def test_conditions_combine_as_kleene_says(engine, group, rows, said):
    """One that is false decides `all_of`, one that is true decides `any_of`."""
    rule = only_if({group: [{"urgency": ["urgent"]}, THERAPY]})
    expect_each(engine, rule, [(*rows, said)])


UPDATE = protocol_with(
    ct(window={"before": "surgery", "at_most": "60 days"}),
    mri(applies_if={"chosen": {"requirement": "ct", "window": {"before": "admission"}}}),
)


def test_where_the_event_of_another_requirement_lies(engine):
    """The MRI is asked where the CT was made before admission on 20 May."""
    admitted = case(admitted_at="2026-05-20T10:00")
    table = [
        (admitted, scan("2026-05-19"), "missing never_ordered -"),
        (admitted, scan("2026-05-20T09:59"), "missing never_ordered -"),
        (admitted, scan("2026-05-20T10:00"), NOT_APPLICABLE),
        (admitted, scan("2026-05-20"), "unknown condition_unknown -"),
        (admitted, scan("2026-05-21"), NOT_APPLICABLE),
        (admitted, scan("2026-05"), "unknown condition_unknown -"),
        (admitted, scan("2026-04"), "missing never_ordered -"),
        (admitted, scan("2026-05-19"), mr_scan("2026-05-19"), "met in_window E2"),
        (case(), scan("2026-05-19"), "unknown condition_unknown -"),
    ]
    expect_each(engine, UPDATE, table, requirement="mri")


def test_where_the_other_requirement_has_no_event(engine):
    """Undecided where it is unknown itself; else there is nothing to update."""
    admitted = case(admitted_at="2026-05-20T10:00")
    table = [
        (admitted, NOT_APPLICABLE),
        (admitted, scan("2026-01-05"), NOT_APPLICABLE),
        (admitted, scan("2026-05-19", region=None), "unknown condition_unknown -"),
        (admitted, scan(None), "unknown condition_unknown -"),
    ]
    expect_each(engine, UPDATE, table, requirement="mri")


def test_an_appointment_is_an_event_that_was_chosen(engine):
    """It may be on the day of the anchor."""
    upcoming = case(status="scheduled", admitted_at="2026-05-28")
    table = [
        (upcoming, scan("2026-05-27", status="booked"), "due never_ordered -"),
        (upcoming, scan("2026-05-28", status="booked"), "due never_ordered -"),
        (upcoming, scan("2026-05-29", status="booked"), NOT_APPLICABLE),
    ]
    expect_each(engine, UPDATE, table, requirement="mri", as_of="2026-05-20")
