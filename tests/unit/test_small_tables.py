"""A case of small CSV files is found without a database, and is the one that DuckDB finds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest

from qi_checker.cases.one import OneCase, case_of_tables, one_case
from qi_checker.errors import UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.site import Site
from qi_checker.sources.files import read_folder
from qi_checker.sources.small import small_tables
from tests.helpers.commands import environment
from tests.helpers.folders import CASES, EVENTS, SITE, csv_text, write_csv
from tests.helpers.protocols import liver
from tests.helpers.tiers import tiers

AS_OF = AsOf.parse("2026-06-01T12:00")
RECORDED = (*EVENTS, "recorded_at", "colour")
OPERATION = ("2026-06-05T08:00", "scheduled", "ICD-10-PCS:0FB00ZZ", "ICD-10-CM:C78.7")
FEW_CASES = [("C1", "P1", *OPERATION), ("C2", "P2", *OPERATION)]


def scan(number: int, patient: str = "P1", **changes: str) -> tuple[str, ...]:
    """A row of events as a file has it."""
    row = dict.fromkeys(RECORDED, "")
    row |= {"event_id": f"E{number}", "patient_id": patient, "kind": "imaging"}
    row |= {"status": "completed", "at": f"2026-05-{number:02}T10:30", "modality": "CT"}
    row |= {"region": "liver", "recorded_at": f"2026-05-{number:02}T11:00"}
    return tuple((row | changes).values())


USUAL = [scan(n, ("P1", "P2")[n % 2]) for n in range(1, 15)]


def folder(
    tmp_path: Path,
    rows: list[tuple[str, ...]],
    end: str = "\n",
    cases: Sequence[tuple[str, ...]] = FEW_CASES,
) -> Path:
    of_cases = csv_text(CASES, *cases, end=end).encode()
    return write_csv(tmp_path, of_cases, csv_text(RECORDED, *rows, end=end).encode())


def found(data: Path, site: Site = SITE) -> OneCase | None:
    tables = small_tables(data, site, None)
    return None if tables is None else case_of_tables(liver(), tables, AS_OF, site, "C1")


def everything(find: Callable[[], OneCase | None]) -> object:
    """All that is known of a case, or why there is none; None where the files are left to DuckDB."""
    try:
        one = find()
    except UserError as error:
        return error.problems
    if one is None:
        return None
    context = one.judge.setting.context
    return context, one.rows, one.census, one.origin, one.trace.findings


def agree(data: Path, site: Site = SITE) -> bool:
    """Whether the case is found without DuckDB; then everything about it is as DuckDB has it."""
    mine = everything(lambda: found(data, site))
    if mine is None:
        return False
    other = everything(lambda: one_case(liver(), read_folder(data, site), AS_OF, site, "C1"))
    assert mine == other
    return True


def same(data: Path, site: Site = SITE) -> None:
    assert agree(data, site)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_plain_files(tmp_path: Path, end: str) -> None:
    data = folder(tmp_path, USUAL, end)
    same(data)
    lines = (data / "events.csv").read_bytes()
    (data / "events.csv").write_bytes(
        b"\xef\xbb\xbf" + lines.replace(b",", b";") + end.encode() * 2
    )
    same(data)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([scan(20, at="2026-05")], id="partial date"),
        pytest.param([scan(20, at="")], id="completed without a time"),
        pytest.param([scan(20, status="ordered", at="")], id="ordered without a time"),
        pytest.param([scan(20, at="soon")], id="unreadable"),
        pytest.param([scan(20, at="2026-02-30")], id="no such day"),
        pytest.param([scan(20, at="2026-05-20T1\u0660:30")], id="digit of another script"),
        pytest.param([scan(20, at="2026-05-20T10:30:00-04:00")], id="offset"),
        pytest.param([scan(20, status="done")], id="unknown word"),
        pytest.param([scan(20, status=" Completed ", kind="IMAGING")], id="blanks and capitals"),
        pytest.param([scan(20, patient=" P1 ", event_id=" E3 ")], id="id with blanks"),
        pytest.param([scan(3, "P2"), scan(20, "P2")], id="id of another patient's event"),
        pytest.param([scan(20), scan(20)], id="same row twice"),
        pytest.param([scan(20, event_id="")], id="no id"),
        pytest.param([scan(20, event_id="Éa")], id="id in another script"),
        pytest.param([scan(20, recorded_at="2026-06-01T11:00")], id="recorded today"),
        pytest.param([scan(20, recorded_at="2026-06-01T13:00", kind="visit")], id="not known yet"),
        pytest.param([scan(20, recorded_at="2026-07-01", kind="visit")], id="known next month"),
        pytest.param([scan(20, recorded_at="", kind="lab")], id="never recorded"),
        pytest.param([scan(20, at="NULL", colour="\\N")], id="words for no value"),
        pytest.param([scan(20, description='"CT, liver ""new"""')], id="quotes"),
        pytest.param([], id="nothing else"),
    ],
)
def test_rows_that_are_looked_at(tmp_path: Path, rows: list[tuple[str, ...]]) -> None:
    same(folder(tmp_path, [*USUAL, *rows]))


