"""Whether a source delivers what the site expects of it: section 7, `feed_stale`."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from statistics import median

from qi_checker.judging.criteria import modalities_of
from qi_checker.judging.records import History, Setting
from qi_checker.protocol.records import FIRST_YEAR
from qi_checker.protocol.selectors import EventSelector

SPAN, SPANS, FEWEST = 28, 6, 3  # days; how many spans are the usual; and how many it takes
NEVER = date(FIRST_YEAR, 1, 1)  # nothing is the oldest news there is


def note_feeds(history: History, setting: Setting) -> None:
    """Note which feeds delivered nothing at all, and until which day each one was as full as usual."""
    for kind in setting.site.feeds:
        if kind not in history.delivered:
            history.newest[kind] = NEVER
    for feed, share in setting.site.completeness.items():
        days = _days(feed, history, setting)
        if _half_empty(days, share, setting.as_of.date):
            newest = max(days, default=NEVER)
            history.full_until[feed] = min(newest, setting.as_of.date - timedelta(days=SPAN))


def _days(feed: str, history: History, setting: Setting) -> list[date]:
    """When the studies of a feed were made, of every patient."""
    kind, _, modality = feed.partition(".")
    return [
        event.at.lo
        for events in history.events.values()
        for event in events
        if event.kind == kind
        and event.status == "completed"
        and event.at
        and (not modality or modality in modalities_of(event, setting))
    ]


def _half_empty(days: list[date], share: str, today: date) -> bool:
    """Whether the last span has less than that share of the median of the spans before.

    The spans before end with the last one that has any, so that a feed that broke off long ago is
    not compared with its own silence. A feed without any day has delivered nothing.
    """
    if not days:
        return True
    ages = [(today - day).days for day in days]
    last = max(1, min(ages) // SPAN)
    counts = [sum(n * SPAN <= age < (n + 1) * SPAN for age in ages) for n in range(last + SPANS)]
    spans = range(last, last + SPANS)
    usual = [counts[n] for n in spans if (n + 1) * SPAN - 1 <= max(ages)]
    if len(usual) < FEWEST:
        return False
    return Decimal(counts[0]) * 100 < Decimal(share.rstrip(" %")) * Decimal(median(usual))


def concerns(feed: str, asked: EventSelector) -> bool:
    """Whether an event that is asked for may come by this feed."""
    kind, _, modality = feed.partition(".")
    return kind == asked.kind and (
        not modality or asked.modality is None or modality in asked.modality
    )
