"""The planned date of each operation, from night to night."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from qi_checker.judging.values import Unreadable, When, read_when, trimmed
from qi_checker.protocol.site import Site
from qi_checker.store.comparing import latest_run
from qi_checker.store.history import Place, valid
from qi_checker.store.models import CaseRow, Run, ScheduleRow
from qi_checker.store.transaction import reading

_TOGETHER = 5_000  # number of cases in one statement


@dataclass(frozen=True)
class Schedule:
    """The planned date of surgery in the records, from run `from_run` on."""

    case_id: str
    surgery_at: str
    from_run: int
    to_run: int | None  # the first run with a different date, or none


def schedules(alias: str, case_id: str, protocol: str | None = None) -> list[Schedule]:
    """Return every stored schedule of a case, the oldest first."""
    rows = ScheduleRow.objects.using(alias).filter(case_id=case_id)
    if protocol is not None:
        rows = rows.filter(protocol=protocol)
    found = rows.order_by("from_run", "id").values_list("case_id", "row", "from_run", "to_run")
    with reading(alias):
        return [Schedule(*row) for row in found]


def earlier_schedules(
    alias: str, protocol: str, as_of: str, cases: Collection[str], site: Site
) -> list[tuple[str, dt.date]]:
    """Return every day for which one of these operations was planned in a night before `as_of`.

    Sorted by case and day. Later nights are not known yet; the day of the last night
    is included, since tonight's may differ.
    """
    with reading(alias):
        return sorted(_seen(alias, protocol, as_of, sorted(cases), site))


def _seen(
    alias: str, protocol: str, as_of: str, cases: Sequence[str], site: Site
) -> Iterator[tuple[str, dt.date]]:
    runs = Run.objects.using(alias).filter(protocol=protocol).values_list("id", "as_of")
    nights = [number for number, moment in runs if moment[:10] < as_of[:10]]
    rows = ScheduleRow.objects.using(alias).filter(protocol=protocol)
    for start in range(0, len(cases), _TOGETHER):
        found = rows.filter(case_id__in=cases[start : start + _TOGETHER])
        for case_id, at, first, last in found.values_list("case_id", "row", "from_run", "to_run"):
            seen = any(first <= night and (last is None or night < last) for night in nights)
            when = when_of(at, site)
            if seen and when:
                yield case_id, when.lo


def known_cases(alias: str, protocols: Iterable[str]) -> list[str]:
    """Return the cases of the latest night of each of these protocols."""
    found: set[str] = set()
    with reading(alias):
        for protocol in protocols:
            run = latest_run(alias, protocol)
            if run is not None:
                rows = valid(CaseRow, Place(alias, protocol, run.id))
                found.update(rows.values_list("case_id", flat=True))
    return sorted(found)


def planned(alias: str, cases: Collection[str], site: Site) -> dict[str, When]:
    """Return the planned time of surgery in the last night; a case without a date is left out."""
    rows = ScheduleRow.objects.using(alias).filter(case_id__in=cases, to_run=None)
    found = rows.order_by("from_run").values_list("case_id", "row")
    with reading(alias):
        return {case_id: when for case_id, at in found if (when := when_of(at, site))}


def when_of(at: str, site: Site) -> When | None:
    """Parse a moment of the records as the evaluation does; return None if it is unreadable.

    A time with an offset may be a different day in another time zone: `2026-03-13T01:30Z` is 12
    March in Toronto. So the day is never cut out of the text.
    """
    try:
        return read_when(trimmed(at), site)
    except Unreadable:
        return None
