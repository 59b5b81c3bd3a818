"""Run the examples of a protocol on an engine, and say in words what came out differently."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qi_checker.errors import UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.examples import Example, Expected
from qi_checker.protocol.site import Site

Rows = Sequence[Mapping[str, Any]]
Tables = dict[str, list[dict[str, str]]]
# (protocol, tables, as_of, site) -> findings and cases, as the contract names their columns
Evaluate = Callable[[Bundle, Tables, AsOf, Site], tuple[Rows, Rows]]

_IDS = ("case_id", "patient_id", "event_id", "exception_id")


@dataclass(frozen=True)
class ExampleResult:
    """One example: what came out differently from what it says, in words; nothing if it passed."""

    example: Example
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.differences


def run_examples(
    bundle: Bundle, examples: Iterable[Example], engine_evaluate: Evaluate
) -> list[ExampleResult]:
    """Evaluate the examples, each as if it were alone. One that cannot be evaluated has failed."""
    examples = list(examples)
    groups: dict[object, list[int]] = {}
    for n, example in enumerate(examples):
        groups.setdefault(_together(example) or n, []).append(n)
    results: dict[int, ExampleResult] = {}
    for numbers in groups.values():
        group = [examples[n] for n in numbers]
        results |= zip(numbers, _run(bundle, group, engine_evaluate), strict=True)
    return [results[n] for n in range(len(examples))]


def _together(example: Example) -> tuple[str, str] | None:
    """What examples must share to be evaluated in one go; None for one that must be alone.

    How fresh a feed is depends on all events of the evaluation, so those examples cannot share.
    """
    if example.site.feeds:
        return None
    return str(example.as_of), example.site.model_dump_json()


def _run(bundle: Bundle, group: Sequence[Example], evaluate: Evaluate) -> list[ExampleResult]:
    """A query costs far more than its few rows, so a group is one evaluation with apart ids."""
    tables: Tables = {}
    for n, example in enumerate(group):
        for name, rows in example.tables.items():
            tables.setdefault(name, []).extend(_apart(row, n) for row in rows)
    try:
        findings, cases = evaluate(bundle, tables, group[0].as_of, group[0].site)
    except UserError as error:
        if len(group) > 1:
            return [result for example in group for result in _run(bundle, [example], evaluate)]
        return [ExampleResult(group[0], (f"could not be evaluated: {error}",))]
    return [
        ExampleResult(example, tuple(_differences(example, _of(n, findings), _of(n, cases))))
        for n, example in enumerate(group)
    ]


def _prefix(number: int) -> str:
    return f"{number}/"


def _apart(row: Mapping[str, str], number: int) -> dict[str, str]:
    """The row with ids that no other example has; an empty id stays empty, to be rejected."""
    ids = {k: row[k].strip() for k in _IDS if row.get(k, "").strip()}
    return {**row, **{k: _prefix(number) + value for k, value in ids.items()}}


def _of(number: int, rows: Rows) -> Rows:
    """The rows of one example, with the ids it was written with."""
    prefix = _prefix(number)
    mine = [row for row in rows if row["case_id"].startswith(prefix)]
    return [{**row, **{k: row[k].removeprefix(prefix) for k in _IDS if row.get(k)}} for row in mine]


def _differences(example: Example, findings: Rows, cases: Rows) -> Iterator[str]:
    case = next((c for c in cases if c["case_id"] == example.case_id), None)
    if case is None:
        yield f"case {example.case_id} was rejected: a needed value is missing or unreadable"
        return
    wanted = example.expect.verdict
    if wanted is not None and str(case["verdict"]) != wanted:
        yield f"verdict: expected {wanted}, got {case['verdict']}"
    of_case = {f["requirement"]: f for f in findings if f["case_id"] == example.case_id}
    for requirement, expected in example.expect.requirements.items():
        if requirement in of_case:
            yield from _compare(requirement, expected, of_case[requirement])
        else:
            yield f"{requirement}: expected {expected.status}, and the version does not ask for it"


def _compare(requirement: str, expected: Expected, finding: Mapping[str, Any]) -> Iterator[str]:
    status, reason = str(finding["status"]), str(finding["reason"] or "no reason")
    event = finding["event_id"] or ""
    if status != expected.status:
        yield f"{requirement}: expected {expected.status}, got {status} ({reason})"
        return
    if expected.reason is not None and reason != expected.reason:
        yield f"{requirement}: {status} as expected, but for {reason}, not for {expected.reason}"
    if expected.event is not None and event != expected.event:
        yield (
            f"{requirement}: {status} as expected, but by {event or 'no event'}, "
            f"not by {expected.event or 'none'}"
        )
