"""Damages by exchanged or empty columns."""

from __future__ import annotations

from tests.helpers.damages.base import (
    REFUSE,
    UNSEEN,
    WARN,
    Row,
    Tables,
    damage,
    imaging,
)


def _exchange(rows: list[Row], one: str, other: str) -> None:
    for row in rows:
        row[one], row[other] = row.get(other) or "", row.get(one) or ""


@damage("columns", REFUSE)
def done_and_ordered_exchanged(t: Tables) -> None:
    _exchange(imaging(t), "at", "ordered_at")


@damage("columns", WARN)
def done_and_recorded_exchanged(t: Tables) -> None:
    _exchange(imaging(t), "at", "recorded_at")


@damage("columns", REFUSE)
def modality_and_region_exchanged(t: Tables) -> None:
    _exchange(t.events, "modality", "region")


@damage("columns", REFUSE)
def kind_and_status_exchanged(t: Tables) -> None:
    _exchange(t.events, "kind", "status")


@damage("columns", REFUSE)
def planned_and_started_exchanged(t: Tables) -> None:
    _exchange(t.cases, "surgery_at", "started_at")


@damage("columns", REFUSE)
def columns_of_events_shifted_right(t: Tables) -> None:
    names = ["status", "at", "modality", "region", "codes", "description", "provenance"]
    for row in t.events:
        values = [row.get(name) or "" for name in names]
        row.update(zip(names, ["", *values[:-1]], strict=True))


@damage("columns", REFUSE)
def patient_and_event_exchanged(t: Tables) -> None:
    _exchange(t.events, "patient_id", "event_id")


@damage("columns", REFUSE)
def procedures_empty(t: Tables) -> None:
    for row in t.cases:
        row["procedures"] = ""


@damage("columns", REFUSE)
def diagnoses_empty(t: Tables) -> None:
    for row in t.cases:
        row["diagnoses"] = ""


@damage("columns", UNSEEN, history=True)
def recorded_at_empty(t: Tables) -> None:
    for row in t.events:
        row["recorded_at"] = ""


@damage("columns", UNSEEN, history=True)
def provenance_empty(t: Tables) -> None:
    for row in t.events:
        row["provenance"] = ""


@damage("columns", REFUSE, "study")
def modality_shifted_by_a_row(t: Tables) -> None:
    values = [row.get("modality") or "" for row in t.events]
    for row, value in zip(t.events[1:], values, strict=False):
        row["modality"] = value


@damage("columns", UNSEEN, history=True)
def one_region_for_every_scan(t: Tables) -> None:
    for row in imaging(t):
        row["region"], row["codes"] = "abdomen", ""
