"""Changes since the night before: only differing rows are read and compared."""

from __future__ import annotations

import datetime as dt
import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet

from qi_checker.digest.changes import DEVIATIONS, Cause, Change, Kind, changes
from qi_checker.digest.snapshot import Key, Snapshot
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.vocabulary import Status
from qi_checker.store.binding import Marks
from qi_checker.store.history import Place, valid
from qi_checker.store.manifests import load_parts
from qi_checker.store.models import CaseRow, ChangeRow, FindingRow, Run
from qi_checker.store.rows import unmarked
from qi_checker.store.transaction import reading

_TOGETHER = 2_000  # number of cases in one query
_Rows = dict[Key, str]
_Last = Mapping[type[Any], int]  # the last row of a table that is older than the run


def save_changes(alias: str, run: Run, marks: Marks | None = None) -> tuple[Change, ...]:
    """Compare a run with the run in force before it, and store the changes.

    marks: the end of the history before the run, if it is the newest; older rows are not read.
    """
    base = before(alias, run)
    if base is None:
        return ()
    between = Run.objects.using(alias).filter(protocol=run.protocol, id__gt=base.id, id__lt=run.id)
    last = marks.last if marks and not between.exists() else {}
    found = _compared(alias, run, base, last)
    ChangeRow.objects.using(alias).bulk_create(
        ChangeRow(run=run, case_id=c.case_id, position=n, row=json.dumps(asdict(c), default=str))
        for n, c in enumerate(found)
    )
    return found


def load_changes(alias: str, run_id: int) -> tuple[Change, ...]:
    """Return the changes of a run, as stored with it."""
    rows = ChangeRow.objects.using(alias).filter(run_id=run_id).order_by("position")
    with reading(alias):
        return tuple(_change(row) for row in rows.values_list("row", flat=True))


def before(alias: str, run: Run) -> Run | None:
    """Return the run in force for the latest moment before that of `run`."""
    moment = _moment(run.as_of)
    every = Run.objects.using(alias).filter(protocol=run.protocol, id__lt=run.id)
    with reading(alias):
        return _latest(alias, [r for r in every.only("id", "as_of") if _moment(r.as_of) < moment])


def latest_run(alias: str, protocol: str) -> Run | None:
    """Return the run in force for the latest moment of a protocol."""
    every = Run.objects.using(alias).filter(protocol=protocol)
    with reading(alias):
        return _latest(alias, list(every.only("id", "as_of")))


def _latest(alias: str, those: list[Run]) -> Run | None:
    last = max(those, key=lambda r: (_moment(r.as_of), r.id), default=None)
    return Run.objects.using(alias).get(id=last.id) if last else None


def _moment(as_of: str) -> dt.datetime:
    """Parse a moment; a date means its end."""
    parsed = AsOf.parse(as_of)
    return parsed.clock or dt.datetime.combine(parsed.date, dt.time.max)


def _compared(alias: str, run: Run, base: Run, last: _Last) -> tuple[Change, ...]:
    now, then = _differing(alias, run, base, last)
    now_cases, then_cases = _differing_cases(alias, run, base, {k[0] for k in (*now, *then)}, last)
    if not (now or then or now_cases or then_cases):
        return ()
    tonight = _snapshot(alias, run, now, now_cases)
    earlier = _snapshot(alias, base, then, then_cases)
    ids = sorted({case_id for case_id, _ in now})
    return changes(tonight, earlier, _earlier_problems(alias, base, ids))


def _snapshot(alias: str, run: Run, findings: _Rows, cases: _Rows) -> Snapshot:
    def read(rows: _Rows) -> Iterator[dict[str, object]]:
        return (json.loads(unmarked(text, run.as_of)) for text in rows.values())

    manifest = load_parts(alias, run.parts)["manifest"]
    return Snapshot.from_rows(manifest, read(findings), read(cases), f"run {run.id}")


