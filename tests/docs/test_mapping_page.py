"""docs/mapping.md: every example is read as the page says, and every key has one."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import yaml

from qi_checker.protocol.load_mapping import load_mapping
from qi_checker.protocol.mapping import Join, RowsThat, Source, TableMapping
from qi_checker.protocol.records import ALL_TABLES
from qi_checker.sources.files import read_folder
from qi_checker.sources.mapped import read_mapped
from qi_checker.sources.raw import connect
from tests.docs.test_documentation import ROOT
from tests.helpers.folders import SITE

PAGE = (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+)(?: title=\"(.*?)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# `plan.xlsx, sheet Plan` or `list.csv in cp850`: a file of the export
FILE = re.compile(r"(?P<export>\S+\.\w+)(?: in (?P<encoding>\S+)|, sheet (?P<sheet>\S+))?")


@dataclass
class Example:
    """A section of the page: files of an export, lines of a mapping, and what becomes of them."""

    title: str
    files: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    mapping: dict[str, Any] = field(default_factory=dict)
    becomes: dict[str, str] = field(default_factory=dict)
    rejects: str = ""


def examples() -> list[Example]:
    found = []
    for section in re.split(r"^##+ ", PAGE, flags=re.MULTILINE)[1:]:
        title = section.partition("\n")[0]
        one = Example(title)
        for language, info, body in FENCE.findall(section):
            if file := FILE.fullmatch(info):
                words = {name: word for name, word in file.groupdict().items() if word}
                one.files.append((language, words, body))
            elif language == "yaml":
                said = yaml.safe_load(body)
                one.mapping = said if info == "mapping" else {info: said}
            elif info == "rejects":
                one.rejects = body
            elif language == "csv":
                table = info if info in ALL_TABLES else next(iter(one.mapping))
                one.becomes[table] = body
        if one.becomes:
            found.append(one)
    return found


EXAMPLES = examples()


def write(folder: Path, language: str, words: dict[str, str], body: str) -> None:
    path = folder / words["export"]
    if language != "xlsx":
        path.write_bytes(body.encode(words.get("encoding", "utf-8")))
        return
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet(words["sheet"])
        for at, row in enumerate(csv.reader(io.StringIO(body))):
            page.write_row(at, 0, row)


def completed(mapping: dict[str, Any]) -> dict[str, Any]:
    """With the required columns that an example does not show, the same for every row."""
    for name, block in mapping.items():
        if name in ALL_TABLES:
            for column in ALL_TABLES[name].needed:
                if column != "kind" or "exam_name" not in block:
                    block["columns"].setdefault(column, {"constant": "completed"})
    return mapping


@pytest.mark.parametrize("example", EXAMPLES, ids=[e.title for e in EXAMPLES])
def test_an_example_becomes_what_the_page_says(example: Example, tmp_path: Path) -> None:
    for language, words, body in example.files:
        write(tmp_path, language, words, body)
    file = tmp_path / "mapping.yaml"
    file.write_text(yaml.safe_dump(completed(example.mapping), allow_unicode=True), "utf-8")
    loaded = load_mapping(file)
    con = connect()
    for table, text in example.becomes.items():
        read_mapped(con, ALL_TABLES[table], loaded, tmp_path)
        header, *rows = list(csv.reader(io.StringIO(text)))
        names = ", ".join(f'"{name}"' for name in header)
        made = con.execute(f"SELECT {names} FROM raw_{table} ORDER BY _row").fetchall()
        assert [[value or "" for value in row] for row in made] == rows
        torn = con.execute(f"SELECT _row, why FROM torn_{table} ORDER BY _row").fetchall()
        assert "".join(f"row {row}: {why}\n" for row, why in torn) == example.rejects


def test_the_whole_one_can_be_audited(tmp_path: Path) -> None:
    whole = EXAMPLES[0]
    for language, words, body in whole.files:
        write(tmp_path, language, words, body)
    (tmp_path / "mapping.yaml").write_text(yaml.safe_dump(whole.mapping), "utf-8")
    records = read_folder(tmp_path, SITE)
    assert records.tables["cases"].where(2) == "or_cases.csv, row 2"


KEYS = {
    name
    for model in (TableMapping, Join, RowsThat, Source)
    for name, info in ((i.alias or n, i) for n, i in model.model_fields.items())
}


@pytest.mark.parametrize("key", sorted(KEYS))
def test_a_key_is_explained_and_has_an_example(key: str) -> None:
    assert f"`{key}`" in PAGE or re.search(rf"^###.*\b{key}\b", PAGE, re.MULTILINE)
    if key not in ("table", "query", "outside_dates"):
        assert any(re.search(rf"\b{key}:", body) for _, _, body in FENCE.findall(PAGE))
