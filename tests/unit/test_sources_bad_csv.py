"""CSV files whose bytes are wrong: made here, since such files do not survive in a repository."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from qi_checker.errors import UserError
from qi_checker.sources.csv_file import LONGEST_CELL
from qi_checker.sources.files import read_folder
from tests.helpers.folders import (
    CASE_1,
    CASE_2,
    CASES,
    EVENT_1,
    EVENT_2,
    EVENTS,
    SITE,
    account,
    csv_text,
    write_csv,
)

GOOD = csv_text(CASES, CASE_1, CASE_2)
OPEN_QUOTE = "a quote that does not close, or text after a closing quote"


def refused(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_folder(folder, SITE)
    return str(caught.value)


REFUSED = {
    "utf-16": (GOOD.encode("utf-16"), "cases.csv: the text is UTF-16, not UTF-8"),
    "utf-16-without-bom": (GOOD.encode("utf-16-le"), "cases.csv: the text is UTF-16, not UTF-8"),
    "windows-1252": (
        GOOD.replace("0FB00ZZ", "Müller").encode("cp1252"),
        "cases.csv: line 2 holds a byte that is not UTF-8 text (byte ",
    ),
    "windows-1252-mac-line-ends": (
        GOOD.replace("P2", "Zoë").replace("\n", "\r").encode("cp1252"),
        "cases.csv: line 3 holds a byte that is not UTF-8 text (byte ",
    ),
    "cut-off-in-a-character": (
        GOOD.encode() + "C3,Zoë".encode()[:-1],
        "cases.csv: the file ends in the middle of a character, in line 4",
    ),
    "workbook-named-csv": (b"PK\x03\x04rest", "this is an Excel workbook or another zip archive"),
    "old-workbook-named-csv": (b"\xd0\xcf\x11\xe0rest", "this is an old or password-protected"),
    "parquet-named-csv": (b"PAR1rest", "this is a Parquet file, not CSV text"),
    "gzip-named-csv": (b"\x1f\x8brest", "this is a gzip archive, not CSV text"),
    "pdf-named-csv": (b"%PDF-1.7", "this is a PDF, not CSV text"),
    "only-a-byte-order-mark": (codecs.BOM_UTF8, "cases.csv: the file is empty"),
    "filled-with-zeros": (b"\0" * 4096, "cases.csv: the file is empty"),
    "nul-in-header": (GOOD.replace("status", "st\0atus").encode(), "it holds a NUL byte"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    content, message = REFUSED[name]
    refusal = refused(write_csv(tmp_path, cases=content))
    assert message in refusal
    assert "Müller" not in refusal and "Zo" not in refusal.replace(str(tmp_path), "")


def test_not_utf8_says_how_to_save(tmp_path: Path) -> None:
    refusal = refused(write_csv(tmp_path, cases=GOOD.replace("P1", "Zoë").encode("cp1252")))
    assert "CSV UTF-8 (Comma delimited)" in refusal and "iconv -f CP1252 -t UTF-8" in refusal


def test_every_file_is_named_at_once(tmp_path: Path) -> None:
    refusal = refused(write_csv(tmp_path, cases=GOOD.encode("utf-16"), events=b"PAR1"))
    assert "cases.csv: the text is UTF-16" in refusal and "events.csv: this is a Parquet" in refusal


long_cell = "x" * 1_000_000
TORN = {
    "million-characters": (
        csv_text(CASES, CASE_1, (*CASE_2[:-1], long_cell)),
        [
            "cases",
            3,
            "",
            "C2",
            f"a cell of 1,000,000 characters; at most {LONGEST_CELL:,} are read",
        ],
    ),
    "million-characters-in-quotes": (
        csv_text(CASES, CASE_1, (*CASE_2[:-1], '"' + long_cell[:500_000] * 2 + '"')),
        [
            "cases",
            3,
            "",
            "C2",
            f"a cell of 1,000,000 characters; at most {LONGEST_CELL:,} are read",
        ],
    ),
    "million-lines-in-a-cell": (
        csv_text(CASES, CASE_1, (*CASE_2[:-1], '"' + "\n" * 1_000_000 + '"')),
        [
            "cases",
            3,
            "",
            "C2",
            f"a cell of 1,000,000 characters; at most {LONGEST_CELL:,} are read",
        ],
    ),
    "million-characters-as-id": (
        csv_text(CASES, CASE_1, (long_cell, *CASE_2[1:])),
        [
            "cases",
            3,
            "",
            None,
            f"a cell of 1,000,000 characters; at most {LONGEST_CELL:,} are read",
        ],
    ),
    "nul-in-a-cell": (
        csv_text(CASES, CASE_1, (*CASE_2[:-1], "ICD-10-CM:\0C78.7")),
        ["cases", 3, "", "C2", "a NUL byte"],
    ),
    "zeros-at-the-end": (
        csv_text(CASES, CASE_1) + "\0" * 10_000,
        ["cases", 3, "", None, "1 cell where the header has 6"],
    ),
    "mixed-line-ends": (
        csv_text(CASES, CASE_1, end="\r\n") + csv_text(CASE_2[:3], end="\r"),
        ["cases", 3, "", "C2", "3 cells where the header has 6"],
    ),
    "byte-order-mark-and-torn-row": (
        "\ufeff" + csv_text(CASES, CASE_1, CASE_2[:3]),
        ["cases", 3, "", "C2", "3 cells where the header has 6"],
    ),
}


@pytest.mark.parametrize("name", TORN)
def test_one_row_is_torn(name: str, tmp_path: Path) -> None:
    content, reject = TORN[name]
    rejects, rows = account(read_folder(write_csv(tmp_path, cases=content.encode()), SITE))
    assert rejects == [reject]
    assert rows["cases"] == (2, 1)


def test_a_long_cell_within_the_limit_is_read(tmp_path: Path) -> None:
    events = csv_text(EVENTS, EVENT_1, (*EVENT_2[:-1], "x" * LONGEST_CELL))
    rejects, rows = account(read_folder(write_csv(tmp_path, events=events.encode()), SITE))
    assert rejects == []
    assert rows["events"] == (2, 2)


def test_many_open_quotes_take_no_longer_than_their_rows(tmp_path: Path) -> None:
    broken = "".join(f'E{n},P1,imaging,completed,2026-05-20,"CT,liver,,\n' for n in range(20_000))
    events = csv_text(EVENTS) + broken
    rejects, rows = account(read_folder(write_csv(tmp_path, events=events.encode()), SITE))
    assert rows["events"] == (20_000, 0)
    assert {reject[-1] for reject in rejects} == {OPEN_QUOTE}


@contextmanager
def nobody() -> Iterator[None]:
    """Nothing is forbidden to root, so root is somebody else for a moment."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_file_without_permission() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        write_csv(folder)
        (folder / "cases.csv").chmod(0)
        with nobody():
            assert "cases.csv: the file cannot be read: permission denied" in refused(folder)


def test_permission_is_told_from_other_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(tmp_path)

    def forbidden(self: Path, *_: object) -> None:
        raise (
            PermissionError(13, "Permission denied")
            if self.name == "cases.csv"
            else OSError(5, "I/O")
        )

    monkeypatch.setattr(Path, "open", forbidden)
    refusal = refused(tmp_path)
    assert "cases.csv: the file cannot be read: permission denied" in refusal
    assert "events.csv: the file cannot be read (I/O)" in refusal


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    write_csv(tmp_path)
    assert "this is a file. Give the folder that it is in" in refused(tmp_path / "cases.csv")


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    assert "there is no such folder" in refused(tmp_path / "none")


def test_directory_named_like_a_file(tmp_path: Path) -> None:
    write_csv(tmp_path)
    (tmp_path / "cases.csv").unlink()
    (tmp_path / "cases.csv").mkdir()
    assert "cases.csv: this is a folder, not a file" in refused(tmp_path)


def test_link_to_nothing(tmp_path: Path) -> None:
    write_csv(tmp_path)
    (tmp_path / "cases.csv").unlink()
    (tmp_path / "cases.csv").symlink_to(tmp_path / "gone.csv")
    assert "cases.csv: the link points to a file that does not exist" in refused(tmp_path)
