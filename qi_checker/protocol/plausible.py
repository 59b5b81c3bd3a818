"""The plausibility checks: their names, what they report, and their default limits.

Rows can be well-formed and wrong together. The checks are in `qi_checker/plausibility`; their names
and the limits at which they warn or refuse are defined here, since `site.yaml` may change them
(`plausible_settings.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Unit = Literal["share", "number", "days", "times"]


class Level(StrEnum):
    """The effect of a finding: it is reported first, or the run ends with exit code 2."""

    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Limits:
    """Above `warn` a check warns, above `refuse` it refuses; None: never.

    Shares are fractions of 1; numbers, days and ratios are plain values.
    """

    warn: float | None = None
    refuse: float | None = None

    def level(self, value: float) -> Level | None:
        """Return the effect of a value, or None if it is within the limits."""
        if self.refuse is not None and value > self.refuse:
            return Level.REFUSE
        if self.warn is not None and value > self.warn:
            return Level.WARN
        return None


OFF = Limits()


@dataclass(frozen=True)
class Check:
    """One check: the unit of its limits, its default limits, what it reports and what to do."""

    name: str
    unit: Unit
    default: Limits
    sees: str
    do: str


_ALL = (
    # ---- rows ------------------------------------------------------------------------------------
    Check(
        "empty",
        "number",
        Limits(None, 0),
        "a table of cases or events without any usable row",
        "Check the export: nothing can be evaluated without these rows",
    ),
    Check(
        "rejected",
        "share",
        Limits(0.05, 0.30),
        "rows of a table that cannot be used",
        "Read rejects.csv, or `inspect --dry-run`; correct the export, or its mapping",
    ),
    Check(
        "torn",
        "share",
        Limits(0.01, 0.05),
        "rows with the wrong number of cells, or without a patient: they belong to no known patient",
        "Look for separators and line ends inside texts, which the export must quote",
    ),
    Check(
        "repeated",
        "share",
        Limits(0.20, None),
        "rows delivered twice with the same content",
        "Check whether the export was joined to an earlier one",
    ),
    Check(
        "same_operation",
        "share",
        Limits(0.05, 0.30),
        "operations of one patient on one day under several ids",
        "Deliver each operation once; put several procedures into one row",
    ),
    # ---- words and codes -------------------------------------------------------------------------
    Check(
        "words",
        "share",
        Limits(0.02, 0.20),
        "values outside the vocabulary of a column",
        "Map the words: `words` in mapping.yaml, or `values` in site.yaml; `inspect --dry-run` lists them",
    ),
    Check(
        "kinds",
        "share",
        Limits(0.0, 0.20),
        "kinds of events spelt almost like one that a protocol requires",
        "Map the word: `words` of kind in mapping.yaml, or `values` in site.yaml",
    ),
    Check(
        "contradictions",
        "share",
        Limits(0.05, 0.30),
        "events whose modality or region column contradicts their own code",
        "Check the mapping of modality and region, and whether columns were swapped",
    ),
    Check(
        "codes",
        "share",
        Limits(0.02, 0.20),
        "codes without a system, or of a system that no code list knows",
        "Write codes as SYSTEM:CODE, separated by semicolons",
    ),
    Check(
        "code_shape",
        "share",
        Limits(0.05, 0.40),
        "codes that do not look like codes of their system: lost digits, another system",
        "Check whether a spreadsheet changed the codes, and which system the column holds",
    ),
    # ---- dates -----------------------------------------------------------------------------------
    Check(
        "recorded_before",
        "share",
        Limits(0.05, 0.50),
        "completed events that were recorded before they happened",
        "Check which columns hold the time of the event and of its entry, and the date format",
    ),
    Check(
        "recorded_late",
        "share",
        Limits(0.50, None),
        "completed events that were recorded more than 14 days after they happened",
        "Check that `at` contains the start of the acquisition",
    ),
    Check(
        "ordered_after",
        "share",
        Limits(0.10, 0.60),
        "completed events that were ordered after they were done",
        "Check which column holds the time of the order, and the date format",
    ),
    Check(
        "at_is_ordered",
        "share",
        Limits(0.80, None),
        "completed events that happened on the day of their order",
        "Check that `at` contains the start of the acquisition, not the time of the order",
    ),
    Check(
        "at_is_recorded",
        "share",
        Limits(0.50, None),
        "completed events that happened in the same minute in which they were recorded",
        "Check that `at` contains the start of the acquisition, not that of the report or import",
    ),
    Check(
        "swapped_dates",
        "share",
        Limits(0.01, 0.10),
        "dates that match the other dates of their row only with day and month swapped",
        "Check how the export writes dates: month or day first",
    ),
    Check(
        "weekends",
        "share",
        Limits(0.03, None),
        "operations on weekends: elective ones, or with none before, or with two other days in a row empty",
        "Check for swapped days and months, a wrong time zone, days of discharge, and emergencies called elective",
    ),
    Check(
        "before_1990",
        "share",
        Limits(0.01, 0.20),
        "dates before 1990",
        "Leave unknown dates empty; do not fill in a default",
    ),
    Check(
        "future",
        "share",
        Limits(0.02, 0.20),
        "completed or recorded events, or performed operations, after the date of the evaluation",
        "Check the year in the records and --as-of",
    ),
    Check(
        "night",
        "share",
        Limits(0.30, None),
        "imaging, or operations that start, between 22:00 and 6:00",
        "Check the time zone of the export: clock times may be in UTC although nothing says so",
    ),
    Check(
        "midnight",
        "share",
        Limits(0.30, None),
        "clock times of exactly 0:00",
        "Set midnight_is_date in site.yaml, or leave the clock time out",
    ),
    Check(
        "one_day",
        "share",
        Limits(0.20, 0.80),
        "completed events that all lie on one day",
        "Check whether `at` contains a default or the day of the export",
    ),
    Check(
        "month_starts",
        "share",
        Limits(0.25, None),
        "completed events, or planned operations, on the first day of a month",
        "Check whether dates were truncated to the month; write 2026-05 if the day is not known",
    ),
    Check(
        "one_weekday",
        "share",
        Limits(0.80, None),
        "completed events on one and the same day of the week",
        "Check whether dates were cut to the week",
    ),
    Check(
        "no_weekday",
        "number",
        Limits(19, None),
        "events expected on one working day of the week, on which hardly any occurred",
        "Check whether the export fails on that day",
    ),
    Check(
        "partial",
        "share",
        Limits(0.20, 0.80),
        "completed events with only a month or year",
        "Deliver the day of the acquisition",
    ),
    Check(
        "exchanged",
        "number",
        Limits(None, 0),
        "columns that look swapped",
        "Check the header of the export and the mapping of these columns",
    ),
    # ---- patients and events ---------------------------------------------------------------------
    Check(
        "case_status",
        "share",
        Limits(0.40, 0.90),
        "operations that are cancelled",
        "Check the mapping of the words of the status",
    ),
    Check(
        "event_status",
        "share",
        Limits(0.50, 0.90),
        "required kinds of events that were never completed although their day has passed",
        "Check the mapping of the words of the status",
    ),
    Check(
        "in_error",
        "share",
        Limits(0.10, 0.50),
        "required kinds of events that were entered in error",
        "Check the mapping of the words of the status",
    ),
    Check(
        "still_scheduled",
        "share",
        Limits(0.25, 0.80),
        "operations whose day has passed and that are still scheduled",
        "Check that the status is updated after surgery",
    ),
    Check(
        "no_events",
        "share",
        Limits(0.15, 0.60),
        "operations whose patient has no event at all",
        "Check that both tables hold the same patients and write the ids in the same way",
    ),
    Check(
        "spelling",
        "share",
        Limits(0.0, 0.05),
        "patient ids that would be the same without zeros, separators, case or a prefix",
        "Export ids as text; strip or pad them in the mapping so that both tables agree",
    ),
    Check(
        "one_patient",
        "share",
        Limits(0.10, 0.50),
        "events that belong to a single patient",
        "Look for a default id, or ids that were cut or rounded",
    ),
    Check(
        "timing",
        "times",
        Limits(1.5, 1.2),
        "events near an operation of their patient at most this many times as often as by chance",
        "Check whether one column was sorted or shifted by itself",
    ),
    Check(
        "unknown_cases",
        "share",
        Limits(0.30, None),
        "exceptions of operations that are not among the cases",
        "Check that both tables write the ids of operations in the same way",
    ),
    # ---- rows of another meaning ------------------------------------------------------------------
    Check(
        "unrecorded",
        "share",
        Limits(0.05, None),
        "completed events of a required modality without `recorded_at`, although most have it",
        "Check a few of them: they may be cancelled or only ordered, or not be examinations",
    ),
    Check(
        "minute_of_order",
        "share",
        Limits(0.05, None),
        "completed scans of a required modality in the minute in which they were ordered",
        "Check whether orders that were never done are exported as completed",
    ),
    Check(
        "same_minute",
        "share",
        Limits(0.05, None),
        "completed scans of a required modality in groups of three or more of one patient, region and minute",
        "Check whether other results are exported as imaging; deliver each examination once",
    ),
    Check(
        "two_kinds",
        "share",
        Limits(0.02, None),
        "scans with a code that laboratory results, other results or visits have, too",
        "Check the mapping of kind: the same code must not be imaging and a result",
    ),
    Check(
        "after_admission",
        "share",
        Limits(0.50, None),
        "performed operations more than three days after admission",
        "Check that surgery_at holds the day of the operation, not that of discharge",
    ),
    Check(
        "at_is_admitted",
        "share",
        Limits(0.50, None),
        "performed operations that began in the minute of admission",
        "Check that surgery_at holds the time of the operation, not that of admission",
    ),
    Check(
        "replaced",
        "share",
        Limits(0.02, None),
        "performed operations without a start, followed by the same operation with a start within 60 days",
        "Check whether cancelled operations are exported as performed",
    ),
    # ---- time ------------------------------------------------------------------------------------
    Check(
        "newest_event",
        "days",
        Limits(14, 60),
        "days since the newest event, if the pause is longer than usual",
        "Check that the feed of events still delivers, and --as-of",
    ),
    Check(
        "newest_surgery",
        "days",
        Limits(14, None),
        "days since the newest operation, if the pause is longer than usual",
        "Check that the export of operations reaches to today, and --as-of",
    ),
    Check(
        "upcoming",
        "number",
        Limits(5, None),
        "planned operations expected, while the records contain none",
        "Check that the export holds scheduled operations, not only past ones",
    ),
    Check(
        "bookings",
        "number",
        Limits(9, None),
        "planned operations while there is no future appointment at all",
        "Check that booked events are exported; if they never are, set bookings: off",
    ),
    Check(
        "horizon",
        "number",
        Limits(4, None),
        "planned operations, or appointments, while none is more than a week ahead",
        "Check whether the export has a filter that cuts off what lies further ahead",
    ),
    Check(
        "far_ahead",
        "share",
        Limits(0.02, 0.50),
        "planned operations that are more than a year ahead",
        "Check the year; leave out operations without a day, instead of a default such as 2099-12-31",
    ),
    Check(
        "stopped",
        "number",
        Limits(9, None),
        "expected events of a kind, modality or source, while hardly any arrived",
        "Check its feed, and whether its word has changed",
    ),
    Check(
        "fewer",
        "times",
        Limits(2, None),
        "operations, or operations with codes and events, that have become this many times rarer "
        "in the last 28 days",
        "Check what changed in the export since then",
    ),
    Check(
        "earlier",
        "times",
        Limits(2, None),
        "older operations that have an event before them this many times more rarely than later ones",
        "Check that the export of events reaches as far back as that of operations, under the same ids",
    ),
    Check(
        "period",
        "days",
        Limits(3, 7),
        "days of the period of a report or study that the records do not cover",
        "Wait for an export that holds the whole period, or report an earlier one",
    ),
    # ---- results ---------------------------------------------------------------------------------
    Check(
        "population",
        "number",
        Limits(0, 19),
        "operations with codes, while the protocol applies to none of them",
        "Check the codes of procedures and diagnoses, or whether this is the right protocol",
    ),
    Check(
        "excluded",
        "share",
        Limits(0.50, None),
        "operations of the population that the protocol excludes",
        "Check the words for urgency and the other columns that exclusions use",
    ),
    Check(
        "requirement",
        "number",
        Limits(9, None),
        "operations, while no event of any patient could meet a requirement",
        "Check the feed and the words of the required events",
    ),
    Check(
        "rate",
        "number",
        Limits(19, None),
        "operations, while not a single one is compliant",
        "Check a few of them before you pass on the figure",
    ),
    Check(
        "exceptions",
        "share",
        Limits(0.80, None),
        "exceptions that are ignored: expired, unapproved, approved by the requester, or of a misspelt requirement",
        "Read the data problems, which say why for each; check the dates and names of the exceptions",
    ),
    Check(
        "after_surgery",
        "share",
        Limits(0.15, None),
        "requirements for which the event came after the operation",
        "Check that surgery_at holds the day of the operation, not that of its booking or admission",
    ),
    Check(
        "booked_outside",
        "share",
        Limits(0.60, None),
        "appointments outside the window of their operation",
        "Check the year and the format of booked events and of planned operations",
    ),
    Check(
        "other_events",
        "share",
        Limits(0.20, None),
        "operations whose nearest event for a requirement has another region, modality or code",
        "Check the mapping of region and modality, and the exam names of a few of these events",
    ),
    Check(
        "undecided",
        "share",
        Limits(0.25, None),
        "requirements that cannot be decided from the records",
        "Read the reasons; what is not recorded cannot be judged",
    ),
    # ---- against earlier nights ------------------------------------------------------------------
    Check(
        "history_rows",
        "share",
        Limits(0.20, 0.50),
        "a count that is lower than in earlier nights",
        "Compare tonight's export with yesterday's",
    ),
    Check(
        "history_vanished",
        "share",
        Limits(0.03, 0.30),
        "operations of the last night that are gone",
        "Check whether ids have changed or rows were lost",
    ),
    Check(
        "history_verdicts",
        "share",
        Limits(0.03, 0.30),
        "findings of operations long over that have a different status or event from last night",
        "Look at what changed before anybody acts on it",
    ),
)
CHECKS: dict[str, Check] = {check.name: check for check in _ALL}
