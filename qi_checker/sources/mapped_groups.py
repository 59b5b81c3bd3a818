"""Make one row of the contract from several rows of an export (`group_by` of a mapping)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qi_checker.errors import count
from qi_checker.protocol.mapping import Source
from qi_checker.protocol.records import ROWS_OF_A_PLACE, Table
from qi_checker.sources.expressions import LISTED
from qi_checker.sources.raw import literal, quoted, replace

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Grouping:
    """The table `name`, whose rows with the same `_group` make one row of `table`."""

    con: duckdb.DuckDBPyConnection
    name: str
    title: str  # of the file, for notes
    table: Table
    sources: Mapping[str, Source]

    def group(self) -> list[str]:
        """Make one row from all rows of a group; return notes.

        Rows that disagree about what counts make none: they go to table `<name>_conflicts`.
        """
        own = [c for c in self.sources if c not in self.table.names]
        columns = [*self.table.names, *own]
        single = [c for c in columns if not self._is_list(c)]
        grouped = self.name + "_grouped"
        picked = ", ".join(f"{self._picked(c)} AS {quoted(c)}" for c in columns)
        counts = ", ".join(f"count(DISTINCT {quoted(c)}) AS n{i}" for i, c in enumerate(single))
        replace(
            self.con,
            "TABLE",
            grouped,
            f"AS SELECT {picked}, min(_row) AS _row, max(_row) AS _last, {counts} "
            f"FROM {self.name} GROUP BY _group ORDER BY min(_row)",
        )
        counted = [(f"n{i}", c) for i, c in enumerate(single) if not self._pick(c)]
        notes = list(self._disagreements(grouped, counted))
        conflict = self._put_conflicts(grouped, counted)
        (before,) = self.con.execute(f"SELECT count(*) FROM {self.name}").fetchall()[0]
        numbers = ", ".join(f"n{i}" for i in range(len(single)))
        replace(
            self.con,
            "TABLE",
            self.name,
            f"AS SELECT * EXCLUDE (_last, {numbers}) FROM {grouped} WHERE {conflict} IS NULL "
            "ORDER BY _row",
        )
        (after,) = self.con.execute(f"SELECT count(*) FROM {grouped}").fetchall()[0]
        self.con.execute(f"DROP TABLE {grouped}")
        return [*notes, f"{self.title}: {before} rows are {after} {self.table.name}"]

    def _put_conflicts(self, grouped: str, counted: Sequence[tuple[str, str]]) -> str:
        """Make table `<name>_conflicts`; return the SQL of the column that a group disagrees about.

        counted: the number of values in a group, and the column, of each that must be the same.
        """
        strict = [(number, column) for number, column in counted if column in self.table.needed]
        whens = " ".join(f"WHEN {number} > 1 THEN {literal(c)}" for number, c in strict)
        conflict = f"CASE {whens} END" if whens else "NULL::VARCHAR"
        first, last = (f"({row} % {ROWS_OF_A_PLACE})" for row in ("_row", "_last"))
        key = self.table.key
        why = (
            f"'rows ' || {first} || ' to ' || {last} || ' are one {key} and disagree about ' || "
            f"{conflict}"
        )
        replace(
            self.con,
            "TABLE",
            self.name + "_conflicts",
            f"AS SELECT _row, {quoted(key)} AS id, NULL::VARCHAR AS patient_id, {why} AS why, "
            f"NULL::VARCHAR[] AS cells FROM {grouped} WHERE {conflict} IS NOT NULL",
        )
        return conflict

    def _disagreements(self, grouped: str, counted: Sequence[tuple[str, str]]) -> Iterator[str]:
        """Yield a note for each column about which rows of a group disagree."""
        if not counted:
            return
        sums = ", ".join(f"count(*) FILTER (WHERE {number} > 1)" for number, _ in counted)
        numbers = self.con.execute(f"SELECT {sums} FROM {grouped}").fetchall()[0]
        for (_, column), number in zip(counted, numbers, strict=True):
            if number:
                needed = column in self.table.needed
                result = "they are rejected" if needed else "the first row counts"
                yield (
                    f"{self.title}: the rows of {count(number, self.table.name.removesuffix('s'))} disagree about "
                    f"{column}; {result}"
                )

    def _pick(self, column: str) -> str | None:
        return self.sources[column].pick if column in self.sources else None

    def _is_list(self, column: str) -> bool:
        return column in self.table.names and self.table[column].kind in LISTED

    def _picked(self, column: str) -> str:
        """Return the SQL of a group's value: lists are collected, other columns give one value."""
        name = quoted(column)
        if self._is_list(column):
            items = f"list_transform(string_split({name}, ';'), lambda i: trim(i))"
            every = f"flatten(list({items}) FILTER (WHERE {name} IS NOT NULL))"
            return f"nullif(array_to_string(list_sort(list_distinct({every})), ';'), '')"
        filled = f"FILTER (WHERE nullif(trim({name}), '') IS NOT NULL)"
        pick = self._pick(column) or "first"
        if pick in ("earliest", "latest"):
            return f"{'min' if pick == 'earliest' else 'max'}({name}) {filled}"
        return f"{'arg_min' if pick == 'first' else 'arg_max'}({name}, _row) {filled}"
