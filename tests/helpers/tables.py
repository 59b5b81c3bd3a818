"""Many small examples in one evaluation, each with its own patient.

Compiling a protocol costs more than evaluating a few rows, so a table of examples is evaluated
together. Ids are prefixed with the number of the example, which is removed before comparing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qi_checker.protocol.bundle import Bundle
from tests.helpers.engines import Engine, Seen, run
from tests.helpers.records import Row, case

IDS = ("case_id", "patient_id", "event_id", "exception_id")
MARK = "/"


def run_each(
    engine: Engine, rule: Bundle, examples: Sequence[Sequence[Row]], **settings: Any
) -> list[Seen]:
    """Evaluate examples; each has some rows, and the case C1 unless a row is a case."""
    tables: dict[str, Any] = {"cases": [], "events": [], "exceptions": []}
    for number, example in enumerate(examples):
        rows = [*example] if any(_table(row) == "cases" for row in example) else [case(), *example]
        for row in rows:
            tables[_table(row)].append(_marked(row, number))
    seen = run(engine, rule, **tables, **settings)
    return [_of(seen, number) for number in range(len(examples))]


def expect_each(
    engine: Engine,
    rule: Bundle,
    table: Sequence[tuple[Any, ...]],
    requirement: str = "ct",
    **settings: Any,
) -> None:
    """Check lines such as `(scan("2026-05-01"), "met in_window E1")`: rows, expectation."""
    actual, wanted = {}, {}
    examples = [line[:-1] for line in table]
    for number, seen in enumerate(run_each(engine, rule, examples, **settings)):
        finding, expected = seen.finding(requirement), table[number][-1]
        words = (finding["status"], finding["reason"], finding["event_id"] or "-")
        actual[f"line {number + 1}"] = " ".join(words[: len(expected.split())])
        wanted[f"line {number + 1}"] = expected
    assert actual == wanted


def _table(row: Row) -> str:
    if "exception_id" in row:
        return "exceptions"
    return "events" if "event_id" in row else "cases"


def _marked(row: Row, number: int) -> Row:
    ids = {name: f"{number}{MARK}{row[name]}" for name in IDS if (row.get(name) or "").strip()}
    return row | ids


def _of(seen: Seen, number: int) -> Seen:
    """Return the results of one example, with its own ids."""

    def own(text: str | None) -> bool:
        return (text or "").startswith(f"{number}{MARK}")

    def plain(line: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value.partition(MARK)[2] if name in IDS and value else value
            for name, value in line.items()
        }

    parts: dict[str, Callable[[], Any]] = {
        "findings": lambda: [plain(line) for line in seen.findings if own(line["case_id"])],
        "cases": lambda: [plain(line) for line in seen.cases if own(line["case_id"])],
        "ignored": lambda: [(id.partition(MARK)[2], why) for id, why in seen.ignored if own(id)],
    }
    return Seen(lambda part: parts[part]())
