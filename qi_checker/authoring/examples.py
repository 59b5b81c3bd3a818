"""Run the examples of a protocol on an engine, and describe the differences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from qi_checker.authoring.batches import Evaluate, Outcome, Rows, outcomes
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.examples import Example, Expected

__all__ = ["Difference", "Evaluate", "ExampleResult", "Rows", "run_examples"]


@dataclass(frozen=True)
class Difference:
    """One difference from the expected result, of the case (`verdict`) or of a requirement.

    `expected` and `found` are shown side by side: `missing` and `met (in_window, E1)`.
    """

    about: str
    expected: str
    found: str
    words: str
    sentence: str = ""  # of the finding, if the engine gives one

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True)
class ExampleResult:
    """One example with its differences from the expected result; none if it passed."""

    example: Example
    found: tuple[Difference, ...]

    @property
    def differences(self) -> tuple[str, ...]:
        """Return the differences as sentences."""
        return tuple(map(str, self.found))

    @property
    def passed(self) -> bool:
        return not self.found


def run_examples(
    bundle: Bundle, examples: Iterable[Example], engine_evaluate: Evaluate
) -> list[ExampleResult]:
    """Evaluate each example as if it were alone. One that cannot be evaluated has failed."""
    done = outcomes(bundle, examples, engine_evaluate)
    return [ExampleResult(outcome.example, tuple(_differences(outcome))) for outcome in done]


def _differences(outcome: Outcome) -> Iterator[Difference]:
    expect, case = outcome.example.expect, outcome.case
    if outcome.error:
        words = f"could not be evaluated: {outcome.error}"
        yield Difference("evaluation", "done", "not possible", words)
        return
    if case is None:
        words = (
            f"case {outcome.example.case_id} was rejected: a needed value is missing or unreadable"
        )
        yield Difference("case", "used", "rejected", words)
        return
    verdict = str(case["verdict"])
    if expect.verdict is not None and verdict != expect.verdict:
        words = f"verdict: expected {expect.verdict}, got {verdict}"
        yield Difference("verdict", str(expect.verdict), verdict, words)
    for requirement, expected in expect.requirements.items():
        if requirement in outcome.of_case:
            yield from _compare(requirement, expected, outcome.of_case[requirement])
        else:
            words = f"{requirement}: expected {expected.status}, but the version does not have it"
            yield Difference(requirement, _wanted(expected), "not required", words)


def _wanted(expected: Expected) -> str:
    details = [str(expected.reason)] if expected.reason is not None else []
    if expected.event is not None:
        details.append(expected.event or "no event")
    return f"{expected.status} ({', '.join(details)})" if details else str(expected.status)


def _got(finding: Mapping[str, Any]) -> str:
    details = ", ".join(filter(None, (str(finding["reason"] or ""), finding["event_id"])))
    return f"{finding['status']} ({details})" if details else str(finding["status"])


def _compare(
    requirement: str, expected: Expected, finding: Mapping[str, Any]
) -> Iterator[Difference]:
    for sentence in _said(expected, finding):
        yield Difference(
            requirement,
            _wanted(expected),
            _got(finding),
            f"{requirement}: {sentence}",
            str(finding.get("sentence") or ""),
        )


def _said(expected: Expected, finding: Mapping[str, Any]) -> Iterator[str]:
    status, reason = str(finding["status"]), str(finding["reason"] or "no reason")
    event = finding["event_id"] or ""
    if status != expected.status:
        yield f"expected {expected.status}, got {status} ({reason})"
        return
    if expected.reason is not None and reason != expected.reason:
        yield f"{status} as expected, but for {reason}, not for {expected.reason}"
    if expected.event is not None and event != expected.event:
        yield (
            f"{status} as expected, but by {event or 'no event'}, not by {expected.event or 'none'}"
        )
