"""How fresh what is shown is, and what must be told before anything else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from qi_checker.nightly.config import seconds
from qi_checker.nightly.status import read_status
from qi_checker.protocol.as_of import AsOf
from qi_checker.store.desk.models import Known
from qi_checker.web import direct, i18n
from qi_checker.web.clock import this_moment, today
from qi_checker.web.fresh import kept
from qi_checker.web.i18n import gettext
from qi_checker.web.pages import Message
from qi_checker.web.runtime import runtime


@dataclass(frozen=True)
class Night:
    """What the last night knew, of every protocol on the desk.

    `key` changes whenever a desk is written: what is worked out once for a night is kept by it.
    """

    known: tuple[Known, ...]
    key: tuple[tuple[str, int], ...]  # protocol, and how often its desk was written

    @cached_property
    def as_of(self) -> datetime | None:
        """The moment that was judged, on the clocks of the site; a date means its end."""
        if not self.known:
            return None
        return min(_moment(k.as_of) for k in self.known)

    @property
    def day(self) -> date:
        """Today, or the day of the night where that is later: what groups are counted from."""
        return max([today(runtime().zone), *self._days])

    @cached_property
    def _days(self) -> tuple[date, ...]:
        return tuple(AsOf.parse(k.as_of).date for k in self.known)

    def freshness(self) -> str:
        """`As of today, 06:10`."""
        at = self.as_of
        if at is None:
            return gettext("No night has run yet")
        if at.date() == today(runtime().zone):
            return gettext("As of today, %s") % f"{at:%H:%M}"
        return gettext("As of %s") % i18n.clock(at)


def _moment(as_of: str) -> datetime:
    found = AsOf.parse(as_of)
    clock = found.clock or datetime.combine(found.date + timedelta(days=1), datetime.min.time())
    return clock.replace(tzinfo=runtime().zone)


def last_night() -> Night:
    """What the desk holds."""
    sql = f"SELECT protocol, written FROM {Known._meta.db_table} ORDER BY protocol"
    key = tuple(direct.rows(sql))
    known = Known.objects.order_by("protocol").defer("context")
    return kept(("night", key), lambda: Night(tuple(known), key))


def warnings(night: Night) -> tuple[Message, ...]:
    """Stale or suspicious data first: what may make a list wrong is told before the list."""
    late, failed = _late(night), _failed()
    key = ("warnings", night.key, late, failed, today(runtime().zone), i18n.current())
    return kept(key, lambda: (*_age(night, late, failed), *_feeds(night), *_plausibility(night)))


def _late(night: Night) -> bool:
    longest = timedelta(seconds=seconds(runtime().settings.config.max_age))
    return night.as_of is not None and this_moment() - night.as_of > longest


def _failed() -> bool:
    """Whether the last night failed; status.json is read again when it was replaced."""
    file = runtime().settings.status
    try:
        found = file.stat()
    except OSError:
        return False
    key = ("status", found.st_ino, found.st_mtime_ns, found.st_size)
    return kept(key, lambda: read_status(file).get("state") == "failed")


def _age(night: Night, late: bool, failed: bool) -> list[Message]:
    found = []
    if night.as_of is None:
        what = gettext("The list is empty because no night has run yet.")
        return [Message("bad", what)]
    if late:
        what = (
            gettext("The list is out of date: %s. Scans done since then are missing.")
            % night.freshness()
        )
        found.append(Message("bad", what))
    if failed:
        what = gettext("The last night failed. Yesterday's list stays in force.")
        found.append(Message("warn", what))
    return found


def _feeds(night: Night) -> list[Message]:
    late: dict[str, str] = {}
    for known in night.known:
        for row in json.loads(known.feeds):
            if row["state"] == "stale":
                said = gettext(
                    "Nothing from the feed %(feed)s since %(day)s: do not book a scan again."
                )
                late[row["feed"]] = said % {"feed": row["feed"], "day": row["until"]}
            elif row["state"] == "half_empty":
                said = gettext("The feed %(feed)s delivers less than usual since %(day)s.")
                late[row["feed"]] = said % {"feed": row["feed"], "day": row["until"]}
    return [Message("warn", text) for _, text in sorted(late.items())]


def _plausibility(night: Night) -> list[Message]:
    said: dict[str, Any] = {}
    for known in night.known:
        for row in json.loads(known.warnings):
            said.setdefault(str(row.get("message", "")), row)
    return [Message("warn", text) for text in said if text]
