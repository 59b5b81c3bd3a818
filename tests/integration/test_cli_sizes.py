"""No operation, one, only unusable ones, and ten thousand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.commands import AS_OF, audit, csv_rows, run
from tests.helpers.pages import read_page
from tests.helpers.records import case, mr_scan, scan
from tests.integration.conftest import WriteFolder


def test_headers_alone_give_an_audit_that_says_there_is_nothing(
    folder: WriteFolder, tmp_path: Path
) -> None:
    data, out = folder(cases=[], events=[]), tmp_path / "out"
    ran = audit(data, out)
    assert (ran.code, ran.err) == (0, "")
    assert "no eligible cases" in ran.out
    assert "%" not in ran.out.replace("95%", "")
    page = read_page((out / "index.html").read_text(encoding="utf-8"))
    assert "no eligible cases" in page.words
    document = json.loads((out / "findings.json").read_bytes())
    assert (document["findings"], document["cases"]) == ([], [])
    assert document["manifest"]["population"]["cases"] == 0
    for name in ("findings", "cases", "rejects"):
        assert csv_rows(out / f"{name}.csv") == []
    assert list((out / "cases").iterdir()) == []


def test_headers_alone_give_an_empty_checklist(folder: WriteFolder) -> None:
    data = folder(cases=[], events=[])
    for form in ("text", "json", "html"):
        ran = run("checklist", "--data", data, "--as-of", AS_OF, "--format", form)
        assert (ran.code, ran.err) == (0, "")
        assert "no operation" in ran.out.lower() or '"items": []' in ran.out


def test_a_case_among_none_is_told(folder: WriteFolder) -> None:
    ran = run("check", "C1", "--data", folder(cases=[], events=[]), "--as-of", AS_OF)
    assert ran.code == 2 and "there is no case C1 among 0 cases" in ran.err


def test_only_rejected_rows_still_give_an_audit(folder: WriteFolder, tmp_path: Path) -> None:
    data = folder(
        cases=[case("C1", "soon"), case("C2", "2026-02-30"), case("C3", ""), case("")],
        events=[scan("never", "E1"), scan(None, "E2", status="booked")],
    )
    out = tmp_path / "out"
    ran = audit(data, out)
    assert ran.code == 0 and "no eligible cases" in ran.out
    assert "cases.csv: 4 read = 0 used + 4 rejected" in ran.out
    assert "events.csv: 2 read = 0 used + 2 rejected" in ran.out
    rejects = [(r["file"], r["row"], r["column"]) for r in csv_rows(out / "rejects.csv")]
    assert rejects == [
        ("cases.csv", "2", "surgery_at"),
        ("cases.csv", "3", "surgery_at"),
        ("cases.csv", "4", "surgery_at"),
        ("cases.csv", "5", "case_id"),
        ("events.csv", "2", "at"),
        ("events.csv", "3", "at"),
    ]


def test_no_case_in_the_population_is_no_rate(folder: WriteFolder, tmp_path: Path) -> None:
    data = folder(cases=[case("C1", "2026-02-10", procedures="ICD-10-PCS:0DTJ4ZZ")])
    ran = audit(data, tmp_path / "out")
    assert ran.code == 0 and "no eligible cases" in ran.out


def test_one_case_is_a_rate_of_one(folder: WriteFolder, tmp_path: Path) -> None:
    data = folder(
        cases=[case("C1", "2026-02-10", patient_id="P1")],
        events=[
            scan("2026-02-01", "E1", patient_id="P1"),
            mr_scan("2026-02-01", "E2", patient_id="P1"),
        ],
    )
    ran = audit(data, tmp_path / "out")
    assert ran.code == 0 and ran.out.startswith("1 of 1 eligible operation had both in time")


@pytest.mark.parametrize("pages", ["0", "1", "2"])
def test_as_many_pages_are_written_as_asked_and_only_they_are_linked(
    folder: WriteFolder, tmp_path: Path, pages: str
) -> None:
    out = tmp_path / "out"
    assert audit(folder(), out, f"--pages={pages}").code == 0
    written = {f"cases/{p.name}" for p in (out / "cases").iterdir()}
    assert len(written) == int(pages)
    page = read_page((out / "index.html").read_text(encoding="utf-8"))
    links = {a.attributes["href"] for a in page.all("a")}
    assert {link for link in links if not link.startswith("#")} == written
    assert all(c["case_id"] in page.words for c in csv_rows(out / "cases.csv"))


@pytest.mark.parametrize("pages", ["-1", "-5"])
def test_fewer_pages_than_none_are_refused(folder: WriteFolder, tmp_path: Path, pages: str) -> None:
    ran = audit(folder(), tmp_path / "out", f"--pages={pages}")
    assert ran.code == 2 and not (tmp_path / "out").exists()
    assert ran.err == (
        f"qi-checker: --pages: {pages} is not possible."
        " Give the maximum number of case pages, 0 for none.\n"
    )


def test_ten_thousand_operations_are_audited(large: Path, tmp_path: Path) -> None:
    ran = audit(large, tmp_path / "out", "--pages", 100)
    assert (ran.code, ran.err) == (0, "")
    assert len(csv_rows(tmp_path / "out" / "cases.csv")) > 10_000
    size = (tmp_path / "out" / "index.html").stat().st_size
    assert size < 2_000_000, "a page that a browser opens at once"


def test_one_case_of_ten_thousand_is_shown(large: Path) -> None:
    ran = run("check", "SYN-C-0200-7", "--data", large, "--as-of", AS_OF)
    assert ran.code == 0 and "SYN-C-0200-7" in ran.out
