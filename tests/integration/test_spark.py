"""`audit --engine spark://…` on a real cluster, and what a person is told where there is none."""

from __future__ import annotations

import builtins
import json
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from qi_checker import judging
from qi_checker.audit.files import write_actions
from qi_checker.audit.parquet_folder import write_parquet
from qi_checker.audit.provenance import manifest
from qi_checker.cases.evaluated import actions_in
from qi_checker.cases.twice import judge_twice
from qi_checker.cli import main
from qi_checker.engines.duckdb import evaluate as evaluate_here
from qi_checker.engines.spark import evaluate, find
from qi_checker.errors import UserError
from qi_checker.judging.outcomes import Decision
from qi_checker.plausibility import PlausibilityChecks
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol, load_site
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import Reason, Status
from qi_checker.sources.files import read_folder
from qi_checker.sources.raw import connect
from tests.helpers.commands import AS_OF, csv_rows, environment, run, start
from tests.helpers.in_spark import FEW_ROWS
from tests.helpers.in_spark import session as local_session
from tests.helpers.in_spark import write_parquet as write_records
from tests.helpers.nights import small_protocol
from tests.helpers.records import Row, case, scan
from tests.helpers.spark import cluster, free_port, needs_java

pytestmark = [pytest.mark.spark, needs_java]
TABLES = ("cases", "events", "exceptions")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration as Parquet; its events are a folder of three parts."""
    folder = tmp_path_factory.mktemp("spark")
    assert main(["demo", "--out", str(folder / "csv")]) == 0
    rows: dict[str, Any] = {
        name: [
            {k: v or None for k, v in row.items()} for row in csv_rows(folder / f"csv/{name}.csv")
        ]
        for name in TABLES
    }
    out = folder / "parquet"
    out.mkdir()
    write_records(out, rows)
    (out / "site.yaml").write_bytes((folder / "csv/site.yaml").read_bytes())
    whole = pq.read_table(out / "events.parquet")
    parts = folder / "in parts"
    (parts / "events").mkdir(parents=True)
    for number in range(3):
        piece = whole.slice(number * 500, 500)
        pq.write_table(piece, parts / f"events/part-{number}.parquet")
    for name in ("cases.parquet", "exceptions.parquet", "site.yaml"):
        (parts / name).write_bytes((out / name).read_bytes())
    return folder


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """Three upcoming operations, of which C2 lacks a scan."""
    days: Row = {"surgery_at": "2026-03-17T08:00", "status": "scheduled"}
    cases = [case(f"C{n}", patient_id=f"P{n}") | days for n in (1, 2, 3)]
    events = [scan("2026-03-02T10:00", f"E{n}", patient_id=f"P{n}") for n in (1, 3)]
    write_records(tmp_path, {"cases": cases, "events": events})
    return tmp_path


@pytest.mark.thorough  # 20 s of the processors, nearly all of it planning
def test_a_difference_of_the_two_evaluators_is_an_error(
    three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judging is mistaken about C1: its findings are errors, and it has no action."""
    decide: Any = vars(judging)["decide"]

    def mistaken(requirement: Any, chart: Any) -> Any:
        if chart.case.id == "C1":
            return Decision(Status.MISSING, Reason.NEVER_ORDERED)
        return decide(requirement, chart)

    monkeypatch.setattr(judging, "decide", mistaken)
    site = Site(timezone="UTC")
    bundle = load_protocol(three / small_protocol(three))
    as_of = AsOf.parse("2026-03-02")
    done = evaluate(bundle, local_session(), find(three, site), as_of, site)
    numbers = write_parquet(done, three / "out", connect())
    assert numbers["judged_twice"] == {"cases": 3, "differences": ["C1"]}
    assert numbers["failures"] == ["C1, about which the two evaluators differ"]
    found = {line["case_id"]: line for line in rows(three / "out/cases")}
    assert [found[f"C{n}"]["verdict"] for n in (1, 2, 3)] == ["error", "action_needed", "compliant"]
    assert {f["status"] for f in rows(three / "out/findings") if f["case_id"] == "C1"} == {"error"}
    assert {row["case_id"] for row in csv_rows(three / "out/actions.csv")} == {"C2"}
    assert found["C2"]["next_action"] and not found["C3"]["next_action"]


LIVER = pytest.param("hepatic-metastasectomy-imaging", marks=pytest.mark.thorough)


