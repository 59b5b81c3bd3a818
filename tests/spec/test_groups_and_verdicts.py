"""What the requirements of a case add up to: `all_of`, `any_of` and the verdict."""

from __future__ import annotations

import pytest

from tests.helpers import case, ct, exception, expect, group, mr_scan, mri, protocol_with, run, scan

POLICY = {"reasons": ["contraindication-mri"]}
UPCOMING = [case(status="scheduled")]
BEFORE = "2026-05-10"
# One way to bring the MRI into every status that it can have for an upcoming case ...
AHEAD = {
    "met": {"events": [mr_scan("2026-05-05")]},
    "exempt": {"exceptions": [exception(approved_at="2026-05-01", valid_from="2026-05-01")]},
    "booked": {"events": [mr_scan("2026-05-20", status="booked")]},
    "due": {},
    "unknown": {"events": [mr_scan("2026-05-05", region=None)]},
}
# ... and for a past one.
PAST = {
    "met": AHEAD["met"],
    "exempt": AHEAD["exempt"],
    "unknown": AHEAD["unknown"],
    "expired": {"events": [mr_scan("2026-04-01")]},
    "missing": {},
}


def with_ct(status: str, arguments: dict) -> dict:
    """The same with a CT in this status."""
    events = {
        "met": [scan("2026-05-05")],
        "missing": [],
        "unknown": [scan("2026-05-05", region=None)],
        "expired": [scan("2026-04-01")],
        "due": [],
        "booked": [scan("2026-05-20", status="booked")],
    }
    return arguments | {"events": [*arguments.get("events", []), *events[status]]}


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("met", "compliant"),
        ("exempt", "compliant_with_exception"),
        ("booked", "pending"),
        ("due", "action_needed"),
        ("unknown", "undetermined"),
    ],
)
def test_an_upcoming_case_is_as_good_as_the_worst_it_needs(engine, status, verdict):
    """With a CT that is met, the MRI decides."""
    rule = protocol_with(ct(), mri(), exceptions=POLICY)
    seen = run(engine, rule, cases=UPCOMING, as_of=BEFORE, **with_ct("met", AHEAD[status]))
    expect(seen, ct="met", mri=status, verdict=verdict)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("met", "compliant"),
        ("exempt", "compliant_with_exception"),
        ("unknown", "undetermined"),
        ("expired", "not_compliant"),
        ("missing", "not_compliant"),
    ],
)
def test_a_past_case_is_as_good_as_the_worst_it_needed(engine, status, verdict):
    """With a CT that is met, the MRI decides."""
    rule = protocol_with(ct(), mri(), exceptions=POLICY)
    seen = run(engine, rule, **with_ct("met", PAST[status]))
    expect(seen, ct="met", mri=status, verdict=verdict)


@pytest.mark.parametrize(
    ("ct_status", "mri_status", "all_of", "any_of"),
    [
        ("met", "missing", "not_compliant", "compliant"),
        ("unknown", "missing", "not_compliant", "undetermined"),
        ("unknown", "met", "undetermined", "compliant"),
        ("missing", "exempt", "not_compliant", "compliant_with_exception"),
        ("unknown", "exempt", "undetermined", "compliant_with_exception"),
        ("expired", "missing", "not_compliant", "not_compliant"),
        ("unknown", "unknown", "undetermined", "undetermined"),
    ],
)
def test_groups_are_three_valued(engine, ct_status, mri_status, all_of, any_of):
    """Unknown and false is false, unknown or true is true."""
    arguments = with_ct(ct_status, PAST[mri_status])
    for how, verdict in (("all_of", all_of), ("any_of", any_of)):
        seen = run(engine, protocol_with(group(how, ct(), mri()), exceptions=POLICY), **arguments)
        expect(seen, ct=ct_status, mri=mri_status, verdict=verdict)


def us(**changes):
    """An ultrasound of the liver."""
    event = {"kind": "imaging", "modality": ["US"]}
    return ct(id="us", title="Ultrasound", event=event, owner="US desk") | changes


NESTED = protocol_with(ct(), group("any_of", mri(), group("all_of", us(), mri(id="mri-two"))))


@pytest.mark.parametrize(
    ("events", "verdict"),
    [
        ([scan("2026-05-05"), mr_scan("2026-05-06")], "compliant"),
        ([scan("2026-05-05"), scan("2026-05-06", "E3", modality="US")], "not_compliant"),
        ([mr_scan("2026-05-06")], "not_compliant"),
        ([scan("2026-05-05")], "not_compliant"),
    ],
)
def test_groups_may_be_nested(engine, events, verdict):
    """CT, and either MRI or ultrasound with a second MRI."""
    expect(run(engine, NESTED, events=events), verdict=verdict)


def next_of(engine, rule, **arguments):
    """The requirement that gives the next action of an upcoming case."""
    line = run(engine, rule, cases=UPCOMING, as_of=BEFORE, **arguments).case()
    return line["next_requirement"], line["owner"]


def test_nothing_is_left_to_do_in_a_group_of_which_one_is_enough(engine):
    """The MRI is there, so nobody has to arrange the CT."""
    rule = protocol_with(group("any_of", ct(), mri()))
    assert next_of(engine, rule, events=[mr_scan("2026-05-05")]) == (None, None)
    assert next_of(engine, rule, events=[mr_scan("2026-05-20", status="booked")]) == (None, None)
    assert next_of(engine, rule) == ("ct", "CT desk")


def test_in_a_group_of_which_one_is_enough_the_better_branch_is_followed(engine):
    """Arranging a scan (due) comes before clearing up a doubt (unknown)."""
    rule = protocol_with(group("any_of", ct(), mri()))
    assert next_of(engine, rule, events=[scan("2026-05-05", region=None)]) == ("mri", "MRI desk")


def test_a_branch_that_is_as_good_as_its_group_stays_open(engine):
    """Of a branch that needs two, both are open; the earliest last day comes first."""
    early = us(lead_time="5 working days")
    rule = protocol_with(group("any_of", mri(), group("all_of", ct(), early)))
    assert next_of(engine, rule) == ("us", "US desk")
    doubt = [scan("2026-05-05", region=None)]  # the branch of CT and ultrasound is now unknown
    assert next_of(engine, rule, events=doubt) == ("mri", "MRI desk")


def test_every_case_has_one_line(engine):
    """Also where nothing is known of its patient."""
    cases = [case("C1"), case("C2", patient_id="P2"), case("C3", status="cancelled")]
    seen = run(engine, cases=cases, events=[scan("2026-05-05"), mr_scan("2026-05-06")])
    assert [(c["case_id"], c["verdict"], str(c["surgery_date"])) for c in seen.cases] == [
        ("C1", "compliant", "2026-05-31"),
        ("C2", "not_compliant", "2026-05-31"),
        ("C3", "not_applicable", "2026-05-31"),
    ]
