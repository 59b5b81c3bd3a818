"""Time zone rules: one source for every engine, the package tzdata.

Countries change their clocks at short notice, and a database, the machine and Python each have
their own copy of the rules, of different age. Where the copies differ, an examination at 23:30 is
on one day according to one of them and on the next day according to another. So local dates follow
the package, whose version is pinned with the program: Python reads it here and never the machine's
copy, and the results of a database are compared with it (engines/inputs/offsets.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import tzdata

RULES = f"tzdata {tzdata.IANA_VERSION}"
_FOLDER = Path(tzdata.__file__).with_name("zoneinfo")
_NAME = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
# Names for the zone that the machine is set to; results would depend on the machine.
_OF_THE_MACHINE = ("localtime", "posixrules", "Factory")
_DAY = timedelta(days=1)


@cache
def zone(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name. Raises KeyError if the name is unknown."""
    file = _FOLDER / name
    if not _NAME.fullmatch(name) or name in _OF_THE_MACHINE or not file.is_file():
        raise KeyError(name)
    with file.open("rb") as rules:
        try:
            return ZoneInfo.from_file(rules, key=name)
        except ValueError:
            raise KeyError(name) from None


def names() -> list[str]:
    """Return the names of all zones."""
    return _FOLDER.with_name("zones").read_text(encoding="utf-8").split()


def local(moment: datetime, where: ZoneInfo) -> datetime:
    """Convert a moment in UTC to local clock time; both are naive."""
    return moment.replace(tzinfo=UTC).astimezone(where).replace(tzinfo=None)


def offset(moment: datetime, where: ZoneInfo) -> timedelta:
    """Return the offset of a zone's clocks from UTC at a moment in UTC."""
    return local(moment, where) - moment


def spans(
    where: ZoneInfo, since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Split a span of UTC where the clocks change: yield begin, end, and the offset in between."""
    begin = at = since
    ahead = offset(at, where)
    while at < until:
        following = min(at + _DAY, until)
        there = offset(following, where)
        if there != ahead:
            change = _change(where, at, following)
            yield begin, change, ahead
            begin, ahead = change, there
        at = following
    yield begin, until, ahead


def _change(where: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the first second with the offset of `after`; there is one change in between."""
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if offset(middle, where) == offset(after, where):
            after = middle
        else:
            before = middle
    return after
