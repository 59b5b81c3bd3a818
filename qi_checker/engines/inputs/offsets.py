"""Compare a database's time zone rules with tzdata, and correct differences.

A database has its own rules, as old as its release. Between the first and the last instant of the
records they are compared with those of the package: once a week, and closely around clock changes.
Only if that shows a difference is every day compared, which takes ten times as long. For days that
differ, the offsets of tzdata are written into the query. Refusing to evaluate would have been
simpler, but it would stop a hospital for months, since nobody there can update the database's
rules.

Records without an offset are already local clock times: nothing is compared for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from qi_checker.engines.inputs.database import Database
from qi_checker.protocol import time_zones

_DAY = timedelta(days=1)
_NEAR = [timedelta(hours=n) for n in (-1, 1, 2, 24, 168)] + [timedelta(seconds=-1), timedelta()]


@dataclass(frozen=True)
class Offset:
    """From `since` until before `until`, in UTC, the clocks are `ahead` of UTC."""

    since: datetime
    until: datetime
    ahead: timedelta


def local_time(db: Database, zone: str, instant: str, offsets: Sequence[Offset] = ()) -> str:
    """Return the SQL of an instant's clock time: by the database's rules, except in these spans."""
    known = db.local(zone, instant)
    if not offsets:
        return known
    utc = db.local("UTC", instant)
    whens = " ".join(
        f"WHEN {utc} >= TIMESTAMP '{o.since}' AND {utc} < TIMESTAMP '{o.until}' "
        f"THEN {utc} {'-' if o.ahead < timedelta() else '+'} "
        f"INTERVAL '{int(abs(o.ahead).total_seconds())}' SECOND"
        for o in offsets
    )
    return f"CASE {whens} ELSE {known} END"


def differing(db: Database, zone: str, first: datetime, last: datetime) -> list[Offset]:
    """Return the offsets of tzdata for days between two instants on which the database differs."""
    where = time_zones.zone(zone)
    since, until = (datetime.combine(at.date(), time()) for at in (first - _DAY, last + 2 * _DAY))
    if not _wrong(db, where, _now_and_then(where, since, until)):
        return []
    days = (since + n * _DAY for n in range((until - since).days + 1))
    wrong = _wrong(db, where, [*days, *_now_and_then(where, since, until)])
    return [
        Offset(*span)
        for begin, end in _together(sorted(wrong))
        for span in time_zones.spans(where, begin, end)
    ]


def _now_and_then(where: ZoneInfo, since: datetime, until: datetime) -> list[datetime]:
    """Return every seventh day, and moments around each change of the clocks."""
    result = {since + n * _DAY for n in range(0, (until - since).days + 1, 7)}
    for change, _, _ in time_zones.spans(where, since, until):
        result |= {change + near for near in _NEAR}
    return sorted(result)


def _wrong(db: Database, where: ZoneInfo, moments: Sequence[datetime]) -> set[datetime]:
    """Return moments in UTC at which the database's clock time differs from tzdata."""
    moments = sorted({*moments})
    rows = [(n, f"{moment}+00:00") for n, moment in enumerate(moments)]
    db.fill("instants", {"number": "INTEGER", "moment": "TEXT"}, rows)
    local = db.local(where.key, db.cast("moment", "TIMESTAMPTZ"))
    local_times = dict(db.rows(f"SELECT number, {local} FROM instants"))
    db.drop("instants")
    return {at for n, at in enumerate(moments) if local_times[n] != time_zones.local(at, where)}


def _together(wrong: Sequence[datetime]) -> list[tuple[datetime, datetime]]:
    """Group whole days around instants, each with the days before and after it, into spans."""
    result: list[tuple[datetime, datetime]] = []
    for at in wrong:
        day = datetime.combine(at.date(), time())
        begin, end = day - _DAY, day + 2 * _DAY
        if result and begin <= result[-1][1]:
            begin = result.pop()[0]
        result.append((begin, end))
    return result
