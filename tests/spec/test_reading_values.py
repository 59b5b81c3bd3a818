"""Reading values: blanks, spellings and what is a date."""

from __future__ import annotations

from tests.helpers import case, ct_rule, expect, expect_each, run, scan

DATES = [
    "2026-05-10",
    "  2026-05-10 ",
    "2026-05-10T08:00",
    "2026-05-10 08:00",
    "2026-05-10T08:00:30",
    "2026-05-10 08:00:30.5",
    "2026-05-10T08:00:30.123456",
    "2026-05-10T08:00Z",
    "2026-05-10T08:00:30Z",
    "2026-05-10 08:00-05",
    "2026-05-10T08:00+05:30",
    "2026-05-10T08:00-0500",
    "2026-05-10T12:00+14:00",
]
NO_DATES = [
    "10.05.2026",
    "05/10/2026",
    "20260510",
    "2026-5-10",
    "2026-02-30",
    "2026-13-01",
    "2026-00-10",
    "2026-05-10T24:00",
    "2026-05-10T08",
    "2026-05-10T08:60",
    "2026-05-10T08:00:60",
    "2026-05-10T08:00:00.",
    "2026-05-10T08:00+15:00",
    "2026-05-10T08:00+14:01",
    "2026-05-10T08:00-5",
    "2026-05-10Z",
    "2026-05-10  08:00",
    "1899-12-31",
    "2200-01-01",
    "0026-05-10",
    "2026-14",
    "26",
    "٢٠٢٦-٠٥-١٠",
    "yesterday",
    "2026-W20",
    "1779000000",
]


def test_iso_dates_and_times_are_read(engine):
    """With a blank or a T, to the minute or finer, with or without an offset."""
    expect_each(engine, ct_rule(), [(scan(text), "met in_window E1") for text in DATES])


def test_anything_else_is_no_date(engine):
    """It is unreadable, and rejects the row."""
    seen = run(engine, ct_rule(), events=[scan(text) for text in NO_DATES])
    assert seen.reject_lines == [
        f"events row {row}: at: unreadable date" for row in range(2, len(NO_DATES) + 2)
    ]


def test_blanks_around_a_value_do_not_count(engine):
    """Not around ids, words, codes or items of a list."""
    cases = [case(case_id=" C1 ", status=" performed", diagnoses=" ICD-10-CM : C78.7 ")]
    events = [scan("2026-05-10", " E1 ", patient_id=" P1", modality=" CT ; ", region="; liver ")]
    expect(run(engine, ct_rule(), cases=cases, events=events), ct="met in_window E1")


def test_words_are_read_in_any_case(engine):
    """Status, kind and region in lower case, modality in upper case."""
    events = [scan("2026-05-10", kind="IMAGING", status="Completed", modality="ct", region="Liver")]
    cases = [case(status="PERFORMED")]
    expect(run(engine, ct_rule(), cases=cases, events=events), ct="met in_window E1")


def test_ids_are_kept_as_they_are(engine):
    """Upper and lower case are different patients, and a leading zero is never lost."""
    events = [scan("2026-05-10", patient_id="p1"), scan("2026-05-10", "E2", patient_id="0P1")]
    expect(run(engine, ct_rule(), events=events), ct="missing never_ordered -")
    cases = [case(patient_id="007")]
    events = [scan("2026-05-10", "01", patient_id="007"), scan("2026-05-10", "1", patient_id="7")]
    expect(run(engine, ct_rule(), cases=cases, events=events), ct="met in_window 01")


def test_a_blank_text_is_no_value(engine):
    """An optional column with blanks is as empty as one that is not there."""
    events = [scan("2026-05-10", recorded_at="  ", region=" ")]
    expect(run(engine, ct_rule(), events=events), ct="unknown unmapped E1")


def test_columns_beyond_the_contract_may_have_any_name(engine):
    """They are kept and change nothing, even where a program uses the same word."""
    names = ["anchor", "upcoming", "version", "verdict", "at_lo", "surgery_at_lo", "profile"]
    extra = dict.fromkeys([*names, "distance", "lo", "row", "Ward 7", "O\"Neill's"], "x")
    seen = run(engine, ct_rule(), cases=[case() | extra], events=[scan("2026-05-10") | extra])
    expect(seen, ct="met in_window E1", verdict="compliant")


def test_findings_come_in_the_order_of_case_and_requirement(engine):
    """As text by code point, so that two runs give the same file."""
    cases = [case(id, patient_id=id) for id in ("c2", "C10", "C9", "Ä1")]
    seen = run(engine, cases=cases)
    assert [(f["case_id"], f["requirement"]) for f in seen.findings] == [
        (id, requirement) for id in ("C10", "C9", "c2", "Ä1") for requirement in ("ct", "mri")
    ]
    assert [c["case_id"] for c in seen.cases] == ["C10", "C9", "c2", "Ä1"]
