"""A window worked out for one case: what it is counted from, and how each limit came to its date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from qi_checker.authoring.coverage_edges import ANCHOR, INSIDE, Edge, edges, place
from qi_checker.authoring.explain_trees import Place
from qi_checker.authoring.places import Clause
from qi_checker.judging.anchors import anchor_date
from qi_checker.judging.charts import Chart
from qi_checker.judging.outcomes import Outcome
from qi_checker.judging.questions import Question
from qi_checker.judging.stretches import Stretch
from qi_checker.judging.values import When
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.windows import Span, anchor_words


@dataclass(frozen=True)
class Limit:
    """A limit of a span: the last day or minute that it lets in, and whether it is the first."""

    clause: Clause
    side: str  # "from" for a first day, "until" for a last one
    day: str  # 2026-01-24, or 2026-02-23T06:00; empty where a clock time is missing


@dataclass(frozen=True)
class SpanDates:
    """One span of the window. `anchor` is empty where it is not known."""

    words: str
    clause: Clause
    counted_from: str  # surgery, admission, a column, or the title of a requirement
    anchor: str
    limits: tuple[Limit, ...]


def spans(leaf: Requirement, chart: Chart, at: Place) -> tuple[SpanDates, ...]:
    """Every span of a requirement's window."""
    titles = {r.id: r.title for r in chart.case.version.leaves}
    holidays = chart.setting.site.holidays
    found = []
    for number, span in enumerate(leaf.window.spans):
        anchor = anchor_date(span.anchor, chart)
        stretch = Stretch(span, anchor, holidays) if anchor is not None else None
        found.append(
            SpanDates(
                words=Span.words(span, titles),
                clause=at(*span_keys(number), "before" if span.before is not None else "after"),
                counted_from=anchor_words(span.anchor, titles),
                anchor=_moment(anchor),
                limits=_limits(leaf, number, stretch, at),
            )
        )
    return tuple(found)


def span_keys(number: int) -> tuple[str | int, ...]:
    return ("window", "and", number - 1) if number else ("window",)


def _moment(when: When | None) -> str:
    if when is None:
        return ""
    return when.clock.isoformat(timespec="minutes") if when.clock else when.lo.isoformat()


def _limits(
    leaf: Requirement, number: int, stretch: Stretch | None, at: Place
) -> tuple[Limit, ...]:
    found = []
    for edge in edges(leaf.window):
        if edge.span != number or edge.side != INSIDE or edge.key == ANCHOR:
            continue
        where = place(edge, stretch) if stretch is not None else None
        found.append(Limit(at(*edge.steps()), _side(edge, leaf.window.spans[number]), _iso(where)))
    return tuple(found)


def _iso(where: date | datetime | None) -> str:
    if where is None:
        return ""
    return where.isoformat(timespec="minutes") if isinstance(where, datetime) else str(where)


def _side(edge: Edge, span: Span) -> str:
    """A greatest distance back, or a least one on, is where the window opens."""
    far = edge.key in ("at_most", "less_than")
    return "from" if far == (span.before is not None) and "or_after" not in edge.key else "until"


def opening(question: Question) -> tuple[str | int, ...]:
    """The key that decides where the window opens."""
    stretches = question.stretches
    number = max(range(len(stretches)), key=lambda n: stretches[n].first)
    span = stretches[number].span
    if span.before is not None:
        key = _given(span, "at_most", "less_than") or "before"
    else:
        key = _given(span, "at_least", "more_than") or "after"
    return (*span_keys(number), key)


def closing(question: Question) -> tuple[str | int, ...]:
    """The key that decides where the window closes."""
    stretches = question.stretches
    number = min(range(len(stretches)), key=lambda n: stretches[n].last)
    span = stretches[number].span
    if span.or_after is not None:
        key = "at_most" if span.or_after.at_most is not None else "less_than"
        return (*span_keys(number), "or_after", key)
    if span.before is not None:
        return (*span_keys(number), _given(span, "at_least", "more_than") or "before")
    return (*span_keys(number), _given(span, "at_most", "less_than") or "after")


def clock_key(question: Question, at: When, outcome: Outcome) -> tuple[str | int, ...] | None:
    """The first limit in minutes or hours that comes out so; None where none does."""
    for number, stretch in enumerate(question.stretches):
        for limit in stretch.clock_limits:
            if limit.outcome(at) is outcome:
                key = _CLOCK_KEYS[limit.farthest, limit.strict]
                holder = span_keys(number)
                return (*holder, key) if limit.back == stretch.back else (*holder, "or_after", key)
    return None


_CLOCK_KEYS = {
    (True, False): "at_most",
    (True, True): "less_than",
    (False, False): "at_least",
    (False, True): "more_than",
}


def _given(span: Span, *names: str) -> str:
    return next((name for name in names if getattr(span, name) is not None), "")


def before_surgery(leaf: Requirement) -> tuple[str | int, ...]:
    """The key of the span that says that it must be before the operation."""
    number = next((n for n, span in enumerate(leaf.window.spans) if span.before == "surgery"), 0)
    return (*span_keys(number), "before")


def unknown_anchor(leaf: Requirement, chart: Chart) -> tuple[str | int, ...]:
    """The key of the first anchor that is not known."""
    for number, span in enumerate(leaf.window.spans):
        if anchor_date(span.anchor, chart) is None:
            return (*span_keys(number), "before" if span.before is not None else "after")
    return ("window",)
