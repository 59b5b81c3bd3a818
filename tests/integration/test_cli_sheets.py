"""`sheets`: a folder of case sheets, whole or not at all, the same every time."""

from __future__ import annotations

import io
import json
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from qi_checker.audit.folder import page_name
from tests.helpers.commands import (
    AS_OF,
    Ran,
    contents,
    csv_rows,
    full_disk,
    on_terminal,
    run,
    start,
)
from tests.helpers.forked import PATIENCE
from tests.helpers.pages import read_page
from tests.helpers.pdf import needs_pango
from tests.helpers.records import case, scan
from tests.integration.conftest import WriteFolder
from tests.integration.test_audit_hostile_text import FORMULAS, MARKUP, NASTY, PATHS

# Where the number of processes is not the subject: each takes 0.7 s to load WeasyPrint.
ALONE = ("--jobs", 1)
INTERRUPTED = "qi-checker: interrupted. A folder of results is never left half written.\n"


def sheets(data: Path, out: Path, *more: object, **options: Any) -> Ran:
    return run("sheets", "--data", data, "--as-of", AS_OF, "--out", out, *more, **options)


def left(folder: Path) -> list[str]:
    return [p.name for p in folder.iterdir() if p.name.startswith(".")]


@pytest.fixture
def data(folder: WriteFolder) -> Path:
    return folder()


@needs_pango
def test_a_page_and_a_pdf_for_each_case_and_a_list_of_them(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "sheets"
    ran = sheets(data, out, "--all", *ALONE)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        f"3 case sheets: every case of the records; 1 needs action.\nList: {out / 'index.html'}\n"
    )
    names = {f"cases/{c}.{e}" for c in ("C1", "C2", "C3") for e in ("html", "pdf")}
    assert contents(out).keys() == names | {"index.html", "manifest.json"}
    index = read_page((out / "index.html").read_text("utf-8"))
    assert {a.attributes["href"] for a in index.all("a")} == names
    assert [r.all("th")[0].words[:2] for r in index.all("tr")[1:]] == ["C3", "C1", "C2"]
    for name in ("C1", "C2", "C3"):
        pdf = PdfReader(io.BytesIO((out / f"cases/{name}.pdf").read_bytes()))
        assert len(pdf.pages) == 1
        said = pdf.pages[0].extract_text()
        assert f"Case {name}" in said and f"P{name[1]}" not in said
        assert f"P{name[1]}" not in (out / f"cases/{name}.html").read_text("utf-8")


@needs_pango
def test_the_same_bytes_again_in_however_many_processes(data: Path, tmp_path: Path) -> None:
    for jobs in (1, 2):
        assert sheets(data, tmp_path / f"{jobs}", "--all", "--jobs", jobs).code == 0
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    assert left(tmp_path) == []


@needs_pango
def test_the_pdf_is_that_of_check(data: Path, tmp_path: Path) -> None:
    assert sheets(data, tmp_path / "s", "--days", 30, "--format", "pdf", *ALONE).code == 0
    ran = run(
        "check",
        "C3",
        "--data",
        data,
        "--as-of",
        AS_OF,
        "--format",
        "pdf",
        "--output",
        tmp_path / "c3.pdf",
    )
    assert ran.code == 0
    assert (tmp_path / "s/cases/C3.pdf").read_bytes() == (tmp_path / "c3.pdf").read_bytes()
    assert {p.name for p in (tmp_path / "s/cases").iterdir()} == {"C3.pdf"}


def test_the_days_are_those_of_the_checklist(demo: Path, tmp_path: Path) -> None:
    ran = sheets(demo, tmp_path / "s", "--days", 21, "--format", "html")
    listed = run("checklist", "--data", demo, "--as-of", AS_OF, "--days", 21, "--format", "json")
    ids = [item["case_id"] for item in json.loads(listed.out)["items"]]
    assert ran.out.startswith(f"{len(ids)} case sheets: operations until Mon 23 Mar 2026 (21 days)")
    assert {p.stem for p in (tmp_path / "s/cases").iterdir()} == set(ids)
    index = read_page((tmp_path / "s/index.html").read_text("utf-8"))
    assert [r.all("th")[0].words.split()[0] for r in index.all("tr")[1:]] == ids


