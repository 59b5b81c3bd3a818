"""The list counts with queries of its own; they say what `cases/actions.py` says of the same night."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date

import pytest

from qi_checker.cases.actions import NOW, OVERDUE, URGENCIES, urgency
from qi_checker.nightly.load import load_settings
from tests.helpers.web import Served, sql, text_of

TODAY = date(2026, 3, 3)  # of tests/helpers/web.py
TITLES = {"overdue": "Overdue", "today": "Today", "soon": "Soon", "later": "Later"}


@pytest.fixture(scope="module")
def actions(site: Served) -> list[tuple[str, str]]:
    """Case and urgency of every action of the desk, by the one function that says what is urgent."""
    rules = load_settings(site.config).site
    query = """SELECT i.case_id, a.act_by FROM qi_desk_deskaction a
               JOIN qi_desk_workitem i ON i.id = a.item_id"""
    rows = sql(site.config, query)
    return [(str(c), urgency(date.fromisoformat(d), TODAY, rules)) for c, d in rows]


def test_the_first_line_is_the_count_of_the_night(
    site: Served, actions: list[tuple[str, str]]
) -> None:
    """`status.json` is counted by `count_actions` from the actions themselves."""
    status = json.loads((site.config.parent / "state" / "status.json").read_text(encoding="utf-8"))
    counted = status["actions"]
    said = text_of(site.person("coordinator").get("/").text)
    found = re.search(r"([\d,]+) actions for ([\d,]+) of ([\d,]+) operations need somebody", said)
    assert found is not None
    now, operations, of = (int(n.replace(",", "")) for n in found.groups())
    assert (now, operations) == (counted["now"], counted["operations"])
    assert 0 < operations <= now and operations < of
    by = Counter(when for _, when in actions)
    assert {name: by[name] for name in URGENCIES} == {name: counted[name] for name in URGENCIES}


@pytest.mark.parametrize("when", URGENCIES)
def test_a_group_holds_the_cases_whose_most_urgent_action_is_in_it(
    site: Served, actions: list[tuple[str, str]], when: str
) -> None:
    nearest: dict[str, str] = {}
    for case_id, one in actions:
        nearest[case_id] = min(one, nearest.get(case_id, one), key=URGENCIES.index)
    mine = {case_id for case_id, one in nearest.items() if one == when}
    page = site.person("coordinator").get("/", params={"when": when}).text
    shown = set(re.findall(r'data-case="/cases/([^"]+)"', page))
    heading = re.search(rf"{TITLES[when]} (\d+),", text_of(page))
    assert (int(heading[1]) if heading else 0) == len(mine)
    assert shown <= mine and len(shown) == min(len(mine), 50)


def test_what_needs_somebody_now_is_a_view_of_its_own(
    site: Served, actions: list[tuple[str, str]]
) -> None:
    mine = {case_id for case_id, when in actions if when in NOW}
    page = text_of(site.person("coordinator").get("/", params={"when": "now"}).text)
    groups = [
        int(n)
        for title in ("Overdue", "Today", "Soon")
        for n in re.findall(rf"{title} (\d+), the", page)
    ]
    assert sum(groups) == len(mine) and OVERDUE in NOW
