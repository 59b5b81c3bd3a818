"""Whom the protocol asks: population, exclusions, versions and cancelled cases."""

from __future__ import annotations

import pytest

from tests.helpers import bundle, case, expect, expect_each, liver, run, run_each, scan
from tests.helpers.protocols import EMERGENCY, LIVER_OPERATION, ct, mri, version

ASKED_OR_NOT = [
    ({}, "missing"),
    ({"procedures": None}, "not_applicable not_in_population"),
    ({"diagnoses": "ICD-10-CM:K80.2"}, "not_applicable not_in_population"),
    ({"procedures": "CCI:1.OA.87.LA"}, "missing"),
    ({"procedures": "CCI:1OA87"}, "not_applicable not_in_population"),
    ({"urgency": "emergency"}, "not_applicable excluded"),
    ({"urgency": " Emergency "}, "not_applicable excluded"),
    ({"urgency": "urgent"}, "missing"),
    ({"urgency": "crash"}, "missing"),
    ({"status": "cancelled"}, "not_applicable cancelled_case"),
    ({"surgery_at": "2019-12-31"}, "not_applicable not_in_force"),
    ({"surgery_at": "2020-01-01"}, "missing"),
    ({"status": "cancelled", "surgery_at": "2019-12-31"}, "not_applicable cancelled_case"),
    ({"procedures": None, "surgery_at": "2019-12-31"}, "not_applicable not_in_force"),
    ({"procedures": None, "urgency": "emergency"}, "not_applicable not_in_population"),
]


def test_a_case_is_asked_or_it_is_told_why_not(engine):
    """Cancelled, no version in force, outside the population, excluded: the first that applies."""
    examples = [[case() | columns] for columns, _ in ASKED_OR_NOT]
    seen = run_each(engine, liver(exclude=[EMERGENCY]), examples)
    for one, (_, expected) in zip(seen, ASKED_OR_NOT, strict=True):
        verdict = "not_compliant" if expected == "missing" else "not_applicable"
        expect(one, ct=expected, mri=expected, verdict=verdict)


def test_a_case_that_is_not_asked_has_no_window_and_nothing_to_do(engine):
    """Even where its studies are complete."""
    cases = [case(status="cancelled")]
    seen = run(engine, cases=cases, events=[scan("2026-05-10")], as_of="2026-05-20")
    found = seen.finding("ct")
    assert {k: v for k, v in found.items() if v is not None} == {
        "case_id": "C1",
        "requirement": "ct",
        "status": "not_applicable",
        "reason": "cancelled_case",
        "sentence": "The operation was cancelled.",
    }
    line = seen.case()
    assert (line["next_requirement"], line["act_by"], line["owner"]) == (None, None, None)


CONDITIONS = [
    (
        {"site": ["North", "South"]},
        [({"site": "North"}, True), ({"site": "north"}, False), ({"site": None}, False)],
    ),
    ({"surgeon": ["S1"]}, [({"surgeon": " S1 "}, True), ({"surgeon": "S10"}, False)]),
    (
        {"urgency": ["elective", "urgent"]},
        [({"urgency": "URGENT"}, True), ({"urgency": "emergency"}, False), ({}, False)],
    ),
    (
        {"column": {"name": "ward", "in": ["A", "B"]}},
        [({"ward": "B"}, True), ({"ward": "b"}, False), ({}, False)],
    ),
    (
        {"column": {"name": "status", "in": ["performed"]}},
        [({"status": " Performed"}, True), ({"status": "scheduled"}, False)],
    ),
    (
        {"any_of": [{"site": ["North"]}, {"surgeon": ["S1"]}]},
        [({"surgeon": "S1"}, True), ({"site": "North"}, True), ({"surgeon": "S2"}, False)],
    ),
    (
        {"all_of": [{"site": ["N"]}, {"any_of": [{"surgeon": ["S1"]}, {"urgency": ["urgent"]}]}]},
        [
            ({"site": "N", "urgency": "urgent"}, True),
            ({"site": "N"}, False),
            ({"urgency": "urgent"}, False),
        ],
    ),
    ({"diagnosis": {"in": "liver-metastasis"}}, [({"diagnoses": None}, False), ({}, True)]),
]


