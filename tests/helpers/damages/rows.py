"""Damages by lost, repeated or torn rows."""

from __future__ import annotations

from datetime import date

from tests.helpers.damages.base import (
    REFUSE,
    UNSEEN,
    WARN,
    Row,
    Tables,
    completed,
    damage,
    day_in,
    day_of,
    keep_events,
    some_of,
)


@damage("rows", REFUSE)
def no_events_but_a_header(t: Tables) -> None:
    t.events.clear()


@damage("rows", REFUSE)
def no_cases_but_a_header(t: Tables) -> None:
    t.cases.clear()


@damage("rows", WARN)
def second_half_of_events_lost(t: Tables) -> None:
    """Truncate a file sorted by day at a size."""
    del t.events[len(t.events) // 2 :]


@damage("rows", WARN)
def second_half_of_cases_lost(t: Tables) -> None:
    del t.cases[len(t.cases) // 2 :]


@damage("rows", WARN)
def first_half_of_events_lost(t: Tables) -> None:
    del t.events[: len(t.events) // 2]


@damage("rows", WARN)
def a_limit_of_a_thousand_events(t: Tables) -> None:
    del t.events[min(1000, 2 * len(t.events) // 3) :]


@damage("rows", UNSEEN, history=True)
def every_third_event_lost(t: Tables) -> None:
    t.events[:] = [row for n, row in enumerate(t.events) if n % 3]


@damage("rows", UNSEEN, history=True)
def a_tenth_of_cases_lost(t: Tables) -> None:
    gone = {row["case_id"] for row in some_of(t.cases, 0.1)}
    t.cases[:] = [row for row in t.cases if row["case_id"] not in gone]


@damage("rows", WARN)
def everything_delivered_twice(t: Tables) -> None:
    t.events += [dict(row) for row in t.events]


@damage("rows", REFUSE)
def operations_twice_under_new_ids(t: Tables) -> None:
    t.cases += [row | {"case_id": f"{row['case_id']}-2"} for row in t.cases]


@damage("rows", REFUSE)
def commas_tear_a_tenth_of_rows(t: Tables) -> None:
    torn = some_of(t.events, 0.1)
    marked = {id(row) for row in torn}
    numbers = {id(row): n for n, row in enumerate(t.events, start=2)}
    t.torn = [
        {
            "_row": numbers[id(row)],
            "id": row["event_id"],
            "patient_id": "Smith",
            "why": "more cells than columns",
        }
        for row in torn
    ]
    t.events[:] = [row for row in t.events if id(row) not in marked]


@damage("rows", WARN)
def events_of_a_fifth_of_patients_lost(t: Tables) -> None:
    """Truncate a file sorted by patient at a size."""
    ids = sorted({row["patient_id"] or "" for row in t.events})
    remaining = set(ids[: int(0.8 * len(ids))])
    keep_events(t, lambda row: row["patient_id"] in remaining)


@damage("rows", UNSEEN, history=True)
def last_fifth_of_operations_lost(t: Tables) -> None:
    del t.cases[int(0.8 * len(t.cases)) :]


@damage("rows", REFUSE)
def yesterday_in_front_of_today(t: Tables) -> None:
    """Put an older extract first, so that its status counts."""
    older = [row | {"status": "booked"} for row in completed(t)]
    t.events[:0] = some_of(older, 0.5)


@damage("rows", WARN)
def events_twice_under_new_ids_of_a_test_patient(t: Tables) -> None:
    first = t.events[0]
    many = max(200, len(t.events) // 4)
    t.events += [first | {"event_id": f"T{n}", "patient_id": "ZZTEST"} for n in range(many)]


@damage("rows", UNSEEN, history=True)
def only_scans_of_the_last_two_weeks(t: Tables) -> None:
    """A filter on the days before the operation, or on its stay in the hospital."""
    operations: dict[str, list[date]] = {}
    for row in t.cases:
        if day := day_in(row["surgery_at"]):
            operations.setdefault(row["patient_id"], []).append(day)

    def near(row: Row) -> bool:
        day = day_of(row)
        days = [(op - day).days for op in operations.get(row["patient_id"], [])] if day else []
        return day is None or any(-30 <= number <= 14 for number in days)

    keep_events(t, near)
