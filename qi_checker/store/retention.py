"""Purge: removing nights past the retention, without touching the others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from qi_checker.errors import Problem, UserError
from qi_checker.store.binding import HISTORY, all_bound
from qi_checker.store.comparing import before as before_run
from qi_checker.store.comparing import latest_run, save_changes
from qi_checker.store.desk.privacy import purge_desk
from qi_checker.store.manifests import digests
from qi_checker.store.models import (
    CaseRow,
    ChangeRow,
    Document,
    ExceptionRequest,
    Run,
    SignOff,
)
from qi_checker.store.past import run_of
from qi_checker.store.people.privacy import purge_people
from qi_checker.store.trail import PURGED, Trail, Verified
from qi_checker.store.transaction import reading, writing
from qi_checker.store.verifying import refuse_harmed


@dataclass(frozen=True)
class Purged:
    """The numbers of removed rows."""

    runs: int
    rows: int
    exceptions: int
    sign_offs: int
    written: int  # notes, contacts, looks and waits of people
    entries: int  # of the trail that became marks


def purge(alias: str, before: date, at: datetime, actor: str) -> Purged:
    """Remove the nights from before a day, in one transaction; the trail records it.

    The latest night of a protocol stays, however old it is, and every night that stays is rebuilt
    as before. Exceptions that ended before that day are removed, and sign-offs of cases without any
    remaining rows. Entries of the trail from before that day become marks: their details about a
    case are removed, their place in the chain is not.

    Raises UserError if a night is for a day in the future at `at`: as the latest night it would
    stay in place of the true one; also if the store does not match the trail.
    """
    with writing(alias):
        _check_ahead(alias, at)
        found = refuse_harmed(alias, "purge")
        old = _old_runs(alias, before)
        rows = 0
        for protocol in sorted({run.protocol for run in old}):
            rows += _purge_rows(alias, protocol, [run for run in old if run.protocol == protocol])
        Run.objects.using(alias).filter(id__in=[run.id for run in old]).delete()
        _purge_documents(alias)
        ended = ExceptionRequest.objects.using(alias).filter(expires_on__lt=before)
        exceptions = ended.count()
        ended.delete()
        written = purge_people(alias, before)
        purge_desk(alias, before)
        signed = _purge_sign_offs(alias)
        trail = Trail(alias)
        through = trail.last_before(datetime.combine(before, time.min, UTC))
        marked = trail.erase_through(through)
        done = Purged(len(old), rows, exceptions, signed, written, marked)
        if any(asdict(done).values()):
            payload: dict[str, object] = {
                "before": before.isoformat(),
                "run_ids": [run.id for run in old],
            }
            payload |= {"through": through} if marked else {}
            now, gone = rebound(alias, found, through)
            trail.append(at, actor, PURGED, {**payload, **asdict(done)}, now, gone)
    return done


def rebound(alias: str, found: Verified, through: int = 0) -> tuple[dict[str, str], list[str]]:
    """Return what an entry must bind again after changes of rows, and the names of removed rows.

    `found`: the state of the trail before; everything bound by entries up to `through` is bound
    again.
    """
    now = all_bound(alias)
    anew = {
        name: digest
        for name, digest in now.items()
        if found.bound.get(name) != digest or found.binds[name] <= through
    }
    return anew, sorted(found.bound.keys() - now.keys())


@dataclass(frozen=True)
class Forgotten:
    """A removed run, and the number of rows of the history that went with it."""

    run_id: int
    protocol: str
    as_of: str
    rows: int


def forget(alias: str, run_id: int, at: datetime, actor: str) -> Forgotten:
    """Remove one run as if it had never been stored; the trail records it.

    The run after it is then compared with the run before it, so every other night is shown as
    before, and the next night continues from the one before. Raises UserError if the run is not
    stored.
    """
    with writing(alias):
        run = run_of(alias, run_id)
        found = refuse_harmed(alias, "forget")
        after = Run.objects.using(alias).filter(protocol=run.protocol, id__gt=run.id).order_by("id")
        compared = [later for later in after if _base(alias, later) == run.id]
        rows = _purge_rows(alias, run.protocol, [run])
        run.delete()
        run.id = run_id
        _purge_documents(alias)
        for later in compared:
            ChangeRow.objects.using(alias).filter(run_id=later.id).delete()
            save_changes(alias, later)
        done = Forgotten(run_id, run.protocol, run.as_of, rows)
        payload = {"run": run_id, "digest": run.digest, **asdict(done)}
        Trail(alias).append(at, actor, "run_forgotten", payload, *rebound(alias, found))
    return done


def _base(alias: str, run: Run) -> int | None:
    found = before_run(alias, run)
    return found.id if found else None


def _take_back(alias: str, protocol: str, last: int) -> int:
    """Restore the history of run `last`: remove later rows, reopen rows closed later."""
    removed = 0
    touched: set[str] = set()
    for model in HISTORY:
        rows = model.objects.using(alias).filter(protocol=protocol)
        touched.update(rows.filter(from_run__gt=last).values_list("case_id", flat=True))
        touched.update(rows.filter(to_run__gt=last).values_list("case_id", flat=True))
        number, _ = rows.filter(from_run__gt=last).delete()
        removed += number
        rows.filter(to_run__gt=last).update(to_run=None)
    # Their seals belong to removed rows: the next night compares these cases and seals them.
    opened = CaseRow.objects.using(alias).filter(protocol=protocol, to_run=None)
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
            "It would stay as the latest night, and the real one would be removed",
            f"Remove it first: qi-checker nightly forget {run.id}",
        )
        for run in wrong.defer("parts")
    ]
    if problems:
        raise UserError(problems)


def old_runs(alias: str, before: date) -> tuple[int, int]:
    """Return how many runs a purge would remove, and how many exist."""
    with reading(alias):
        return len(_old_runs(alias, before)), Run.objects.using(alias).count()


def _old_runs(alias: str, before: date) -> list[Run]:
    runs = list(Run.objects.using(alias).order_by("id").defer("parts"))
    last = {p: latest_run(alias, p) for p in {run.protocol for run in runs}}
    stay = {run.id for run in last.values() if run}
    return [run for run in runs if run.as_of[:10] < before.isoformat() and run.id not in stay]


def _purge_rows(alias: str, protocol: str, old: Sequence[Run]) -> int:
    """Remove rows that no remaining night has: rows between two of them, or before the first.

    Changes by runs after the last remaining one are undone, so that no row belongs to a run
    that does not exist.
    """
    gone = {run.id for run in old}
    every = Run.objects.using(alias).filter(protocol=protocol).order_by("id")
    stay = [0, *(number for number in every.values_list("id", flat=True) if number not in gone)]
    removed = _take_back(alias, protocol, stay[-1]) if max(gone) > stay[-1] else 0
    for model in HISTORY:
        rows = model.objects.using(alias).filter(protocol=protocol)
        for earlier, later in pairwise(stay):
            number, _ = rows.filter(from_run__gt=earlier, to_run__lte=later).delete()
            removed += number
    return removed


def _purge_documents(alias: str) -> None:
    """Remove documents that no manifest uses any more."""
    used: set[str] = set()
    for parts in Run.objects.using(alias).values_list("parts", flat=True).iterator():
        used.update(digests(json.loads(parts)))
    every = Document.objects.using(alias)
    unused = [d for d in every.values_list("digest", flat=True) if d not in used]
    for start in range(0, len(unused), 500):
        every.filter(digest__in=unused[start : start + 500]).delete()


def _purge_sign_offs(alias: str) -> int:
    """Remove sign-offs of cases that no night has any more."""
    every = SignOff.objects.using(alias)
    there = CaseRow.objects.using(alias)
    gone = [
        number
        for number, case_id in every.values_list("id", "case_id")
        if not there.filter(case_id=case_id).exists()
    ]
    every.filter(id__in=gone).delete()
    return len(gone)
