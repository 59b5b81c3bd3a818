"""The pages of cases: the case sheet, the checklist, and the index of a folder of sheets."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment

from qi_checker.cases import words as case_words
from qi_checker.cases.grouping import cut, grouped
from qi_checker.cases.section import section
from qi_checker.cases.views import CaseSheet, Checklist, SheetsPage
from qi_checker.render.html import environment


@cache
def _environment() -> Environment:
    env = environment()
    env.globals.update(section=section)
    return env


def case_page(sheet: CaseSheet, index_link: str = "") -> str:
    """Render the sheet of one case; `index_link` leads back to the audit it belongs to."""
    template = _environment().get_template("cases/case.html.j2")
    return template.render(sheet=sheet, index_link=index_link)


def checklist_page(checklist: Checklist, most: int | None = None) -> str:
    """Render the coordinator's list for the day, to print and tick off; `most` lines, or all."""
    groups = grouped(checklist)
    total = sum(len(group.items) for group in groups)
    if most is not None:
        groups = cut(groups, most)
    left_out = total - sum(len(group.items) for group in groups)
    template = _environment().get_template("cases/checklist.html.j2")
    return template.render(
        checklist=checklist, groups=groups, total=total, left_out=left_out, said=case_words
    )


def sheets_page(page: SheetsPage) -> str:
    """Render the index.html of a folder of case sheets."""
    return _environment().get_template("cases/sheets.html.j2").render(page=page, said=case_words)
