"""The rows of single cases, out of a data set that was read: what `judging` is given.

A case needs its own row, the rows of events of its patient, the exceptions that name it, and the
`Context` of the whole data set.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from qi_checker.engines.duckdb import Evaluation
from qi_checker.engines.duckdb.values import clean, quote
from qi_checker.engines.inputs.task import after
from qi_checker.judging import CaseTrace, Context, Judge
from qi_checker.judging.context import shared_ids, torn_rows
from qi_checker.judging.rows import DUPLICATE, read_row
from qi_checker.judging.values import trimmed
from qi_checker.protocol.records import CASES, EVENTS, EXCEPTIONS, RawTable, Table

Cells = dict[str, Any]
BATCH = 5_000  # cases whose rows are held at once


@dataclass(frozen=True)
class CaseRows:
    """The rows of one case, in file order; cells are text."""

    case: Cells
    events: Sequence[Cells] = ()
    exceptions: Sequence[Cells] = ()


@dataclass(frozen=True)
class Origin:
    """Where rows came from, as a person is told. `tables` by name."""

    tables: Mapping[str, RawTable]

    def row(self, table: str, number: int) -> str:
        """`events.csv, row 14`; a number below 0 is a row of the other place of a joined table."""
        return self.tables[table].where(number)


@dataclass(frozen=True)
class DuckDBRows:
    """Rows out of the tables that an evaluation on DuckDB has read."""

    evaluation: Evaluation
    _types: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def origin(self) -> Origin:
        return Origin(self.evaluation.records.tables)

    @cached_property
    def judge(self) -> Judge:
        """Judge by the protocol, the moment and the site of the evaluation."""
        compiled = self.evaluation.compiled
        return Judge.of(compiled.bundle, compiled.as_of, compiled.site, self.context)

    @cached_property
    def context(self) -> Context:
        """What only the whole data set knows; a few queries over all events."""
        evaluation = self.evaluation
        as_of = evaluation.compiled.as_of
        late = after(as_of, "recorded_at_lo", "recorded_at_clock")
        kinds = evaluation.con.execute(
            f"SELECT kind, max(recorded_at_lo) FROM read_events WHERE NOT {late} "
            "AND _row NOT IN (SELECT _row FROM rejected_events) GROUP BY kind"
        ).fetchall()
        torn = evaluation.rows("SELECT _row, id, patient_id, why FROM torn_events ORDER BY _row")
        return Context(
            as_of=str(as_of),
            delivered=frozenset(str(kind) for kind, _ in kinds),
            newest={str(kind): newest for kind, newest in kinds if newest is not None},
            full_until=dict(evaluation.prepared.feeds.full_until),
            shared_ids={
                table.name: found
                for table in (EVENTS, EXCEPTIONS)
                if (found := self._shared_ids(table))
            },
            torn=tuple(row for row in torn_rows(torn) if row.patient),
        )

    def _shared_ids(self, table: Table) -> dict[str, str]:
        name, key = table.name, clean(quote(table.key))
        reason = f"SELECT DISTINCT id FROM rejected_{name} WHERE reason = '{DUPLICATE}'"
        if not self.evaluation.con.execute(f"{reason} LIMIT 1").fetchall():
            return {}
        rows = self._rows(table, f"{key} IN ({reason})")
        return shared_ids(table, rows, self.evaluation.compiled.site)

    def traces(self, case_keys: Sequence[int]) -> Iterator[CaseTrace]:
        """Judge the cases with these keys, in the order of the keys."""
        return map(self.judged, self.of_cases(case_keys))

    def of_cases(self, case_keys: Sequence[int]) -> Iterator[CaseRows]:
        """The rows of these cases, in the order of the keys."""
        for start in range(0, len(case_keys), BATCH):
            yield from self._of(case_keys[start : start + BATCH])

    def judged(self, rows: CaseRows, earlier_days: Collection[date] = ()) -> CaseTrace:
        """Judge one case from its rows. `earlier_days`: as `Judge.trace` says."""
        judge = self.judge
        case = judge.case(read_row(CASES, rows.case, 0, judge.setting.site))
        history = judge.history(rows.events, case.patient)
        return judge.trace(case, history, judge.exceptions(rows.exceptions, case), earlier_days)

    def _of(self, case_keys: Sequence[int]) -> list[CaseRows]:
        """The rows of these cases; patients and exceptions of all of them are fetched together."""
        listed = "SELECT c.* FROM ready_cases c JOIN (SELECT unnest(?::INTEGER[]) AS case_key)"
        chosen = f"{listed} USING (case_key)"
        keys = list(case_keys)
        by_row = {
            row: key
            for key, row in self.evaluation.con.execute(
                f"SELECT case_key, _row FROM ({chosen})", [keys]
            ).fetchall()
        }
        cases = {
            by_row[int(cells["_row"])]: cells
            for cells in self._rows(CASES, f"_row IN (SELECT _row FROM ({chosen}))", keys)
        }
        patient, case_id = clean("patient_id"), clean("case_id")
        events = _grouped(
            self._rows(EVENTS, f"{patient} IN (SELECT patient_id FROM ({chosen}))", keys),
            "patient_id",
        )
        exceptions = _grouped(
            self._rows(EXCEPTIONS, f"{case_id} IN (SELECT case_id FROM ({chosen}))", keys),
            "case_id",
        )
        return [
            CaseRows(
                cases[key],
                events.get(trimmed(cases[key]["patient_id"]), ()),
                exceptions.get(trimmed(cases[key]["case_id"]), ()),
            )
            for key in keys
        ]

    def _rows(self, table: Table, where: str, keys: list[int] | None = None) -> list[Cells]:
        """Rows of a raw table as text, in file order."""
        types = self._types_of(table)
        columns = ", ".join(f"{_text(n, kind)} AS {quote(n)}" for n, kind in types.items())
        query = (
            f"SELECT {columns} FROM raw_{table.name} WHERE {where} ORDER BY raw_{table.name}._row"
        )
        return self.evaluation.rows(query, [keys] if keys is not None else None)

    def _types_of(self, table: Table) -> dict[str, str]:
        if table.name not in self._types:
            described = self.evaluation.con.execute(f"DESCRIBE raw_{table.name}").fetchall()
            self._types[table.name] = {str(name): str(kind) for name, kind, *_ in described}
        return self._types[table.name]


def _text(name: str, kind: str) -> str:
    """SQL of a value as a CSV would have it; a typed time of midnight is a date."""
    column = quote(name)
    if kind == "TIMESTAMP":
        day = f"CAST(CAST({column} AS DATE) AS VARCHAR)"
        midnight = f"CAST({column} AS TIME) = TIME '00:00:00'"
        return f"CASE WHEN {midnight} THEN {day} ELSE CAST({column} AS VARCHAR) END"
    return f"CAST({column} AS VARCHAR)"


def _grouped(rows: Sequence[Cells], column: str) -> dict[str, list[Cells]]:
    found: dict[str, list[Cells]] = {}
    for row in rows:
        found.setdefault(trimmed(row[column]), []).append(row)
    return found
