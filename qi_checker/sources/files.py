"""A data folder: cases, events and optional exceptions, each as CSV, Parquet or Excel workbook."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.records import ALL_TABLES, IOUS, TABLES, RawTable, Records, Table
from qi_checker.protocol.site import Site
from qi_checker.sources.csv_file import read_csv
from qi_checker.sources.layout import Delivered, check_site, unused_values
from qi_checker.sources.raw import FEW_ROWS, connect, create_absent
from qi_checker.sources.torn import find_owners

if TYPE_CHECKING:
    import duckdb

    from qi_checker.protocol.load_mapping import LoadedMapping
    from qi_checker.sources.grid import Grid
    from qi_checker.sources.mapped import ReadDatabase

MAPPING = "mapping.yaml"


def _read_parquet(
    con: duckdb.DuckDBPyConnection, table: Table, path: Path, site: Site
) -> Delivered:
    from qi_checker.sources.parquet_file import read_parquet  # most folders have none

    return read_parquet(con, table, path, site)


def _read_xlsx(con: duckdb.DuckDBPyConnection, table: Table, path: Path, site: Site) -> Delivered:
    from qi_checker.sources.xlsx_file import read_xlsx

    return read_xlsx(con, table, path, site)


READERS = {".csv": read_csv, ".parquet": _read_parquet, ".xlsx": _read_xlsx}
_TOLD = 5  # files named in a message
LIKE_CSV = {"": ".csv", ".txt": ".csv", ".tsv": ".csv"}


def read_folder(
    folder: Path,
    site: Site,
    con: duckdb.DuckDBPyConnection | None = None,
    mapping: Path | LoadedMapping | None = None,
) -> Records:
    """Read a data folder into `raw_` and `torn_` tables of a DuckDB connection.

    `mapping`, by default `mapping.yaml` of the folder if present, says how tables are made from an
    export; `site` maps columns and values of tables that it does not mention. Raises UserError with
    all errors of all files; a broken row is not an error but becomes a row of `torn_<name>`.
    """
    check_site(site)
    names = _entries(folder)
    loaded = mapping_of(folder, mapping, site)
    few = loaded is None and _few(folder, names)
    records = Records(con if con is not None else connect(few))
    problems: list[Problem] = []
    delivered: dict[str, Delivered] = {}
    with _databases(loaded) as database:
        for table in TABLES.values():
            try:
                delivered[table.name] = _table(
                    records, table, folder, names, site, loaded, database
                )
            except UserError as error:
                problems += error.problems
    if problems:
        raise UserError(problems)
    for name, table_read in delivered.items():
        records.tables[name] = table_read.raw
        records.notes += table_read.notes
    records.notes += _patient_id_notes(delivered)
    if loaded is None:
        records.notes += _stray_notes(folder, names)
    find_owners(records.con)
    return records


def mapping_of(
    folder: Path, mapping: Path | LoadedMapping | None, site: Site
) -> LoadedMapping | None:
    """Return the given mapping, or that of the folder. UserError if it cannot be used.

    A table in both the mapping and the site's settings is an error: neither takes precedence.
    """
    if mapping is None:
        mapping = folder / MAPPING
        if not os.path.isfile(mapping):  # unlike Path.is_file it never raises
            return None
    if isinstance(mapping, Path):
        from qi_checker.protocol.load_mapping import load_mapping  # most folders have none

        mapping = load_mapping(mapping)
    loaded = mapping
    twice = [
        (key, table)
        for table in ALL_TABLES
        if loaded.mapping.blocks(table)
        for key, named in (("columns", site.columns), ("values", site.values))
        if any(target.partition(".")[0] == table for target in named)
    ]
    if twice:
        raise UserError(
            Problem(
                f"site settings, {key}: {table}",
                f"{loaded.file.name} also makes {table} from an export",
                "",
                f"Move these lines to {loaded.file.name}",
            )
            for key, table in twice
        )
    return loaded


@contextmanager
def _databases(loaded: LoadedMapping | None) -> Iterator[ReadDatabase | None]:
    """Yield a reader of the mapping's database, which is opened once, on first use."""
    if loaded is None or loaded.mapping.database is None:
        yield None
        return
    from qi_checker.sources.database import Source, open_database

    named, folder = loaded.mapping.database, loaded.file.parent
    opened: list[Source] = []

    def read(con: Any, place: Any, wanted: Any, name: str, first_place: int) -> Grid:
        if not opened:
            opened.append(open_database(named, folder))
        return opened[0].read(con, place, wanted, name, first_place)

    try:
        yield read
    finally:
        for source in opened:
            source.close()


def _table(
    records: Records,
    table: Table,
    folder: Path,
    names: list[str],
    site: Site,
    loaded: LoadedMapping | None,
    database: ReadDatabase | None,
) -> Delivered:
    """Read one table: mapped from an export, or from a file with its name, or absent."""
    if loaded is not None and loaded.mapping.blocks(table.name):
        from qi_checker.sources.mapped import read_mapped

        return read_mapped(records.con, table, loaded, folder, database)
    path = _find(folder, names, table)
    if path is not None:
        return _read(records.con, table, path, site)
    absent = Delivered(create_absent(records.con, table))
    absent.notes += _similar_notes(names, table)
    return absent


