"""A proposed mapping: plain data, the questions about it, and what an answer changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from qi_checker.protocol.checks.mapping import OPEN as OPEN  # a person has to decide

_SOURCES = {"column", "columns", "first_of", "constant"}  # keys that name a source

Path = tuple[str | int, ...]


@dataclass
class Doubt:
    """A question about the mapping, and the value that each answer gives."""

    path: Path
    question: str
    # Wording and value. None removes the key; in a dict it removes a key of the column.
    answers: tuple[tuple[str, Any], ...]
    usual: int | None = None  # the answer in the proposal; None leaves it open


@dataclass
class Part:
    """The result for one table: its likely content, how certain that is, and unused columns."""

    title: str
    rows: int
    kind: str  # cases, events, or nothing
    sure: float
    unused: list[str] = field(default_factory=list)
    torn: int = 0  # rows with another number of cells than the header


@dataclass
class Proposal:
    """A mapping as plain data, its parts, and the questions about it."""

    mapping: dict[str, Any] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    patients: str = ""  # query of the patients with an operation, if the mapping changes their ids

    def answer(self, doubt: Doubt, number: int) -> None:
        """Put an answer into the mapping."""
        value = doubt.answers[number][1]
        self.doubts.remove(doubt)
        at: Any = self.mapping
        for step in doubt.path[:-1]:
            at = at[step]
        key = doubt.path[-1]
        if value is None:
            at.pop(key, None)
            return
        before = at.get(key)
        partial = isinstance(value, dict) and None in value.values()
        whole = not isinstance(value, dict) or (_SOURCES & value.keys() and not partial)
        if whole:
            at[key] = value
        else:
            merged = ({"column": before} if isinstance(before, str) else before) | value
            at[key] = {name: given for name, given in merged.items() if given is not None}
        if whole and before != value:
            self._about_another(doubt, before, value)

    def _about_another(self, doubt: Doubt, before: Any, value: Any) -> None:
        """Drop the questions about a column after another one was chosen."""
        if isinstance(before, dict) and isinstance(value, dict):
            self.doubts = [d for d in self.doubts if d.path[: len(doubt.path)] != doubt.path]
            formats = str(value.get("date", "")).split(" or ")
            if len(formats) > 1:
                name = value["column"] if "column" in value else value["columns"][0]
                question = f"{name} can be read in {len(formats)} ways: which?"
                answers = tuple((text, {"date": text}) for text in formats)
                self.doubts.insert(0, Doubt(doubt.path, question, answers))
