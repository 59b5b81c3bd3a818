"""All problems of one file, collected with their places, so that they can be told at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.yaml_nodes import Document, Steps
from qi_checker.protocol.yaml_text import one_line

MOST = 100  # a file of another kind can have thousands; nobody reads them


@dataclass
class Complaints:
    """Problems of a document. A place that was refused once is not complained about again."""

    document: Document
    told: dict[Steps, Problem] = field(default_factory=dict)
    _refused: set[Steps] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._refused = set(self.document.broken())

    def add(
        self, path: Steps, what: str, why: str = "", mend: str = "", *, key: bool = False
    ) -> None:
        """Complain about the value at a path, or about its key, unless that was done before."""
        if not self.spoilt(path):
            where = self.document.where(path, key=key)
            self.told[path] = Problem(where, one_line(what), why, one_line(mend))

    def spoilt(self, path: Steps) -> bool:
        """Whether the place, or one that holds it, has a problem already."""
        above = [path[:i] for i in range(1, len(path) + 1)]
        return path in self.told or any(p in self._refused or p in self.told for p in above)

    def spoilt_inside(self, path: Steps) -> bool:
        """Whether a part of the place was refused, so that nothing can be said of the whole."""
        return any(p[: len(path)] == path for p in self._refused)

    def mapping(self) -> dict[str, Any]:
        """The document as keys and values; UserError where it is something else."""
        data = self.document.data
        if not isinstance(data, dict):
            if not self.document.problems:
                self.add((), "the file does not begin with a key", mend="Write keys: id: ...")
            raise UserError(self.problems())
        return data

    def problems(self) -> list[Problem]:
        """Everything, in the order of the file."""
        found = sorted([*self.document.problems, *self.told.values()], key=_order)
        if len(found) > MOST:
            rest = f"and {len(found) - MOST} more problems"
            return [*found[:MOST], Problem(self.document.name, rest)]
        return found

    def raise_if_any(self) -> None:
        """UserError with every problem, where there is one."""
        found = self.problems()
        if found:
            raise UserError(found)


def _order(problem: Problem) -> tuple[int, ...]:
    numbers = problem.where.split(":")[-2:]
    return tuple(int(n) for n in numbers if n.isdigit())