@pytest.fixture(scope="module", params=["small", LIVER])
def protocol(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that is quick to plan; that of the liver takes longer."""
    if request.param != "small":
        return rules_dir() / str(request.param)
    folder = tmp_path_factory.mktemp("small")
    return folder / small_protocol(folder)


def here(folder: Path, protocol: Path, settings: Path | None = None) -> Any:
    """The evaluation of the same records by DuckDB, looked at as the command does."""
    site = load_site(settings or folder / "site.yaml")
    bundle, records = load_protocol(protocol), read_folder(folder, site)
    return evaluate_here(
        bundle, records, AsOf.parse(AS_OF), site, checks=PlausibilityChecks(site.checks)
    )


def quick(folder: Path) -> dict[str, str]:
    """The environment in which Spark reads defaults for a few rows, such as a site has its own."""
    two = {
        "spark.sql.shuffle.partitions": "2",
        "spark.default.parallelism": "2",
        "spark.executor.defaultJavaOptions": FEW_ROWS["spark.driver.defaultJavaOptions"],
    }
    defaults = {n: v for n, v in FEW_ROWS.items() if n != "spark.master"} | two
    folder.mkdir()
    lines = [f"{name} {value}\n" for name, value in defaults.items()]
    (folder / "spark-defaults.conf").write_text("".join(lines), encoding="utf-8")
    return environment(SPARK_CONF_DIR=str(folder))


def rows(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(folder).to_pylist()
    return found


@pytest.mark.thorough
def test_a_cluster_of_two_workers_says_what_duckdb_says(
    data: Path, protocol: Path, tmp_path: Path
) -> None:
    """A master and two workers, each a process of its own; every finding, case and reject."""
    with cluster(workers=2) as there:
        asked = audit_on(there.address, data, protocol, tmp_path / "out")
        ran = run(*asked, env=quick(tmp_path / "conf"))
    assert (ran.code, ran.err) == (0, "")
    says_what_duckdb_says(tmp_path / "out", ran.out, data, protocol)


def test_an_audit_in_this_process_says_what_duckdb_says(
    data: Path, protocol: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same without a cluster and without plausibility: either takes 30 s of the processors."""
    site = tmp_path / "site.yaml"
    quiet = (data / "parquet/site.yaml").read_text("utf-8") + "plausibility: off\n"
    site.write_text(quiet, encoding="utf-8")
    local_session()  # which the command finds
    asked = audit_on("spark", data, protocol, tmp_path / "out")
    assert main([*map(str, asked), "--site", str(site)]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    says_what_duckdb_says(tmp_path / "out", printed.out, data, protocol, site)


def audit_on(engine: str, data: Path, protocol: Path, out: Path) -> tuple[object, ...]:
    where = ("--engine", engine, "--data", data / "in parts", "--protocol", protocol)
    return ("audit", *where, "--as-of", AS_OF, "--out", out)


def says_what_duckdb_says(
    out: Path, printed: str, data: Path, protocol: Path, site: Path | None = None
) -> None:
    done = here(data / "parquet", protocol, site)
    judge_twice(done)
    actions_in(done)
    assert {f["status"] for f in done.findings()} > {"met", "missing", "expired"}
    assert rows(out / "findings") == done.findings()
    lines = [{k: v for k, v in line.items() if k != "next_requirement"} for line in done.cases()]
    assert rows(out / "cases") == lines
    rejects = [{**r, "file": r["file"].removesuffix(".parquet")} for r in done.rejects()]
    found = [{**r, "file": r["file"].removesuffix(".parquet")} for r in rows(out / "rejects")]
    assert found == rejects
    said = json.loads((out / "manifest.json").read_text())
    wanted = manifest(done)
    assert said.pop("data")["files"][0] == wanted.pop("data")["files"][0]
    # A folder of parts has no ending.
    wanted["problems"] = [p.replace("events.parquet: ", "events: ") for p in wanted["problems"]]
    for finding in wanted["plausibility"]:
        finding["message"] = finding["message"].replace("events.parquet: ", "events: ")
    assert said == wanted
    assert said["judged_twice"]["cases"] > 200 and said["judged_twice"]["differences"] == []
    assert said["actions"]["now"] > 5
    (out / "duckdb").mkdir()
    write_actions(done, out / "duckdb")
    texts = [(folder / "actions.csv").read_text("utf-8") for folder in (out, out / "duckdb")]
    assert texts[0] == texts[1].replace("events.parquet, row", "events, row")
    assert f"{said['rate']['compliant']}/" in printed


@pytest.mark.thorough
def test_only_numbers_come_to_this_process(
    data: Path, protocol: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice as many patients with the same dates: not a row more is fetched."""
    from pyspark.sql.classic.dataframe import DataFrame

    fetched: list[int] = []
    collect = DataFrame.collect

    def counted(frame: Any) -> Any:
        found = collect(frame)
        fetched.append(len(found))
        return found

    def refused(*_: Any) -> Any:
        raise AssertionError("rows must not come to the driver")

    monkeypatch.setattr(DataFrame, "collect", counted)
    for way in ("toPandas", "toArrow", "toLocalIterator", "take", "head", "tail"):
        monkeypatch.setattr(DataFrame, way, refused)
    sizes = []
    site = load_site(data / "parquet/site.yaml")
    bundle = load_protocol(protocol)
    tables = {n: pq.read_table(data / f"parquet/{n}.parquet").to_pylist() for n in TABLES}
    tables = {**tables, "exceptions": []}  # ids of ignored ones are named
    for times in (1, 2):
        folder = tmp_path / f"records{times}"
        folder.mkdir()
        write_records(folder, {n: _many(table, times) for n, table in tables.items()})
        fetched.clear()
        done = evaluate(bundle, local_session(), find(folder, site), AsOf.parse(AS_OF), site)
        numbers = write_parquet(done, tmp_path / f"out{times}", connect())
        sizes.append((numbers["population"]["cases"], sum(fetched)))
    (cases, first), (twice, second) = sizes
    assert twice > cases * 1.9
    assert second <= first + 2 * 21, "but the ids that a problem names, of which there are 20"


def _many(table: list[dict[str, Any]], times: int) -> list[dict[str, Any]]:
    ids = ("case_id", "patient_id", "event_id")
    return [
        {k: f"{v}{'x' * n}" if k in ids and v else v for k, v in row.items()}
        for n in range(times)
        for row in table
    ]


# ---- what a person is told -----------------------------------------------------------------------


@pytest.fixture
def asked(data: Path, tmp_path: Path) -> list[str]:
    return [
        "audit",
        "--data",
        str(data / "parquet"),
        "--as-of",
        AS_OF,
        "--out",
        str(tmp_path / "o"),
    ]


def test_without_pyspark_it_says_what_to_install(
    asked: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    imported = builtins.__import__

    def without(name: str, *more: Any, **named: Any) -> Any:
        if name.startswith("pyspark"):
            raise ModuleNotFoundError(name)
        return imported(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    assert main([*asked, "--engine", "spark"]) == 2
    said = capsys.readouterr().err
    assert said == (
        "qi-checker: --engine: Spark is not installed. It is an optional extra. Install it with: "
        'pip install "qi-checker[spark]"; it needs Java 17, too.\n'
    )


def test_without_java_it_says_so(
    asked: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    assert main([*asked, "--engine", "spark"]) == 2
    assert "Spark needs Java, which is not installed. Install Java 17" in capsys.readouterr().err


def test_a_cluster_that_does_not_answer(
    asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"spark://127.0.0.1:{free_port()}"
    assert main([*asked, "--engine", address]) == 2
    assert f"nothing answers at {address}. Start the cluster" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("address", ["spark://", "spark://host", "spark://a:b", "spark://h:99999"])
def test_an_address_that_is_none(
    address: str, asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*asked, "--engine", address]) == 2
    assert address in capsys.readouterr().err


def test_a_rulebook_is_evaluated_one_protocol_at_a_time(
    asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*asked, "--engine", "spark", "--protocol", str(rules_dir())]) == 2
    assert "Spark evaluates one protocol at a time" in capsys.readouterr().err


def test_a_folder_that_holds_something_else_is_left_alone(
    asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "o").mkdir()
    (tmp_path / "o/letter.txt").write_text("mine")
    assert main([*asked, "--engine", "spark"]) == 2
    assert "which no audit wrote" in capsys.readouterr().err


# What it says is tested with less; that Java ends with it takes a minute to see.
@pytest.mark.thorough
def test_an_interrupted_run_leaves_nothing(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start(
        "audit", "--engine", "spark", "--data", data / "parquet", "--as-of", AS_OF, "--out", out
    )
    while process.poll() is None and not list(tmp_path.glob(".out.new-*")):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert (process.returncode, err.decode()) == (
        130,
        "qi-checker: interrupted. A folder of results is never left half written.\n",
    )
    assert list(tmp_path.iterdir()) == []


# ---- what is read --------------------------------------------------------------------------------


def problems(folder: Path, **site: Any) -> list[str]:
    with pytest.raises(UserError) as caught:
        find(folder, load_site_of(site))
    return [str(problem) for problem in caught.value.problems]


def load_site_of(settings: dict[str, Any]) -> Any:
    from qi_checker.protocol.site import Site

    return Site.model_validate({"timezone": "UTC"} | settings)


def test_everything_that_is_wrong_with_a_folder_is_told_at_once(data: Path, tmp_path: Path) -> None:
    cases = pq.read_table(data / "parquet/cases.parquet")
    pq.write_table(cases.drop_columns(["status"]), tmp_path / "cases.parquet")
    (tmp_path / "events.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "exceptions").mkdir()
    said = "\n".join(problems(tmp_path))
    assert "there is no column status" in said
    assert "events.parquet: the file cannot be read as Parquet" in said
    assert "exceptions: the folder holds no Parquet" in said


def test_csv_is_not_read_by_spark(data: Path) -> None:
    said = "\n".join(problems(data / "csv"))
    assert "there is no Parquet with the cases. Add cases.parquet" in said
    assert "CSV and Excel are read without --engine" in said


def test_parts_must_be_alike(data: Path, tmp_path: Path) -> None:
    for name in ("events.parquet", "exceptions.parquet"):
        (tmp_path / name).write_bytes((data / "parquet" / name).read_bytes())
    cases = pq.read_table(data / "parquet/cases.parquet")
    (tmp_path / "cases").mkdir()
    pq.write_table(cases, tmp_path / "cases/a.parquet")
    pq.write_table(cases.drop_columns(["surgeon"]), tmp_path / "cases/b.parquet")
    assert "b.parquet: its columns or types are not those of a.parquet" in problems(tmp_path)[0]
