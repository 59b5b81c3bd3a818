"""Write records as files of the contract: the result of `import files` and `import sql`."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from qi_checker.errors import Problem, UserError, count
from qi_checker.protocol.records import EVENTS, RawTable, Records
from qi_checker.sources.raw import literal, quoted

ABOUT = "about.txt"
Format = Literal["csv", "parquet"]


@dataclass(frozen=True)
class Written:
    """The number of rows per table, and notes for the user."""

    rows: dict[str, int]
    notes: tuple[str, ...]


def check_folder(out: Path, force: bool) -> None:
    """Raise UserError for a folder that is not empty, without `force`."""
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not force)):
        advice = "Give a new folder, or say that the files in it may be replaced"
        raise UserError(Problem(str(out), "already exists, and not empty", "", advice))


def write_records(records: Records, out: Path, kind: Format, force: bool = False) -> Written:
    """Write every available table into the folder `out`, and about.txt with the notes.

    A torn row of events is written without kind and status, with the patient for whom it may be
    evidence, so that it is rejected again and remains evidence. A torn row of another table is only
    counted. Other files of the folder stay. Raises UserError.
    """
    check_folder(out, force)
    out.parent.mkdir(parents=True, exist_ok=True)
    rows, notes = {}, list(records.notes)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as building:
        for name, table in records.tables.items():
            if table.absent:
                continue
            target = literal(str(Path(building) / f"{name}.{kind}"))
            options = "FORMAT csv, HEADER" if kind == "csv" else "FORMAT parquet"
            query = _query(records, table)
            done = records.con.execute(f"COPY ({query}) TO {target} ({options})").fetchall()
            rows[name] = int(done[0][0])
            notes += _left_out(records, table)
        (Path(building) / ABOUT).write_text("\n".join(notes) + "\n", encoding="utf-8")
        out.mkdir(exist_ok=True)
        for name in (ABOUT, *reversed(rows)):  # the cases last: without them nothing is read
            file = name if name == ABOUT else f"{name}.{kind}"
            shutil.move(Path(building) / file, out / file)
    return Written(rows, tuple(notes))


def _query(records: Records, table: RawTable) -> str:
    described = records.con.execute(f"DESCRIBE raw_{table.name}").fetchall()
    columns = [str(name) for name, *_ in described if name != "_row"]
    listed = ", ".join(f"{quoted(c)}::VARCHAR AS {quoted(c)}" for c in columns)
    query = f"SELECT {listed}, _row FROM raw_{table.name}"
    if table.name == EVENTS.name:
        torn = {
            "event_id": "'torn-' || _row",
            "patient_id": "patient_id",
            "description": "why",
        }
        cells = ", ".join(f"{torn.get(c, 'NULL')} AS {quoted(c)}" for c in columns)
        query += f" UNION ALL SELECT {cells}, _row FROM torn_events"
    return f"SELECT * EXCLUDE (_row) FROM ({query}) r ORDER BY _row"


def _left_out(records: Records, table: RawTable) -> list[str]:
    if table.name == EVENTS.name:
        return []
    (torn,) = records.con.execute(f"SELECT count(*) FROM torn_{table.name}").fetchall()[0]
    return [f"{table.file}: left out: {count(torn, 'row')} that cannot be read"] if torn else []
