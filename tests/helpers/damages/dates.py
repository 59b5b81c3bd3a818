"""Damages of dates: formats, spreadsheets, swapped or wrong columns."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from tests.helpers.damages.base import (
    REFUSE,
    UNSEEN,
    WARN,
    Row,
    Tables,
    change_each,
    completed,
    damage,
    day_in,
    from_row,
    imaging,
    mri_done,
    some_of,
    years_later,
)


def _written(pattern: str) -> Callable[[str], str]:
    """Return a change to another date format; anything but a whole date is unchanged."""

    def change(text: str) -> str:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return text
        return moment.strftime(pattern)

    return change


def _number_from(first: date, times: int) -> Callable[[str], str]:
    """Return a change to a count of days since `first`, or of `times` units per day."""

    def change(text: str) -> str:
        day = day_in(text)
        return text if day is None else str((day - first).days * times)

    return change


def _swapped(text: str) -> str:
    """Exchange month and day if that gives a date, as a lenient parser does."""
    parts = re.match(r"(\d{4})-(\d\d)-(\d\d)(.*)", text)
    if not parts or int(parts[3]) > 12:
        return text
    return f"{parts[1]}-{parts[3]}-{parts[2]}{parts[4]}"


def _moved(days: int) -> Callable[[str], str]:
    def change(text: str) -> str:
        day = day_in(text)
        return text if day is None else f"{day + timedelta(days=days)}{text[10:]}"

    return change


@damage("dates", REFUSE)
def events_in_us_dates(t: Tables) -> None:
    change_each(t.events, "at", _written("%m/%d/%Y %I:%M %p"))


@damage("dates", REFUSE)
def cases_in_us_dates(t: Tables) -> None:
    change_each(t.cases, "surgery_at", _written("%m/%d/%Y %I:%M %p"))


@damage("dates", REFUSE)
def events_in_german_dates(t: Tables) -> None:
    change_each(t.events, "at", _written("%d.%m.%Y %H:%M"))


@damage("dates", REFUSE)
def two_digit_years(t: Tables) -> None:
    change_each(t.events, "at", _written("%y-%m-%d %H:%M"))


@damage("dates", REFUSE)
def spreadsheet_serials(t: Tables) -> None:
    change_each(t.events, "at", _number_from(date(1899, 12, 30), 1))


@damage("dates", REFUSE)
def seconds_since_1970(t: Tables) -> None:
    change_each(t.events, "at", _number_from(date(1970, 1, 1), 86_400))


@damage("dates", REFUSE)
def buddhist_years(t: Tables) -> None:
    change_each(t.events, "at", years_later(543))


@damage("dates", REFUSE)
def day_and_month_swapped_in_events(t: Tables) -> None:
    change_each(t.events, "at", _swapped)


@damage("dates", WARN)
def day_and_month_swapped_in_all_dates_of_events(t: Tables) -> None:
    for column in ("at", "ordered_at", "recorded_at"):
        change_each(t.events, column, _swapped)


@damage("dates", WARN)
def day_and_month_swapped_in_cases(t: Tables) -> None:
    for column in ("surgery_at", "started_at", "admitted_at"):
        change_each(t.cases, column, _swapped)


@damage("dates", WARN)
def day_and_month_swapped_everywhere(t: Tables) -> None:
    day_and_month_swapped_in_cases(t)
    day_and_month_swapped_in_all_dates_of_events(t)


@damage("dates", REFUSE)
def planned_days_swapped_where_operations_began(t: Tables) -> None:
    change_each(t.cases, "surgery_at", _swapped)


@damage("dates", WARN)
def one_scanner_writes_day_first(t: Tables) -> None:
    """Only the MRI: a tenth of the rows of a hospital may come from it."""
    change_each([r for r in t.events if r.get("modality") == "MR"], "at", _swapped)


@damage("dates", REFUSE)
def events_a_year_late(t: Tables) -> None:
    change_each(t.events, "at", years_later(1))


@damage("dates", REFUSE)
def events_a_year_early(t: Tables) -> None:
    change_each(t.events, "at", years_later(-1))


@damage("dates", REFUSE)
def all_dates_of_events_a_year_early(t: Tables) -> None:
    for column in ("at", "ordered_at", "recorded_at"):
        change_each(t.events, column, years_later(-1))


@damage("dates", WARN)
def cases_a_year_early(t: Tables) -> None:
    for column in ("surgery_at", "started_at", "admitted_at"):
        change_each(t.cases, column, years_later(-1))


@damage("dates", WARN)
def one_century_off_in_a_twentieth(t: Tables) -> None:
    change_each(some_of(t.events, 0.05), "at", lambda x: x.replace("20", "19", 1))


@damage("dates", WARN)
def default_date_in_a_tenth(t: Tables) -> None:
    change_each(some_of(t.events, 0.1), "at", lambda x: "1900-01-01")


@damage("dates", WARN)
def typing_error_in_the_year_of_some(t: Tables) -> None:
    change_each(some_of(t.events, 0.04), "at", lambda x: x.replace("202", "206", 1))


@damage("dates", WARN, "study")
def ordered_instead_of_done(t: Tables) -> None:
    for row in imaging(t):
        if row.get("ordered_at") and row["status"] == "completed":
            row["at"] = row["ordered_at"]


@damage("dates", REFUSE)
def day_of_the_export_instead_of_done(t: Tables) -> None:
    for row in t.events:
        if row.get("at") and row["status"] == "completed":
            row["at"] = t.as_of.isoformat()


@damage("dates", WARN)
def a_month_too_late(t: Tables) -> None:
    change_each([r for r in t.events if r["status"] == "completed"], "at", _moved(30))


@damage("dates", WARN)
def a_month_too_early(t: Tables) -> None:
    change_each([r for r in t.events if r["status"] == "completed"], "at", _moved(-30))


@damage("dates", REFUSE)
def cut_to_the_month(t: Tables) -> None:
    change_each(t.events, "at", lambda x: x[:7])


@damage("dates", WARN)
def cut_to_the_first_of_the_month(t: Tables) -> None:
    change_each(t.events, "at", lambda x: f"{x[:7]}-01")


@damage("dates", REFUSE)
def cut_to_the_year(t: Tables) -> None:
    change_each(t.events, "at", lambda x: x[:4])


@damage("dates", REFUSE)
def recorded_a_year_late(t: Tables) -> None:
    change_each(t.events, "recorded_at", years_later(1))


@damage("dates", WARN)
def recorded_at_swapped(t: Tables) -> None:
    change_each(t.events, "recorded_at", _swapped)


@damage("dates", WARN)
def date_of_the_report_two_days_later(t: Tables) -> None:
    """Write the report's time into both columns."""
    for row in t.events:
        if row.get("recorded_at") and row["status"] == "completed":
            row["recorded_at"] = row["at"] = _moved(2)(row["recorded_at"])


