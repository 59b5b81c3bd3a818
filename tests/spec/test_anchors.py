"""Other dates to count from: admission, a column of the case, another requirement's event."""

from __future__ import annotations

import pytest

from tests.helpers import (
    case,
    ct,
    ct_rule,
    exception,
    expect,
    expect_each,
    mr_scan,
    mri,
    protocol_with,
    run,
    run_each,
    scan,
)

LONG_AFTER = "2027-12-31"
ADMISSION = ct_rule(window={"before": "admission", "at_most": "30 days"})
DISCHARGE = ct_rule(window={"after": {"column": "discharged_at"}, "at_most": "7 days"})
# The MRI is counted from the CT that was chosen.
CHAIN = protocol_with(
    ct(), mri(window={"after": {"requirement": "ct"}, "at_most": "7 days"}, same_day="allow")
)


def admitted(at, **columns):
    return case(admitted_at=at, **columns)


def test_within_30_days_before_admission(engine):
    """Admission is two days before surgery."""
    table = [
        (admitted("2026-05-29"), scan("2026-04-28"), "expired too_old E1"),
        (admitted("2026-05-29"), scan("2026-04-29"), "met in_window E1"),
        (admitted("2026-05-29"), scan("2026-05-28"), "met in_window E1"),
        (admitted("2026-05-29"), scan("2026-05-29"), "unknown same_day_untimed E1"),
        (admitted("2026-05-29"), scan("2026-05-30"), "missing too_late E1"),
        (admitted("2026-05-29T10:00"), scan("2026-05-29T09:59"), "met in_window E1"),
        (admitted("2026-05-29T10:00"), scan("2026-05-29T10:00"), "missing same_day_untimed E1"),
        (admitted("2024-03-30"), scan("2024-02-29"), "met in_window E1"),
        (admitted("2026-05-30T02:00Z"), scan("2026-04-29"), "met in_window E1"),
        (admitted("2026-05-29"), scan(None), "unknown rejected_record E1"),
        (admitted(None), scan("2026-05-20"), "unknown anchor_unknown -"),
    ]
    expect_each(engine, ADMISSION, table)


def test_days_before_is_counted_from_the_anchor(engine):
    """And so are the dates of the window; the slack is about surgery, and there is none."""
    seen = run(engine, ADMISSION, cases=[admitted("2026-05-29")], events=[scan("2026-05-20")])
    found = seen.finding("ct")
    assert found["days_before"] == 9
    assert (found["window_opens"], found["window_closes"]) == ("2026-04-29", "2026-05-29")
    assert (found["valid_through"], found["slack_days"]) == (None, None)


def test_any_date_column_of_the_cases(engine):
    """One that the contract does not know: an unreadable date is no date, and rejects nothing."""
    table = [
        (case(discharged_at="2026-06-05"), scan("2026-06-05"), "unknown same_day_untimed E1"),
        (case(discharged_at="2026-06-05T09:00"), scan("2026-06-05T09:00"), "met in_window E1"),
        (case(discharged_at="2026-06-05T09:00"), scan("2026-06-05T08:00"), "missing too_early E1"),
        (case(discharged_at="2026-06-05"), scan("2026-06-12"), "met in_window E1"),
        (case(discharged_at="2026-06-05"), scan("2026-06-13"), "missing too_late E1"),
        (case(discharged_at="2026-06-06T02:00Z"), scan("2026-06-12"), "met in_window E1"),
        (case(discharged_at="home"), scan("2026-06-12"), "unknown anchor_unknown -"),
        (case(discharged_at="2026-06"), scan("2026-06-12"), "unknown anchor_unknown -"),
        (case(discharged_at=" "), scan("2026-06-12"), "unknown anchor_unknown -"),
        (case(), scan("2026-06-12"), "unknown anchor_unknown -"),
    ]
    expect_each(engine, DISCHARGE, table, as_of=LONG_AFTER)


def test_columns_of_the_contract_are_columns_too(engine):
    """The planned date counts even where the operation began on another day."""
    rule = ct_rule(window={"before": {"column": "surgery_at"}, "at_most": "30 days"})
    moved = case(started_at="2026-06-01T09:00")
    table = [(moved, scan("2026-05-01"), "met in_window E1")]
    expect_each(engine, rule, table)


def test_an_anchor_that_is_not_known_leaves_the_dates_empty(engine):
    """Nothing is chosen, and nobody can say until when."""
    found = run(engine, DISCHARGE, events=[scan("2026-06-12")]).finding("ct")
    names = ("event_id", "event_date", "days_before", "window_opens", "window_closes", "act_by")
    assert [found[name] for name in names] == [None] * 6
    assert found["owner"] == "CT desk"


def test_an_exception_covers_a_requirement_whose_anchor_is_not_known(engine):
    """Exempt comes before unknown."""
    rule = protocol_with(
        ct(window={"after": {"column": "discharged_at"}}),
        exceptions={"reasons": ["contraindication-mri"]},
    )
    seen = run(engine, rule, exceptions=[exception(requirement="ct")])
    expect(seen, ct="exempt excepted -", verdict="compliant_with_exception")


def test_counted_from_the_event_of_another_requirement(engine):
    """The MRI is at most a week after the CT that was chosen, which is the latest."""
    table = [
        (scan("2026-05-10"), mr_scan("2026-05-09"), "missing too_early E2"),
        (scan("2026-05-10"), mr_scan("2026-05-10"), "met in_window E2"),
        (scan("2026-05-10"), mr_scan("2026-05-17"), "met in_window E2"),
        (scan("2026-05-10"), mr_scan("2026-05-18"), "missing too_late E2"),
        (scan("2026-05-10"), scan("2026-05-11", "E3"), mr_scan("2026-05-18"), "met in_window E2"),
        (scan("2026-05-10"), mr_scan(None), "unknown rejected_record E2"),
        (scan("2026-05"), mr_scan("2026-05-18"), "unknown anchor_unknown -"),
        (scan("2026-04-10"), mr_scan("2026-04-12"), "unknown anchor_unknown -"),
        (mr_scan("2026-05-18"), "unknown anchor_unknown -"),
    ]
    expect_each(engine, CHAIN, table, requirement="mri", as_of=LONG_AFTER)


