"""Realistic damages of an export, applied to good records one by one.

Each is something that was seen, or can easily happen, between a hospital's systems and a file: a
format, a spreadsheet, a join, a feed. `heard` is what the run must do where verdicts change:
refuse, warn, or nothing, if one file cannot show it (docs/plausibility.md names these).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

Row = dict[str, Any]
Change = Callable[["Tables"], None]
REFUSE, WARN, UNSEEN = "refuse", "warn", ""


@dataclass
class Tables:
    """Rows of each table, and torn rows of events."""

    cases: list[Row]
    events: list[Row]
    exceptions: list[Row]
    as_of: date
    torn: list[Row] = field(default_factory=list)

    def copy(self) -> Tables:
        return deepcopy(self)

    def as_rows(self) -> dict[str, list[Row]]:
        tables = {"cases": self.cases, "events": self.events}
        return tables | ({"exceptions": self.exceptions} if self.exceptions else {})


@dataclass(frozen=True)
class Damage:
    """One damage. `unseen_in`: records that do not reveal it; `history`: only earlier nights do."""

    name: str
    kind: str
    change: Change
    heard: str
    unseen_in: tuple[str, ...] = ()
    history: bool = False

    def done_to(self, tables: Tables) -> Tables:
        damaged = tables.copy()
        self.change(damaged)
        return damaged


DAMAGES: list[Damage] = []


def damage(
    kind: str, heard: str, *unseen_in: str, history: bool = False
) -> Callable[[Change], Change]:
    def add(change: Change) -> Change:
        name = change.__name__.removeprefix("_")
        DAMAGES.append(Damage(name, kind, change, heard, unseen_in, history))
        return change

    return add


# ---- pieces --------------------------------------------------------------------------------------


def _each(rows: list[Row], column: str, change: Callable[[str], str | None]) -> None:
    for row in rows:
        if row.get(column):
            row[column] = change(row[column])


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


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
        day = _day(text)
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
        day = _day(text)
        return text if day is None else f"{day + timedelta(days=days)}{text[10:]}"

    return change


def _hours(hours: int) -> Callable[[str], str]:
    def change(text: str) -> str:
        if len(text) != 16:
            return text
        moment = datetime.fromisoformat(text) + timedelta(hours=hours)
        return moment.isoformat(timespec="minutes")

    return change


def _years(years: int) -> Callable[[str], str]:
    def change(text: str) -> str:
        return f"{int(text[:4]) + years}{text[4:]}" if _day(text) else text

    return change


def _some(rows: list[Row], share: float, seed: int = 7) -> list[Row]:
    chance = random.Random(seed)
    return [row for row in rows if chance.random() < share]


def _imaging(t: Tables) -> list[Row]:
    return [row for row in t.events if row.get("kind") == "imaging"]


def _at(row: Row) -> date | None:
    return _day(row.get("at") or "")


# ---- dates ---------------------------------------------------------------------------------------


@damage("dates", REFUSE)
def events_in_us_dates(t: Tables) -> None:
    _each(t.events, "at", _written("%m/%d/%Y %I:%M %p"))


@damage("dates", REFUSE)
def cases_in_us_dates(t: Tables) -> None:
    _each(t.cases, "surgery_at", _written("%m/%d/%Y %I:%M %p"))


@damage("dates", REFUSE)
def events_in_german_dates(t: Tables) -> None:
    _each(t.events, "at", _written("%d.%m.%Y %H:%M"))


@damage("dates", REFUSE)
def two_digit_years(t: Tables) -> None:
    _each(t.events, "at", _written("%y-%m-%d %H:%M"))


@damage("dates", REFUSE)
def spreadsheet_serials(t: Tables) -> None:
    _each(t.events, "at", _number_from(date(1899, 12, 30), 1))


@damage("dates", REFUSE)
def seconds_since_1970(t: Tables) -> None:
    _each(t.events, "at", _number_from(date(1970, 1, 1), 86_400))


@damage("dates", REFUSE)
def buddhist_years(t: Tables) -> None:
    _each(t.events, "at", _years(543))


@damage("dates", REFUSE)
def day_and_month_swapped_in_events(t: Tables) -> None:
    _each(t.events, "at", _swapped)


@damage("dates", WARN)
def day_and_month_swapped_in_all_dates_of_events(t: Tables) -> None:
    for column in ("at", "ordered_at", "recorded_at"):
        _each(t.events, column, _swapped)


@damage("dates", WARN)
def day_and_month_swapped_in_cases(t: Tables) -> None:
    for column in ("surgery_at", "started_at", "admitted_at"):
        _each(t.cases, column, _swapped)


@damage("dates", WARN)
def day_and_month_swapped_everywhere(t: Tables) -> None:
    day_and_month_swapped_in_cases(t)
    day_and_month_swapped_in_all_dates_of_events(t)


@damage("dates", REFUSE)
def planned_days_swapped_where_operations_began(t: Tables) -> None:
    _each(t.cases, "surgery_at", _swapped)


@damage("dates", WARN)
def one_scanner_writes_day_first(t: Tables) -> None:
    """Only the MRI: a tenth of the rows of a hospital may come from it."""
    _each([r for r in t.events if r.get("modality") == "MR"], "at", _swapped)


@damage("dates", REFUSE)
def events_a_year_late(t: Tables) -> None:
    _each(t.events, "at", _years(1))


@damage("dates", REFUSE)
def events_a_year_early(t: Tables) -> None:
    _each(t.events, "at", _years(-1))


@damage("dates", REFUSE)
def all_dates_of_events_a_year_early(t: Tables) -> None:
    for column in ("at", "ordered_at", "recorded_at"):
        _each(t.events, column, _years(-1))


@damage("dates", WARN)
def cases_a_year_early(t: Tables) -> None:
    for column in ("surgery_at", "started_at", "admitted_at"):
        _each(t.cases, column, _years(-1))


@damage("dates", WARN)
def one_century_off_in_a_twentieth(t: Tables) -> None:
    _each(_some(t.events, 0.05), "at", lambda x: x.replace("20", "19", 1))


@damage("dates", WARN)
def default_date_in_a_tenth(t: Tables) -> None:
    _each(_some(t.events, 0.1), "at", lambda x: "1900-01-01")


@damage("dates", WARN)
def typing_error_in_the_year_of_some(t: Tables) -> None:
    _each(_some(t.events, 0.04), "at", lambda x: x.replace("202", "206", 1))


@damage("dates", WARN, "study")
def ordered_instead_of_done(t: Tables) -> None:
    for row in _imaging(t):
        if row.get("ordered_at") and row["status"] == "completed":
            row["at"] = row["ordered_at"]


@damage("dates", REFUSE)
def day_of_the_export_instead_of_done(t: Tables) -> None:
    for row in t.events:
        if row.get("at") and row["status"] == "completed":
            row["at"] = t.as_of.isoformat()


@damage("dates", WARN)
def a_month_too_late(t: Tables) -> None:
    _each([r for r in t.events if r["status"] == "completed"], "at", _moved(30))


@damage("dates", WARN)
def a_month_too_early(t: Tables) -> None:
    _each([r for r in t.events if r["status"] == "completed"], "at", _moved(-30))


@damage("dates", REFUSE)
def cut_to_the_month(t: Tables) -> None:
    _each(t.events, "at", lambda x: x[:7])


@damage("dates", WARN)
def cut_to_the_first_of_the_month(t: Tables) -> None:
    _each(t.events, "at", lambda x: f"{x[:7]}-01")


@damage("dates", REFUSE)
def cut_to_the_year(t: Tables) -> None:
    _each(t.events, "at", lambda x: x[:4])


@damage("dates", REFUSE)
def recorded_a_year_late(t: Tables) -> None:
    _each(t.events, "recorded_at", _years(1))


@damage("dates", WARN)
def recorded_at_swapped(t: Tables) -> None:
    _each(t.events, "recorded_at", _swapped)


@damage("dates", WARN)
def date_of_the_report_two_days_later(t: Tables) -> None:
    """Write the report's time into both columns."""
    for row in t.events:
        if row.get("recorded_at") and row["status"] == "completed":
            row["recorded_at"] = row["at"] = _moved(2)(row["recorded_at"])


