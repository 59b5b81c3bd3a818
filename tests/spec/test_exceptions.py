"""Exceptions: approved waivers of a requirement, and why others are ignored."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.helpers import bundle, case, exception, expect, expect_each, liver, run, run_each, scan
from tests.helpers.protocols import ct, mri, version

POLICY = {"reasons": ["contraindication-mri", "other"], "at_most": "90 days"}
RULE = liver(exceptions=POLICY)
IGNORED = [
    ({"recorded_at": "2026-07-01"}, "not known yet"),
    ({"case_id": "C9"}, "unknown case"),
    ({"requirement": "mr"}, "unknown requirement"),
    ({"approved_by": None}, "not approved"),
    ({"approved_at": None}, "not approved"),
    ({"approved_at": "2026-07-01"}, "approved after as_of"),
    ({"requested_by": None}, "no requester"),
    ({"requested_by": "  "}, "no requester"),
    ({"requested_by": "dr BAKER "}, "approved by the requester"),
    ({"requested_by": "Dr\u00a0 Baker\u200b"}, "approved by the requester"),
    ({"requested_by": "D\u0433 \u0412\u0430k\u0435\u0433"}, "approved by the requester"),
    ({"requested_by": "Dr B\u0430xter"}, "a name mixes letters of two alphabets"),
    ({"approved_by": "\u200b"}, "not approved"),
    ({"revoked_at": "2026-05-30"}, "revoked"),
    ({"revoked_at": "2026-06-30"}, "revoked"),
    ({"reason": "no-time"}, "reason not allowed"),
    ({"valid_from": None}, "no validity dates"),
    ({"expires_on": None}, "no validity dates"),
    ({"expires_on": "2026-08-19"}, "span longer than allowed"),
    ({"valid_from": "2026-06-01"}, "not valid on the day"),
    ({"expires_on": "2026-05-30"}, "not valid on the day"),
    ({"expires_on": "2026-05-01"}, "not valid on the day"),
]
FAULTS = [
    ("not known yet", {"recorded_at": "2026-07-01"}),
    ("unknown case", {"case_id": "C9"}),
    ("unknown requirement", {"requirement": "mr"}),
    ("not approved", {"approved_by": None}),
    ("approved after as_of", {"approved_at": "2026-07-01"}),
    ("no requester", {"requested_by": None}),
    ("revoked", {"revoked_at": "2026-05-30"}),
    ("reason not allowed", {"reason": "no-time"}),
    ("span longer than allowed", {"valid_from": "2025-01-01", "expires_on": "2026-01-01"}),
    ("not valid on the day", {"valid_from": "2026-06-01"}),
]


ACTIVE = [
    {"requirement": " MRI "},
    {"reason": "Contraindication-MRI"},
    {"valid_from": "2026-05-31"},
    {"valid_from": "2026-05-01", "expires_on": "2026-05-31"},
    {"expires_on": "2026-08-18"},
    {"revoked_at": "2026-07-01"},
    {"recorded_at": "2026-06-30T23:59"},
    {"approved_at": "2026-06-30T09:00", "valid_from": "2026-05-31T00:30-04:00"},
]


def seen_with(engine, *rows, rule=RULE, **arguments):
    """A case with a CT in time and these exceptions."""
    return run(engine, rule, events=[scan("2026-05-05")], exceptions=rows, **arguments)


def test_an_active_exception_makes_a_requirement_exempt(engine):
    """Approved by somebody else, valid on the day, for an accepted reason."""
    seen = seen_with(engine, exception())
    expect(seen, ct="met", mri="exempt excepted -", verdict="compliant_with_exception")
    assert seen.ignored == []
    assert seen.finding("mri")["owner"] is None


def test_every_other_exception_is_ignored_and_reported(engine):
    """With the first thing that stands against it."""
    examples = [[exception() | columns] for columns, _ in IGNORED]
    for seen, (_, why) in zip(run_each(engine, RULE, examples), IGNORED, strict=True):
        expect(seen, mri="missing never_ordered -")
        assert seen.ignored == [("X1", why)]


def test_of_several_faults_the_first_is_reported(engine):
    """In a fixed order."""
    pairs = list(pairwise(FAULTS))
    examples = [[exception() | later | earlier] for (_, earlier), (_, later) in pairs]
    seen = run_each(engine, RULE, examples)
    assert [s.ignored for s in seen] == [[("X1", why)] for (why, _), _ in pairs]


def test_an_exception_is_active_up_to_its_limits(engine):
    """Both ends of its validity are included, and so is the longest span."""
    table = [(exception() | columns, "exempt excepted -") for columns in ACTIVE]
    expect_each(engine, RULE, table, requirement="mri")


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2026-05-19", "due never_ordered -"),
        ("2026-05-20", "exempt excepted -"),
        ("2026-05-31", "exempt excepted -"),
        ("2027-05-31", "exempt excepted -"),
    ],
)
def test_the_day_is_as_of_or_the_day_of_surgery_if_that_is_earlier(engine, as_of, expected):
    """What held on the day of surgery still holds when last year is audited."""
    cases = [case(status="scheduled" if as_of < "2026-05-31" else "performed")]
    row = exception(approved_at="2026-05-01")
    expect(seen_with(engine, row, cases=cases, as_of=as_of), mri=expected)


def test_approval_and_revocation_count_as_known_at_as_of(engine):
    """Approved at noon, it was not there in the morning; it is gone from the day of revocation."""
    row = exception(approved_at="2026-05-21T12:00", revoked_at="2026-05-25T18:00")
    for as_of, status in [
        ("2026-05-21T11:59", "due"),
        ("2026-05-21T12:00", "exempt"),
        ("2026-05-21", "exempt"),
        ("2026-05-24", "exempt"),
        ("2026-05-25T08:00", "due"),
    ]:
        seen = seen_with(engine, row, cases=[case(status="scheduled")], as_of=as_of)
        expect(seen, mri=status)


def test_without_a_policy_no_exception_is_accepted(engine):
    """The protocol has to name the reasons."""
    seen = seen_with(engine, exception(), rule=liver())
    assert seen.ignored == [("X1", "reason not allowed")]


@pytest.mark.parametrize(
    ("at_most", "valid_from", "expires_on", "status"),
    [
        ("1 month", "2026-01-31", "2026-02-28", "exempt"),
        ("1 month", "2026-01-31", "2026-03-01", "missing"),
        ("1 year", "2024-02-29", "2025-02-28", "exempt"),
        ("1 year", "2024-02-29", "2025-03-01", "missing"),
        ("2 weeks", "2026-02-10", "2026-02-24", "exempt"),
        ("2 weeks", "2026-02-10", "2026-02-25", "missing"),
    ],
)
def test_the_longest_span_is_counted_forwards_in_calendar_units(
    engine, at_most, valid_from, expires_on, status
):
    """A month from 31 January ends on 28 February."""
    rule = liver(exceptions=POLICY | {"at_most": at_most})
    row = exception(valid_from=valid_from, expires_on=expires_on, approved_at="2024-01-01")
    cases = [case(surgery_at=expires_on)]
    expect(seen_with(engine, row, rule=rule, cases=cases), mri=status)


def test_a_policy_without_a_limit_accepts_any_span(engine):
    """The rule's author decides."""
    rule = liver(exceptions={"reasons": ["other"]})
    row = exception(reason="other", valid_from="2020-01-01", expires_on="2030-01-01")
    expect(seen_with(engine, row, rule=rule), mri="exempt")


