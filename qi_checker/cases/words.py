"""Sentences about events, the coordinator's list and a folder of sheets, for page and terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from qi_checker.cases.views import Candidate, Checklist, SheetsPage
from qi_checker.protocol.codes import split_codes
from qi_checker.protocol.site import Site
from qi_checker.render.words import count, day, days_before, planned

_LOCAL = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?")


def procedure_words(codes: str, site: Site) -> str:
    """Describe an operation in the site's words for its codes; "" without any."""
    found = (site.procedures.get(f"{system}:{code}") for system, code in split_codes(codes))
    return "; ".join(dict.fromkeys(words for words in found if words))


@dataclass(frozen=True)
class Result:
    """The outcome of a candidate event; `key`: counts, booked, undecided or fails."""

    key: str
    words: str


FAILS = Result("fails", "does not count")
UNDECIDED = Result("undecided", "cannot be decided")
BOOKED = Result("booked", "will count once done")
COUNTS = Result("counts", "counts")


def result(candidate: Candidate) -> Result:
    """Return one result for all criteria of an event together."""
    outcomes = [c.outcome for c in candidate.criteria]
    if "fail" in outcomes:
        return FAILS
    if "undecided" in outcomes:
        return UNDECIDED
    return BOOKED if candidate.status == "booked" else COUNTS


class EventText(NamedTuple):
    """An event with the text for picture and table, computed once: a page has dozens of events."""

    number: int  # as in the table
    event: Candidate
    result: Result
    when: str
    apart: str  # distance from surgery


def event_texts(candidates: Iterable[Candidate]) -> list[EventText]:
    """Describe the events of a requirement, numbered from 1."""
    return [EventText(n, c, result(c), when(c), days_apart(c)) for n, c in enumerate(candidates, 1)]


def why_not(candidate: Candidate) -> tuple[str, ...]:
    """Return the reason for every criterion that did not pass."""
    said = [c.why for c in candidate.criteria if c.why and c.outcome != "pass"]
    return tuple(dict.fromkeys(said))


def when(candidate: Candidate) -> str:
    """Format the date of an event as far as it is known."""
    if candidate.first is None or candidate.last is None:
        return "no date"
    if candidate.first != candidate.last:
        return f"{candidate.at}: {candidate.first.isoformat()} to {candidate.last.isoformat()}"
    recorded = candidate.at.strip()
    if recorded == candidate.first.isoformat():
        return day(candidate.first)
    if _LOCAL.fullmatch(recorded):
        return f"{day(candidate.first)} {recorded[11:16]}"
    return f"{day(candidate.first)}, recorded as {recorded}"  # with an offset: not the local clock


def judged(candidate: Candidate, criterion: str, apart: str) -> str:
    """Return the value that a criterion checked; "" if there is none or it needs no words.

    apart: the result of `days_apart` for the event.
    """
    if criterion in ("modality", "region", "status"):
        return str(getattr(candidate, criterion))
    return apart.removesuffix(" before") if criterion == "window" else ""


def days_apart(candidate: Candidate) -> str:
    """Format the days before surgery, as a range if the date is partial."""
    most = candidate.days_before
    if most is None or candidate.first is None or candidate.last is None:
        return ""
    least = most - (candidate.last - candidate.first).days
    return days_before(most) if least == most else f"{least} to {days_before(most)}"


def sheets(page: SheetsPage) -> str:
    """Summarise a folder of case sheets in one sentence."""
    total = len(page.lines)
    if not total:
        return f"There is no case to write a sheet for: {page.selection}."
    return f"{count(total, 'case sheet')}: {page.selection}; {_waiting(page)}."


def sheets_finding(page: SheetsPage) -> tuple[str, str]:
    """Return the summary of the folder, and the grey line below it."""
    selection, total = page.selection[:1].upper() + page.selection[1:], len(page.lines)
    if not total:
        return "There is no case to write a sheet for", f"{selection}."
    waiting = sum(1 for line in page.lines if line.next_action)
    verb = "needs" if waiting == 1 else "need"
    sheets = count(total, "case sheet")
    found = f"{waiting:,} of {sheets} {verb} action" if waiting else f"{sheets}, none needs action"
    return found, f"{selection}."


def _waiting(page: SheetsPage) -> str:
    waiting = sum(1 for line in page.lines if line.next_action)
    verb = "needs" if waiting == 1 else "need"
    return f"{count(waiting)} {verb} action" if waiting else "none needs action"


def day_list(checklist: Checklist) -> str:
    """Summarise the morning: what needs somebody now, what later, how many need nothing."""
    return " ".join(part for part in day_finding(checklist) if part)


def day_finding(checklist: Checklist) -> tuple[str, str]:
    """Return the summary of the morning, and the grey line below it."""
    last = planned(checklist.last_day, checklist.today)
    until = f"until {last} ({count(checklist.days, 'day')})"
    whose = ", ".join(name for name in (checklist.desk, checklist.surgeon) if name)
    head, total = f"{whose}: " if whose else "", len(checklist.items)
    if not total and checklist.desk:
        return f"{head}no action {until}.", _read(checklist)
    if not total:
        return f"{head}No operation of this protocol is planned {until}.", _read(checklist)
    waiting = total - checklist.ready
    if not waiting:
        found = f"Nothing to do: {count(total, 'operation')} {until}, none lacks anything."
        return head + found, _read(checklist)
    verb = "needs" if waiting == 1 else "need"
    listed = f"{waiting:,} of {count(total, 'operation')} {until} {verb} action."
    rest = " ".join(part for part in (checklist.count.later_words, listed) if part)
    return head + checklist.count.words, rest


def _read(checklist: Checklist) -> str:
    """Describe the records behind an empty list."""
    rests_on = checklist.provenance.rests_on
    return f"Based on {rests_on}." if rests_on else ""
