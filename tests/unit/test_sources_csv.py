"""Good CSV files: what is read is what stands there, fast or carefully, whatever the dialect."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path
from typing import Any, Literal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qi_checker.errors import UserError
from qi_checker.protocol.records import CASES, RawTable
from qi_checker.protocol.site import Site
from qi_checker.sources import csv_file
from qi_checker.sources.csv_file import read_csv
from qi_checker.sources.csv_text import csv_rows
from qi_checker.sources.files import read_folder
from tests.helpers.folders import CASE_1, CASE_2, SITE, csv_text, rows_read, write_csv
from tests.helpers.folders import CASES as HEADER

GOOD = csv_text(HEADER, CASE_1, CASE_2, CASE_1, CASE_2).encode()
NEEDED = ("case_id", "patient_id", "surgery_at", "status")
cells = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
tables = st.lists(st.lists(cells, min_size=4, max_size=4), max_size=6)


def read(path: Path, site: Site = SITE) -> tuple[RawTable, list[tuple[Any, ...]]]:
    """The table, and its needed columns with row numbers."""
    con = duckdb.connect()
    raw = read_csv(con, CASES, path, site).raw
    columns = ", ".join(NEEDED)
    rows = con.execute(f"SELECT {columns}, _row FROM raw_cases ORDER BY _row").fetchall()
    assert con.execute("SELECT count(*) FROM torn_cases").fetchall() == [(0,)]
    return raw, rows


def written(
    rows: list[list[str]], delimiter: str = ",", end: str = "\n", quotes: Literal[0, 1] = 1
) -> str:
    """As the csv module writes it; 1 is QUOTE_ALL, 0 QUOTE_MINIMAL."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quotes)
    writer.writerows([NEEDED, *rows])
    return out.getvalue()


@given(
    rows=tables,
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
    quotes=st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
)
def test_whatever_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    delimiter: str,
    end: str,
    quotes: Literal[0, 1],
) -> None:
    if quotes == csv.QUOTE_MINIMAL:  # which leaves a lone CR unquoted, though it ends a line
        rows = [[cell.replace("\r", "") for cell in row] for row in rows]
    path = tmp_path_factory.mktemp("csv") / "cases.csv"
    path.write_bytes(written(rows, delimiter, end, quotes).encode())
    _, found = read(path)
    wanted = [(*(cell or None for cell in row), at) for at, row in enumerate(rows, start=2)]
    assert [(*(cell or None for cell in row[:-1]), row[-1]) for row in found] == wanted


