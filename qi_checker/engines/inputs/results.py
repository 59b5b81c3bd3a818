"""The interface of an evaluation's results for an audit, whatever the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from qi_checker.engines.observers import JudgedTwice
from qi_checker.protocol.plausible_findings import UNCHECKED, CheckResult
from qi_checker.protocol.records import RawTable

if TYPE_CHECKING:
    from sqlglot import exp

    from qi_checker.engines.inputs.database import Database
    from qi_checker.engines.inputs.needs import Needs
    from qi_checker.engines.inputs.prepare import Prepared
    from qi_checker.query import Compiled


class Delivered(Protocol):
    """The tables that were read, and notes for the user."""

    @property
    def tables(self) -> Mapping[str, RawTable]: ...

    @property
    def notes(self) -> Sequence[str]: ...


class Results(Protocol):
    """Numbers and a few ids; queries on its tables must mean the same in DuckDB and Spark."""

    @property
    def compiled(self) -> Compiled: ...

    @property
    def records(self) -> Delivered: ...

    @property
    def prepared(self) -> Prepared: ...

    @property
    def failures(self) -> list[str]: ...

    @property
    def checked(self) -> CheckResult: ...

    @property
    def twice(self) -> JudgedTwice | None: ...

    def rows(self, query: str) -> list[dict[str, Any]]: ...

    def summary(self) -> dict[str, Any]: ...

    def ignored_exceptions(self) -> Iterable[tuple[str, str]]: ...

    def joined_exceptions(self) -> frozenset[str]: ...

    def each(self, words: str) -> str: ...

    def apart(self, one: str, other: str) -> str: ...


class Checks:
    """Plausibility checks of a run. Both methods may raise `Refused`; this class checks nothing."""

    def records(
        self, db: Database, needs: Needs, prepared: Prepared, tables: Mapping[str, RawTable]
    ) -> None:
        """Check the records, which are ready in the database, before any case is judged."""

    def result(self, results: Results) -> CheckResult:
        """Check the result of one protocol."""
        return UNCHECKED


NO_CHECKS = Checks()


def summary(
    compiled: Compiled, ask: Callable[[exp.Query], Sequence[Mapping[str, Any]]]
) -> dict[str, Any]:
    """Return the numbers of the rate, per requirement, and per sensitivity window.

    ask: returns the rows of a compiled query on the result tables, columns in order.
    """
    each: dict[str, dict[str, int]] = {"eligible": {}, "present": {}, "in_window": {}}
    for row in ask(compiled.per_requirement()):
        name = compiled.scopes[row["version"]].leaves[row["number"]].id
        for kind, found in each.items():
            found[name] = found.get(name, 0) + row[kind]
    windows: dict[str, int] = {}
    for scope in compiled.scopes:
        if scope.version.sensitivity:
            counts = ask(compiled.sensitivity(scope))[0].values()
            for duration, number in zip(scope.version.sensitivity, counts, strict=True):
                windows[str(duration)] = windows.get(str(duration), 0) + int(number)
    return {
        **ask(compiled.rate())[0],
        "present": each["present"],
        "in_window": each["in_window"],
        "eligible_by_requirement": each["eligible"],
        "sensitivity": windows,
    }
