"""Whom the protocol asks: population, exclusions, versions and cancelled cases."""

from __future__ import annotations

import pytest

from tests.helpers import bundle, case, expect, liver, run, scan
from tests.helpers.protocols import EMERGENCY, LIVER_OPERATION, ct, mri, version


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
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
    ],
)
def test_a_case_is_asked_or_it_is_told_why_not(engine, columns, expected):
    """Cancelled, no version in force, outside the population, excluded: the first that applies."""
    seen = run(engine, liver(exclude=[EMERGENCY]), cases=[case() | columns])
    expect(seen, ct=expected, mri=expected)
    if expected != "missing":
        assert seen.case()["verdict"] == "not_applicable"


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
    }
    line = seen.case()
    assert (line["next_requirement"], line["act_by"], line["owner"]) == (None, None, None)


CONDITIONS = [
    ({"site": ["North", "South"]}, {"site": "North"}, True),
    ({"site": ["North", "South"]}, {"site": "north"}, False),
    ({"site": ["North", "South"]}, {"site": None}, False),
    ({"surgeon": ["S1"]}, {"surgeon": " S1 "}, True),
    ({"surgeon": ["S1"]}, {"surgeon": "S10"}, False),
    ({"urgency": ["elective", "urgent"]}, {"urgency": "URGENT"}, True),
    ({"urgency": ["elective", "urgent"]}, {}, False),
    ({"column": {"name": "ward", "in": ["A", "B"]}}, {"ward": "B"}, True),
    ({"column": {"name": "ward", "in": ["A", "B"]}}, {"ward": "b"}, False),
    ({"column": {"name": "ward", "in": ["A", "B"]}}, {}, False),
    ({"any_of": [{"site": ["North"]}, {"surgeon": ["S1"]}]}, {"surgeon": "S1"}, True),
    ({"any_of": [{"site": ["North"]}, {"surgeon": ["S1"]}]}, {"surgeon": "S2"}, False),
    ({"all_of": [{"site": ["North"]}, {"surgeon": ["S1"]}]}, {"site": "North"}, False),
    (
        {
            "all_of": [
                {"site": ["North"]},
                {"any_of": [{"surgeon": ["S1"]}, {"urgency": ["urgent"]}]},
            ]
        },
        {"site": "North", "urgency": "urgent"},
        True,
    ),
    ({"diagnosis": {"in": "liver-metastasis"}}, {"diagnoses": None}, False),
]


@pytest.mark.parametrize(("condition", "columns", "holds"), CONDITIONS)
def test_a_condition_holds_or_not(engine, condition, columns, holds):
    """A missing value never matches; urgency is a word, other columns are compared exactly."""
    expected = "missing" if holds else "not_applicable not_in_population"
    expect(run(engine, liver(applies_to=condition), cases=[case() | columns]), ct=expected)


def test_an_exclusion_does_not_hold_where_its_value_is_missing(engine):
    """Who is not known to be an emergency is asked."""
    excluded = {"id": "north", "title": "Ward north", "when": {"site": ["North"]}}
    rule = liver(exclude=[EMERGENCY, excluded])
    expect(run(engine, rule), ct="missing")
    expect(run(engine, rule, cases=[case(site="North")]), ct="not_applicable excluded")


VERSIONS = bundle(
    version(ct(), in_force={"from": "2020-01-01", "to": "2025-12-31"}),
    version(
        ct(window={"before": "surgery", "at_most": "14 days"}),
        mri(),
        version="2.0",
        in_force={"from": "2026-02-01", "to": "2026-06-30"},
    ),
)


@pytest.mark.parametrize(
    ("surgery", "requirements", "status"),
    [
        ("2019-06-01", ["ct"], "not_applicable not_in_force"),
        ("2025-12-31", ["ct"], "missing"),
        ("2026-01-15", ["ct"], "not_applicable not_in_force"),
        ("2026-02-01", ["ct", "mri"], "missing"),
        ("2026-06-30", ["ct", "mri"], "missing"),
        ("2026-07-01", ["ct", "mri"], "not_applicable not_in_force"),
    ],
)
def test_the_version_in_force_on_the_day_of_surgery_applies(engine, surgery, requirements, status):
    """Where none is in force, the requirements of the latest one before are reported."""
    seen = run(engine, VERSIONS, cases=[case(surgery_at=surgery)], as_of="2026-12-31")
    assert [f["requirement"] for f in seen.findings] == requirements
    expect(seen, ct=status)


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