# ---- clock times ---------------------------------------------------------------------------------


@damage("times", WARN)
def scans_five_hours_early(t: Tables) -> None:
    """Write UTC of a hospital in the east as local time."""
    _each(_imaging(t), "at", _hours(-7))


@damage("times", WARN)
def scans_nine_hours_late(t: Tables) -> None:
    _each(_imaging(t), "at", _hours(9))


@damage("times", WARN)
def operations_at_midnight(t: Tables) -> None:
    _each(t.cases, "surgery_at", lambda x: f"{x[:10]}T00:00" if _day(x) else x)
    _each(t.cases, "started_at", lambda x: f"{x[:10]}T00:00" if _day(x) else x)


@damage("times", WARN)
def scans_at_midnight(t: Tables) -> None:
    _each(t.events, "at", lambda x: f"{x[:10]}T00:00" if _day(x) else x)


@damage("times", UNSEEN, history=True)
def clock_times_of_scans_lost(t: Tables) -> None:
    """Decide less often, but never wrongly: unknown, and the finding gives the reason."""
    _each(t.events, "at", lambda x: x[:10])


@damage("times", UNSEEN, history=True)
def actual_starts_lost(t: Tables) -> None:
    for row in t.cases:
        row["started_at"] = ""


# ---- ids -----------------------------------------------------------------------------------------


@damage("ids", REFUSE)
def ids_of_events_without_separators(t: Tables) -> None:
    _each(t.events, "patient_id", lambda x: x.replace("-", ""))


@damage("ids", REFUSE)
def ids_of_cases_without_separators(t: Tables) -> None:
    _each(t.cases, "patient_id", lambda x: x.replace("-", ""))


def _without_zeros(text: str) -> str:
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", text)


