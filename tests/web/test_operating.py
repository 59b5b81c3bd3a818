"""What docs/deployment.md promises: a copy that is restored serves, and an older store is brought up to date."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.helpers.commands import PROJECT, environment, run
from tests.helpers.postgres import Server
from tests.helpers.web import (
    Served,
    a_case,
    add_accounts,
    copied,
    execute,
    served,
    set_web,
    sql,
    text_of,
)
from tests.web.test_forms import opened

GUIDE = (PROJECT / "docs" / "deployment.md").read_text("utf-8")
OLDER = PROJECT / "tests" / "store" / "older" / "before-binding.sql"
# What `nightly show` of the version that wrote it printed for its two nights.
SHOWN = (
    "f63e794baf91ebab2497e77b42c134776754ff0a449a4a3aeae9a33cb43b3f23",
    "dadc9153a6bf595f722538897244eeb63cf731cfdb4e4c8317e306b37828f179",
)
RECORDS = {
    "cases": "case_id,patient_id,surgery_at,status,procedures,diagnoses,urgency,surgeon,site\n"
    + "".join(
        f"C{n},P{n},{at},scheduled,ICD-10-PCS:0FB00ZZ,ICD-10-CM:C78.7,elective,Dr A,General\n"
        for n, at in ((1, "2026-03-20T08:00"), (2, "2026-03-24T08:00"))
    ),
    "events": "event_id,patient_id,kind,status,at,modality,region,recorded_at\n"
    "E1,P1,imaging,completed,2026-02-25T10:00,CT,liver,2026-02-25T11:00\n",
}


def commands(part: str) -> list[list[str]]:
    """The commands of a part of the guide, without the program's name."""
    text = GUIDE.partition(f"## {part}")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    return [shlex.split(line.removeprefix("$ qi-checker ")) for line in lines]


