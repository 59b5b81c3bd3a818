"""What each operation was planned for, from night to night."""

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

_TOGETHER = 5_000  # cases asked for in one statement


@dataclass(frozen=True)
class Schedule:
    """What surgery was planned for, as the records had it, from run `from_run` on."""

    case_id: str
    surgery_at: str
    from_run: int
    to_run: int | None  # the first run that had another one, or none


def schedules(alias: str, case_id: str, protocol: str | None = None) -> list[Schedule]:
    """Every schedule of a case that was seen, the oldest first."""
    rows = ScheduleRow.objects.using(alias).filter(case_id=case_id)
    if protocol is not None:
        rows = rows.filter(protocol=protocol)
    found = rows.order_by("from_run", "id").values_list("case_id", "row", "from_run", "to_run")
    with reading(alias):
        return [Schedule(*row) for row in found]


def earlier_schedules(
    alias: str, protocol: str, as_of: str, cases: Collection[str], site: Site
) -> list[tuple[str, dt.date]]:
    """Every day that one of these operations was planned for in a night before `as_of`.

    Sorted by case and day. What was seen in later nights is not known yet; the day of the last night
    is among them, since tonight's may be another one.
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
    """The cases of the latest night of each of these protocols."""
    found: set[str] = set()
    with reading(alias):
        for protocol in protocols:
            run = latest_run(alias, protocol)
            if run is not None:
                rows = valid(CaseRow, Place(alias, protocol, run.id))
                found.update(rows.values_list("case_id", flat=True))
    return sorted(found)


def planned(alias: str, cases: Collection[str], site: Site) -> dict[str, When]:
    """When surgery is planned, as the last night saw it; a case without a date is left out."""
    rows = ScheduleRow.objects.using(alias).filter(case_id__in=cases, to_run=None)
    found = rows.order_by("from_run").values_list("case_id", "row")
    return {case_id: when for case_id, at in found if (when := when_of(at, site))}


def when_of(at: str, site: Site) -> When | None:
    """A moment as records write it, read as the evaluation reads it; None where it is unreadable.

    What has an offset is another day in another time zone: `2026-03-13T01:30Z` is 12 March in
    Toronto. So nobody cuts the day out of the text.
    """
    try:
        return read_when(trimmed(at), site)
    except Unreadable:
        return None
