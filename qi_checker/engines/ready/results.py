"""What an audit asks of an evaluation, wherever it was done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from qi_checker.compiler import Compiled
from qi_checker.engines.ready.prepare import Prepared
from qi_checker.protocol.records import RawTable


class Delivered(Protocol):
    """Which tables were read, and what a person should know of them."""

    @property
    def tables(self) -> Mapping[str, RawTable]: ...

    @property
    def notes(self) -> Sequence[str]: ...


class Results(Protocol):
    """Numbers and a few ids; queries over its tables must mean the same in DuckDB and Spark."""

    @property
    def compiled(self) -> Compiled: ...

    @property
    def records(self) -> Delivered: ...

    @property
    def prepared(self) -> Prepared: ...

    @property
    def failures(self) -> list[str]: ...

    def rows(self, query: str) -> list[dict[str, Any]]: ...

    def summary(self) -> dict[str, Any]: ...

    def ignored_exceptions(self) -> Iterable[tuple[str, str]]: ...

    def joined_exceptions(self) -> frozenset[str]: ...

    def each(self, words: str) -> str: ...

    def apart(self, one: str, other: str) -> str: ...
