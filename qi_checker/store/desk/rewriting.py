"""Update the desk after a night: write changed cases, remove missing ones, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from qi_checker.store.desk.models import NO_DAY, CaseFile, DeskAction, Known, WorkItem
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
_FILE = ("rows", "sha256")
_TODO = ("requirement", "action", "owner", "first", "last", "act_by")


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
        held = dict(items.values_list("case_id", "changed_run"))
        gone, written, seen = set(held), 0, 0
        for batch in _batches(night.entries):
            gone.difference_update(entry.case_id for entry in batch)
            same = _same(alias, night, batch, held)
            new = [entry for entry in batch if entry.case_id not in same]
            _write(alias, night, new, held)
            written, seen = written + len(new), seen + len(batch)
        removed = sorted(gone)
        _remove(alias, night.protocol, removed)
        there = Known.objects.using(alias).filter(protocol=night.protocol)
        before = there.values_list("written", flat=True).first() or 0
        values = {**night.known, "run_id": night.run_id, "written": before + 1}
        there.update_or_create(protocol=night.protocol, defaults=values)
    return Rewritten(written, len(removed), seen - written)


def _same(
    alias: str, night: DeskNight, entries: Sequence[Entry], held: Mapping[str, int]
) -> set[str]:
    """Return the cases that are on the desk as they are, whoever wrote them there."""
    ids = [
        e.case_id
        for e in entries
        if e.case_id in held and (e.case_id not in night.changes or held[e.case_id] == night.run_id)
    ]
    own = {"protocol": night.protocol, "case_id__in": ids}
    unjudged = {**own, "live": False}  # a case that was judged again since is written
    lines = {id: cells for id, *cells in _all(alias, WorkItem, unjudged, "case_id", *_ITEM)}
    files = {id: cells for id, *cells in _all(alias, CaseFile, own, "case_id", *_FILE)}
    todo: dict[str, list[tuple[Any, ...]]] = {}
    of_item = {f"item__{name}": value for name, value in own.items()}
    for id, *cells in _all(alias, DeskAction, of_item, "item__case_id", *_TODO):
        todo.setdefault(id, []).append(tuple(cells))
    return {
        e.case_id
        for e in entries
        if lines.get(e.case_id) == [e.item[name] for name in _ITEM]
        and files.get(e.case_id) == [e.rows, e.sha256]
        and todo.get(e.case_id, []) == [_cells(one) for one in e.todo]
    }


def _all(alias: str, model: type[Any], own: Mapping[str, Any], *names: str) -> Any:
    return model.objects.using(alias).filter(**own).order_by("id").values_list(*names)


def _cells(todo: Todo) -> tuple[Any, ...]:
    act_by = todo.act_by or NO_DAY
    return todo.requirement, todo.action, todo.owner, todo.first, todo.last, act_by


def _write(alias: str, night: DeskNight, entries: Sequence[Entry], held: Mapping[str, int]) -> None:
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
        changed_run=run,
        changes=words,
        **{name: entry.item[name] for name in _ITEM},
    )


def action_row(item: WorkItem, todo: Todo) -> DeskAction:
    """Make the row of an action; one without a last day sorts last."""
    return DeskAction(item=item, **dict(zip(_TODO, _cells(todo), strict=True)))


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