def read_ious(folder: Path, site: Site, records: Records, mapping: Path | None = None) -> RawTable:
    """Read the findings of intraoperative ultrasound: `raw_ious`, `torn_ious`.

    Engines never see it. Without a file both are empty and the table is `absent`. Notes are added
    to the records'. Raises UserError if the file as a whole cannot be used.
    """
    loaded = mapping_of(folder, mapping, site)
    with _databases(loaded) as database:
        read = _table(records, IOUS, folder, _entries(folder), site, loaded, database)
    records.notes += read.notes
    return read.raw


def _few(folder: Path, names: Sequence[str]) -> bool:
    """Whether the files of a folder are small; compressed ones hold some ten times their size."""
    total = 0
    for name in names:
        with suppress(OSError):
            size = (folder / name).stat().st_size
            total += size if name.endswith(".csv") else 10 * size
    return total <= 100 * FEW_ROWS


def _entries(folder: Path) -> list[str]:
    where = str(folder)
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except FileNotFoundError:
        problem = Problem(where, "there is no such folder", "", "Give the folder with cases.csv")
    except NotADirectoryError:
        problem = Problem(where, "this is a file", "", "Give the folder that it is in")
    except PermissionError:
        problem = Problem(
            where,
            "the folder cannot be read: permission denied",
            "",
            "Ask for permission to read it",
        )
    raise UserError(problem)


def _find(folder: Path, names: list[str], table: Table) -> Path | None:
    """Return the one file of a table; None for an optional table without a file."""
    result = [table.name + ending for ending in READERS if table.name + ending in names]
    if len(result) > 1:
        what = f"the {table.name} exist more than once: {' and '.join(result)}"
        raise UserError(Problem(str(folder), what, "", "Keep one and remove the others"))
    if result:
        return folder / result[0]
    if not table.required:
        return None
    what = f"there is no file with the {table.name}"
    similar = _similar(names, table)
    hint, advice = "", _advice(similar, table) if similar else f"Add {_file_names(table)}"
    if not similar:
        from qi_checker.sources.strays import in_words, strays  # opens files, so only when needed

        seen = [(name, kind) for name, kind in strays(folder, names) if kind]
        same = [(name, kind) for name, kind in seen if table.name in kind]
        hints = [in_words(*one) for one in same or seen]
        if hints:
            hint = f"{', '.join(hints[:_TOLD])}, but no mapping.yaml says how to read it"
            advice = f"Create one: qi-checker inspect {folder}"
    raise UserError(Problem(str(folder), what, hint, advice))


def _read(con: duckdb.DuckDBPyConnection, table: Table, path: Path, site: Site) -> Delivered:
    where = str(path)
    if path.is_dir():
        raise UserError(Problem(where, "this is a folder, not a file", "", "Move it away"))
    try:
        read = READERS[path.suffix](con, table, path, site)
    except FileNotFoundError:
        what = "the link points to a file that does not exist"
        raise UserError(Problem(where, what, "", "Put the file there")) from None
    except PermissionError:
        what = "the file cannot be read: permission denied"
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
    """Return a file that was perhaps meant: Cases.CSV, case.csv, cases.txt, cases.csv.gz."""
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


def _advice(similar: str, table: Table) -> str:
    """Advise what to do with a file that is not read."""
    ending = Path(similar).suffix.lower()
    if ending in READERS or ending in LIKE_CSV:
        return f"Rename {similar} to {table.name}{LIKE_CSV.get(ending, ending)}"
    return f"Save {similar} as {_file_names(table)}"


def _file_names(table: Table) -> str:
    return " or ".join(table.name + ending for ending in READERS)


def _similar_notes(names: list[str], table: Table) -> Iterator[str]:
    similar = _similar(names, table)
    if similar:
        yield f"{similar} is not read. {_advice(similar, table)} if you want to use it"


def _stray_notes(folder: Path, names: list[str]) -> Iterator[str]:
    """Note files that are silently not read; those with similar names are already reported."""
    similar = {_similar(names, table) for table in ALL_TABLES.values()}
    endings = (*READERS, ".tsv", ".txt", ".xlsm")
    if not any(
        Path(n).suffix.lower() in endings and not _belongs(n) and n not in similar for n in names
    ):
        return
    from qi_checker.sources.strays import in_words, strays

    for name, kind in strays(folder, names):
        if kind and name not in similar:
            yield f"{name} is not read; {in_words('it', kind)}. Name it in mapping.yaml if you want to use it"


def _patient_id_notes(delivered: dict[str, Delivered]) -> Iterator[str]:
    with_patients = [name for name in delivered if "patient_id" in TABLES[name].names]
    numbers = [name for name in with_patients if "patient_id" in delivered[name].number_ids]
    texts = [name for name in with_patients if name not in numbers]
    if numbers and texts:
        yield (
            f"patient_id is a number in {delivered[numbers[0]].raw.file} and text in "
            f"{delivered[texts[0]].raw.file}: ids with leading zeros will not match"
        )
