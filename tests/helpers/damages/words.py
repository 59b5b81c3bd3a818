"""Damages of words: statuses, kinds, modalities, regions."""

from __future__ import annotations

from tests.helpers.damages.base import (
    REFUSE,
    WARN,
    Row,
    Tables,
    change_each,
    damage,
    from_row,
    imaging,
    mri,
    mri_done,
    some_of,
    years_later,
)


@damage("words", REFUSE)
def events_are_final(t: Tables) -> None:
    change_each(t.events, "status", lambda x: "final" if x == "completed" else x)


@damage("words", REFUSE)
def modality_is_mri(t: Tables) -> None:
    change_each(t.events, "modality", lambda x: x.replace("MR", "MRI"))


@damage("words", REFUSE)
def modality_in_full(t: Tables) -> None:
    change_each(t.events, "modality", lambda x: x.replace("CT", "Computed tomography"))


@damage("words", REFUSE)
def regions_in_german(t: Tables) -> None:
    change_each(t.events, "region", lambda x: {"liver": "Leber", "chest": "Thorax"}.get(x, "Bauch"))


@damage("words", REFUSE)
def regions_in_capitals_with_slashes(t: Tables) -> None:
    change_each(t.events, "region", lambda x: f"{x.upper()}/ORGAN")


@damage("words", REFUSE)
def kind_is_image(t: Tables) -> None:
    change_each(t.events, "kind", lambda x: "imagings" if x == "imaging" else x)


@damage("words", REFUSE)
def kind_is_radiology(t: Tables) -> None:
    change_each(t.events, "kind", lambda x: "radiology" if x == "imaging" else x)


@damage("words", WARN)
def kind_misspelt_in_some(t: Tables) -> None:
    for row in some_of(imaging(t), 0.1):
        row["kind"] = "imageing"


@damage("words", WARN)
def completed_mapped_to_booked(t: Tables) -> None:
    change_each(t.events, "status", lambda x: "booked" if x == "completed" else x)


@damage("words", WARN, "study")
def booked_mapped_to_completed(t: Tables) -> None:
    change_each(t.events, "status", lambda x: "completed" if x == "booked" else x)


@damage("words", WARN)
def completed_mapped_to_ordered(t: Tables) -> None:
    change_each(t.events, "status", lambda x: "ordered" if x == "completed" else x)


@damage("words", WARN)
def completed_mapped_to_error(t: Tables) -> None:
    change_each(t.events, "status", lambda x: "entered-in-error" if x == "completed" else x)


@damage("words", WARN)
def all_operations_scheduled(t: Tables) -> None:
    change_each(t.cases, "status", lambda x: "scheduled" if x == "performed" else x)


@damage("words", REFUSE)
def all_operations_cancelled(t: Tables) -> None:
    change_each(t.cases, "status", lambda x: "cancelled")


@damage("words", WARN)
def performed_mapped_to_cancelled(t: Tables) -> None:
    change_each(t.cases, "status", lambda x: "cancelled" if x == "performed" else x)


@damage("words", REFUSE)
def scheduled_mapped_to_performed(t: Tables) -> None:
    change_each(t.cases, "status", lambda x: "performed" if x == "scheduled" else x)


@damage("words", WARN)
def elective_mapped_to_emergency(t: Tables) -> None:
    change_each(t.cases, "urgency", lambda x: "emergency" if x == "elective" else x)


@damage("words", REFUSE, "study")
def ct_and_mr_exchanged(t: Tables) -> None:
    change_each(t.events, "modality", lambda x: {"CT": "MR", "MR": "CT"}.get(x, x))


@damage("words", WARN)
def modality_and_region_empty_and_no_codes(t: Tables) -> None:
    for row in t.events:
        row["modality"] = row["region"] = row["codes"] = ""


@damage("words", REFUSE, "study")
def mri_is_another_modality(t: Tables) -> None:
    change_each(t.events, "modality", lambda x: "OT" if x == "MR" else x)


@damage("words", WARN)
def every_region_is_the_whole_body(t: Tables) -> None:
    change_each(t.events, "region", lambda x: "whole-body")


@damage("words", WARN)
def scans_are_procedures(t: Tables) -> None:
    for row in imaging(t):
        row["kind"] = "procedure"


@damage("words", WARN)
def a_new_word_for_completed_from_some_row_on(t: Tables) -> None:
    change_each(from_row(t.events, 0.6), "status", lambda x: "final" if x == "completed" else x)


@damage("words", WARN)
def exceptions_of_last_year(t: Tables) -> None:
    for column in ("approved_at", "valid_from", "expires_on"):
        change_each(t.exceptions, column, years_later(-1))


@damage("words", WARN)
def exceptions_approved_by_whoever_asked(t: Tables) -> None:
    for row in t.exceptions:
        row["approved_by"] = row.get("requested_by")


@damage("words", WARN)
def mri_never_completed(t: Tables) -> None:
    for row in mri_done(t):
        row["status"] = "booked"


@damage("words", WARN)
def mri_cancelled(t: Tables) -> None:
    for row in mri_done(t):
        row["status"] = "cancelled"


def _pelvis(rows: list[Row]) -> None:
    for row in rows:
        row["region"], row["codes"] = "pelvis", ""


@damage("words", WARN)
def mri_of_the_pelvis(t: Tables) -> None:
    """A word of the export means abdomen and pelvis, and was mapped to the pelvis."""
    _pelvis(mri(t))


@damage("words", WARN)
def ct_of_the_pelvis(t: Tables) -> None:
    _pelvis([row for row in imaging(t) if row.get("region") == "abdomen-pelvis"])


@damage("words", REFUSE)
def every_scan_is_ct_and_mr(t: Tables) -> None:
    """The column holds what the department has, not what was used."""
    for row in imaging(t):
        row["modality"] = "CT;MR"


@damage("words", WARN)
def exceptions_of_unknown_requirements(t: Tables) -> None:
    for row in t.exceptions:
        row["requirement"] = f"{row['requirement']} scan"


@damage("words", WARN)
def one_site_entered_in_error(t: Tables) -> None:
    for row in some_of(imaging(t), 0.3):
        if row["status"] == "completed":
            row["status"] = "entered-in-error"
