"""Feeds that deliver less than usual (docs/evaluation.md, section 7)."""

from __future__ import annotations

import statistics
from datetime import date, timedelta
from decimal import Decimal

from qi_checker.engines.inputs.database import Database
from qi_checker.protocol.site import Site

_SPAN = 28  # days: four weeks have the same weekdays
_SPANS, _FEWEST = 6, 3


def half_empty(
    db: Database, site: Site, today: date, made: str, notes: list[str]
) -> dict[str, date]:
    """Until which day each feed was as full as usual, where it is no longer; notes it, too.

    `made` is SQL of the events that count: known, over and completed.
    """
    found: dict[str, date] = {}
    age = db.days(f"DATE '{today}'", "at_lo")
    for feed, share in sorted(site.completeness.items()):
        kind, _, modality = feed.partition(".")
        of_it = f"kind = {db.text(kind)}"
        if modality:
            holds = db.has("modalities", db.text(modality))
            of_it += f" AND profile IN (SELECT profile FROM event_profiles WHERE {holds})"
        rows = db.rows(f"""
            SELECT span, count(*), max(age) FROM (
                SELECT CAST(floor({age} / {_SPAN}) AS INTEGER) AS span, {age} AS age
                FROM read_events WHERE {made} AND {of_it}) a
            GROUP BY span""")
        counts = {int(span): int(number) for span, number, _ in rows if span is not None}
        oldest = max((int(days) for *_, days in rows if days is not None), default=0)
        whole = min(_SPANS, (oldest + 1) // _SPAN - 1)
        if whole < _FEWEST:
            continue
        usual = statistics.median(counts.get(n, 0) for n in range(1, whole + 1))
        if counts.get(0, 0) * 100 < Decimal(share.rstrip(" %")) * Decimal(usual):
            found[feed] = today - timedelta(days=_SPAN)
            notes.append(
                f"The feed {feed} is half empty: {counts.get(0, 0)} events in the last {_SPAN} days, "
                f"usually {usual:g}."
            )
    return found
