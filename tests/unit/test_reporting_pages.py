"""Pages for a person: well formed, self-contained, accessible, and safe with hostile text."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from qi_checker.audit.pages import audit_page, rulebook_page
from qi_checker.cases.pages import case_page, checklist_page, sheets_page
from qi_checker.cases.views import CaseSheet
from qi_checker.protocol.paths import reports_dir
from qi_checker.render import html
from tests.helpers import sheets
from tests.helpers.pages import Element, as_read, read_page

PAGES = {
    "case": case_page(sheets.CASE, "../index.html"),
    "compliant": case_page(sheets.compliant_case()),
    "audit": audit_page(sheets.AUDIT),
    "empty audit": audit_page(sheets.EMPTY_AUDIT),
    "rulebook": rulebook_page(sheets.RULEBOOK),
    "checklist": checklist_page(sheets.CHECKLIST),
    "checklist that is cut": checklist_page(sheets.CHECKLIST, 4),
    "sheets": sheets_page(sheets.SHEETS),
    "no sheets": sheets_page(replace(sheets.SHEETS, lines=())),
    "empty checklist": checklist_page(replace(sheets.CHECKLIST, items=(), problems=())),
}
HOSTILE = "<script>alert('1')</script>\"&'\u202e</td></table>" + "x" * 3000


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_well_formed_and_accessible(name: str) -> None:
    page = read_page(PAGES[name])
    root = page.children[0]
    assert root.attributes["lang"] == "en"
    assert page.all("title")[0].words
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("footer")) == 1
    for table in page.all("table"):
        assert table.all("caption")[0].words
        assert all(th.attributes.get("scope") in ("col", "row") for th in table.all("th"))
        assert all(row.all("th") or row.all("td") for row in table.all("tr"))
    ids = [e.attributes["id"] for e in page.everything() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    links = [a.attributes["href"] for a in page.all("a")]
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    for picture in (s for s in page.all("svg") if s.attributes.get("role") == "img"):
        if picture.attributes.get("aria-label"):
            continue
        named = picture.attributes["aria-labelledby"].split()
        assert all(page.by_id(id).words for id in named)
        phone = picture.attributes.get("class") in ("window phone", "chart phone")
        names = ["g"] if phone else ["title", "desc", "g"]
        assert [e.name for e in picture.children] == names
        assert picture.children[-1].attributes["aria-hidden"] == "true"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fetches_and_runs_nothing(name: str) -> None:
    for forbidden in ("http://", "https://", "src=", "<script", "@import", "url(", " on"):
        assert not re.search(rf"<[^>]*{re.escape(forbidden)}", PAGES[name]), forbidden
    assert "default-src 'none'" in PAGES[name]
    assert "@import" not in html.stylesheet()
    assert "url(" not in html.stylesheet()
    assert "</" not in html.stylesheet()


def _hostile_case() -> str:
    event = replace(
        sheets.CT.candidates[0], event_id=HOSTILE, description=HOSTILE, at=HOSTILE, region=HOSTILE
    )
    ct = replace(sheets.CT, title=HOSTILE, sentence=HOSTILE, candidates=(event,))
    return case_page(
        replace(
            sheets.CASE,
            case_id=HOSTILE,
            patient_id=HOSTILE,
            next_action=HOSTILE,
            owner=HOSTILE,
            facts=(("Procedures", HOSTILE),),
            requirements=(ct,),
            problems=(HOSTILE,),
        )
    )


def _hostile_audit() -> str:
    line = replace(sheets.AUDIT.action[0], case_id=HOSTILE, sentence=HOSTILE, owner=HOSTILE)
    return audit_page(
        replace(
            sheets.AUDIT,
            action=(line,),
            failed=(line,),
            notes=(HOSTILE,),
            problems=(HOSTILE,),
            rejects=((HOSTILE, 2, HOSTILE),),
            reconciliation=((HOSTILE, 2, 1, 1),),
        )
    )


def _hostile_checklist() -> str:
    item = replace(sheets.CHECKLIST.items[0], case_id=HOSTILE, next_action=HOSTILE, owner=HOSTILE)
    return checklist_page(replace(sheets.CHECKLIST, items=(item,)))


def _hostile_rulebook() -> str:
    provenance = replace(sheets.PROVENANCE, protocol_title=HOSTILE, protocol_version=HOSTILE)
    line = replace(sheets.RULEBOOK.lines[0], provenance=provenance)
    return rulebook_page(
        replace(sheets.RULEBOOK, lines=(line,), reconciliation=((HOSTILE, 2, 1, 1),))
    )


@pytest.mark.parametrize(
    "render", [_hostile_case, _hostile_audit, _hostile_checklist, _hostile_rulebook]
)
def test_hostile_text_stays_text(render: object) -> None:
    assert callable(render)
    text = render()
    assert "<script" not in text
    page = read_page(text)
    assert not page.all("script")
    assert "alert('1')" in page.words


def test_a_long_description_is_cut() -> None:
    event = replace(sheets.CT.candidates[0], description="long " * 1000)
    page = case_page(replace(sheets.CASE, requirements=(replace(sheets.CT, candidates=(event,)),)))
    assert len(page) < len(PAGES["case"])


def test_the_case_says_what_to_do_before_anything_else() -> None:
    main = read_page(PAGES["case"]).all("main")[0]
    action = as_read(sheets.CASE.next_action)
    assert main.words.index(action) < main.words.index("Procedures")
    assert main.words.index(action) < main.words.index("CT of the liver:")
    assert "Until: Fri 13 Feb 2026. Who: MRI booking desk." in main.words
    assert "Not compliant: a requirement is expired or missing" in main.words
    assert "dated from Sat 24 Jan 2026 to Mon 23 Feb 2026, or an approved exception." in main.words


def test_a_case_shows_every_event_with_every_criterion_in_words() -> None:
    tables = read_page(PAGES["case"]).all("table")
    assert len(tables) == len(sheets.CASE.requirements)
    for table, requirement in zip(tables, sheets.CASE.requirements, strict=True):
        rows = [r for r in table.all("tr") if r.all("td")]
        assert len(rows) == len(requirement.candidates)
        for row, candidate in zip(rows, requirement.candidates, strict=True):
            said = [w for td in row.all("td") for w in td.words.split()]
            for outcome, words in (
                ("pass", "passed"),
                ("fail", "failed"),
                ("undecided", "undecided"),
            ):
                expected_number = sum(1 for c in candidate.criteria if c.outcome == outcome)
                assert said.count(words) == expected_number
            assert candidate.event_id in row.words
            assert candidate.source in row.words
            assert all(c.why in row.words for c in candidate.criteria)
            assert all(line in row.words for line in candidate.advice)


def test_a_past_case_cannot_be_arranged_and_surgery_cannot_slip() -> None:
    text = read_page(PAGES["compliant"]).words
    assert "Nothing can be arranged any more: the operation is past." in text
    assert "may slip" not in text


def test_a_compliant_upcoming_case_says_how_far_surgery_may_slip() -> None:
    sheet = replace(sheets.compliant_case(), upcoming=True, case_status="scheduled")
    text = read_page(case_page(sheet)).words
    assert "Nothing to arrange." in text
    assert "Surgery may slip until Thu 5 Mar 2026 and everything still holds." in text


def _rows(section: Element) -> int:
    return sum(1 for row in section.all("tr") if row.all("td"))


@pytest.mark.parametrize(
    ("section", "expected"),
    [("action", 3), ("not-compliant", 2), ("undetermined", 1), ("exempt", 2), ("others", 32)],
)
def test_every_number_has_as_many_cases_as_its_list(section: str, expected: int) -> None:
    page = read_page(PAGES["audit"])
    assert _rows(page.by_id(section)) == expected
    folded = {
        part.attributes.get("id"): fold.all("summary")[0].words
        for fold in page.all("details")
        for part in fold.all("section")
    }
    if section != "action":
        assert folded[section].endswith(f" {expected}")
    noun = "action" if section == "action" else "case"
    assert f"{expected} {noun}" in page.by_id(section).all("caption")[0].words


def test_the_flow_adds_up_on_the_page() -> None:
    left = 0
    for row in read_page(PAGES["audit"]).by_id("flow").all("tr")[1:]:
        number = row.all("td")[0].words
        if number.startswith("−"):
            left -= int(number[1:])
        else:
            assert left in (0, int(number))
            left = int(number)
    assert left == sheets.AUDIT.rate.eligible


def test_no_eligible_cases_is_said_and_never_a_percentage() -> None:
    main = read_page(PAGES["empty audit"]).all("main")[0].words
    assert "no eligible cases" in main
    assert "%" not in main


def test_ten_thousand_cases_are_cut_and_counted() -> None:
    lines = tuple(sheets.line(n, "not_compliant", "Too old.") for n in range(2000))
    page = replace(sheets.AUDIT, failed=lines, list_sizes=(("failed", 10_000),))
    section = read_page(audit_page(page)).by_id("not-compliant")
    assert _rows(section) == html.CASES_SHOWN
    assert "10,000 cases; the first 200 are shown, cases.csv has every one." in section.words


def test_a_list_of_mixed_verdicts_names_them() -> None:
    lines = (sheets.line(1, "not_compliant", ""), sheets.line(2, "error", "CT: not evaluated."))
    section = read_page(audit_page(replace(sheets.AUDIT, failed=lines))).by_id("not-compliant")
    assert "Error" in section.words


def test_rejected_rows_point_to_the_file_when_cut() -> None:
    rows = tuple((f"events.csv, row {n}", n, "at: unreadable date") for n in range(2, 90))
    page = replace(sheets.AUDIT, rejects=rows, reconciliation=(("events.csv", 900, 500, 400),))
    data = read_page(audit_page(page)).by_id("data").words
    assert "Rejected rows (400)" in data
    assert "The first 50 are shown; rejects.csv has every one." in data


def test_the_checklist_has_a_tick_box_for_every_action() -> None:
    page = read_page(PAGES["checklist"])
    waiting = [item for item in sheets.CHECKLIST.items if item.next_action]
    boxes = [e for e in page.all("svg") if e.attributes.get("class") == "box"]
    assert len(boxes) == 2 * len(waiting)  # done, called
    assert all(as_read(item.next_action) in page.words for item in waiting)
    headings = [h.words for h in page.all("h2")]
    assert headings[:5] == [
        "Overdue (1)",
        "Today (1)",
        "Soon (2)",
        "Later (1)",
        "Nothing to do (2)",
    ]


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", ["ink", "muted", "link", "good", "warn", "bad", "open", "wait"])
@pytest.mark.parametrize("background", ["#ffffff", "#f4f6f8"])
def test_text_colours_have_enough_contrast(name: str, background: str) -> None:
    text = (reports_dir() / "style.css").read_text(encoding="utf-8")
    found = re.search(rf"--{name}: (#[0-9a-fA-F]{{6}})", text)
    assert found
    assert (_luminance(background) + 0.05) / (_luminance(found[1]) + 0.05) >= 4.5


# Words that choose a symbol or a sentence of ours; every other text comes from people and records.
VOCABULARY = {
    "status",
    "verdict",
    "reason",
    "outcome",
    "surgery_time",
    "surgery_date",
    "as_of",
    "name",
}
TAIL = "<x&\"'>"


def spoilt(value: Any) -> Any:
    """Return a view with hostile characters at the end of every text that is not ours."""
    if isinstance(value, str):
        return value + TAIL
    if isinstance(value, tuple):
        return tuple(map(spoilt, value))
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changed = {
        field.name: spoilt(getattr(value, field.name))
        for field in fields(value)
        if field.init and field.name not in VOCABULARY
    }
    return replace(value, **changed)


@pytest.mark.parametrize("sheet", [sheets.CASE, sheets.compliant_case()], ids=["open", "compliant"])
def test_every_text_of_a_case_page_is_escaped(sheet: CaseSheet) -> None:
    """The page is written in Python, where no template escapes what somebody forgets."""
    why = tuple((title + TAIL, reason) for title, reason in sheet.why)
    page = case_page(
        replace(spoilt(replace(sheet, why=())), provenance=sheet.provenance, why=why), "index.html"
    )
    assert page.count("&lt;x&amp;&#34;&#39;&gt;") > 20
    assert "<x" not in page and TAIL not in page
