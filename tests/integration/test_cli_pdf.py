"""`check` and `checklist` as PDF: to a file, to a pipe, never to a terminal."""

from __future__ import annotations

import io
import json
import os
import pty
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.helpers.commands import AS_OF, Ran, environment, full_disk, run, start
from tests.helpers.pdf import needs_pango
from tests.integration.conftest import WriteFolder

COMMANDS = {"check": ("check", "C3"), "checklist": ("checklist",)}
WITHOUT = "import sys; sys.modules['weasyprint'] = None"


@pytest.fixture
def data(folder: WriteFolder) -> Path:
    return folder(site="timezone: America/Toronto\norganisation: General Hospital\n")


def asked(name: str, data: Path, *more: object, **options: object) -> Ran:
    return run(*COMMANDS[name], "--data", data, "--as-of", AS_OF, *more, **options)


def words(file: Path) -> str:
    pages = PdfReader(io.BytesIO(file.read_bytes())).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@needs_pango
@pytest.mark.parametrize("name", COMMANDS)
def test_a_file_is_written_and_named_and_the_same_is_piped(
    data: Path, tmp_path: Path, name: str
) -> None:
    out = tmp_path / "sheet.pdf"
    ran = asked(name, data, "--format", "pdf", "--output", out)
    assert (ran.code, ran.out, ran.err) == (0, f"{out}\n", "")
    said = words(out)
    assert "General Hospital, as of Mon 2 Mar 2026" in said and "C3" in said
    assert "Page 1 of 1" in said and "P3" not in said
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    arguments = (*COMMANDS[name], "--data", data, "--as-of", AS_OF, "--format", "pdf")
    with start(*arguments) as process:
        piped, err = process.communicate(timeout=120)
    assert (process.returncode, err, piped) == (0, b"", out.read_bytes())


@needs_pango
def test_the_patient_is_on_paper_only_where_asked_for_and_the_paper_is_as_asked(
    data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "sheet.pdf"
    more = ("--format", "pdf", "--output", out, "--paper", "letter", "--identified")
    assert asked("check", data, *more).code == 0
    assert "Patient P3" in words(out)
    assert PdfReader(out).pages[0].mediabox[2:] == [612, 792]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_terminal_gets_no_pdf_but_what_to_do(data: Path, name: str) -> None:
    master, slave = pty.openpty()
    ran = asked(name, data, "--format", "pdf", stdout=slave)
    os.close(slave)
    os.close(master)
    assert (ran.code, ran.err) == (
        2,
        "qi-checker: --format pdf: a terminal cannot show it. Name a file with --output.\n",
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_without_weasyprint_it_says_how_to_get_it(data: Path, tmp_path: Path, name: str) -> None:
    out = tmp_path / "sheet.pdf"
    ran = asked(name, data, "--format", "pdf", "--output", out, code=WITHOUT)
    assert ran.code == 2 and 'python -m pip install "qi-checker[pdf]"' in ran.err
    assert not out.exists()


@pytest.mark.parametrize("form", ["text", "json", "html"])
@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_printed_can_be_written(data: Path, tmp_path: Path, name: str, form: str) -> None:
    out = tmp_path / "out"
    assert asked(name, data, "--format", form, "--output", out).out == f"{out}\n"
    written = out.read_text("utf-8")
    if form == "text":
        assert "C3" in written and "\x1b" not in written
        return
    assert written == asked(name, data, "--format", form).out
    if form == "json":
        assert json.loads(written)["provenance"]["organisation"] == "General Hospital"


@pytest.mark.parametrize("place", ["missing/out.html", "folder"])
def test_a_file_that_cannot_be_written_is_told(data: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    ran = asked("check", data, "--format", "html", "--output", tmp_path / place)
    assert ran.code == 2 and ran.err.count("\n") == 1
    assert ran.err.startswith(f"qi-checker: {tmp_path / place}: cannot be written: ")


def test_a_full_disk_leaves_the_file_as_it_was(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.html"
    out.write_text("before")
    ran = asked("check", data, "--format", "html", "--output", out, before=full_disk(900))
    assert ran.code == 2 and "cannot be written: file too large" in ran.err
    assert out.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_pipe_that_has_a_name_is_written_to(data: Path) -> None:
    ran = asked("check", data, "--format", "json", "--output", "/dev/stderr", env=environment())
    assert ran.code == 0 and json.loads(ran.err)["case_id"] == "C3"
