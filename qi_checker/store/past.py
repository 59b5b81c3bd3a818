"""Stored nights, rebuilt exactly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connections
from django.db.models import F, QuerySet
from django.db.models.functions import Collate

from qi_checker.cases.actions import URGENCIES
from qi_checker.errors import Problem, UserError
from qi_checker.store.history import Place, valid
from qi_checker.store.manifests import load_parts
from qi_checker.store.models import ActionRow, CaseRow, FindingRow, Run
from qi_checker.store.rows import unmarked
from qi_checker.store.transaction import reading

_FETCHED = 2_000


@dataclass(frozen=True)
class PastRun:
    """One run. `correction` is 0 for the first of its moment; `in_force`: not replaced later."""

    run_id: int
    protocol: str
    as_of: str
    started_at: datetime
    actor: str
    correction: int
    in_force: bool
    digest: str


def runs(alias: str, protocol: str | None = None) -> list[PastRun]:
    """Return every stored run, the latest first."""
    every = Run.objects.using(alias).order_by("-id")
    if protocol is not None:
        every = every.filter(protocol=protocol)
    seen: set[tuple[str, str]] = set()
    found = []
    with reading(alias):
        all_runs = list(every.defer("parts"))
    for run in all_runs:
        key = run.protocol, run.as_of
        found.append(
            PastRun(
                run.id,
                run.protocol,
                run.as_of,
                run.started_at,
                run.actor,
                run.correction,
                key not in seen,
                run.digest,
            )
        )
        seen.add(key)
    return found


def run_of(alias: str, run_id: int) -> Run:
    """Return one run. Raise UserError if it is not stored."""
    with reading(alias):
        found: Run | None = Run.objects.using(alias).filter(id=run_id).first()
    if found is None:
        advice = "`qi-checker nightly runs` lists the stored runs"
        raise UserError(Problem("store", f"run {run_id} is not stored", "", advice))
    return found


def documents(alias: str, run_id: int) -> dict[str, Any]:
    """Return `manifest`, `feeds` and `inputs` of a run, as stored."""
    with reading(alias):
        return load_parts(alias, run_of(alias, run_id).parts)


def finding_lines(alias: str, run_id: int) -> Iterator[str]:
    """Yield every finding of a run as its line of JSON, by case and requirement."""
    return _lines(alias, run_of(alias, run_id), FindingRow, "case_id", "requirement")


def case_lines(alias: str, run_id: int) -> Iterator[str]:
    """Yield every case of a run as its line of JSON, by case."""
    return _lines(alias, run_of(alias, run_id), CaseRow, "case_id")


def action_lines(alias: str, run_id: int) -> Iterator[str]:
    """Yield every action of a run as its line of JSON, the most urgent first.

    A night of an earlier version has none.
    """
    return _lines(alias, run_of(alias, run_id), ActionRow, "act_by", "case_id", "position")


def findings_json(alias: str, run_id: int) -> Iterator[bytes]:
    """Yield the findings.json of a run, byte for byte, in pieces.

    A night of an earlier version has no part `actions`: only the first action of a case is known.
    """
    manifest = documents(alias, run_id)["manifest"]
    head = json.dumps(manifest, ensure_ascii=False, indent=1)
    yield b'{"manifest": ' + head.encode()
    parts = [
        ("findings", finding_lines(alias, run_id)),
        ("cases", case_lines(alias, run_id)),
    ]
    if counted := manifest.get("actions"):
        place = Place(alias, run_of(alias, run_id).protocol, run_id)
        with reading(alias):
            held = valid(ActionRow, place).count()
        if held == sum(counted[name] for name in URGENCIES):
            parts.append(("actions", action_lines(alias, run_id)))
    for name, lines in parts:
        yield from _array(name, lines)
    yield b"}\n"


def _array(name: str, lines: Iterator[str]) -> Iterator[bytes]:
    """Yield a list of rows as DuckDB writes it: without rows, nothing between the lines."""
    yield f',\n"{name}": [\n\t'.encode()
    for number, line in enumerate(lines):
        yield (",\n\t" if number else "").encode() + line.encode()
    yield b"\n]\n"


def _lines(alias: str, run: Run, model: type[Any], *order: str) -> Iterator[str]:
    rows: QuerySet[Any] = valid(model, Place(alias, run.protocol, run.id))
    # Sorted as bytes, like the evaluation, whatever the collation of the database.
    collation = "C" if connections[alias].vendor == "postgresql" else "BINARY"
    ordered = rows.order_by(*(Collate(F(name), collation) for name in order))
    with reading(alias):
        for text in ordered.values_list("row", flat=True).iterator(_FETCHED):
            yield unmarked(text, run.as_of)
