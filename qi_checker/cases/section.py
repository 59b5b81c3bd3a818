"""The section of one requirement on a case page, as HTML: asked, found, decided, and every event.

Written here and not in a template, like the picture (`drawing.py`): a page has dozens of rows and
hundreds of texts, and filling them in templates took more than half of the time of a page. Every
text that is not ours passes through `safe`, `free` or `dates`, which escape it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache, lru_cache

from qi_checker.cases import words as case_words
from qi_checker.cases.drawing import drawing, symbol
from qi_checker.cases.timeline import Picture, Shape, pictures_of, shape_of
from qi_checker.cases.views import Candidate, CaseSheet, RequirementSheet
from qi_checker.cases.words import EventText, event_texts
from qi_checker.render import words
from qi_checker.render.html import clip, dates, day, safe

_UNSETTLED = ("due", "unknown", "expired", "missing")


def section(req: RequirementSheet, anchor: str, sheet: CaseSheet, as_of: date) -> str:
    """Draw the section of a requirement; `anchor` is its id on the page."""
    events = event_texts(req.candidates)
    pictures = pictures_of(req, events, sheet.surgery_date, as_of)
    parts = [
        f'<section aria-labelledby="{anchor}">',
        f'<h2 id="{anchor}">{free(req.title)}: {badge(req.status)}</h2>',
        f"<p><b><bdi>{dates(req.sentence)}</bdi></b> {_reason(req.reason)}</p>",
        f'<dl class="run">\n{_facts(req)}{_remedy(req, sheet.upcoming or bool(req.act_by))}\n</dl>',
        _pictures(pictures, anchor) if pictures else "",
        _table(req, events) if events else "<p>No event of this patient was looked at for it.</p>",
        "</section>\n",
    ]
    return "\n".join([part for part in parts if part])


@cache
def badge(status: str) -> str:
    """Draw a status or verdict: symbol, word and shape."""
    sign = words.SIGNS[status]
    mark = f'<i aria-hidden="true">{sign.symbol}</i>'
    return f'<span class="chip {sign.tone}">{mark}{safe(words.label(status))}</span>'


@cache
def _reason(reason: str) -> str:
    return f'<span class="why">({safe(words.REASONS[reason])})</span>'


def _facts(req: RequirementSheet) -> str:
    """Draw what was required and what was found."""
    group = f" ({free(req.group)})" if req.group else ""
    facts = [_fact(f"Required{group}", free(req.asks)), "\n"]
    if req.act_by:
        owner = f", {free(req.owner)}" if req.owner else ""
        facts += [_fact("Arrange by", f"{day(req.act_by)}{owner}"), "\n"]
    elif req.owner:
        facts.append(_fact("Owner", free(req.owner)))
    if req.event_id and not any(c.chosen for c in req.candidates):
        facts.append(_fact("Record that decides", free(req.event_id)))
    if req.valid_through:
        slack = f" ({words.slack(req.slack_days)})" if req.slack_days is not None else ""
        facts.append(_fact("Counts for surgery until", f"{day(req.valid_through)}{slack}"))
    if req.exception:
        facts.append(_fact("Exception", free(req.exception)))
    return "".join(facts)


def _fact(name: str, value: str) -> str:
    return f"<div><dt>{name}</dt> <dd>{value}</dd></div>"


def _remedy(req: RequirementSheet, upcoming: bool) -> str:
    """Say what would make it compliant, from the window alone."""
    if req.status not in _UNSETTLED or not req.window_closes:
        return ""
    opens = f"from {day(req.window_opens)} " if req.window_opens else ""
    said = (
        f"a completed event that passes every criterion, dated {opens}to {day(req.window_closes)}, "
        "or an approved exception"
    )
    late = (
        " that was valid on the day. The operation is past: only a record that is missing or wrong "
        "here can still change this."
    )
    return _fact("What would make it compliant", said + ("." if upcoming else late)) + "\n"


def _wide(name: str, content: str) -> str:
    """Let a table or picture scroll by itself on a narrow screen."""
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{name}">\n{content}\n\n</div>\n'
    )


def _pictures(pictures: Sequence[Picture], anchor: str) -> str:
    """Draw the picture as wide as the text, and the one that a phone shows in its place.

    Both have the same name. Everything is said again in the table below, so that what is drawn is
    hidden from screen readers.
    """
    wide, narrow = pictures
    named = f'role="img" aria-labelledby="{anchor}-title {anchor}-desc"'
    drawn = _wide(
        "Picture of the window",
        f'<svg class="window" viewBox="0 0 {wide.width} {wide.height}" {named}>\n'
        f'<title id="{anchor}-title">{safe(wide.title)}</title>\n'
        f'<desc id="{anchor}-desc">{safe(wide.description)}</desc>\n'
        f"{drawing(wide)}\n</svg>\n"
        f'<svg class="window phone" viewBox="0 0 {narrow.width} {narrow.height}" {named}>\n'
        f"{drawing(narrow)}\n</svg>",
    )
    if wide.left_out:
        left_out = words.count(wide.left_out, "more event")
        drawn += f'<p class="why">{left_out} not drawn; the table has every one.</p>\n'
    return drawn


# ---- the table of events -------------------------------------------------------------------------


def _table(req: RequirementSheet, events: Sequence[EventText]) -> str:
    # Every criterion that was applied, in order.
    columns = tuple(dict.fromkeys([c.name for event in req.candidates for c in event.criteria]))
    rows = "".join([_row(one, columns) for one in events])
    looked = f"{words.count(len(events), 'event')} looked at for {free(req.title)}"
    return _wide(
        "Events looked at",
        '<table class="cards events" role="table">\n'
        f"<caption>{looked}; numbers and symbols are those of the picture.</caption>\n"
        f'{_head(columns)}<tbody role="rowgroup">\n{rows}</tbody>\n</table>',
    )


@lru_cache(100)
def _head(columns: tuple[str, ...]) -> str:
    first = '<th role="columnheader" scope="col"'
    headings = [f"{first}>{_heading(name)}</th>" for name in columns]
    ours = [f'{first} class="{name.lower().rstrip(".")}">{name}</th>' for name in _OURS]
    row = "".join([*ours, *headings, f'{first} class="result">Result</th>'])
    return f'<thead role="rowgroup"><tr role="row">{row}</tr></thead>\n'


_OURS = ("No.", "Event", "Date")


def _row(one: EventText, columns: Sequence[str]) -> str:
    event, result = one.event, one.result.words
    tone = decides = ""
    if event.chosen:
        tone = ' class="chosen counts"' if result == "counts" else ' class="chosen"'
        decides = ' <span class="nowrap">(decides)</span>'
    key = _key(shape_of(one)) if event.first else ""
    notes = "".join([f'<div class="note">Note: {free(line)}</div>\n' for line in event.advice])
    return (
        f'<tr role="row"{tone}>\n'
        f'<td role="cell" class="nowrap" data-th="Number">{one.number}{key}</td>\n'
        f'<th role="rowheader" scope="row">{free(event.event_id)}{decides} '
        f'<span class="why">{_origin(event)}</span>\n{notes}</th>\n'
        f'<td role="cell" data-th="Date"><bdi>{dates(clip(one.when, 80))}</bdi></td>\n'
        f"{_cells(one, columns)}"
        f'<td role="cell" data-th="Result"><b>{result}</b>{_why(case_words.why_not(event))}</td>\n'
        "</tr>\n"
    )


def free(text: str) -> str:
    """Escape a text that a person or another system wrote; it keeps its own direction."""
    return f"<bdi>{safe(text)}</bdi>"


def _origin(event: Candidate) -> str:
    """Return the row of the records, and what it says about the event."""
    text = safe(event.source)
    if event.provenance not in ("", "internal"):
        text += f", {free(event.provenance)}"
    if event.description:
        text += f": {free(clip(event.description))}"
    if event.codes:
        text += f"; {free(clip(event.codes, 60))}"
    return text


def _cells(one: EventText, columns: Sequence[str]) -> str:
    """Draw the outcome of each criterion with the checked value; empty if it was not applied."""
    said: dict[str, str] = {}
    for criterion in one.event.criteria:
        name = criterion.name
        value = clip(case_words.judged(one.event, name, one.apart), 60)
        said[name] = said.get(name, "") + _outcome(criterion.outcome, value)
    cell = '<td role="cell" data-th="'
    return "".join([f'{cell}{_heading(name)}">{said.get(name, "")}</td>\n' for name in columns])


@cache
def _heading(criterion: str) -> str:
    return safe(words.label(criterion))


@lru_cache(10_000)  # there are only a few hundred
def _outcome(outcome: str, value: str) -> str:
    sign, word = words.SIGNS[outcome], words.OUTCOMES[outcome]
    shown = f'<b aria-hidden="true">{sign.symbol}</b> {word}'
    return f'<span class="{sign.tone}">{shown}</span>\n<div class="why">{free(value)}</div>'


@lru_cache(1_000)
def _why(reasons: tuple[str, ...]) -> str:
    """Return why an event does not count, in brackets."""
    return f" ({'; '.join(map(free, reasons))})" if reasons else ""


@cache
def _key(shape: Shape) -> str:
    """Draw the symbol of an event beside its number, which thereby explains the picture.

    Its title is what a screen reader says of it in the PDF, where nothing can be hidden.
    """
    title = f"<title>{'filled' if shape.filled else 'open'} {shape.name}</title>"
    drawn = f"{title}{symbol(shape, 0, 0)}"
    return f'<svg viewBox="-8 -8 16 16" aria-hidden="true">{drawn}</svg>\n'
