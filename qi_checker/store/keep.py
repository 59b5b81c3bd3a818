"""Keep a night: run, history, schedules, changes and trail entry, all of it or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction

from qi_checker.store.comparing import load_changes, save_changes
from qi_checker.store.history import Place, advance
from qi_checker.store.manifests import save_parts
from qi_checker.store.models import CaseRow, EvidenceRow, FindingRow, Run, ScheduleRow
from qi_checker.store.night import Kept, Night, Row
from qi_checker.store.rows import marked, row_text
from qi_checker.store.trail import Trail
from qi_checker.store.transaction import writing


def keep(alias: str, night: Night) -> Kept:
    """Keep a night in one transaction. The same night a second time changes nothing."""
    with writing(alias):
        mark = transaction.savepoint(using=alias)
        run = _run(alias, night)
        counts = _rows(alias, night, run)
        same = _in_force(alias, run)
        if same is not None and same.digest == run.digest:
            transaction.savepoint_rollback(mark, using=alias)
            return Kept(same.id, True, same.correction, load_changes(alias, same.id))
        run.correction = same.correction + 1 if same else 0
        run.save(using=alias)
        told = {"run": run.id, "protocol": run.protocol, "as_of": run.as_of,
                "digest": run.digest, "correction": run.correction}  # fmt: skip
        found = save_changes(alias, run)
        Trail(alias).append(night.started_at, night.actor, "run_kept", told)
    return Kept(run.id, False, run.correction, found, counts)


def _run(alias: str, night: Night) -> Run:
    document: dict[str, Any] = {
        "manifest": night.manifest,
        "feeds": list(night.feeds),
        "inputs": list(night.inputs),
    }
    run = Run(
        protocol=night.protocol, as_of=night.as_of, started_at=night.started_at, actor=night.actor,
        parts=save_parts(alias, document), digest="",
    )  # fmt: skip
    run.save(using=alias)
    return run


def _in_force(alias: str, run: Run) -> Run | None:
    """The last run for the same moment, other than this one."""
    same = Run.objects.using(alias).filter(protocol=run.protocol, as_of=run.as_of, id__lt=run.id)
    found: Run | None = same.order_by("-id").first()
    return found


def _rows(alias: str, night: Night, run: Run) -> dict[str, int]:
    """Every row into the history; gives how many rows each kind added."""
    place = Place(alias, night.protocol, run.id)
    seal = hashlib.sha256(run.parts.encode())

    def sealed(rows: Iterable[Row]) -> Iterator[tuple[Row, str]]:
        for row in rows:
            text = row_text(row)
            seal.update(text.encode("utf-8", "surrogatepass") + b"\n")
            yield row, marked(text, night.as_of)

    findings = (
        (row["case_id"], row["requirement"], row["status"], str(row["act_by"] or ""), text)
        for row, text in sealed(night.findings)
    )
    cases = ((row["case_id"], text) for row, text in sealed(night.cases))
    schedules = ((row["case_id"], str(row["surgery_at"])) for row, _ in sealed(night.schedules))
    evidence = ((row["case_id"], row["sha256"]) for row, _ in sealed(night.evidence))
    counts = {
        "findings": advance(FindingRow, place, findings),
        "cases": advance(CaseRow, place, cases),
        "schedules": advance(ScheduleRow, place, schedules),
        "evidence": advance(EvidenceRow, place, evidence),
    }
    run.digest = seal.hexdigest()
    return counts
