"""The moment of a night, compared with the clock of the machine: which days are allowed.

A night for a wrong future day would make every later night a replay. So a day beyond tomorrow needs
a switch, and every later night warns of stored nights for such days.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from qi_checker.errors import Problem, UserError
from qi_checker.nightly.load import Settings
from qi_checker.protocol.as_of import AsOf
from qi_checker.store import Store
from qi_checker.store.past import PastRun

_MINUTE, _SECOND = timedelta(minutes=1), timedelta(seconds=1)


def now_here(now: datetime, zone: ZoneInfo) -> AsOf:
    """Return the moment on the clocks of the site, to the minute.

    In autumn a clock shows one hour twice. The second time, the moment is the last second of that
    hour: so it is later than every moment of the first time, and a night does not count as an
    earlier one because the clock was set back by law.
    """
    here = now.astimezone(zone).replace(second=0, microsecond=0)
    if not here.fold:
        return AsOf.parse(here)
    end = here.replace(fold=0)
    while _shown_twice(end, zone):
        end += _MINUTE
    return AsOf.parse(end - _SECOND)


def instant(as_of: AsOf, zone: ZoneInfo) -> datetime:
    """Return the point in time of an evaluation's moment; a date means its end.

    The last second of an hour that occurs twice belongs to the second time (`now_here`).
    """
    clock = as_of.clock or datetime.combine(as_of.date, time.max)
    last = _shown_twice(clock, zone) and not _shown_twice(clock + _SECOND, zone)
    return clock.replace(tzinfo=zone, fold=int(last))


def _shown_twice(clock: datetime, zone: ZoneInfo) -> bool:
    local = clock.replace(tzinfo=zone)
    first, second = (local.replace(fold=fold).utcoffset() for fold in (0, 1))
    return first is not None and second is not None and first > second


def today_of(now: datetime, settings: Settings) -> date:
    """Return the current day at the site."""
    return now.astimezone(settings.site.zone).date()


def check_days(days: Iterable[date], now: datetime, settings: Settings, option: str) -> None:
    """Raise UserError for a day beyond tomorrow."""
    today = today_of(now, settings)
    late = max(days)
    if late > today + timedelta(days=1):
        raise UserError(
            Problem(
                option,
                f"{late} is in the future: today is {today}",
                "Every later night would count as a past one",
                "Correct the date or the clock of this machine. To try a future day, add "
                "--allow-future",
            )
        )


def moment(as_of: str) -> tuple[str, str]:
    """Return a sort key of a moment; a date means its end."""
    parsed = AsOf.parse(as_of)
    clock = parsed.clock or datetime.combine(parsed.date, datetime.max.time())
    return parsed.date.isoformat(), clock.isoformat(timespec="seconds")


def ahead(store: Store, now: datetime, settings: Settings) -> list[PastRun]:
    """Return the runs for a day beyond tomorrow, stored with a wrong date or clock."""
    last = (today_of(now, settings) + timedelta(days=1)).isoformat()
    return [run for run in _mine(store, settings) if run.as_of[:10] > last]


def is_replay(store: Store, settings: Settings, as_of: AsOf, now: datetime) -> bool:
    """Whether a later night of one of the protocols is stored; nights `ahead` do not count.

    A night that is itself for such a day, because somebody allowed it, is compared with all nights.
    """
    this = moment(str(as_of))
    last = max(today_of(now, settings) + timedelta(days=1), as_of.date).isoformat()
    others = (run for run in _mine(store, settings) if run.as_of[:10] <= last)
    return any(moment(run.as_of) > this for run in others)


def newest_days(store: Store, settings: Settings) -> dict[str, PastRun | None]:
    """Return the run of the latest moment for each protocol of the settings."""
    newest: dict[str, PastRun | None] = dict.fromkeys(b.protocol.id for b in settings.bundles)
    for run in _mine(store, settings):
        best = newest[run.protocol]
        if best is None or moment(run.as_of) > moment(best.as_of):
            newest[run.protocol] = run
    return newest


def _mine(store: Store, settings: Settings) -> Iterable[PastRun]:
    ids = {bundle.protocol.id for bundle in settings.bundles}
    return [run for run in store.runs() if run.protocol in ids]
