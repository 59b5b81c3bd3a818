"""Sign-in with the hospital's accounts: what is let in, and what a provider or a stranger may send."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests

from tests.helpers.forked import PATIENCE
from tests.helpers.oidc import CLIENT, SECRET, Provider, nanoidp, npm_provider, provider
from tests.helpers.web import Person, Served, copied, execute, served, set_web, sql, text_of

ROLES = {
    "qi-coordinator": {"role": "coordinator"},
    "qi-surgeon": {"role": "surgeon", "sites": ["Synthetic North"]},
}
COORDINATOR = {"sub": "u-1", "name": "Ash Tree", "groups": ["staff", "qi-coordinator"]}


@pytest.fixture(scope="module")
def idp() -> Iterator[Provider]:
    with provider() as found:
        yield found


@pytest.fixture(scope="module")
def hospital(
    ward: Path, idp: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A site that knows the provider which can lie."""
    config = copied(ward, tmp_path_factory.mktemp("oidc"))
    configure(config, idp.issuer)
    with served(config) as site:
        yield site


@pytest.fixture(autouse=True)
def honest(idp: Provider) -> None:
    idp.claims, idp.lie, idp.algorithm = dict(COORDINATOR), lambda claims: claims, "RS256"


def configure(config: Path, issuer: str) -> None:
    (config.parent / "secret").write_text(SECRET, encoding="utf-8")
    oidc = {"issuer": issuer, "client_id": CLIENT, "password_file": "secret", "roles": ROLES}
    set_web(config.parent, {"oidc": oidc})


def begin(person: Person, back: str = "") -> str:
    """To the provider and back; gives the address that the provider leads back to."""
    answer = person.get("/oidc/begin" + (f"?next={back}" if back else ""))
    assert answer.status_code == 302, answer.text
    found = requests.get(answer.headers["Location"], allow_redirects=False, timeout=PATIENCE)
    return found.headers["Location"].partition("localhost")[2].partition("/")[2]


def sign_in(site: Served, back: str = "") -> tuple[Person, requests.Response]:
    person = site.person()
    return person, person.get("/" + begin(person, back))


def accounts(site: Served) -> list[tuple[Any, ...]]:
    query = """SELECT u.login, u.sub, m.role, m.site FROM qi_web_user u
               JOIN qi_web_membership m ON m.user_id = u.id WHERE u.sub <> '' ORDER BY 1, 3"""
    return sql(site.config, query)


def test_somebody_with_a_role_is_let_in_and_led_back(hospital: Served, idp: Provider) -> None:
    person, answer = sign_in(hospital, back="/day-list")
    assert answer.headers["Location"] == "/day-list"
    assert "Ash Tree" in person.get("/").text
    assert ("u-1", "u-1", "coordinator", "") in accounts(hospital)
    asked = idp.requests[-1]
    assert asked["code_challenge_method"] == "S256" and asked["code_challenge"]
    assert asked["scope"].split()[0] == "openid" and asked["nonce"] and asked["state"]


def test_roles_are_those_of_today(hospital: Served, idp: Provider) -> None:
    idp.claims = {"sub": "u-2", "groups": ["qi-coordinator", "qi-surgeon"]}
    person, _ = sign_in(hospital)
    idp.claims = {"sub": "u-2", "groups": "qi-surgeon"}
    sign_in(hospital)
    assert [a for a in accounts(hospital) if a[1] == "u-2"] == [
        ("u-2", "u-2", "surgeon", "Synthetic North")
    ]
    idp.claims = {"sub": "u-2", "groups": []}
    _, answer = sign_in(hospital)
    assert answer.headers["Location"] == "/sign-in?refused=no_role"
    assert person.get("/").status_code == 200  # the session that is there ends by itself
    idp.claims = {"sub": "u-2", "groups": ["qi-coordinator"], "name": "Another"}
    sign_in(hospital)
    # Each account, name and role that a sign-in wrote or removed is bound to the trail.
    told = text_of(hospital.person("administrator").post("/trail").text)
    assert "The trail is intact" in told and "replaced by" not in told


