"""Raw rows to typed rows, and which of them are rejected and why (docs/evaluation.md, 1 and 2)."""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

from qi_checker.compiler.population import own_column
from qi_checker.compiler.profiles import own_event_column
from qi_checker.engines.duckdb.values import (
    Moment,
    blank_at_an_end,
    clean,
    quote,
    staged,
    text,
)  # fmt: skip
from qi_checker.protocol.records import EVENTS, Table
from qi_checker.protocol.site import Site

_BY_PROFILE = ("kind", "status", "modality", "region", "codes", "provenance")  # of events


@dataclass(frozen=True)
class Reading:
    """A raw table and how it is read: `query` gives trimmed words, moments and other columns."""

    table: Table
    raw: str
    query: str
    extra: tuple[str, ...]  # columns outside the contract that are read
    trimmed: bool
    dates: dict[str, str] = field(default_factory=dict)  # own date columns: the names of moments

    def fault(self) -> str:
        """SQL of the first reason to reject a row, as `column|reason`; NULL for a good row."""
        branches = [
            f"WHEN {_given(self.table, c)} IS NULL THEN {text(c + '|missing value')}"
            for c in self.table.needed
        ]
        for column in self.table.columns:
            if column.words:
                known = ", ".join(text(w) for w in column.words)
                said = text(column.name + "|unknown word")
                branches.append(f"WHEN {quote(column.name)} NOT IN ({known}) THEN {said}")
        branches += [
            f"WHEN {c.name}_bad THEN {text(c.name + '|unreadable date')}"
            for c in self.table.columns
            if c.kind.startswith("when")
        ]
        if self.table is EVENTS:
            external = text("at|external study without an acquisition date")
            branches.append(
                "WHEN at_lo IS NULL AND status = 'completed' AND provenance = 'external' "
                f"THEN {external}"
            )
            branches.append(
                "WHEN at_lo IS NULL AND status IN ('booked', 'completed') THEN 'at|missing value'"
            )
        return f"CASE {' '.join(branches)} END"


def _given(table: Table, column: str) -> str:
    return clean(quote(column)) if table[column].kind.startswith("when") else quote(column)


def reading(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    site: Site,
    raw: str = "",
    trim: bool = False,
    own: frozenset[str] = frozenset(),
    own_dates: tuple[str, ...] = (),
) -> Reading:
    """Look at the types that the raw table came with, and decide how each column is read.

    Ids are trimmed only if told, since trimming millions takes seconds and hardly any needs it.
    Events are joined to their profiles, which hold the words that many events share. `own` are
    the columns outside the contract that are wanted, `own_dates` those that hold dates.
    """
    name = raw or f"raw_{table.name}"
    types = {str(r[0]): str(r[1]) for r in con.execute(f"DESCRIBE {quote(name)}").fetchall()}
    whens = [c for c in table.columns if c.kind.startswith("when")]
    moments = [
        Moment(
            c.name, types[c.name], site.timezone, c.kind == "when-or-part", site.midnight_is_date
        )
        for c in whens
    ]
    dates = {c: f"own_date_{n}" for n, c in enumerate(own_dates) if c in types}
    moments += [
        Moment(name, types[c], site.timezone, False, site.midnight_is_date)
        for c, name in dates.items()
    ]
    shared = _BY_PROFILE if table is EVENTS else ()
    extra = tuple(sorted(c for c in own if c in types and c not in table.names))
    texts = [c for c in table.names if c not in {w.name for w in whens} and c not in shared]
    columns_read = [quote(c) for c in ("_row", *table.names)]
    called = own_event_column if table is EVENTS else own_column
    columns_read += [f"{quote(c)} AS {quote(called(c))}" for c in extra]
    columns_read += [f"{quote(c)} AS {alias}" for c, alias in dates.items()]
    ids = [quote(c.name) for c in table.columns if c.kind == "id" and types[c.name] == "VARCHAR"]
    padded = " OR ".join(blank_at_an_end(c) for c in ids) or "false"
    columns = [
        "_row",
        f"({padded}) AS _padded",
        *(f"{_read(table, c, types[c], trim)} AS {quote(c)}" for c in texts),
    ]
    for moment in moments:
        columns += [quote(moment.name)]
        columns += [f"{moment.name}_{part}" for part in ("lo", "hi", "clock", "utc", "bad")]
    if not shared:
        columns += [f"{clean(quote(called(c)))} AS {quote(called(c))}" for c in extra]
    source = staged(f"(SELECT {', '.join(columns_read)} FROM {quote(name)})", moments)
    if not shared:
        query = f"SELECT {', '.join(columns)} FROM ({source})"
        return Reading(table, name, query, extra, trim, dates)
    same = " AND ".join(
        f"CAST(r.{quote(c)} AS VARCHAR) IS NOT DISTINCT FROM l.{quote(c)}"
        for c in (*shared, *(called(c) for c in extra))
    )
    query = (
        f"SELECT {', '.join(columns)}, l.profile, p.kind, p.status, "
        f"p.provenance FROM ({source}) r JOIN looks l ON {same} JOIN event_profiles p "
        "ON p.profile = l.profile"
    )
    return Reading(table, name, query, extra, trim)


