"""What nobody types: no address, query or form makes the program fail, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.helpers.postgres import Server
from tests.helpers.tiers import tiers
from tests.helpers.web import (
    PEOPLE,
    ROLES,
    PageRow,
    Person,
    Served,
    a_case,
    add_accounts,
    copied,
    make_records,
    pages_of,
    served,
    set_web,
)

# The first ones are asked in every run.
ODD = (
    "a\0b",
    "0001-01-01",
    "9" * 5000,
    '["0001-01-01", "9999-12-31", "\\u0000", "\\ud800"]',
    "9999-W53",
    "\0",
    "\x01\x1b[2J\x7f",
    "\u202etxt.exe",
    "\ufffe\U0010ffff",
    "'; DROP TABLE qi_store_run; --",
    "%00",
    "%",
    "{{ 7*7 }}<script>",
    "9" * 19,
    "-1",
    "٣",
    "9999-12-31",
    "0001-W01",
    "[" * 3000,
    "x" * 3500,
)
QUERY = """q after surgeon desk site modality status week when show to protocol day of who action case since
until before done n next language refused"""
FORM = """seen token next protocol evidence to_role text whom outcome said until why kind number requirement
reason expires_on note step run case_id name query team remove id do role site membership login password
old new repeated language revoke valid_from performed plan_change lesions_new operator"""


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.thorough)],
)
def odd(
    request: pytest.FixtureRequest, ward: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A site on each database, and somebody with every role."""
    config = copied(ward, tmp_path_factory.mktemp("odd"))
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        set_web(config.parent, store={"url": server.new_database()})
        make_records(config, "2026-03-03T06:10")
        add_accounts(config, PEOPLE)
    add_accounts(config, {"all": [(role, "") for role in ROLES]})
    with served(config) as site:
        yield site


@tiers("number", 3, len(ODD))
def test_no_address_query_or_form_is_a_failure(odd: Served, ward: Path, number: int) -> None:
    person, failed = odd.person("all"), []
    case_id, stranger = a_case(ward), odd.person()
    for page in pages_of(odd.config):
        if page.name == "sign_out":
            continue
        who = stranger if page.name == "sign_in" else person
        for text in ODD[:number]:
            failed += [(page.name, *f) for f in _asked(who, page, case_id, text)]
    assert failed == []
    assert person.get("/").status_code == 200


def _asked(person: Person, page: PageRow, case_id: str, text: str) -> list[tuple[str, str, int]]:
    """Ask for a page with a text in every place; gives what was answered by a failure."""
    found = []
    plain = "/" + page.path.replace("<int:number>", "1").replace("<str:case_id>", case_id)
    plain = plain.replace("<path:name>", "none").replace("<str:token>", "none")
    odd = quote(text, safe="")[:3600]
    within = "/" + page.path.replace("<int:number>", "9" * 25)
    for part in ("<str:case_id>", "<path:name>", "<str:token>"):
        within = within.replace(part, odd)
    names = QUERY.split() if len(odd) < 80 else ["after", "week"] if len(odd) < 1500 else ["after"]
    answers = {
        "query": person.get(f"{plain}?" + "&".join(f"{name}={odd}" for name in names)),
        "address": person.get(within),
    }
    if page.write:
        answers["form"] = person.post(plain, dict.fromkeys(FORM.split(), text))
        answers["address of a form"] = person.post(within, dict.fromkeys(FORM.split(), "1"))
    found += [(w, text[:30], a.status_code) for w, a in answers.items() if a.status_code >= 500]
    return found