@damage("ids", REFUSE)
def ids_of_events_without_leading_zeros(t: Tables) -> None:
    _each(t.events, "patient_id", _without_zeros)


@damage("ids", WARN)
def ids_of_one_feed_without_leading_zeros(t: Tables) -> None:
    _each([r for r in t.events if r.get("modality") == "MR"], "patient_id", _without_zeros)


@damage("ids", REFUSE)
def ids_of_events_as_decimals(t: Tables) -> None:
    _each(t.events, "patient_id", lambda x: f"{x}.0")


@damage("ids", REFUSE)
def ids_of_cases_in_lower_case(t: Tables) -> None:
    _each(t.cases, "patient_id", str.lower)


@damage("ids", REFUSE)
def ids_of_events_with_a_prefix(t: Tables) -> None:
    _each(t.events, "patient_id", lambda x: f"H01:{x}")


@damage("ids", REFUSE)
def ids_of_events_with_their_number_only(t: Tables) -> None:
    _each(t.events, "patient_id", lambda x: re.sub("[^0-9]", "", x))


@damage("ids", REFUSE)
def ids_cut_to_eight_characters(t: Tables) -> None:
    _each(t.events, "patient_id", lambda x: x[:8])


@damage("ids", WARN)
def last_character_of_ids_lost(t: Tables) -> None:
    _each(t.events, "patient_id", lambda x: x[:-1])


@damage("ids", REFUSE)
def ids_in_scientific_notation(t: Tables) -> None:
    _each(t.events, "patient_id", lambda x: f"{float('1' + re.sub('[^0-9]', '', x)):.0E}")


@damage("ids", REFUSE)
def ids_of_another_register(t: Tables) -> None:
    _each(t.events, "patient_id", lambda x: f"X{random.Random(x).randrange(10**9)}")


@damage("ids", REFUSE)
def invisible_character_in_ids(t: Tables) -> None:
    _each(t.events, "patient_id", lambda x: f"\u200b{x}")


@damage("ids", WARN)
def invisible_character_in_some_ids(t: Tables) -> None:
    _each(_some(t.cases, 0.1), "patient_id", lambda x: f"{x}\u200b")


@damage("ids", WARN, "study")
def letter_for_a_digit_in_some_ids(t: Tables) -> None:
    """Replace 0 by O, as typed or read by a scanner."""
    _each(_some(t.cases, 0.15), "patient_id", lambda x: x.replace("0", "O", 1))


@damage("ids", REFUSE)
def case_and_patient_exchanged(t: Tables) -> None:
    for row in t.cases:
        row["case_id"], row["patient_id"] = row["patient_id"], row["case_id"]


@damage("ids", REFUSE)
def event_id_instead_of_patient(t: Tables) -> None:
    for row in t.events:
        row["patient_id"] = row["event_id"]


@damage("ids", REFUSE)
def one_default_patient(t: Tables) -> None:
    for row in t.events:
        row["patient_id"] = "99999999"


@damage("ids", WARN)
def default_patient_in_a_quarter(t: Tables) -> None:
    for row in _some(t.events, 0.25):
        row["patient_id"] = "99999999"


@damage("ids", REFUSE)
def patients_sorted_by_themselves(t: Tables) -> None:
    """Sort one column in a spreadsheet, but not the others."""
    ids = [row["patient_id"] for row in t.events]
    random.Random(3).shuffle(ids)
    for row, id in zip(t.events, ids, strict=True):
        row["patient_id"] = id


@damage("ids", UNSEEN, history=True)
def patients_shifted_by_a_row(t: Tables) -> None:
    """Shift rows; neighbours in a file sorted by day have operations on neighbouring days."""
    ids = [row["patient_id"] for row in t.events]
    for row, id in zip(t.events[1:], ids, strict=False):
        row["patient_id"] = id


@damage("ids", REFUSE)
def patients_lost_in_a_third(t: Tables) -> None:
    for row in _some(t.events, 0.33):
        row["patient_id"] = ""


@damage("ids", REFUSE)
def event_ids_start_again_each_day(t: Tables) -> None:
    for number, row in enumerate(t.events):
        row["event_id"] = f"E{number % 40}"


@damage("ids", WARN, "study")
def cases_of_exceptions_without_separators(t: Tables) -> None:
    _each(t.exceptions, "case_id", lambda x: x.replace("-", ""))


# ---- words ---------------------------------------------------------------------------------------


@damage("words", REFUSE)
def events_are_final(t: Tables) -> None:
    _each(t.events, "status", lambda x: "final" if x == "completed" else x)


@damage("words", REFUSE)
def modality_is_mri(t: Tables) -> None:
    _each(t.events, "modality", lambda x: x.replace("MR", "MRI"))


@damage("words", REFUSE)
def modality_in_full(t: Tables) -> None:
    _each(t.events, "modality", lambda x: x.replace("CT", "Computed tomography"))


@damage("words", REFUSE)
def regions_in_german(t: Tables) -> None:
    _each(t.events, "region", lambda x: {"liver": "Leber", "chest": "Thorax"}.get(x, "Bauch"))


