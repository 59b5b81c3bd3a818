"""Find feeds that deliver less than usual (docs/evaluation.md, section 7)."""

from __future__ import annotations

import statistics
from datetime import date, timedelta
from decimal import Decimal

from qi_checker.engines.inputs.database import Database
from qi_checker.protocol.site import Site
from qi_checker.query.tables import NEVER

_SPAN = 28  # days: four weeks have the same weekdays
_SPANS, _FEWEST = 6, 3


def half_empty(
    db: Database, site: Site, today: date, made: str, notes: list[str]
) -> dict[str, date]:
    """Return until which day each half-empty feed was as full as usual; add notes.

    `made` is SQL of the events that count: known, over and completed.
    """
    result: dict[str, date] = {}
    age = db.days(f"DATE '{today}'", "at_lo")
    for feed, share in sorted(site.completeness.items()):
        kind, _, modality = feed.partition(".")
        of_it = f"kind = {db.text(kind)}"
        if modality:
            holds = db.has("modalities", db.text(modality))
            of_it += f" AND profile IN (SELECT profile FROM event_profiles WHERE {holds})"
        rows = db.rows(f"""
            SELECT span, count(*), min(age), max(age) FROM (
                SELECT CAST(floor({age} / {_SPAN}) AS INTEGER) AS span, {age} AS age
                FROM read_events WHERE {made} AND {of_it}) a
            WHERE age IS NOT NULL GROUP BY span""")
        if not rows:
            result[feed] = NEVER
            notes.append(f"The feed {feed} has delivered nothing at all.")
            continue
        counts = {int(span): int(number) for span, number, *_ in rows}
        newest, oldest = min(int(row[2]) for row in rows), max(int(row[3]) for row in rows)
        # The spans before are counted back from the newest one with any event: a feed that stopped
        # long ago would otherwise be compared with its own gap.
        last = max(1, newest // _SPAN)
        spans = [n for n in range(last, last + _SPANS) if (n + 1) * _SPAN - 1 <= oldest]
        if len(spans) < _FEWEST:
            continue
        usual = statistics.median(counts.get(n, 0) for n in spans)
        if counts.get(0, 0) * 100 < Decimal(share.rstrip(" %")) * Decimal(usual):
            result[feed] = today - timedelta(days=max(_SPAN, newest))
            notes.append(
                f"The feed {feed} delivers less than usual: {counts.get(0, 0)} events in the last {_SPAN} days, "
                f"usually {usual:g}."
            )
    return result
