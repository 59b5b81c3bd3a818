"""Describe the examples of a protocol: the records given, and the expected result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qi_checker.protocol.examples import Example, Expected
from qi_checker.render.words import label


@dataclass(frozen=True)
class RuleExample:
    """A worked example: the records given, the result, and why."""

    id: str
    why: str
    given: tuple[str, ...]
    expect: tuple[str, ...]


def in_words(example: Example) -> RuleExample:
    """Describe an example for printing. Values from the file's defaults are left out."""
    given = tuple(_given(example)) or ("no event",)
    return RuleExample(example.id, example.why, given, tuple(_expected(example)))


def _given(example: Example) -> Iterator[str]:
    if example.given.case:
        yield _line("", example.given.case)
    yield from _rows(example, "cases", "case_id", [{}, *example.given.other_cases])[1:]
    yield from _rows(example, "events", "event_id", example.given.events)
    yield from _rows(example, "exceptions", "exception_id", example.given.exceptions)
    yield from (f"site {name}: {_plain(value)}" for name, value in example.given.site.items())
    if example.given.as_of:
        yield f"as of {example.as_of}"


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _rows(
    example: Example, table: str, key: str, written: Sequence[Mapping[str, str]]
) -> list[str]:
    return [
        _line(full[key], {k: v for k, v in row.items() if k != key})
        for full, row in zip(example.tables[table], written, strict=True)
    ]


def _line(subject: str, values: Mapping[str, str]) -> str:
    """Format `E1: modality CT, at 2026-02-10`; the case itself has no name in front."""
    details = ", ".join(f"{name} {value}" for name, value in values.items())
    return ": ".join(part for part in (subject, details) if part)


def _expected(example: Example) -> Iterator[str]:
    if example.expect.verdict:
        yield f"case: {label(example.expect.verdict)}"
    yield from (_outcome(name, e) for name, e in example.expect.requirements.items())


def _outcome(requirement: str, expected: Expected) -> str:
    reason = f", {label(expected.reason).lower()}" if expected.reason else ""
    event = f", event {expected.event}" if expected.event else ""
    return f"{requirement}: {label(expected.status)}{reason}{event}"


_IDS = {
    "cases": ("case_id", "patient_id"),
    "events": ("event_id", "patient_id"),
    "exceptions": ("exception_id", "case_id"),
}


def unless_said(examples: Sequence[Example]) -> str:
    """Describe what the examples take from their file's defaults; empty if nothing."""
    parts = []
    for table, ids in _IDS.items():
        taken: dict[str, str] = {}
        for example in examples:
            for full, written in zip(example.tables[table], _written(example, table), strict=True):
                taken |= {k: v for k, v in full.items() if k not in written and k not in ids}
        details = ", ".join(f"{name} {value}" for name, value in taken.items())
        parts += [f"{table} have {details}"] if details else []
    as_of = {str(example.as_of) for example in examples if not example.given.as_of}
    parts += [f"the evaluation is as of {', '.join(sorted(as_of))}"] if as_of else []
    return "; ".join(parts)


def _written(example: Example, table: str) -> Sequence[Mapping[str, str]]:
    if table == "cases":
        return [example.given.case, *example.given.other_cases]
    return example.given.events if table == "events" else example.given.exceptions
