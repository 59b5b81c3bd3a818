"""The month as three slides: the finding, trend and causes, decisions and actions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from qi_checker.monthly import words as said
from qi_checker.monthly.views import Monthly
from qi_checker.render import words
from qi_checker.render.slides import (
    BAD,
    CALM,
    INK,
    MARK,
    MUTED,
    Box,
    Deck,
    Line,
    Series,
    fitted,
    height,
)

_CAUSES, _ACTIONS = 6, 8  # maximum numbers shown; the rest is counted
_LEFT, _WIDE, _TOP = 0.6, 12.1, 1.75  # inches


def write_slides(path: Path, monthly: Monthly) -> None:
    """Write the slides; UserError where python-pptx is missing, OSError where writing fails."""
    header, p = monthly.header, monthly.provenance
    title = f"{header.title}: {said.month_name(header.month)}"
    foot = f"{p.protocol_id} {p.protocol_version}, as of {words.moment(p.as_of)}."
    deck = Deck(title, header.organisation or p.organisation, p.as_of, foot)
    house = header.organisation or p.organisation
    kicker = " · ".join(x for x in (house, header.title, said.month_name(header.month)) if x)
    _finding(deck, monthly, kicker)
    _trend_and_causes(deck, monthly, kicker)
    _decisions_and_actions(deck, monthly, kicker)
    deck.write(path)


def _finding(deck: Deck, monthly: Monthly, kicker: str) -> None:
    deck.slide(said.head(monthly), kicker)
    lines = [Line(said.lead(monthly), 20, colour=MUTED)]
    lines += [
        Line(f"Check the records first: {words.plain(f.message)}", 16, bold=True, colour=BAD)
        for f in monthly.provenance.plausibility
    ]
    if monthly.header.comment:
        lines.append(Line(f"Comment. {monthly.header.comment}"))
    box = Box(_LEFT, _TOP, _WIDE, 2.2)
    box = replace(box, height=min(height(fitted(lines, box), _WIDE) + 0.1, 2.2))
    deck.text(box, lines)
    top = box.top + box.height + 0.2
    figures = said.figures(monthly)
    width = (_WIDE - 0.2 * (len(figures) - 1)) / len(figures)
    for number, figure in enumerate(figures):
        first = f"{figure.title} {figure.first}".strip()
        lines = [Line(figure.number, 54, bold=True, colour=BAD if figure.bad else INK)]
        lines += [Line(text, 18, colour=MUTED) for text in (first, figure.second) if text]
        box = Box(_LEFT + number * (width + 0.2), top, width, 6.6 - top)
        deck.text(box, lines, framed=True)


def _trend_and_causes(deck: Deck, monthly: Monthly, kicker: str) -> None:
    trend, causes = monthly.trend, monthly.causes.causes
    deck.slide(trend.title, kicker)
    half, top = 6.7, _TOP + 0.4
    deck.text(Box(_LEFT, _TOP, half, 0.4), [Line("Compliance by month", 16, bold=True)])
    rates = [p.events / p.cases if p.events is not None and p.cases else None for p in trend.points]
    drawn = [Series("Compliant operations", tuple(rates), MARK, points=True)]
    if any(c is not None for c in trend.centre):
        drawn.append(Series("Median of the baseline", trend.centre, MUTED))
    targets = tuple(p.target for p in trend.points)
    if any(t is not None for t in targets):
        drawn.append(Series("Target", targets, BAD, dashed=True))
    months = [words.month(p.month) for p in trend.points]
    deck.chart(Box(_LEFT, top, half, 4.6), "line", months, drawn, trend.description)
    box = Box(_LEFT + half + 0.2, _TOP, _WIDE - half - 0.2, 0.4)
    if not causes:
        deck.text(replace(box, height=1), [Line(monthly.causes.title, 16, bold=True)])
        return
    total = sum(c.count or 0 for c in causes)
    deck.text(box, [Line(f"Why {words.count(total, 'requirement')} failed in 12 months", 16, True)])
    names = [c.words for c in causes[:_CAUSES]]
    counts: list[float | None] = [c.count for c in causes[:_CAUSES]]
    if more := causes[_CAUSES:]:
        names.append(words.count(len(more), "other cause"))
        counts.append(sum(c.count or 0 for c in more))
    bars = [Series("Failed requirements", tuple(counts), CALM)]
    box = Box(box.left, top, box.width, 4.6)
    deck.chart(box, "bar", names, bars, monthly.causes.title)


def _decisions_and_actions(deck: Deck, monthly: Monthly, kicker: str) -> None:
    deck.slide("Decisions for the committee, and actions", kicker)
    half = 5.6
    lines = []
    for number, decision in enumerate(monthly.decisions, start=1):
        lines.append(Line(f"{number}. {decision.ask}.", 18, bold=True, before=8))
        owner = f"{decision.owner}. " if decision.owner else ""
        lines.append(Line(f"{owner}{said.rests_on(decision)}", 14, colour=MUTED))
    if not lines:
        lines = [Line(said.NOTHING_ASKED, 18)]
    deck.text(Box(_LEFT, _TOP, half, 5), lines)
    box = Box(_LEFT + half + 0.3, _TOP, _WIDE - half - 0.3, 5)
    if not monthly.actions:
        deck.text(box, [Line(said.NO_ACTION, 14, colour=MUTED)])
        return
    rows = [("Action", "Owner", "Due", "State")]
    rows += [
        (a.action, a.owner, words.day(a.due), said.due(a.done, a.overdue, words.day))
        for a in monthly.actions[:_ACTIONS]
    ]
    if more := len(monthly.actions[_ACTIONS:]):
        rows.append((f"{words.count(more, 'more action')} in actions.csv", "", "", ""))
    deck.table(box, rows, (2.5, 1.3, 1.2, 1.2))
