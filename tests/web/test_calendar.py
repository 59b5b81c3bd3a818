"""Calendars: the deadlines of a desk by an address that can be revoked; ids of cases and nothing else."""

from __future__ import annotations

import re
from datetime import date, timedelta

import requests
from icalendar import Calendar

from qi_checker.demo.ward import NORTH
from tests.helpers.forked import PATIENCE
from tests.helpers.web import GENERAL, Person, Served, add_accounts, execute, sql

_TODO = """SELECT i.case_id, a.act_by FROM qi_desk_deskaction a
           JOIN qi_desk_workitem i ON i.id = a.item_id
           WHERE a.act_by < '9999-01-01' AND i.site IN (?, ?) AND a.owner = coalesce(?, a.owner)"""


def address_of(person: Person, desk: str = "", where: str = "") -> str:
    """Make a calendar; gives its address, which is shown once."""
    page = person.post("/tokens", {"name": desk, "site": where}).text
    return re.findall(r"<code>http://[^/]+(/calendar/[^<]+\.ics)</code>", page)[0]


def read(site: Served, address: str) -> Calendar:
    """Ask for a calendar as a phone does: without a session."""
    answer = requests.get(site.url + address, timeout=PATIENCE)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return Calendar.from_ical(answer.text)


def deadlines(calendar: Calendar) -> list[tuple[str, str]]:
    """Case and last day of each entry."""
    found = []
    for event in calendar.walk("VEVENT"):
        first, last = event.decoded("dtstart"), event.decoded("dtend")
        assert isinstance(first, date) and last - first == timedelta(days=1)
        found.append((str(event["summary"]).rpartition(" ")[2], first.isoformat()))
    return sorted(found)


def todo(site: Served, *sites: str, desk: str | None = None) -> list[tuple[str, str]]:
    """The same from the desk that the night wrote."""
    pair = (*sites, sites[-1])[:2]
    return sorted((str(c), str(d)) for c, d in sql(site.config, _TODO, *pair, desk))


def test_a_calendar_holds_the_actions_of_its_desk(site: Served) -> None:
    ash = site.person("coordinator")
    owners = [o for (o,) in sql(site.config, "SELECT DISTINCT owner FROM qi_desk_deskaction")]
    whole = deadlines(read(site, address_of(ash)))
    assert whole == todo(site, GENERAL, NORTH) and len(whole) > 10
    for desk in owners:
        mine = deadlines(read(site, address_of(ash, desk)))
        assert mine == todo(site, GENERAL, NORTH, desk=desk)
        assert 0 < len(mine) <= len(whole)
    assert deadlines(read(site, address_of(ash, "", NORTH))) == todo(site, NORTH)


def test_it_names_cases_and_nobody(site: Served) -> None:
    """No patient, no surgeon, no room; each entry has an id of its own, and leads to the case."""
    address = address_of(site.person("coordinator"))
    text = requests.get(site.url + address, timeout=PATIENCE).text.replace("\r\n ", "")
    columns = ("patient_id", "surgeon", "room", "surgery_at", "site")
    rows = sql(site.config, f"SELECT DISTINCT {', '.join(columns)} FROM qi_desk_workitem")
    assert [v for row in rows for v in row if v and str(v) in text] == []
    events = Calendar.from_ical(text).walk("VEVENT")
    assert len({str(e["uid"]) for e in events}) == len(events)
    for event in events:
        case_id = str(event["summary"]).rpartition(" ")[2]
        assert str(event["url"]) == f"{site.url}/cases/{case_id}"
        assert event["class"] == "PRIVATE" and int(event["sequence"]) > 0


def test_somebody_of_a_site_makes_calendars_of_that_site_only(site: Served) -> None:
    person = site.person("coordinator.north")
    for elsewhere in ("", GENERAL):
        answer = person.post("/tokens", {"name": "", "site": elsewhere})
        assert answer.status_code == 422 and "/calendar/" not in answer.text
    assert deadlines(read(site, address_of(person, "", NORTH))) == todo(site, NORTH)


def test_an_address_ends_when_it_is_revoked(site: Served) -> None:
    ash, elm = site.person("coordinator"), site.person("surgeon")
    address = address_of(ash)
    number = sql(site.config, "SELECT max(id) FROM qi_web_token")[0][0]
    elm.post("/tokens", {"revoke": number})  # of somebody else: nothing happens
    assert requests.get(site.url + address, timeout=PATIENCE).status_code == 200
    ash.post("/tokens", {"revoke": number})
    assert requests.get(site.url + address, timeout=PATIENCE).status_code == 404
    assert requests.get(site.url + "/calendar/none.ics", timeout=PATIENCE).status_code == 404
    kept = sql(site.config, "SELECT digest FROM qi_web_token WHERE id = ?", number)[0][0]
    assert kept not in address and len(kept) == 64


def test_an_address_ends_with_the_role_of_who_made_it(site: Served) -> None:
    """Who may not see the list any more must not go on reading it in a calendar."""
    add_accounts(site.config, {"leaver": [("surgeon", NORTH)], "blocked": [("surgeon", "")]})
    one = address_of(site.person("leaver"), "", NORTH)
    other = address_of(site.person("blocked"))
    for address in (one, other):
        assert requests.get(site.url + address, timeout=PATIENCE).status_code == 200
    execute(
        site.config,
        "DELETE FROM qi_web_membership WHERE user_id = "
        "(SELECT id FROM qi_web_user WHERE login = 'leaver')",
    )
    execute(site.config, "UPDATE qi_web_user SET is_active = 0 WHERE login = 'blocked'")
    for address in (one, other):
        assert requests.get(site.url + address, timeout=PATIENCE).status_code == 404