def _cases_each(t: Tables, change: Callable[[str], str | None]) -> None:
    for column in ("surgery_at", "started_at", "admitted_at"):
        change_each(t.cases, column, change)


def _events_each(t: Tables, change: Callable[[str], str | None]) -> None:
    for column in ("at", "ordered_at", "recorded_at"):
        change_each(t.events, column, change)


SINCE_1904 = _moved(-1462)  # days between the two epochs of spreadsheets


@damage("dates", REFUSE)
def us_dates_from_the_middle_on(t: Tables) -> None:
    change_each(from_row(t.events, 0.5), "at", _written("%m/%d/%Y %H:%M"))


@damage("dates", REFUSE)
def day_and_month_swapped_from_some_row_on(t: Tables) -> None:
    change_each(from_row(t.events, 0.7), "at", _swapped)


@damage("dates", WARN)
def planned_operations_swapped(t: Tables) -> None:
    for row in t.cases:
        if row["status"] == "scheduled":
            row["surgery_at"] = _swapped(row["surgery_at"] or "")


@damage("dates", REFUSE)
def events_counted_from_1904(t: Tables) -> None:
    change_each(t.events, "at", SINCE_1904)


@damage("dates", REFUSE)
def all_dates_of_events_counted_from_1904(t: Tables) -> None:
    _events_each(t, SINCE_1904)


@damage("dates", WARN)
def operations_counted_from_1904(t: Tables) -> None:
    _cases_each(t, SINCE_1904)


@damage("dates", REFUSE)
def report_a_day_later(t: Tables) -> None:
    change_each([row for row in imaging(t) if row["status"] == "completed"], "at", _moved(1))


@damage("dates", UNSEEN, history=True)
def report_three_days_later_without_its_record(t: Tables) -> None:
    for row in t.events:
        row["recorded_at"] = ""
    change_each([row for row in imaging(t) if row["status"] == "completed"], "at", _moved(3))


@damage("dates", UNSEEN, history=True)
def events_a_day_early(t: Tables) -> None:
    """Cut midnight in another time zone to its date."""
    change_each(completed(t), "at", _moved(-1))


@damage("dates", WARN, "study")
def operations_a_day_early(t: Tables) -> None:
    _cases_each(t, _moved(-1))


@damage("dates", WARN)
def cut_to_the_week(t: Tables) -> None:
    def monday(text: str) -> str:
        day = day_in(text)
        return text if day is None else str(day - timedelta(days=day.weekday()))

    change_each(completed(t), "at", monday)


@damage("dates", WARN)
def date_of_birth_in_a_fifth(t: Tables) -> None:
    for row in some_of(t.events, 0.2):
        row["at"] = "1958-04-12"


@damage("dates", WARN, "study")
def admission_instead_of_surgery(t: Tables) -> None:
    for row in t.cases:
        row["started_at"] = ""
    change_each(t.cases, "surgery_at", _moved(-2))


@damage("dates", WARN)
def booking_instead_of_surgery(t: Tables) -> None:
    for row in t.cases:
        row["started_at"] = ""
    change_each(t.cases, "surgery_at", _moved(-35))


@damage("dates", WARN, "study")
def mri_ordered_instead_of_done(t: Tables) -> None:
    for row in mri_done(t):
        row["at"] = row.get("ordered_at") or row["at"]


@damage("dates", WARN)
def default_day_of_planned_operations(t: Tables) -> None:
    for row in t.cases:
        if row["status"] == "scheduled":
            row["surgery_at"] = "2099-12-31"


def _booked(t: Tables) -> list[Row]:
    return [row for row in imaging(t) if row["status"] == "booked"]


@damage("dates", WARN)
def bookings_a_year_late(t: Tables) -> None:
    change_each(_booked(t), "at", years_later(1))


@damage("dates", WARN)
def bookings_on_the_day_of_their_order(t: Tables) -> None:
    """The time at which the appointment was made, in the place of the appointment."""
    for row in _booked(t):
        row["at"] = row.get("ordered_at") or str(t.as_of - timedelta(days=5))


@damage("dates", WARN)
def planned_operations_a_year_late(t: Tables) -> None:
    planned = [row for row in t.cases if row["status"] == "scheduled"]
    change_each(some_of(planned, 0.3), "surgery_at", years_later(1))


@damage("dates", WARN)
def planned_operations_on_the_first(t: Tables) -> None:
    """Only the month is planned, and the system fills in its first day."""
    for row in t.cases:
        if row["status"] == "scheduled":
            row["surgery_at"] = (row["surgery_at"] or "")[:8] + "01"