def test_an_event_that_may_have_been_on_several_days_is_no_anchor(engine):
    """The CT of April is in the window, and its day is not known."""
    rule = protocol_with(
        ct(window={"before": "surgery", "at_most": "90 days"}),
        mri(window={"after": {"requirement": "ct"}, "at_most": "7 days"}),
    )
    seen = run(engine, rule, events=[scan("2026-04"), mr_scan("2026-05-02")])
    expect(seen, ct="met in_window E1", mri="unknown anchor_unknown -")


def test_by_the_clocks_after_the_event_of_another_requirement(engine):
    """On the same day the clocks decide, as on the day of surgery."""
    table = [
        (scan("2026-05-10T09:00"), mr_scan("2026-05-10T08:59"), "missing too_early E2"),
        (scan("2026-05-10T09:00"), mr_scan("2026-05-10T09:00"), "met in_window E2"),
        (scan("2026-05-10T09:00-04:00"), mr_scan("2026-05-10T13:00Z"), "met in_window E2"),
    ]
    expect_each(engine, CHAIN, table, requirement="mri", as_of=LONG_AFTER)


def test_counted_from_an_appointment(engine):
    """As long as the CT is booked, the MRI can be planned after it; while it is due, it is due."""
    upcoming = case(status="scheduled")
    booked = scan("2026-05-25", status="booked")
    table = [
        (upcoming, booked, "due window_not_open -"),
        (upcoming, booked, mr_scan("2026-05-26", status="booked"), "booked booked_in_window E2"),
        (upcoming, mr_scan("2026-05-26", status="booked"), "due anchor_unknown -"),
    ]
    expect_each(engine, CHAIN, table, requirement="mri", as_of="2026-05-20")


def test_what_is_counted_from_something_not_applicable_is_not_applicable(engine):
    """If the CT is not asked, neither is the MRI that follows it."""
    rule = protocol_with(
        ct(applies_if={"urgency": ["urgent"]}), mri(window={"after": {"requirement": "ct"}})
    )
    seen = run(engine, rule, events=[scan("2026-05-10"), mr_scan("2026-05-12")])
    expect(seen, mri="not_applicable condition_not_met -", verdict="not_applicable")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_chains_of_anchors(engine, order):
    """A third event is counted from the second; the order written does not matter."""
    first = ct(window={"before": "surgery", "at_least": "14 days"})
    second = mri(window={"after": {"requirement": "ct"}, "at_most": "7 days"})
    third = ct(id="third", window={"after": {"requirement": "mri"}, "at_most": "3 days"})
    rule = protocol_with(*((first, second, third)[n] for n in order))
    events = [scan("2026-05-10"), mr_scan("2026-05-17"), scan("2026-05-20", "E3")]
    late = [scan("2026-05-10"), mr_scan("2026-05-18"), scan("2026-05-20", "E3")]
    near, far = run_each(engine, rule, [events, late], as_of=LONG_AFTER)
    expect(near, ct="met in_window E1", mri="met in_window E2", third="met in_window E3")
    expect(far, ct="met", mri="missing too_late E2", third="unknown anchor_unknown -")


def test_of_several_anchors_the_first_that_is_not_known_counts(engine):
    """The admission is still to come, and the day of the CT is not known to the day."""
    first = {"after": {"requirement": "ct"}, "and": [{"before": "admission"}]}
    second = {"before": "admission", "and": [{"after": {"requirement": "ct"}}]}
    upcoming, month = case(status="scheduled"), scan("2026-05")
    for window, said in ((first, "unknown anchor_unknown -"), (second, "due anchor_unknown -")):
        rule = protocol_with(ct(), mri(window=window))
        expect_each(engine, rule, [(upcoming, month, said)], requirement="mri", as_of="2026-05-20")


@pytest.mark.parametrize(
    "window",
    [
        {"after": {"column": "ended_at"}, "at_most": "24 hours"},
        {"after": {"column": "discharged_at"}, "at_most": "7 days"},
        {"before": "admission", "at_most": "30 days", "or_after": {"at_most": "24 hours"}},
        {"after": "admission", "and": [{"before": "surgery"}]},
    ],
)
def test_a_time_that_only_comes_later_is_waited_for(engine, window):
    """Nobody can correct anything before the operation; after it, the time is missing."""
    for status, as_of, said, verdict in (
        ("scheduled", "2026-05-20", "due anchor_unknown -", "action_needed"),
        ("scheduled", "2026-05-31", "due anchor_unknown -", "action_needed"),
        ("scheduled", "2026-06-01", "unknown anchor_unknown -", "undetermined"),
        ("performed", "2026-05-31", "unknown anchor_unknown -", "undetermined"),
    ):
        for forbidden in (False, True):
            rule = ct_rule(window=window, forbidden=forbidden)
            events = [scan("2026-05-10"), scan("2026-05-10", "E9", patient_id="P9")]
            seen = run(engine, rule, cases=[case(status=status)], events=events, as_of=as_of)
            expect(seen, ct=said, verdict=verdict)
            assert (seen.finding("ct")["act_by"], seen.case()["next_requirement"]) == (None, None)
            assert ("is not known yet." in seen.finding("ct")["sentence"]) == ("due" in said)
