"""An exception that was requested after surgery: every list that has it says so."""

from __future__ import annotations

import zipfile

import duckdb
import pytest

from qi_checker.protocol.records import EXCEPTIONS
from tests.helpers.commands import run, write_rows
from tests.helpers.nights import settings, small_protocol
from tests.helpers.records import exception

ID, CASE, NIGHT = "ct-before-surgery", "C07", "2026-03-31"
MARK = "requested after surgery"


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each list says, by its name: of an operation of 23 March, waived on 25 March."""
    folder = tmp_path_factory.mktemp("late")
    file = settings(folder, protocols=small_protocol(folder), pages=50)
    data, rules = folder / "data", folder / "rules" / "ct"
    assert run("nightly", "--config", file, "--as-of", "2026-03-24").code == 0
    row = exception(
        case_id=CASE,
        requirement="ct",
        reason="contraindication",
        requested_at="2026-03-25",
        approved_at="2026-03-25",
        valid_from="2026-03-01",
        expires_on="2026-05-01",
    )
    write_rows(data / "exceptions.csv", EXCEPTIONS.names, [row])
    ran = run("nightly", "--config", file, "--as-of", NIGHT)
    assert (ran.code, ran.err) == (0, "")
    number = ran.out.split(": run ")[1].split()[0]
    state, month = folder / "state" / "reports", folder / "month"
    one = ("--data", data, "--as-of", NIGHT, "--protocol", rules)
    said = run("report", "--month", "2026-03", *one, "--out", month, "--format", "all")
    assert said.code == 0, said.err
    found = {
        name: (state / "audit" / name).read_text("utf-8")
        for name in ("index.html", "findings.csv", "findings.json", f"cases/{CASE}.html")
    }
    rows = duckdb.connect().execute(f"FROM '{state}/audit/findings.parquet'").fetchall()
    found["findings.parquet"] = str(rows)
    found["digest"] = (state / "digest" / f"{ID}.txt").read_text("utf-8")
    found["digest mail"] = (state / "digest" / f"{ID}.html").read_text("utf-8")
    found["nightly show"] = run("nightly", "show", number, "--config", file).out
    found["nightly changes"] = run("nightly", "changes", number, "--config", file).out
    found["check"] = run("check", CASE, *one).out
    found["check --format json"] = run("check", CASE, *one, "--format", "json").out
    found["audit of the month"] = (month / "index.html").read_text("utf-8")
    found["exempt.csv"] = (month / "exempt.csv").read_text("utf-8")
    (book,) = month.glob("*.xlsx")
    with zipfile.ZipFile(book) as parts:
        sheets = [n for n in parts.namelist() if n.startswith("xl/")]
        found["workbook"] = "".join(parts.read(n).decode() for n in sheets)
    found["index.html"], found["data problems"] = found["index.html"].split(
        "<h2>Data problems</h2>"
    )
    return found


@pytest.mark.parametrize(
    "name",
    [
        "index.html",
        "data problems",
        "findings.csv",
        "findings.json",
        "findings.parquet",
        f"cases/{CASE}.html",
        "digest",
        "digest mail",
        "nightly show",
        "nightly changes",
        "check",
        "check --format json",
        "audit of the month",
        "exempt.csv",
        "workbook",
    ],
)
def test_every_list_says_so(lists: dict[str, str], name: str) -> None:
    assert MARK in " ".join(lists[name].split())