def test_a_copy_is_restored_with_desk_accounts_and_what_people_wrote(
    ward: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = copied(ward, tmp_path / "site")
    monkeypatch.chdir(config.parent)
    case_id, store = a_case(config), config.parent / "state" / "store.sqlite3"
    backup, verify = commands("Back up and restore")
    with served(config) as site:
        ash = site.person("coordinator")
        assert ash.post(f"/cases/{case_id}/notes", opened(ash, case_id) | {"text": "kept"}).ok
        done = run(*backup)
        assert done.code == 0, done.err
    copy = config.parent / "copy.sqlite3"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    execute(config, "DELETE FROM qi_web_user")
    for left in store.parent.glob("store.sqlite3*"):
        left.unlink()
    copy.rename(store)
    assert run(*verify).code == 0
    with served(config) as site:
        page = site.person("coordinator").get(f"/cases/{case_id}")
        assert page.status_code == 200 and "kept" in text_of(page.text)
        assert site.person().get("/readyz").json()["store"] == "answers"


def test_a_dump_of_postgresql_is_restored_as_the_guide_says(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its nights, accounts and trail are those of the dump; the trail refuses a change as before."""
    monkeypatch.chdir(tmp_path)
    config, url = small_site(tmp_path), postgres.new_database()
    set_web(tmp_path, {"url": "http://localhost:9"}, store={"url": url})
    assert run("nightly", "--config", config, "--as-of", "2026-03-02T06:10").code == 0
    add_accounts(config, {"ash": [("coordinator", "")]})
    dump, restore = re.findall(r"`(pg_(?:dump|restore) [^`]+)`", GUIDE)
    postgres_command(postgres, dump.replace("qi_checker", url))
    before = (tmp_path / "state" / "status.json").read_bytes()
    assert run("nightly", "--config", config, "--as-of", "2026-03-03T06:10").code == 0
    with psycopg.connect(url, autocommit=True) as con:
        con.execute("DELETE FROM qi_web_membership")
        postgres_command(postgres, restore.replace("qi_checker", url))
        (tmp_path / "state" / "status.json").write_bytes(before)
        nights = con.execute("SELECT count(*) FROM qi_store_run").fetchone()
        roles = con.execute("SELECT role FROM qi_web_membership").fetchall()
        assert (nights, roles) == ((1,), [("coordinator",)])
        with pytest.raises(psycopg.Error, match="append"):
            con.execute("UPDATE qi_store_trailentry SET actor = 'nobody'")
    _, verify = commands("Back up and restore")
    assert run(*verify).code == 0


def postgres_command(postgres: Server, line: str) -> None:
    """Run a command of the guide with the programs of the test's server, in the folder we are in."""
    program, *words = shlex.split(line)
    target = Path(words[words.index(">") + 1]) if ">" in words else None
    words = words[: words.index(">")] if target else words
    command = [str(postgres.bin / program), *words]
    done = subprocess.run(command, capture_output=True, check=True)
    if target:
        target.write_bytes(done.stdout)


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """nightly.yaml of a site whose store an earlier version wrote, with accounts and what people wrote."""
    config = small_site(tmp_path)
    with closing(sqlite3.connect(tmp_path / "state" / "store.sqlite3")) as con:
        con.executescript(OLDER.read_text("utf-8"))
    return config


def small_site(folder: Path) -> Path:
    """Two operations and their settings; gives nightly.yaml."""
    data, config = folder / "data", folder / "nightly.yaml"
    data.mkdir()
    (folder / "state").mkdir()
    for name, text in RECORDS.items():
        (data / f"{name}.csv").write_text(text, "utf-8")
    (data / "site.yaml").write_text("timezone: America/Toronto\n", "utf-8")
    config.write_text(
        "site: data/site.yaml\ndata: data\nstate: state\npages: 0\nweb: {}\n", "utf-8"
    )
    set_web(folder, {"proxies": 0})
    return config


def test_a_store_of_the_version_before_is_brought_up_to_date(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its nights are what they were, its people sign in, the next night follows, and all is bound."""
    monkeypatch.chdir(older.parent)
    set_web(older.parent, {"url": "http://localhost:9"})
    (upgrade,) = commands("Upgrade")
    done = run(*upgrade)
    assert done.code == 0 and "is bound" not in done.err, done.err
    for number, digest in enumerate(SHOWN, start=1):
        shown = run("nightly", "show", str(number), "--config", older)
        assert hashlib.sha256(shown.out.encode()).hexdigest() == digest
    with served(older, fresh=True) as site:  # and the hashes of passwords are real ones
        ash = site.person()
        assert ash.sign_in("ash", "ash-of-the-older-store").status_code == 302
        assert "C2" in ash.get("/").text
        page = text_of(ash.get("/cases/C1").text)
        assert "call back" in page and "Looked at" in page
        boss = site.person()
        boss.sign_in("elm", "elm-of-the-older-store")
        assert "The trail is intact" in text_of(boss.post("/trail").text)
    night = run("nightly", "--config", older, "--as-of", "2026-03-03T06:10")
    assert night.code == 0, night.err
    assert run(*upgrade).code == 0
    assert sql(older, "SELECT count(*) FROM qi_web_membership")[0][0] == 3


def test_a_store_whose_accounts_a_newer_version_wrote_is_refused(older: Path) -> None:
    set_web(older.parent, {"url": "http://localhost:9"})
    execute(
        older,
        "INSERT INTO django_migrations (app, name, applied) "
        "VALUES ('qi_web', '9999_later', '2026-01-01')",
    )
    # In a process of its own: one that has the store's Django cannot be the application's.
    done = run("accounts", "list", "--config", older, env=environment())
    assert done.code == 2 and "its schema is not known" in done.err


def test_two_users_of_a_group_share_an_sqlite_store(tmp_path: Path) -> None:
    """The guide makes the file first, for the group; what SQLite puts beside it has the same mode."""
    from qi_checker.store import Database, open_store

    path = tmp_path / "store.sqlite3"
    path.touch()
    path.chmod(0o660)
    before = os.umask(0o077)
    try:
        store = open_store(Database.file(path))
        store.migrate()
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(modes, 0o660) and len(modes) == 3


def test_the_guide_s_settings_are_read(tmp_path: Path) -> None:
    """The settings of the guide, and the addresses in the examples of proxies, fit together."""
    import yaml

    from qi_checker.nightly.config import Nightly

    (text,) = re.findall(r"^```yaml\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    settings = Nightly.model_validate(yaml.safe_load(text))
    assert settings.web is not None and settings.web.proxies == 1
    for name in ("Caddyfile", "nginx.conf"):
        proxy = (PROJECT / "deploy" / name).read_text("utf-8")
        assert settings.web.listen in proxy and "qi.hospital.example" in proxy
    nginx = (PROJECT / "deploy" / "nginx.conf").read_text("utf-8")
    for header in ("Host $host", "X-Forwarded-For $remote_addr", "X-Forwarded-Proto $scheme"):
        assert f"proxy_set_header {header};" in nginx
    assert "access_log off;" in nginx


def test_healthz_and_readyz_answer_a_stranger(site: Served) -> None:
    stranger = site.person()
    assert stranger.get("/healthz").text == "ok\n"
    told = stranger.get("/readyz", headers={"Host": "127.0.0.1"}).json()
    assert told == {"store": "answers", "last_night": "2026-03-03T06:10:00"}
