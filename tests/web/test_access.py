"""Every address × role × site × method, signed out too; and what a refusal gives away."""

from __future__ import annotations

from pathlib import Path

import pytest

from qi_checker.demo.ward import NORTH
from tests.helpers.web import GENERAL, PEOPLE, PageRow, Person, Served, a_case, pages_of

METHODS = ("GET", "POST", "PUT", "DELETE")


@pytest.fixture(scope="module")
def pages(site: Served) -> list[PageRow]:
    return pages_of(site.config)


@pytest.fixture(scope="module")
def cases(site: Served) -> dict[str, str]:
    return {GENERAL: a_case(site.config, GENERAL), NORTH: a_case(site.config, NORTH)}


def address(page: PageRow, case_id: str) -> str:
    path = page.path.replace("<str:case_id>", case_id).replace("<int:number>", "1")
    return "/" + path.replace("<path:name>", "none").replace("<str:name>", "none").replace(
        "<str:token>", "none"
    )


def may(page: PageRow, login: str, method: str) -> bool:
    """What the table says of somebody."""
    if page.scope == "SELF":
        return True
    roles = page.write if method == "POST" else page.read
    sites = [site for role, site in PEOPLE[login] if role in roles]
    return "" in sites if page.scope == "ALL" else bool(sites)


def sees(page: PageRow, login: str, method: str, site: str) -> bool:
    """Whether a case of a site is one of theirs."""
    roles = page.write if method == "POST" else page.read
    return any(s in ("", site) for role, s in PEOPLE[login] if role in roles)


def ask(person: Person, method: str, path: str) -> int:
    if method == "POST":
        return person.post(path, {"next": "/account"}).status_code
    return person.request(method, path).status_code


@pytest.mark.parametrize("login", ["", *PEOPLE])
def test_everybody_may_what_the_table_says_and_nothing_else(
    login: str, site: Served, pages: list[PageRow], cases: dict[str, str]
) -> None:
    person = site.person(login)
    wrong = []
    for page in pages:
        if page.name in ("sign_out", "sign_in") or page.scope == "TOKEN":
            continue  # tests of their own
        of_case = "case_id" in page.path
        for method in METHODS:
            for where, case_id in places(method, cases) if of_case else [(GENERAL, "")]:
                path = address(page, case_id)
                found = ask(person, method, path)
                said = expected(page, login, method, where, of_case)
                if found not in said:
                    wrong.append((method, path, found, said))
    assert wrong == []


def places(method: str, cases: dict[str, str]) -> list[tuple[str, str]]:
    """The cases to ask for: one where the method is refused whatever the case."""
    found = [*cases.items()]
    return {"PUT": found[:1], "DELETE": found[1:]}.get(method, found)


def expected(page: PageRow, login: str, method: str, site: str, of_case: bool) -> set[int]:
    """The codes that an answer may have."""
    there = (page.read and method == "GET") or (page.write and method == "POST")
    done = {200, 302, 400, 404, 409, 422, 503}
    if page.scope == "OPEN":
        return done if there else {405}
    if not login:
        return {401} if page.path.startswith("api/") else {302}
    if not there:
        return {405}
    if not may(page, login, method):
        return {302} if (page.name, login) == ("worklist", "administrator") else {403}
    if of_case and not sees(page, login, method, site):
        return {404}
    return done - {404} if of_case and "number" not in page.path else done


def test_a_case_of_another_site_is_a_case_that_nobody_has(
    site: Served, pages: list[PageRow], cases: dict[str, str]
) -> None:
    """Same code, same text: ids cannot be found out by trying."""
    person = site.person("coordinator.north")
    for page in pages:
        if "case_id" not in page.path or not may(page, "coordinator.north", "GET") or not page.read:
            continue
        theirs = person.get(address(page, cases[GENERAL]))
        nobodys = person.get(address(page, "NO-SUCH-CASE"))
        assert theirs.status_code == nobodys.status_code == 404
        plain = [
            r.text.replace(i, "") for r, i in ((theirs, cases[GENERAL]), (nobodys, "NO-SUCH-CASE"))
        ]
        assert without_marks(plain[0]) == without_marks(plain[1])
        assert cases[GENERAL] not in theirs.text.replace(address(page, cases[GENERAL]), "")


