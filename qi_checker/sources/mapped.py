"""Make tables of the contract from an export according to `mapping.yaml`, in DuckDB.

Each part of a table is read into a grid of text (grid.py), joined, filtered, converted to columns
of the contract (expressions.py), and grouped if several rows make one. Rows keep the row numbers of
their file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from pathlib import Path
from typing import TYPE_CHECKING

from qi_checker.errors import Problem, UserError, count
from qi_checker.protocol.codes import canonical_system
from qi_checker.protocol.load_mapping import LoadedMapping
from qi_checker.protocol.mapping import Join, RowsThat, Source, TableMapping, many
from qi_checker.protocol.mapping import Place as PlaceModel
from qi_checker.protocol.records import ROWS_OF_A_PLACE, Place, RawTable, Table
from qi_checker.sources.expressions import Expressions, trim
from qi_checker.sources.grid import Grid, Wanted, files_of, read_files
from qi_checker.sources.layout import Delivered, plain
from qi_checker.sources.mapped_exams import (
    EXAM,
    completed,
    exam_columns,
    exam_notes,
    look_up_exams,
)
from qi_checker.sources.mapped_groups import Grouping
from qi_checker.sources.raw import literal, quoted, replace

if TYPE_CHECKING:
    import duckdb

# Reads a place other than a file: connection, place, wanted columns, name of the grid, first place.
ReadDatabase = Callable[["duckdb.DuckDBPyConnection", PlaceModel, Sequence[Wanted], str, int], Grid]
_TORN_ABOVE = "\x1ftorn"  # marks the cells of a row that could not be read
SOME_ROWS = 60  # kept as in the export: twenty records of several rows each


@dataclass
class _Made:
    """The intermediate results of one table."""

    parts: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    columns: dict[str, None] = field(default_factory=dict)
    number_ids: set[str] = field(default_factory=set)


def read_mapped(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    loaded: LoadedMapping,
    folder: Path,
    database: ReadDatabase | None = None,
) -> Delivered:
    """Make `raw_<name>` and `torn_<name>` for a table that the mapping describes.

    Raises UserError with the errors of its files as a whole.
    """
    made = _Made()
    problems: list[Problem] = []
    for number, block in enumerate(loaded.mapping.blocks(table.name)):
        part = _Part(con, table, block, number, loaded, folder, database, made)
        try:
            part.make()
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(problems)
    _unite(con, table, made)
    names = list(dict.fromkeys(place.name for place in made.places))
    title = ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
    hashes = [loaded.sha256, *(place.sha256 for place in made.places)]
    raw = RawTable(
        table.name,
        title,
        tuple(made.columns),
        hashlib.sha256("\n".join(hashes).encode()).hexdigest(),
        places=tuple(made.places),
    )
    if not con.execute(f"SELECT 1 FROM raw_{table.name} LIMIT 1").fetchall():
        made.notes.append(f"{title}: there is no row for {table.name}")
    return Delivered(raw, made.notes, frozenset(made.number_ids))


def _unite(con: duckdb.DuckDBPyConnection, table: Table, made: _Made) -> None:
    """Make `raw_<name>` and `torn_<name>` of all parts, which are dropped."""
    own = [name for name in made.columns if name not in table.names]
    listed = [*table.names, *own, "_row"]
    raw_name = f"raw_{table.name}"
    if len(made.parts) == 1 and _columns_of(con, made.parts[0]) == listed:
        replace(con, "TABLE", raw_name, "(nothing VARCHAR)")  # replaces a table or a view
        con.execute(f"DROP TABLE {raw_name}")
        con.execute(f"ALTER TABLE {made.parts.pop()} RENAME TO {raw_name}")
    else:
        body = " UNION ALL BY NAME ".join(f"SELECT * FROM {part}" for part in made.parts)
        columns = ", ".join(map(quoted, listed))
        replace(con, "TABLE", raw_name, f"AS SELECT {columns} FROM ({body}) p")
    torn = " UNION ALL ".join(f"SELECT * FROM {part}" for part in made.torn)
    replace(con, "TABLE", f"torn_{table.name}", f"AS FROM ({torn}) t ORDER BY _row")
    for name in (*made.parts, *made.torn):
        con.execute(f"DROP TABLE {name}")


def _columns_of(con: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [str(row[0]) for row in con.execute(f"DESCRIBE {table}").fetchall()]


class _Part:
    """One part of a table: the rows of one place, and the rows joined to them."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        table: Table,
        block: TableMapping,
        number: int,
        loaded: LoadedMapping,
        folder: Path,
        database: ReadDatabase | None,
        made: _Made,
    ) -> None:
        self.con, self.table, self.block, self.made = con, table, block, made
        self.loaded, self.folder, self.database = loaded, folder, database
        several = isinstance(getattr(loaded.mapping, table.name), list)
        self.key = f"{table.name}[{number}]" if several else table.name
        self.name = f"part_{table.name}_{number}"
        self.sources = block.sources
        self.title = ""

    def make(self) -> None:
        """Make the tables `<name>` and `<name>_torn`."""
        rows, columns, grids = self._rows()
        self.expressions = Expressions(self.table, self.block, columns)
        rows = self._filled(rows, grids[0])
        rows = self._kept(rows, self.block.where)
        self._values(rows)
        if self.block.group_by is not None:
            grouping = Grouping(self.con, self.name, self.title, self.table, self.sources)
            self.made.notes += grouping.group()
        self._torn(grids)
        for grid in grids:
            grid.drop(self.con)
        self.con.execute(f"DROP TABLE IF EXISTS {self.name}_filled")
        self._tell(grids)

    # ---- rows ------------------------------------------------------------------------------------

    def _rows(self) -> tuple[str, dict[str, str], list[Grid]]:
        """Return the FROM clause, its columns by their names in the export, and the grids."""
        joins = self.block.join
        there = {plain(f"{j.prefix or ''}{name}") for j in joins for name in many(j.columns)}
        here = [w for w in self._wanted() if plain(w.name) not in there]
        here += [
            Wanted(left, f"{self.key}.join[{n}].by")
            for n, join in enumerate(joins)
            for left, _ in join.pairs
            if plain(left) not in there
        ]
        fill = many(self.block.fill_down)
        grid = self._read(self.block, here, f"{self.name}_grid", self.key, fill)
        columns = {name: f"g.{column}" for name, column in grid.columns.items()}
        rows, grids = f"{grid.name} g", [grid]
        for n, join in enumerate(joins):
            other = self._read(join, self._wanted_of(join, n), f"{self.name}_join_{n}", self.key)
            grids.append(other)
            alias = f"j{n}"
            inner = Expressions(self.table, self.block, other.columns)
            where = " AND ".join(inner.holds(c) for c in join.where) or "true"
            on = " AND ".join(
                f"{trim(inner.unmarked(columns[plain(left)]))} = "
                f"{trim(inner.unmarked(f'{alias}.{other.columns[plain(right)]}'))}"
                for left, right in join.pairs
            )
            rows += f" LEFT JOIN (SELECT * FROM {other.name} WHERE {where}) {alias} ON {on}"
            for name, column in other.columns.items():
                columns.setdefault(plain(f"{join.prefix or ''}{name}"), f"{alias}.{column}")
        if joins and self.block.group_by is None:
            self._once(rows, grid)
        return rows, columns, grids

    def _once(self, rows: str, grid: Grid) -> None:
        """Raise UserError if a join multiplies rows, which would be duplicates."""
        query = f"SELECT (SELECT count(*) FROM {rows}) - (SELECT count(*) FROM {grid.name})"
        (more,) = self.con.execute(query).fetchall()[0]
        if more:
            what = f"the tables that are joined have several rows for one ({more} more in all)"
            advice = "Add group_by, so that they become one row of the contract"
            raise UserError(Problem(f"mapping.yaml, {self.key}", what, "", advice))

    def _read(
        self, place: PlaceModel, wanted: list[Wanted], name: str, key: str, fill: Sequence[str] = ()
    ) -> Grid:
        first = len(self.made.places)
        if place.file is None:
            assert self.database is not None, "a mapping with tables names a database"
            grid = self.database(self.con, place, wanted, name, first)
        else:
            paths = files_of(place, self.folder, f"{key}.file")
            grid = read_files(self.con, place, paths, wanted, name, first, fill)
        called = tuple((n, _called(s)) for n, s in self.sources.items())
        self.made.places += [changed(p, columns=called) for p in grid.places]
        if not self.title:
            self.title = (
                grid.places[0].name if len(grid.places) == 1 else f"{len(grid.places)} files"
            )
        return grid

    def _wanted(self) -> list[Wanted]:
        """Return the columns needed for contract columns and for choosing rows."""
        result = []
        for name, source in self.sources.items():
            kind = self.table[name].kind if name in self.table.names else "text"
            system = canonical_system(source.system) if source.system else ""
            key = f"{self.key}.columns.{name}"
            padded = source.pad is not None
            result += [Wanted(c, key, kind, name, system, padded) for c in source.sources]
            if source.system_column is not None:
                result.append(Wanted(source.system_column, key))
        for key in ("group_by", "fill_down", "exam_name"):
            named = many(getattr(self.block, key))
            result += [Wanted(name, f"{self.key}.{key}") for name in named]
        result += [Wanted(c.column, f"{self.key}.where") for c in self.block.where]
        return result

    def _wanted_of(self, join: Join, number: int) -> list[Wanted]:
        """Return the columns taken from a joined table, and those that choose its rows."""
        key = f"{self.key}.join[{number}]"
        for_contract = {plain(wanted.name): wanted for wanted in self._wanted()}
        result = []
        for name in many(join.columns):
            wanted = for_contract.get(plain(f"{join.prefix or ''}{name}"))
            result.append(changed(wanted, name=name) if wanted else Wanted(name, f"{key}.columns"))
        result += [Wanted(c.column, f"{key}.where") for c in join.where]
        return result + [Wanted(right, f"{key}.by") for _, right in join.pairs]

    def _filled(self, rows: str, grid: Grid) -> str:
        """Fill empty cells with the value above, but not across a row that could not be read."""
        names = [plain(n) for n in many(self.block.fill_down) if plain(n) not in grid.filled]
        if not names:
            return rows
        columns = [grid.columns[name] for name in names]
        every = list(grid.columns.values())
        torn = ", ".join(
            f"{literal(_TORN_ABOVE)} AS {c}" if c in columns else f"NULL AS {c}" for c in every
        )
        together = f"SELECT {', '.join(every)}, _row, false AS torn FROM {grid.name}"
        if self.con.execute(f"SELECT 1 FROM {grid.name}_torn LIMIT 1").fetchall():
            together += f" UNION ALL SELECT {torn}, _row, true FROM {grid.name}_torn"
        above = ", ".join(
            f"last_value(nullif({trim(c)}, '') IGNORE NULLS) OVER (PARTITION BY _row // "
            f"{ROWS_OF_A_PLACE} ORDER BY _row ROWS UNBOUNDED PRECEDING) AS {c}"
            for c in columns
        )
        filled = f"{self.name}_filled"
        replace(
            self.con,
            "TABLE",
            filled,
            f"AS SELECT * FROM (SELECT * REPLACE ({above}) FROM ({together}) t) f WHERE NOT torn",
        )
        unsure = " OR ".join(f"{c} = {literal(_TORN_ABOVE)}" for c in columns)
        why = literal("a merged cell above it is in a row that cannot be read")
        self.con.execute(
            f"INSERT INTO {grid.name}_torn SELECT _row, NULL, NULL, {why}, "
            f"[{', '.join(c for c in every if c not in columns)}]::VARCHAR[] "
            f"FROM {filled} WHERE {unsure}"
        )
        self.con.execute(f"DELETE FROM {filled} WHERE {unsure}")
        return rows.replace(f"{grid.name} g", f"{filled} g", 1)

    def _kept(self, rows: str, conditions: Sequence[RowsThat]) -> str:
        if not conditions:
            return f"{rows} WHERE true"
        holds = " AND ".join(f"({self.expressions.holds(c)})" for c in conditions)
        (out,) = self.con.execute(
            f"SELECT count(DISTINCT g._row) FROM {rows} WHERE NOT ({holds})"
        ).fetchall()[0]
        if out:
            self.made.notes.append(f"{self.title}: left out by where: {count(out, 'row')}")
        return f"{rows} WHERE {holds}"

    # ---- columns ---------------------------------------------------------------------------------

    def _values(self, rows: str) -> None:
        """Make table `<name>`: contract columns, the hospital's own columns, and `_row`."""
        own = [name for name in self.sources if name not in self.table.names]
        values = {name: self.expressions.column(name, s) for name, s in self.sources.items()}
        self.made.columns |= dict.fromkeys(values)
        listed = [
            f"{values.get(name, 'NULL::VARCHAR')} AS {quoted(name)}"
            for name in (*self.table.names, *own)
        ]
        listed.append("g._row AS _row")
        if self.block.exam_name is not None:
            listed.append(f"{self.expressions.given(self.block.exam_name)} AS {EXAM}")
        if self.block.group_by is not None:
            keys = [self.expressions.given(n) for n in many(self.block.group_by)]
            listed.append(f"coalesce({' || chr(31) || '.join(keys)}, '_row ' || g._row) AS _group")
        body = f"SELECT {', '.join(listed)} FROM {rows}"
        if self.block.exam_name is not None:
            body = self._with_exams(body, rows, self.block.exam_name)
        replace(self.con, "TABLE", self.name, f"AS {body}")
        self._keep_some(rows)

    def _keep_some(self, rows: str) -> None:
        """Make table `before_<name>`: the first rows as in the export, for `inspect --dry-run`."""
        columns = self.expressions.columns.items()
        listed = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in columns)
        first = f"SELECT _row FROM {self.name} ORDER BY _row LIMIT {SOME_ROWS}"
        (last,) = self.con.execute(f"SELECT coalesce(max(_row), 0) FROM ({first}) f").fetchall()[0]
        body = f"AS SELECT {listed}, g._row FROM {rows} AND g._row <= {last} ORDER BY g._row"
        replace(self.con, "TABLE", f"before_{self.name}", body)

    def _with_exams(self, body: str, rows: str, exam_name: str) -> str:
        """Return a query that adds the values of exam names to columns that are still empty."""
        looked_up = f"exams_{self.name}"
        look_up_exams(self.con, rows, self.expressions, exam_name, self.loaded.exams, looked_up)
        columns = exam_columns(self.block, "description" in self.sources)
        self.made.columns |= dict.fromkeys(columns)
        notes = exam_notes(self.con, looked_up, self.block)
        self.made.notes += [f"{self.title}: {note}" for note in notes]
        return completed(body, columns, looked_up)

    # ---- rows that cannot be read ----------------------------------------------------------------

    def _torn(self, grids: Sequence[Grid]) -> None:
        """Collect torn rows and conflicting groups, with the cells that may be ids."""
        torn = self.name + "_torn"
        cells = "cells"
        if "patient_id" in self.sources:
            made = self.expressions.identity("cell", self.sources["patient_id"])
            cells = f"list_transform(cells, lambda cell: {made})"
        query = " UNION ALL ".join(
            f"SELECT _row, NULL::VARCHAR AS id, NULL::VARCHAR AS patient_id, why, {cells} AS cells "
            f"FROM {grid.name}_torn"
            for grid in grids
        )
        if self.block.group_by is not None:
            query += f" UNION ALL SELECT * FROM {self.name}_conflicts"
        replace(self.con, "TABLE", torn, f"AS {query}")
        for grid in grids:
            self.con.execute(f"DROP TABLE {grid.name}_torn")
        self.made.parts.append(self.name)
        self.made.torn.append(torn)

    def _tell(self, grids: Sequence[Grid]) -> None:
        for grid in grids:
            self.made.notes += grid.notes
        self.made.number_ids |= grids[0].number_ids
        self.made.notes += [
            f"{self.title}: column {name} holds numbers, read as text; leading zeros may be lost"
            for name in sorted(grids[0].number_ids)
        ]


def _called(source: Source) -> str:
    """Return the name of a contract column in the export."""
    return " + ".join(source.sources)
