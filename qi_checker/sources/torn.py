"""Assign torn rows of events to the patients to whom they may belong.

The cells of a torn row cannot be separated, so the one at the place of the patient's id may be
anything. If the row contains the id of exactly one patient with an operation, it may be evidence
for that patient; otherwise for nobody. It is never evidence for anyone else. A patient's id at the
place of the event's id does not name the event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qi_checker.protocol.records import EVENTS, TABLES
from qi_checker.sources.layout import BLANKS
from qi_checker.sources.raw import literal

if TYPE_CHECKING:
    import duckdb


def find_owners(con: duckdb.DuckDBPyConnection) -> None:
    """Set `patient_id` of torn events from their `cells`, which no table keeps."""
    name = f"torn_{EVENTS.name}"
    if con.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchall():
        blanks = literal(BLANKS)
        con.execute(f"UPDATE {name} SET patient_id = NULL")
        con.execute(f"""
            UPDATE {name} SET patient_id = found.id,
                              id = CASE WHEN trim({name}.id, {blanks}) <> found.id THEN {name}.id END
            FROM (
                SELECT _row, min(id) AS id
                FROM (SELECT _row, trim(unnest(cells), {blanks}) AS id FROM {name}) c
                JOIN (SELECT DISTINCT trim(patient_id::VARCHAR, {blanks}) AS id FROM raw_cases) k
                USING (id) WHERE id <> '' GROUP BY _row HAVING count(DISTINCT id) = 1) found
            WHERE {name}._row = found._row""")
    forget_cells(con)


def forget_cells(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the column of torn rows that engines do not know."""
    for name in TABLES:
        con.execute(f"ALTER TABLE torn_{name} DROP COLUMN IF EXISTS cells")
