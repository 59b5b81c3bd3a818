"""Every page of the application, each found by its links: ids are unique, what is pointed at is there."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from tests.helpers.nights import small_protocol
from tests.helpers.web import (
    PROTOCOL,
    ROLES,
    Served,
    add_accounts,
    copied,
    make_records,
    pages_of,
    served,
    set_web,
    sql,
)

RULES = Path(__file__).parents[2] / "rules"
REFERENCES = ("for", "aria-labelledby", "aria-describedby", "list", "headers")
ALL = {"all": [(role, "") for role in ROLES]}


@pytest.fixture(scope="module")
def two(ward: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A site where two protocols judge every operation; one person has all roles."""
    config = copied(ward, tmp_path_factory.mktemp("two"))
    small_protocol(config.parent)
    shutil.copytree(RULES / PROTOCOL, config.parent / "rules" / PROTOCOL)
    shutil.copytree(RULES / "codelists", config.parent / "rules" / "codelists")
    set_web(config.parent, protocols="rules")
    make_records(config, "2026-03-03T06:10")
    add_accounts(config, ALL)
    with served(config) as found:
        yield found


class Markup(HTMLParser):
    """Ids, what points at them, links and headings of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.named: list[str] = []
        self.links: list[str] = []
        self.headings: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if "id" in given:
            self.ids.append(given["id"])
        if tag in ("h1", "title", "main"):
            self.headings.append(tag)
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        for name in REFERENCES:
            self.named += given.get(name, "").split()

    def wrong(self) -> list[str]:
        """What no reader of the page can follow."""
        found = [f"id {name} is there twice" for name, n in Counter(self.ids).items() if n > 1]
        found += [f"nothing is called {name}" for name in {*self.named} - {*self.ids}]
        here = {link[1:] for link in self.links if link.startswith("#") and len(link) > 1}
        found += [f"#{name} leads nowhere" for name in here - {*self.ids}]
        if sorted(self.headings) != ["h1", "main", "title"]:
            found.append(f"headings: {self.headings}")
        return found


def test_every_page_can_be_found_and_its_ids_are_unique(two: Served) -> None:
    """From the work list on, three pages of each kind: with filters, another date, another month."""
    person = two.person("all")
    both = "SELECT case_id FROM qi_desk_workitem WHERE upcoming GROUP BY 1 HAVING count(*) = 2"
    case_id = str(sql(two.config, f"{both} ORDER BY min(act_by)")[0][0])
    done = "SELECT max(case_id) FROM qi_desk_workitem WHERE status = 'performed'"
    todo = ["/", "/runs", f"/cases/{case_id}", f"/cases/{case_id}?to=1999-01-01", "/nothing"]
    todo.append(f"/cases/{sql(two.config, done)[0][0]}")
    seen, kinds, wrong = set(todo), Counter[str](), {}
    while todo:
        address = todo.pop(0)
        kind = kind_of(address)
        kinds[kind] += 1
        answer = person.get(address)
        if not answer.headers["Content-Type"].startswith("text/html") or kind == "what_if":
            continue
        page = Markup(answer.text)
        if found := page.wrong():
            wrong[address] = found
        for link in page.links:
            there = urljoin(address, link).partition("#")[0]
            local = not urlsplit(there).netloc and there not in seen
            if (
                local
                and kinds[kind_of(there)] + sum(kind_of(t) == kind_of(there) for t in todo) < 3
            ):
                seen.add(there)
                todo.append(there)
    assert wrong == {}
    pages = {p.name for p in pages_of(two.config) if p.read and p.scope not in ("OPEN", "TOKEN")}
    assert pages - set(kinds) == {"session", "what_if"}  # asked for by the script


def kind_of(address: str) -> str:
    """The name of the page at an address, as qi_checker/web/access.py has it."""
    path = urlsplit(address).path
    plain = {"": "worklist", "before-after": "study", "ultrasound": "ious_list", "nights": "runs"}
    plain["ultrasound/ious.csv"] = "ious_file"
    if found := re.fullmatch(r"/cases/[^/]+(?:/(sheet|ious|what-if))?", path):
        return (found[1] or "case").replace("-", "_")
    if found := re.fullmatch(r"/(files|nights|people)/.+", path):
        return {"files": "file", "nights": "run", "people": "person"}[found[1]]
    return plain.get(path[1:], path[1:].replace("-", "_"))


def test_a_form_of_one_protocol_keeps_what_was_typed_there_alone(two: Served) -> None:
    """The other protocol's form stays empty and shut."""
    person = two.person("all")
    query = """SELECT case_id FROM qi_desk_workitem WHERE act_by < '9999-01-01' AND upcoming
               GROUP BY case_id HAVING count(*) = 2"""
    case_id = str(sql(two.config, query)[0][0])
    page = person.get(f"/cases/{case_id}").text
    seen = re.findall(r'name="seen" value="([^"]*)"', page)[0]
    form = {"seen": seen, "protocol": "ct-before-surgery", "until": "soon", "why": "Her son calls"}
    answer = person.post(f"/cases/{case_id}/waits", form)
    assert answer.status_code == 422
    assert answer.text.count('value="Her son calls"') == 1
    assert 'href="#wait-ct-before-surgery-until"' in answer.text
    assert 'id="wait-ct-before-surgery-until-error"' in answer.text
    assert f'id="wait-{PROTOCOL}-until-error"' not in answer.text
