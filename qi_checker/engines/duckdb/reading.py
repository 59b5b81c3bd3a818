"""Raw rows to typed rows, and which of them are rejected and why (docs/evaluation.md, 1 and 2)."""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

from qi_checker.engines.duckdb.values import Moment, clean, moment, quote, text
from qi_checker.protocol.records import EVENTS, Records, Table
from qi_checker.protocol.site import Site


@dataclass
class Reading:
    """How the columns of one raw table are read: SQL expressions over `raw_<name>`."""

    table: Table
    raw: str
    types: dict[str, str]
    moments: dict[str, Moment]
    extra: list[str] = field(default_factory=list)  # columns outside the contract

    def word(self, column: str) -> str:
        return f"lower({clean(quote(column))})"

    def fault(self) -> str:
        """SQL of the first reason to reject a row, as `column|reason`; NULL for a good row."""
        branches = [
            f"WHEN {clean(quote(c))} IS NULL THEN {text(c + '|missing value')}"
            for c in self.table.needed
        ]
        for column in self.table.columns:
            if column.words:
                known = ", ".join(text(w) for w in column.words)
                branches.append(
                    f"WHEN {self.word(column.name)} NOT IN ({known}) "
                    f"THEN {text(column.name + '|unknown word')}"
                )
        branches += [
            f"WHEN {self.moments[c.name].bad} THEN {text(c.name + '|unreadable date')}"
            for c in self.table.columns
            if c.name in self.moments
        ]
        if self.table is EVENTS:
            undated = f"{clean(quote('at'))} IS NULL AND {self.word('status')}"
            external = f"{undated} = 'completed' AND {self.word('provenance')} = 'external'"
            said = text("at|external study without an acquisition date")
            branches.append(f"WHEN {external} THEN {said}")
            branches.append(f"WHEN {undated} IN ('booked', 'completed') THEN 'at|missing value'")
        return f"CASE {' '.join(branches)} END"


def reading(records: Records, table: Table, site: Site, raw: str | None = None) -> Reading:
    """Look at the types that the raw table came with, and decide how each column is read."""
    name = raw or f"raw_{table.name}"
    described = records.con.execute(f"DESCRIBE {quote(name)}").fetchall()
    types = {str(row[0]): str(row[1]) for row in described}
    moments = {
        c.name: moment(quote(c.name), types[c.name], site.timezone,
                       c.kind == "when-or-part", site.midnight_is_date)
        for c in table.columns if c.kind.startswith("when")
    }  # fmt: skip
    extra = [c for c in types if c not in table.names and c != "_row"]
    return Reading(table, name, types, moments, extra)


@dataclass
class Census:
    """How many rows a table has and how many of them are used."""

    read: int
    rejected: int
    torn: int

    @property
    def used(self) -> int:
        return self.read - self.rejected - self.torn


def judge(con: duckdb.DuckDBPyConnection, rows: Reading) -> Census:
    """Fill `rejected_<name>` (_row, id, column, reason, same); the census of the table.

    Duplicates are looked for only where hashes of ids repeat, since nearly always none do.
    """
    name, key = rows.table.name, clean(quote(rows.table.key))
    total, faulty, with_id, distinct = con.execute(
        f"SELECT count(*), count({rows.fault()}), count({key}), count(DISTINCT hash({key})) "
        f"FILTER (WHERE {key} IS NOT NULL) FROM {rows.raw}"
    ).fetchone() or (0, 0, 0, 0)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE rejected_{name} "
        "(_row BIGINT, id VARCHAR, col VARCHAR, reason VARCHAR, same BOOLEAN)"
    )
    if faulty:
        con.execute(
            f"INSERT INTO rejected_{name} SELECT _row, id, split_part(fault, '|', 1), "
            f"split_part(fault, '|', 2), false FROM "
            f"(SELECT _row, {key} AS id, {rows.fault()} AS fault FROM {rows.raw}) "
            "WHERE fault IS NOT NULL"
        )
    if distinct < with_id:
        _duplicates(con, rows, key)
    rejected = con.execute(f"SELECT count(*) FROM rejected_{name}").fetchone()
    torn = con.execute(f"SELECT count(*) FROM torn_{name}").fetchone()
    torn_rows = torn[0] if torn else 0
    return Census(total + torn_rows, rejected[0] if rejected else 0, torn_rows)


def _duplicates(con: duckdb.DuckDBPyConnection, rows: Reading, key: str) -> None:
    """Reject every later row of an id, saying whether it repeats the first one."""
    name = rows.table.name
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


