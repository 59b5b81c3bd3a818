"""Set apart the events that cannot be trusted (docs/evaluation.md, section 2).

Rows without a patient id while another column contains one, rows whose cells are shifted, and rows
with a misspelt kind move from `raw_events` to `torn_events`, so that both evaluators treat them as
possible evidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qi_checker.engines.inputs.database import Database
from qi_checker.errors import count
from qi_checker.protocol.doubtful import (
    MISSPELT,
    MISSPELT_BEGINS,
    MISSPELT_ENDS,
    MOST_KINDS,
    NAMELESS,
    SHIFTED,
    STATUSES,
    misspelt,
    rare,
)


@dataclass(frozen=True)
class _Seen:
    """The result of one pass over the raw events."""

    rows: int
    nameless: int  # rows without a patient id
    kinds: Mapping[str, int]


def set_apart(db: Database, file: str) -> list[str]:
    """Move the doubtful rows; return the notes to report first. A second call moves nothing.

    `file`: the readable name of the events. If there is nothing to move, this costs one pass over
    two columns.
    """
    seen = _look(db)
    moved = seen.nameless > 0 and _move(
        db, "nameless_events", _owned(db, db.blank("patient_id"), NAMELESS)
    )
    if words := _shifted(db, seen.kinds):
        somebody = f"{db.clean('patient_id')} IN ({_patients(db)})"
        where = f"{_word(db)} IN ({', '.join(map(db.text, words))}) AND NOT {somebody}"
        moved = _move(db, "shifted_events", _owned(db, where, SHIFTED)) or moved
    meant = misspelt((_look(db) if moved else seen).kinds)
    if meant:
        moved = _move(db, "misspelt_events", _misspelt(db, meant)) or moved
    return list(_counted(db, file, _look(db) if moved else seen))


def _look(db: Database) -> _Seen:
    """Count kinds and rows without a patient; kinds are grouped before trimming: there are few."""
    nameless = f"count(*) FILTER (WHERE {db.blank('patient_id')})"
    rows = db.rows(f"""
        SELECT word, n, sum(n) OVER (), sum(nameless) OVER () FROM (
            SELECT {_word(db)} AS word, sum(n) AS n, sum(nameless) AS nameless
            FROM (SELECT kind, count(*) AS n, {nameless} AS nameless FROM raw_events GROUP BY kind) k
            GROUP BY {_word(db)}) w
        ORDER BY n DESC, word LIMIT {MOST_KINDS}""")
    if not rows:
        return _Seen(0, 0, {})
    kinds = {str(word): int(number) for word, number, *_ in rows if word is not None}
    return _Seen(int(rows[0][2]), int(rows[0][3]), kinds)


def _word(db: Database) -> str:
    return f"lower({db.clean('kind')})"


def _shifted(db: Database, kinds: Mapping[str, int]) -> list[str]:
    """Return kinds that are a status, or the id of a patient with an operation."""
    few = sorted(rare(kinds))
    if not few:
        return []
    known = f"lower({db.clean('patient_id')})"
    words = ", ".join(map(db.text, few))
    ids = db.rows(f"SELECT DISTINCT {known} FROM raw_cases WHERE {known} IN ({words})")
    return sorted({str(id) for (id,) in ids} | STATUSES.intersection(few))


def _patients(db: Database) -> str:
    """Select the ids of patients with an operation."""
    id = db.clean("patient_id")
    return f"SELECT DISTINCT {id} AS known FROM raw_cases WHERE {id} IS NOT NULL"


def _owned(db: Database, where: str, why: str) -> str:
    """Select rows with exactly one id of a patient with an operation in another column."""
    db.table("lost_rows", f"SELECT * FROM raw_events WHERE {where}")
    others = [c for c in db.columns("raw_events") if c not in ("_row", "patient_id")]
    cells = " UNION ALL ".join(
        f"SELECT _row, {db.clean(db.quote(c))} AS cell FROM lost_rows" for c in others
    )
    return f"""
        SELECT n._row, o.patient_id, {db.text(why)} AS why,
               CASE WHEN {db.clean("event_id")} = o.patient_id THEN NULL
                    ELSE {db.clean("event_id")} END AS id
        FROM (SELECT _row, event_id FROM lost_rows) n JOIN (
            SELECT c._row, min(c.cell) AS patient_id FROM ({cells}) c
            JOIN ({_patients(db)}) k ON k.known = c.cell
            GROUP BY c._row HAVING count(DISTINCT c.cell) = 1) o ON o._row = n._row"""


def _misspelt(db: Database, meant: Mapping[str, str]) -> str:
    whens = " ".join(
        f"WHEN {db.text(word)} THEN {db.text(MISSPELT.format(right))}"
        for word, right in meant.items()
    )
    words = ", ".join(map(db.text, meant))
    return f"""
        SELECT _row, {db.clean("event_id")} AS id, {db.clean("patient_id")} AS patient_id,
               CASE {_word(db)} {whens} END AS why
        FROM raw_events WHERE {_word(db)} IN ({words})"""


def _move(db: Database, name: str, query: str) -> bool:
    """Move rows; return whether there was any."""
    db.table(name, query)
    if not db.count(name):
        return False
    db.add("torn_events", f"SELECT _row, id, patient_id, why FROM {name}")
    db.leave_out("raw_events", name)
    return True


def _owners(rows: int, found: int, patients: int) -> str:
    """Say whose the torn rows are: the id of one patient with an operation may stand in a row."""
    of = f"{'a patient' if patients == 1 else f'{patients:,} patients'} with an operation"
    told = f"the id of {of}, whose requirements may be unknown"
    if found == rows:
        return f"{'It contains' if rows == 1 else 'They contain'} {told}"
    if not found:
        return f"{'It' if rows == 1 else 'They'} cannot be assigned to a patient"
    return (
        f"{found:,} {'contains' if found == 1 else 'contain'} {told}; "
        f"{rows - found:,} cannot be assigned to a patient"
    )


def _counted(db: Database, file: str, seen: _Seen) -> Iterator[str]:
    """Yield notes counted from the current tables, to repeat them if the records are reused."""
    patient, begins = db.clean("patient_id"), db.text(MISSPELT_BEGINS)
    torn, lost, found, patients, wrong = db.row(f"""
        SELECT count(*), count(CASE WHEN NOT wrong OR patient IS NULL THEN 1 END),
               count(CASE WHEN NOT wrong THEN patient END),
               count(DISTINCT CASE WHEN NOT wrong THEN patient END),
               count(CASE WHEN wrong THEN 1 END)
        FROM (SELECT {patient} AS patient, coalesce({db.starts("why", begins)}, false) AS wrong
              FROM torn_events) t""")
    if number := lost + seen.nameless:
        one = number == 1
        said = f"{number:,} of {count(seen.rows + torn, 'row')} {'is' if one else 'are'} torn or "
        yield f"{file}: {said}{'has' if one else 'have'} no patient_id. {_owners(number, found, patients)}"
    if wrong:
        whys = db.rows(f"SELECT DISTINCT why FROM torn_events WHERE {db.starts('why', begins)}")
        words = sorted(str(why)[len(MISSPELT_BEGINS) : -len(MISSPELT_ENDS)] for (why,) in whys)
        yield (
            f"{file}: rows with a misspelt kind: {wrong}, near to {', '.join(words)}. "
            "They are rejected, and their patients' requirements may be unknown"
        )
