"""Where two engines differ, and the smallest records that show it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.site import Site
from tests.generative.records import Row, Tables
from tests.helpers.engines import Seen, on_duckdb, on_reference


@dataclass(frozen=True)
class Example:
    """Everything that an evaluation is given."""

    bundle: Bundle
    tables: Tables
    as_of: AsOf
    site: Site

    def differences(self) -> list[str]:
        """What the compiled query says otherwise than the naive evaluator; empty if nothing."""
        torn = {"events": self.tables["torn"]}
        given = (self.bundle, self.tables, self.as_of, self.site, torn)
        return differences(on_reference(*given), on_duckdb(*given))

    def __str__(self) -> str:
        versions = self.bundle.protocol.model_dump(
            mode="json", by_alias=True, exclude_defaults=True, include={"versions"}
        )
        site = self.site.model_dump(mode="json", exclude_defaults=True)
        lines = [f"as_of {self.as_of}, site {site}", json.dumps(versions)]
        for name, rows in self.tables.items():
            lines += [f"{name}: {_filled(row)}" for row in rows]
        return "\n".join(lines)


def _filled(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None}


def differences(right: Seen, seen: Seen) -> list[str]:
    """One line per value that is not as it should be."""
    found = _keyed(right.findings, seen.findings, ("case_id", "requirement"))
    found += _keyed(right.cases, seen.cases, ("case_id",))
    found += _keyed(right.rejects, seen.rejects, ("table", "row"))
    if right.ignored != seen.ignored:
        found.append(f"ignored exceptions: {seen.ignored}, should be {right.ignored}")
    for name, value in right.numbers.items():
        if _counted(seen.numbers[name]) != _counted(value):
            found.append(f"{name}: {seen.numbers[name]}, should be {value}")
    return found


def _counted(value: Any) -> Any:
    """A requirement that is not listed counts none, as one with 0."""
    return {k: n for k, n in value.items() if n} if isinstance(value, dict) else value


def _keyed(right: list[Row], seen: list[Row], keys: tuple[str, ...]) -> list[str]:
    if [_key(line, keys) for line in right] != [_key(line, keys) for line in seen]:
        return [f"not the same lines, or not in this order, by {keys}"]
    return [
        f"{_key(good, keys)} {name}: {line[name]!r}, should be {value!r}"
        for good, line in zip(right, seen, strict=True)
        for name, value in good.items()
        if line[name] != value
    ]


def _key(line: Row, keys: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(line[key] for key in keys)


def smallest(example: Example) -> Example:
    """Leave out rows as long as the first difference stays: first by halves, then one by one."""
    about = example.differences()[0].partition(": ")[0]

    def differs(fewer: Example) -> bool:
        return any(line.startswith(about) for line in fewer.differences())

    for name in example.tables:
        example = _fewer_rows(example, name, differs)
    return example


def _fewer_rows(example: Example, name: str, differs: Callable[[Example], bool]) -> Example:
    size = len(example.tables[name])
    while size:
        start = 0
        while start < len(rows := example.tables[name]):
            rest = rows[:start] + rows[start + size :]
            fewer = replace(example, tables=example.tables | {name: rest})
            if differs(fewer):
                example = fewer
            else:
                start += size
        size //= 2
    return example
