"""Damages by feeds that stop, or deliver a part."""

from __future__ import annotations

from datetime import date, timedelta

from tests.helpers.damages.base import (
    REFUSE,
    UNSEEN,
    WARN,
    Row,
    Tables,
    damage,
    day_in,
    day_of,
    keep_events,
)


def _since(t: Tables, row: Row, days: int) -> bool:
    """Whether an event is within `days` days before the moment, or became known since."""
    day = day_of(row) or day_in(row.get("recorded_at") or "")
    return day is not None and day > t.as_of - timedelta(days=days)


@damage("feeds", WARN)
def no_mri_at_all(t: Tables) -> None:
    keep_events(t, lambda row: not (row.get("description") or "").startswith("MR"))


@damage("feeds", WARN)
def no_imaging_at_all(t: Tables) -> None:
    keep_events(t, lambda row: row["kind"] != "imaging")


@damage("feeds", WARN, "study")
def ct_stopped_three_weeks_ago(t: Tables) -> None:
    keep_events(t, lambda row: row.get("modality") != "CT" or not _since(t, row, 21))


@damage("feeds", WARN, "study")
def imaging_stopped_six_weeks_ago(t: Tables) -> None:
    keep_events(t, lambda row: row["kind"] != "imaging" or not _since(t, row, 42))


@damage("feeds", WARN, "study")
def all_events_stopped_six_weeks_ago(t: Tables) -> None:
    keep_events(t, lambda row: not _since(t, row, 42))


@damage("feeds", REFUSE)
def all_events_stopped_three_months_ago(t: Tables) -> None:
    keep_events(t, lambda row: not _since(t, row, 91))


@damage("feeds", WARN)
def no_bookings(t: Tables) -> None:
    keep_events(t, lambda row: row["status"] != "booked")


@damage("feeds", WARN)
def no_operation_ahead(t: Tables) -> None:
    t.cases[:] = [r for r in t.cases if (day_in(r["surgery_at"]) or date.min) <= t.as_of]


@damage("feeds", WARN)
def operations_stopped_two_months_ago(t: Tables) -> None:
    last = t.as_of - timedelta(days=60)
    t.cases[:] = [r for r in t.cases if (day_in(r["surgery_at"]) or date.min) <= last]


@damage("feeds", UNSEEN, history=True)
def outside_studies_lost(t: Tables) -> None:
    keep_events(t, lambda row: row.get("provenance") != "external")


@damage("feeds", WARN)
def one_site_of_four_lost(t: Tables) -> None:
    keep_events(t, lambda row: sum(map(ord, row.get("patient_id") or "")) % 4 != 0)


@damage("feeds", UNSEEN, "study", history=True)
def exceptions_lost(t: Tables) -> None:
    t.exceptions.clear()


@damage("feeds", WARN, "study")
def four_weeks_of_last_year_lost(t: Tables) -> None:
    gap = range(100, 128)
    keep_events(t, lambda row: (t.as_of - (day_of(row) or t.as_of)).days not in gap)


@damage("feeds", WARN, "study")
def export_of_a_month_ago(t: Tables) -> None:
    """Deliver an old export: the job has failed for a month, and nobody looked."""
    then = t.as_of - timedelta(days=30)
    keep_events(t, lambda row: not _since(t, row, 30))
    for row in t.cases:
        day = day_in(row["surgery_at"])
        if day and then < day <= t.as_of:
            row["status"], row["started_at"] = "scheduled", ""


@damage("feeds", WARN, "study")
def only_events_of_the_last_thirty_days(t: Tables) -> None:
    keep_events(t, lambda row: (day_of(row) or t.as_of) >= t.as_of - timedelta(days=30))


@damage("feeds", WARN)
def only_events_of_the_last_quarter(t: Tables) -> None:
    keep_events(t, lambda row: (day_of(row) or t.as_of) >= t.as_of - timedelta(days=90))


@damage("feeds", WARN, "study")
def no_events_on_mondays(t: Tables) -> None:
    keep_events(t, lambda row: (day_of(row) or date(2026, 3, 3)).weekday() != 0)


@damage("feeds", UNSEEN, history=True)
def scans_of_the_liver_by_mri_lost(t: Tables) -> None:
    keep_events(
        t, lambda row: not (row.get("modality") == "MR" and "liver" in (row.get("region") or ""))
    )


@damage("feeds", WARN)
def only_bookings_of_next_week(t: Tables) -> None:
    last = t.as_of + timedelta(days=7)
    keep_events(t, lambda row: row["status"] != "booked" or (day_of(row) or last) <= last)


@damage("feeds", WARN)
def only_operations_of_next_week(t: Tables) -> None:
    last = t.as_of + timedelta(days=7)
    t.cases[:] = [row for row in t.cases if (day_in(row["surgery_at"]) or last) <= last]
