"""Evaluate many examples in few evaluations, each as if it were evaluated alone.

A query costs far more than its few rows, so examples with the same moment and site are evaluated
together, with ids that keep them separate. Properties of all events together (how fresh a feed is,
whether a kind is recorded at all) must also be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from qi_checker.errors import UserError
from qi_checker.judging.rows import Row, read_rows
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.examples import Example
from qi_checker.protocol.records import EVENTS
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import Status

Rows = Sequence[Mapping[str, Any]]
Tables = dict[str, list[dict[str, str]]]
# (protocol, tables, as_of, site) -> findings and cases, with the contract's column names
Evaluate = Callable[[Bundle, Tables, AsOf, Site], tuple[Rows, Rows]]

_IDS = ("case_id", "patient_id", "event_id", "exception_id")


@dataclass(frozen=True)
class Outcome:
    """The outcome of an example: findings and cases with its original ids, or an error."""

    example: Example
    findings: Rows = ()
    cases: Rows = ()
    error: str = ""

    @property
    def case(self) -> Mapping[str, Any] | None:
        """Return the case that the example is about; None if its row was rejected."""
        return next((c for c in self.cases if c["case_id"] == self.example.case_id), None)

    @property
    def of_case(self) -> dict[str, Mapping[str, Any]]:
        """Return the findings of that case by requirement."""
        of_case = (f for f in self.findings if f["case_id"] == self.example.case_id)
        return {f["requirement"]: f for f in of_case}


def outcomes(bundle: Bundle, examples: Iterable[Example], evaluate: Evaluate) -> list[Outcome]:
    """Return the outcome of each example, in the given order."""
    examples = list(examples)
    groups: dict[object, list[int]] = {}
    for n, example in enumerate(examples):
        groups.setdefault(_shared(bundle, example), []).append(n)
    result: dict[int, Outcome] = {}
    for numbers in groups.values():
        group = [examples[n] for n in numbers]
        result |= zip(numbers, _run(bundle, group, evaluate), strict=True)
    return [result[n] for n in range(len(examples))]


def _shared(bundle: Bundle, example: Example) -> object:
    """Return what examples must share to be evaluated together without affecting each other."""
    newest = _newest(example)
    leaves = [leaf for version in bundle.protocol.versions for leaf in version.leaves]
    forbidden = {leaf.event.kind for leaf in leaves if leaf.forbidden}
    return (
        str(example.as_of),
        example.site.model_dump_json(),
        frozenset(forbidden & newest.keys()),
        frozenset((kind, newest.get(kind)) for kind in example.site.feeds),
        example.id if example.site.completeness else "",  # only its own events are counted
    )


def _newest(example: Example) -> dict[str, date | None]:
    """Return the kinds of events in the example's records, and when each was last recorded."""
    texts: list[dict[str, str | None]] = [{**row} for row in example.tables["events"]]
    newest: dict[str, date | None] = {}
    for row in read_rows(EVENTS, texts, example.site)[0]:
        if not _later(row, example.as_of):
            recorded = row.dates.get("recorded_at")
            kind = row.word("kind")
            known = [d for d in (newest.get(kind), recorded.lo if recorded else None) if d]
            newest[kind] = max(known, default=None)
    return newest


def _later(row: Row, as_of: AsOf) -> bool:
    recorded = row.dates.get("recorded_at")
    return recorded is not None and recorded.after(as_of)


def _run(bundle: Bundle, group: Sequence[Example], evaluate: Evaluate) -> list[Outcome]:
    """Evaluate a group; if that fails, evaluate each example alone to find the one that failed."""
    tables: Tables = {}
    for n, example in enumerate(group):
        for name, rows in example.tables.items():
            tables.setdefault(name, []).extend(_apart(row, n) for row in rows)
    try:
        findings, cases = evaluate(bundle, tables, group[0].as_of, group[0].site)
    except UserError as error:
        if len(group) == 1:
            return [Outcome(group[0], error=str(error))]
        return _alone(bundle, group, evaluate)
    if len(group) > 1 and any(f["status"] == Status.ERROR for f in findings):
        return _alone(bundle, group, evaluate)
    return [
        Outcome(
            example,
            _as_written(_of(findings, n), example, n),
            _as_written(_of(cases, n), example, n),
        )
        for n, example in enumerate(group)
    ]


def _of(rows: Rows, number: int) -> Rows:
    return [row for row in rows if row["case_id"].startswith(_prefix(number))]


def _alone(bundle: Bundle, group: Sequence[Example], evaluate: Evaluate) -> list[Outcome]:
    return [outcome for example in group for outcome in _run(bundle, [example], evaluate)]


def _prefix(number: int) -> str:
    return f"{number}/"


def _apart(row: Mapping[str, str], number: int) -> dict[str, str]:
    """Return the row with unique ids; an empty id stays empty, to be rejected."""
    ids = {k: row[k].strip() for k in _IDS if row.get(k, "").strip()}
    return {**row, **{k: _prefix(number) + value for k, value in ids.items()}}


def _as_written(rows: Rows, example: Example, number: int) -> Rows:
    """Restore the original ids of the example, in columns and in sentences."""
    prefix = _prefix(number)
    own = {row.get(k, "").strip() for t in example.tables.values() for row in t for k in _IDS}
    longest_first = sorted(own - {""}, key=lambda id: (-len(id), id))

    def plain(row: Mapping[str, Any]) -> dict[str, Any]:
        ids = {k: row[k].removeprefix(prefix) for k in _IDS if row.get(k)}
        replaced = {k: row[k] for k in ("sentence", "next_action") if row.get(k)}
        for id in longest_first if replaced else ():
            replaced = {k: words.replace(prefix + id, id) for k, words in replaced.items()}
        return {**row, **replaced, **ids}

    return [plain(row) for row in rows]
