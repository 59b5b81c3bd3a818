"""`audit --engine postgresql://…` on a real server: the same findings, and nothing written there."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.helpers.commands import AS_OF, Ran, audit, contents, run, start
from tests.helpers.forked import PATIENCE
from tests.helpers.in_postgres import load_folder
from tests.helpers.postgres import Server

ROLE = "auditor"
SECRET = "hunter2-secret"


@pytest.fixture(scope="module")
def filled(postgres: Server, demo: Path) -> str:
    """A database with the demonstration's records, and a role that may only read them."""
    url = postgres.new_database()
    load_folder(url, demo)
    name = url.rpartition("/")[2]
    with psycopg.connect(url) as con:
        con.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{SECRET}'")
        con.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        con.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE}")
        con.execute(f'REVOKE TEMPORARY ON DATABASE "{name}" FROM PUBLIC')
        con.execute(f'GRANT TEMPORARY ON DATABASE "{name}" TO {ROLE}')
    return url


def as_role(url: str, password: str = SECRET) -> str:
    return url.replace("postgres@", f"{ROLE}:{password}@")


def in_database(url: str, out: Path, demo: Path, *more: object) -> Ran:
    given = ("--engine", url, "--site", demo / "site.yaml", "--as-of", AS_OF, "--out", out)
    return run("audit", *given, *more)