def _added(alias: str, model: type[Any], run: Run, base: Run, last: _Last) -> QuerySet[Any]:
    """Return the rows of a run that `base` did not have."""
    rows = valid(model, Place(alias, run.protocol, run.id)).filter(from_run__gt=base.id)
    return rows.filter(id__gt=last[model]) if model in last else rows


def _closed(alias: str, model: type[Any], run: Run, base: Run) -> QuerySet[Any]:
    """Return the rows of `base` that a run lacks, by the index of closed rows."""
    rows = model.objects.using(alias).filter(protocol=run.protocol, from_run__lte=base.id)
    return rows.filter(to_run__gt=base.id, to_run__lte=run.id)


def _differing(alias: str, run: Run, base: Run, last: _Last) -> tuple[_Rows, _Rows]:
    """Return the findings that differ between the runs: in the new run and in the old one."""
    added = _added(alias, FindingRow, run, base, last)
    closed = _closed(alias, FindingRow, run, base)
    now, then = (
        {
            (case, requirement): row
            for case, requirement, row in rows.values_list("case_id", "requirement", "row")
        }
        for rows in (added, closed)
    )
    for key in [key for key, row in now.items() if then.get(key) == row]:
        del now[key], then[key]  # it changed, and changed back
    passed = valid(FindingRow, Place(alias, run.protocol, run.id)).filter(
        status=Status.DUE, act_by__gte=base.as_of[:10], act_by__lt=run.as_of[:10]
    )
    for case, requirement, row in passed.values_list("case_id", "requirement", "row"):
        now.setdefault((case, requirement), row)  # the same row, and its last day is over now
        then.setdefault((case, requirement), row)
    return now, then


def _differing_cases(
    alias: str, run: Run, base: Run, more: Iterable[str], last: _Last
) -> tuple[_Rows, _Rows]:
    """Return the cases that differ between the runs, and the cases `more`, in both runs."""
    ids = set(more)
    ids |= set(_added(alias, CaseRow, run, base, last).values_list("case_id", flat=True))
    ids |= set(_closed(alias, CaseRow, run, base).values_list("case_id", flat=True))
    tonight = valid(CaseRow, Place(alias, run.protocol, run.id))
    earlier = valid(CaseRow, Place(alias, run.protocol, base.id))
    now: _Rows = {}
    then: _Rows = {}
    for some in _parts(sorted(ids)):
        for rows, found in ((tonight, now), (earlier, then)):
            for case_id, row in rows.filter(case_id__in=some).values_list("case_id", "row"):
                found[case_id, ""] = row
    return now, then


def _earlier_problems(alias: str, base: Run, cases: Sequence[str]) -> set[Key]:
    """Return the requirements of these cases that were a problem in a run before `base`."""
    runs = Run.objects.using(alias).filter(protocol=base.protocol, id__lt=base.id).order_by("id")
    dates = [(number, as_of[:10]) for number, as_of in runs.values_list("id", "as_of")]
    found: set[Key] = set()
    for some in _parts(cases):
        rows = FindingRow.objects.using(alias).filter(
            protocol=base.protocol, case_id__in=some, from_run__lt=base.id
        )
        for row in rows.defer("row"):
            if row.status in DEVIATIONS or _was_overdue(row, base, dates):
                found.add((row.case_id, row.requirement))
    return found


def _was_overdue(row: FindingRow, base: Run, dates: list[tuple[int, str]]) -> bool:
    """Whether it was due after its last day in one of the runs in which it was valid."""
    if row.status != Status.DUE or not row.act_by:
        return False
    until = min(row.to_run or base.id, base.id)
    first, last = (bisect_left(dates, (number, "")) for number in (row.from_run, until))
    return any(row.act_by < day for _, day in dates[first:last])


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _TOGETHER):
        yield ids[start : start + _TOGETHER]


def _change(text: str) -> Change:
    row = json.loads(text)
    for name in ("before_surgery", "after_surgery"):
        row[name] = dt.date.fromisoformat(row[name]) if row[name] else None
    return Change(**row | {"kind": Kind(row["kind"]), "cause": Cause(row["cause"])})
