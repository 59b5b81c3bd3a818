"""Who comes in, how long they stay, and what a browser is told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from qi_checker.store import Database, open_store
from tests.helpers.web import Served, copied, execute, of_site, served, set_web, sql


def trail(site: Served) -> list[tuple[str, str]]:
    """Who did what, as the trail has it."""
    store = open_store(Database(f"sqlite:///{site.config.parent / 'state' / 'store.sqlite3'}"))
    try:
        assert store.trail.verify().whole
        return [(entry.actor, entry.action) for entry in store.trail.entries()]
    finally:
        store.close()


def test_a_stranger_is_led_to_the_sign_in_page_and_back(site: Served) -> None:
    person = site.person()
    assert person.get("/account?x=1").headers["Location"] == "/sign-in?next=%2Faccount%3Fx%3D1"
    assert person.get("/no/such/page").status_code == 302
    assert person.post("/account").headers["Location"] == "/sign-in"
    answer = person.sign_in("coordinator", back="/account?x=1")
    assert answer.headers["Location"] == "/account?x=1"
    assert person.get("/account").status_code == 200
    assert ("coordinator", "signed_in") in trail(site)


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "https:evil.example",
    ],
)
def test_nobody_is_led_elsewhere(site: Served, back: str) -> None:
    assert site.person().sign_in("coordinator", back=back).headers["Location"] == "/"
    person = site.person("coordinator")
    assert person.get("/sign-in", params={"next": back}).headers["Location"] == "/"


def test_a_wrong_name_and_a_wrong_password_read_alike(site: Served) -> None:
    wrong = site.person().sign_in("coordinator", "no")
    unknown = site.person().sign_in("who", "no")
    assert wrong.status_code == unknown.status_code == 401
    assert "Login or password is wrong." in wrong.text and "Login or password" in unknown.text
    assert 'value="who"' in unknown.text and 'value="no"' not in unknown.text


def test_a_name_is_locked_after_five_wrong_passwords(site: Served) -> None:
    codes = [site.person().sign_in("radiologist.north", "no").status_code for _ in range(6)]
    assert codes[:4] == [401] * 4 and codes[-1] == 429
    assert site.person().sign_in("radiologist.north").status_code == 429
    assert site.person().sign_in("radiologist").status_code == 302


def test_signing_out_ends_the_session(site: Served) -> None:
    person = site.person("surgeon")
    stolen = "; ".join(f"{c.name}={c.value}" for c in person.http.cookies)
    assert person.post("/sign-out").headers["Location"] == "/sign-in"
    assert person.get("/account", headers={"Cookie": stolen}).status_code == 302
    assert site.person("surgeon").get("/sign-out").status_code == 405


def test_a_form_of_another_site_is_refused(site: Served) -> None:
    person = site.person("surgeon")
    answer = person.post("/account", {"csrfmiddlewaretoken": "x" * 32, "language": "fr"})
    assert answer.status_code == 403 and "What you sent was not saved" in answer.text
    assert 'lang="en"' in person.get("/account").text


def test_signing_in_begins_a_new_session(site: Served) -> None:
    person = site.person()
    person.get("/sign-in")
    before = {c.name: c.value for c in person.http.cookies}
    person.sign_in("surgeon")
    after = {c.name: c.value for c in person.http.cookies}
    assert all(after[name] != value for name, value in before.items())


def test_cookies_of_a_site_by_https_are_bound_to_it(secure: Served) -> None:
    answer = secure.person().sign_in("coordinator")
    cookies = answer.raw.headers.getlist("Set-Cookie")
    assert len(cookies) >= 2
    for cookie in cookies:
        name, _, rest = cookie.partition("=")
        assert name in ("__Host-session", "__Host-csrf"), cookie
        flags = {flag.strip().lower() for flag in rest.split(";")[1:]}
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= flags
        assert not any(flag.startswith(("domain", "expires", "max-age")) for flag in flags)


def test_headers_forbid_what_a_page_does_not_need(secure: Served) -> None:
    for path in ("/sign-in", "/healthz", "/no/such/page"):
        headers = secure.person().get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_sheets_may_be_kept_and_hold_nothing_of_anybody(site: Served) -> None:
    page = site.person().get("/sign-in").text
    sheet = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    answer = site.person().get(sheet)
    assert answer.status_code == 200 and "immutable" in answer.headers["Cache-Control"]


def test_another_name_of_the_host_is_refused(secure: Served) -> None:
    person = secure.person()
    assert person.get("/sign-in", headers={"Host": "evil.example"}).status_code == 400
    assert person.get("/healthz", headers={"Host": "10.0.0.1"}).status_code == 200


def test_health_is_told_to_anybody(site: Served) -> None:
    person = site.person()
    assert person.get("/healthz").text == "ok\n"
    assert person.get("/readyz").json() == {
        "store": "answers",
        "last_night": "2026-03-03T06:10:00",
    }
    assert person.request("HEAD", "/healthz").status_code == 200


@pytest.fixture
def short(ward: Path, tmp_path: Path) -> Iterator[Served]:
    """A site whose sessions last a minute without a click."""
    config = copied(ward, tmp_path / "short")
    set_web(config.parent, {"idle": "1 minute"})
    with served(config) as found:
        yield found


def test_a_session_ends_without_a_click(short: Served) -> None:
    person = short.person("coordinator")
    left = person.get("/session").json()["left"]
    assert 30 <= left <= 60
    age_sessions(short, 50)
    assert person.get("/session").json()["left"] <= 10  # asking does not make it longer
    assert person.post("/session", headers={"Accept": "application/json"}).json()["left"] > 30
    age_sessions(short, 61)
    answer = person.get("/account?x=1")
    assert answer.headers["Location"] == "/sign-in?ended=1&next=%2Faccount%3Fx%3D1"
    assert "You were signed out" in person.get(answer.headers["Location"]).text


def age_sessions(site: Served, seconds: int) -> None:
    """Make the sessions of a site so much older."""
    code = f"""
