"""A data folder: cases, events and perhaps exceptions, each as CSV, Parquet or Excel workbook."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.records import ALL_TABLES, IOUS, TABLES, RawTable, Records, Table
from qi_checker.protocol.site import Site
from qi_checker.sources.csv_file import read_csv
from qi_checker.sources.delivered import Delivered
from qi_checker.sources.mapping import check_site, unused_values
from qi_checker.sources.parquet_file import read_parquet
from qi_checker.sources.raw import connect, create_absent
from qi_checker.sources.xlsx_file import read_xlsx

if TYPE_CHECKING:
    import duckdb

READERS = {".csv": read_csv, ".parquet": read_parquet, ".xlsx": read_xlsx}
LIKE_CSV = {"": ".csv", ".txt": ".csv", ".tsv": ".csv"}


def read_folder(folder: Path, site: Site, con: duckdb.DuckDBPyConnection | None = None) -> Records:
    """Read a data folder into `raw_` and `torn_` tables of a DuckDB connection.

    `site` maps columns and values of a local export. Raises UserError with everything that is
    wrong with all files at once; a broken row is no error but a row of `torn_<name>`.
    """
    check_site(site)
    names = _entries(folder)
    problems: list[Problem] = []
    paths: dict[str, Path | None] = {}
    for table in TABLES.values():
        try:
            paths[table.name] = _find(folder, names, table)
        except UserError as error:
            problems += error.problems
    records = Records(con if con is not None else connect())
    delivered: dict[str, Delivered] = {}
    for name, path in paths.items():
        try:
            if path is None:
                delivered[name] = Delivered(create_absent(records.con, TABLES[name]))
                delivered[name].notes += _similar_notes(names, TABLES[name])
            else:
                delivered[name] = _read(records.con, TABLES[name], path, site)
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(problems)
    for name, table_read in delivered.items():
        records.tables[name] = table_read.raw
        records.notes += table_read.notes
    records.notes += _patient_id_notes(delivered)
    return records


def read_ious(folder: Path, site: Site, records: Records) -> RawTable:
    """Read what intraoperative ultrasound found beside the records: `raw_ious`, `torn_ious`.

    Engines never see it. Without a file both are empty and the table is `absent`. Notes are
    added to the records'. Raises UserError where the file as a whole cannot be used.
    """
    names = _entries(folder)
    path = _find(folder, names, IOUS)
    if path is None:
        read = Delivered(create_absent(records.con, IOUS), list(_similar_notes(names, IOUS)))
    else:
        read = _read(records.con, IOUS, path, site)
    records.notes += read.notes
    return read.raw


def _entries(folder: Path) -> list[str]:
    where = str(folder)
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except FileNotFoundError:
        problem = Problem(where, "there is no such folder", "", "Give the folder with cases.csv")
    except NotADirectoryError:
        problem = Problem(where, "this is a file", "", "Give the folder that it is in")
    except PermissionError:
        problem = Problem(where, "the folder may not be read", "", "Ask for permission to read it")
    raise UserError(problem)


def _find(folder: Path, names: list[str], table: Table) -> Path | None:
    """The one file of a table; None for an optional table without a file."""
    found = [table.name + ending for ending in READERS if table.name + ending in names]
    if len(found) > 1:
        what = f"the {table.name} are there more than once: {' and '.join(found)}"
        raise UserError(Problem(str(folder), what, "", "Keep one and move the others away"))
    if found:
        return folder / found[0]
    if not table.required:
        return None
    similar = _similar(names, table)
    mend = _mend(similar, table) if similar else f"Add {_file_names(table)}"
    raise UserError(Problem(str(folder), f"there is no file with the {table.name}", "", mend))


def _read(con: duckdb.DuckDBPyConnection, table: Table, path: Path, site: Site) -> Delivered:
    where = str(path)
    if path.is_dir():
        raise UserError(Problem(where, "this is a folder, not a file", "", "Move it away"))
    try:
        read = READERS[path.suffix](con, table, path, site)
    except FileNotFoundError:
        what = "the link points to a file that is not there"
        raise UserError(Problem(where, what, "", "Put the file in its place")) from None
    except PermissionError:
        what = "the file may not be read"
        raise UserError(Problem(where, what, "", "Ask for permission to read it")) from None
    except OSError as error:
        what = f"the file cannot be read ({error.strerror or 'input error'})"
        raise UserError(Problem(where, what, "", "Copy it here again")) from None
    read.notes += [
        f"the site settings map values of {table.name}.{column}, a column that is not here"
        for column in unused_values(table, read.raw.columns, site)
    ]
    read.notes = [f"{path.name}: {note}" for note in read.notes]
    return read


def _similar(names: list[str], table: Table) -> str:
    """A file that was perhaps meant: Cases.CSV, case.csv, cases.txt, cases.csv.gz."""
    spelled = {name.lower(): name for name in names if not _belongs(name)}
    wanted = [table.name + ending for ending in READERS]
    for lower, name in spelled.items():
        if lower in wanted or lower.split(".")[0] == table.name:
            return name
    for name in wanted:
        near = difflib.get_close_matches(name, spelled, n=1, cutoff=0.8)
        if near:
            return spelled[near[0]]
    return ""


def _belongs(name: str) -> bool:
    path = Path(name)
    return path.suffix in READERS and path.stem in ALL_TABLES


def _mend(similar: str, table: Table) -> str:
    """What to do with a file that is not read."""
    ending = Path(similar).suffix.lower()
    if ending in READERS or ending in LIKE_CSV:
        return f"Rename {similar} to {table.name}{LIKE_CSV.get(ending, ending)}"
    return f"Save {similar} as {_file_names(table)}"


def _file_names(table: Table) -> str:
    return " or ".join(table.name + ending for ending in READERS)


def _similar_notes(names: list[str], table: Table) -> Iterator[str]:
    similar = _similar(names, table)
    if similar:
        yield f"{similar} is not read. {_mend(similar, table)} if it is to be"


def _patient_id_notes(delivered: dict[str, Delivered]) -> Iterator[str]:
    with_patients = [name for name in delivered if "patient_id" in TABLES[name].names]
    numbers = [name for name in with_patients if "patient_id" in delivered[name].number_ids]
    texts = [name for name in with_patients if name not in numbers]
    if numbers and texts:
        yield (
            f"patient_id is a number in {delivered[numbers[0]].raw.file} and text in "
            f"{delivered[texts[0]].raw.file}: ids with leading zeros will not match"
        )
