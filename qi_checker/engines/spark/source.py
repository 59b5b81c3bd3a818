"""A data folder of Parquet: its files, the meaning of their columns, and views on them.

Cases, events and exceptions are each a file or a folder of parts, as written by Spark and others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from qi_checker.engines.inputs.columns import called, mapped
from qi_checker.engines.spark.database import Spark
from qi_checker.errors import Problem, UserError
from qi_checker.protocol.records import TABLES, RawTable, Table
from qi_checker.protocol.site import Site


@dataclass(frozen=True)
class SourceTable:
    """A table of the contract in the folder; without `parts` it is absent."""

    table: Table
    path: Path | None = None
    parts: tuple[Path, ...] = ()
    sizes: tuple[int, ...] = ()  # rows of each part
    columns: dict[str, str] = field(default_factory=dict)  # of the contract or beyond it -> there
    types: dict[str, pa.DataType] = field(default_factory=dict)  # of each column there
    notes: tuple[str, ...] = ()


def find(folder: Path, site: Site) -> list[SourceTable]:
    """Find the tables of a folder. Raises UserError with all errors of all tables."""
    if not folder.is_dir():
        raise UserError(
            Problem(
                str(folder), "there is no such folder", "", "Give the folder with cases.parquet"
            )
        )
    problems: list[Problem] = []
    result = []
    for table in TABLES.values():
        try:
            result.append(_find(folder, table, site))
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(problems)
    return result


def _find(folder: Path, table: Table, site: Site) -> SourceTable:
    paths = [folder / name for name in (f"{table.name}.parquet", table.name)]
    there = [path for path in paths if path.exists()]
    if len(there) > 1:
        what = f"the {table.name} exist more than once: {there[0].name} and {there[1].name}"
        raise UserError(Problem(str(folder), what, "", "Keep one and remove the other"))
    if not there:
        if not table.required:
            return SourceTable(table)
        advice = (
            f"Add {table.name}.parquet, a file or a folder of parts; CSV and Excel are read "
            "without --engine"
        )
        raise UserError(
            Problem(str(folder), f"there is no Parquet with the {table.name}", "", advice)
        )
    return _read(there[0], table, site)


def _read(path: Path, table: Table, site: Site) -> SourceTable:
    """Read the metadata at the end of the files; no row is read."""
    parts = tuple(sorted(_parts(path))) if path.is_dir() else (path,)
    if not parts:
        raise UserError(Problem(str(path), "the folder holds no Parquet", "", "Write it again"))
    schemas, sizes = [], []
    for part in parts:
        try:
            end = pq.read_metadata(part)
            schemas.append(end.schema.to_arrow_schema())
            sizes.append(end.num_rows)
        except (OSError, pa.ArrowException):
            advice = "It is truncated or not Parquet; write it again"
            raise UserError(
                Problem(str(part), "the file cannot be read as Parquet", "", advice)
            ) from None
    kinds = {name: schemas[0].field(name).type for name in schemas[0].names}
    for part, schema in zip(parts, schemas, strict=True):
        if {name: schema.field(name).type for name in schema.names} != kinds:
            what = f"its columns or types are not those of {parts[0].name}"
            raise UserError(Problem(str(part), what, "", "Write all parts together"))
    columns, wrong = called(str(path), table, site, schemas[0].names)
    if wrong:
        raise UserError(wrong)
    notes, problems = _judged(path, table, columns, kinds)
    if problems:
        raise UserError(problems)
    return SourceTable(table, path, parts, tuple(sizes), columns, kinds, tuple(notes))


def _parts(path: Path) -> Iterator[Path]:
    for part in path.rglob("*.parquet"):
        if part.is_file() and not part.name.startswith((".", "_")):
            yield part


def _judged(
    path: Path, table: Table, columns: dict[str, str], kinds: dict[str, pa.DataType]
) -> tuple[list[str], list[Problem]]:
    """Check the column types: numbers have lost leading zeros."""
    notes, problems = [], []
    for name, there in columns.items():
        kind = table[name].kind if name in table.names else "text"
        type_ = kinds[there]
        if kind == "id" and pa.types.is_integer(type_):
            notes.append(
                f"{path.name}: column {name} holds numbers, read as text; leading zeros may be lost"
            )
        elif (kind in ("id", "codes") and not _is_text(type_, lists=kind == "codes")) or (
            pa.types.is_binary(type_) or pa.types.is_large_binary(type_)
        ):
            what = f"column {name} is of type {type_}, and must be text"
            advice = "Write the column as text in the export"
            problems.append(Problem(str(path), what, "A number has lost leading zeros", advice))
    return notes, problems


def _is_text(type_: pa.DataType, lists: bool) -> bool:
    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    if lists and (pa.types.is_list(type_) or pa.types.is_large_list(type_)):
        type_ = type_.value_type
    return bool(
        pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_null(type_)
    )


# ---- views ---------------------------------------------------------------------------------------


def raw_tables(db: Spark, found: Sequence[SourceTable], site: Site) -> dict[str, RawTable]:
    """Make views `raw_<name>` and `torn_<name>`; return the manifest's entry of each."""
    for one in found:
        name = one.table.name
        _raw(db, one, site)
        torn = {"_row": "BIGINT", "id": "STRING", "patient_id": "STRING", "why": "STRING"}
        db.empty(f"torn_{name}", torn)
    return {one.table.name: _delivered(one) for one in found}