@given(rows=tables, end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_careful_reading_agrees_with_the_csv_module(rows: list[list[str]], end: str) -> None:
    found = [row.cells for row in csv_rows(written(rows, end=end), ",", len(NEEDED))]
    assert found == [list(NEEDED), *rows]


PLAIN = {
    "comma": csv_text(HEADER, CASE_1, CASE_2),
    "windows line ends": csv_text(HEADER, CASE_1, CASE_2, end="\r\n"),
    "old mac line ends": csv_text(HEADER, CASE_1, CASE_2, end="\r"),
    "semicolon": csv_text(HEADER, CASE_1, CASE_2, delimiter=";"),
    "tab": csv_text(HEADER, CASE_1, CASE_2, delimiter="\t"),
    "bar": csv_text(HEADER, CASE_1, CASE_2, delimiter="|"),
    "byte order mark": "\ufeff" + csv_text(HEADER, CASE_1, CASE_2),
    "byte order mark and quotes": "\ufeff" + written([list(CASE_1[:4]), list(CASE_2[:4])]),
    "no line end at the end": csv_text(HEADER, CASE_1, CASE_2).rstrip(),
    "blank lines at the end": csv_text(HEADER, CASE_1, CASE_2) + "\n\n\n",
    "blanks around quotes": csv_text(HEADER, CASE_1, CASE_2).replace("P1", ' "P1" '),
}


@pytest.mark.parametrize("name", PLAIN)
def test_dialects_are_read_fast(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cases.csv"
    path.write_bytes(PLAIN[name].encode())
    with monkeypatch.context() as only_fast:
        only_fast.delattr(csv_file, "careful_rows")
        fast, rows = read(path)
    assert rows == [(*CASE_1[:4], 2), (*CASE_2[:4], 3)]
    assert fast.sha256 == hashlib.sha256(PLAIN[name].encode()).hexdigest()
    monkeypatch.setattr(csv_file, "_read_fast", lambda *_: False)
    assert read(path) == (fast, rows)


def test_leading_zeros_and_words_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(csv_text(NEEDED, ("007", "null", "NA", "1e5"), ("1.0", "true", "#", "-")))
    assert read(path)[1] == [("007", "null", "NA", "1e5", 2), ("1.0", "true", "#", "-", 3)]


@pytest.mark.parametrize("blank_line", ["", "\n"], ids=["fast", "carefully"])
def test_what_databases_write_for_no_value_is_none(blank_line: str, tmp_path: Path) -> None:
    """Two patients called NULL would be one patient."""
    path = tmp_path / "cases.csv"
    rows = csv_text(NEEDED, ("C1", "NULL", "\\N", "x")) + blank_line
    path.write_text(rows + csv_text(("C2", "P2", "", "NULL")))
    second = 3 + len(blank_line)
    assert read(path)[1] == [("C1", None, None, "x", 2), ("C2", "P2", None, None, second)]


def test_other_columns_are_kept_and_missing_ones_are_null(tmp_path: Path) -> None:
    header = (*NEEDED, 'Ward "A"', "_ROW")
    cases = csv_text(
        ("case_id", "patient_id", "surgery_at", "status", '"Ward ""A"""', "_ROW"),
        ("C1", "P1", "2026-05-31", "performed", "3 East", "99"),
    )
    records = read_folder(write_csv(tmp_path, cases=cases.encode()), SITE)
    row = records.con.execute('SELECT "Ward ""A""", urgency, _row FROM raw_cases').fetchall()
    assert row == [("3 East", None, 2)]
    assert records.tables["cases"].columns == header[:-1]
    assert records.notes == ["cases.csv: column _row left out: the name is already used"]


def test_columns_and_values_of_a_local_export(tmp_path: Path) -> None:
    site = Site(
        timezone="UTC",
        columns={"cases": {"case_id": "OR_CASE_ID", "surgery_at": " surgery_date"}},
        values={
            "cases.status": {"Completed ": "performed", "": "scheduled"},
            "cases.procedures": {"O'Neill": "CCI:1.OA.87.LA", "L2": "CCI:2"},
        },
    )
    path = tmp_path / "cases.csv"
    path.write_text(
        "OR_CASE_ID,patient_id,SURGERY_DATE,surgery_at,status,procedures\n"
        "1,P1,2026-05-31,1999-01-01,completed,o'neill;X:1; l2\n"
        "2,P2,2026-05-31,1999-01-01,,\n"
    )
    con = duckdb.connect()
    delivered = read_csv(con, CASES, path, site)
    query = f"SELECT {', '.join(NEEDED)}, procedures FROM raw_cases ORDER BY _row"
    assert con.execute(query).fetchall() == [
        ("1", "P1", "2026-05-31", "performed", "CCI:1.OA.87.LA;X:1;CCI:2"),
        ("2", "P2", "2026-05-31", "scheduled", None),
    ]
    assert delivered.notes == ["column surgery_at left out: the name is already used"]


def test_names_of_folders_are_no_patterns(tmp_path: Path) -> None:
    folder = tmp_path / "a*b [1] it's ? year=2026"
    folder.mkdir()
    records = read_folder(write_csv(folder), SITE)
    assert rows_read(records, "cases") == rows_read(records, "events") == 2
    assert records.con.execute("SELECT * FROM raw_exceptions").fetchall() == []
    assert records.tables["exceptions"].absent


def test_one_connection_reads_again_and_again(tmp_path: Path) -> None:
    con = duckdb.connect()
    torn = csv_text(HEADER, CASE_1, CASE_2[:2]).encode()
    for cases, read_rows in ((None, 2), (torn, 2), (csv_text(HEADER).encode(), 0)):
        records = read_folder(write_csv(tmp_path, cases=cases), SITE, con)
        assert rows_read(records, "cases") == read_rows


@given(data=st.binary(max_size=200), at=st.integers(0, 200))
def test_no_bytes_break_it(tmp_path_factory: pytest.TempPathFactory, data: bytes, at: int) -> None:
    """Any damage gives rows or a message, and the message shows no patient's data."""
    folder = write_csv(tmp_path_factory.mktemp("damaged"), cases=GOOD[:at] + data + GOOD[at:])
    message = ""
    try:
        read_folder(folder, SITE)
    except UserError as error:
        message = str(error)
    assert "C78" not in message


@given(damage=st.text(' ",;x\t\n\r\0', max_size=12), at=st.integers(len(GOOD) // 3, len(GOOD)))
def test_damage_is_read_the_same_way_fast_and_carefully(
    tmp_path_factory: pytest.TempPathFactory, damage: str, at: int
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "cases.csv"
    path.write_bytes(GOOD[:at] + damage.encode() + GOOD[at:])
    found = []
    for fast in (True, False):
        con = duckdb.connect()
        with pytest.MonkeyPatch.context() as patch:
            if not fast:
                patch.setattr(csv_file, "_read_fast", lambda *_: False)
            read_csv(con, CASES, path, SITE)
        whole = con.execute("SELECT * FROM raw_cases ORDER BY _row").fetchall()
        torn = con.execute("SELECT * FROM torn_cases ORDER BY _row").fetchall()
        found.append(([tuple(cell or None for cell in row) for row in whole], torn))
    assert found[0] == found[1]
