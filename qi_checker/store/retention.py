"""Purge: nights that are older than is to be kept, and nothing of those that stay."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from qi_checker.errors import Problem, UserError
from qi_checker.store.comparing import before as before_run
from qi_checker.store.comparing import latest_run, save_changes
from qi_checker.store.models import (
    CaseRow,
    ChangeRow,
    Document,
    EvidenceRow,
    ExceptionRequest,
    FindingRow,
    Run,
    ScheduleRow,
    SignOff,
)
from qi_checker.store.past import run_of
from qi_checker.store.people.privacy import purge_people
from qi_checker.store.trail import Trail
from qi_checker.store.transaction import reading, writing

HISTORY: tuple[type[Any], ...] = (FindingRow, CaseRow, ScheduleRow, EvidenceRow)


@dataclass(frozen=True)
class Purged:
    """How much was removed."""

    runs: int
    rows: int
    exceptions: int
    sign_offs: int
    written: int  # notes, contacts, looks and waits of people


def purge(alias: str, before: date, at: datetime, actor: str) -> Purged:
    """Remove the nights from before a day, in one transaction; the trail tells of it.

    The latest night of a protocol stays however old it is, and every night that stays is rebuilt
    as before. Exceptions that ended before that day go, and sign-offs of cases of which nothing is
    left. Entries of the trail stay: `Trail.purge` removes them.

    Raises UserError where a night is for a day that has not come at `at`: as the latest, it would
    stay in the place of the true one.
    """
    with writing(alias):
        _check_ahead(alias, at)
        old = _old_runs(alias, before)
        rows = 0
        for protocol in sorted({run.protocol for run in old}):
            gone = {run.id for run in old if run.protocol == protocol}
            rows += _purge_rows(alias, protocol, gone)
        Run.objects.using(alias).filter(id__in=[run.id for run in old]).delete()
        _purge_documents(alias)
        ended = ExceptionRequest.objects.using(alias).filter(expires_on__lt=before)
        exceptions = ended.count()
        ended.delete()
        written = purge_people(alias, before)
        done = Purged(len(old), rows, exceptions, _purge_sign_offs(alias), written)
        if any(asdict(done).values()):
            told = {"before": before.isoformat(), "run_ids": [run.id for run in old]}
            Trail(alias).append(at, actor, "purged", {**told, **asdict(done)})
    return done


@dataclass(frozen=True)
class Forgotten:
    """A run that was removed, and how many rows of the history with it."""

    run_id: int
    protocol: str
    as_of: str
    rows: int


def forget(alias: str, run_id: int, at: datetime, actor: str) -> Forgotten:
    """Remove one run as if it had never been kept; the trail tells of it.

    What it was compared with is compared with the run after it, so every other night is shown as it
    was, and the next one continues from the one before. Raises UserError where the run is not kept.
    """
    with writing(alias):
        run = run_of(alias, run_id)
        after = Run.objects.using(alias).filter(protocol=run.protocol, id__gt=run.id).order_by("id")
        compared = [later for later in after if _base(alias, later) == run.id]
        last = not after.exists()
        rows = _take_back(alias, run) if last else _purge_rows(alias, run.protocol, {run.id})
        run.delete()
        run.id = run_id
        _purge_documents(alias)
        for later in compared:
            ChangeRow.objects.using(alias).filter(run_id=later.id).delete()
            save_changes(alias, later)
        done = Forgotten(run_id, run.protocol, run.as_of, rows)
        told = {"run": run_id, "digest": run.digest, **asdict(done)}
        Trail(alias).append(at, actor, "run_forgotten", told)
    return done


def _base(alias: str, run: Run) -> int | None:
    found = before_run(alias, run)
    return found.id if found else None


def _take_back(alias: str, run: Run) -> int:
    """The history as it was before the last run of a protocol: its rows go, what it closed opens."""
    removed = 0
    touched: set[str] = set()
    for model in HISTORY:
        rows = model.objects.using(alias).filter(protocol=run.protocol)
        touched.update(rows.filter(from_run=run.id).values_list("case_id", flat=True))
        touched.update(rows.filter(to_run=run.id).values_list("case_id", flat=True))
        number, _ = rows.filter(from_run=run.id).delete()
        removed += number
        rows.filter(to_run=run.id).update(to_run=None)
    # Their seals are of rows that are gone: the next night compares these cases, and seals them.
    opened = CaseRow.objects.using(alias).filter(protocol=run.protocol, to_run=None)
    for some in batched(sorted(touched)):
        opened.filter(case_id__in=some).update(seal="")
    return removed


def batched(ids: Sequence[str], size: int = 500) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _check_ahead(alias: str, at: datetime) -> None:
    latest = (at.date() + timedelta(days=2)).isoformat()  # wherever on earth the site is
    wrong = Run.objects.using(alias).filter(as_of__gte=latest).order_by("id")
    problems = [
        Problem(
            "purge",
            f"run {run.id} is for {run.as_of}, which has not come yet",
            "As the latest night it would stay, and the true one would go",
            f"Remove it first: qi-checker nightly forget {run.id}",
        )
        for run in wrong.defer("parts")
    ]
    if problems:
        raise UserError(problems)


def old_runs(alias: str, before: date) -> tuple[int, int]:
    """How many runs a purge would remove, and how many there are."""
    with reading(alias):
        return len(_old_runs(alias, before)), Run.objects.using(alias).count()


def _old_runs(alias: str, before: date) -> list[Run]:
    runs = list(Run.objects.using(alias).order_by("id").defer("parts"))
    last = {p: latest_run(alias, p) for p in {run.protocol for run in runs}}
    stay = {run.id for run in last.values() if run}
    return [run for run in runs if run.as_of[:10] < before.isoformat() and run.id not in stay]


def _purge_rows(alias: str, protocol: str, gone: set[int]) -> int:
    """Rows that no night that stays has: those that lie between two of them, or before the first."""
    every = Run.objects.using(alias).filter(protocol=protocol).order_by("id")
    stay = [0, *(number for number in every.values_list("id", flat=True) if number not in gone)]
    removed = 0
    for model in HISTORY:
        rows = model.objects.using(alias).filter(protocol=protocol)
        for earlier, later in pairwise(stay):
            number, _ = rows.filter(from_run__gt=earlier, to_run__lte=later).delete()
            removed += number
    return removed


def _purge_documents(alias: str) -> None:
    """Documents that no manifest has any more."""
    used: set[str] = set()
    for parts in Run.objects.using(alias).values_list("parts", flat=True).iterator():
        used.update(digests(json.loads(parts)))
    every = Document.objects.using(alias)
    unused = [d for d in every.values_list("digest", flat=True) if d not in used]
    for start in range(0, len(unused), 500):
        every.filter(digest__in=unused[start : start + 500]).delete()


def digests(parts: Any) -> Iterator[str]:
    """The documents that the parts of a run name."""
    for value in parts.values() if isinstance(parts, dict) else ():
        if isinstance(value, dict):
            yield from digests(value)
        elif len(value) == 2:
            yield value[1]


def _purge_sign_offs(alias: str) -> int:
    """Sign-offs of cases that no night has any more."""
    every = SignOff.objects.using(alias)
    there = CaseRow.objects.using(alias)
    gone = [
        number
        for number, case_id in every.values_list("id", "case_id")
        if not there.filter(case_id=case_id).exists()
    ]
    every.filter(id__in=gone).delete()
    return len(gone)