@damage("words", REFUSE)
def regions_in_capitals_with_slashes(t: Tables) -> None:
    _each(t.events, "region", lambda x: f"{x.upper()}/ORGAN")


@damage("words", REFUSE)
def kind_is_image(t: Tables) -> None:
    _each(t.events, "kind", lambda x: "imagings" if x == "imaging" else x)


@damage("words", REFUSE)
def kind_is_radiology(t: Tables) -> None:
    _each(t.events, "kind", lambda x: "radiology" if x == "imaging" else x)


@damage("words", WARN)
def kind_misspelt_in_some(t: Tables) -> None:
    for row in _some(_imaging(t), 0.1):
        row["kind"] = "imageing"


@damage("words", WARN)
def completed_mapped_to_booked(t: Tables) -> None:
    _each(t.events, "status", lambda x: "booked" if x == "completed" else x)


@damage("words", WARN, "study")
def booked_mapped_to_completed(t: Tables) -> None:
    _each(t.events, "status", lambda x: "completed" if x == "booked" else x)


@damage("words", WARN)
def completed_mapped_to_ordered(t: Tables) -> None:
    _each(t.events, "status", lambda x: "ordered" if x == "completed" else x)


@damage("words", WARN)
def completed_mapped_to_error(t: Tables) -> None:
    _each(t.events, "status", lambda x: "entered-in-error" if x == "completed" else x)


@damage("words", WARN)
def all_operations_scheduled(t: Tables) -> None:
    _each(t.cases, "status", lambda x: "scheduled" if x == "performed" else x)


@damage("words", REFUSE)
def all_operations_cancelled(t: Tables) -> None:
    _each(t.cases, "status", lambda x: "cancelled")


@damage("words", WARN)
def performed_mapped_to_cancelled(t: Tables) -> None:
    _each(t.cases, "status", lambda x: "cancelled" if x == "performed" else x)


@damage("words", REFUSE)
def scheduled_mapped_to_performed(t: Tables) -> None:
    _each(t.cases, "status", lambda x: "performed" if x == "scheduled" else x)


@damage("words", WARN)
def elective_mapped_to_emergency(t: Tables) -> None:
    _each(t.cases, "urgency", lambda x: "emergency" if x == "elective" else x)


@damage("words", REFUSE, "study")
def ct_and_mr_exchanged(t: Tables) -> None:
    _each(t.events, "modality", lambda x: {"CT": "MR", "MR": "CT"}.get(x, x))


@damage("words", WARN)
def modality_and_region_empty_and_no_codes(t: Tables) -> None:
    for row in t.events:
        row["modality"] = row["region"] = row["codes"] = ""


# ---- codes ---------------------------------------------------------------------------------------


def _bare(text: str) -> str:
    return ";".join(item.rpartition(":")[2] for item in text.split(";"))


@damage("codes", REFUSE)
def codes_of_cases_without_a_system(t: Tables) -> None:
    for column in ("procedures", "diagnoses"):
        _each(t.cases, column, _bare)


@damage("codes", REFUSE)
def diagnoses_without_a_system(t: Tables) -> None:
    _each(t.cases, "diagnoses", _bare)


@damage("codes", REFUSE)
def unknown_name_of_a_system(t: Tables) -> None:
    _each(t.cases, "diagnoses", lambda x: re.sub(r"ICD-10(-CM)?:", "ICDX:", x))


@damage("codes", REFUSE)
def codes_separated_by_commas(t: Tables) -> None:
    _each(t.cases, "diagnoses", lambda x: x.replace(";", ","))


@damage("codes", REFUSE)
def diagnoses_cut_to_three_characters(t: Tables) -> None:
    _each(t.cases, "diagnoses", lambda x: re.sub(r"\.\d+", "", x))


@damage("codes", REFUSE)
def first_digit_of_procedures_lost(t: Tables) -> None:
    _each(t.cases, "procedures", lambda x: x.replace(":0", ":").replace(":1.", ":."))


@damage("codes", REFUSE)
def procedures_and_diagnoses_exchanged(t: Tables) -> None:
    for row in t.cases:
        row["procedures"], row["diagnoses"] = row["diagnoses"], row["procedures"]


@damage("codes", REFUSE)
def another_system_written(t: Tables) -> None:
    _each(t.cases, "diagnoses", lambda x: re.sub("ICD-10(-CM)?:", "ICD-10-PCS:", x))


@damage("codes", UNSEEN, "study", history=True)
def only_the_first_diagnosis(t: Tables) -> None:
    _each(t.cases, "diagnoses", lambda x: x.split(";")[0])


@damage("codes", UNSEEN, history=True)
def codes_of_events_lost(t: Tables) -> None:
    for row in t.events:
        row["codes"] = ""


@damage("codes", REFUSE, "study")
def check_digits_of_events_lost(t: Tables) -> None:
    _each(t.events, "codes", lambda x: re.sub(r"(LOINC:\d+)-\d", r"\1", x))


