"""What was imaged, and how: modality and region of a study ten days before surgery."""

from __future__ import annotations

import pytest

from tests.helpers import LIVER_REGIONS, ct, ct_rule, event, expect, expect_each, protocol_with, run

DAY = "2026-05-21"


RECORDED = [
    ({"modality": "CT", "region": "liver"}, "met in_window E1"),
    ({"modality": "CT", "region": "chest-abdomen-pelvis"}, "met in_window E1"),
    ({"modality": "CT", "region": "chest;abdomen"}, "met in_window E1"),
    ({"modality": "CT;DX", "region": "liver"}, "met in_window E1"),
    ({"modality": "CT", "region": "chest"}, "missing wrong_region E1"),
    ({"modality": "CT", "region": "chest;head"}, "missing wrong_region E1"),
    ({"modality": "CT", "region": "thorax"}, "unknown unmapped E1"),
    ({"modality": "CT", "region": "chest;thorax"}, "unknown unmapped E1"),
    ({"modality": "CT", "region": "liver;thorax"}, "met in_window E1"),
    ({"modality": "CT"}, "unknown unmapped E1"),
    ({"region": "liver"}, "unknown unmapped E1"),
    ({}, "unknown unmapped E1"),
    ({"modality": "MR", "region": "liver"}, "missing never_ordered -"),
    ({"modality": "MRI", "region": "liver"}, "unknown unmapped E1"),
    ({"modality": "MR;SCAN", "region": "liver"}, "unknown unmapped E1"),
    ({"region": "chest"}, "missing unmapped E1"),
    ({"modality": "US"}, "missing never_ordered -"),
]
FROM_CODES = [
    ({"codes": "LOCAL:CT-LIVER"}, "met in_window E1"),
    ({"codes": "local:ct-liver"}, "met in_window E1"),
    ({"codes": "LOCAL:OTHER;LOCAL:CT-LIVER"}, "met in_window E1"),
    ({"codes": "LOCAL:CT-ANY"}, "unknown unmapped E1"),
    ({"codes": "LOCAL:CT-ANY", "region": "liver"}, "met in_window E1"),
    ({"codes": "LOCAL:CT-ANY;LOCAL:MR-HEAD"}, "missing wrong_region E1"),
    ({"codes": "LOCAL:OTHER"}, "unknown unmapped E1"),
    ({"codes": "LOCAL:MR-LIVER"}, "missing never_ordered -"),
    ({"codes": "LOCAL:MR-LIVER", "modality": "CT"}, "met in_window E1"),
    ({"codes": "LOCAL:MR-HEAD", "modality": "CT"}, "missing wrong_region E1"),
    ({"codes": "LOCAL:CT-LIVER", "modality": "MR"}, "missing never_ordered -"),
    ({"codes": "LOCAL:CT-LIVER", "region": "head"}, "missing wrong_region E1"),
    ({"codes": "LOCAL:CT-LIVER", "modality": " ; "}, "met in_window E1"),
    ({"codes": "CT-LIVER"}, "unknown unmapped E1"),
]
PET_CT = [
    ({"modality": "PT;CT"}, "refuse", "missing wrong_modality E1"),
    ({"modality": "PT;CT"}, "allow", "met in_window E1"),
    ({"modality": "CT;PT"}, "refuse", "missing wrong_modality E1"),
    ({"modality": "PT"}, "allow", "missing never_ordered -"),
    ({"codes": "LOCAL:PETCT"}, "refuse", "missing wrong_modality E1"),
    ({"codes": "LOCAL:PETCT"}, "allow", "met in_window E1"),
    ({"codes": "LOCAL:PETCT", "modality": "CT"}, "refuse", "met in_window E1"),
    ({"modality": "PT;CT;XX"}, "refuse", "unknown unmapped E1"),
]


def test_modality_and_region_are_right_wrong_or_not_recorded(engine):
    """One of the asked words is enough; a word that nobody knows leaves it open."""
    expect_each(engine, ct_rule(), [(event(DAY, **columns), said) for columns, said in RECORDED])


def test_an_empty_column_is_filled_from_the_codes(engine):
    """Where column and code contradict each other, the column decides."""
    expect_each(engine, ct_rule(), [(event(DAY, **columns), said) for columns, said in FROM_CODES])


@pytest.mark.parametrize("pet_ct", ["refuse", "allow"])
def test_the_ct_of_a_pet_ct_counts_only_where_the_rule_allows_it(engine, pet_ct):
    """It is often done without contrast; refused, it is still shown as the nearest miss."""
    table = [
        (event(DAY, **{"region": "liver"} | columns), expected)
        for columns, rule, expected in PET_CT
        if rule == pet_ct
    ]
    expect_each(engine, ct_rule(pet_ct=pet_ct), table)


def test_a_pet_ct_is_a_pet_where_a_pet_is_asked_for(engine):
    """Only its CT is dropped."""
    rule = ct_rule(event={"kind": "imaging", "modality": ["PT"]})
    expect(run(engine, rule, events=[event(DAY, modality="PT;CT")]), ct="met in_window E1")


def test_any_of_several_modalities_counts(engine):
    """A rule may accept CT or MRI."""
    selector = {"kind": "imaging", "modality": ["CT", "MR"], "region": LIVER_REGIONS}
    studies = [event(DAY, modality=word, region="liver") for word in ("CT", "MR")]
    expect_each(engine, ct_rule(event=selector), [(study, "met in_window E1") for study in studies])


def test_what_a_rule_does_not_ask_does_not_matter(engine):
    """A visit has no modality and no region."""
    rule = protocol_with(ct(id="visit", event={"kind": "visit"}))
    events = [event(DAY, kind="visit"), event("2026-05-25", "E2", kind="therapy")]
    expect(run(engine, rule, events=events), visit="met in_window E1")


def test_only_events_of_the_asked_kind_are_looked_at(engine):
    """A therapy with the words of a CT is no CT."""
    events = [event(DAY, kind="therapy", modality="CT", region="liver")]
    expect(run(engine, ct_rule(), events=events), ct="missing never_ordered -")


def test_the_description_never_decides(engine):
    """Free text is shown, not read."""
    events = [event(DAY, modality="MR", region="liver", description="CT liver, triphasic")]
    expect(run(engine, ct_rule(), events=events), ct="missing never_ordered -")


def test_events_of_other_patients_are_not_looked_at(engine):
    """Only the patient of the case."""
    events = [event(DAY, patient_id="P2", modality="CT", region="liver")]
    expect(run(engine, ct_rule(), events=events), ct="missing never_ordered -")
