"""The sources of a night: the age of each feed, and whether it is complete."""

from __future__ import annotations

from typing import Any

from qi_checker.engines.duckdb import Evaluation
from qi_checker.query.tables import NEVER

_AGES = """
    SELECT kind, max(recorded_at_lo) FROM read_events
    WHERE _row NOT IN (SELECT _row FROM rejected_events) AND recorded_at_lo <= ?
    GROUP BY kind"""


def feed_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return one row per feed that has a limit or any record, sorted by name.

    `state`: ok, stale (the newest record is too old), half_empty, or unknown (no recorded_at).
    `newest`: the day of the newest record; `limit`: the site's limit for the feed.
    """
    site, feeds = evaluation.compiled.site, evaluation.prepared.feeds
    today = evaluation.compiled.as_of.date
    newest = dict(evaluation.con.execute(_AGES, [today]).fetchall())
    rows = []
    for kind in sorted({*site.feeds, *(k for k, day in newest.items() if day is not None)}):
        state = "stale" if kind in feeds.stale_since else "ok"
        if state == "ok" and newest.get(kind) is None:
            state = "unknown"
        limit = f"at most {site.feeds[kind]} old" if kind in site.feeds else ""
        rows.append(_row(kind, state, newest.get(kind), limit))
    for feed, share in sorted(site.completeness.items()):
        until = feeds.full_until.get(feed)
        day = None if until == NEVER else until
        rows.append(
            _row(feed, "half_empty" if until else "ok", day, f"at least {share} of the usual")
        )
    return rows


def _row(feed: str, state: str, day: Any, limit: str) -> dict[str, Any]:
    return {"feed": feed, "state": state, "until": str(day) if day else None, "limit": limit}


def late_words(row: dict[str, Any]) -> str:
    """Describe a late feed; "" if it is not late."""
    if row["state"] in ("stale", "half_empty") and row["until"] is None:
        return f"The feed {row['feed']} has delivered nothing at all."
    if row["state"] == "stale":
        return f"The feed {row['feed']} is stale: nothing recorded since {row['until']}."
    if row["state"] == "half_empty":
        return f"The feed {row['feed']} delivers less than usual since {row['until']}."
    return ""