@pytest.mark.parametrize("condition", [condition for condition, _ in CONDITIONS])
def test_a_condition_holds_or_not(engine, condition):
    """A missing value never matches; urgency is a word, other columns are compared exactly."""
    cases = next(cases for one, cases in CONDITIONS if one is condition)
    table = [
        (case() | columns, "missing" if holds else "not_applicable not_in_population")
        for columns, holds in cases
    ]
    expect_each(engine, liver(applies_to=condition), table)


def test_an_exclusion_does_not_hold_where_its_value_is_missing(engine):
    """Who is not known to be an emergency is asked."""
    excluded = {"id": "north", "title": "Ward north", "when": {"site": ["North"]}}
    rule = liver(exclude=[EMERGENCY, excluded])
    table = [(case(), "missing"), (case(site="North"), "not_applicable excluded")]
    expect_each(engine, rule, table)


VERSIONS = bundle(
    version(ct(), in_force={"from": "2020-01-01", "to": "2025-12-31"}),
    version(
        ct(window={"before": "surgery", "at_most": "14 days"}),
        mri(),
        version="2.0",
        in_force={"from": "2026-02-01", "to": "2026-06-30"},
    ),
)


def test_the_version_in_force_on_the_day_of_surgery_applies(engine):
    """Where none is in force, the requirements of the latest one before are reported."""
    table = [
        ("2019-06-01", ["ct"], "not_applicable not_in_force"),
        ("2025-12-31", ["ct"], "missing"),
        ("2026-01-15", ["ct"], "not_applicable not_in_force"),
        ("2026-02-01", ["ct", "mri"], "missing"),
        ("2026-06-30", ["ct", "mri"], "missing"),
        ("2026-07-01", ["ct", "mri"], "not_applicable not_in_force"),
    ]
    examples = [[case(surgery_at=surgery)] for surgery, _, _ in table]
    seen = run_each(engine, VERSIONS, examples, as_of="2026-12-31")
    for one, (_, requirements, status) in zip(seen, table, strict=True):
        assert [f["requirement"] for f in one.findings] == requirements
        expect(one, ct=status)


def test_each_case_is_judged_by_its_own_version(engine):
    """Twenty days were enough in 2025, and are too old in 2026."""
    cases = [case("C1", "2025-06-21"), case("C2", "2026-05-21", patient_id="P2")]
    events = [scan("2025-06-01"), scan("2026-05-01", "E2", patient_id="P2")]
    seen = run(engine, VERSIONS, cases=cases, events=events)
    expect(seen, "C1", ct="met in_window E1")
    expect(seen, "C2", ct="expired too_old E2")


def test_the_anchor_date_chooses_the_version(engine):
    """Planned for December, begun in February."""
    cases = [case(surgery_at="2025-12-30", started_at="2026-02-02")]
    seen = run(engine, VERSIONS, cases=cases)
    assert [f["requirement"] for f in seen.findings] == ["ct", "mri"]


def test_several_operations_of_one_patient_are_judged_one_by_one(engine):
    """One CT may serve two operations, or only one of them."""
    cases = [case("C1", "2026-05-10"), case("C2", "2026-05-31"), case("C3", "2026-06-20")]
    seen = run(engine, liver(), cases=cases, events=[scan("2026-05-05")])
    expect(seen, "C1", ct="met in_window E1")
    expect(seen, "C2", ct="met in_window E1")
    expect(seen, "C3", ct="expired too_old E1")


def test_a_protocol_may_ask_everybody_at_a_site(engine):
    """The condition is the rule's; nothing else is assumed about the case."""
    rule = liver(applies_to={"any_of": [LIVER_OPERATION, {"site": ["North"]}]})
    cases = [case(procedures=None, diagnoses=None, site="North")]
    expect(run(engine, rule, cases=cases), ct="missing")