def test_a_forged_role_is_told_after_the_provider_renewed_it(
    hospital: Served, idp: Provider
) -> None:
    idp.claims = {"sub": "u-9", "groups": ["qi-surgeon"]}
    sign_in(hospital)
    query = """SELECT m.id FROM qi_web_membership m JOIN qi_web_user u ON u.id = m.user_id
               WHERE sub = 'u-9'"""
    ((role,),) = sql(hospital.config, query)
    execute(hospital.config, f"UPDATE qi_web_membership SET site = '' WHERE id = {role}")
    sign_in(hospital)
    told = text_of(hospital.person("administrator").post("/trail").text)
    assert f"role {role} was not what the trail said before it" in told


def test_nobody_is_recognised_by_a_name_or_an_address(hospital: Served, idp: Provider) -> None:
    """A provider's user who is called as a local account gets an account of their own."""
    idp.claims = COORDINATOR | {
        "sub": "u-3",
        "preferred_username": "administrator",
        "email": "administrator@x",
    }
    person, answer = sign_in(hospital)
    assert answer.status_code == 302 and person.get("/people").status_code == 403
    assert ("administrator-2", "u-3", "coordinator", "") in accounts(hospital)


def refused(site: Served) -> str:
    person, answer = sign_in(site)
    assert person.get("/").status_code == 302, "somebody was let in"
    return answer.headers["Location"].partition("=")[2]


@pytest.mark.parametrize(
    "lie",
    [
        lambda c: c | {"aud": "another"},
        lambda c: c | {"aud": [CLIENT, "another"], "azp": "another"},
        lambda c: c | {"iss": "https://evil.example"},
        lambda c: c | {"nonce": "replayed"},
        lambda c: {k: v for k, v in c.items() if k != "nonce"},
        lambda c: c | {"exp": int(time.time()) - 3600},
        lambda c: {k: v for k, v in c.items() if k != "exp"},
        lambda c: {k: v for k, v in c.items() if k != "sub"},
        lambda c: {k: v for k, v in c.items() if k != "aud"},
    ],
    ids=["audience", "azp", "issuer", "nonce", "no nonce", "expired", "no end", "no sub", "no aud"],
)
def test_a_token_that_is_not_for_us_and_now(hospital: Served, idp: Provider, lie: Any) -> None:
    idp.lie = lie
    assert refused(hospital) == "token"


def test_a_token_without_a_signature(hospital: Served, idp: Provider) -> None:
    idp.algorithm = "none"
    assert refused(hospital) == "token"


def test_a_token_of_another_key(hospital: Served, idp: Provider) -> None:
    with provider() as other:
        key, idp.key = idp.key, other.key
        keys = idp.keys
        idp.keys = lambda: other.keys() | {"keys": []}  # type: ignore[method-assign]
        assert refused(hospital) == "token"
        idp.key, idp.keys = key, keys  # type: ignore[method-assign]


def test_a_code_is_good_once_and_for_its_own_browser(hospital: Served) -> None:
    person, thief = hospital.person(), hospital.person()
    back = begin(person)
    assert thief.get("/" + back).headers["Location"] == "/sign-in?refused=1"
    begin(thief)
    assert thief.get("/" + back).headers["Location"] == "/sign-in?refused=token"
    assert person.get("/" + back).headers["Location"] == "/"
    assert hospital.person().get("/" + back).headers["Location"] == "/sign-in?refused=1"


def test_two_tabs(hospital: Served) -> None:
    """Both sign in, each is led to where it was."""
    person = hospital.person()
    first, second = begin(person, "/day-list"), begin(person, "/exceptions")
    assert person.get("/" + first).headers["Location"] == "/day-list"
    assert person.get("/" + second).headers["Location"] == "/exceptions"
    assert person.get("/").status_code == 200


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_nobody_is_led_elsewhere(hospital: Served, back: str) -> None:
    _, answer = sign_in(hospital, back=back)
    assert answer.headers["Location"] == "/"


