"""Codes that are asked for, that never count, and how they are written."""

from __future__ import annotations

from tests.helpers import LIVER_REGIONS, case, ct_rule, event, expect, expect_each, run, scan

DAY = "2026-05-21"
IMAGING = {"kind": "imaging", "modality": ["CT"], "region": LIVER_REGIONS}
ASKED = ct_rule(event=IMAGING | {"codes": {"in": "liver-ct-codes"}})
REFUSED = ct_rule(event=IMAGING | {"not_codes": {"in": "biopsy-codes"}})


def test_an_event_needs_one_of_the_asked_codes(engine):
    """System and code both match; a star stands for any ending; no code does not match."""
    table = [
        ("LOCAL:CT-LIVER", "met in_window E1"),
        ("LOCAL:OTHER; local:ct-liver ;", "met in_window E1"),
        ("LOCAL:CT-TRIPHASIC", "met in_window E1"),
        ("LOCAL:CT-TRI", "met in_window E1"),
        ("LOCAL:CT-TR", "missing excluded_code E1"),
        ("ELSEWHERE:CT-LIVER", "missing excluded_code E1"),
        ("LOCAL:CT-LIVER-2", "missing excluded_code E1"),
        (None, "missing excluded_code E1"),
        ("CT-LIVER", "missing excluded_code E1"),
        (":CT-LIVER", "missing excluded_code E1"),
    ]
    expect_each(engine, ASKED, [(scan(DAY, codes=codes), expected) for codes, expected in table])


def test_an_event_with_a_refused_code_never_counts(engine):
    """One refused code is enough."""
    table = [
        (None, "met in_window E1"),
        ("LOCAL:OTHER", "met in_window E1"),
        ("LOCAL:BIOPSY", "missing excluded_code E1"),
        ("LOCAL:CT-LIVER;LOCAL:BIOPSY", "missing excluded_code E1"),
        ("LOCAL:GUIDED-DRAINAGE", "missing excluded_code E1"),
    ]
    expect_each(engine, REFUSED, [(scan(DAY, codes=codes), expected) for codes, expected in table])


def test_a_code_with_the_role_never_disqualifies_whatever_the_columns_say(engine):
    """A chest CT stays one when somebody writes liver beside it."""
    events = [scan(DAY, codes="LOCAL:CT-LIVER;LOCAL:CT-CHEST")]
    expect(run(engine, ct_rule(), events=events), ct="missing excluded_code E1")


def test_the_role_never_is_about_imaging(engine):
    """A visit may carry the code of an examination that was discussed."""
    rule = ct_rule(event={"kind": "visit"})
    events = [event(DAY, kind="visit", codes="LOCAL:CT-CHEST")]
    expect(run(engine, rule, events=events), ct="met in_window E1")


def test_the_role_warns_does_not_change_a_status(engine):
    """It is advice."""
    events = [scan(DAY, codes="LOCAL:PETCT")]
    expect(run(engine, ct_rule(), events=events), ct="met in_window E1")


def test_one_code_may_be_written_in_many_ways(engine):
    """Names and URIs of a system, and codes with and without dots, are the same."""
    written = [
        "ICD-10-CM:C78.7",
        "ICD-10-CM:C787",
        "icd10cm:c78.7",
        "http://hl7.org/fhir/sid/icd-10-cm:C78.7",
        "ICD-10-CM:K80.2;ICD-10-CM:C78.7",
    ]
    expect_each(engine, ct_rule(), [(case(diagnoses=text), "missing") for text in written])


def test_another_system_or_a_shorter_code_is_another_code(engine):
    """ICD-10 and ICD-10-CM are different systems."""
    others = ["C78.7", "ICD-10:C78.7", "ICD-10-CM:C78", "", None, "X:"]
    table = [(case(diagnoses=text), "not_applicable not_in_population") for text in others]
    expect_each(engine, ct_rule(), table)
