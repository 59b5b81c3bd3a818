"""Make tables of the contract from an export according to `mapping.yaml`, in DuckDB.

Each part of a table is read into a grid of text (grid.py), joined, filtered, converted to columns
of the contract (expressions.py), and grouped if several rows make one. Rows keep the row numbers of
their file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
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
from qi_checker.sources.exams import codes_of, look_up
from qi_checker.sources.expressions import LISTED, Expressions, trim
from qi_checker.sources.grid import Grid, Wanted, files_of, read_files
from qi_checker.sources.layout import Delivered, plain
from qi_checker.sources.raw import literal, quoted, replace

if TYPE_CHECKING:
    import duckdb

# Reads a place other than a file: connection, place, wanted columns, name of the grid, first place.
ReadDatabase = Callable[["duckdb.DuckDBPyConnection", PlaceModel, Sequence[Wanted], str, int], Grid]
_TORN_ABOVE = "\x1ftorn"  # marks the cells of a row that could not be read
_EXAM = "_exam"
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
            self._grouped()
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
        for_what = {plain(one.name): one for one in self._wanted()}
        result = []
        for name in many(join.columns):
            one = for_what.get(plain(f"{join.prefix or ''}{name}"))
            result.append(changed(one, name=name) if one else Wanted(name, f"{key}.columns"))
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
            listed.append(f"{self.expressions.given(self.block.exam_name)} AS {_EXAM}")
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
        # The few distinct names are trimmed after counting, not a million rows before.
        alias, column = self.expressions.columns[plain(exam_name)].split(".")
        counted = f"SELECT {alias}.{column}, count(*) AS number FROM {rows} GROUP BY 1"
        given_name = self.expressions.given(exam_name)
        names = f"SELECT {given_name} AS name, {alias}.number FROM ({counted}) {alias}"
        look_up(self.con, names, self.loaded.exams, looked_up)
        given = {
            "kind": "coalesce(p.kind, e.kind, 'imaging')",
            "modality": "coalesce(nullif(p.modality, ''), e.modality)",
            "region": "coalesce(nullif(p.region, ''), e.region)",
            "provenance": "coalesce(nullif(p.provenance, ''), e.provenance)",
            "codes": codes_of("p.codes", "e"),
        }
        if self.block.outside_dates == "reading":
            outside = "e.provenance = 'external' AND lower(trim(p.status)) = 'completed'"
            given["at"] = f"CASE WHEN {outside} THEN NULL ELSE p.at END"
        if "description" not in self.sources:
            given["description"] = f"p.{_EXAM}"
        self.made.columns |= dict.fromkeys(given)
        self.made.notes += [f"{self.title}: {note}" for note in self._exam_notes(looked_up)]
        changes = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in given.items())
        return (
            f"SELECT p.* EXCLUDE ({_EXAM}) REPLACE ({changes}) FROM ({body}) p "
            f"LEFT JOIN {looked_up} e ON e.name = p.{_EXAM}"
        )

    def _exam_notes(self, looked_up: str) -> Iterator[str]:
        """Yield notes with counts only: a value in the column may be a patient's name."""
        names, unread, rows, outside = self.con.execute(f"""
            SELECT count(*), count(*) FILTER (WHERE {UNREAD}),
                   coalesce(sum(number) FILTER (WHERE {UNREAD}), 0),
                   coalesce(sum(number) FILTER (WHERE provenance = 'external'), 0)
            FROM {looked_up}""").fetchall()[0]
        if unread:
            yield (
                f"the list knows no modality or no region for {unread} of {count(names, 'exam name')}, "
                f"in {count(rows, 'row')}; qi-checker inspect --dry-run names them"
            )
        if outside and self.block.outside_dates == "reading":
            yield (
                f"{count(outside, 'reading')} of examinations made elsewhere: the date of a reading is "
                "not used as the date of the examination"
            )

    # ---- groups ----------------------------------------------------------------------------------

    def _grouped(self) -> None:
        """Make one row from all rows of a group; none if they disagree about what counts."""
        own = [c for c in self.sources if c not in self.table.names]
        columns = [*self.table.names, *own]
        picked = ", ".join(f"{self._picked(c)} AS {quoted(c)}" for c in columns)
        single = [c for c in columns if not self._is_list(c)]
        counts = ", ".join(f"count(DISTINCT {quoted(c)}) AS n{i}" for i, c in enumerate(single))
        grouped = self.name + "_grouped"
        replace(
            self.con,
            "TABLE",
            grouped,
            f"AS SELECT {picked}, min(_row) AS _row, max(_row) AS _last, {counts} "
            f"FROM {self.name} GROUP BY _group ORDER BY min(_row)",
        )
        strict = [
            (i, c) for i, c in enumerate(single) if c in self.table.needed and not self._pick(c)
        ]
        whens = " ".join(f"WHEN n{i} > 1 THEN {literal(c)}" for i, c in strict)
        conflict = f"CASE {whens} END" if whens else "NULL::VARCHAR"
        key = quoted(self.table.key)
        row = f"_row % {ROWS_OF_A_PLACE}"
        last = f"_last % {ROWS_OF_A_PLACE}"
        why = (
            f"'rows ' || ({row}) || ' to ' || ({last}) || ' are one {self.table.key} and disagree "
            f"about ' || {conflict}"
        )
        replace(
            self.con,
            "TABLE",
            self.name + "_conflicts",
            f"AS SELECT _row, {key} AS id, NULL::VARCHAR AS patient_id, {why} AS why, "
            f"NULL::VARCHAR[] AS cells FROM {grouped} WHERE {conflict} IS NOT NULL",
        )
        self._tell_groups(grouped, [(i, c) for i, c in enumerate(single) if not self._pick(c)])
        ns = ", ".join(f"n{i}" for i in range(len(single)))
        (before,) = self.con.execute(f"SELECT count(*) FROM {self.name}").fetchall()[0]
        replace(
            self.con,
            "TABLE",
            self.name,
            f"AS SELECT * EXCLUDE (_last, {ns}) FROM {grouped} WHERE {conflict} IS NULL "
            "ORDER BY _row",
        )
        (after,) = self.con.execute(f"SELECT count(*) FROM {grouped}").fetchall()[0]
        self.con.execute(f"DROP TABLE {grouped}")
        self.made.notes.append(f"{self.title}: {before} rows are {after} {self.table.name}")

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
        some = f"FILTER (WHERE nullif(trim({name}), '') IS NOT NULL)"
        how = self._pick(column) or "first"
        if how in ("earliest", "latest"):
            return f"{'min' if how == 'earliest' else 'max'}({name}) {some}"
        return f"{'arg_min' if how == 'first' else 'arg_max'}({name}, _row) {some}"

    def _tell_groups(self, grouped: str, columns: Sequence[tuple[int, str]]) -> None:
        """Add notes on groups whose rows disagree."""
        if not columns:
            return
        counts = ", ".join(f"count(*) FILTER (WHERE n{i} > 1)" for i, _ in columns)
        found = self.con.execute(f"SELECT {counts} FROM {grouped}").fetchall()[0]
        for (_, column), number in zip(columns, found, strict=True):
            if number:
                what = (
                    "they are rejected" if column in self.table.needed else "the first row counts"
                )
                self.made.notes.append(
                    f"{self.title}: the rows of {number} {self.table.name} disagree about "
                    f"{column}; {what}"
                )

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


# Condition for a looked up exam name that the list does not know.
UNREAD = (
    "coalesce(role, '') <> 'never' AND coalesce(kind, 'imaging') = 'imaging' "
    "AND (modality IS NULL OR region IS NULL)"
)


def _called(source: Source) -> str:
    """Return the name of a contract column in the export."""
    return " + ".join(source.sources)
