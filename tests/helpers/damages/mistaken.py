"""Rows of one meaning exported as another: results as scans, plans as acts, another day."""

from __future__ import annotations

import random
from datetime import date, timedelta

from tests.helpers.damages.base import WARN, Row, Tables, damage, day_in, mri_done, some_of


def _surgeries(t: Tables) -> list[tuple[Row, date]]:
    """Return the operations that were done, each with its day."""
    days = [(row, day_in(row.get("started_at") or row["surgery_at"] or "")) for row in t.cases]
    return [(row, day) for row, day in days if day and row["status"] == "performed"]


def _add_scans(t: Tables, share: float, *changes: Row) -> None:
    """Add rows of a few days before some operations, each like an MRI that was made."""
    like = mri_done(t)[0]
    for row, day in some_of(_surgeries(t), share):
        at = f"{day - timedelta(days=6)}T10:15"
        ordered = f"{day - timedelta(days=16)}T14:20" if like.get("ordered_at") else ""
        times = {"at": at, "ordered_at": ordered, "recorded_at": f"{at[:10]}T23:10"}
        for change in changes:
            given = {name: times.get(value, value) for name, value in change.items()}
            id = f"X{len(t.events)}"
            t.events.append(
                like | times | {"event_id": id, "patient_id": row["patient_id"]} | given
            )


@damage("mistaken", WARN)
def lab_results_as_scans(t: Tables) -> None:
    """The mapping fills in kind, modality and region for every result."""
    for row in t.events:
        if row["kind"] == "lab":
            row |= {"kind": "imaging", "modality": "MR", "region": "liver"}


@damage("mistaken", WARN)
def lab_panels_as_scans(t: Tables) -> None:
    """The same, where a panel has a row for each value."""
    _add_scans(t, 0.4, *[{"codes": "", "ordered_at": ""}] * 6)


@damage("mistaken", WARN)
def codes_of_the_laboratory_as_scans(t: Tables) -> None:
    """The same for some results, while others kept their kind."""
    result = {"codes": "LOINC:2039-6", "modality": "MR", "region": "liver"}
    _add_scans(t, 0.4, result, result | {"kind": "lab", "at": "recorded_at"})


@damage("mistaken", WARN)
def cancelled_scans_completed(t: Tables) -> None:
    """Cancelled examinations have an order and no report."""
    _add_scans(t, 0.2, {"recorded_at": ""})


@damage("mistaken", WARN)
def orders_completed(t: Tables) -> None:
    """The time of the order is all that an order has."""
    _add_scans(t, 0.2, {"at": "ordered_at", "ordered_at": "ordered_at", "recorded_at": ""})


@damage("mistaken", WARN)
def cancelled_operations_performed(t: Tables) -> None:
    """Operations that were cancelled three weeks before they took place."""
    for row, day in some_of(_surgeries(t), 0.12):
        earlier = f"{day - timedelta(days=21)}T08:00"
        t.cases.append(
            row | {"case_id": f"X{len(t.cases)}", "surgery_at": earlier, "started_at": ""}
        )


def _discharged(row: Row, day: date) -> str:
    """Return the day on which a patient went home: rarely on a weekend."""
    chance = random.Random(row["case_id"])
    day += timedelta(days=chance.choice((3, 4, 5, 5, 6, 6, 7, 8, 10, 14)))
    if day.weekday() >= 5 and chance.random() < 0.35:
        day += timedelta(days=7 - day.weekday())
    return f"{day}T11:30"


@damage("mistaken", WARN, "study")
def discharge_instead_of_surgery(t: Tables) -> None:
    for row, day in _surgeries(t):
        row |= {"surgery_at": _discharged(row, day), "started_at": ""}


@damage("mistaken", WARN, "study")
def discharge_without_admission(t: Tables) -> None:
    for row, day in _surgeries(t):
        row |= {"surgery_at": _discharged(row, day), "started_at": "", "admitted_at": ""}


@damage("mistaken", WARN)
def minute_of_admission_instead_of_surgery(t: Tables) -> None:
    for row, day in _surgeries(t):
        admitted = f"{day - timedelta(days=1)}T15:{len(row['case_id']):02d}"
        row |= {"surgery_at": admitted, "admitted_at": admitted, "started_at": ""}
