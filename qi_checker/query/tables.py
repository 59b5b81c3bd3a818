"""The ready tables that compiled queries read and the tables that they fill.

An engine builds the ready tables from its records; the compiler knows nothing else about it.

`ready_cases`     case_key, case_id, patient_id, patient, cancelled, upcoming, anchor DATE, op_clock and
                  op_utc TIMESTAMP, the other columns of the contract as text, the columns of the
                  hospital that the protocol reads, as own_<name>, and the dates that windows are
                  counted from, as when_<n> DATE, when_<n>_clock and when_<n>_utc TIMESTAMP
`ready_events`    event_id, patient, profile, lo and hi DATE, clock and utc TIMESTAMP, description;
                  known at as_of, entered-in-error left out. `patient` is the id of the patient, or a
                  number used instead of it in all three tables
`event_doubts`    the same of rejected rows that might be evidence, with `doubt` (a reason) and
                  `row`; profile NULL if nothing of the row can be read
`event_profiles`  profile, kind, status, codes, modalities and regions (arrays), modality_unsure,
                  region_unsure, never, warns, coded, provenance, and the columns of the hospital that
                  the protocol reads, as own_<name>: shared by events with equal properties
`code_texts`      text, list: the texts of codes that contain a code of a code list
`never_texts`     text, list: the texts that contain a code of role never outside a code list
`calendar`        day, number, next: every day in use with the number of its working day;
                  any other day has the number of the working day before it, and in `next` that of
                  the one after it
`ready_exceptions` exception_id, case_id, requirement, reason, requested_by,
                  requested_on DATE, requested_clock TIMESTAMP, approved_by, approved_on DATE,
                  approved_known, valid_from, expires_on, revoked_on DATE, known,
                  people: why the two names are not two people (protocol/people.py), or NULL
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date

from qi_checker.protocol.records import FIRST_YEAR
from qi_checker.protocol.selectors import EventSelector

READY_CASES = "ready_cases"
READY_EVENTS = "ready_events"
EVENT_DOUBTS = "event_doubts"
EVENT_PROFILES = "event_profiles"
CODE_TEXTS = "code_texts"
NEVER_TEXTS = "never_texts"
CALENDAR = "calendar"
READY_EXCEPTIONS = "ready_exceptions"

POPULATION = "population"  # ready_cases with version, not_applicable (a reason) and excluded_by
# exception_id, case_key, requirement, expires_on, asked_late (after surgery), ignored (why)
EXCEPTIONS = "exceptions_judged"
ROWS = "finding_rows"  # status, reason and evidence per case of the protocol and requirement
JUDGED = "finding_judged"  # view: the same with act_by
FACTS = "finding_facts"  # view: the same, plus the cases to which the protocol does not apply; no sentences
SHOWN = "shown_cases"  # case_key, case_id, patient_id, _row of the cases whose rows were copied from a database
VERDICTS = "case_verdicts"  # verdict per case, next requirement, last day
FINDINGS = "findings_full"  # view: facts with every column of a finding, sentences included
CASES = "cases_full"  # view: verdicts with every column of a case

NEVER = date(FIRST_YEAR, 1, 1)  # last delivery of a feed without any event


@dataclass(frozen=True)
class Feeds:
    """The delivery of each kind of event; NEVER if nothing was delivered."""

    stale_since: Mapping[str, date] = field(default_factory=dict)  # newest day delivered
    full_until: Mapping[str, date] = field(default_factory=dict)  # feeds half empty since that day
    silent: frozenset[str] = frozenset()  # kinds without any event for any patient
    rejected: bool = True  # whether rejected rows of events may be evidence

    @property
    def key(self) -> tuple[Hashable, ...]:
        """Return the values in a form that can be compared and hashed."""
        stale, full = sorted(self.stale_since.items()), sorted(self.full_until.items())
        return tuple(stale), tuple(full), self.silent, self.rejected

    def delivered_until(self, selector: EventSelector) -> date | None:
        """Return the last day on which absence is meaningful; None if it always is."""
        days = [self.stale_since[selector.kind]] if selector.kind in self.stale_since else []
        for feed, day in self.full_until.items():
            kind, _, modality = feed.partition(".")
            if kind == selector.kind and (
                not modality or modality in (selector.modality or [modality])
            ):
                days.append(day)
        return min(days, default=None)
