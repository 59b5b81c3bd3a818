"""Pages for a person: one self-contained HTML file each, no script, nothing fetched.

Every page is given one typed value (`CaseSheet`, `AuditPage`, `RulebookPage`, `Checklist`,
`SheetsPage`, `RuleSheet`); the templates decide nothing. Names in them that are not there are an
error, and every text is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from qi_checker.audit.views import (
    AuditPage,
    Candidate,
    CaseSheet,
    Checklist,
    RulebookPage,
    SheetsPage,
)
from qi_checker.protocol.paths import reports_dir
from qi_checker.protocol.vocabulary import Status, Verdict
from qi_checker.reporting import candidates, rates, words
from qi_checker.reporting.rule_page import RuleSheet
from qi_checker.reporting.timeline import shape_of, timeline
from qi_checker.reporting.urgency import by_urgency, cut

CASES_SHOWN = 200  # a longer list is read as a spreadsheet: cases.csv has every case
REJECTS_SHOWN = 50
PROBLEMS_SHOWN = 100
_ISO_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")
LONGEST_TEXT = 160  # of a free text that only informs, such as a study description


def _day(value: date | None) -> Markup:
    """A date that does not break across lines."""
    if value is None:
        return Markup("–")
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), words.day(value))


def _dates(text: str) -> Markup:
    """Text with its ISO dates kept in one piece."""
    return Markup(_ISO_DATE.sub(r'<span class="nowrap">\g<0></span>', str(escape(text))))


def _clip(text: str, longest: int = LONGEST_TEXT) -> str:
    return text if len(text) <= longest else text[: longest - 2].rstrip() + " …"


def _capital(text: str) -> str:
    """Our own words at the head of a line."""
    return text[:1].upper() + text[1:]


def _criteria(events: Sequence[Candidate]) -> tuple[str, ...]:
    """The columns of a table of candidates: every criterion that was asked, in order."""
    return tuple(dict.fromkeys(c.name for event in events for c in event.criteria))


def _as_of_day(as_of: str) -> date:
    return datetime.fromisoformat(as_of).date()


def stylesheet() -> str:
    """The style sheet as it is put into a page: without comments and indentation."""
    text = (reports_dir() / "style.css").read_text(encoding="utf-8")
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)).strip()


@cache
def environment() -> Environment:
    """The templates with everything they may call; compiled once, used for every page."""
    env = Environment(
        loader=FileSystemLoader(reports_dir() / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters.update(day=_day, clip=_clip, dates=_dates, capital=_capital)
    env.globals.update(
        css=Markup(stylesheet()),
        words=words,
        rates=rates,
        candidates=candidates,
        Status=Status,
        Verdict=Verdict,
        timeline=timeline,
        shape_of=shape_of,
        criteria_of=_criteria,
        as_of_day=_as_of_day,
        cases_shown=CASES_SHOWN,
        rejects_shown=REJECTS_SHOWN,
        problems_shown=PROBLEMS_SHOWN,
    )
    return env


def case_page(sheet: CaseSheet, index_link: str = "") -> str:
    """The sheet of one case; `index_link` leads back to the audit it belongs to."""
    return environment().get_template("case.html.j2").render(sheet=sheet, index_link=index_link)


def audit_page(page: AuditPage) -> str:
    """The audit: index.html."""
    return environment().get_template("audit.html.j2").render(page=page)


def rulebook_page(page: RulebookPage) -> str:
    """All protocols of a rulebook: its index.html."""
    return environment().get_template("rulebook.html.j2").render(page=page)


def checklist_page(checklist: Checklist, most: int | None = None) -> str:
    """The coordinator's list for the day, to print and tick off; `most` cases, or all."""
    groups = by_urgency(checklist)
    if most is not None:
        groups = cut(groups, most)
    left_out = len(checklist.items) - sum(len(group.items) for group in groups)
    template = environment().get_template("checklist.html.j2")
    return template.render(checklist=checklist, groups=groups, left_out=left_out)


def sheets_page(page: SheetsPage) -> str:
    """A folder of case sheets: its index.html."""
    return environment().get_template("sheets.html.j2").render(page=page)


def rule_page(context: RuleSheet) -> str:
    """A protocol in plain English."""
    return environment().get_template("rule.html.j2").render(rule=context)
