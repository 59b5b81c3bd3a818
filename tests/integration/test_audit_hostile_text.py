"""Text from other systems is only text: no formula, no markup, no command, no path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from qi_checker.protocol.records import CASES, EVENTS
from tests.helpers.commands import AS_OF, audit, csv_rows, run, write_rows
from tests.helpers.pages import read_page
from tests.helpers.records import SITE, case, mr_scan, scan
from tests.integration.conftest import WriteFolder

FORMULAS = [
    "=1+1",
    "+1",
    "-2",
    "@SUM(A1)",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x","y")',
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
]
MARKUP = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "&lt;b&gt;",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "</style><h1>",
    "javascript:alert(1)",
    "[bold]rich[/bold]",
    "\x1b[31mred",
]
PATHS = [
    "../../etc/passwd",
    "/etc/passwd",
    "..",
    ".",
    "C:\\x",
    "CON",
    "a/b",
    "x" * 300,
    "a\x00b",
    "%2e%2e",
    "ü",
    "a b",
    "#frag",
    "?query",
    "A",
    "a",
]
NASTY = ["'; DROP TABLE findings; --", "a;b", 'quo"te', "com,ma", "new\nline", "🩻", "\u202egpj"]


def _ids(texts: list[str]) -> list[str]:
    """Ids as the program reads them: blanks around them are not part of an id."""
    return [t.strip(" \t\r\n\xa0") for t in texts]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    texts = [t for t in (*FORMULAS, *MARKUP, *PATHS, *NASTY) if "\x00" not in t]
    ids = list(dict.fromkeys(_ids(texts)))
    cases = [
        case(i, "2026-03-20", patient_id=i, status="scheduled", surgeon=i, site=i) for i in ids
    ]
    events = [
        scan("2026-03-01", f"{i}", patient_id=i, description=i, codes=f"{i}:{i}") for i in ids
    ]
    data = tmp_path_factory.mktemp("hostile") / "data"
    data.mkdir()
    for table, rows in ((CASES, cases), (EVENTS, events)):
        write_rows(data / f"{table.name}.csv", table.names, rows)
    (data / "site.yaml").write_text(SITE, encoding="utf-8")
    return data, ids


@pytest.fixture(scope="module")
def out(hostile: tuple[Path, list[str]]) -> Path:
    """The audit of it, which no test changes."""
    out = hostile[0].parent / "out"
    ran = audit(hostile[0], out)
    assert (ran.code, ran.err) == (0, "")
    return out


def _document(out: Path) -> dict[str, Any]:
    return json.loads((out / "findings.json").read_bytes())


def test_json_and_parquet_hold_the_exact_text(out: Path, hostile: tuple[Path, list[str]]) -> None:
    document = _document(out)
    assert [c["case_id"] for c in document["cases"]] == sorted(hostile[1])
    parquet = pq.read_table(out / "findings.parquet").column("event_id").to_pylist()
    assert set(parquet) - {None} == set(hostile[1])


def test_no_cell_of_a_csv_file_is_a_formula(out: Path, hostile: tuple[Path, list[str]]) -> None:
    for name in ("findings", "cases", "rejects"):
        for row in csv_rows(out / f"{name}.csv"):
            for column, cell in row.items():
                if column not in ("days_before", "slack_days"):
                    assert cell[:1] not in tuple("=+-@\t\r\n＝＋－＠"), (name, column, cell)
    shown = [row["case_id"] for row in csv_rows(out / "cases.csv")]
    exact = [c["case_id"] for c in _document(out)["cases"]]
    assert [
        s.removeprefix("'") if s != e else s for s, e in zip(shown, exact, strict=True)
    ] == exact


def test_numbers_below_zero_stay_numbers(folder: WriteFolder, tmp_path: Path) -> None:
    data = folder(
        cases=[case("C1", "2026-02-10", patient_id="P1")],
        events=[mr_scan("2026-02-20", "E1", patient_id="P1")],
    )
    assert audit(data, tmp_path / "out").code == 0
    found = {f["requirement"]: f for f in csv_rows(tmp_path / "out" / "findings.csv")}
    assert found["mri"]["reason"] == "after_surgery"
    assert found["mri"]["days_before"] == "-10"


def test_pages_show_hostile_text_and_run_none_of_it(
    out: Path, hostile: tuple[Path, list[str]]
) -> None:
    pages = [out / "index.html", *(out / "cases").iterdir()]
    assert len(pages) == 1 + len(hostile[1])
    for path in pages:
        text = path.read_text(encoding="utf-8")
        page = read_page(text)
        assert page.all("script") == page.all("img") == []
        assert not any(
            name.startswith("on") or value.lstrip().lower().startswith("javascript:")
            for element in page.everything()
            for name, value in element.attributes.items()
        )
        assert "default-src 'none'" in text
    index = read_page((out / "index.html").read_text(encoding="utf-8"))
    assert "<script>alert(1)</script>" in index.words
    assert "{{ 7 * 7 }}" in index.words and "49" not in index.words.split()


def test_every_case_has_a_page_of_its_own_below_cases(out: Path) -> None:
    index = read_page((out / "index.html").read_text(encoding="utf-8"))
    links = [a.attributes["href"] for a in index.all("a")]
    pages = [link for link in links if not link.startswith("#")]
    ids = [c["case_id"] for c in _document(out)["cases"]]
    assert len(set(pages)) == len(ids)
    for page in pages:
        assert page.startswith("cases/") and page.count("/") == 1
        assert (out / page).is_file()
        assert len(Path(page).name) < 150
    assert sorted(p.name for p in out.parent.iterdir()) == ["data", "out"]


def test_pages_keep_apart_also_where_case_does_not_matter(out: Path) -> None:
    """Windows and macOS take A.html and a.html for one file, and know no CON.html."""
    names = [p.name.lower() for p in (out / "cases").iterdir()]
    assert len(names) == len(set(names))
    assert "con.html" not in names


def test_terminals_are_not_steered_by_the_data(hostile: tuple[Path, list[str]]) -> None:
    for arguments in (("checklist",), ("check", "red"), ("check", "--", "\x1b[31mred")):
        ran = run(arguments[0], "--data", hostile[0], "--as-of", AS_OF, *arguments[1:])
        assert "\x1b" not in ran.out and "\u202e" not in ran.out


def test_a_rejected_row_leaves_no_patient_data_anywhere_but_its_id(
    folder: WriteFolder, tmp_path: Path
) -> None:
    data = folder(
        cases=[case("C1", "P-SECRET-date", patient_id="P-SECRET-1", surgeon="P-SECRET-s")],
        events=[scan("P-SECRET-at", "E1", patient_id="P-SECRET-1", description="P-SECRET-d")],
    )
    ran = audit(data, tmp_path / "out")
    assert ran.code == 0 and "P-SECRET" not in ran.out
    assert "P-SECRET" not in (tmp_path / "out" / "rejects.csv").read_text()


BROKEN = {
    "a null byte": b"P-SECRET-1\x00,E1",
    "not UTF-8": b"P-SECRET-1,\xff\xfe,E1",
    "an open quote": b'"P-SECRET-1,E1',
    "a long line": b"P-SECRET-1," + b"x" * 100_000,
}


@pytest.mark.parametrize("line", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("table", ["cases", "events"])
def test_broken_input_puts_no_patient_into_messages(
    folder: WriteFolder, tmp_path: Path, table: str, line: bytes
) -> None:
    """`run` checks that no patient id is in what is printed as an error."""
    data = folder(cases=[case("C1", "2026-03-20", patient_id="P-SECRET-1", status="scheduled")])
    file = data / f"{table}.csv"
    file.write_bytes(file.read_bytes() + line + b"\n")
    ran = audit(data, tmp_path / "out")
    assert ran.code in (0, 2)
    assert "P-SECRET" not in ran.out