import sys
from pathlib import Path
from qi_checker.web.server import configure
configure(Path(sys.argv[1]))
import django; django.setup()
from django.contrib.sessions.models import Session
from django.core import signing
from django.contrib.sessions.serializers import JSONSerializer
from qi_checker.web.sessions import salt
for row in Session.objects.all():
    own = dict(salt=salt(row.session_key), serializer=JSONSerializer)
    held = signing.loads(row.session_data, **own)
    for name in ("used", "began"):
        if name in held: held[name] -= {seconds}
    row.session_data = signing.dumps(held, **own)
    row.save()
"""
    of_site(site.config, code)


def test_who_reads_or_writes_the_table_of_sessions_is_nobody_else(
    ward: Path, tmp_path: Path
) -> None:
    """A row is the hash of a cookie, and holds for no other: the key of the site signs both."""
    with served(copied(ward, tmp_path / "site")) as site:
        ash, boss = site.person("coordinator"), site.person("administrator")
        assert boss.get("/people").status_code == 200
        cookies = [
            next(c for c in p.http.cookies if c.name.endswith("session")) for p in (ash, boss)
        ]
        rows = dict(sql(site.config, "SELECT session_key, session_data FROM django_session"))
        assert not {str(cookie.value) for cookie in cookies} & rows.keys()
        thief = site.person()
        for key in rows:
            thief.http.cookies.set(cookies[0].name, key)
            assert thief.get("/account").headers["Location"].startswith("/sign-in")
        own, other = (
            hashlib.blake2b(str(cookie.value).encode(), digest_size=20).hexdigest()
            for cookie in cookies
        )
        put = "UPDATE django_session SET session_data = ? WHERE session_key = ?"
        execute(site.config, put, rows[other], own)
        assert ash.get("/people").headers["Location"].startswith("/sign-in")
        execute(site.config, put, rows[own], own)
        assert ash.get("/account").status_code == 200
        assert boss.get("/people").status_code == 200


def test_the_log_holds_no_value_of_a_request(site: Served) -> None:
    site.person().get("/cases/SECRET-CASE?q=SECRET-PATIENT")
    site.person().sign_in("SECRET-LOGIN", "SECRET-WORD")
    site.person().get("/sign-in?next=" + "x" * 5000)
    log = (site.config.parent / "serve.log").read_text(encoding="utf-8")
    assert "SECRET" not in log


def test_the_trail_names_the_time_of_the_site(site: Served) -> None:
    store = open_store(Database(f"sqlite:///{site.config.parent / 'state' / 'store.sqlite3'}"))
    last = list(store.trail.entries())[-1]
    store.close()
    assert datetime.fromisoformat(last.at).tzinfo == UTC