@pytest.fixture(scope="module")
def from_tables(filled: str, demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The audit of the database."""
    out = tmp_path_factory.mktemp("tables") / "audit"
    ran = in_database(as_role(filled), out, demo)
    assert (ran.code, ran.err) == (0, "")
    return out


def document(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "findings.json").read_text())
    return found


def _without_rows(text: str) -> str:
    """A text without the numbers of rows: those of a table are other ones."""
    return re.sub(r"(public\.)?events(\.csv)?, row \d+", "a row of events", text)


def test_the_findings_are_those_of_the_files(from_tables: Path, audited: Path, demo: Path) -> None:
    """Every finding, case and reject, and every number of the manifest but the files' names."""
    one, other = document(audited), document(from_tables)
    assert len(one["findings"]) > 100
    assert other["findings"] == one["findings"]
    for part in ("cases", "actions"):
        texts = [_without_rows(json.dumps(d[part], indent=0)) for d in (one, other)]
        assert texts[0] == texts[1] and len(one[part]) > 10, part
    for name in ("rejects.csv", "findings.csv"):
        texts = [(f / name).read_text() for f in (audited, from_tables)]
        texts = [t.replace(str(demo) + "/", "").replace(".csv", "") for t in texts]
        if name == "rejects.csv":
            texts = [t.replace("public.", "") for t in texts]
        assert texts[0] == texts[1], name
    for manifest in (one["manifest"], other["manifest"]):
        assert all(ignored.pop("file") for ignored in manifest["exceptions"]["ignored"])
    for part in (
        "population",
        "statuses",
        "verdicts",
        "rate",
        "left_out",
        "exceptions",
        "actions",
    ):
        assert other["manifest"][part] == one["manifest"][part], part
    # All but the operations that are not applicable, which files judge twice for their pages.
    assert other["manifest"]["judged_twice"]["differences"] == []
    assert other["manifest"]["judged_twice"]["cases"] > 200


def test_a_second_run_is_the_same_to_the_byte(
    filled: str, from_tables: Path, demo: Path, tmp_path: Path
) -> None:
    """In a new folder, and in place of the first one."""
    for _ in range(2):
        assert in_database(as_role(filled), tmp_path / "a", demo).code == 0
        assert contents(tmp_path / "a") == contents(from_tables)


def test_nothing_is_written_and_no_table_of_the_hospital_is_taken_for_ours(
    postgres: Server, demo: Path, audited: Path, tmp_path: Path
) -> None:
    """Tables with the names of our temporary ones stay as they are, even where we own them."""
    url = postgres.new_database()
    load_folder(url, demo)
    names = ("looks", "act_by", "population", "finding_rows", "rejected_events", "patients")
    with psycopg.connect(url) as con:
        for name in names:
            con.execute(f"CREATE TABLE {name} AS SELECT 'theirs' AS whose")
    before = _state(url)
    assert in_database(url, tmp_path / "out", demo).code == 0
    assert _state(url) == before
    assert document(tmp_path / "out")["findings"] == document(audited)["findings"]


def _state(url: str) -> list[tuple[Any, ...]]:
    """Every table outside the system's own, its rows as one hash."""
    with psycopg.connect(url) as con:
        tables = con.execute(
            "SELECT schemaname, tablename FROM pg_tables "
            "WHERE schemaname NOT LIKE 'pg_%' AND schemaname <> 'information_schema' ORDER BY 1, 2"
        ).fetchall()
        return [
            (
                *name,
                con.execute(
                    f'SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{name[1]}" t'
                ).fetchone(),
            )
            for name in tables
        ]


VIEWS = """
CREATE SCHEMA his;
CREATE VIEW his.v_or AS SELECT case_id AS "Case No", patient_id, surgery_at::timestamp AS planned,
    started_at::timestamp AS started_at, CASE status WHEN 'performed' THEN 'DONE' ELSE status END
    AS state, procedures, diagnoses, urgency, admitted_at, surgeon, site, stage FROM public.cases
    WHERE length(surgery_at) = 16;
CREATE VIEW his.v_img AS SELECT event_id, patient_id, kind, status, at, modality, region, codes,
    description, provenance::varchar(20), ordered_at, recorded_at FROM public.events;
"""
MAPPED = """
timezone: America/Toronto
tables: {cases: his.v_or, events: his.v_img, exceptions: public.exceptions}
columns: {cases: {case_id: Case No, surgery_at: planned, status: state}}
values: {cases.status: {done: performed}}
"""


def test_views_with_other_names_types_and_words(
    postgres: Server, filled: str, audited: Path, tmp_path: Path
) -> None:
    """A mapping names views, columns and words; a timestamp is no text there."""
    url = postgres.new_database(like=filled.rpartition("/")[2])
    with psycopg.connect(url) as con:
        con.execute(VIEWS)
    site = tmp_path / "site.yaml"
    site.write_text(MAPPED)
    out = tmp_path / "out"
    ran = run("audit", "--engine", url, "--site", site, "--as-of", AS_OF, "--out", out)
    assert (ran.code, ran.err) == (0, "")
    expected = {c["case_id"]: c["verdict"] for c in document(audited)["cases"]}
    found = {c["case_id"]: c["verdict"] for c in document(out)["cases"]}
    assert len(found) > 50
    assert found == {case: expected[case] for case in found}
    files = {f["table"]: f["file"] for f in document(out)["manifest"]["data"]["files"]}
    assert files == {"cases": "his.v_or", "events": "his.v_img", "exceptions": "public.exceptions"}


def test_each_protocol_of_a_rulebook_says_what_it_says_of_the_files(
    filled: str, demo: Path, tmp_path: Path
) -> None:
    from qi_checker.protocol.paths import rules_dir

    rules = tmp_path / "rules"
    rules.mkdir()
    shipped = sorted(p.parent for p in rules_dir().glob("*/protocol.yaml"))[:2]
    (rules / "codelists").symlink_to(rules_dir() / "codelists")
    for folder in shipped:
        (rules / folder.name).symlink_to(folder)
    assert in_database(filled, tmp_path / "out", demo, "--protocol", rules).code == 0
    assert audit(demo, tmp_path / "files", "--protocol", rules, "--pages", 0).code == 0
    for folder in shipped:
        one, other = (document(tmp_path / f / folder.name) for f in ("files", "out"))
        assert other["findings"] == one["findings"]


# ---- what can be wrong ---------------------------------------------------------------------------


@pytest.fixture
def broken(postgres: Server, filled: str) -> str:
    """A copy of the database, to be spoilt."""
    return postgres.new_database(like=filled.rpartition("/")[2])


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ("DROP TABLE events", "there is no table or view events for the events"),
        ("ALTER TABLE cases DROP COLUMN surgery_at", "there is no column surgery_at"),
        (f"REVOKE SELECT ON events FROM {ROLE}", "it cannot be read"),
        (
            'REVOKE TEMPORARY ON DATABASE "{name}" FROM PUBLIC, ' + ROLE,
            "the role is not allowed to do this",
        ),
        (f"ALTER ROLE {ROLE} SET statement_timeout = 1", "the server stopped the query"),
        (
            f"ALTER ROLE {ROLE} SET default_transaction_read_only = on",
            "does not allow temporary tables",
        ),
    ],
)
def test_what_is_wrong_in_the_database_is_said(
    broken: str, demo: Path, tmp_path: Path, spoilt: str, said: str
) -> None:
    url = broken
    name = url.rpartition("/")[2]
    with psycopg.connect(url) as con:
        con.execute(f'GRANT TEMPORARY ON DATABASE "{name}" TO {ROLE}')
        con.execute(spoilt.format(name=name))
    try:
        ran = in_database(as_role(url), tmp_path / "out", demo)
    finally:
        with psycopg.connect(url) as con:
            con.execute(f"ALTER ROLE {ROLE} RESET ALL")
    assert ran.code == 2
    assert said in ran.err
    assert SECRET not in ran.err
    assert not (tmp_path / "out").exists()


