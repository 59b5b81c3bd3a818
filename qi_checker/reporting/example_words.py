"""The examples of a protocol in words: what is given, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qi_checker.protocol.examples import Example, Expected
from qi_checker.reporting.words import label


@dataclass(frozen=True)
class RuleExample:
    """A worked example: what is given, what comes out, and why."""

    id: str
    why: str
    given: tuple[str, ...]
    expect: tuple[str, ...]


def in_words(example: Example) -> RuleExample:
    """An example as it is printed. Values that it takes from the file's defaults are left out."""
    return RuleExample(example.id, example.why, tuple(_given(example)), tuple(_expected(example)))


def _given(example: Example) -> Iterator[str]:
    case = example.tables["cases"][0]
    told = {k: v for k, v in example.given.case.items() if k not in ("surgery_at", "status")}
    yield _line(f"surgery {case['surgery_at']} ({case['status']})", told)
    yield from _rows(example, "cases", "case_id", [{}, *example.given.other_cases])[1:]
    yield from _rows(example, "events", "event_id", example.given.events)
    yield from _rows(example, "exceptions", "exception_id", example.given.exceptions)
    yield from (f"site {name}: {value}" for name, value in example.given.site.items())
    yield f"as of {example.as_of}"


def _rows(
    example: Example, table: str, key: str, written: Sequence[Mapping[str, str]]
) -> list[str]:
    return [
        _line(full[key], {k: v for k, v in row.items() if k != key})
        for full, row in zip(example.tables[table], written, strict=True)
    ]


def _line(subject: str, values: Mapping[str, str]) -> str:
    """`E1: modality CT, at 2026-02-10`."""
    told = ", ".join(f"{name} {value}" for name, value in values.items())
    return f"{subject}: {told}" if told else subject


def _expected(example: Example) -> Iterator[str]:
    if example.expect.verdict:
        yield f"case: {label(example.expect.verdict)}"
    yield from (_outcome(name, e) for name, e in example.expect.requirements.items())


def _outcome(requirement: str, expected: Expected) -> str:
    reason = f", {label(expected.reason).lower()}" if expected.reason else ""
    event = f", event {expected.event}" if expected.event else ""
    return f"{requirement}: {label(expected.status)}{reason}{event}"
