"""The same input gives the same bytes, whatever the order, the format and the number of threads."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from qi_checker.audit.folder import write_audit
from qi_checker.engines.duckdb import evaluate
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol, load_site
from qi_checker.protocol.paths import rules_dir
from qi_checker.sources.files import read_folder
from tests.helpers.commands import AS_OF, audit, contents, csv_rows, environment, write_rows
from tests.integration.conftest import repeated

TABLES = ("cases", "events", "exceptions")


def _document(out: Path) -> dict[str, Any]:
    return json.loads((out / "findings.json").read_bytes())


def _without_data(manifest: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in manifest.items() if key != "data"}


def _rows(demo: Path, name: str) -> list[dict[str, str]]:
    """The rows of a table, of several with one id only the first."""
    firsts: dict[str, dict[str, str]] = {}
    for row in csv_rows(demo / f"{name}.csv"):
        firsts.setdefault(row[f"{name.removesuffix('s')}_id"], row)
    return list(firsts.values())


def _folder(demo: Path, folder: Path) -> Path:
    folder.mkdir()
    shutil.copy(demo / "site.yaml", folder)
    return folder


def test_two_audits_are_equal_byte_for_byte(demo: Path, audited: Path, tmp_path: Path) -> None:
    assert audit(demo, tmp_path / "again").code == 0
    assert contents(tmp_path / "again") == contents(audited)


def test_an_audit_does_not_depend_on_the_machine(demo: Path, audited: Path, tmp_path: Path) -> None:
    other = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7", "COLUMNS": "40"}
    ran = audit(demo, tmp_path / "again", env=environment(**other), cwd=tmp_path)
    assert ran.code == 0
    assert contents(tmp_path / "again") == contents(audited)


def _audited_rows(
    demo: Path, place: Path, shuffle: Callable[[list[Any]], object]
) -> dict[str, Any]:
    """The audit of the rows of the demonstration in another order."""
    data = _folder(demo, place / "data")
    for table in TABLES:
        rows = _rows(demo, table)
        shuffle(rows)
        write_rows(data / f"{table}.csv", tuple(rows[0]), rows)
    assert audit(data, place / "audit", "--pages", 0).code == 0
    return _document(place / "audit")


@pytest.fixture(scope="module")
def ordered(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return _audited_rows(demo, tmp_path_factory.mktemp("ordered"), lambda rows: None)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_rows_changes_no_finding(
    demo: Path, ordered: dict[str, Any], tmp_path: Path, seed: int
) -> None:
    shuffled = _audited_rows(demo, tmp_path, random.Random(seed).shuffle)
    assert shuffled["findings"] == ordered["findings"]
    assert shuffled["cases"] == ordered["cases"]
    assert _without_data(shuffled["manifest"]) == _without_data(ordered["manifest"])


def _as_parquet(rows: list[dict[str, str]], path: Path) -> None:
    kind = pa.schema([(name, pa.string()) for name in rows[0]])
    given = [{k: v or None for k, v in row.items()} for row in rows]
    pq.write_table(pa.Table.from_pylist(given, kind), path.with_suffix(".parquet"))


def _as_workbook(rows: list[dict[str, str]], path: Path) -> None:
    options = {"strings_to_formulas": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(path.with_suffix(".xlsx"), options) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate([dict(zip(rows[0], rows[0], strict=True)), *rows]):
            for column, value in enumerate(row.values()):
                if value:
                    sheet.write_string(at, column, value)


@pytest.mark.parametrize("write", [_as_parquet, _as_workbook])
def test_the_format_of_the_data_changes_no_finding(
    demo: Path, audited: Path, tmp_path: Path, write: Any
) -> None:
    data = _folder(demo, tmp_path / "data")
    for table in TABLES:
        write(csv_rows(demo / f"{table}.csv"), data / table)
    assert audit(data, tmp_path / "audit", "--pages", 0).code == 0
    found, expected = _document(tmp_path / "audit"), _document(audited)
    assert found["findings"] == expected["findings"]
    assert found["cases"] == expected["cases"]
    counts = [
        [(f["table"], f["read"], f["used"], f["rejected"]) for f in d["manifest"]["data"]["files"]]
        for d in (found, expected)
    ]
    assert counts[0] == counts[1]
    rejects = [
        [(r["table"], r["row"], r["column"], r["reason"]) for r in csv_rows(out / "rejects.csv")]
        for out in (tmp_path / "audit", audited)
    ]
    assert rejects[0] == rejects[1]


def test_the_number_of_threads_changes_no_byte(demo: Path, tmp_path: Path) -> None:
    """Of 2,000 operations with 12,000 events: several of DuckDB's vectors of each."""
    data = tmp_path / "data"
    repeated(demo, data, 8)
    protocol = load_protocol(rules_dir() / "hepatic-metastasectomy-imaging")
    site = load_site(data / "site.yaml")
    written = []
    for threads in (1, 7):
        con = duckdb.connect()
        con.execute(f"SET threads = {threads}")
        evaluation = evaluate(protocol, read_folder(data, site, con), AsOf.parse(AS_OF), site)
        out = tmp_path / str(threads)
        write_audit(evaluation, out, pages=10)
        con.close()
        written.append(contents(out))
    assert written[0] == written[1]
