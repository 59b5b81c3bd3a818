"""Update the desk after a night: write changed cases, remove missing ones, in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from qi_checker.store.desk.models import NO_DAY, CaseFile, DeskAction, Known, WorkItem
from qi_checker.store.trail import canonical
from qi_checker.store.transaction import writing

_BATCH = 500
_ITEM = (
    "patient_id",
    "site",
    "surgeon",
    "room",
    "surgery_at",
    "surgery_day",
    "status",
    "upcoming",
    "verdict",
    "act_by",
    "latest",
    "requirements",
    "actions",
    "said",
    "evidence",
)


@dataclass(frozen=True)
class Todo:
    """One action. Dates are None if they do not apply."""

    requirement: str
    action: str
    owner: str
    first: date | None
    last: date | None
    act_by: date | None


@dataclass(frozen=True)
class Entry:
    """A case on the desk. `item` has the columns of WorkItem from patient_id to evidence."""

    case_id: str
    rows: str  # JSON of FileRows
    sha256: str
    item: Mapping[str, Any]
    todo: Sequence[Todo] = ()

    @property
    def digest(self) -> str:
        values = {name: str(self.item[name]) for name in _ITEM} | {"rows": self.sha256}
        values["todo"] = "".join(repr(one) for one in self.todo)
        return hashlib.sha256(canonical(values).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class DeskNight:
    """The desk of one protocol after a night. `known` has the columns of Known.

    `changes`: the changes of each case in this run, as JSON.
    """

    protocol: str
    run_id: int
    known: Mapping[str, Any]
    entries: Iterable[Entry]
    changes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rewritten:
    """The number of cases that were written, removed and left unchanged."""

    written: int
    removed: int
    same: int


def rewrite(alias: str, night: DeskNight) -> Rewritten:
    """Update the desk with a night. Idempotent."""
    with writing(alias):
        items = WorkItem.objects.using(alias).filter(protocol=night.protocol)
        held = {i.case_id: i for i in items.only("case_id", "digest", "changed_run", "live")}
        gone, written, seen = set(held), 0, 0
        for batch in _batches(night.entries):
            gone.difference_update(entry.case_id for entry in batch)
            new = [e for e in batch if _differs(e, held.get(e.case_id), night)]
            _write(alias, night, new, held)
            written, seen = written + len(new), seen + len(batch)
        removed = sorted(gone)
        _remove(alias, night.protocol, removed)
        there = Known.objects.using(alias).filter(protocol=night.protocol)
        before = there.values_list("written", flat=True).first() or 0
        values = {**night.known, "run_id": night.run_id, "written": before + 1}
        there.update_or_create(protocol=night.protocol, defaults=values)
    return Rewritten(written, len(removed), seen - written)


def _differs(entry: Entry, there: WorkItem | None, night: DeskNight) -> bool:
    changed = entry.case_id in night.changes and (
        there is None or there.changed_run != night.run_id
    )
    return there is None or changed or there.live or there.digest != entry.digest


def _write(
    alias: str, night: DeskNight, entries: Sequence[Entry], held: Mapping[str, WorkItem]
) -> None:
    ids = [entry.case_id for entry in entries]
    changes_by_case = {
        case_id: (run, words)
        for case_id, run, words in WorkItem.objects.using(alias)
        .filter(protocol=night.protocol, case_id__in=ids)
        .values_list("case_id", "changed_run", "changes")
    }
    _remove(alias, night.protocol, [case_id for case_id in ids if case_id in held])
    CaseFile.objects.using(alias).bulk_create(
        CaseFile(protocol=night.protocol, case_id=e.case_id, rows=e.rows, sha256=e.sha256)
        for e in entries
    )
    items = [_item(night, e, changes_by_case.get(e.case_id, (0, "[]"))) for e in entries]
    WorkItem.objects.using(alias).bulk_create(items)
    DeskAction.objects.using(alias).bulk_create(
        action_row(item, todo)
        for item, entry in zip(items, entries, strict=True)
        for todo in entry.todo
    )


def _item(night: DeskNight, entry: Entry, changes: tuple[int, str]) -> WorkItem:
    run, words = changes
    if entry.case_id in night.changes:
        run, words = night.run_id, night.changes[entry.case_id]
    return WorkItem(
        protocol=night.protocol,
        case_id=entry.case_id,
        digest=entry.digest,
        changed_run=run,
        changes=words,
        **{name: entry.item[name] for name in _ITEM},
    )


def action_row(item: WorkItem, todo: Todo) -> DeskAction:
    """Make the row of an action; one without a last day sorts last."""
    return DeskAction(
        item=item,
        requirement=todo.requirement,
        action=todo.action,
        owner=todo.owner,
        first=todo.first,
        last=todo.last,
        act_by=todo.act_by or NO_DAY,
    )


def _remove(alias: str, protocol: str, ids: Sequence[str]) -> None:
    for start in range(0, len(ids), _BATCH):
        some = ids[start : start + _BATCH]
        for model in (WorkItem, CaseFile):
            model.objects.using(alias).filter(protocol=protocol, case_id__in=some).delete()


def _batches(entries: Iterable[Entry]) -> Iterable[list[Entry]]:
    batch: list[Entry] = []
    for entry in entries:
        batch.append(entry)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