@damage("codes", WARN, "study")
def diagnoses_empty_of_late(t: Tables) -> None:
    for row in t.cases:
        day = _day(row.get("surgery_at") or "")
        if day and day > t.as_of - timedelta(days=25):
            row["diagnoses"] = ""


# ---- columns -------------------------------------------------------------------------------------


def _exchange(rows: list[Row], one: str, other: str) -> None:
    for row in rows:
        row[one], row[other] = row.get(other) or "", row.get(one) or ""


@damage("columns", REFUSE)
def done_and_ordered_exchanged(t: Tables) -> None:
    _exchange(_imaging(t), "at", "ordered_at")


@damage("columns", WARN)
def done_and_recorded_exchanged(t: Tables) -> None:
    _exchange(_imaging(t), "at", "recorded_at")


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


# ---- rows ----------------------------------------------------------------------------------------


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
    gone = {row["case_id"] for row in _some(t.cases, 0.1)}
    t.cases[:] = [row for row in t.cases if row["case_id"] not in gone]


@damage("rows", WARN)
def everything_delivered_twice(t: Tables) -> None:
    t.events += [dict(row) for row in t.events]


@damage("rows", REFUSE)
def operations_twice_under_new_ids(t: Tables) -> None:
    t.cases += [row | {"case_id": f"{row['case_id']}-2"} for row in t.cases]


@damage("rows", REFUSE)
def commas_tear_a_tenth_of_rows(t: Tables) -> None:
    torn = _some(t.events, 0.1)
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


# ---- feeds ---------------------------------------------------------------------------------------


def _keep(t: Tables, keep: Callable[[Row], bool]) -> None:
    t.events[:] = [row for row in t.events if keep(row)]


def _since(t: Tables, row: Row, days: int) -> bool:
    """Whether an event is within `days` days before the moment, or became known since."""
    day = _at(row) or _day(row.get("recorded_at") or "")
    return day is not None and day > t.as_of - timedelta(days=days)


@damage("feeds", WARN)
def no_mri_at_all(t: Tables) -> None:
    _keep(t, lambda row: not (row.get("description") or "").startswith("MR"))


@damage("feeds", WARN)
def no_imaging_at_all(t: Tables) -> None:
    _keep(t, lambda row: row["kind"] != "imaging")


@damage("feeds", WARN, "study")
def ct_stopped_three_weeks_ago(t: Tables) -> None:
    _keep(t, lambda row: row.get("modality") != "CT" or not _since(t, row, 21))


@damage("feeds", WARN, "study")
def imaging_stopped_six_weeks_ago(t: Tables) -> None:
    _keep(t, lambda row: row["kind"] != "imaging" or not _since(t, row, 42))


@damage("feeds", WARN, "study")
def all_events_stopped_six_weeks_ago(t: Tables) -> None:
    _keep(t, lambda row: not _since(t, row, 42))


@damage("feeds", REFUSE)
def all_events_stopped_three_months_ago(t: Tables) -> None:
    _keep(t, lambda row: not _since(t, row, 91))


@damage("feeds", WARN)
def no_bookings(t: Tables) -> None:
    _keep(t, lambda row: row["status"] != "booked")


@damage("feeds", WARN)
def no_operation_ahead(t: Tables) -> None:
    t.cases[:] = [r for r in t.cases if (_day(r["surgery_at"]) or date.min) <= t.as_of]


@damage("feeds", WARN)
def operations_stopped_two_months_ago(t: Tables) -> None:
    last = t.as_of - timedelta(days=60)
    t.cases[:] = [r for r in t.cases if (_day(r["surgery_at"]) or date.min) <= last]


@damage("feeds", UNSEEN, history=True)
def outside_studies_lost(t: Tables) -> None:
    _keep(t, lambda row: row.get("provenance") != "external")


@damage("feeds", WARN)
def one_site_of_four_lost(t: Tables) -> None:
    _keep(t, lambda row: sum(map(ord, row.get("patient_id") or "")) % 4 != 0)


@damage("feeds", UNSEEN, "study", history=True)
def exceptions_lost(t: Tables) -> None:
    t.exceptions.clear()


@damage("feeds", WARN, "study")
def four_weeks_of_last_year_lost(t: Tables) -> None:
    gap = range(100, 128)
    _keep(t, lambda row: (t.as_of - (_at(row) or t.as_of)).days not in gap)


@damage("feeds", WARN, "study")
def export_of_a_month_ago(t: Tables) -> None:
    """Deliver an old export: the job has failed for a month, and nobody looked."""
    then = t.as_of - timedelta(days=30)
    _keep(t, lambda row: not _since(t, row, 30))
    for row in t.cases:
        day = _day(row["surgery_at"])
        if day and then < day <= t.as_of:
            row["status"], row["started_at"] = "scheduled", ""


def of_kind(kind: str) -> Iterator[Damage]:
    return (one for one in DAMAGES if one.kind == kind)


# ---- a second set: damages that the checks for the first set missed ------------------------------


