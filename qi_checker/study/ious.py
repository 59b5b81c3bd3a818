"""Intraoperative ultrasound: reading the rows of `ious`, and their totals."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from qi_checker.protocol.records import IOUS, Column, RawTable
from qi_checker.protocol.vocabulary import PLAN_CHANGES, YES

NO_CHANGE = PLAN_CHANGES[0]
_BLANKS = " \t\r\n\u00a0"
_COUNT = re.compile(r"[0-9]{1,4}")

MISSING = "missing value"
UNKNOWN_WORD = "unknown word"
NOT_A_COUNT = "not a whole number"
CONTRADICTORY = "no_change together with a change"
NO_SUCH_CASE = "no such case in the cases"
DUPLICATE = "duplicate id"
SAME_CONTENT = "duplicate id, same content"
ENTERED = "entries of the web application"  # named beside the source files of rows
CORRECTED = "the entry of the web application counts"


@dataclass(frozen=True)
class Ultrasound:
    """One row that can be used. None and empty: not recorded."""

    case_id: str
    performed: bool
    plan_recorded_before: bool | None
    plan_change: tuple[str, ...]
    lesions_new: int | None
    new_within_planned_resection: bool | None

    @property
    def counted(self) -> bool:
        """Whether it is in the denominator: without an earlier plan nothing can change."""
        return self.performed and self.plan_recorded_before is True

    @property
    def changed(self) -> bool | None:
        """Whether the plan changed. The lesions do not decide it: a new lesion inside the planned
        resection is no change."""
        return any(word != NO_CHANGE for word in self.plan_change) if self.plan_change else None


@dataclass(frozen=True)
class Source:
    """The source of rows: a file, or the web application. read = used + rejected."""

    file: str
    sha256: str
    used: int
    rejected: int

    @property
    def read(self) -> int:
        return self.used + self.rejected


@dataclass(frozen=True)
class Registry:
    """The table as read; `rejects` have the columns of rejects.csv. Absent without a source."""

    sources: tuple[Source, ...]
    rows: dict[str, Ultrasound]
    rejects: tuple[dict[str, Any], ...]

    @property
    def read(self) -> int:
        return sum(source.read for source in self.sources)

    @property
    def file(self) -> str:
        return " and ".join(source.file for source in self.sources)

    @property
    def absent(self) -> bool:
        return not self.sources


def read_registry(
    con: duckdb.DuckDBPyConnection,
    raw: RawTable,
    cases: Iterable[str],
    entered: Sequence[tuple[int, Mapping[str, str]]] = (),
) -> Registry:
    """Read `raw_ious` and `torn_ious`; `cases` are the ids of cases that can be used.

    Of rows with one id the first counts, as in every table. `entered`: rows of the web application
    with their numbers, the last of each case; they take precedence over the file.
    """
    reading = _Reading(set(cases))
    if entered:
        rows = [{name: str(row.get(name, "")) for name in IOUS.names} for _, row in entered]
        digest = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
        numbers = [number for number, _ in entered]
        reading.take(ENTERED, digest, zip(numbers, rows, strict=True))
    if not raw.absent:
        torn = con.execute("SELECT _row, id, why FROM torn_ious").fetchall()
        reading.take(raw.file, raw.sha256, _rows_of(con), torn)
    return Registry(tuple(reading.sources), reading.rows, tuple(reading.rejects))


def _rows_of(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, dict[str, str]]]:
    names = ", ".join(f'"{name}"' for name in IOUS.names)
    for number, *cells in con.execute(
        f"SELECT _row, {names} FROM raw_ious ORDER BY _row"
    ).fetchall():
        yield number, {n: _trimmed(c) for n, c in zip(IOUS.names, cells, strict=True)}


class _Reading:
    """Reads one source after another; the first row of a case is used."""

    def __init__(self, known: set[str]) -> None:
        self.known = known
        self.sources: list[Source] = []
        self.rows: dict[str, Ultrasound] = {}
        self.rejects: list[dict[str, Any]] = []
        self._first: dict[str, tuple[str, dict[str, str]]] = {}  # source and content

    def take(
        self,
        file: str,
        sha256: str,
        rows: Iterable[tuple[int, dict[str, str]]],
        torn: Iterable[tuple[int, str | None, str]] = (),
    ) -> None:
        before, rejects = len(self.rows), []
        for number, texts in rows:
            case_id = texts["case_id"]
            fault = _fault(texts, self.known) or self._duplicate(file, texts)
            if fault:
                rejects.append(_reject(file, number, *fault, case_id))
            else:
                self.rows[case_id] = _ultrasound(texts)
            if case_id:
                self._first.setdefault(case_id, (file, texts))
        rejects += [_reject(file, number, "", why, id or "") for number, id, why in torn]
        self.rejects += sorted(rejects, key=lambda r: r["row"])
        self.sources.append(Source(file, sha256, len(self.rows) - before, len(rejects)))

    def _duplicate(self, file: str, texts: dict[str, str]) -> tuple[str, str] | None:
        where, first = self._first.get(texts["case_id"], ("", None))
        if first is None:
            return None
        if first == texts:
            return IOUS.key, SAME_CONTENT
        return IOUS.key, DUPLICATE if where == file else CORRECTED


def _trimmed(cell: Any) -> str:
    return str(cell).strip(_BLANKS) if cell is not None else ""


def _reject(file: str, row: int, column: str, reason: str, id: str) -> dict[str, Any]:
    return {
        "table": IOUS.name,
        "file": file,
        "row": int(row),
        "column": column,
        "id": id,
        "reason": reason,
    }


def _fault(texts: dict[str, str], known: set[str]) -> tuple[str, str] | None:
    """Return column and reason of the first check that a row fails on its own."""
    for column in IOUS.columns:
        if column.needed and not texts[column.name]:
            return column.name, MISSING
    for column in IOUS.columns:
        reason = _misfit(column, texts[column.name])
        if reason:
            return column.name, reason
    changes = _words(texts["plan_change"])
    if NO_CHANGE in changes and len(set(changes)) > 1:
        return "plan_change", CONTRADICTORY
    return None if texts["case_id"] in known else ("case_id", NO_SUCH_CASE)


def _misfit(column: Column, text: str) -> str:
    if not text:
        return ""
    if column.kind == "count":
        return "" if _COUNT.fullmatch(text) else NOT_A_COUNT
    items = _words(text) if column.kind == "words" else [text.lower()]
    return UNKNOWN_WORD if column.words and not set(items) <= set(column.words) else ""


def _words(text: str) -> list[str]:
    return [item.strip(_BLANKS).lower() for item in text.split(";") if item.strip(_BLANKS)]


def _ultrasound(texts: dict[str, str]) -> Ultrasound:
    def flag(name: str) -> bool | None:
        return texts[name].lower() in YES if texts[name] else None

    changes = _words(texts["plan_change"])
    return Ultrasound(
        case_id=texts["case_id"],
        performed=bool(flag("performed")),
        plan_recorded_before=flag("plan_recorded_before"),
        plan_change=tuple(word for word in PLAN_CHANGES if word in changes),
        lesions_new=int(texts["lesions_new"]) if texts["lesions_new"] else None,
        new_within_planned_resection=flag("new_within_planned_resection"),
    )
