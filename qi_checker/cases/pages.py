"""The pages of cases: the case sheet, the checklist, and the index of a folder of sheets.

Case pages come by the thousand: their frame is a template that is filled once for all pages of an
evaluation, and what differs is written here and in `section.py`. Every text that is not ours passes
through `safe`, `free` or `dates`, which escape it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache, lru_cache

from jinja2 import Template
from markupsafe import Markup

from qi_checker.cases import words as case_words
from qi_checker.cases.grouping import cut, grouped
from qi_checker.cases.section import badge, free, section
from qi_checker.cases.views import CaseSheet, Checklist, SheetsPage
from qi_checker.render import words
from qi_checker.render.html import clip, dates, day, environment, safe
from qi_checker.render.views import Provenance


@cache
def _template(name: str) -> Template:
    return environment().get_template(name)


# ---- the sheet of one case -----------------------------------------------------------------------


def case_page(sheet: CaseSheet, index_link: str = "") -> str:
    """Render the sheet of one case; `index_link` leads back to the audit it belongs to."""
    start, middle, end = _frame(_Same(sheet.provenance), index_link)
    title = safe(f"Case {sheet.case_id}: {words.label(sheet.verdict)}")
    return "".join([start, title, middle, *_main(sheet), end])


class _Same:
    """Makes an object the key of a cache: nothing but the object itself is equal to it."""

    def __init__(self, of: Provenance) -> None:
        self.of = of

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.of is other.of

    def __hash__(self) -> int:
        return id(self.of)


@lru_cache(8)
def _frame(provenance: _Same, index_link: str) -> tuple[str, str, str]:
    """Return the page up to its title, between title and main part, and after that."""
    place = Markup("<!-- here -->")  # in no text, since texts are escaped
    page = _template("cases/case.html.j2").render(
        provenance=provenance.of, index_link=index_link, title=place, main=place
    )
    start, middle, end = page.split(place)
    return start, middle, end


def _main(sheet: CaseSheet) -> list[str]:
    as_of = date.fromisoformat(sheet.provenance.as_of[:10])
    sections = [
        section(req, f"r{number}", sheet, as_of) for number, req in enumerate(sheet.requirements, 1)
    ]
    return [
        _heading(sheet),
        f'<div class="card do{" bad" if sheet.next_action else ""}">\n<h2>Next action</h2>\n',
        _to_do(sheet),
        "</div>\n",
        _facts(sheet),
        *sections,
        _problems(sheet.problems),
        "\n",
        '<div class="sign"><span>Checked by</span><span>Action arranged by</span><span>Date</span></div>\n',
    ]


def _heading(sheet: CaseSheet) -> str:
    """Draw id and verdict, and why.

    On paper the reason takes the place of the verdict's meaning: a usual case is one page.
    """
    why = "; ".join(f"{free(title)} ({safe(words.REASONS[reason])})" for title, reason in sheet.why)
    meaning = f": {safe(words.VERDICTS[sheet.verdict])}</span>"
    said = f'<span class="why">{meaning}'
    if why:
        said = f'<span class="why screen">{meaning}<span class="why paper">: {why}</span>'
    lead = f'<p class="lead screen">Why: {why}.</p>\n' if why else ""
    id = safe(sheet.case_id)
    title = f'<h1 data-foot="Case {id}">Case <bdi>{id}</bdi> {badge(sheet.verdict)}{said}</h1>'
    return f"{title}\n{lead}"


def _to_do(sheet: CaseSheet) -> str:
    """Draw the actions of the case, or why there are none."""
    said = []
    if sheet.next_action:
        until = (
            f"Until: <b>{day(sheet.act_by)}</b>. Who: <b>{free(sheet.owner or 'not named')}</b>."
        )
        said.append(f'<p class="command"><bdi>{dates(sheet.next_action)}</bdi></p>')
        said.append(f"<p>{until} {_arranged()}</p>")
        for text, act_by, owner in sheet.also:
            until = f"Until: <b>{day(act_by)}</b>. Who: <b>{free(owner)}</b>."
            said.append(f"<p>Also: <b>{free(text)}</b>. {until} {_arranged()}</p>")
    elif sheet.upcoming or sheet.verdict == "pending":
        said.append('<p class="command">Nothing to arrange.</p>')
    else:
        why = "was cancelled" if sheet.case_status == "cancelled" else "is past"
        said.append(
            f'<p class="command">Nothing can be arranged any more: the operation {why}.</p>'
        )
    if sheet.upcoming and sheet.latest_surgery_date:
        last = f"<b>{day(sheet.latest_surgery_date)}</b>"
        said.append(f"<p>Surgery may slip until {last} and everything still holds.</p>")
    return "".join([f"{line}\n" for line in said])


@cache
def _arranged() -> str:
    box = _template("macros.html.j2").module.tick_box("arranged")  # type: ignore[attr-defined]
    return f'<span class="nowrap">{box} arranged</span>'


def _facts(sheet: CaseSheet) -> str:
    day_and_time = f"{day(sheet.surgery_date)} {safe(sheet.surgery_time)}"
    facts = [("Surgery", f"{day_and_time} ({safe(sheet.case_status)})")]
    if sheet.patient_id:
        facts.append(("Patient", free(sheet.patient_id)))
    facts += [(safe(name), free(clip(value))) for name, value in sheet.facts]
    facts.append(("Source", safe(sheet.source)))
    listed = "".join([f"<div><dt>{name}</dt><dd>{value}</dd></div>\n" for name, value in facts])
    return f'<dl class="facts">\n{listed}</dl>\n'


@lru_cache(8)  # those of the data set, on every page
def _problems(problems: Sequence[str]) -> str:
    macros = _template("macros.html.j2").module
    return str(macros.problems(problems, "Data problems"))  # type: ignore[attr-defined]


# ---- lists of cases ------------------------------------------------------------------------------


def checklist_page(checklist: Checklist, most: int | None = None) -> str:
    """Render the coordinator's list for the day, to print and tick off; `most` lines, or all."""
    groups = grouped(checklist)
    total = sum(len(group.items) for group in groups)
    if most is not None:
        groups = cut(groups, most)
    left_out = total - sum(len(group.items) for group in groups)
    return _template("cases/checklist.html.j2").render(
        checklist=checklist, groups=groups, total=total, left_out=left_out, sentences=case_words
    )


def sheets_page(page: SheetsPage) -> str:
    """Render the index.html of a folder of case sheets."""
    return _template("cases/sheets.html.j2").render(page=page, sentences=case_words)