def test_several_problems_are_told_at_once(broken: str, demo: Path, tmp_path: Path) -> None:
    url = broken
    with psycopg.connect(url) as con:
        con.execute("DROP TABLE events; ALTER TABLE cases DROP COLUMN status")
    ran = in_database(url, tmp_path / "out", demo)
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 2


@pytest.mark.parametrize("what", ["port", "name"])
def test_a_server_that_is_not_there(filled: str, demo: Path, tmp_path: Path, what: str) -> None:
    """Neither user nor password is repeated."""
    url = as_role(filled)
    wrong = url.replace(url.split(":")[3].split("/")[0], "1") if what == "port" else url + "x"
    ran = in_database(wrong, tmp_path / "out", demo)
    assert ran.code == 2
    assert {"port": "cannot be reached", "name": "no such database"}[what] in ran.err
    assert SECRET not in ran.err and ROLE not in ran.err


def test_options_that_a_database_cannot_take(filled: str, demo: Path, tmp_path: Path) -> None:
    ran = in_database(filled, tmp_path / "out", demo, "--data", demo, "--pages", 5)
    assert ran.code == 2
    assert "--data" in ran.err and "--pages" in ran.err
    ran = run("audit", "--engine", "oracle://u:pw@h/x", "--as-of", AS_OF, "--out", tmp_path / "o")
    assert ran.code == 2 and "unknown engine" in ran.err and "pw" not in ran.err
    ran = run("audit", "--as-of", AS_OF, "--out", tmp_path / "o")
    assert ran.code == 2 and "--data" in ran.err


@pytest.fixture
def locked(broken: str) -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    """A database in which the audit has to wait for a table."""
    url = broken
    with psycopg.connect(url) as con:
        con.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
        yield url, con


def _waiting(con: psycopg.Connection[Any]) -> int:
    """The process of the audit, once it waits."""
    for _ in range(600):
        row = con.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'qi-checker' "
            "AND wait_event_type = 'Lock'"
        ).fetchone()
        if row:
            return int(row[0])
        con.execute("SELECT pg_stat_clear_snapshot()")
        time.sleep(0.05)
    raise AssertionError("the audit never came so far")


@pytest.mark.parametrize("how", ["interrupted", "connection lost"])
def test_an_audit_that_is_stopped_leaves_nothing(
    locked: tuple[str, psycopg.Connection[Any]], demo: Path, tmp_path: Path, how: str
) -> None:
    """Ctrl-C ends the query on the server, too; a server that goes away is told."""
    url, con = locked
    given = ("--engine", url, "--site", demo / "site.yaml", "--as-of", AS_OF)
    with start("audit", *given, "--out", tmp_path / "out") as process:
        backend = _waiting(con)
        if how == "interrupted":
            os.kill(process.pid, signal.SIGINT)
        else:
            con.execute("SELECT pg_terminate_backend(%s)", [backend])
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == (130 if how == "interrupted" else 2)
    assert "Traceback" not in err.decode()
    assert list(tmp_path.iterdir()) == []
    for _ in range(100):
        gone = con.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [backend]
        ).fetchone()
        con.execute("SELECT pg_stat_clear_snapshot()")
        if gone == (0,):
            return
        time.sleep(0.05)
    raise AssertionError("the server still works on it")


def test_without_the_driver_it_says_what_to_install(demo: Path, tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['adbc_driver_postgresql'] = None"
    given = ("--engine", "postgresql://localhost/x", "--site", demo / "site.yaml")
    ran = run("audit", *given, "--as-of", AS_OF, "--out", tmp_path / "o", code=hidden)
    assert ran.code == 2
    assert "qi-checker[postgres]" in ran.err
