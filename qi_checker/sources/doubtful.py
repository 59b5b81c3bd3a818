"""Events that cannot be trusted: torn rows, rows without a patient's id, misspelt kinds.

The cells of a torn row cannot be told apart, so the one at the place of the patient's id may be
anything. Where exactly one id of a patient with an operation stands in the row, the row may be
evidence of that patient; otherwise it is evidence of nobody. It is never evidence of another one.

All of them become rows of `torn_events`, so that both evaluators take them for what may be there.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from qi_checker.protocol.records import Records
from qi_checker.sources.layout import BLANKS
from qi_checker.sources.raw import literal, quoted, replace

if TYPE_CHECKING:
    import duckdb

NAMELESS = "patient_id is empty; another column holds the id of a patient"
MISSPELT = "kind: a misspelt word; is {} meant?"
_RARE = 10  # a misspelt kind is at most every tenth of the kind that is meant
_SIMILAR = 0.8  # of difflib: one letter of five


def set_apart(records: Records) -> list[str]:
    """Find the events that cannot be trusted. Returns what is to be told first."""
    con = records.con
    (torn,) = con.execute("SELECT count(*) FROM torn_events").fetchall()[0]
    nameless = _nameless(con)
    if torn or nameless:
        _known(con)
        _resolve(con, "torn_events")
        if nameless:
            _move(con)
        con.execute("DROP TABLE known_patients")
    file = records.tables["events"].file
    return [*_told(con, file, torn + nameless), *_misspelt_kinds(con, file)]


# ---- whose they are ------------------------------------------------------------------------------


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
    _set_apart(con, "nameless_events")


def _told(con: duckdb.DuckDBPyConnection, file: str, number: int) -> Iterator[str]:
    if not number:
        return
    found, patients, torn = con.execute(
        "SELECT count(patient_id), count(DISTINCT patient_id), count(*) FROM torn_events"
    ).fetchall()[0]
    (whole,) = con.execute("SELECT count(*) FROM raw_events").fetchall()[0]
    yield (
        f"{file}: rows that are torn or have no patient_id: {number} of {whole + torn}. Rows among "
        f"them with the id of one patient with an operation: {found}, of {patients} "
        f"{'patient' if patients == 1 else 'patients'}, whose requirements may be unknown; the others "
        "are evidence of nobody"
    )


# ---- what they are -------------------------------------------------------------------------------


def _misspelt_kinds(con: duckdb.DuckDBPyConnection, file: str) -> Iterator[str]:
    """Set apart events whose kind is nearly one that far more events have: imagng beside imaging.

    A kind is any word, so that a word of a hospital's own is none that is misspelt: it has as many
    rows as others. Where every row is misspelt, nothing of the kind is left, which is told elsewhere.
    """
    kind = f"lower(trim(kind::VARCHAR, {literal(BLANKS)}))"
    rows = con.execute(
        f"SELECT {kind}, sum(n) FROM (SELECT kind, count(*) AS n FROM raw_events "
        "WHERE kind IS NOT NULL GROUP BY kind) k GROUP BY 1"
    ).fetchall()
    counts = {str(word): int(number) for word, number in rows if word}
    meant = {}
    for word, number in counts.items():
        usual = [other for other, more in counts.items() if more >= number * _RARE]
        near = difflib.get_close_matches(word, usual, n=1, cutoff=_SIMILAR)
        if near:
            meant[word] = near[0]
    if not meant:
        return
    whens = " ".join(
        f"WHEN {literal(word)} THEN {literal(MISSPELT.format(right))}"
        for word, right in meant.items()
    )
    replace(
        con,
        "TABLE",
        "misspelt_events",
        f"AS SELECT _row, event_id::VARCHAR AS id, trim(patient_id::VARCHAR, {literal(BLANKS)}) "
        f"AS patient_id, CASE {kind} {whens} END AS why, NULL::VARCHAR[] AS cells FROM raw_events "
        f"WHERE {kind} IN ({', '.join(map(literal, meant))})",
    )
    _set_apart(con, "misspelt_events")
    number = sum(counts[word] for word in meant)
    yield (
        f"{file}: rows with a misspelt kind: {number}, near to {', '.join(sorted(set(meant.values())))}. "
        "They are rejected, and their patients' requirements may be unknown"
    )


def _set_apart(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Make torn events of the rows of a table, in the place of those of `raw_events`."""
    if not con.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall():
        con.execute(f"DROP TABLE {table}")
        return
    con.execute(f"INSERT INTO torn_events SELECT * FROM {table}")
    kind = con.execute(
        "SELECT table_type FROM information_schema.tables WHERE table_name = 'raw_events'"
    ).fetchall()[0][0]
    what = "VIEW" if kind == "VIEW" else "TABLE"
    rest = f"raw_without_{table}"
    con.execute(f"DROP {what} IF EXISTS {rest}")
    con.execute(f"ALTER {what} raw_events RENAME TO {rest}")
    replace(
        con, "VIEW", "raw_events", f"AS FROM {rest} WHERE _row NOT IN (SELECT _row FROM {table})"
    )