def test_days_without_a_case_say_so(data: Path, tmp_path: Path) -> None:
    ran = sheets(data, tmp_path / "s", "--days", 0)
    assert ran.code == 0
    assert "There is no case to write a sheet for: operations until Mon 2 Mar 2026" in ran.out
    assert "no case to write" in (tmp_path / "s/index.html").read_text("utf-8")


@pytest.mark.parametrize(
    "text", ["C3\n\n C1 \nC3\n", "\ufeffcase_id,verdict\r\nC3,x\r\nC1,y\r\n", "C1\rC3"]
)
def test_cases_are_read_from_a_list_or_a_column(data: Path, tmp_path: Path, text: str) -> None:
    file = tmp_path / "cases.txt"
    file.write_bytes(text.encode())
    assert sheets(data, tmp_path / "s", "--cases", file, "--format", "html").code == 0
    assert {p.stem for p in (tmp_path / "s/cases").iterdir()} == {"C1", "C3"}


def test_the_cases_of_an_audit_are_read_as_they_are(
    audited: Path, demo: Path, tmp_path: Path
) -> None:
    ran = sheets(demo, tmp_path / "s", "--cases", audited / "cases.csv", "--format", "html")
    assert ran.out.startswith(f"{len(csv_rows(audited / 'cases.csv'))} case sheets")


def test_every_unknown_case_is_named_at_once_and_nothing_is_written(
    folder: WriteFolder, tmp_path: Path
) -> None:
    data = folder([case("C1"), case("C2", "yesterday")])
    file = tmp_path / "cases.txt"
    file.write_text("X1\nC1\nX2\nC2\n")
    ran = sheets(data, tmp_path / "s", "--cases", file)
    assert ran.code == 2
    lines = ran.err.splitlines()
    assert [("no case X1" in lines[0]), ("no case X2" in lines[1])] == [True, True]
    assert "row 3, column surgery_at: the case was rejected" in lines[2] and len(lines) == 3
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: no such file"),
        (b"\xff\xfe\x00", "is not text in UTF-8"),
        (b"\n \n", "holds no case id"),
        (b"case_id\n", "holds no case id"),
    ],
)
def test_a_file_without_cases_is_told(
    data: Path, tmp_path: Path, content: bytes | None, words: str
) -> None:
    file = tmp_path / "cases.txt"
    if content is not None:
        file.write_bytes(content)
    ran = sheets(data, tmp_path / "s", "--cases", file)
    assert ran.code == 2 and words in ran.err and ran.err.startswith(f"qi-checker: {file}: ")


@pytest.mark.parametrize(
    "wrong", [("--days", -1), ("--days", 4000), ("--all", "--jobs", 0), ("--all", "--jobs", 9999)]
)
def test_numbers_that_are_not_possible_are_refused(
    data: Path, tmp_path: Path, wrong: tuple[object, ...]
) -> None:
    ran = sheets(data, tmp_path / "s", *wrong)
    assert ran.code == 2 and f"{wrong[-2]}: {wrong[-1]} is not possible" in ran.err


def test_which_cases_has_to_be_said(data: Path, tmp_path: Path) -> None:
    ran = sheets(data, tmp_path / "s")
    assert ran.code == 2 and "one of the arguments --days --cases --all is required" in ran.err


def test_a_folder_of_something_else_is_refused(data: Path, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s/thesis.txt").write_text("mine")
    ran = sheets(data, tmp_path / "s", "--all")
    assert ran.code == 2 and "holds thesis.txt" in ran.err
    assert contents(tmp_path / "s").keys() == {"thesis.txt"}


@needs_pango
@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        ((*FORMULAS, *MARKUP, *PATHS, *NASTY), ("html",)),
        (PATHS, ("html", "pdf")),  # a PDF takes a moment
    ],
    ids=["pages", "pages and PDF"],
)
def test_hostile_ids_stay_in_the_folder_and_every_link_leads_to_its_file(
    folder: WriteFolder, tmp_path: Path, texts: Sequence[str], formats: Sequence[str]
) -> None:
    ids = list(dict.fromkeys(t.strip(" \t\r\n\xa0") for t in texts if "\x00" not in t))
    data = folder(
        [case(i, "2026-03-20", patient_id=i, status="scheduled") for i in ids],
        [scan("2026-03-01", i, patient_id=i, description=i) for i in ids],
    )
    out = tmp_path / "here" / "s"
    ran = sheets(data, out, "--all", *(ALONE if "pdf" in formats else ("--format", "html")))
    assert (ran.code, ran.err) == (0, "")
    assert [p.name for p in out.parent.iterdir()] == ["s"]
    files = {p.name for p in (out / "cases").iterdir()}
    assert files == {page_name(i, e) for i in ids for e in formats}
    assert len({name.lower() for name in files}) == len(formats) * len(ids)
    links = [a.attributes["href"] for a in read_page((out / "index.html").read_text()).all("a")]
    assert sorted(links) == sorted(f"cases/{name}" for name in files)