def test_an_account_that_is_shut_stays_shut(hospital: Served, idp: Provider) -> None:
    idp.claims = COORDINATOR | {"sub": "u-9"}
    person, _ = sign_in(hospital)
    ((number,),) = sql(hospital.config, "SELECT id FROM qi_web_user WHERE sub = 'u-9'")
    boss = hospital.person("administrator")
    assert boss.post(f"/people/{number}", {"do": "shut"}).status_code == 302
    assert person.get("/").status_code == 302
    assert refused(hospital) == "shut"


def test_what_is_refused_is_said(hospital: Served, idp: Provider) -> None:
    idp.claims = {"sub": "u-7", "groups": ["staff"]}
    person, answer = sign_in(hospital)
    assert "Your account has no role here" in text_of(person.get(answer.headers["Location"]).text)
    assert "u-7" not in [a[1] for a in accounts(hospital)]


def test_a_provider_that_is_down_keeps_nobody_out(ward: Path, tmp_path: Path) -> None:
    config = copied(ward, tmp_path / "down")
    configure(config, "http://localhost:9")
    with served(config) as site:
        answer = site.person().get("/oidc/begin")
        assert answer.headers["Location"] == "/sign-in?refused=provider"
        assert site.person().sign_in("coordinator").status_code == 302


def test_nanoidp(ward: Path, tmp_path: Path) -> None:
    """A provider that others wrote, as a browser walks through it."""
    config = copied(ward, tmp_path / "site")
    with nanoidp(tmp_path / "idp", {"ash": ["qi-coordinator"], "eve": ["staff"]}) as issuer:
        configure(config, issuer)
        with served(config) as site:
            for name, where in (("ash", "/"), ("eve", "/sign-in?refused=no_role")):
                person = site.person()
                start = person.get("/oidc/begin").headers["Location"]
                back = walk(start, {"username": name, "password": name}, site)
                assert person.get(back).headers["Location"] == where


@pytest.mark.optional_data
@pytest.mark.skipif(
    "QI_CHECKER_OIDC_PROVIDER" not in os.environ,
    reason="QI_CHECKER_OIDC_PROVIDER names no folder with node_modules of oidc-provider",
)
def test_oidc_provider_of_npm(ward: Path, tmp_path: Path) -> None:
    config = copied(ward, tmp_path / "site")
    configure(config, "http://localhost:9")
    with served(config) as probe:
        redirect = f"{probe.url}/oidc/callback"
    port = int(redirect.split(":")[2].split("/")[0])
    with npm_provider(tmp_path / "npm", redirect) as issuer:
        configure(config, issuer)
        with served(config, port=port) as site:
            person = site.person()
            start = person.get("/oidc/begin").headers["Location"]
            back = walk(start, {"login": "coordinator", "password": "x"}, site)
            assert person.get(back).headers["Location"] == "/"
            assert person.get("/").status_code == 200


def walk(start: str, typed: dict[str, str], site: Served) -> str:
    """Follow a provider's pages, filling in and sending every form, until it leads back to the site."""
    http = requests.Session()
    answer = http.get(start, allow_redirects=False, timeout=PATIENCE)
    for _ in range(12):
        if answer.is_redirect:
            to = urljoin(answer.url, answer.headers["Location"])
            if to.startswith(site.url):
                parts = urlsplit(to)
                assert "error" not in parse_qs(parts.query), to
                return f"{parts.path}?{parts.query}"
            answer = http.get(to, allow_redirects=False, timeout=PATIENCE)
            continue
        form = re.search(r"<form\b[^>]*>.*?</form>", answer.text, re.DOTALL)
        assert form, answer.text
        action = re.search(r'action="([^"]*)"', form[0])
        fields = dict(re.findall(r'name="([^"]+)"[^>]*?value="([^"]*)"', form[0]))
        named = re.findall(r'name="([^"]+)"', form[0])
        data = fields | {k: v for k, v in typed.items() if k in named}
        to = urljoin(answer.url, action[1].replace("&amp;", "&") if action and action[1] else "")
        answer = http.post(to, data=data, allow_redirects=False, timeout=PATIENCE)
    raise AssertionError("the provider never led back")