# What a cell may hold instead: blanks, marks, quotes, words for nothing, other scripts, other dates.
ODD = (
    *(
        "",
        " ",
        "\t",
        "\u00a0",
        "\u200bP1",
        "'P1",
        " P1",
        "P1",
        "C1",
        "E1",
        "E1 ",
        "x\x85y",
        "\u2028",
    ),
    *(
        "NULL",
        "null",
        "\\N",
        '""',
        '" "',
        '"NULL"',
        '"P1"',
        ' "x"',
        '"x" ',
        '"a,b"',
        '"a\nb"',
        '"a""b"',
    ),
    *(
        "2026-05",
        "2026-05-02 ",
        "2026-05-03 10:00",
        "2026-05-03T10:00Z",
        "2026-05-03T24:00",
        "2026",
    ),
    *("2026-W01-1", "2026-06-01", "2026-06-01T11:00", "2026-05-\u0661\u0661", "1899-01-01"),
    *("0000-01-01", "Completed", "\u212aompleted", "booked ", "ordered", "IMAGING", "lab", "MR"),
    *("\ufeffx", '5" CT'),
)


@tiers("folders", 25, 2_000)
def test_whatever_cells_hold_it_is_read_as_duckdb_reads_it(tmp_path: Path, folders: int) -> None:
    """Or it is left to DuckDB, which is so in few of the folders."""
    chance, read = Random(7), 0
    for _ in range(folders):

        def changed(row: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(chance.choice(ODD) if chance.random() < 0.07 else cell for cell in row)

        few = [scan(chance.randint(1, 14), chance.choice(("P1", "P2"))) for _ in range(8)]
        cases = [*map(changed, FEW_CASES * 2)]
        data = folder(tmp_path, [*map(changed, few)], chance.choice(("\n", "\r\n", "\r")), cases)
        read += agree(data)
    assert read > 0.3 * folders


def test_exceptions_and_other_columns(tmp_path: Path) -> None:
    data = folder(tmp_path, USUAL)
    header = "exception_id,case_id,requirement,reason,approved_by,approved_at,expires_on\n"
    row = "X1,C1,mri-liver,patient-refused,Dr Oak,2026-05-01,2026-07-01\n"
    (data / "exceptions.csv").write_text(header + row + row.replace("C1", "C2"), encoding="utf-8")
    same(data)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([("E20", "P1", "imaging")], id="torn row"),
        pytest.param([scan(20, description='5" CT')], id="quote in a cell"),
        pytest.param([scan(20, kind="imagin")], id="misspelt kind"),
        pytest.param([scan(20, kind="P1", patient="P9")], id="the patient's id for a kind"),
        pytest.param([scan(20, kind="completed", patient="P9")], id="a status for a kind"),
        pytest.param([scan(20, patient=" ")], id="no patient"),
        pytest.param([scan(20, description="x" * 70_000)], id="long cell"),
        pytest.param([(" " * 3,)], id="blank line"),
    ],
)
def test_other_files_are_left_to_duckdb(tmp_path: Path, rows: list[tuple[str, ...]]) -> None:
    assert found(folder(tmp_path, [*USUAL, *rows])) is None


def test_other_folders_are_left_to_duckdb(tmp_path: Path) -> None:
    """Mappings, half-empty feeds, other kinds of file, and what has to be explained."""
    assert small_tables(tmp_path, SITE, None) is None  # no cases
    data = folder(tmp_path, USUAL)
    assert small_tables(data, SITE, tmp_path / "some.yaml") is None
    mapped = Site(timezone="UTC", values={"events.modality": {"MRI": "MR"}})
    assert small_tables(data, mapped, None) is None
    assert found(data, Site(timezone="UTC", completeness={"imaging": "50%"})) is None
    (data / "events.parquet").touch()
    assert small_tables(data, SITE, None) is None


def test_what_is_said_of_a_case_that_is_not_there(tmp_path: Path) -> None:
    data = folder(tmp_path, USUAL)
    bad = ("C3", "P3", "05/06/2026", *OPERATION[1:])
    rows = csv_text(CASES, *FEW_CASES, bad, ("", "P4", *OPERATION))
    (data / "cases.csv").write_text(rows, encoding="utf-8")
    tables = small_tables(data, SITE, None)
    assert tables is not None
    for case_id in ("C3", "C4", ""):
        said = []
        for ask in (
            lambda id: case_of_tables(liver(), tables, AS_OF, SITE, id),
            lambda id: one_case(liver(), read_folder(data, SITE), AS_OF, SITE, id),
        ):
            with pytest.raises(UserError) as caught:
                ask(case_id)
            said.append(caught.value.problems)
        assert said[0] == said[1]


def test_check_loads_no_database(tmp_path: Path) -> None:
    """In a process of its own: these libraries take longer to load than a case takes to judge."""
    data = folder(tmp_path, USUAL)
    arguments = ["check", "C1", "--data", str(data), "--as-of", "2026-06-01"]
    code = (
        f"import sys; sys.argv[1:] = {arguments!r}; from qi_checker.__main__ import run; run(); "
        "print(sorted({'duckdb', 'sqlglot', 'pandas', 'jinja2'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert "Case C1" in done.stdout
