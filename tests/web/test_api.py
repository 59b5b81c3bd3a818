"""The JSON API: what it answers, to whom, in which pages; and its own description of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok

from qi_checker.demo.ward import NORTH
from qi_checker.render.html import dates
from tests.helpers.forked import PATIENCE
from tests.helpers.tiers import tiers
from tests.helpers.web import GENERAL, PROTOCOL, Served, a_case, sql

LIST = "/api/v1/worklist"


@dataclass(frozen=True)
class Service:
    """A program that holds a token."""

    site: Served
    token: str

    def get(self, path: str, **query: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.get(self.site.url + path, params=query, headers=headers, timeout=PATIENCE)

    def items(self, **query: Any) -> list[dict[str, Any]]:
        """Every page of the list, put together."""
        found: list[dict[str, Any]] = []
        after = ""
        for _ in range(200):
            page = self.get(LIST, **query, after=after).json()
            found += page["items"]
            if page["next"] is None:
                return found
            after = page["next"]
        raise AssertionError("the list has no last page")


def token_for(site: Served, name: str, where: str = "") -> str:
    """A token as an administrator makes it: it is shown once."""
    page = site.person("administrator").post("/services", {"name": name, "site": where}).text
    return re.findall(r"<code>([^<]+)</code>", page)[0]


@pytest.fixture(scope="module")
def service(site: Served) -> Service:
    return Service(site, token_for(site, "dashboard"))


@pytest.fixture(scope="module")
def north(site: Served) -> Service:
    return Service(site, token_for(site, "north", NORTH))


@pytest.fixture(scope="module")
def document(service: Service) -> dict[str, Any]:
    """What the API says of itself."""
    found: dict[str, Any] = service.get("/api/v1/openapi.json").json()
    return found


def test_every_operation_answers(service: Service, document: dict[str, Any]) -> None:
    case_id = a_case(service.site.config)
    paths = sorted(document["paths"])
    assert paths == ["/api/v1/cases/{case_id}", "/api/v1/cases/{case_id}/days", LIST]
    for path in paths:
        answer = service.get(path.replace("{case_id}", case_id))
        assert answer.status_code == 200, path
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/worklist", "/cases/{}", "/cases/{}/days", "/openapi.json"])
def test_nobody_reads_without_a_token_that_holds(service: Service, path: str) -> None:
    """None, a wrong one, one of a calendar and one that was revoked; a session is no token."""
    site = service.site
    address = "/api/v1" + path.format(a_case(site.config))
    assert requests.get(site.url + address, timeout=PATIENCE).status_code == 401
    assert site.person("coordinator").get(address).status_code == 401
    made = site.person("coordinator").post("/tokens", {"name": "", "site": ""}).text
    calendar = re.findall(r"/calendar/([^<]+)\.ics</code>", made)[0]
    for wrong in ("", "x", "ä".encode().decode("latin-1"), calendar):
        assert Service(site, wrong).get(address).status_code == 401
    ended = Service(site, token_for(site, f"ended{path}"))
    assert ended.get(address).status_code == 200
    number = sql(site.config, "SELECT max(id) FROM qi_web_token WHERE kind = 'api'")[0][0]
    assert site.person("administrator").post("/services", {"revoke": number}).status_code == 302
    answer = ended.get(address)
    assert answer.status_code == 401 and set(answer.json()) == {"detail"}


def test_it_only_reads(service: Service) -> None:
    headers = {"Authorization": f"Bearer {service.token}"}
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = requests.request(
            method, service.site.url + LIST, headers=headers, timeout=PATIENCE
        )
        assert answer.status_code in (403, 405), method


def test_a_token_of_a_site_sees_that_site_only(service: Service, north: Service) -> None:
    assert {i["site"] for i in service.items(limit=500)} == {GENERAL, NORTH}
    assert {i["site"] for i in north.items(limit=500)} == {NORTH}
    assert north.items(site=GENERAL) == []
    theirs, mine = (a_case(north.site.config, where) for where in (GENERAL, NORTH))
    for path in ("", "/days"):
        assert north.get(f"/api/v1/cases/{mine}{path}").status_code == 200
        refused, nobodys = (north.get(f"/api/v1/cases/{i}{path}") for i in (theirs, "NO-SUCH"))
        assert refused.status_code == nobodys.status_code == 404
        assert refused.text == nobodys.text


def test_pages_put_together_are_the_list(service: Service) -> None:
    whole = service.items(limit=500)
    assert len(whole) > 20
    assert service.items(limit=7) == whole
    order = [(i["act_by"] or "9999-12-31", i["surgery_at"][:10], i["case_id"]) for i in whole]
    assert order == sorted(order)
    for limit in (0, 501, "many"):
        answer = service.get(LIST, limit=limit)
        assert answer.status_code == 422 and answer.json()["detail"].startswith("limit: ")
    for after in ("-1", "x", "9" * 30):  # a line that is gone: the list begins again
        assert service.get(LIST, after=after, limit=500).json()["items"] == whole


def test_filters_take_out_what_they_say(service: Service) -> None:
    whole = service.items(limit=500)
    desk = next(a["owner"] for i in whole for a in i["actions"])
    surgeon = whole[0]["surgeon"]
    assert service.items(desk=desk) == [
        i for i in whole if any(a["owner"] == desk for a in i["actions"])
    ]
    assert service.items(surgeon=surgeon) == [i for i in whole if i["surgeon"] == surgeon]
    both = [i for i in whole if i["surgeon"] == surgeon and i["site"] == NORTH]
    assert service.items(surgeon=surgeon, site=NORTH) == both
    assert service.items(surgeon="nobody") == []


def test_a_case_is_what_its_page_says(service: Service) -> None:
    case_id = a_case(service.site.config)
    (case,) = service.get(f"/api/v1/cases/{case_id}").json()
    page = service.site.person("coordinator").get(f"/cases/{case_id}").text
    assert case["item"]["case_id"] == case_id and case["item"]["protocol"] == PROTOCOL
    assert case["findings"] and case["item"]["actions"]
    for finding in case["findings"]:
        assert dates(finding["sentence"].split(".")[0]) in page
    for action in case["item"]["actions"]:
        assert action["text"] in page


def test_the_days_ahead_begin_with_the_night(service: Service) -> None:
    case_id = a_case(service.site.config)
    (moved,) = service.get(f"/api/v1/cases/{case_id}/days", days=14).json()
    days = [date.fromisoformat(d["day"]) for d in moved["days"]]
    assert days[0] == date(2026, 3, 3) and len(days) == 14
    assert all(set(d["statuses"]) == {"ct", "mri"} for d in moved["days"])
    assert service.get(f"/api/v1/cases/{case_id}/days", days=367).status_code == 422


def test_what_a_service_reads_of_a_case_is_in_the_trail(service: Service) -> None:
    case_id = a_case(service.site.config, NORTH)
    service.get(f"/api/v1/cases/{case_id}")
    query = "SELECT actor, action, payload FROM qi_store_trailentry ORDER BY sequence DESC LIMIT 1"
    actor, action, payload = sql(service.site.config, query)[0]
    assert (actor, action) == ("service dashboard", "case_read")
    assert f'"{case_id}"' in payload and '"api"' in payload


@tiers("examples", usual=15, thorough=500)
def test_it_answers_as_its_document_says(
    service: Service, document: dict[str, Any], examples: int
) -> None:
    """Made-up requests: no answer that the document does not know, none that is a mistake."""
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=service.site.url)
    cases = [i["case_id"] for i in service.items(limit=500)]
    headers = {"Authorization": f"Bearer {service.token}"}
    asked = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()

        @seed(0)
        @settings(
            max_examples=examples,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(), known=st.sampled_from([*cases, ""]))
        def ask(case: Any, known: str) -> None:
            nonlocal asked
            asked += 1
            if known and "case_id" in case.path_parameters:
                case.path_parameters["case_id"] = known
            case.call_and_validate(headers=headers)

        ask()
    assert asked >= 3 * examples // 2
