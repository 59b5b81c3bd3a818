"""The pages of cases: the case sheet, the checklist, and the index of a folder of sheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from jinja2 import Environment
from markupsafe import Markup

from qi_checker.cases import words as case_words
from qi_checker.cases.drawing import drawing, symbol
from qi_checker.cases.grouping import cut, grouped
from qi_checker.cases.timeline import Shape, pictures_of, shape_of
from qi_checker.cases.views import Candidate, CaseSheet, Checklist, SheetsPage
from qi_checker.cases.words import Told, told
from qi_checker.render import words
from qi_checker.render.html import clip, dates, environment

Cells = tuple[
    tuple[str, str, str, str], ...
]  # tone, symbol and word of an outcome; the value that was checked


class EventLine(NamedTuple):
    """A row of the table of events, as text; "" where a column does not apply."""

    number: int
    key: Markup  # the event's symbol in the picture
    chosen: bool
    id: str
    source: str
    elsewhere: str  # where it was made, if not here
    description: str
    codes: str
    advice: tuple[str, ...]
    when: Markup
    cells: tuple[Markup, ...]  # the outcome of each criterion
    result: str
    why: tuple[str, ...]


def _columns(events: Sequence[Candidate]) -> dict[str, str]:
    """Return every criterion that was applied, in order, with the heading of its column."""
    names = dict.fromkeys(c.name for event in events for c in event.criteria)
    return {name: words.label(name) for name in names}


def _event_lines(events: Sequence[Told], columns: Mapping[str, str]) -> Iterator[EventLine]:
    """Yield the rows of the table of events."""
    for one in events:
        event = one.event
        yield EventLine(
            one.number,
            _key(shape_of(one)) if event.first else _NO_KEY,
            event.chosen,
            event.event_id,
            event.source,
            event.provenance if event.provenance != "internal" else "",
            clip(event.description),
            clip(event.codes, 60),
            event.advice,
            dates(clip(one.when, 80)),
            tuple([_cell(heading, _said(one, name)) for name, heading in columns.items()]),
            one.result.words,
            case_words.why_not(event),
        )


_NO_KEY = Markup()


def _said(one: Told, name: str) -> tuple[tuple[str, str], ...]:
    """Return the outcome of a criterion with the checked value; empty if it was not applied."""
    outcomes = [c.outcome for c in one.event.criteria if c.name == name]
    if not outcomes:
        return ()
    value = clip(case_words.judged(one.event, name, one.apart), 60)
    return tuple([(outcome, value) for outcome in outcomes])


@lru_cache(10_000)
def _cell(heading: str, said: tuple[tuple[str, str], ...]) -> Markup:
    """Render a cell of the table; there are only a few hundred different cells."""
    template = _environment().get_template("cases/requirement.html.j2")
    return Markup(template.module.criterion_cell(heading, said))  # type: ignore[attr-defined]


@cache
def _key(shape: Shape) -> Markup:
    """Draw the symbol of a shape; there are six of them."""
    template = _environment().get_template("cases/timeline.html.j2")
    return Markup(template.module.key(shape))  # type: ignore[attr-defined]


@cache
def _environment() -> Environment:
    env = environment()
    env.globals.update(
        columns_of=_columns,
        told=told,
        event_lines=_event_lines,
        pictures_of=pictures_of,
        drawing=drawing,
        symbol=symbol,
    )
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