def _from_row(rows: list[Row], share: float) -> list[Row]:
    """Return the rows of a file from some row on."""
    return rows[int(len(rows) * share) :]


def _completed(t: Tables) -> list[Row]:
    return [row for row in t.events if row["status"] == "completed"]


def _cases_each(t: Tables, change: Callable[[str], str | None]) -> None:
    for column in ("surgery_at", "started_at", "admitted_at"):
        _each(t.cases, column, change)


def _events_each(t: Tables, change: Callable[[str], str | None]) -> None:
    for column in ("at", "ordered_at", "recorded_at"):
        _each(t.events, column, change)


_1904 = _moved(-1462)  # days between the two epochs of spreadsheets


@damage("dates", REFUSE)
def us_dates_from_the_middle_on(t: Tables) -> None:
    _each(_from_row(t.events, 0.5), "at", _written("%m/%d/%Y %H:%M"))


@damage("dates", REFUSE)
def day_and_month_swapped_from_some_row_on(t: Tables) -> None:
    _each(_from_row(t.events, 0.7), "at", _swapped)


@damage("dates", WARN)
def planned_operations_swapped(t: Tables) -> None:
    for row in t.cases:
        if row["status"] == "scheduled":
            row["surgery_at"] = _swapped(row["surgery_at"] or "")


@damage("dates", REFUSE)
def events_counted_from_1904(t: Tables) -> None:
    _each(t.events, "at", _1904)


@damage("dates", REFUSE)
def all_dates_of_events_counted_from_1904(t: Tables) -> None:
    _events_each(t, _1904)


@damage("dates", WARN)
def operations_counted_from_1904(t: Tables) -> None:
    _cases_each(t, _1904)


@damage("dates", REFUSE)
def report_a_day_later(t: Tables) -> None:
    _each([row for row in _imaging(t) if row["status"] == "completed"], "at", _moved(1))


@damage("dates", UNSEEN, history=True)
def report_three_days_later_without_its_record(t: Tables) -> None:
    for row in t.events:
        row["recorded_at"] = ""
    _each([row for row in _imaging(t) if row["status"] == "completed"], "at", _moved(3))


@damage("dates", UNSEEN, history=True)
def events_a_day_early(t: Tables) -> None:
    """Cut midnight in another time zone to its date."""
    _each(_completed(t), "at", _moved(-1))


@damage("dates", WARN, "study")
def operations_a_day_early(t: Tables) -> None:
    _cases_each(t, _moved(-1))


@damage("dates", WARN)
def cut_to_the_week(t: Tables) -> None:
    def monday(text: str) -> str:
        day = _day(text)
        return text if day is None else str(day - timedelta(days=day.weekday()))

    _each(_completed(t), "at", monday)


@damage("dates", WARN)
def date_of_birth_in_a_fifth(t: Tables) -> None:
    for row in _some(t.events, 0.2):
        row["at"] = "1958-04-12"


@damage("dates", WARN, "study")
def admission_instead_of_surgery(t: Tables) -> None:
    for row in t.cases:
        row["started_at"] = ""
    _each(t.cases, "surgery_at", _moved(-2))


@damage("dates", WARN)
def booking_instead_of_surgery(t: Tables) -> None:
    for row in t.cases:
        row["started_at"] = ""
    _each(t.cases, "surgery_at", _moved(-35))


@damage("times", WARN, "study")
def afternoons_without_pm(t: Tables) -> None:
    def half(text: str) -> str:
        if len(text) != 16:
            return text
        return f"{text[:11]}{int(text[11:13]) % 12 or 12:02d}{text[13:]}"

    _each(t.events, "at", half)


@damage("times", WARN, "study")
def offset_of_another_continent(t: Tables) -> None:
    _each(t.events, "at", lambda x: f"{x}:00+09:00" if len(x) == 16 else x)


@damage("times", WARN)
def name_of_a_time_zone_behind_some_clocks(t: Tables) -> None:
    _each(_some(t.events, 0.4), "at", lambda x: f"{x} EST" if len(x) == 16 else x)


@damage("feeds", WARN, "study")
def only_events_of_the_last_thirty_days(t: Tables) -> None:
    _keep(t, lambda row: (_at(row) or t.as_of) >= t.as_of - timedelta(days=30))


@damage("feeds", WARN)
def only_events_of_the_last_quarter(t: Tables) -> None:
    _keep(t, lambda row: (_at(row) or t.as_of) >= t.as_of - timedelta(days=90))


@damage("feeds", WARN, "study")
def no_events_on_mondays(t: Tables) -> None:
    _keep(t, lambda row: (_at(row) or date(2026, 3, 3)).weekday() != 0)


@damage("feeds", UNSEEN, history=True)
def scans_of_the_liver_by_mri_lost(t: Tables) -> None:
    _keep(t, lambda row: not (row.get("modality") == "MR" and "liver" in (row.get("region") or "")))


