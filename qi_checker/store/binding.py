"""Bind stored rows to the audit trail: an entry holds the digest of each row.

A run is bound together with all rows that it added, closed or recorded as changed. Exceptions, steps,
sign-offs and what people write are bound row by row. If a row was changed, added or removed without
the program, its digest differs from the trail (`verifying.py`).
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, islice
from json.encoder import encode_basestring_ascii
from operator import itemgetter
from typing import Any

from django.db.models import Max, Min, Model, QuerySet

from qi_checker.store.accounts import bound_accounts
from qi_checker.store.models import (
    ActionRow,
    CaseRow,
    ChangeRow,
    EvidenceRow,
    ExceptionRequest,
    ExceptionStep,
    FindingRow,
    Run,
    ScheduleRow,
    SignOff,
)
from qi_checker.store.people.models import Contact, IousEntry, Look, Note, Wait
from qi_checker.store.trail import canonical, instant

HISTORY: tuple[type[Any], ...] = (FindingRow, CaseRow, ScheduleRow, EvidenceRow, ActionRow)
# Names as messages show them: `run 5`, `step 3`.
SINGLE: Mapping[str, type[Any]] = {
    "exception": ExceptionRequest,
    "step": ExceptionStep,
    "sign-off": SignOff,
    "note": Note,
    "contact": Contact,
    "look": Look,
    "wait": Wait,
    "ultrasound": IousEntry,
}
_LABELS = {model: label for label, model in SINGLE.items()}
_FETCHED = 5_000


def name_of(row: Model) -> str:
    """Return the name of a row in the trail."""
    return f"{_LABELS[type(row)]} {row.pk}"


def run_name(run_id: int) -> str:
    return f"run {run_id}"


def bound(*rows: Model) -> dict[str, str]:
    """Return names and digests of rows, as stored in an entry of the trail."""
    return {name_of(row): digest_of(row) for row in rows}


def digest_of(row: Model) -> str:
    """Return the SHA-256 of all columns of a row."""
    columns = {
        field.attname: _plain(field.value_from_object(row)) for field in row._meta.concrete_fields
    }
    return hashlib.sha256(canonical(columns).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    return value.isoformat() if isinstance(value, date) else value


def _json(cell: str | int) -> str:
    """Format a cell as `json.dumps` does, five times faster for text; a night has 300,000 cells."""
    return encode_basestring_ascii(cell) if isinstance(cell, str) else str(cell)


@dataclass(frozen=True)
class Marks:
    """The last row of each history table before a night; later rows belong to that night."""

    last: Mapping[type[Any], int]

    @classmethod
    def of(cls, alias: str) -> Marks:
        return cls({m: m.objects.using(alias).aggregate(n=Max("id"))["n"] or 0 for m in HISTORY})


def new_run(alias: str, run: Run, marks: Marks, models: Collection[type[Any]]) -> str:
    """Return the digest of a run that was just stored: the same as in `all_runs`, without a scan.

    models: the history tables in which it added or closed rows.
    """
    found = _Runs([run])
    for model in HISTORY:
        if model in models:
            rows = model.objects.using(alias)
            found.added(model, rows.filter(from_run=run.id, id__gt=marks.last[model]))
            found.closed(model, rows.filter(to_run=run.id))
    found.changes(ChangeRow.objects.using(alias).filter(run_id=run.id))
    return found.digests()[run.id]


class FirstNight:
    """Computes the digest of the run that fills an empty history, while its rows are written.

    Reading the rows again would take an eighth of the time of such a night.
    """

    def __init__(self, alias: str, run: Run, marks: Marks) -> None:
        self._alias, self._run, self._marks = alias, run, marks
        self._found = _Runs([run])
        self._next: dict[type[Any], int] = {}  # the number of the next row of a table

    def wrote(self, model: type[Any], lines: Sequence[Sequence[str]]) -> None:
        """Add rows that were just written; tables in the order of HISTORY."""
        if not lines:
            return
        first = self._next.get(model) or self._written(model).aggregate(n=Min("id"))["n"]
        names = [number for number, name in enumerate(model.COLUMNS) if name != "seal"]
        cells = itemgetter(*names)
        head = f"[{_json(f'+{model._meta.db_table}')}"
        texts = [
            f"{head},{number},{','.join(map(_json, cells(line)))}]"
            for number, line in enumerate(lines, first)
        ]
        self._found.hashes[self._run.id].update("".join(texts).encode())
        self._next[model] = first + len(lines)

    def digest(self) -> str:
        """Return the digest; if the database numbered rows differently, `new_run` computes it."""
        for model, following in self._next.items():
            if self._written(model).aggregate(n=Max("id"))["n"] != following - 1:
                return new_run(self._alias, self._run, self._marks, HISTORY)
        self._found.changes(ChangeRow.objects.using(self._alias).filter(run_id=self._run.id))
        return self._found.digests()[self._run.id]

    def _written(self, model: type[Any]) -> QuerySet[Any]:
        rows: QuerySet[Any] = model.objects.using(self._alias)
        return rows.filter(id__gt=self._marks.last[model])


@dataclass(frozen=True)
class Bindings:
    """The digest of every run of a protocol, and the number of history rows without a run."""

    runs: Mapping[int, str]
    strays: int


def all_runs(alias: str, protocol: str) -> Bindings:
    """Compute the digests of all runs of a protocol in one pass over its history."""
    found = _Runs(list(Run.objects.using(alias).filter(protocol=protocol).order_by("id")))
    for model in HISTORY:
        rows = model.objects.using(alias).filter(protocol=protocol)
        found.added(model, rows)
        found.closed(model, rows.exclude(to_run=None))
    found.changes(ChangeRow.objects.using(alias).filter(run__protocol=protocol))
    return Bindings(found.digests(), found.strays)


def protocols(alias: str) -> list[str]:
    """Return every protocol that has a run or a history row."""
    found: set[str] = set()
    every: tuple[type[Any], ...] = (Run, *HISTORY)
    for model in every:
        found.update(model.objects.using(alias).values_list("protocol", flat=True).distinct())
    return sorted(found)


class _Runs:
    """Hashes of the runs of one protocol, updated table by table in one pass each.

    A row of a purged run belongs to the next stored run, the first one that still contains it.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self.ids = [int(run.id) for run in runs]
        self.hashes = {int(run.id): hashlib.sha256(digest_of(run).encode()) for run in runs}
        self.strays = 0

    def added(self, model: type[Any], rows: QuerySet[Any]) -> None:
        names = [name for name in model.COLUMNS if name != "seal"]
        self._feed("+", model, rows.order_by("id").values_list("from_run", "id", *names))

    def closed(self, model: type[Any], rows: QuerySet[Any]) -> None:
        self._feed("-", model, rows.order_by("id").values_list("to_run", "id"))

    def changes(self, rows: QuerySet[Any]) -> None:
        ordered = rows.order_by("run_id", "position", "id")
        self._feed(
            "~", ChangeRow, ordered.values_list("run_id", "id", "case_id", "position", "row")
        )

    def _feed(self, mark: str, model: type[Any], rows: Any) -> None:
        head = _json(f"{mark}{model._meta.db_table}")
        for number, found in groupby(rows.iterator(_FETCHED), itemgetter(0)):
            place = bisect_left(self.ids, number)
            if place == len(self.ids):
                self.strays += sum(1 for _ in found)
                continue
            digest = self.hashes[self.ids[place]]
            while some := list(islice(found, _FETCHED)):
                lines = [f"[{head},{','.join(map(_json, cells))}]" for _, *cells in some]
                digest.update("".join(lines).encode())

    def digests(self) -> dict[int, str]:
        return {number: found.hexdigest() for number, found in self.hashes.items()}


def all_bound(alias: str) -> dict[str, str]:
    """Return names and digests of everything in the store that can be bound."""
    found: dict[str, str] = {}
    for protocol in protocols(alias):
        runs = all_runs(alias, protocol).runs
        found.update({run_name(number): digest for number, digest in runs.items()})
    found.update(bound(*singles(alias)))
    found.update(bound_accounts(alias))
    return found


def singles(alias: str) -> Iterator[Model]:
    """Yield every row that is bound individually."""
    for model in SINGLE.values():
        yield from model.objects.using(alias).order_by("id").iterator(_FETCHED)