def test_of_several_exceptions_one_active_one_is_enough(engine):
    """The others are reported in the order of their ids."""
    rows = [
        exception("X3", revoked_at="2026-05-01"),
        exception("X1"),
        exception("X2", approved_by=None),
    ]
    seen = seen_with(engine, *rows)
    expect(seen, mri="exempt")
    assert seen.ignored == [("X2", "not approved"), ("X3", "revoked")]


def test_the_version_of_the_case_says_what_is_accepted(engine):
    """Reasons and requirements of another version do not count."""
    rule = bundle(
        version(
            ct(), mri(), in_force={"from": "2020-01-01", "to": "2025-12-31"}, exceptions=POLICY
        ),
        version(ct(), version="2.0", in_force={"from": "2026-01-01"}, exceptions=POLICY),
    )
    seen = seen_with(engine, exception(), rule=rule)
    assert seen.ignored == [("X1", "unknown requirement")]


@pytest.mark.parametrize(("last", "holds"), [("2026-03-28", True), ("2026-03-29", False)])
def test_a_span_in_months_is_counted_from_its_first_day(engine, last, holds):
    """One month after 28 February is 28 March; counted back from 29 March it would fit."""
    rule = liver(exceptions={"reasons": ["other"], "at_most": "1 month"})
    row = exception(reason="other", valid_from="2026-02-28", expires_on=last)
    rows = {"cases": [case(surgery_at="2026-03-20")], "exceptions": [row]}
    seen = run(engine, rule, events=[scan("2026-03-01")], **rows)
    assert seen.ignored == ([] if holds else [("X1", "span longer than allowed")])


LATE = [
    ([{"requested_at": "2026-06-01"}], True),
    ([{"requested_at": "2026-05-31"}], False),
    ([{"requested_at": "2026-05-31T07:59"}], False),
    ([{"requested_at": "2026-05-31T09:00"}], True),
    ([{"requested_at": None}], False),
    ([{"requested_at": "2026-06-01"}, {"requested_at": "2026-05-01"}], False),
    ([{"requested_at": "2026-06-01"}, {"requested_at": "2026-06-02"}], True),
    ([{"requested_at": "2026-06-01"}, {"requested_at": "2026-05-01", "reason": "no"}], True),
]


def test_one_that_was_asked_for_after_surgery_says_so(engine):
    """In the sentence of the finding; of several, where each of those that hold was."""
    examples = [
        [exception(f"X{n}") | columns for n, columns in enumerate(rows)] for rows, _ in LATE
    ]
    for seen, (_, late) in zip(run_each(engine, RULE, examples), LATE, strict=True):
        words = ", requested after surgery" if late else ""
        assert seen.finding("mri")["sentence"] == (
            f"MRI of the liver is waived by an approved exception until 2026-06-20{words}."
        )


def test_on_the_day_of_surgery_the_clock_decides_who_asked_late(engine):
    """Where both have one."""
    cases = [case(surgery_at="2026-05-31T08:00", started_at="2026-05-31T08:30")]
    for asked, late in [("08:30", False), ("08:31", True), ("12:31+04:00", False)]:
        row = exception(requested_at=f"2026-05-31T{asked}")
        seen = seen_with(engine, row, cases=cases)
        assert ("after surgery" in seen.finding("mri")["sentence"]) is late
