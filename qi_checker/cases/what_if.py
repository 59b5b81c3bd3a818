"""The effect of moving an operation, before it is moved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from qi_checker.cases.one import OneCase
from qi_checker.cases.sheets import Sheets
from qi_checker.cases.views import CaseSheet
from qi_checker.errors import Problem, UserError
from qi_checker.protocol.as_of import AsOf


@dataclass(frozen=True)
class Flip:
    """One requirement before and after the move."""

    title: str
    before: str
    after: str
    sentence: str  # about the moved case

    @property
    def changes(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class WhatIf:
    """A case as it is and as it would be, and the last day on which everything still counts."""

    now: CaseSheet
    moved: CaseSheet
    flips: tuple[Flip, ...]
    latest: date | None

    @property
    def changes(self) -> bool:
        return self.now.verdict != self.moved.verdict or any(f.changes for f in self.flips)


def what_if(case: OneCase, move_to: AsOf) -> WhatIf:
    """Compare a case with itself on another date. Raise UserError unless it is scheduled."""
    sheets, as_of = Sheets.of_one(case), case.judge.setting.as_of
    now = sheets.sheet(case.trace)
    if now.case_status != "scheduled":
        raise UserError(
            Problem(
                now.case_id, f"the case is {now.case_status}", "Only a scheduled one can be moved"
            )
        )
    earlier = move_to.clock and as_of.clock and move_to.clock < as_of.clock
    if move_to.date < as_of.date or earlier:
        raise UserError(
            Problem("--move-to", "is before --as-of", "An operation cannot move into the past")
        )
    target = move_to.clock.isoformat(sep=" ") if move_to.clock else move_to.date.isoformat()
    rows = replace(case.rows, case={**case.rows.case, "surgery_at": target})
    moved = sheets.sheet(replace(case, rows=rows).trace)
    before = {r.id: r.status for r in now.requirements}
    flips = tuple(
        Flip(r.title, before.get(r.id, "not_applicable"), r.status, r.sentence)
        for r in moved.requirements
    )
    held = [r.valid_through for r in now.requirements if r.status in ("met", "booked")]
    still = min((day for day in held if day is not None), default=None)
    return WhatIf(now, moved, flips, now.latest_surgery_date or still)
