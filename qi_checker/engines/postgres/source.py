"""The hospital's tables: their names, the meaning of their columns, and a consistent copy.

Everything is read in one transaction, which the server itself restricts to writing temporary
tables, and which sees the records of one moment. The hospital's tables are not read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from qi_checker.engines.inputs.columns import ROW, called, mapped
from qi_checker.engines.inputs.needs import Needs
from qi_checker.engines.postgres.database import PostgreSQL
from qi_checker.errors import Problem, UserError
from qi_checker.protocol.records import EVENTS, TABLES, RawTable, Table
from qi_checker.protocol.site import Site

_DATES = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")


@dataclass(frozen=True)
class SourceTable:
    """A table of the contract in the database; without `name` it is absent."""

    table: Table
    name: str  # quoted for SQL
    columns: dict[str, str]  # of the contract or beyond it -> column there
    types: dict[str, str]  # of each column there


def find(db: PostgreSQL, site: Site) -> list[SourceTable]:
    """Find the tables named in the site settings, or `cases`, `events` and `exceptions`.

    Raises UserError with all errors of all tables.
    """
    problems: list[Problem] = []
    result = []
    for table in TABLES.values():
        configured = site.tables.get(table.name, table.name)
        name = _resolved(db, configured)
        if name is None:
            if table.required or table.name in site.tables:
                problems.append(_absent(table, configured))
            result.append(SourceTable(table, "", {}, {}))
            continue
        types = db.columns(name)
        columns, wrong = called(f"database, {name}", table, site, list(types))
        problems += [*wrong, *_refused(db, name)]
        result.append(SourceTable(table, name, columns, types))
    if problems:
        raise UserError(problems)
    return result


def _resolved(db: PostgreSQL, configured: str) -> str | None:
    """Return the table with its schema, so that it is not confused with a temporary one."""
    rows = db.rows(f"""
        SELECT format('%I.%I', n.nspname, c.relname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = to_regclass({db.text(configured)}) AND c.relkind IN ('r', 'v', 'm', 'f', 'p')""")
    return str(rows[0][0]) if rows else None


def _absent(table: Table, configured: str) -> Problem:
    advice = f"Name the table or view under tables in site.yaml: {{{table.name}: schema.name}}"
    return Problem(
        "database",
        f"there is no table or view {configured} for the {table.name}",
        "Or the role cannot see its schema",
        advice,
    )


def _refused(db: PostgreSQL, name: str) -> Iterator[Problem]:
    if not db.row(f"SELECT has_table_privilege({db.text(name)}, 'SELECT')")[0]:
        yield Problem(
            f"database, {name}",
            "it cannot be read",
            "The role has no permission",
            f"Ask for: GRANT SELECT ON {name} TO the role",
        )


def copy(db: PostgreSQL, found: list[SourceTable], needs: Needs, site: Site) -> dict[str, RawTable]:
    """Make tables `raw_<name>` and `torn_<name>` of one moment; only columns that are read."""
    queries = {}
    for one in found:
        name = one.table.name
        queries[name] = _query(db, one, _wanted(one, needs), site)
        db.run(f"DROP TABLE IF EXISTS pg_temp.raw_{name}")
        db.run(f"CREATE TEMP TABLE raw_{name} AS {queries[name]} WITH NO DATA")
        torn = {"_row": "bigint", "id": "text", "patient_id": "text", "why": "text"}
        db.empty(f"torn_{name}", torn)
    db.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        for name, query in queries.items():
            db.run(f"INSERT INTO pg_temp.raw_{name} {query}")
    except BaseException:
        db.run("ROLLBACK")
        raise
    db.run("COMMIT")
    for name in queries:
        db.run(f"ANALYZE pg_temp.raw_{name}")
    return {one.table.name: _raw(db, one) for one in found}


def _wanted(one: SourceTable, needs: Needs) -> list[str]:
    own = {"cases": {*needs.case_columns, *needs.dates}, "events": needs.event_columns}
    own_columns = own.get(one.table.name, set())
    return sorted(c for c in own_columns if c in one.columns and c not in one.table.names)


def _query(db: PostgreSQL, one: SourceTable, own: list[str], site: Site) -> str:
    """Select every contract column, the required own columns, and a number for each row.

    Rows of a table have no order. A column `_row` numbers them; without one they are numbered by
    id, then by all their values, so that the same records always get the same numbers.
    """
    columns = {c: _column(db, one, c, site) for c in (*one.table.names, *own)}
    beside = _of_nameless(db, one, set(columns), site)
    listed = ", ".join(f"{sql} AS {db.quote(c)}" for c, sql in (columns | beside).items())
    if not one.name:
        return f"SELECT {listed}, CAST(NULL AS bigint) AS _row WHERE false"
    if ROW in one.types:
        return f"SELECT {listed}, CAST({ROW} AS bigint) AS {ROW} FROM {one.name}"
    first = db.quote(one.table.key)
    others = [db.quote(c) for c in columns if c != one.table.key]
    order = ", ".join(f'{db.as_text(c)} COLLATE "C"' for c in (first, *others))
    return (
        f"SELECT r.*, row_number() OVER (ORDER BY {order}) AS _row "
        f"FROM (SELECT {listed} FROM {one.name}) r"
    )


def _of_nameless(
    db: PostgreSQL, one: SourceTable, own_columns: set[str], site: Site
) -> dict[str, str]:
    """Select the other columns of events without a patient id: one of them may contain it."""
    if one.table is not EVENTS or "patient_id" not in one.columns:
        return {}
    blank = db.blank(_column(db, one, "patient_id", site))
    return {
        c: f"CASE WHEN {blank} THEN {db.as_text(_column(db, one, c, site))} END"
        for c in sorted(set(one.columns) - own_columns)
    }


def _column(db: PostgreSQL, one: SourceTable, column: str, site: Site) -> str:
    local = one.columns.get(column)
    if local is None:
        return "CAST(NULL AS text)"
    name = db.quote(local)
    known = column in one.table.names
    dated = not known or one.table[column].kind.startswith("when")
    if dated and one.types[local] in _DATES:
        return name
    return mapped(db, one.table, column, db.as_text(name), site, db.each_item)


def _raw(db: PostgreSQL, one: SourceTable) -> RawTable:
    """Return the entry of the manifest. The hash is of all rows, whatever their order."""
    name = one.table.name
    if not one.name:
        return RawTable(name, "", one.table.names, sha256="", absent=True)
    halves = ", ".join(
        f"CAST(sum(CAST(('x' || substr(m, {start}, 15)) AS bit(60))::bigint::numeric) AS text)"
        for start in (1, 16)
    )
    content = db.row(
        f"SELECT CAST(count(*) AS text), {halves} FROM "
        f"(SELECT md5(CAST(r AS text)) AS m FROM raw_{name} r) h"
    )
    sha256 = hashlib.sha256(" ".join(str(part) for part in content).encode()).hexdigest()
    return RawTable(name, one.name, tuple(one.columns), sha256)
