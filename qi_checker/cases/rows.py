"""The rows of single cases from a data set: the input of `judging`.

A case needs its own row, the rows of events of its patient, the exceptions that name it, and the
`Context` of the whole data set.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from qi_checker.cases.raw_rows import Cells, Raw
from qi_checker.engines.duckdb.values import clean, quote
from qi_checker.judging import CaseTrace, Context, Judge
from qi_checker.judging.context import shared_ids, torn_rows
from qi_checker.judging.rows import DUPLICATE, read_row
from qi_checker.judging.values import trimmed
from qi_checker.protocol.records import CASES, EVENTS, EXCEPTIONS, RawTable, Table

if TYPE_CHECKING:
    from qi_checker.engines.duckdb import Evaluation

BATCH = 5_000  # number of cases whose rows are in memory at once
_AHEAD = 100
T = TypeVar("T")


def ahead(items: Iterable[T]) -> Iterator[T]:
    """Yield items, made a hundred at a time.

    A page needs a case that is judged, compared, described, drawn and written. A hundred cases
    judged, then a hundred described, and so on, took a third less time than one after the other,
    beside other work: what one step needs stays in the cache of the processor.
    """
    iterator = iter(items)
    while batch := list(islice(iterator, _AHEAD)):
        yield from batch


@dataclass(frozen=True)
class CaseRows:
    """The rows of one case, in file order; cells are text."""

    case: Cells
    events: Sequence[Cells] = ()
    exceptions: Sequence[Cells] = ()


@dataclass(frozen=True)
class Origin:
    """The sources of rows, as shown to people. `tables` by name."""

    tables: Mapping[str, RawTable]

    def row(self, table: str, number: int) -> str:
        """Format `events.csv, row 14`; a negative number is a row of the second source of a joined
        table."""
        return self.tables[table].where(number)


@dataclass(frozen=True)
class DuckDBRows:
    """Rows from the tables that an evaluation on DuckDB has read."""

    evaluation: Evaluation

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
        """Return the context of the whole data set, with a few queries over all events."""
        from qi_checker.engines.shown import delivered_sql

        evaluation = self.evaluation
        as_of = evaluation.compiled.as_of
        kinds = evaluation.delivered
        if kinds is None:
            kinds = evaluation.con.execute(delivered_sql(as_of)).fetchall()
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
        rows = self._raw.rows(table, f"{key} IN ({reason})")
        return shared_ids(table, rows, self.evaluation.compiled.site)

    def traces(self, case_keys: Sequence[int]) -> Iterator[CaseTrace]:
        """Judge the cases with these keys, in this order."""
        earlier = self.evaluation.earlier
        return ahead(
            self.judged(rows, earlier.get(trimmed(rows.case["case_id"]), ()))
            for rows in self.of_cases(case_keys)
        )

    def of_cases(self, case_keys: Sequence[int]) -> Iterator[CaseRows]:
        """Yield the rows of these cases, in the order of the keys."""
        for start in range(0, len(case_keys), BATCH):
            yield from self._of(case_keys[start : start + BATCH])

    def judged(self, rows: CaseRows, earlier_days: Collection[date] = ()) -> CaseTrace:
        """Judge one case from its rows. `earlier_days`: as in `Judge.trace`."""
        return judged(self.judge, rows, earlier_days)

    def _of(self, case_keys: Sequence[int]) -> list[CaseRows]:
        """Return the rows of these cases; their events and exceptions are fetched together."""
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
            for cells in self._raw.rows(CASES, f"_row IN (SELECT _row FROM ({chosen}))", [keys])
        }
        patient, case_id = clean("patient_id"), clean("case_id")
        events = _grouped(
            self._raw.rows(EVENTS, f"{patient} IN (SELECT patient_id FROM ({chosen}))", [keys]),
            "patient_id",
        )
        exceptions = _grouped(
            self._raw.rows(EXCEPTIONS, f"{case_id} IN (SELECT case_id FROM ({chosen}))", [keys]),
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

    @cached_property
    def _raw(self) -> Raw:
        return Raw(self.evaluation.con)


def judged(judge: Judge, rows: CaseRows, earlier_days: Collection[date] = ()) -> CaseTrace:
    """Judge one case from its rows. `earlier_days`: as in `Judge.trace`."""
    case = judge.case(read_row(CASES, rows.case, 0, judge.setting.site))
    history = judge.history(rows.events, case.patient)
    return judge.trace(case, history, judge.exceptions(rows.exceptions, case), earlier_days)


def _grouped(rows: Sequence[Cells], column: str) -> dict[str, list[Cells]]:
    groups: dict[str, list[Cells]] = {}
    for row in rows:
        groups.setdefault(trimmed(row[column]), []).append(row)
    return groups
