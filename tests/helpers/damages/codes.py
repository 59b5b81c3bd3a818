"""Damages of codes and of their systems."""

from __future__ import annotations

import re
from datetime import timedelta

from tests.helpers.damages.base import (
    REFUSE,
    UNSEEN,
    WARN,
    Tables,
    change_each,
    damage,
    day_in,
    from_row,
)


def _bare(text: str) -> str:
    return ";".join(item.rpartition(":")[2] for item in text.split(";"))


@damage("codes", REFUSE)
def codes_of_cases_without_a_system(t: Tables) -> None:
    for column in ("procedures", "diagnoses"):
        change_each(t.cases, column, _bare)


@damage("codes", REFUSE)
def diagnoses_without_a_system(t: Tables) -> None:
    change_each(t.cases, "diagnoses", _bare)


@damage("codes", REFUSE)
def unknown_name_of_a_system(t: Tables) -> None:
    change_each(t.cases, "diagnoses", lambda x: re.sub(r"ICD-10(-CM)?:", "ICDX:", x))


@damage("codes", REFUSE)
def codes_separated_by_commas(t: Tables) -> None:
    change_each(t.cases, "diagnoses", lambda x: x.replace(";", ","))


@damage("codes", REFUSE)
def diagnoses_cut_to_three_characters(t: Tables) -> None:
    change_each(t.cases, "diagnoses", lambda x: re.sub(r"\.\d+", "", x))


@damage("codes", REFUSE)
def first_digit_of_procedures_lost(t: Tables) -> None:
    change_each(t.cases, "procedures", lambda x: x.replace(":0", ":").replace(":1.", ":."))


@damage("codes", REFUSE)
def procedures_and_diagnoses_exchanged(t: Tables) -> None:
    for row in t.cases:
        row["procedures"], row["diagnoses"] = row["diagnoses"], row["procedures"]


@damage("codes", REFUSE)
def another_system_written(t: Tables) -> None:
    change_each(t.cases, "diagnoses", lambda x: re.sub("ICD-10(-CM)?:", "ICD-10-PCS:", x))


@damage("codes", UNSEEN, "study", history=True)
def only_the_first_diagnosis(t: Tables) -> None:
    change_each(t.cases, "diagnoses", lambda x: x.split(";")[0])


@damage("codes", UNSEEN, history=True)
def codes_of_events_lost(t: Tables) -> None:
    for row in t.events:
        row["codes"] = ""


@damage("codes", REFUSE, "study")
def check_digits_of_events_lost(t: Tables) -> None:
    change_each(t.events, "codes", lambda x: re.sub(r"(LOINC:\d+)-\d", r"\1", x))


@damage("codes", WARN, "study")
def diagnoses_empty_of_late(t: Tables) -> None:
    for row in t.cases:
        day = day_in(row.get("surgery_at") or "")
        if day and day > t.as_of - timedelta(days=25):
            row["diagnoses"] = ""


@damage("codes", REFUSE, "study")
def diagnoses_separated_by_line_ends(t: Tables) -> None:
    change_each(t.cases, "diagnoses", lambda x: x.replace(";", "\n"))


@damage("codes", REFUSE)
def last_character_of_diagnoses_lost(t: Tables) -> None:
    change_each(t.cases, "diagnoses", lambda x: x[:-1])


@damage("codes", REFUSE)
def procedures_cut_to_fifteen_characters(t: Tables) -> None:
    change_each(t.cases, "procedures", lambda x: x[:15])


@damage("codes", REFUSE)
def cyrillic_letter_in_diagnoses(t: Tables) -> None:
    change_each(t.cases, "diagnoses", lambda x: x.replace("C78", "\u042178"))


@damage("codes", REFUSE)
def an_older_system_of_procedures(t: Tables) -> None:
    change_each(t.cases, "procedures", lambda x: "ICD-9-CM:50.22")


@damage("codes", WARN)
def an_older_system_of_diagnoses_from_some_row_on(t: Tables) -> None:
    older = {"ICD-10-CM": "ICD-9-CM", "C78.7": "197.7"}
    for row in from_row(t.cases, 0.6):
        for new, old in older.items():
            row["diagnoses"] = (row["diagnoses"] or "").replace(new, old)
