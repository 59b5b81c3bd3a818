"""Store a night: run, history, schedules, changes and trail entry, all or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.db import transaction

from qi_checker.store.binding import HISTORY, FirstNight, Marks, new_run, run_name
from qi_checker.store.comparing import load_changes, save_changes
from qi_checker.store.history import Place, advance, fill, seal, sealed
from qi_checker.store.manifests import save_parts
from qi_checker.store.models import (
    ActionRow,
    CaseRow,
    EvidenceRow,
    FindingRow,
    Interval,
    Run,
    ScheduleRow,
)
from qi_checker.store.night import Kept, Night
from qi_checker.store.trail import Trail
from qi_checker.store.transaction import writing

# Cases come last: by then it is known whether they have rows of an older form.
_TABLES: tuple[tuple[str, type[Interval]], ...] = (
    ("findings", FindingRow),
    ("schedules", ScheduleRow),
    ("evidence", EvidenceRow),
    ("actions", ActionRow),
    ("cases", CaseRow),
)


def keep(alias: str, night: Night) -> Kept:
    """Store a night in one transaction. The same night a second time changes nothing."""
    with writing(alias):
        mark = transaction.savepoint(using=alias)
        run = _run(alias, night)
        seals = dict(night.lines.seals())
        run.digest = _digest(run, seals)
        same = _in_force(alias, run)
        if same is not None and same.digest == run.digest:
            transaction.savepoint_rollback(mark, using=alias)
            return Kept(same.id, True, same.correction, load_changes(alias, same.id))
        run.correction = same.correction + 1 if same else 0
        run.save(using=alias)
        marks = Marks.of(alias)
        counts, digest = _rows(alias, night, run, seals, marks)
        payload = {
            "run": run.id,
            "protocol": run.protocol,
            "as_of": run.as_of,
            "digest": run.digest,
            "correction": run.correction,
        }
        found = save_changes(alias, run, marks)
        bound = {run_name(run.id): digest()}
        Trail(alias).append(night.started_at, night.actor, "run_kept", payload, bound)
    return Kept(run.id, False, run.correction, found, counts)


def _run(alias: str, night: Night) -> Run:
    document: dict[str, Any] = {
        "manifest": night.manifest,
        "feeds": list(night.feeds),
        "inputs": list(night.inputs),
    }
    run = Run(
        protocol=night.protocol,
        as_of=night.as_of,
        started_at=night.started_at,
        actor=night.actor,
        parts=save_parts(alias, document),
        digest="",
    )
    run.save(using=alias)
    return run


def _in_force(alias: str, run: Run) -> Run | None:
    """Return the last other run for the same moment."""
    same = Run.objects.using(alias).filter(protocol=run.protocol, as_of=run.as_of, id__lt=run.id)
    found: Run | None = same.order_by("-id").first()
    return found


def _rows(
    alias: str, night: Night, run: Run, seals: Mapping[str, str], marks: Marks
) -> tuple[dict[str, int], Callable[[], str]]:
    """Write the changes into the history; return the added rows by kind, and the digest's input."""
    place = Place(alias, night.protocol, run.id, night.as_of)
    known = sealed(place)
    if not known:
        first = FirstNight(alias, run, marks)
        kinds = {model: kind for kind, model in _TABLES}
        counts = {
            kinds[model]: fill(model, place, night.lines.every(kinds[model]), first.wrote)
            for model in HISTORY
        }
        return counts, first.digest
    changed = sorted(
        [case for case, seal in seals.items() if known.get(case) != seal]
        + [case for case in known if case not in seals]
    )
    counts = {}
    models = []
    older: set[str] = set()
    for kind, model in _TABLES:
        done = advance(model, place, changed, partial(night.lines.of_cases, kind))
        counts[kind] = done.added
        if done.added or done.closed:
            models.append(model)
        older |= done.older
        sealed_now = done.cases - older  # a new row of a case has its seal
    now = {case: "" if case in older else seals[case] for case in changed if case in seals}
    seal(place, {case: text for case, text in now.items() if case not in sealed_now})
    return counts, partial(new_run, alias, run, marks, models)


def _digest(run: Run, seals: Mapping[str, str]) -> str:
    """Return the digest of everything that is stored."""
    digest = hashlib.sha256(run.parts.encode())
    digest.update("".join(f"\n{case}\x1e{seals[case]}" for case in sorted(seals)).encode())
    return digest.hexdigest()
