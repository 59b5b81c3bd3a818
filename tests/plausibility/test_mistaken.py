"""Rows that look like something else, beside rows that are usual and resemble them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import pytest

from tests.helpers.damages.base import Row, Tables
from tests.helpers.plausible import demo, run_checks

OURS = {
    "unrecorded",
    "minute_of_order",
    "same_minute",
    "two_kinds",
    "after_admission",
    "at_is_admitted",
    "replaced",
    "weekends",
}
Change = Callable[[Tables], None]


def heard(*changes: Change) -> set[str]:
    tables = demo().copy()
    for change in changes:
        change(tables)
    return run_checks(tables).checks & OURS


def scans(number: int, *rows: Row, days: int = 120) -> Change:
    """Add these rows for some patients, each like a CT that was made some days ago."""

    def change(t: Tables) -> None:
        like = next(r for r in t.events if r["modality"] == "CT" and r["status"] == "completed")
        patients = sorted({r["patient_id"] for r in t.cases})[:number]
        for n, patient in enumerate(patients):
            at = f"{t.as_of - timedelta(days=days + n)}T10:15"
            own = {"patient_id": patient, "at": at, "recorded_at": at, "ordered_at": at[:10]}
            t.events += [
                like | own | {"event_id": f"N{len(t.events)}-{k}"} | row
                for k, row in enumerate(rows)
            ]

    return change


def performed(change: Callable[[Row, date], Row], share: int = 1) -> Change:
    """Change every operation that was done, or one in `share`."""

    def changed(t: Tables) -> None:
        done = [row for row in t.cases if row["status"] == "performed" and row.get("started_at")]
        for row in done[::share]:
            row |= change(row, date.fromisoformat(row["started_at"][:10]))

    return changed


def again(days: int, started: bool) -> Change:
    """Add the same operation to one in eight, some days before, with or without a start."""

    def change(t: Tables) -> None:
        done = [row for row in t.cases if row["status"] == "performed" and row.get("started_at")]
        for row in done[::8]:
            day = date.fromisoformat(row["started_at"][:10]) - timedelta(days=days)
            day -= timedelta(days=max(0, day.weekday() - 4))
            at = f"{day}T08:00"
            new = {"case_id": f"N{len(t.cases)}", "started_at": at if started else ""}
            t.cases.append(row | {"surgery_at": at} | new)

    return change


ABDOMEN, CHEST, HEAD = ({"region": r, "codes": ""} for r in ("abdomen", "chest", "head"))
BIOPSY = {"codes": "CPT:77012", "region": "liver"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([scans(60, {}, {}, {})], {"same_minute"}),
        ([scans(60, {}, {})], set()),
        ([scans(60, ABDOMEN, CHEST, HEAD)], set()),
        ([scans(60, {"kind": "lab"}, {"kind": "lab"}, {"kind": "lab"})], {"two_kinds"}),
        ([scans(60, {"kind": "lab", "codes": "LOINC:2039-6"})], set()),
        ([scans(60, BIOPSY, BIOPSY | {"kind": "procedure"})], set()),
        ([scans(60, {"recorded_at": ""})], {"unrecorded"}),
        ([scans(12, {"recorded_at": ""})], set()),
        ([scans(60, {"recorded_at": "", "provenance": "external"})], set()),
        ([scans(60, {"recorded_at": "", "modality": "US", "codes": ""})], set()),
        ([scans(13, *[{"recorded_at": "", "codes": ""}] * 2, days=0)], set()),
        (
            [scans(60, {"ordered_at": "2025-09-01T10:15", "at": "2025-09-01T10:15"})],
            {"minute_of_order"},
        ),
        ([scans(60, {"ordered_at": "2025-09-01T10:05", "at": "2025-09-01T10:15"})], set()),
    ],
)
def test_scans(changes: Sequence[Change], expected: set[str]) -> None:
    assert heard(*changes) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([again(21, started=False)], {"replaced"}),
        ([again(21, started=True)], set()),
        ([again(90, started=False)], set()),
        (
            [performed(lambda row, day: {"admitted_at": str(day - timedelta(days=4))})],
            {"after_admission"},
        ),
        ([performed(lambda row, day: {"admitted_at": str(day - timedelta(days=3))})], set()),
        ([performed(lambda row, day: {"admitted_at": str(day - timedelta(days=9))}, 3)], set()),
        ([performed(lambda row, day: {"admitted_at": row["started_at"]})], {"at_is_admitted"}),
        ([performed(lambda row, day: {"admitted_at": row["started_at"][:10]})], set()),
        ([performed(lambda row, day: {"admitted_at": f"{day}", "started_at": f"{day}"})], set()),
        ([performed(lambda row, day: {"admitted_at": row["started_at"]}, 3)], set()),
    ],
)
def test_operations(changes: Sequence[Change], expected: set[str]) -> None:
    assert heard(*changes) == expected


def moved(urgency: str) -> Change:
    """Spread operations over all days of the week, as days of discharge are."""

    def change(row: Row, day: date) -> Row:
        later = day + timedelta(days=4 + sum(map(ord, row["case_id"])) % 7)
        return {
            "surgery_at": f"{later}T11:00",
            "started_at": "",
            "admitted_at": "",
            "urgency": urgency,
        }

    return performed(change)


def test_elective_operations_on_every_day_of_the_week() -> None:
    assert heard(moved("elective")) == {"weekends"}


def test_emergencies_on_every_day_of_the_week() -> None:
    assert heard(moved("emergency")) == set()
