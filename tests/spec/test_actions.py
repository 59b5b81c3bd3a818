"""What to do, whose, until when: one action for each open requirement, by reason. docs/actions.md.

Surgery is on Thursday 14 May 2026, the CT counts within 30 days before (14 April to 14 May), takes 5
working days to arrange (until Thursday 7 May), and each kind of action has an owner of its own.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

import qi_checker
from qi_checker.cases.actions import Action, count_actions, most_urgent_first
from qi_checker.cases.phrases import WHY_NOT, PhraseWriter, phrase
from qi_checker.protocol.language import LANGUAGES, short_day, words_of
from qi_checker.protocol.vocabulary import ACTION_FOR, Reason
from tests.helpers.protocols import bundle, ct, group, mri, protocol_with, version
from tests.helpers.records import case, event, exception, mr_scan, scan, therapy

OWNERS = {
    "order": "Clinic",
    "book": "CT desk",
    "records": "Records",
    "data": "Data office",
    "decide": "Surgeon",
}
LEAD = {"lead_time": "5 working days", "owner": OWNERS}
SURGERY = "2026-05-14T08:00"
EARLY, LATE = "2026-04-20", "2026-05-11"  # before and after the last day to arrange it, 7 May
SITE = {"timezone": "America/Toronto"}


def actions(
    *events: Any,
    rule: Any = None,
    as_of: str = EARLY,
    site: Any = None,
    exceptions: Any = (),
    **columns: str | None,
) -> tuple[Action, ...]:
    """The actions of a case that is planned for 14 May."""
    row = case(surgery_at=SURGERY, status="scheduled") | columns
    judged = qi_checker.judge(
        rule or protocol_with(ct(**LEAD)),
        row,
        events,
        as_of,
        site=SITE | (site or {}),
        exceptions=exceptions,
    )
    return judged.actions


def only(*events: Any, **more: Any) -> Action:
    (found,) = actions(*events, **more)
    return found


def day(text: str) -> date:
    return date.fromisoformat(text)


WITHOUT_BIOPSY = {
    "event": {
        "kind": "imaging",
        "modality": ["CT"],
        "region": ["liver"],
        "not_codes": {"in": "biopsy-codes"},
    }
}
BETWEEN = {
    "none_between": [
        {
            "id": "therapy",
            "title": "chemotherapy",
            "event": {"kind": "therapy"},
            "then": "fail",
        }
    ]
}
TWO = {"count": 2, "apart": {"at_least": "7 days"}}
ORDERED = {"status": "ordered", "ordered_at": "2026-04-17"}

# reason, events, changes of the rule; then action, owner, event, last day, and the text on 20 April.
UPCOMING = [
    (
        Reason.NEVER_ORDERED,
        [],
        {},
        ("order", "Clinic", "", "2026-05-07"),
        "Order the CT of the liver to be done by 14 May",
    ),
    (
        Reason.TOO_OLD,
        [scan("2026-03-05")],
        {},
        ("order", "Clinic", "E1", "2026-05-07"),
        "Order the CT of the liver to be done by 14 May (the one of 5 Mar will be 70 days old at surgery)",
    ),
    (
        Reason.WRONG_REGION,
        [scan("2026-04-16", region="chest")],
        {},
        ("order", "Clinic", "E1", "2026-05-07"),
        "Order the CT of the liver to be done by 14 May (the one of 16 Apr shows another region)",
    ),
    (
        Reason.EXCLUDED_CODE,
        [scan("2026-04-16", codes="LOCAL:BIOPSY")],
        WITHOUT_BIOPSY,
        ("order", "Clinic", "E1", "2026-05-07"),
        "Order the CT of the liver to be done by 14 May (the one of 16 Apr has a code that does not count)",
    ),
    (
        Reason.TOO_FEW,
        [scan("2026-04-16")],
        TWO,
        ("order", "Clinic", "E1", "2026-05-07"),
        "Order the CT of the liver to be done by 14 May (the one of 16 Apr is not enough)",
    ),
    (
        Reason.TOO_CLOSE,
        [scan("2026-04-16"), scan("2026-04-18", "E2")],
        TWO,
        ("order", "Clinic", "E2", "2026-05-07"),
        "Order the CT of the liver to be done by 14 May (the one of 18 Apr is too close to the others)",
    ),
    (
        Reason.EVENT_BETWEEN,
        [scan("2026-04-16"), therapy("2026-04-18")],
        BETWEEN,
        ("order", "Clinic", "E1", "2026-05-07"),
        (
            "Order the CT of the liver to be done by 14 May "
            "(the one of 16 Apr no longer counts because of what was done since)"
        ),
    ),
    (
        Reason.ORDERED_NOT_BOOKED,
        [scan(None, **ORDERED)],
        {},
        ("book", "CT desk", "E1", "2026-05-07"),
        "Book the CT of the liver ordered on 17 Apr to be done by 14 May",
    ),
    (
        Reason.CANCELLED,
        [scan("2026-04-18", status="cancelled")],
        {},
        ("book", "CT desk", "E1", "2026-05-07"),
        "Book the CT of the liver again to be done by 14 May (the one of 18 Apr was cancelled)",
    ),
    (
        Reason.BOOKED_OUTSIDE_WINDOW,
        [scan("2026-05-15", status="booked")],
        {},
        ("move_booking", "CT desk", "E1", "2026-05-07"),
        "Move the CT of the liver booked for 15 May to 14 May or earlier",
    ),
    (
        Reason.BOOKING_PASSED,
        [scan("2026-04-17", status="booked")],
        {},
        ("confirm", "CT desk", "E1", "2026-05-07"),
        "Find out whether the CT of the liver booked for 17 Apr was done",
    ),
    (
        Reason.PARTIAL_DATE,
        [scan("2026-04")],
        {},
        ("complete_record", "Records", "E1", "2026-05-07"),
        (
            "Obtain the exact date of the CT of the liver recorded for 2026-04, "
            "or order another to be done by 14 May"
        ),
    ),
    (
        Reason.UNMAPPED,
        [event("2026-04-16", region="liver")],
        {},
        ("complete_record", "Records", "E1", "2026-05-07"),
        (
            "Record modality and region of the study of 16 Apr, which may be the CT of the liver, "
            "or order another to be done by 14 May"
        ),
    ),
    (
        Reason.EXTERNAL_UNDATED,
        [scan(None, provenance="external")],
        {},
        ("complete_record", "Records", "E1", "2026-05-07"),
        (
            "Obtain the acquisition date of the outside CT of the liver, "
            "or order another to be done by 14 May"
        ),
    ),
    (
        Reason.BETWEEN_UNKNOWN,
        [scan("2026-04-16"), therapy("2026-04")],
        BETWEEN,
        ("complete_record", "Records", "E1", "2026-05-07"),
        (
            "Find out what was done since the CT of the liver of 16 Apr, and when, "
            "or order another to be done by 14 May"
        ),
    ),
    (
        Reason.REJECTED_RECORD,
        [scan("soon")],
        {},
        ("correct_data", "Data office", "E1", "2026-05-07"),
        (
            "Correct row 2 of events: unreadable date; it may be the CT of the liver, "
            "or order another to be done by 14 May"
        ),
    ),
]
OF_ROW = [str(row[0]) for row in UPCOMING]


@pytest.mark.parametrize(("reason", "events", "changes", "expected", "text"), UPCOMING, ids=OF_ROW)
def test_each_reason_has_its_action_while_there_is_time(
    reason, events, changes, expected, text
) -> None:
    rule = protocol_with(ct(**LEAD | changes))
    row = case(surgery_at=SURGERY, status="scheduled")
    judged = qi_checker.judge(rule, row, events, EARLY, site=SITE)
    assert judged.of("ct").reason == reason
    (found,) = judged.actions
    assert found.text == text
    seen = (found.action, found.owner, found.event_id, str(found.act_by))
    assert seen == expected
    assert (found.first, found.until) == (day("2026-04-14"), day("2026-05-14"))
    assert found.when == "later"


@pytest.mark.parametrize(("reason", "events", "changes", "expected", "text"), UPCOMING, ids=OF_ROW)
def test_each_reason_is_overdue_when_the_last_day_has_passed(
    reason, events, changes, expected, text
) -> None:
    """On 11 May it is late, but there are days left: the same action, and the same owner."""
    found = only(*events, rule=protocol_with(ct(**LEAD | changes)), as_of=LATE)
    later = {Reason.BOOKED_OUTSIDE_WINDOW: "2026-05-07"}
    assert (found.action, found.owner) == expected[:2]
    assert str(found.act_by) == later.get(reason, expected[3])
    assert found.when == "overdue"
    # 18 May is the first working day that 5 working days lie before, from 11 May on.
    if found.action in ("order", "book"):
        assert found.text.endswith(
            ". If there is no slot: 18 May is the first surgery date with time to arrange everything"
        )


@pytest.mark.parametrize(("reason", "events", "changes", "expected", "text"), UPCOMING, ids=OF_ROW)
def test_each_reason_is_a_decision_when_no_day_is_left(
    reason, events, changes, expected, text
) -> None:
    """The window ends 7 days before surgery, on 7 May."""
    window = {"before": "surgery", "at_least": "7 days", "at_most": "30 days"}
    events = [e | {"at": "2026-05-12"} if e["at"] == "2026-05-15" else e for e in events]
    changed = LEAD | changes | {"window": window}
    found = only(*events, rule=protocol_with(ct(**changed)), as_of=LATE)
    assert (found.action, found.owner, found.when) == ("decide", "Surgeon", "overdue")
    assert (found.until, found.act_by) == (day("2026-05-07"), day("2026-04-30"))
    # Arranged on 11 May with 5 working days, done on 18 May, surgery 7 days later. The booking of
    # 12 May counts 7 days after it.
    first = "19 May" if reason is Reason.BOOKED_OUTSIDE_WINDOW else "25 May"
    assert found.text.startswith("Too late to arrange the CT of the liver: ")
    assert found.text.endswith(f"move surgery to {first} or later, or request an exception")


def test_every_reason_of_the_table_has_an_action() -> None:
    assert {str(ACTION_FOR.get(reason, "order")) for reason in Reason} == {
        "order",
        "book",
        "move_booking",
        "confirm",
        "complete_record",
        "correct_data",
    }


def test_a_window_that_has_not_opened_is_ordered_for_its_days() -> None:
    found = only(as_of="2026-03-30")
    assert found.text == "Order the CT of the liver for 14 Apr–14 May"
    assert (found.action, found.when) == ("order", "later")


def test_an_appointment_that_is_enough_but_too_late() -> None:
    """Something that counts when it is booked is not moved: another one is ordered."""
    planned = {
        "event": {"kind": "imaging", "modality": ["CT"], "status": ["completed", "booked"]},
        "window": {"before": "surgery", "at_least": "7 days", "at_most": "30 days"},
    }
    rule = protocol_with(ct(**LEAD, **planned))
    found = only(scan("2026-05-12", status="booked"), rule=rule)
    assert (found.action, found.event_id) == ("order", "E1")
    assert found.text == (
        "Order the CT of the liver to be done by 7 May (the one of 12 May is too late)"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_in_brackets_has_its_own_text(language: str) -> None:
    """A reason may have the name of an action."""
    words = words_of(language)
    writer = PhraseWriter(words, {}, date(2026, 4, 20), lambda table, row: "")
    for reason, template in words.NOT_COUNTED.items():
        told = writer.text(phrase(WHY_NOT + reason, day=date(2026, 5, 4)))
        assert told == template.replace(
            "{day}", short_day(date(2026, 5, 4), date(2026, 4, 20), words)
        )


def test_a_booking_is_moved_before_it_is_wasted() -> None:
    """Booked for Monday 13 April, one day too early: until Friday 10 April."""
    found = only(scan("2026-04-13T09:00", status="booked"), as_of="2026-04-01")
    assert (found.action, found.act_by, found.when) == ("move_booking", day("2026-04-10"), "soon")
    assert found.text == (
        "Move the CT of the liver booked for 13 Apr to 14 Apr–14 May: "
        "on 13 Apr it would be 31 days old at surgery"
    )
    found = only(
        scan("2026-04-13T09:00", status="booked"),
        as_of="2026-04-01",
        site={"holidays": ["2026-04-10"]},
    )
    assert found.act_by == day("2026-04-09")


def test_a_clock_time_that_is_not_known_is_obtained() -> None:
    (found,) = actions(scan("2026-05-14"), as_of="2026-05-14T20:00")
    assert (found.action, found.owner) == ("complete_record", "Records")
    assert found.text.startswith("Obtain the clock time of the CT of the liver on 14 May")


def test_records_that_nobody_delivers() -> None:
    stale = {"feeds": {"imaging": "3 days"}}
    found = only(scan("2026-01-05", recorded_at="2026-01-05", region="chest"), site=stale)
    assert (found.action, found.owner) == ("correct_data", "Data office")
    assert found.text == (
        "Have the feed of imaging records repaired, then look for the CT of the liver again"
    )


def test_a_condition_that_cannot_be_decided() -> None:
    requirements = {
        "applies_if": {
            "event": {"kind": "therapy", "window": {"before": "surgery", "at_most": "3 days"}}
        }
    }
    found = only(
        therapy("2026-05"), rule=protocol_with(ct(**LEAD | requirements)), as_of="2026-05-12"
    )
    assert (found.action, found.owner) == ("correct_data", "Data office")
    assert found.text == "Find out whether this operation needs the CT of the liver"


def test_what_is_fulfilled_or_waived_needs_nobody() -> None:
    rule = protocol_with(
        ct(**LEAD), exceptions={"reasons": ["contraindication-mri"], "at_most": "90 days"}
    )
    waived = exception(
        requirement="ct", approved_at="2026-04-01", valid_from="2026-04-01", expires_on="2026-06-01"
    )
    assert actions(scan("2026-04-16")) == ()
    assert actions(scan("2026-05-05", status="booked")) == ()
    assert actions(rule=rule, exceptions=[waived]) == ()
    assert actions(status="cancelled") == ()
    assert actions(diagnoses="ICD-10-CM:C22.0") == ()


def test_a_past_operation_has_no_action() -> None:
    assert actions(as_of="2026-05-15", status="performed") == ()
    assert actions(as_of="2026-05-15") == (), "still called scheduled after its day"


def test_what_is_done_after_surgery_is_still_arranged_then() -> None:
    after = {"window": {"after": "surgery", "at_most": "30 days"}, "lead_time": "5 working days"}
    rule = protocol_with(ct(**LEAD | after))
    found = only(rule=rule, as_of="2026-05-20", status="performed")
    assert (found.action, found.until) == ("order", day("2026-06-13"))
    assert actions(rule=rule, as_of="2026-06-20", status="performed") == ()


def test_both_desks_hear_of_a_case_that_lacks_both() -> None:
    rule = protocol_with(ct(**LEAD), mri(lead_time="10 working days"))
    found = actions(rule=rule)
    assert [(a.requirement, a.owner, str(a.act_by)) for a in found] == [
        ("mri", "MRI desk", "2026-04-30"),
        ("ct", "Clinic", "2026-05-07"),
    ]


def test_of_a_group_only_what_may_still_fulfil_it() -> None:
    rule = protocol_with(group("any_of", ct(**LEAD), mri()))
    assert [a.requirement for a in actions(rule=rule)] == ["ct", "mri"]
    assert actions(mr_scan("2026-04-16"), rule=rule) == ()


def test_a_booked_event_that_must_not_be_is_moved_before_its_day() -> None:
    rule = protocol_with(
        ct(
            id="none",
            forbidden=True,
            owner=OWNERS,
            window={"before": "surgery", "at_most": "30 days"},
        )
    )
    found = only(scan("2026-05-04T09:00", status="booked"), rule=rule)
    assert (found.action, found.owner) == ("move_booking", "CT desk")
    assert found.act_by == day("2026-05-01"), "the working day before Monday 4 May"
    assert found.text == (
        "Cancel or move the CT of the liver booked for 4 May: there must be none from 14 Apr to 14 May"
    )
    done = only(scan("2026-04-16"), rule=rule)
    assert (done.action, done.owner) == ("decide", "Surgeon")
    assert done.text == (
        "The CT of the liver of 16 Apr is where there must be none: "
        "move surgery to 18 May or later, or request an exception"
    )


def test_a_move_must_not_make_anything_else_too_old() -> None:
    """On 18 May the MRI of 15 April would be 33 days old, but it can be ordered again by then."""
    rule = protocol_with(ct(**LEAD), mri(lead_time="10 working days"))
    found = only(mr_scan("2026-04-15"), rule=rule, as_of=LATE)
    assert "25 May is the first surgery date" in found.text


def test_no_other_date_helps_where_no_version_is_in_force_then() -> None:
    window = {"before": "surgery", "at_least": "7 days", "at_most": "30 days"}
    ends = version(ct(**LEAD, window=window), in_force={"from": "2020-01-01", "to": "2026-05-14"})
    found = only(rule=bundle(ends), as_of=LATE)
    assert found.text == "Too late to arrange the CT of the liver: request an exception"


def test_a_text_is_the_owner_of_everything() -> None:
    rule = protocol_with(ct(owner="CT desk", lead_time="5 working days"))
    assert only(rule=rule).owner == "CT desk"
    assert only(scan("2026-04"), rule=rule).owner == "CT desk"
    partly = protocol_with(ct(owner={"order": "Clinic", "data": "Data office"}))
    assert only(scan(None, **ORDERED), rule=partly).owner == "Clinic"
    assert only(scan("soon"), rule=partly).owner == "Data office"


@pytest.mark.parametrize(
    ("as_of", "when"),
    [
        ("2026-04-22", "later"),
        ("2026-04-23", "soon"),
        ("2026-05-06", "soon"),
        ("2026-05-07", "today"),
        ("2026-05-08", "overdue"),
    ],
)
def test_the_horizon_is_14_days(as_of, when) -> None:
    assert only(as_of=as_of).when == when


def test_the_site_sets_the_horizon() -> None:
    assert only(as_of="2026-04-30", site={"horizon": "6 days"}).when == "later"
    assert only(as_of="2026-05-01", site={"horizon": "6 days"}).when == "soon"


def test_one_count() -> None:
    rule = protocol_with(ct(**LEAD), mri(lead_time="20 working days"))
    now = actions(rule=rule, as_of="2026-05-07")
    counted = count_actions(now)
    assert (counted.overdue, counted.today, counted.soon, counted.later) == (1, 1, 0, 0)
    assert counted.words == "2 actions for 1 operation need somebody now."
    assert count_actions(actions(as_of=EARLY)).words == "No action needs somebody now."
    assert [a.requirement for a in most_urgent_first(now)] == ["mri", "ct"]
