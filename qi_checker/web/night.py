"""Freshness of the shown data, and warnings before anything else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from qi_checker.nightly.config import seconds
from qi_checker.nightly.status import read_status
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.plausible import Level
from qi_checker.protocol.plausible_french import in_french
from qi_checker.store.desk.models import Known
from qi_checker.web import direct, i18n
from qi_checker.web.clock import this_moment, today
from qi_checker.web.fresh import kept
from qi_checker.web.i18n import gettext
from qi_checker.web.pages import Message
from qi_checker.web.runtime import runtime


@dataclass(frozen=True)
class Night:
    """The context of the last night, for every protocol on the desk.

    `key` changes whenever a desk is written: results that are computed once per night are cached by
    it.
    """

    known: tuple[Known, ...]
    key: tuple[tuple[str, int], ...]  # protocol, and how often its desk was written

    @cached_property
    def as_of(self) -> datetime | None:
        """Return the judged moment in the time of the site; a date means its end."""
        if not self.known:
            return None
        return min(_moment(k.as_of) for k in self.known)

    @property
    def day(self) -> date:
        """Return today, or the day of the night if later: the reference day of the groups."""
        return max([today(runtime().zone), *self._days])

    @cached_property
    def _days(self) -> tuple[date, ...]:
        return tuple(AsOf.parse(k.as_of).date for k in self.known)

    def freshness(self) -> str:
        """Format `As of today, Tue 3 Mar 2026, 06:10`: on paper, today is soon another day."""
        at = self.as_of
        if at is None:
            return gettext("No night has run yet")
        if at.date() == today(runtime().zone):
            return gettext("As of today, %s") % f"{i18n.day(at.date(), 'long')}, {at:%H:%M}"
        return gettext("As of %s") % i18n.clock(at)


def _moment(as_of: str) -> datetime:
    parsed = AsOf.parse(as_of)
    clock = parsed.clock or datetime.combine(parsed.date + timedelta(days=1), datetime.min.time())
    return clock.replace(tzinfo=runtime().zone)


def last_night() -> Night:
    """Read the context of the last night from the desk."""
    sql = f"SELECT protocol, written FROM {Known._meta.db_table} ORDER BY protocol"
    key = tuple(direct.rows(sql))
    known = Known.objects.order_by("protocol").defer("context")
    return kept(("night", key), lambda: Night(tuple(known), key))


def warnings(night: Night) -> tuple[Message, ...]:
    """Return warnings of stale or suspicious data, which are shown before the list."""
    late, (state, refused) = _late(night), _last_run()
    key = ("warnings", night.key, late, state, refused, today(runtime().zone), i18n.current())
    return kept(
        key,
        lambda: (
            *_age(night, late, state == "failed"),
            *_plausibility([("", json.loads(refused))] if state == "failed" else []),
            *_feeds(night),
            *_plausibility((known.protocol, json.loads(known.warnings)) for known in night.known),
        ),
    )


def _late(night: Night) -> bool:
    longest = timedelta(seconds=seconds(runtime().settings.config.max_age))
    return night.as_of is not None and this_moment() - night.as_of > longest


def _last_run() -> tuple[str, str]:
    """Return the state of the last run, and why its records were refused, as JSON.

    status.json is read again after it was replaced.
    """
    file = runtime().settings.status
    try:
        found = file.stat()
    except OSError:
        return "", "[]"
    key = ("status", found.st_ino, found.st_mtime_ns, found.st_size)
    return kept(key, lambda: _state_of(read_status(file)))


def _state_of(status: Mapping[str, Any]) -> tuple[str, str]:
    refused = [row for row in status.get("plausibility", ()) if row["level"] == Level.REFUSE]
    return str(status.get("state", "")), json.dumps(refused)


def _age(night: Night, late: bool, failed: bool) -> list[Message]:
    messages = []
    if night.as_of is None:
        what = gettext("The list is empty because no night has run yet.")
        return [Message("bad", what)]
    if late:
        what = (
            gettext("The list is out of date: %s. Scans done since then are missing.")
            % night.freshness()
        )
        messages.append(Message("bad", what))
    if failed:
        what = gettext("The last night failed. Yesterday's list stays in force.")
        messages.append(Message("warn", what))
    return messages


def _feeds(night: Night) -> list[Message]:
    late: dict[str, str] = {}
    for known in night.known:
        for row in json.loads(known.feeds):
            if row["state"] == "stale":
                said = gettext(
                    "Nothing from the feed %(feed)s since %(day)s: do not book a scan again."
                )
                late[row["feed"]] = said % {"feed": row["feed"], "day": i18n.planned(row["until"])}
            elif row["state"] == "half_empty":
                said = gettext("The feed %(feed)s delivers less than usual since %(day)s.")
                late[row["feed"]] = said % {"feed": row["feed"], "day": i18n.planned(row["until"])}
    return [Message("warn", text) for _, text in sorted(late.items())]


def _plausibility(found: Iterable[tuple[str, Iterable[Mapping[str, Any]]]]) -> list[Message]:
    """Return the findings of the checks by protocol; protocols share those of the records."""
    texts: dict[str, str] = {}  # and the language, unless it is that of the page
    for protocol, rows in found:
        for row in rows:
            text = in_french(row, protocol) if i18n.current() == "fr" else ""
            language = "" if text or i18n.current() == "en" else "en"
            texts.setdefault(text or str(row["message"]), language)
    return [Message("warn", text, language=language) for text, language in texts.items()]