@damage("feeds", WARN)
def only_bookings_of_next_week(t: Tables) -> None:
    last = t.as_of + timedelta(days=7)
    _keep(t, lambda row: row["status"] != "booked" or (_at(row) or last) <= last)


@damage("feeds", WARN)
def only_operations_of_next_week(t: Tables) -> None:
    last = t.as_of + timedelta(days=7)
    t.cases[:] = [row for row in t.cases if (_day(row["surgery_at"]) or last) <= last]


@damage("rows", WARN)
def events_of_a_fifth_of_patients_lost(t: Tables) -> None:
    """Truncate a file sorted by patient at a size."""
    ids = sorted({row["patient_id"] or "" for row in t.events})
    remaining = set(ids[: int(0.8 * len(ids))])
    _keep(t, lambda row: row["patient_id"] in remaining)


@damage("rows", UNSEEN, history=True)
def last_fifth_of_operations_lost(t: Tables) -> None:
    del t.cases[int(0.8 * len(t.cases)) :]


@damage("rows", REFUSE)
def yesterday_in_front_of_today(t: Tables) -> None:
    """Put an older extract first, so that its status counts."""
    older = [row | {"status": "booked"} for row in _completed(t)]
    t.events[:0] = _some(older, 0.5)


@damage("rows", WARN)
def events_twice_under_new_ids_of_a_test_patient(t: Tables) -> None:
    first = t.events[0]
    many = max(200, len(t.events) // 4)
    t.events += [first | {"event_id": f"T{n}", "patient_id": "ZZTEST"} for n in range(many)]


@damage("columns", REFUSE, "study")
def modality_shifted_by_a_row(t: Tables) -> None:
    values = [row.get("modality") or "" for row in t.events]
    for row, value in zip(t.events[1:], values, strict=False):
        row["modality"] = value


@damage("columns", UNSEEN, history=True)
def one_region_for_every_scan(t: Tables) -> None:
    for row in _imaging(t):
        row["region"], row["codes"] = "abdomen", ""


@damage("ids", UNSEEN, history=True)
def two_patients_in_one_for_some(t: Tables) -> None:
    """Merge records in radiology only."""
    ids = sorted({row["patient_id"] or "" for row in t.cases})
    kept = dict(zip(ids[1:40:2], ids[0:40:2], strict=False))
    _each(t.events, "patient_id", lambda x: kept.get(x, x))


@damage("ids", WARN, "study")
def two_patients_in_one_in_both_tables(t: Tables) -> None:
    ids = sorted({row["patient_id"] or "" for row in t.cases})
    kept = dict(zip(ids[1::2], ids[0::2], strict=False))
    for rows in (t.cases, t.events):
        _each(rows, "patient_id", lambda x: kept.get(x, x))


@damage("ids", UNSEEN, history=True)
def a_third_of_events_under_other_patients(t: Tables) -> None:
    """Mix two hospitals that number their patients alike."""
    ids = sorted({row["patient_id"] or "" for row in t.events})
    half = len(ids) // 2
    other = dict(zip(ids, ids[half:] + ids[:half], strict=True))
    _each(_some(t.events, 0.3), "patient_id", lambda x: other.get(x, x))


@damage("ids", WARN, "study")
def older_events_under_old_ids(t: Tables) -> None:
    for row in t.events:
        if (_at(row) or t.as_of) < t.as_of - timedelta(days=180):
            row["patient_id"] = f"OLD{(row['patient_id'] or '')[::-1]}"


@damage("ids", WARN, "study")
def recent_events_under_new_ids(t: Tables) -> None:
    for row in t.events:
        if (_at(row) or t.as_of) > t.as_of - timedelta(days=60):
            row["patient_id"] = f"NEW{(row['patient_id'] or '')[::-1]}"


@damage("ids", REFUSE)
def cyrillic_letters_in_some_ids(t: Tables) -> None:
    _each(_some(t.events, 0.1), "patient_id", lambda x: x.replace("P", "\u0420"))


@damage("codes", REFUSE, "study")
def diagnoses_separated_by_line_ends(t: Tables) -> None:
    _each(t.cases, "diagnoses", lambda x: x.replace(";", "\n"))


@damage("codes", REFUSE)
def last_character_of_diagnoses_lost(t: Tables) -> None:
    _each(t.cases, "diagnoses", lambda x: x[:-1])


@damage("codes", REFUSE)
def procedures_cut_to_fifteen_characters(t: Tables) -> None:
    _each(t.cases, "procedures", lambda x: x[:15])


@damage("codes", REFUSE)
def cyrillic_letter_in_diagnoses(t: Tables) -> None:
    _each(t.cases, "diagnoses", lambda x: x.replace("C78", "\u042178"))


@damage("codes", REFUSE)
def an_older_system_of_procedures(t: Tables) -> None:
    _each(t.cases, "procedures", lambda x: "ICD-9-CM:50.22")


@damage("codes", WARN)
def an_older_system_of_diagnoses_from_some_row_on(t: Tables) -> None:
    older = {"ICD-10-CM": "ICD-9-CM", "C78.7": "197.7"}
    for row in _from_row(t.cases, 0.6):
        for new, old in older.items():
            row["diagnoses"] = (row["diagnoses"] or "").replace(new, old)


@damage("words", REFUSE, "study")
def mri_is_another_modality(t: Tables) -> None:
    _each(t.events, "modality", lambda x: "OT" if x == "MR" else x)


@damage("words", WARN)
def every_region_is_the_whole_body(t: Tables) -> None:
    _each(t.events, "region", lambda x: "whole-body")


@damage("words", WARN)
def scans_are_procedures(t: Tables) -> None:
    for row in _imaging(t):
        row["kind"] = "procedure"


@damage("words", WARN)
def a_new_word_for_completed_from_some_row_on(t: Tables) -> None:
    _each(_from_row(t.events, 0.6), "status", lambda x: "final" if x == "completed" else x)


@damage("words", WARN)
def exceptions_of_last_year(t: Tables) -> None:
    for column in ("approved_at", "valid_from", "expires_on"):
        _each(t.exceptions, column, _years(-1))


@damage("words", WARN)
def exceptions_approved_by_whoever_asked(t: Tables) -> None:
    for row in t.exceptions:
        row["approved_by"] = row.get("requested_by")


# ---- a third set: damages of one feed only, which the checks of all events missed -----------------


def _mri(t: Tables) -> list[Row]:
    return [row for row in _imaging(t) if row.get("modality") == "MR"]


def _mri_done(t: Tables) -> list[Row]:
    return [row for row in _mri(t) if row["status"] == "completed"]


@damage("dates", WARN, "study")
def mri_ordered_instead_of_done(t: Tables) -> None:
    for row in _mri_done(t):
        row["at"] = row.get("ordered_at") or row["at"]


@damage("dates", WARN)
def default_day_of_planned_operations(t: Tables) -> None:
    for row in t.cases:
        if row["status"] == "scheduled":
            row["surgery_at"] = "2099-12-31"


@damage("words", WARN)
def mri_never_completed(t: Tables) -> None:
    for row in _mri_done(t):
        row["status"] = "booked"


@damage("words", WARN)
def mri_cancelled(t: Tables) -> None:
    for row in _mri_done(t):
        row["status"] = "cancelled"


def _pelvis(rows: list[Row]) -> None:
    for row in rows:
        row["region"], row["codes"] = "pelvis", ""


@damage("words", WARN)
def mri_of_the_pelvis(t: Tables) -> None:
    """A word of the export means abdomen and pelvis, and was mapped to the pelvis."""
    _pelvis(_mri(t))


@damage("words", WARN)
def ct_of_the_pelvis(t: Tables) -> None:
    _pelvis([row for row in _imaging(t) if row.get("region") == "abdomen-pelvis"])


@damage("words", REFUSE)
def every_scan_is_ct_and_mr(t: Tables) -> None:
    """The column holds what the department has, not what was used."""
    for row in _imaging(t):
        row["modality"] = "CT;MR"


def _booked(t: Tables) -> list[Row]:
    return [row for row in _imaging(t) if row["status"] == "booked"]


@damage("dates", WARN)
def bookings_a_year_late(t: Tables) -> None:
    _each(_booked(t), "at", _years(1))


@damage("dates", WARN)
def bookings_on_the_day_of_their_order(t: Tables) -> None:
    """The time at which the appointment was made, in the place of the appointment."""
    for row in _booked(t):
        row["at"] = row.get("ordered_at") or str(t.as_of - timedelta(days=5))


@damage("dates", WARN)
def planned_operations_a_year_late(t: Tables) -> None:
    planned = [row for row in t.cases if row["status"] == "scheduled"]
    _each(_some(planned, 0.3), "surgery_at", _years(1))


@damage("rows", UNSEEN, history=True)
def only_scans_of_the_last_two_weeks(t: Tables) -> None:
    """A filter on the days before the operation, or on its stay in the hospital."""
    operations: dict[str, list[date]] = {}
    for row in t.cases:
        if day := _day(row["surgery_at"]):
            operations.setdefault(row["patient_id"], []).append(day)

    def near(row: Row) -> bool:
        day = _at(row)
        days = [(op - day).days for op in operations.get(row["patient_id"], [])] if day else []
        return day is None or any(-30 <= number <= 14 for number in days)

    _keep(t, near)


@damage("dates", WARN)
def planned_operations_on_the_first(t: Tables) -> None:
    """Only the month is planned, and the system fills in its first day."""
    for row in t.cases:
        if row["status"] == "scheduled":
            row["surgery_at"] = (row["surgery_at"] or "")[:8] + "01"


@damage("words", WARN)
def exceptions_of_unknown_requirements(t: Tables) -> None:
    for row in t.exceptions:
        row["requirement"] = f"{row['requirement']} scan"


@damage("words", WARN)
def one_site_entered_in_error(t: Tables) -> None:
    for row in _some(_imaging(t), 0.3):
        if row["status"] == "completed":
            row["status"] = "entered-in-error"