@needs_pango
@pytest.mark.parametrize("size", [3_000, 25_000])
def test_a_full_disk_is_told_once_and_the_old_folder_stays(
    data: Path, tmp_path: Path, size: int
) -> None:
    """The smaller one stops the page, the larger one the PDF, in its own process."""
    out = tmp_path / "s"
    assert sheets(data, out, "--days", 30, *ALONE).code == 0
    before = contents(out)
    ran = sheets(data, out, "--all", before=full_disk(size))
    assert ran.code == 2
    assert ran.err == (
        f"qi-checker: {out}: cannot be written: file too large. The folder is unchanged. "
        "Free space or ask for permission, and run it again.\n"
    )
    assert contents(out) == before and left(tmp_path) == []


def _alive(session: int) -> list[str]:
    """Processes of a session that are not over yet."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, owner, *_ = stat.read_text().rpartition(") ")[2].split()
        except (OSError, ValueError):
            continue
        if int(owner) == session and state not in "ZX":
            found.append(stat.parent.name)
    return found


def _all_end(session: int) -> None:
    """Wait until no process of a session is left; a helper of Python's ends a moment later."""
    until = time.monotonic() + PATIENCE
    while _alive(session):
        assert time.monotonic() < until
        time.sleep(0.05)


def _begun(demo: Path, out: Path) -> Any:
    """The sheets of all cases, as soon as the first PDF is written; with its session."""
    arguments = ("sheets", "--data", demo, "--as-of", AS_OF, "--out", out, "--all")
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    process = start(*arguments, code=code, start_new_session=True)
    until = time.monotonic() + PATIENCE
    while not list(out.parent.glob(f".{out.name}.new-*/cases/*.pdf")):
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.02)
    return process


@needs_pango
def test_ctrl_c_ends_every_process_and_leaves_nothing(demo: Path, tmp_path: Path) -> None:
    """A terminal sends it to all of them at once."""
    process = _begun(demo, tmp_path / "s")
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err.decode()) == (130, b"", INTERRUPTED)
    assert list(tmp_path.iterdir()) == []
    _all_end(process.pid)


@needs_pango
def test_killed_it_leaves_no_process_and_the_next_run_tidies_up(
    demo: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "here" / "s"
    out.parent.mkdir()
    process = _begun(demo, out)
    process.kill()
    process.communicate(timeout=PATIENCE)
    _all_end(process.pid)
    assert not out.exists() and left(out.parent)
    assert sheets(data, out, "--all", "--format", "html").code == 0
    assert left(out.parent) == []


@needs_pango
def test_a_process_that_the_system_ends_is_told(data: Path, tmp_path: Path) -> None:
    code = "import os, qi_checker.render.pdf_workers as w\nw._begin = os.abort"
    ran = sheets(data, tmp_path / "s", "--all", code=code)
    assert ran.code == 2
    assert "--jobs: the system ended a process that writes PDF" in ran.err
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


@needs_pango
def test_progress_is_shown_on_a_terminal_only(data: Path, tmp_path: Path) -> None:
    arguments = ("--data", data, "--as-of", AS_OF, *ALONE, "--all", "--out")
    assert "writing case sheets" in on_terminal("sheets", *arguments, tmp_path / "shown")
    ran = run("sheets", *arguments, tmp_path / "not")
    assert (ran.code, ran.err) == (0, "")
