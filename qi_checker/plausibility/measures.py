"""The counts of the records that the checks decide by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from qi_checker.engines.inputs.reading import Census

WEEKS = 78  # weeks that are distinguished; older events form one group
FUTURE, UNDATED = -1, -99
# Kinds that any hospital may deliver; another word may be anything, and is never printed.
USUAL_KINDS = frozenset(
    ("imaging", "therapy", "visit", "lab", "assessment", "medication", "procedure", "pathology")
)


class Rejects(NamedTuple):
    """Rows of a table that were rejected for one reason."""

    table: str
    column: str
    reason: str
    same: bool  # repeats an earlier row
    number: int


class Profile(NamedTuple):
    """Events with equal properties, whatever their dates; of the whole file, also rejected ones."""

    number: int
    kind: str
    status: str
    provenance: str
    events: int
    modalities: tuple[str, ...]  # from the column
    regions: tuple[str, ...]
    code_modalities: tuple[str, ...]  # from the codes
    code_regions: tuple[str, ...]
    coded: bool


class Series(NamedTuple):
    """A group for counting: events of one kind, status, modality and source."""

    kind: str
    status: str
    modality: str
    provenance: str


@dataclass(frozen=True)
class Week:
    """The events of a series in one week before the evaluated moment; 0 is its last seven days.

    FUTURE: after that moment; UNDATED: without a date; WEEKS: older than all the others.
    """

    series: Series
    week: int
    known: bool  # not recorded after the evaluated moment
    number: int
    newest: date | None
    timed: int
    midnight: int
    night: int
    recorded: int
    recorded_before: int
    recorded_late: int
    at_is_recorded: int
    both_timed: int  # with clock times of the event and of its record
    ordered: int
    ordered_after: int
    at_is_ordered: int
    minute_of_order: int
    swapped: int
    before_1990: int
    month_start: int
    partial: int


@dataclass(frozen=True)
class CaseWeek:
    """The operations of one week, by status; a week below 0 is after the evaluated moment."""

    week: int
    status: str
    number: int
    newest: date | None
    oldest: date | None
    with_event: int
    near: int  # with a completed event in the 90 days before
    procedures: int
    diagnoses: int
    started: int
    started_far: int  # more than 7 days from the planned day
    admitted_after: int
    timed: int
    midnight: int
    night: int
    swapped: int
    before_1990: int
    month_start: int


class Codes(NamedTuple):
    """One code of a column as written: `system` is empty if there is none."""

    column: str  # procedures, diagnoses or codes
    system: str
    code: str
    number: int


@dataclass(frozen=True)
class Patients:
    """Counts about patients and their events."""

    lost: int  # patients with an operation and no event
    patients: int  # with an operation
    # With an operation; an event has their id except for zeros, separators and case.
    spelt_otherwise: int
    without_prefix: int  # of the lost: an event has the same digits after another prefix
    strangers: int  # patients with events and no operation
    case_ids_as_patients: int  # operations whose own id is a patient id among the events
    pairs: int  # events of patients with an operation, each with every operation
    pairs_near: int  # of these: up to 90 days before it
    # The same for events, and for operations, on a day that gives another date with day and month
    # swapped.
    event_turns: int
    event_turns_near: int
    case_turns: int
    case_turns_near: int
    most_of_one: int  # events of the patient with the most
    with_events: int  # patients with an event
    most_of_a_day: int  # completed events on the day with the most
    days: int  # distinct days of completed events
    same_operation: int  # operations in addition to one of the same patient and day


class Performed(NamedTuple):
    """Counts of performed operations."""

    number: int
    started: int
    admitted: int
    days_after_admission: int
    both_timed: int  # with clock times of the operation and of the admission
    at_is_admitted: int
    replaced: int  # without a start; the same operation began within 60 days
    repeated: int  # the same of operations with a start


class Mistaken(NamedTuple):
    """Counts of rows that look like something else."""

    same_minute: Mapping[Series, int]  # by series: in groups of one patient, region and minute
    two_kinds: int  # scans with a code that as many results have
    coded: int  # scans with a code
    performed: Performed


@dataclass(frozen=True)
class Measures:
    """All counts for the checks of the records. `one_in`: one in this many patients is sampled."""

    as_of: date
    one_in: int
    census: Mapping[str, Census]
    files: Mapping[str, str]  # readable name of each table
    rejects: Sequence[Rejects]
    profiles: Sequence[Profile]
    weeks: Sequence[Week]
    cases: Sequence[CaseWeek]
    codes: Sequence[Codes]
    patients: Patients
    # All usable ones, those of an unknown operation, and those of almost a requirement.
    exceptions: tuple[int, int, int]
    kinds: frozenset[str]  # that a protocol reads
    needed: frozenset[str]  # that a requirement needs
    required: frozenset[str]  # modalities that a requirement accepts
    # Counts by weekday from Monday: operations that were not cancelled, and completed events.
    weekdays: Mapping[str, Sequence[int]]  # past, elective (of the past), planned, events
    mistaken: Mistaken
    modalities: frozenset[str]  # the vocabularies
    regions: frozenset[str]
    systems: frozenset[str]  # systems with a name or a code list
    # By table and column: the likely format of unreadable dates.
    written: Mapping[tuple[str, str], str]
