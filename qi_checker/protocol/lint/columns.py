"""Columns that look like misspelt ones of the records contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qi_checker.protocol.lint.finding import Finding
from qi_checker.protocol.records import CASES, EVENTS, Table
from qi_checker.protocol.yaml_nodes import Steps


def misspelt_columns(data: Any) -> Iterator[Finding]:
    """A column that the records do not have is empty everywhere, and nobody is told.

    Cases and events may have columns of their own, so that a name cannot be refused.
    """
    for path, name in _columns(data, ()):
        table = EVENTS if "columns" in path else CASES
        near = _near(name, table)
        if near is not None:
            yield path, f"the column `{name}` looks like {near}", "It is read as one of your own"


def _columns(data: Any, path: Steps) -> Iterator[tuple[Steps, str]]:
    """Path and name of every column that a protocol names."""
    if isinstance(data, list):
        for i, item in enumerate(data):
            yield from _columns(item, (*path, i))
    if not isinstance(data, dict):
        return
    for key, value in data.items():
        inner = (*path, key)
        if key == "column" and isinstance(value, str):
            yield inner, value  # an anchor
        elif key == "name" and isinstance(value, str) and "in" in data:
            yield inner, value
        else:
            yield from _columns(value, inner)


def _near(name: str, table: Table) -> str | None:
    import difflib  # few protocols name columns of their own

    if name in table.names:
        return None
    return next(iter(difflib.get_close_matches(name.lower(), table.names, 1, 0.8)), None)
