"""Events of nobody known: torn rows, and rows without a patient's id.

The cells of a torn row cannot be told apart, so the one at the place of the patient's id may be
anything. Where exactly one id of a patient with an operation stands in the row, the row may be
evidence of that patient; otherwise it is evidence of nobody. It is never evidence of another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from qi_checker.protocol.records import Records
from qi_checker.sources.layout import BLANKS
from qi_checker.sources.raw import literal, quoted, replace

if TYPE_CHECKING:
    import duckdb

NAMELESS = "patient_id is empty; another column holds the id of a patient"


def find_patients(records: Records) -> list[str]:
    """Give torn events the patient whose id stands in them. Returns what is to be told first.

    Rows of events without a patient's id that hold one elsewhere become torn rows, too.
    """
    con = records.con
    (torn,) = con.execute("SELECT count(*) FROM torn_events").fetchall()[0]
    nameless = _nameless(con)
    if torn or nameless:
        _known(con)
        _resolve(con, "torn_events")
        if nameless:
            _move(con)
        con.execute("DROP TABLE known_patients")
    return list(_told(records, torn + nameless))


def _nameless(con: duckdb.DuckDBPyConnection) -> int:
    """How many events have no patient's id."""
    query = f"SELECT count(*) FROM raw_events WHERE {_empty('patient_id')}"
    return int(con.execute(query).fetchall()[0][0])


def _empty(column: str) -> str:
    """Whether there is no id. Only a text that begins below `!` can be blank: most need no trimming."""
    text = f"{column}::VARCHAR"
    return f"({column} IS NULL OR ({text} < '!' AND trim({text}, {literal(BLANKS)}) = ''))"


def _known(con: duckdb.DuckDBPyConnection) -> None:
    """Table `known_patients`: ids of patients with an operation."""
    known = f"trim(patient_id::VARCHAR, {literal(BLANKS)})"
    query = f"SELECT DISTINCT {known} AS id FROM raw_cases WHERE NOT {_empty('patient_id')}"
    replace(con, "TABLE", "known_patients", f"AS {query}")


def _resolve(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Set `patient_id` from `cells`: the one known id that is among them, else none."""
    con.execute(f"UPDATE {table} SET patient_id = NULL")
    con.execute(f"""
        UPDATE {table} SET patient_id = found.id FROM (
            SELECT _row, min(id) AS id
            FROM (SELECT _row, trim(unnest(cells), {literal(BLANKS)}) AS id FROM {table}) c
            JOIN known_patients USING (id) GROUP BY _row HAVING count(DISTINCT id) = 1) found
        WHERE {table}._row = found._row""")


def _move(con: duckdb.DuckDBPyConnection) -> None:
    """Make torn rows of the events without an id of which another column holds one."""
    columns = [str(row[0]) for row in con.execute("DESCRIBE raw_events").fetchall()]
    cells = ", ".join(f"{quoted(c)}::VARCHAR" for c in columns if c not in ("_row", "patient_id"))
    replace(
        con,
        "TABLE",
        "nameless_events",
        f"AS SELECT _row, event_id::VARCHAR AS id, NULL::VARCHAR AS patient_id, "
        f"{literal(NAMELESS)} AS why, list_filter([{cells}], lambda c: c IS NOT NULL) AS cells "
        f"FROM raw_events WHERE {_empty('patient_id')}",
    )
    _resolve(con, "nameless_events")
    con.execute("DELETE FROM nameless_events WHERE patient_id IS NULL")
    if con.execute("SELECT 1 FROM nameless_events LIMIT 1").fetchall():
        con.execute("INSERT INTO torn_events SELECT * FROM nameless_events")
        kind = con.execute(
            "SELECT table_type FROM information_schema.tables WHERE table_name = 'raw_events'"
        ).fetchall()[0][0]
        what = "VIEW" if kind == "VIEW" else "TABLE"
        con.execute(f"DROP {what} IF EXISTS delivered_events")
        con.execute(f"ALTER {what} raw_events RENAME TO delivered_events")
        body = "AS FROM delivered_events WHERE _row NOT IN (SELECT _row FROM nameless_events)"
        replace(con, "VIEW", "raw_events", body)
    else:
        con.execute("DROP TABLE nameless_events")


def _told(records: Records, number: int) -> Iterator[str]:
    if not number:
        return
    found, patients, torn = records.con.execute(
        "SELECT count(patient_id), count(DISTINCT patient_id), count(*) FROM torn_events"
    ).fetchall()[0]
    (whole,) = records.con.execute("SELECT count(*) FROM raw_events").fetchall()[0]
    yield (
        f"{records.tables['events'].file}: rows that are torn or have no patient_id: {number} of "
        f"{whole + torn}. Rows among them with the id of one patient with an operation: {found}, of "
        f"{patients} {'patient' if patients == 1 else 'patients'}, whose requirements may be unknown; "
        "the others are evidence of nobody"
    )
