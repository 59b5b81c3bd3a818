"""The plausibility checks: their names, their limits and the findings they return.

Rows can be well-formed and wrong together. The checks are in `qi_checker/plausibility`; their names
and the limits at which they warn or refuse are defined here, since `site.yaml` may change them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from qi_checker.errors import Exit, Problem, UserError, did_you_mean

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


def _check(
    name: str, unit: Unit, warn: float | None, refuse: float | None, sees: str, do: str
) -> tuple[str, Check]:
    return name, Check(name, unit, Limits(warn, refuse), sees, do)


_SHARE: Unit = "share"
CHECKS: dict[str, Check] = dict(
    (
        # ---- rows --------------------------------------------------------------------------------
        _check(
            "empty",
            "number",
            None,
            0,
            "a table of cases or events without any usable row",
            "Check the export: nothing can be evaluated without these rows",
        ),
        _check(
            "rejected",
            _SHARE,
            0.05,
            0.30,
            "rows of a table that cannot be used",
            "Read rejects.csv, or `inspect --dry-run`; correct the export, or its mapping",
        ),
        _check(
            "torn",
            _SHARE,
            0.01,
            0.05,
            "rows with the wrong number of cells, or without a patient: they belong to no known patient",
            "Look for separators and line ends inside texts, which the export must quote",
        ),
        _check(
            "repeated",
            _SHARE,
            0.20,
            None,
            "rows delivered twice with the same content",
            "Check whether the export was joined to an earlier one",
        ),
        _check(
            "same_operation",
            _SHARE,
            0.05,
            0.30,
            "operations of one patient on one day under several ids",
            "Deliver each operation once; put several procedures into one row",
        ),
        # ---- words and codes -------------------------------------------------------------------------
        _check(
            "words",
            _SHARE,
            0.02,
            0.20,
            "values outside the vocabulary of a column",
            "Map the words: `words` in mapping.yaml, or `values` in site.yaml; `inspect --dry-run` lists them",
        ),
        _check(
            "kinds",
            _SHARE,
            0.0,
            0.20,
            "kinds of events spelt almost like one that a protocol requires",
            "Map the word: `words` of kind in mapping.yaml, or `values` in site.yaml",
        ),
        _check(
            "contradictions",
            _SHARE,
            0.05,
            0.30,
            "events whose modality or region column contradicts their own code",
            "Check the mapping of modality and region, and whether columns were swapped",
        ),
        _check(
            "codes",
            _SHARE,
            0.02,
            0.20,
            "codes without a system, or of a system that no code list knows",
            "Write codes as SYSTEM:CODE, separated by semicolons",
        ),
        _check(
            "code_shape",
            _SHARE,
            0.05,
            0.40,
            "codes that do not look like codes of their system: lost digits, another system",
            "Check whether a spreadsheet changed the codes, and which system the column holds",
        ),
        # ---- dates -------------------------------------------------------------------------------
        _check(
            "recorded_before",
            _SHARE,
            0.05,
            0.50,
            "completed events that were recorded before they happened",
            "Check which columns hold the time of the event and of its entry, and the date format",
        ),
        _check(
            "recorded_late",
            _SHARE,
            0.50,
            None,
            "completed events that were recorded more than 14 days after they happened",
            "Check that `at` contains the start of the acquisition",
        ),
        _check(
            "ordered_after",
            _SHARE,
            0.10,
            0.60,
            "completed events that were ordered after they were done",
            "Check which column holds the time of the order, and the date format",
        ),
        _check(
            "at_is_ordered",
            _SHARE,
            0.80,
            None,
            "completed events that happened on the day of their order",
            "Check that `at` contains the start of the acquisition, not the time of the order",
        ),
        _check(
            "at_is_recorded",
            _SHARE,
            0.50,
            None,
            "completed events that happened in the same minute in which they were recorded",
            "Check that `at` contains the start of the acquisition, not that of the report or import",
        ),
        _check(
            "swapped_dates",
            _SHARE,
            0.01,
            0.10,
            "dates that match the other dates of their row only with day and month swapped",
            "Check how the export writes dates: month or day first",
        ),
        _check(
            "weekends",
            _SHARE,
            0.03,
            None,
            "operations on weekends, with none before or with two other days in a row empty",
            "Check how the export writes dates: day and month, and whether a time zone moved them by a day",
        ),
        _check(
            "before_1990",
            _SHARE,
            0.01,
            0.20,
            "dates before 1990",
            "Leave unknown dates empty; do not fill in a default",
        ),
        _check(
            "future",
            _SHARE,
            0.02,
            0.20,
            "completed or recorded events, or performed operations, after the date of the evaluation",
            "Check the year in the records and --as-of",
        ),
        _check(
            "night",
            _SHARE,
            0.30,
            None,
            "imaging, or operations that start, between 22:00 and 6:00",
            "Check the time zone of the export: clock times may be in UTC although nothing says so",
        ),
        _check(
            "midnight",
            _SHARE,
            0.30,
            None,
            "clock times of exactly 0:00",
            "Set midnight_is_date in site.yaml, or leave the clock time out",
        ),
        _check(
            "one_day",
            _SHARE,
            0.20,
            0.80,
            "completed events that all lie on one day",
            "Check whether `at` contains a default or the day of the export",
        ),
        _check(
            "month_starts",
            _SHARE,
            0.25,
            None,
            "completed events, or planned operations, on the first day of a month",
            "Check whether dates were truncated to the month; write 2026-05 if the day is not known",
        ),
        _check(
            "one_weekday",
            _SHARE,
            0.80,
            None,
            "completed events on one and the same day of the week",
            "Check whether dates were cut to the week",
        ),
        _check(
            "no_weekday",
            "number",
            19,
            None,
            "events expected on one working day of the week, on which hardly any occurred",
            "Check whether the export fails on that day",
        ),
        _check(
            "partial",
            _SHARE,
            0.20,
            0.80,
            "completed events with only a month or year",
            "Deliver the day of the acquisition",
        ),
        _check(
            "exchanged",
            "number",
            None,
            0,
            "columns that look swapped",
            "Check the header of the export and the mapping of these columns",
        ),
        # ---- patients and events
        # ------------------------------------------------------------------------
        _check(
            "case_status",
            _SHARE,
            0.40,
            0.90,
            "operations that are cancelled",
            "Check the mapping of the words of the status",
        ),
        _check(
            "event_status",
            _SHARE,
            0.50,
            0.90,
            "required kinds of events that were never completed although their day has passed",
            "Check the mapping of the words of the status",
        ),
        _check(
            "in_error",
            _SHARE,
            0.10,
            0.50,
            "required kinds of events that were entered in error",
            "Check the mapping of the words of the status",
        ),
        _check(
            "still_scheduled",
            _SHARE,
            0.25,
            0.80,
            "operations whose day has passed and that are still scheduled",
            "Check that the status is updated after surgery",
        ),
        _check(
            "no_events",
            _SHARE,
            0.15,
            0.60,
            "operations whose patient has no event at all",
            "Check that both tables hold the same patients and write the ids in the same way",
        ),
        _check(
            "spelling",
            _SHARE,
            0.0,
            0.05,
            "patient ids that would be the same without zeros, separators, case or a prefix",
            "Export ids as text; strip or pad them in the mapping so that both tables agree",
        ),
        _check(
            "one_patient",
            _SHARE,
            0.10,
            0.50,
            "events that belong to a single patient",
            "Look for a default id, or ids that were cut or rounded",
        ),
        _check(
            "timing",
            "times",
            1.5,
            1.2,
            "events near an operation of their patient at most this many times as often as by chance",
            "Check whether one column was sorted or shifted by itself",
        ),
        _check(
            "unknown_cases",
            _SHARE,
            0.30,
            None,
            "exceptions of operations that are not among the cases",
            "Check that both tables write the ids of operations in the same way",
        ),
        # ---- time --------------------------------------------------------------------------------
        _check(
            "newest_event",
            "days",
            14,
            60,
            "days since the newest event, if the pause is longer than usual",
            "Check that the feed of events still delivers, and --as-of",
        ),
        _check(
            "newest_surgery",
            "days",
            14,
            None,
            "days since the newest operation, if the pause is longer than usual",
            "Check that the export of operations reaches to today, and --as-of",
        ),
        _check(
            "upcoming",
            "number",
            5,
            None,
            "planned operations expected, while the records contain none",
            "Check that the export holds scheduled operations, not only past ones",
        ),
        _check(
            "bookings",
            "number",
            9,
            None,
            "planned operations while there is no future appointment at all",
            "Check that booked events are exported; if they never are, set bookings: off",
        ),
        _check(
            "horizon",
            "number",
            4,
            None,
            "planned operations, or appointments, while none is more than a week ahead",
            "Check whether the export has a filter that cuts off what lies further ahead",
        ),
        _check(
            "far_ahead",
            _SHARE,
            0.02,
            0.50,
            "planned operations that are more than a year ahead",
            "Check the year; leave out operations without a day, instead of a default such as 2099-12-31",
        ),
        _check(
            "stopped",
            "number",
            9,
            None,
            "expected events of a kind, modality or source, while hardly any arrived",
            "Check its feed, and whether its word has changed",
        ),
        _check(
            "fewer",
            "times",
            2,
            None,
            "operations, or operations with codes and events, that have become this many times rarer "
            "in the last 28 days",
            "Check what changed in the export since then",
        ),
        _check(
            "earlier",
            "times",
            2,
            None,
            "older operations that have an event before them this many times more rarely than later ones",
            "Check that the export of events reaches as far back as that of operations, under the same ids",
        ),
        _check(
            "period",
            "days",
            3,
            7,
            "days of the period of a report or study that the records do not cover",
            "Wait for an export that holds the whole period, or report an earlier one",
        ),
        # ---- results -----------------------------------------------------------------------------
        _check(
            "population",
            "number",
            0,
            19,
            "operations with codes, while the protocol applies to none of them",
            "Check the codes of procedures and diagnoses, or whether this is the right protocol",
        ),
        _check(
            "excluded",
            _SHARE,
            0.50,
            None,
            "operations of the population that the protocol excludes",
            "Check the words for urgency and the other columns that exclusions use",
        ),
        _check(
            "requirement",
            "number",
            9,
            None,
            "operations, while no event of any patient could meet a requirement",
            "Check the feed and the words of the required events",
        ),
        _check(
            "rate",
            "number",
            19,
            None,
            "operations, while not a single one is compliant",
            "Check a few of them before you pass on the figure",
        ),
        _check(
            "exceptions",
            _SHARE,
            0.80,
            None,
            "exceptions that are ignored: expired, unapproved, approved by the requester, or of a misspelt requirement",
            "Read the data problems, which say why for each; check the dates and names of the exceptions",
        ),
        _check(
            "after_surgery",
            _SHARE,
            0.15,
            None,
            "requirements for which the event came after the operation",
            "Check that surgery_at holds the day of the operation, not that of its booking or admission",
        ),
        _check(
            "booked_outside",
            _SHARE,
            0.60,
            None,
            "appointments outside the window of their operation",
            "Check the year and the format of booked events and of planned operations",
        ),
        _check(
            "other_events",
            _SHARE,
            0.20,
            None,
            "operations whose nearest event for a requirement has another region, modality or code",
            "Check the mapping of region and modality, and the exam names of a few of these events",
        ),
        _check(
            "undecided",
            _SHARE,
            0.25,
            None,
            "requirements that cannot be decided from the records",
            "Read the reasons; what is not recorded cannot be judged",
        ),
        # ---- against earlier nights --------------------------------------------------------------
        _check(
            "history_rows",
            _SHARE,
            0.20,
            0.50,
            "a count that is lower than in earlier nights",
            "Compare tonight's export with yesterday's",
        ),
        _check(
            "history_vanished",
            _SHARE,
            0.03,
            0.30,
            "operations of the last night that are gone",
            "Check whether ids have changed or rows were lost",
        ),
        _check(
            "history_verdicts",
            _SHARE,
            0.03,
            0.30,
            "findings of operations long over that have a different status or event from last night",
            "Look at what changed before anybody acts on it",
        ),
    )
)


@dataclass(frozen=True)
class Finding:
    """The result of a check: `count` of `of` rows of a column, and its effect on the run."""

    check: str
    table: str
    column: str
    count: int
    of: int
    level: Level
    message: str

    def as_dict(self) -> dict[str, Any]:
        """Return the entry for the manifest."""
        return asdict(self) | {"level": str(self.level)}

    def without_numbers(self) -> Finding:
        """Return the finding without counts, for readers who must not see small numbers."""
        check = CHECKS[self.check]
        message = f"Seen: {check.sees}. {check.do}."
        return replace(self, column="", count=0, of=0, message=message)


@dataclass(frozen=True)
class CheckResult:
    """Findings about one evaluation, the accepted ones, and counts for later nights."""

    findings: tuple[Finding, ...] = ()
    accepted: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...]:
        """Return the messages for people, the worst first."""
        return tuple(f.message for f in self.findings)


UNCHECKED = CheckResult()


def accepted(findings: Iterable[Finding], accept: Iterable[str]) -> tuple[Finding, ...]:
    """Return the findings; refusals accepted for this run become warnings that say so."""
    names = set(accept)
    return tuple(
        replace(
            f, level=Level.WARN, message=f"{f.message} Accepted for this run: --accept {f.check}."
        )
        if f.level is Level.REFUSE and f.check in names
        else f
        for f in findings
    )


def check_accepted(names: Iterable[str]) -> None:
    """Raise UserError for a name that is not a check."""
    problems = [
        Problem("--accept", f"{name} is not a check", "", did_you_mean(name, CHECKS))
        for name in names
        if name not in CHECKS
    ]
    if problems:
        raise UserError(problems)


class Refused(UserError):
    """The records are not plausible; nothing was written, and the last results stay in force."""

    exit_code = Exit.INPUT

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(
            Problem(
                f"plausibility: {f.check}",
                f.message,
                "",
                f"If the records are correct: --accept {f.check}",
            )
            for f in self.findings
            if f.level is Level.REFUSE
        )


# ---- settings ------------------------------------------------------------------------------------

_PERCENT = re.compile(r"(100|[0-9]{1,2}(\.[0-9]+)?) ?%")
_KEYS = {
    "warn": "Above this the check warns: the finding comes first, and the exit code stays 0.",
    "refuse": "Above this the check refuses: exit code 2, and nothing is written.",
}


class Complaint(NamedTuple):
    """An error at a path below `plausibility`; `key`: it concerns the key, not its value."""

    path: tuple[str, ...]
    what: str
    advice: str
    key: bool = False


@dataclass(frozen=True)
class Settings:
    """The limits of each check at a site; `on` is False for `plausibility: off`."""

    on: bool
    limits: Mapping[str, Limits]

    def of(self, check: str) -> Limits:
        return self.limits[check] if self.on else OFF


def read_settings(given: Any) -> tuple[Settings, list[Complaint]]:
    """Read `plausibility` of site.yaml: `off`, or limits for each check."""
    limits = {name: check.default for name, check in CHECKS.items()}
    if given is False:  # what YAML makes of `off`
        return Settings(False, limits), []
    wrong: list[Complaint] = []
    if given is None:
        return Settings(True, limits), wrong
    if not isinstance(given, Mapping):
        what = "is neither off nor a set of checks"
        wrong.append(Complaint((), what, "Write {rejected: 5%}, or off"))
        return Settings(True, limits), wrong
    for name, value in given.items():
        if name not in CHECKS:
            advice = did_you_mean(str(name), CHECKS)
            what = f"`{name}` is not a check of plausibility"
            wrong.append(Complaint((str(name),), what, advice, key=True))
            continue
        wrong += [
            found._replace(path=(name, *found.path))
            for found in _limits(CHECKS[name], value, limits)
        ]
    return Settings(True, limits), wrong


def _limits(check: Check, value: Any, limits: dict[str, Limits]) -> Iterator[Complaint]:
    """Put the limits of one check into `limits`; a single value is the limit for a warning."""
    if value is False:
        limits[check.name] = OFF
        return
    given = value if isinstance(value, Mapping) else {"warn": value}
    known = limits[check.name]
    for key, text in given.items():
        path = (str(key),) if isinstance(value, Mapping) else ()
        if key not in _KEYS:
            advice = did_you_mean(str(key), _KEYS)
            yield Complaint(path, f"`{key}` is not a key of a check", advice, key=True)
            continue
        limit = None if text is False else _limit(check, text)
        if text is not False and limit is None:
            meant, how = _meant(check)
            yield Complaint(path, f"`{text}` is not {meant}", f"Write {how}, or off")
            continue
        known = replace(known, **{key: limit})
    if not isinstance(value, Mapping) and None not in (known.warn, known.refuse):
        known = replace(known, refuse=max(known.warn or 0, known.refuse or 0))
    limits[check.name] = known


def _limit(check: Check, text: Any) -> float | None:
    if check.unit == "share":
        matches = isinstance(text, str) and _PERCENT.fullmatch(text)
        return float(text.rstrip(" %")) / 100 if matches else None
    if isinstance(text, bool) or not isinstance(text, int | float) or text < 0:
        return None
    return float(text)


def _meant(check: Check) -> tuple[str, str]:
    if check.unit == "share":
        return "a percentage", "it with its sign, such as 5%"
    return "a number", "it in digits, such as 14"


def settings_schema() -> dict[str, Any]:
    """Return the JSON Schema of `plausibility`: names of the checks, and the form of a limit."""
    limit: dict[str, Any] = {
        "anyOf": [
            {"type": "string", "pattern": f"^{_PERCENT.pattern}$"},
            {"type": "number", "minimum": 0},
            {"const": False},
        ]
    }
    keys = {key: limit | {"description": about} for key, about in _KEYS.items()}
    both = {"type": "object", "properties": keys, "additionalProperties": False}
    checks = {
        "type": "object",
        "propertyNames": {"enum": list(CHECKS)},
        "additionalProperties": {"anyOf": [*limit["anyOf"], both]},
    }
    return {"anyOf": [{"const": False}, checks]}
