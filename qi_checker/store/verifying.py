"""Whether the store matches the audit trail: the chain, and every row bound to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.records import CASE_COLUMNS, FINDING_COLUMNS
from qi_checker.store.accounts import account_rows, bound_accounts
from qi_checker.store.binding import (
    all_bound,
    all_runs,
    digest_of,
    name_of,
    protocols,
    run_name,
    singles,
)
from qi_checker.store.manifests import digests
from qi_checker.store.models import (
    ActionRow,
    CaseRow,
    Document,
    EvidenceRow,
    FindingRow,
    Run,
    ScheduleRow,
)
from qi_checker.store.rows import values_text
from qi_checker.store.trail import ACCOUNTS_BOUND, BOUND, Anchor, Trail, Verified
from qi_checker.store.transaction import snapshot

_SHOWN = 20  # maximum number of faults that are listed
_BATCH = 2_000


def verify(alias: str, anchors: Sequence[Anchor | None] = ()) -> Verified:
    """Verify the trail and everything bound to it. `anchors`: ends that were recorded elsewhere."""
    with snapshot(alias):
        found = Trail(alias).verify(*anchors)
        if found.faults:
            return found  # a broken trail proves nothing about rows
        faults = list(islice(_faults(alias, found.bound), _SHOWN + 1))
    if len(faults) > _SHOWN:
        faults[_SHOWN:] = ["there is more"]
    return replace(found, faults=tuple(faults))


def refuse_harmed(alias: str, what: str) -> Verified:
    """Raise UserError if the store does not match the trail.

    A command that removes or replaces rows binds the others again, and must not bind a forged row.
    """
    found = verify(alias)
    if found.faults:
        advice = (
            "Nothing was changed. Run `qi-checker nightly verify`: docs/store.md says what to do"
        )
        raise UserError(Problem(what, found.faults[0], "", advice))
    return found


def bind_all(alias: str, at: datetime) -> None:
    """Bind the rows of an earlier version's store once, with an entry in the trail."""
    found = all_bound(alias)
    if found:
        Trail(alias).append(at, "qi-checker", BOUND, {}, found)


def bind_accounts(alias: str, at: datetime) -> None:
    """Bind the accounts, roles and tokens that an upgrade finds, once; an entry of the trail says so."""
    found = bound_accounts(alias)
    if found:
        Trail(alias).append(at, "qi-checker", ACCOUNTS_BOUND, {"why": "found at upgrade"}, found)


def _faults(alias: str, bound: Mapping[str, str]) -> Iterator[str]:
    left = dict(bound)
    for protocol in protocols(alias):
        found = all_runs(alias, protocol)
        for number, digest in found.runs.items():
            yield from _compared(run_name(number), digest, left)
        if found.strays:
            yield f"{found.strays} rows of {protocol} belong to a run that is not stored"
        yield from _seals(alias, protocol)
    for row in singles(alias):
        yield from _compared(name_of(row), digest_of(row), left)
    for account in account_rows(alias):
        yield from _compared(account.name, account.digest, left, account.words)
    for name in sorted(left, key=_by_number):
        yield f"{name} was removed"
    yield from _documents(alias)


def _by_number(name: str) -> tuple[str, int]:
    label, _, number = name.rpartition(" ")
    return label, int(number)


def _compared(name: str, digest: str, left: dict[str, str], words: str = "") -> Iterator[str]:
    said = left.pop(name, None)
    if said is None:
        yield f"{words or name} was added: no entry of the trail records it"
    elif said != digest:
        more = ", or a row of it," if name.startswith("run ") else ""
        yield f"{words or name}{more} was changed"


def _documents(alias: str) -> Iterator[str]:
    """Check that parts of manifests match their hash, and that every part named by a run exists."""
    documents = Document.objects.using(alias)
    there = set()
    for digest, text in documents.values_list("digest", "text").iterator(_BATCH):
        there.add(digest)
        if hashlib.sha256(text.encode()).hexdigest() != digest:
            yield f"a part of a manifest was changed ({digest[:12]})"
    for number, parts in Run.objects.using(alias).values_list("id", "parts").iterator(_BATCH):
        try:
            named = set(digests(json.loads(parts)))
        except (ValueError, TypeError, IndexError):
            yield f"the manifest of run {number} cannot be read"
            continue
        if named - there:
            yield f"a part of the manifest of run {number} is missing"


def _seals(alias: str, protocol: str) -> Iterator[str]:
    """Yield seals that do not match their rows: the next night would treat them as unchanged."""
    sealed = CaseRow.objects.using(alias).filter(protocol=protocol, to_run=None).exclude(seal="")
    batch: list[tuple[str, str, str]] = []
    rows = sealed.order_by("id").values_list("case_id", "seal", "row")
    for one in rows.iterator(_BATCH):
        batch.append(one)
        if len(batch) == _BATCH:
            yield from _wrong_seals(alias, protocol, batch)
            batch = []
    yield from _wrong_seals(alias, protocol, batch)


def _wrong_seals(alias: str, protocol: str, batch: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    ids = [case_id for case_id, _, _ in batch]

    def open_rows(model: type[Any], *names: str) -> dict[str, list[str]]:
        rows = model.objects.using(alias).filter(protocol=protocol, to_run=None, case_id__in=ids)
        found: dict[str, list[str]] = {}
        for case_id, *cells in rows.values_list("case_id", *names, "row"):
            found.setdefault(case_id, []).append("".join(cells))
        return found

    findings, evidence, planned = map(open_rows, (FindingRow, EvidenceRow, ScheduleRow))
    actions = open_rows(ActionRow, "position")
    wrong = sum(
        seal
        != seal_of(
            row, findings.get(i, []), evidence.get(i, []), planned.get(i, []), actions.get(i, [])
        )
        for i, seal, row in batch
    )
    if wrong:
        yield f"the seals of {wrong} cases of {protocol} are not those of their rows"


def seal_of(
    case: str,
    findings: Sequence[str],
    evidence: Sequence[str],
    planned: Sequence[str],
    actions: Sequence[str],
) -> str:
    """Compute the seal of a case from its open rows, as `lines.py` does in SQL.

    actions: each prefixed with its position.
    """
    cells = sorted(values_text(row, FINDING_COLUMNS) for row in findings)
    first = [values_text(case, CASE_COLUMNS), *(evidence or ["-"])]
    parts = [*first, str(len(findings)), *cells, *planned]
    parts += ["actions", *sorted(actions)] if actions else []
    return hashlib.sha256("\x1e".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
