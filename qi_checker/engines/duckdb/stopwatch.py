"""Where the time of an evaluation goes, by what each statement is for.

The connection of the records is put behind a watch. The time since the statement before counts for the
statement that has just ended, so that the phases add up to the whole, work outside the database
included. Without a watch nothing is wrapped and nothing is measured.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import duckdb

from qi_checker.engines.inputs.reading import Census
from qi_checker.protocol.records import Records
from qi_checker.query import tables

OPEN, PREPARE = "open files and rules", "other preparing"
POPULATION, EXCEPTIONS = "population", "exceptions"
FACTS, VERDICTS, WRITE = "facts", "verdicts", "words, pages, files"
# The first of these that a statement names says what it is for; what it makes comes first.
_TABLES = {
    "raw_events": "read events",
    "raw_cases": "read cases",
    "raw_exceptions": "read exceptions",
    "rejected_cases": "read cases",
    "read_cases": "read cases",
    "rejected_events": "read events",
    "read_events": "read events",
    "rejected_exceptions": "read exceptions",
    "read_exceptions": "read exceptions",
    "looks": "codes and words",
    "code_items": "codes and words",
    "imaging_facts": "codes and words",
    tables.CODE_TEXTS: "codes and words",
    tables.NEVER_TEXTS: "codes and words",
    tables.EVENT_PROFILES: "codes and words",
    tables.READY_CASES: "prepare cases",
    "patients": "prepare cases",
    tables.READY_EVENTS: "prepare events",
    tables.EVENT_DOUBTS: "prepare events",
    tables.READY_EXCEPTIONS: "prepare exceptions",
    tables.WORKING_SHIFT: "prepare working days",
    tables.POPULATION: POPULATION,
    tables.EXCEPTIONS: EXCEPTIONS,
    tables.ROWS: FACTS,
    tables.ACT_BY: FACTS,
    tables.JUDGED: FACTS,
    tables.FACTS: FACTS,
    tables.VERDICTS: VERDICTS,
}
# How many rows of which table tell the size of a phase.
_ROWS = {
    "prepare cases": tables.READY_CASES,
    "codes and words": tables.EVENT_PROFILES,
    POPULATION: tables.POPULATION,
    EXCEPTIONS: tables.EXCEPTIONS,
    FACTS: tables.ROWS,
    VERDICTS: tables.VERDICTS,
}
_MADE = re.compile(
    r"\s*(?:CREATE (?:OR REPLACE )?(?:TEMP )?(?:TABLE|VIEW)|INSERT INTO)\s+\"?(\w+)", re.I
)
_WORD = re.compile(r"\w+")
_ALL = ""  # no protocol by itself: what is done once for all of them


@dataclass(frozen=True)
class Line:
    """One phase of one protocol; `rows` where a table tells them."""

    protocol: str  # empty for what is done once for all
    phase: str
    seconds: float
    rows: int | None
    share: float  # of the whole, 0 to 1


@dataclass
class Stopwatch:
    """Adds up wall seconds by protocol and phase, from the moment it is made."""

    protocols: Sequence[str] = ()  # ids, in the order in which they are evaluated
    seconds: dict[tuple[str, str], float] = field(default_factory=dict)
    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    begun: int = 0  # protocols whose population was looked for
    _last: float = field(default_factory=time.perf_counter)

    def ended(self, phase: str) -> None:
        """What was done since the last time was for this phase."""
        now = time.perf_counter()
        key = (self.protocol if phase in _OWN else _ALL, phase)
        self.seconds[key] = self.seconds.get(key, 0.0) + now - self._last
        self._last = now

    @property
    def protocol(self) -> str:
        return self.protocols[self.begun - 1] if self.begun else _ALL

    def watch(self, records: Records) -> Records:
        """The same records, with a connection that tells the watch of every statement."""
        watched = cast(duckdb.DuckDBPyConnection, _Watched(records.con, self))
        return replace(records, con=watched)

    def counted(self, phase: str, rows: int) -> None:
        """How many rows there are in a phase, of several versions together."""
        self.rows[(self.protocol if phase in _OWN else _ALL, phase)] = rows

    def read(self, census: Mapping[str, Census]) -> None:
        """How many rows of each table of the records were read."""
        for name, table in census.items():
            self.counted(f"read {name}", table.read)

    def lines(self) -> list[Line]:
        """Every phase in the order in which it was first met."""
        whole = sum(self.seconds.values()) or 1.0
        return [
            Line(*key, seconds, self.rows.get(key), seconds / whole)
            for key, seconds in self.seconds.items()
        ]


_OWN = {POPULATION, EXCEPTIONS, FACTS, VERDICTS, WRITE}  # phases that each protocol has


class _Watched:
    """A connection that does what it is asked, and notes for what."""

    def __init__(self, con: duckdb.DuckDBPyConnection, watch: Stopwatch) -> None:
        self._con, self._watch = con, watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)

    def execute(self, query: str, parameters: object = None) -> duckdb.DuckDBPyConnection:
        made = _made(query)
        if made == tables.POPULATION:
            self._watch.begun += 1
        result = self._con.execute(query, parameters)
        phase = phase_of(query, bool(self._watch.begun))
        self._watch.ended(phase)
        if made is not None and _ROWS.get(phase) == made and _fills(query):
            row = self._con.execute(f"SELECT count(*) FROM {made}").fetchone()
            self._watch.counted(phase, int(row[0]) if row else 0)
            self._watch.ended(phase)
        return result


def _made(query: str) -> str | None:
    found = _MADE.match(query)
    return found[1] if found else None


def _fills(query: str) -> bool:
    return " VIEW " not in query[:60]


def phase_of(query: str, evaluating: bool) -> str:
    """What a statement is for; `evaluating` once the first population was looked for."""
    made = _made(query)
    if evaluating:
        return _TABLES.get(made or "", WRITE) if made else _asked(query)
    if made in _TABLES:
        return _TABLES[made or ""]
    named = (_TABLES[w] for w in _WORD.findall(query) if w in _TABLES)
    return next(named, PREPARE)


def _asked(query: str) -> str:
    """Days to act by are asked for while facts are put together; all else is for the reader."""
    return FACTS if query.startswith("SELECT DISTINCT act_lead") else WRITE