def _read(table: Table, column: str, type_name: str, trim: bool) -> str:
    """Trimmed; codes and free text stay as they are; words in lower case."""
    known = {c.name: c.kind for c in table.columns}
    kind = known.get(column, "text")
    if kind == "id" and type_name == "VARCHAR" and not trim:
        return f"nullif({quote(column)}, '')"
    if column == "description":
        return f"CAST({quote(column)} AS VARCHAR)"
    if kind == "codes":
        return f"coalesce(CAST({quote(column)} AS VARCHAR), '')"
    return f"lower({clean(quote(column))})" if kind == "word" else clean(quote(column))


@dataclass
class Census:
    """How many rows a table has and how many of them are used."""

    read: int
    rejected: int
    torn: int
    padded: int  # rows with a blank at an end of an id that was read without trimming

    @property
    def used(self) -> int:
        return self.read - self.rejected - self.torn


def judge(con: duckdb.DuckDBPyConnection, rows: Reading) -> Census:
    """Fill `rejected_<name>` (_row, id, col, reason, same) from `read_<name>`; count the table.

    Duplicates are looked for only where hashes of ids repeat, since nearly always none do.
    """
    name, key = rows.table.name, quote(rows.table.key)
    total, faulty, with_id, distinct, padded = con.execute(
        f"SELECT count(*), count({rows.fault()}), count({key}), count(DISTINCT hash({key})) "
        f"FILTER (WHERE {key} IS NOT NULL), count_if(_padded) FROM read_{name}"
    ).fetchone() or (0, 0, 0, 0, 0)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE rejected_{name} "
        "(_row BIGINT, id VARCHAR, col VARCHAR, reason VARCHAR, same BOOLEAN)"
    )
    if faulty:
        con.execute(
            f"INSERT INTO rejected_{name} SELECT _row, id, split_part(fault, '|', 1), "
            f"split_part(fault, '|', 2), false FROM "
            f"(SELECT _row, {key} AS id, {rows.fault()} AS fault FROM read_{name}) "
            "WHERE fault IS NOT NULL"
        )
    if distinct < with_id:
        _duplicates(con, rows)
    rejected, torn = con.execute(
        f"SELECT (SELECT count(*) FROM rejected_{name}), (SELECT count(*) FROM torn_{name})"
    ).fetchone() or (0, 0)
    return Census(total + torn, rejected, torn, 0 if rows.trimmed else padded)


def _duplicates(con: duckdb.DuckDBPyConnection, rows: Reading) -> None:
    """Reject every later row of an id, saying whether it repeats the first one."""
    name, key = rows.table.name, clean(quote(rows.table.key))
    content = ", ".join(f"coalesce({clean(quote(c))}, '')" for c in rows.table.names)
    con.execute(f"""
        INSERT INTO rejected_{name}
        WITH repeated AS (SELECT {key} AS id FROM {rows.raw} GROUP BY 1 HAVING count(*) > 1
                          AND {key} IS NOT NULL),
        these AS (SELECT _row, {key} AS id, row({content}) AS content FROM {rows.raw}
                  WHERE {key} IN (SELECT id FROM repeated)),
        firsts AS (SELECT id, min(_row) AS first, arg_min(content, _row) AS content
                   FROM these GROUP BY id)
        SELECT t._row, t.id, {text(rows.table.key)},
               CASE WHEN t.content = f.content THEN 'duplicate id, same content'
                    ELSE 'duplicate id' END, t.content = f.content
        FROM these t JOIN firsts f ON f.id = t.id AND t._row > f.first
        WHERE t._row NOT IN (SELECT _row FROM rejected_{name})""")


def own_event_columns(con: duckdb.DuckDBPyConnection, wanted: set[str]) -> dict[str, str]:
    """Which of the hospital's own columns of events are there, and what they are called."""
    there = {str(r[0]) for r in con.execute("DESCRIBE raw_events").fetchall()}
    return {c: own_event_column(c) for c in sorted(wanted) if c in there}
