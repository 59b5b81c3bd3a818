"""The shipped protocol's populations beside an independent CQL engine, patient by patient."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from qi_checker.engines.duckdb import evaluate
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.site import Site
from qi_checker.query.tables import FACTS, FINDINGS
from qi_checker.sources.memory import from_frames
from tests.cql.engine import CQL, ELM, Referee, elm_of
from tests.cql.patients import ZONE, Patient, patients

SHIPPED = rules_dir() / "hepatic-metastasectomy-imaging"
POPULATIONS = (
    "Initial Population",
    "Denominator Exclusion",
    "Denominator",
    "CT Present",
    "MRI Present",
    "CT In Window",
    "MRI In Window",
    "Numerator",
)
NUMBER = 1500


@pytest.fixture(scope="module")
def cohort() -> list[Patient]:
    return patients(NUMBER)


@pytest.fixture(scope="module")
def ours(cohort: list[Patient]) -> dict[str, set[str]]:
    return evaluated(cohort)


def evaluated(cohort: list[Patient]) -> dict[str, set[str]]:
    """Our populations, by the names of the CQL definitions."""
    site = Site(timezone=ZONE)
    frames = {
        "cases": pd.DataFrame([p.case() for p in cohort]),
        "events": pd.DataFrame([e for p in cohort for e in p.events()]),
    }
    done = evaluate(
        load_protocol(SHIPPED), from_frames(frames, site=site), AsOf.parse("2026-12-31"), site
    )
    found: dict[str, set[str]] = {name: set() for name in POPULATIONS}
    for row in done.cases():
        if row["verdict"] != "not_applicable":
            found["Denominator"].add(row["case_id"])
        if row["verdict"] == "compliant":
            found["Numerator"].add(row["case_id"])
    named = {"ct": "CT", "mri": "MRI"}
    query = f"""SELECT f.case_id, f.id, f.status, f.reason, d.present
                FROM {FINDINGS} f JOIN {FACTS} d USING (case_key, number)"""
    for row in done.rows(query):
        case_id, name = row["case_id"], named[row["id"]]
        if row["reason"] == "excluded":
            found["Denominator Exclusion"].add(case_id)
        if row["reason"] == "excluded" or row["status"] != "not_applicable":
            found["Initial Population"].add(case_id)
        if row["present"]:
            found[f"{name} Present"].add(case_id)
        if row["status"] == "met":
            found[f"{name} In Window"].add(case_id)
    return found


def judged(cohort: list[Patient], elm: str | None = None) -> dict[str, set[str]]:
    """The referee's populations; imaging of patients outside the denominator is not compared."""
    referee = Referee(elm or ELM.read_text(encoding="utf-8"))
    found = referee.populations(((p.id, p.bundle()) for p in cohort), POPULATIONS)
    for name in POPULATIONS[3:7]:
        found[name] &= found["Denominator"]
    return found


def test_the_elm_is_the_translation_of_the_cql() -> None:
    assert ELM.read_text(encoding="utf-8") == elm_of(CQL.read_text(encoding="utf-8"))


def test_the_referee_knows_every_operator() -> None:
    assert Referee(ELM.read_text(encoding="utf-8")).missing_operators() == set()


def test_both_find_the_same_patients(cohort: list[Patient], ours: dict[str, set[str]]) -> None:
    theirs = judged(cohort)
    for name in POPULATIONS:
        assert sorted(ours[name] ^ theirs[name]) == [], name


def test_the_totals_are_those_that_the_patients_were_made_for(
    cohort: list[Patient], ours: dict[str, set[str]]
) -> None:
    """Two checkers that find nobody agree, too."""
    made = {name: {p.id for p in cohort if name in p.belongs_to()} for name in POPULATIONS}
    assert {n: len(ours[n]) for n in POPULATIONS} == {n: len(made[n]) for n in POPULATIONS}
    assert all(ours[name] == made[name] for name in POPULATIONS)
    assert all(NUMBER / 20 < len(made[name]) < NUMBER * 19 / 20 for name in POPULATIONS)
    assert len(made["CT In Window"]) < len(made["CT Present"])


def test_the_comparison_can_fail(cohort: list[Patient], ours: dict[str, set[str]]) -> None:
    """A referee that allows 31 days is found out."""
    wrong = elm_of(CQL.read_text(encoding="utf-8").replace("<= 30", "<= 31"))
    theirs = judged(cohort[:400], wrong)
    these = {p.id for p in cohort[:400]}
    differ = (ours["CT In Window"] & these) ^ theirs["CT In Window"]
    assert differ
    by_id = {p.id: p for p in cohort}
    assert all(31 in [s.days for s in by_id[id].studies] for id in differ)


def test_a_patient_is_not_answered_for_by_the_one_before() -> None:
    """The referee keeps answers; ours must not be compared with somebody else's."""
    one = next(p for p in patients(200) if "Numerator" in p.belongs_to())
    other = replace(one, id="P-other", studies=())
    assert judged([one, other])["Numerator"] == {one.id}
