"""Each role through its morning in a browser, with and without script; and every page looked at by axe."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.helpers.browser import chromium, needs_browser
from tests.helpers.walker import WIDER, Walker, violations, walking
from tests.helpers.web import GENERAL, PROTOCOL, ROLES, Served, a_case, pages_of, sql

pytestmark = needs_browser
scripts = pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
MANY = 20  # cases on a screen of 900 pixels


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def walk(browser: Browser, site: Served, request: pytest.FixtureRequest) -> Iterator[Walker]:
    """Somebody at a browser, with a script or without."""
    given = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    with walking(browser, site, given.get("script", True)) as walker:
        yield walker


@pytest.mark.parametrize("script", [pytest.param(True, marks=pytest.mark.thorough), False])
def test_a_coordinator(walk: Walker, script: bool) -> None:
    """List, filter, case, another date, a call; the list shows it. Many cases are on the screen."""
    walk.sign_in("coordinator")
    page = walk.page
    expect(page.get_by_role("heading", level=1)).to_have_text("Work list")
    rows = page.locator("table.work tbody tr")
    seen = (
        rows.evaluate_all(
            "rows => rows.filter(r => r.getBoundingClientRect().bottom <= innerHeight).length"
        )
        if script
        else MANY
    )
    assert seen >= MANY
    desk = page.get_by_label("Desk")
    chosen = desk.locator("option").nth(1).inner_text()
    desk.select_option(chosen)
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile(r"\bdesk="))
    expect(page.get_by_label("Desk")).to_have_value(chosen)
    case_id = walk.open_case(0 if script else 1)  # each walk takes a case of its own
    move = page.locator("[data-what-if]").locator("..")
    move.get_by_label("Surgery on").fill("2026-04-20")
    if not script:
        move.get_by_role("button", name="See").click()
    expect(move.get_by_text(re.compile(r"On .*20.*2026:"))).to_be_visible()
    expect(page).to_have_url(re.compile(r"to=2026-04-20"))
    page.get_by_label("Whom").fill("MRI desk")
    page.get_by_label("Outcome").select_option("left_message")
    page.get_by_role("button", name="Log it").click()
    expect(page.locator(".entry").filter(has_text="MRI desk")).to_be_visible()
    walk.go(f"/?q={case_id}")
    row = page.locator("table.work tbody tr").first
    expect(row).to_contain_text("left a message")
    row.get_by_role("button", name="Looked").click()
    expect(row.locator(".chip").filter(has_text="looked")).to_be_visible()
    expect(page).to_have_url(re.compile(r"q="))


@scripts
def test_a_surgeon_and_a_radiologist(walk: Walker, browser: Browser, script: bool) -> None:
    """One asks for an exception, the other approves it and sees how many slots are needed."""
    walk.sign_in("surgeon")
    page = walk.page
    skip = 0 if script else 1  # each walk takes a case of its own
    cases = [c for c, _ in _open_cases(walk.site)]
    walk.go(f"/cases/{cases[-1 - skip]}")
    page.get_by_text("Request an exception", exact=True).click()
    expect(page.get_by_label("Reason", exact=True)).to_have_value("")  # chosen by nobody yet
    page.get_by_label("Reason", exact=True).select_option("contraindication-mri")
    page.get_by_role("button", name="Ask for it").click()
    waiver = page.locator("article.waiver")
    expect(waiver).to_contain_text("somebody else must decide")
    page.get_by_role("button", name="Sign out").click()
    walk.sign_in("radiologist")
    walk.menu("Exceptions")
    waiver = page.locator("article.waiver").filter(has_text=cases[-1 - skip])
    waiver.get_by_role("button", name="Approve").click()
    expect(page.locator(".notice.good")).to_be_visible()
    expect(page.locator("article.waiver").filter(has_text="approved").first).to_be_visible()
    walk.menu("Demand")
    expect(page.get_by_role("table")).to_contain_text("MR")


def _open_cases(site: Served) -> list[tuple[str, str]]:
    query = """SELECT case_id, act_by FROM qi_desk_workitem WHERE site = ? AND upcoming
               AND act_by < '9999-01-01' AND requirements LIKE '%mri%' ORDER BY act_by, case_id"""
    return [(str(c), str(d)) for c, d in sql(site.config, query, GENERAL)]


@scripts
def test_a_quality_lead_and_an_administrator(walk: Walker, script: bool) -> None:
    """One signs a case off and verifies the trail; the other finds the night, and makes a token."""
    walk.sign_in("quality_lead")
    page = walk.page
    walk.menu("Month")
    walk.go(f"/cases/{_open_cases(walk.site)[3 if script else 4][0]}")
    page.get_by_text("Sign-off", exact=True).click()
    page.get_by_role("button", name="Sign off").click()
    expect(page.locator(".chip").filter(has_text="holds")).to_be_visible()
    walk.menu("Trail")
    page.get_by_role("button", name="Verify the whole trail").click()
    expect(page.locator(".notice.good")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    walk.sign_in("administrator")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nights")
    page.locator("tbody a").first.click()
    walk.menu("Services")
    page.get_by_label("Name of the service").fill("dashboard")
    page.get_by_role("button", name="Create").click()
    expect(page.locator(".notice.good code")).to_have_text(re.compile(r"^[\w-]{43}$"))


def test_the_keyboard_alone(walk: Walker) -> None:
    """The skip link is first and leads to the content; single keys work for who switched them on."""
    walk.sign_in("coordinator")
    page = walk.page
    walk.go("/account")
    page.get_by_role("checkbox").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator(".notice.good")).to_be_visible()
    walk.go("/")
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    outline = page.locator("a.skip").evaluate("e => parseFloat(getComputedStyle(e).outlineWidth)")
    assert outline >= 2
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("td.id a").nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("o")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Case "))


def test_before_a_session_ends_the_page_offers_to_stay(browser: Browser, walk: Walker) -> None:
    """Another tab may have used it: the server is asked how long there is. Answers are made up here."""
    walk.sign_in("coordinator")
    page, left = walk.page, [90]
    page.route("**/session", lambda route: route.fulfill(json={"left": left[0]}))
    page.clock.install()
    walk.go("/")
    dialog = page.get_by_role("dialog")
    page.clock.fast_forward("27:59")
    expect(dialog).to_be_hidden()
    page.clock.fast_forward("00:02")
    expect(dialog).to_contain_text("2 min")
    left[0] = 1800
    page.get_by_role("button", name="Stay signed in").click()
    expect(dialog).to_be_hidden()


# ---- every page -----------------------------------------------------------------------------------

_NO_PAGES = {
    "health",
    "ready",
    "oidc_begin",
    "oidc_callback",
    "session",
    "what_if",
    "file",
    "ious_file",
}


def _addresses(site: Served) -> dict[str, list[str]]:
    """Every page that can be opened, by a role that may; states beside the usual one."""
    case_id = a_case(site.config)
    past = "SELECT max(case_id) FROM qi_desk_workitem WHERE NOT upcoming"
    done = str(sql(site.config, past)[0][0])
    run = sql(site.config, "SELECT max(run_id) FROM qi_desk_known")[0][0]
    found: dict[str, list[str]] = {role: [] for role in ROLES}
    for page in pages_of(site.config):
        if not page.read or page.scope in ("OPEN", "TOKEN") or page.name in _NO_PAGES:
            continue
        path = page.path.replace("<str:case_id>", done if page.name == "ious" else case_id)
        number = run if page.name == "run" else 1
        found[page.read[0]].append("/" + path.replace("<int:number>", str(number)))
    found["coordinator"] += [
        "/?q=nobody-has-this",
        "/?show=changed",
        "/day-list?day=2026-03-10",
        f"/cases/{case_id}?to=2026-04-20&protocol={PROTOCOL}",
        f"/cases/{case_id}?to=1999-01-01&protocol={PROTOCOL}",
        "/cases/NO-SUCH-CASE",
        "/people",
    ]
    found["surgeon"] += ["/", f"/cases/{case_id}"]  # with the sign-off
    return found


@pytest.mark.parametrize(
    "login", ["", *(pytest.param(role, marks=pytest.mark.thorough) for role in ROLES)]
)
def test_every_page_can_be_read_by_everybody(browser: Browser, site: Served, login: str) -> None:
    """WCAG 2.2 AA as far as a program can tell, and nothing to scroll sideways on a telephone."""
    addresses = _addresses(site)[login] if login else ["/sign-in", "/sign-in?refused=token"]
    context = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    walker = Walker(context.new_page(), site)
    if login:
        walker.sign_in(login)
    assert addresses
    wrong = []
    for address in addresses:
        walker.go(address)
        wrong += [(address, v) for v in violations(walker.page)]
        walker.page.set_viewport_size({"width": 320, "height": 640})
        if (wide := int(walker.page.evaluate(WIDER))) > 0:
            wrong.append((address, f"{wide} pixels too wide"))
        walker.page.set_viewport_size({"width": 1280, "height": 900})
    context.close()
    assert wrong == []


CUT = """cells => cells.filter(c => c.scrollWidth > c.clientWidth + 1 && c.clientWidth > 0
    || c.scrollHeight > c.clientHeight + 2 && c.clientHeight > 0).map(c => c.innerText)"""


@pytest.mark.parametrize("script", [False])
def test_paper_and_telephone_lose_nothing(walk: Walker, script: bool) -> None:
    """What is cut on paper cannot be opened there, and today is another day tomorrow."""
    walk.sign_in("coordinator")
    page, case_id = walk.page, a_case(walk.site.config)
    page.set_viewport_size({"width": 703, "height": 1000})  # A4 without its margins
    page.emulate_media(media="print")
    walk.go("/")
    texts = page.locator("table.work :is(td:not(.marks), td small, .why div)")
    assert texts.count() > 0 and texts.evaluate_all(CUT) == []
    moment = re.compile(r"As of .*\d:\d\d")
    expect(page.locator(".headline")).to_contain_text(moment)
    expect(page.get_by_text("Next page")).to_be_hidden()
    expect(page.get_by_text(re.compile(r"\d+ of \d+ lines are on this page"))).to_have_count(
        page.get_by_text("Next page").count()
    )
    walk.go(f"/cases/{case_id}/sheet")
    expect(page.locator("main")).to_contain_text(moment)
    walk.go(f"/cases/{case_id}")
    expect(page.locator(".lead")).to_contain_text(moment)
    for only_on_screen in (
        "Print sheet",
        "Request an exception",
        "Wait until",
        "Mark as looked at",
    ):
        expect(page.get_by_text(only_on_screen, exact=True)).to_be_hidden()
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 390, "height": 844})
    walk.go(f"/cases/{case_id}")
    page.locator("details").evaluate_all("all => all.forEach(d => d.open = true)")
    assert page.locator("article .scroll").count() > 0
    assert page.locator("article .scroll").evaluate_all(CUT) == []


@pytest.mark.thorough
def test_a_form_with_errors_can_be_read_by_everybody(browser: Browser, site: Served) -> None:
    context = browser.new_context(bypass_csp=True)
    walker = Walker(context.new_page(), site)
    walker.sign_in("coordinator")
    walker.go(f"/cases/{a_case(site.config)}")
    walker.page.get_by_role("button", name="Log it").click()
    expect(walker.page.get_by_role("alert")).to_be_focused()
    assert violations(walker.page) == []
    walker.page.get_by_role("alert").get_by_role("link").click()
    expect(walker.page.get_by_label("Whom")).to_be_focused()
    context.close()
