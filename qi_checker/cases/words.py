"""The coordinator's list and a folder of sheets in words: page and terminal share them."""

from __future__ import annotations

from qi_checker.cases.views import Checklist, SheetsPage
from qi_checker.render.words import count, day


def sheets(page: SheetsPage) -> str:
    """A folder of case sheets in one sentence."""
    total = len(page.lines)
    if not total:
        return f"There is no case to write a sheet for: {page.asked}."
    waiting = sum(1 for line in page.lines if line.next_action)
    verb = "needs" if waiting == 1 else "need"
    needs = f"{count(waiting)} {verb} action" if waiting else "none needs action"
    return f"{count(total, 'case sheet')}: {page.asked}; {needs}."


def day_list(checklist: Checklist) -> str:
    """The morning in one sentence."""
    until = f"until {day(checklist.last_day)} ({count(checklist.days, 'day')})"
    total = len(checklist.items)
    if not total:
        return f"No operation of this protocol is planned {until}.{_read(checklist)}"
    waiting = sum(1 for item in checklist.items if item.next_action)
    if not waiting:
        found = f"Nothing to do: {count(total, 'operation')} {until}, none lacks anything."
        return found + _read(checklist)
    verb = "needs" if waiting == 1 else "need"
    return f"{waiting:,} of {count(total, 'operation')} {until} {verb} action."


def _read(checklist: Checklist) -> str:
    """What an empty list rests on."""
    rests_on = checklist.provenance.rests_on
    return f" Read for it: {rests_on}." if rests_on else ""
