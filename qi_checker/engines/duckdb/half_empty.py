"""Feeds that deliver less than usual (docs/evaluation.md, section 7)."""

from __future__ import annotations

import statistics
from datetime import date, timedelta
from decimal import Decimal

import duckdb

from qi_checker.protocol.site import Site

_SPAN = 28  # days: four weeks have the same weekdays
_SPANS, _FEWEST = 6, 3


def half_empty(
    con: duckdb.DuckDBPyConnection, site: Site, today: date, made: str, notes: list[str]
) -> dict[str, date]:
    """Until which day each feed was as full as usual, where it is no longer; notes it, too.

    `made` is SQL of the events that count: known, over and completed.
    """
    found: dict[str, date] = {}
    for feed, share in sorted(site.completeness.items()):
        kind, _, modality = feed.partition(".")
        query = f"""
            SELECT (? - at_lo) // {_SPAN}, count(*), max(? - at_lo) FROM read_events
            WHERE {made} AND kind = ? AND (? = '' OR profile IN (
                SELECT profile FROM event_profiles WHERE list_contains(modalities, ?)))
            GROUP BY 1"""
        rows = con.execute(query, [today, today, kind, modality, modality]).fetchall()
        counts = {int(span): int(number) for span, number, _ in rows}
        oldest = max((int(age) for *_, age in rows), default=0)
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
