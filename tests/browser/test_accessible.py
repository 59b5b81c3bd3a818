"""Every kind of page in a browser: WCAG 2.2 AA as far as a program can tell, keyboard, narrow, print."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, ViewportSize

from qi_checker.protocol.paths import reports_dir
from tests.helpers.browser import chromium, needs_browser
from tests.unit.test_reporting_context import RENDER
from tests.unit.test_reporting_golden import PAGES, made

pytestmark = needs_browser
_PAGE = ".html.j2"


def name_of(template: str) -> str:
    """The kept page of a template, which may be none: of `study/protected`, `study-protected`."""
    room, name = template.removesuffix(_PAGE).split("/")
    return name if name in PAGES else f"{room}-{name}"


# The kept pages with their variants, and a sample of every other template.
KINDS = [*PAGES, *(t for t in RENDER if name_of(t) not in PAGES)]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WINDOW: ViewportSize = {"width": 1280, "height": 900}
_SPACING = (
    "* { line-height: 1.5 !important; letter-spacing: .12em !important; "
    "word-spacing: .16em !important } p { margin-bottom: 2em !important }"
)  # WCAG 1.4.12


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


class Shown:
    """A page in the browser, with its errors and its requests."""

    def __init__(self, browser: Browser, html: str, **settings: object) -> None:
        self.context = browser.new_context(bypass_csp=True, **settings)  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.route("**/*", self._refuse)
        self.page.set_content(html)

    def _refuse(self, route: Route) -> None:
        self.requests.append(route.request.url)
        route.abort()

    def violations(self, rules: list[str] | None = None) -> list[str]:
        only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": WCAG}
        options = {"runOnly": only, "resultTypes": ["violations"]}
        found = Axe().run(self.page, options=options).response["violations"]
        return [f"{v['id']}: {n['html'][:160]}" for v in found for n in v["nodes"]]

    def reset(self) -> None:
        """Undo what a test changes, but for the place of the keyboard."""
        self.page.set_viewport_size(WINDOW)
        self.page.emulate_media(media="null", forced_colors="null", reduced_motion="null")

    def too_wide(self) -> int:
        """Pixels by which the page is wider than the window."""
        return int(
            self.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        )


@cache
def _written(kind: str) -> str:
    return made(kind) if kind in PAGES else RENDER[kind]()


@pytest.fixture(scope="module")
def loaded(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Shown]:
    """A page that all tests of its kind look at: a new one is a process and a layout of its own."""
    made = Shown(browser, _written(request.param), viewport=WINDOW)
    yield made
    made.context.close()


@pytest.fixture
def shown(loaded: Shown) -> Iterator[Shown]:
    yield loaded
    loaded.reset()


each = pytest.mark.parametrize("loaded", KINDS, indirect=True)


def test_every_kind_of_page_is_here() -> None:
    """A new template that is a page has a sample in `RENDER`, and then it is tested here as well."""
    folder = reports_dir() / "templates"
    whole = {
        f.relative_to(folder).as_posix()
        for f in folder.rglob(f"*{_PAGE}")
        if "{% extends" in f.read_text("utf-8") and f.parent.name != "web"  # tests/web
    }
    assert whole and all(t in KINDS or name_of(t) in KINDS for t in whole)


@each
def test_wcag(shown: Shown) -> None:
    assert shown.violations() == []
    assert (shown.errors, shown.requests) == ([], [])


@each
def test_narrow_and_with_wide_spacing(shown: Shown) -> None:
    """Only tables and pictures scroll, each by itself (1.4.10); wider spacing loses nothing."""
    shown.page.set_viewport_size({"width": 320, "height": 640})
    assert shown.too_wide() <= 0
    spacing = shown.page.add_style_tag(content=_SPACING)
    too_wide = shown.too_wide()
    spacing.evaluate("style => style.remove()")
    assert too_wide <= 0


@each
def test_print_and_forced_colours(shown: Shown) -> None:
    shown.page.emulate_media(media="print")
    assert shown.violations(["color-contrast", "heading-order", "list"]) == []
    shown.page.emulate_media(media="screen", forced_colors="active", reduced_motion="reduce")
    assert shown.violations(["color-contrast"]) == []


_FOCUS = """() => {
    const e = document.activeElement;
    if (!e || e === document.body) return null;
    const all = [...document.querySelectorAll('a[href], summary, [tabindex="0"]')]
        .filter(x => x.checkVisibility());
    const style = getComputedStyle(e);
    return [all.indexOf(e), all.length, style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2];
}"""


@each
def test_keyboard(shown: Shown) -> None:
    """Tab reaches everything that can be used, in the order of the page, and shows where it is."""
    visited = []
    for _ in range(400):
        shown.page.keyboard.press("Tab")
        at = shown.page.evaluate(_FOCUS)
        if at is None:
            break
        assert at[2], "the focus cannot be seen"
        visited.append(at[0])
        if at[0] == at[1] - 1:
            break
    count = shown.page.evaluate(
        "[...document.querySelectorAll('a[href], summary, [tabindex=\"0\"]')]"
        ".filter(x => x.checkVisibility()).length"
    )
    assert visited == list(range(count))


@each
def test_every_picture_has_its_numbers_in_a_table(shown: Shown) -> None:
    """A chart is followed by a table before the next section begins."""
    lonely = shown.page.evaluate("""() => [...document.querySelectorAll('svg.chart')].filter(svg => {
        const section = svg.closest('section') || document.body;
        return !section.querySelector('table');
    }).length""")
    assert lonely == 0


def test_a_bad_page_is_found_out(browser: Browser) -> None:
    """What this file checks can fail."""
    bad = (
        "<html><head></head><body><h3>Low</h3><p style='color:#aaa'>Pale</p>"
        "<img src='http://example.org/x.png'><div style='width:2000px'>Wide</div>"
        "<table><tr><th></th><td>1</td></tr></table></body></html>"
    )
    made = Shown(browser, bad, viewport={"width": 320, "height": 640})
    rules = {v.partition(":")[0] for v in made.violations()}
    assert {"color-contrast", "html-has-lang", "image-alt", "document-title"} <= rules
    assert made.too_wide() > 1000
    assert made.requests == ["http://example.org/x.png"]
    made.context.close()