def _raw(db: Spark, one: SourceTable, site: Site) -> None:
    """Make the raw view; rows count from 2, as under a header, through all parts by name."""
    own = [n for n in one.columns if n not in one.table.names]
    listed = ", ".join(
        f"{_column(db, one, n, site)} AS {db.quote(n)}" for n in (*one.table.names, *own)
    )
    view = f"raw_{one.table.name}"
    if not one.parts:
        db.session.sql(
            f"SELECT {listed}, CAST(NULL AS BIGINT) AS _row WHERE false"
        ).createOrReplaceTempView(view)
        return
    before, rows = 2, []
    for part, size in zip(one.parts, one.sizes, strict=True):
        rows.append((part, before))
        before += size
    read = db.session.read.parquet(*(f"file://{part.resolve()}" for part in one.parts))
    numbered = read.selectExpr("*", "_metadata.row_index AS _index", "_metadata.file_path AS _file")
    numbered.createOrReplaceTempView(f"parts_{one.table.name}")
    first = " ".join(f"WHEN {_same(db, part)} THEN {start}" for part, start in rows)
    lost = "CAST(raise_error('a part of the records has a name that was not expected') AS BIGINT)"
    start = str(rows[0][1]) if len(rows) == 1 else f"CASE {first} ELSE {lost} END"
    db.session.sql(
        f"SELECT {listed}, CAST(_index + {start} AS BIGINT) AS _row FROM parts_{one.table.name}"
    ).createOrReplaceTempView(view)


def _same(db: Spark, part: Path) -> str:
    """Return the SQL of whether a row is from a part; Spark versions write paths differently.

    They differ in what precedes a path, and in whether a blank is %20. A row of an unrecognised
    part would have no number and be silently left out: it stops the run instead.
    """
    plain = "regexp_replace(url_decode(replace(_file, '+', '%2B')), '^file:/+', '/')"
    return f"{plain} = {db.text(str(part.resolve()))}"


def _column(db: Spark, one: SourceTable, column: str, site: Site) -> str:
    local = one.columns.get(column)
    if local is None:
        return "CAST(NULL AS STRING)"
    name, type_ = db.quote(local), one.types[local]
    dated = column in one.table.names and one.table[column].kind.startswith("when")
    if dated and (pa.types.is_date(type_) or pa.types.is_timestamp(type_)):
        return name
    text = f"CAST({name} AS STRING)"
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        text = f"array_join({name}, ';')"
    return mapped(db, one.table, column, text, site, db.each_item)


def _delivered(one: SourceTable) -> RawTable:
    """Return the manifest's entry; a folder's hash covers the names and hashes of its parts."""
    name = one.table.name
    if one.path is None:
        return RawTable(name, "", one.table.names, sha256="", absent=True)
    hashes = []
    for part in one.parts:
        with part.open("rb") as file:
            hashes.append(hashlib.file_digest(file, "sha256").hexdigest())
    sha256 = hashes[0]
    if one.path.is_dir():
        named = (
            f"{part.relative_to(one.path)} {h}" for part, h in zip(one.parts, hashes, strict=True)
        )
        sha256 = hashlib.sha256("\n".join(named).encode()).hexdigest()
    return RawTable(name, one.path.name, tuple(one.columns), sha256)
