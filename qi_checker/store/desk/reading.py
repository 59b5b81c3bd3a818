"""Rows and context of a case on the desk, and the case judged from them alone.

Duplicate ids and torn rows are decided over the whole table, so a patient's rows alone are not
enough: the `Context` of the night names the ids that also occur in rows of other patients, and the
content of the first row with such an id. Of a patient's own rows a repeated id stays on the desk
whatever its kind, since the first one counts and the later ones are rejected.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from qi_checker.judging import CaseTrace, Context, History, Judge
from qi_checker.judging.rows import read_row
from qi_checker.judging.values import trimmed
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.records import CASES, EVENTS, EXCEPTIONS
from qi_checker.protocol.selectors import EventSelector
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import EVENT_STATUSES
from qi_checker.store.trail import canonical

Cells = Mapping[str, Any]


@dataclass(frozen=True)
class FileRows:
    """The rows of one case, in file order; cells are text, `_row` is the number of the row."""

    case: Cells
    events: Sequence[Cells] = ()
    exceptions: Sequence[Cells] = ()

    def to_json(self) -> str:
        """Return JSON that is independent of the order of columns; empty cells are left out."""
        held = {
            "case": _filled(self.case),
            "events": [_filled(row) for row in self.events],
            "exceptions": [_filled(row) for row in self.exceptions],
        }
        return json.dumps(held, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> FileRows:
        held = json.loads(text)
        return cls(held["case"], held["events"], held["exceptions"])

    @property
    def evidence(self) -> str:
        """Return the SHA-256 of the content of the rows, without their position in a file."""
        tables = (("case", [self.case]), ("events", self.events), ("exceptions", self.exceptions))
        said = {
            name: sorted(
                canonical({k: v for k, v in _filled(row).items() if k != "_row"}) for row in rows
            )
            for name, rows in tables
        }
        return hashlib.sha256(canonical(said).encode("utf-8", "surrogatepass")).hexdigest()

    def moved(self, surgery_at: str) -> FileRows:
        """Return the same case planned for another date."""
        return replace(self, case={**self.case, "surgery_at": surgery_at})


def _filled(row: Cells) -> dict[str, Any]:
    return {name: cell for name, cell in row.items() if cell not in (None, "")}


def asked_kinds(bundle: Bundle) -> frozenset[str]:
    """Return every kind of event in any clause of any version of a protocol."""
    return frozenset(selector.kind for selector in _selectors(bundle.protocol))


def _selectors(value: Any) -> Iterator[EventSelector]:
    if isinstance(value, EventSelector):
        yield value
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _selectors(getattr(value, name))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _selectors(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _selectors(one)


def relevant(events: Sequence[Cells], kinds: frozenset[str]) -> list[Cells]:
    """Return the rows of a patient's events that a judgement can depend on.

    A row is left out only if its kind occurs in no clause, the row is usable, and no other
    row of the patient has its id. A laboratory alone may have thousands of rows of a patient.
    """
    ids = Counter(trimmed(row.get(EVENTS.key)) for row in events)
    return [row for row in events if not _spare(row, kinds, ids)]


def _spare(row: Cells, kinds: frozenset[str], ids: Mapping[str, int]) -> bool:
    id, kind = trimmed(row.get(EVENTS.key)), trimmed(row.get("kind")).lower()
    readable = trimmed(row.get("status")).lower() in EVENT_STATUSES
    return bool(kind) and kind not in kinds and readable and ids[id] == 1


def narrowed(context: Context, patients: frozenset[str], ids: frozenset[str]) -> Context:
    """Return the context without other patients' torn rows and without ids that no row here has."""
    shared = {
        name: {id: content for id, content in found.items() if id in ids}
        for name, found in context.shared_ids.items()
    }
    torn = tuple(row for row in context.torn if row.patient in patients)
    return replace(context, shared_ids=shared, torn=torn)


def ids_of(rows: FileRows) -> Iterator[str]:
    """Yield the ids of events and exceptions of a case."""
    for row in rows.events:
        yield trimmed(row.get(EVENTS.key))
    for row in rows.exceptions:
        yield trimmed(row.get(EXCEPTIONS.key))


@lru_cache(maxsize=64)
def _context(text: str) -> Context:
    return Context.from_json(json.loads(text))


def judge_of(bundle: Bundle, as_of: str, site: Site, context: str, language: str = "en") -> Judge:
    """Return a judge at the moment of the night; `context` is that of `Known`."""
    return Judge.of(bundle, AsOf.parse(as_of), site, _context(context), language)


def history_of(judge: Judge, rows: FileRows) -> History:
    """Read the events of a case once, for every date of surgery."""
    return judge.history(rows.events, trimmed(rows.case.get("patient_id")))


def judged(
    judge: Judge, rows: FileRows, earlier_days: Sequence[date] = (), history: History | None = None
) -> CaseTrace:
    """Judge a case from its rows on the desk. `history`: the result of `history_of` for them."""
    case = judge.case(read_row(CASES, rows.case, 0, judge.setting.site))
    history = history_of(judge, rows) if history is None else history
    return judge.trace(case, history, judge.exceptions(rows.exceptions, case), earlier_days)
