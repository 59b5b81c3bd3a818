"""Code lists and vocabularies: the CSV files of `rules/codelists`.

A protocol's own rules folder is searched first, then the one shipped with the program, so that a
hospital can replace any of the files and keep the others.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from qi_checker.errors import Problem, UserError, did_you_mean
from qi_checker.protocol.codes import (
    NEVER_EXAM,
    Catalogue,
    CodeList,
    CodeRow,
    ImagingCode,
    canonical_code,
    canonical_system,
)
from qi_checker.protocol.vocabulary import CODE_ROLES
from qi_checker.protocol.yaml_read import decode, one_line, read_bytes

CODE_COLUMNS = ("system", "code", "note", "source")
IMAGING_COLUMNS = ("system", "code", "modality", "region", "role", "note", "source")
REGION_COLUMNS = ("region", "covers_liver", "note")
MODALITY_COLUMNS = ("modality", "meaning")
VOCABULARIES = ("imaging", "regions", "modalities")  # files in the folder that are not code lists

# What a spreadsheet turns a code into when it mistakes it for a number or a date.
_DAMAGED = re.compile(r"[0-9]+([.,][0-9]+)?E\+[0-9]+|[0-9]{1,2}-[A-Z][a-z]{2}|#[A-Z/]+[!?]?")
_TRAILING = re.compile(r"[0-9]+\.0")
_NEVER = ImagingCode(*NEVER_EXAM, "", "", "never", "the name says that it never counts")


@dataclass
class LoadedCatalogue:
    """The catalogue, the bytes it was read from (in a fixed order), and its problems."""

    catalogue: Catalogue
    parts: list[tuple[str, bytes]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def available_lists(folders: Sequence[Path]) -> tuple[str, ...]:
    """Return the names of the code lists that a protocol can use."""
    names = {file.stem for folder in folders for file in folder.glob("*.csv")}
    return tuple(sorted(names - set(VOCABULARIES)))


class CodeLists:
    """The CSV files of some folders; each is read once, however many protocols need it."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)
        self._lists: dict[str, tuple[CodeList, CsvTable]] = {}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the names of the code lists that a protocol can use."""
        return available_lists(self.folders)

    def load(self, names: Iterable[str]) -> LoadedCatalogue:
        """Load the vocabularies and the named code lists; a list that no folder has is left out."""
        result = [self._list(n) for n in sorted(set(names)) if n in self.names]
        words = self._vocabularies
        tables = [*(table for _, table in result), *words.tables]
        return LoadedCatalogue(
            Catalogue(
                {c.name: c for c, _ in result}, words.imaging, words.regions, words.modalities
            ),
            [(Path(table.name).name, table.content) for table in tables],
            [problem for table in tables for problem in table.problems],
        )

    def _list(self, name: str) -> tuple[CodeList, CsvTable]:
        if name not in self._lists:
            table = self._table(name, CODE_COLUMNS)
            self._lists[name] = CodeList(name, _code_rows(table)), table
        return self._lists[name]

    def _table(self, name: str, columns: tuple[str, ...]) -> CsvTable:
        files = [folder / f"{name}.csv" for folder in self.folders]
        return read_table(next((f for f in files if f.is_file()), files[0]), columns)

    @cached_property
    def _vocabularies(self) -> _Vocabularies:
        imaging = self._table("imaging", IMAGING_COLUMNS)
        regions = self._table("regions", REGION_COLUMNS)
        modalities = self._table("modalities", MODALITY_COLUMNS)
        for number, row in regions.rows:
            if row["covers_liver"] not in ("yes", "no"):
                regions.refuse(number, "covers_liver must be yes or no")
        region_words = _words(regions, "region", r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
        modality_words = _words(modalities, "modality", r"[A-Z0-9]{2,16}")
        return _Vocabularies(
            (imaging, regions, modalities),
            (*_imaging(imaging, region_words, modality_words), _NEVER),
            region_words,
            modality_words,
        )


@dataclass(frozen=True)
class _Vocabularies:
    """The contents of imaging.csv, regions.csv and modalities.csv, and the files themselves."""

    tables: tuple[CsvTable, ...]
    imaging: tuple[ImagingCode, ...]
    regions: tuple[str, ...]
    modalities: tuple[str, ...]


def _code_rows(table: CsvTable) -> tuple[CodeRow, ...]:
    result: dict[tuple[str, str], tuple[int, CodeRow]] = {}
    for number, row in table.rows:
        pair = _pair(table, number, row)
        if pair in result:
            table.refuse(number, f"{pair[0]} {pair[1]} is in row {result[pair][0]} already")
        elif pair is not None:
            result[pair] = (number, CodeRow(*pair, row["note"], row["source"]))
    return tuple(line for _, line in result.values())


def _imaging(
    table: CsvTable, regions: Sequence[str], modalities: Sequence[str]
) -> tuple[ImagingCode, ...]:
    result: dict[tuple[str, str], tuple[int, ImagingCode]] = {}
    for number, row in table.rows:
        pair = _pair(table, number, row)
        modality = _choices(table, number, "modality", row["modality"].upper(), modalities)
        region = _choices(table, number, "region", row["region"].lower(), regions)
        role = _choices(table, number, "role", row["role"], CODE_ROLES)
        if not row["role"]:
            table.refuse(
                number, "the role is empty", advice=f"Write one of {', '.join(CODE_ROLES)}"
            )
        if pair is None:
            continue
        if pair[1].endswith("*"):
            advice = "List every code; * is read in code lists only"
            table.refuse(number, f"the code {pair[1]} ends with *", advice=advice)
        elif pair in result:
            table.refuse(number, f"{pair[0]} {pair[1]} is in row {result[pair][0]} already")
        else:
            result[pair] = (number, ImagingCode(*pair, modality, region, role, row["note"]))
    return tuple(line for _, line in result.values())


def _pair(table: CsvTable, number: int, row: dict[str, str]) -> tuple[str, str] | None:
    """Return system and code in canonical form, or None after complaining."""
    written = row["code"]
    if not row["system"] or not written:
        empty = "code" if row["system"] else "system"
        table.refuse(number, f"the {empty} is empty")
        return None
    system = canonical_system(row["system"])
    code = canonical_code(system, written)
    # A genuine ICD-9 code may end with .0, and a CPT code has five characters.
    shortened = system == "CPT" and code.isdigit() and len(code) < 5
    trailing = _TRAILING.fullmatch(written) and not system.startswith("ICD-9")
    if _DAMAGED.fullmatch(written) or trailing or shortened:
        what = f"the code {written} looks damaged by a spreadsheet"
        table.refuse(number, what, advice="Write it again, in a column formatted as text")
        return None
    if "*" in code.rstrip("*") or code.endswith("**") or code == "*":
        why = "A * is allowed only at the end of a code"
        table.refuse(number, f"the code {written} has a * in the wrong place", why)
        return None
    return system, code


def _words(table: CsvTable, column: str, shape: str) -> tuple[str, ...]:
    words: list[str] = []
    for number, row in table.rows:
        word = row[column]
        if not re.fullmatch(shape, word):
            table.refuse(number, f"the {column} `{word}` is not a word of that kind")
        elif word in words:
            table.refuse(number, f"the {column} `{word}` is listed twice")
        else:
            words.append(word)
    return tuple(words)


def _choices(table: CsvTable, number: int, column: str, text: str, known: Sequence[str]) -> str:
    """Read words separated by `;`, each of which must be known."""
    words = [word.strip() for word in text.split(";") if word.strip()]
    for word in words:
        if word not in known and known:
            advice = did_you_mean(word, known)
            table.refuse(number, f"the {column} `{word}` is not known", advice=advice)
    return ";".join(words)


# ---- small CSV tables that people keep by hand ---------------------------------------------------


@dataclass
class CsvTable:
    """Rows of a file by column, each with the row number that a spreadsheet shows."""

    name: str
    content: bytes = b""
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, row: int, what: str, why: str = "", advice: str = "") -> None:
        where = f"{self.name}, row {row}"
        self.problems.append(Problem(where, one_line(what), why, one_line(advice)))


def read_table(file: Path, columns: tuple[str, ...]) -> CsvTable:
    """Read a table; errors go to `problems`, and usable rows remain."""
    table = CsvTable(str(file))
    try:
        table.content = read_bytes(file)
        text = decode(table.name, table.content)
    except UserError as error:
        table.problems += error.problems
        return table
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if _wrong_header(table, header, columns):
            return table
        for number, cells in enumerate(reader, start=2):
            if any(cell.strip() for cell in cells):
                _add_row(table, number, header, cells)
    except csv.Error as error:
        table.refuse(reader.line_num, f"is not CSV: {error}", advice="Check its quotation marks")
    return table


def _add_row(table: CsvTable, number: int, header: list[str], cells: list[str]) -> None:
    if len(cells) != len(header):
        table.refuse(
            number,
            f"has {len(cells)} cells, and the header has {len(header)}",
            advice="Put text with a comma in quotation marks",
        )
    else:
        table.rows.append((number, dict(zip(header, (c.strip() for c in cells), strict=True))))


def _wrong_header(table: CsvTable, header: list[str], columns: tuple[str, ...]) -> bool:
    expected = ",".join(columns)
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        table.refuse(1, "the columns are not separated by commas", advice=f"Begin with {expected}")
        return True
    missing = [c for c in columns if c not in header]
    for column in header:
        if column not in columns:
            hint = did_you_mean(column, missing or columns)
            table.refuse(1, f"the column `{column}` is not known", advice=hint)
        elif header.count(column) > 1:
            table.refuse(1, f"the column `{column}` appears twice")
            return True
    # A misspelt column is both unknown and missing; it is reported once.
    if not table.problems:
        for column in missing:
            table.refuse(1, f"the column `{column}` is missing", advice=f"Begin with {expected}")
    return bool(table.problems)
