"""Preview of a mapping's result, for a person to check before it is used.

Patient values are shown here and nowhere else: it is printed on the analyst's own screen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from qi_checker.protocol.load_mapping import LoadedMapping, vocabularies
from qi_checker.protocol.records import EVENTS, TABLES, Records, Table
from qi_checker.protocol.vocabulary import URGENCIES
from qi_checker.sources.layout import BLANKS, plain
from qi_checker.sources.mapped_exams import UNREAD
from qi_checker.sources.raw import literal, quoted

if TYPE_CHECKING:
    import duckdb

ROWS = 20
_MOST = 50  # values that are listed


@dataclass
class RowShown:
    """One record: its place, and each column with its value and the text in the export."""

    where: str
    cells: list[tuple[str, str, str]]


@dataclass
class TableShown:
    """The first records of a table."""

    name: str
    where: str
    number: int
    rows: list[RowShown]


@dataclass
class DryRun:
    """Rows, unmapped values with their counts, and the overlap of patients in the two tables."""

    tables: list[TableShown] = field(default_factory=list)
    unmapped: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    joined: str = ""
    notes: list[str] = field(default_factory=list)


def dry_run(records: Records, loaded: LoadedMapping | None) -> DryRun:
    """Preview records that were read through a mapping."""
    found = DryRun(notes=list(records.notes))
    for name, table in TABLES.items():
        if not records.tables[name].absent:
            found.tables.append(_shown(records, table, loaded))
            found.unmapped |= _words(records.con, table)
    found.unmapped |= _dates(records)
    if loaded is not None:
        found.unmapped |= _exams(records.con, loaded)
    found.joined = _join(records.con)
    return found


def _shown(records: Records, table: Table, loaded: LoadedMapping | None) -> TableShown:
    """Return the first records of a table, each beside the text of the export."""
    raw, con = records.tables[table.name], records.con
    columns = list(dict.fromkeys(c for c in (*table.names, *raw.columns) if c in raw.columns))
    listed = ", ".join(f"{quoted(c)}::VARCHAR" for c in columns)
    query = f"SELECT _row, {listed} FROM raw_{table.name} ORDER BY _row LIMIT {ROWS}"
    (number,) = con.execute(f"SELECT count(*) FROM raw_{table.name}").fetchall()[0]
    before = _before(con, table, loaded)
    shown = []
    for row, *values in con.execute(query).fetchall():
        there, sources = before.get(row, ({}, {}))
        cells = []
        for column, value in zip(columns, values, strict=True):
            names = sources.get(column, ())
            export = "  ".join(f"{n}={there.get(plain(n)) or ''}" for n in names)
            cells.append((column, str(value) if value is not None else "", export))
        shown.append(RowShown(raw.where(row), cells))
    return TableShown(table.name, raw.file, int(number), shown)


Before = dict[int, tuple[dict[str, str | None], dict[str, tuple[str, ...]]]]


def _before(con: duckdb.DuckDBPyConnection, table: Table, loaded: LoadedMapping | None) -> Before:
    """Return, by row number, the cells in the export and the source columns of each value."""
    found: Before = {}
    for number, block in enumerate(loaded.mapping.blocks(table.name) if loaded else ()):
        sources = {name: source.every for name, source in block.sources.items()}
        if block.exam_name is not None:
            for column in ("kind", "modality", "region", "codes", "description"):
                sources[column] = (*sources.get(column, ()), block.exam_name)
        result = con.execute(f"SELECT * FROM before_part_{table.name}_{number}")
        names = [str(d[0]) for d in result.description]
        for cells in result.fetchall():
            row = dict(zip(names, cells, strict=True))
            found.setdefault(int(row.pop("_row")), (row, sources))
    return found


def _words(con: duckdb.DuckDBPyConnection, table: Table) -> dict[str, list[tuple[str, int]]]:
    """Count values in word columns that are not words of the contract."""
    known: dict[str, tuple[str, ...]] = {c.name: c.words for c in table.columns if c.words}
    if table is EVENTS:
        catalogue = vocabularies()
        known |= {"modality": catalogue.modalities, "region": catalogue.regions}
    elif "urgency" in table.names:
        known["urgency"] = URGENCIES
    result = {}
    for column, words in known.items():
        value = f"trim({quoted(column)}::VARCHAR, {literal(BLANKS)})"
        items = value
        if table[column].kind == "words":
            items = f"trim(unnest(string_split({value}, ';')))"
        listed = ", ".join(literal(w.lower()) for w in words)
        if counted := _counted(con, items, table.name, f"lower(v) NOT IN ({listed})"):
            result[f"{table.name}.{column}"] = counted
    return result


def _counted(
    con: duckdb.DuckDBPyConnection, value: str, table: str, where: str
) -> list[tuple[str, int]]:
    """Return the most frequent values `v` of a table that fulfil a condition, with their rows."""
    rows = con.execute(
        f"SELECT v, count(*) FROM (SELECT {value} AS v FROM raw_{table}) t WHERE v <> '' AND {where} "
        f"GROUP BY v ORDER BY count(*) DESC, v LIMIT {_MOST}"
    ).fetchall()
    return [(str(v), int(n)) for v, n in rows]


def _dates(records: Records) -> dict[str, list[tuple[str, int]]]:
    """Count values in date columns that are not dates of the contract."""
    result = {}
    for name, table in TABLES.items():
        if records.tables[name].absent:
            continue
        for column in table.columns:
            if not column.kind.startswith("when"):
                continue
            value = f"trim({quoted(column.name)}::VARCHAR, {literal(BLANKS)})"
            pattern = "[12][0-9]{3}(-[0-9]{2}(-[0-9]{2}.*)?)?"
            where = f"NOT regexp_full_match(v, '{pattern}')"
            if counted := _counted(records.con, value, name, where):
                result[f"{name}.{column.name}"] = counted
    return result


def _exams(
    con: duckdb.DuckDBPyConnection, loaded: LoadedMapping
) -> dict[str, list[tuple[str, int]]]:
    """Count exam names for which the list gives no modality or no region."""
    found: list[tuple[Any, ...]] = []
    for number, block in enumerate(loaded.mapping.blocks("events")):
        if block.exam_name is not None:
            found += con.execute(
                f"SELECT name, number FROM exams_part_events_{number} WHERE {UNREAD}"
            ).fetchall()
    rows = sorted(((str(n), int(c)) for n, c in found), key=lambda row: (-row[1], row[0]))
    return {"exam names": rows} if rows else {}


def _join(con: duckdb.DuckDBPyConnection) -> str:
    """Say how many patients with an operation have an event, and the reverse."""
    query = """
        WITH c AS (SELECT DISTINCT trim(patient_id::VARCHAR) AS p FROM raw_cases),
             e AS (SELECT DISTINCT trim(patient_id::VARCHAR) AS p FROM raw_events)
        SELECT (SELECT count(*) FROM c WHERE p <> ''),
               (SELECT count(*) FROM c WHERE p IN (SELECT p FROM e)),
               (SELECT count(*) FROM e WHERE p <> '')"""
    cases, both, events = con.execute(query).fetchall()[0]
    share = f"{both / cases:.0%}" if cases else "none"
    return f"{both} of {cases} patients with an operation have an event ({share}); {events} patients have events"


def newest_day(records: Records, today: date) -> date:
    """Return the last day up to `today` with activity; `today` if no day can be read."""
    parts = [
        f"SELECT try_cast(substr({quoted(column)}::VARCHAR, 1, 10) AS DATE) AS d FROM raw_{table} "
        f"WHERE lower(trim(status::VARCHAR)) = '{word}'"
        for table, column, word in (
            ("cases", "surgery_at", "performed"),
            ("events", "at", "completed"),
        )
    ]
    query = f"SELECT max(d) FROM ({' UNION ALL '.join(parts)}) t WHERE d <= DATE '{today}'"
    (day,) = records.con.execute(query).fetchall()[0]
    return day if isinstance(day, date) else today
