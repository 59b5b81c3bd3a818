"""What can happen at a browser: two tabs, the back button, an old form, a late feed, a failed night, paper, 400%."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from qi_checker.demo.ward import write_ward
from qi_checker.protocol.plausible import Level
from qi_checker.protocol.plausible_findings import Finding
from tests.helpers.browser import chromium, needs_browser
from tests.helpers.walker import WIDER, Walker, violations, walking
from tests.helpers.web import (
    GENERAL,
    PEOPLE,
    PROTOCOL,
    Served,
    a_case,
    add_accounts,
    execute,
    served,
    set_web,
    sql,
)

pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def walk(browser: Browser, site: Served) -> Iterator[Walker]:
    with walking(browser, site) as walker:
        yield walker


def cases(site: Served) -> list[str]:
    query = """SELECT case_id FROM qi_desk_workitem WHERE site = ? AND upcoming
               AND act_by BETWEEN '2026-03-05' AND '9999-01-01' ORDER BY act_by, case_id"""
    return [str(row[0]) for row in sql(site.config, query, GENERAL)]


def test_each_of_two_tabs_has_its_own_filters_and_an_old_form_keeps_what_was_typed(
    walk: Walker, site: Served
) -> None:
    """What the first tab does makes the form of the second old: it says what changed, and is sent again."""
    walk.sign_in("coordinator")
    page, case_id = walk.page, cases(site)[0]
    with page.context.expect_page() as opened:
        page.evaluate("url => window.open(url)", f"{site.url}/?modality=MR")
    other = opened.value
    walk.go("/?modality=CT")
    other.reload()
    expect(page.get_by_label("Modality")).to_have_value("CT")
    expect(other.get_by_label("Modality")).to_have_value("MR")

    other.goto(f"{site.url}/cases/{case_id}")
    walk.go(f"/cases/{case_id}")
    page.get_by_text("Request an exception", exact=True).click()
    page.get_by_label("Reason", exact=True).select_option("other")
    page.get_by_role("button", name="Ask for it").click()
    expect(page.locator(".notice.good")).to_be_visible()
    other.get_by_text("Wait until", exact=True).click()
    other.get_by_label("Off the list until").fill("2026-03-04")
    why = other.locator("details").filter(has_text="Off the list until").get_by_label("Why")
    why.fill("Her son calls")
    other.get_by_role("button", name="Wait", exact=True).click()
    expect(other.get_by_role("alert")).to_be_focused()
    expect(other.get_by_role("alert")).to_contain_text("requested")
    expect(why).to_have_value("Her son calls")
    other.get_by_role("button", name="Wait", exact=True).click()
    expect(other.get_by_text("The case waits.")).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_form_is_taken_once_whatever_is_clicked(
    browser: Browser, site: Served, script: bool
) -> None:
    """A double click, a reload, and the back button: the page before is asked for anew."""
    with walking(browser, site, script) as walk:
        walk.sign_in("surgeon")
        page, case_id = walk.page, cases(site)[1 if script else 2]
        walk.go(f"/cases/{case_id}")
        page.get_by_label("Note", exact=True).last.fill("ring her")
        page.get_by_role("button", name="Add the note").dblclick()
        expect(page.locator(".entry").filter(has_text="ring her")).to_have_count(1)
        page.reload()
        page.go_back()
        expect(page.locator(".entry").filter(has_text="ring her")).to_have_count(1)
    query = "SELECT count(*) FROM qi_people_note WHERE case_id = ?"
    assert sql(site.config, query, case_id) == [(1,)]


def test_a_late_feed_and_a_failed_night_are_the_first_thing_on_every_list(
    browser: Browser, site: Served
) -> None:
    file = site.config.parent / "state" / "status.json"
    status = json.loads(file.read_text(encoding="utf-8"))
    before = sql(site.config, "SELECT feeds, warnings FROM qi_desk_known")[0]
    late = [{"feed": "MR", "state": "stale", "until": "2026-02-27", "limit": "1 day"}]
    refused = Finding("midnight", "events", "at", 90, 100, Level.REFUSE, "Nine in ten at 0:00.")
    failed = {"state": "failed", "plausibility": [refused.as_dict()]}
    file.write_text(json.dumps(status | failed), encoding="utf-8")
    warned = replace(refused, check="rate", level=Level.WARN, message="Nobody is compliant.")
    update = "UPDATE qi_desk_known SET written = written + 1, feeds = ?, warnings = ?"
    execute(site.config, update, json.dumps(late), json.dumps([warned.as_dict()]))
    try:
        with walking(browser, site, bypass_csp=True) as walk:
            walk.sign_in("coordinator")
            for address in ("/", "/day-list", "/demand", f"/cases/{a_case(site.config)}"):
                walk.go(address)
                notices = walk.page.locator("main > .notice")
                expect(notices.nth(0)).to_contain_text("The last night failed.")
                expect(notices.nth(1)).to_contain_text("Nine in ten at 0:00.")
                expect(notices.nth(2)).to_contain_text("MR since Fri 27 Feb 2026: do not book")
                expect(notices.nth(3)).to_contain_text("Nobody is compliant.")
                first = walk.page.locator("main > *").first
                expect(first).to_have_class("notice warn")
                assert violations(walk.page) == []
    finally:
        file.write_text(json.dumps(status), encoding="utf-8")
        execute(site.config, update, *before)


def test_before_the_first_night_every_page_says_that_there_is_nothing(
    browser: Browser, tmp_path: Path
) -> None:
    next(write_ward(tmp_path, 1))
    set_web(tmp_path)
    add_accounts(tmp_path / "nightly.yaml", {k: PEOPLE[k] for k in ("both", "administrator")})
    with served(tmp_path / "nightly.yaml") as site, walking(browser, site, bypass_csp=True) as walk:
        walk.sign_in("both")
        lists = ("/", "/day-list", "/demand", "/exceptions", "/ultrasound", "/month", "/files")
        for address in (*lists, "/before-after", "/protocols", "/nights", "/trail", "/tokens"):
            walk.go(address)
            expect(walk.page.locator("h1")).to_be_visible()
            assert violations(walk.page) == [], address
        walk.go("/")
        expect(walk.page.locator("main > .notice").first).to_contain_text("no night has run yet")


# The element with the focus: whether it is in the window, not covered, and has an outline.
_SEEN = """() => {
    const e = document.activeElement;
    if (!e || e === document.body) return 'nothing';
    const box = e.getBoundingClientRect();
    if (box.bottom <= 0 || box.top >= innerHeight) return 'outside: ' + e.outerHTML.slice(0, 90);
    const x = Math.max(1, Math.min(innerWidth - 1, box.left + Math.min(8, box.width / 2)));
    const y = Math.max(1, Math.min(innerHeight - 1, box.top + Math.min(8, box.height / 2)));
    const top = document.elementFromPoint(x, y);
    if (top !== e && !e.contains(top) && !(top && top.contains(e))) return 'covered: ' + e.outerHTML.slice(0, 90);
    const style = getComputedStyle(e);
    return parseFloat(style.outlineWidth) >= 2 ? '' : 'no outline: ' + e.outerHTML.slice(0, 90);
}"""


def test_at_400_percent_the_keyboard_is_enough(browser: Browser, site: Served) -> None:
    """A window of 1280 pixels at 400% is 320 wide and 225 high: nothing is cut off, the focus is seen."""
    view = {"width": 320, "height": 225}
    with walking(browser, site, viewport=view, device_scale_factor=4) as walk:
        walk.sign_in("coordinator")
        page = walk.page
        for address, number in (("/", 30), (f"/cases/{cases(site)[3]}", 60)):
            walk.go(address)
            assert page.evaluate(WIDER) <= 0
            wrong = []
            for _ in range(number):
                page.keyboard.press("Tab")
                wrong += [said for said in [page.evaluate(_SEEN)] if said]
            assert wrong == []
        walk.go(f"/cases/{cases(site)[3]}")
        page.get_by_label("Whom").focus()
        page.keyboard.type("ward")
        page.keyboard.press("Tab")
        page.keyboard.press("r")
        page.keyboard.press("Tab")
        page.keyboard.type("comes at 8")
        page.keyboard.press("Enter")
        expect(page.locator(".entry").filter(has_text="ward: reached")).to_be_visible()


@pytest.mark.parametrize(("width", "folded"), [(390, True), (1280, False)])
def test_the_filters_are_folded_on_a_phone(
    browser: Browser, site: Served, width: int, folded: bool
) -> None:
    """Without a script; what is chosen there is sent, and the fold says how many are set."""
    view = {"width": width, "height": 844}
    with walking(browser, site, script=False, viewport=view) as walk:
        walk.sign_in("coordinator")
        page = walk.page
        walk.go("/")
        desk, fold = page.get_by_label("Desk", exact=True), page.locator("details.fold summary")
        expect(fold).to_be_visible(visible=folded)
        if folded:
            expect(desk).not_to_be_visible()
            fold.click()
        desk.select_option("MRI booking desk")
        page.get_by_role("button", name="Show", exact=True).click()
        assert "desk=MRI+booking+desk" in page.url
        expect(fold).to_have_text("Filters (1)")


def test_on_paper_there_is_what_was_found_and_no_form(walk: Walker, site: Served) -> None:
    """As wide as A4 without its margins; tables stay tables."""
    walk.sign_in("coordinator")
    page, case_id = walk.page, cases(site)[4]
    day = sql(site.config, "SELECT min(surgery_day) FROM qi_desk_workitem WHERE upcoming")[0][0]
    page.set_viewport_size({"width": 718, "height": 1000})
    page.emulate_media(media="print")
    for address in ("/", f"/cases/{case_id}", f"/cases/{case_id}/sheet", f"/day-list?day={day}"):
        walk.go(address)
        assert page.evaluate(WIDER) <= 0
        seen = page.locator("form, nav, button, select, input").filter(visible=True)
        expect(seen).to_have_count(0)
        rows = page.locator("main tbody tr").filter(visible=True)
        expect(rows.first).to_have_css("display", "table-row")


def test_another_date_says_what_is_wrong_with_it(walk: Walker, site: Served) -> None:
    """The answer of the script names the field; the day of the strip that was chosen is marked."""
    walk.sign_in("surgeon")
    page, case_id = walk.page, cases(site)[5]
    walk.go(f"/cases/{case_id}?to=1999-01-01&protocol={PROTOCOL}")
    field = page.get_by_label("Surgery on")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator(f"#to-error-{PROTOCOL}")).to_contain_text("cannot be moved into the past")
    day = page.locator("a.day").nth(20)
    words = day.get_attribute("aria-label")
    day.click()
    expect(page.locator("a.day.chosen")).to_have_attribute("aria-label", str(words))
    expect(field).to_have_value("2026-03-23")