def without_marks(text: str) -> str:
    import re

    return re.sub(r'name="(csrfmiddlewaretoken|token)" value="[^"]*"', "", text)


def test_lists_hold_cases_of_ones_sites_only(site: Served, cases: dict[str, str]) -> None:
    north, general = site.person("surgeon.north"), site.person("surgeon.general")
    for path in ("/", "/?q=SYN", "/day-list?day=2026-03-10"):
        assert cases[GENERAL] not in north.get(path).text
        assert cases[NORTH] not in general.get(path).text
    assert cases[GENERAL] in general.get("/").text and cases[NORTH] in north.get("/").text
    assert cases[GENERAL] not in north.get("/", params={"site": GENERAL}).text


def test_two_roles_add_up_each_for_its_site(site: Served, cases: dict[str, str]) -> None:
    """Coordinator of one site and quality lead of all: sees all cases, lets those of one wait."""
    person = site.person("both")
    assert person.get(f"/cases/{cases[GENERAL]}").status_code == 200
    assert person.post(f"/cases/{cases[GENERAL]}/waits", {"until": "x"}).status_code == 404
    assert person.post(f"/cases/{cases[NORTH]}/waits", {"until": "x"}).status_code == 422


def test_a_refusal_says_who_may(site: Served) -> None:
    answer = site.person("administrator").get("/exceptions")
    assert answer.status_code == 403
    assert "It is for: Coordinator, Surgeon, Radiologist, Quality lead." in answer.text


def test_who_runs_the_machine_begins_with_the_nights(site: Served) -> None:
    """The first page is a list of cases, which is not for them: signing in must not end in a refusal."""
    assert site.person("administrator").get("/").headers["Location"] == "/nights"
    assert site.person("administrator.north").get("/").status_code == 403


def test_a_role_that_was_taken_away_is_gone_at_once(site: Served) -> None:
    from tests.helpers.web import add_accounts

    add_accounts(site.config, {"temp": [("surgeon", "")]})
    person = site.person("temp")
    assert person.get("/").status_code == 200
    run_sql(
        site.config,
        "DELETE FROM qi_web_membership WHERE user_id = "
        "(SELECT id FROM qi_web_user WHERE login = 'temp')",
    )
    assert person.get("/").status_code == 403
    run_sql(site.config, "UPDATE qi_web_user SET is_active = 0 WHERE login = 'temp'")
    assert person.get("/account").headers["Location"].startswith("/sign-in")


def run_sql(config: Path, statement: str) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(config.parent / "state" / "store.sqlite3", timeout=30)) as con:
        con.execute(statement)
        con.commit()


def test_every_reading_of_a_case_is_in_the_trail(site: Served, cases: dict[str, str]) -> None:
    import json

    from tests.helpers.web import sql

    person = site.person("radiologist")
    before = sql(site.config, "SELECT max(sequence) FROM qi_store_trailentry")[0][0]
    person.get(f"/cases/{cases[NORTH]}")
    person.get(f"/cases/{cases[NORTH]}/sheet")
    rows = sql(
        site.config,
        "SELECT actor, action, payload FROM qi_store_trailentry WHERE sequence > ? ORDER BY sequence",
        before,
    )
    said = [(actor, action, json.loads(payload)) for actor, action, payload in rows]
    assert [(a, b, c["how"]) for a, b, c in said] == [
        ("radiologist", "case_read", "page"),
        ("radiologist", "case_read", "sheet"),
    ]
    assert {c["case"] for _, _, c in said} == {cases[NORTH]}
