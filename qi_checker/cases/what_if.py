"""What moving an operation would change, asked before it is moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from qi_checker.cases.one import no_such_cases
from qi_checker.cases.sheets import case_sheets, keys_of
from qi_checker.cases.views import CaseSheet
from qi_checker.engines.duckdb import evaluate
from qi_checker.engines.duckdb.values import clean, text
from qi_checker.errors import Problem, UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.records import Records
from qi_checker.protocol.site import Site


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
    """A case as it is and as it would be; the last day on which what is there still counts."""

    now: CaseSheet
    moved: CaseSheet
    flips: tuple[Flip, ...]
    latest: date | None

    @property
    def changes(self) -> bool:
        return self.now.verdict != self.moved.verdict or any(f.changes for f in self.flips)


def one_case(
    bundle: Bundle,
    records: Records,
    as_of: AsOf,
    site: Site,
    case_id: str,
    moved: str | None = None,
) -> CaseSheet:
    """The sheet of one case; UserError where there is none, saying whether its row was rejected."""
    evaluation = evaluate(bundle, records, as_of, site, only_case=case_id, moved=moved)
    keys = keys_of(evaluation)
    if keys:
        return next(case_sheets(evaluation, keys))
    raise no_such_cases(evaluation, [case_id])


def what_if(
    bundle: Bundle, records: Records, as_of: AsOf, site: Site, case_id: str, move_to: AsOf
) -> WhatIf:
    """Compare a case with itself on another date. UserError for a case that is not scheduled."""
    now = one_case(bundle, records, as_of, site, case_id)
    if now.case_status != "scheduled":
        raise UserError(
            Problem(case_id, f"the case is {now.case_status}", "Only a scheduled one can be moved")
        )
    earlier = move_to.clock and as_of.clock and move_to.clock < as_of.clock
    if move_to.date < as_of.date or earlier:
        raise UserError(
            Problem("--move-to", "is before --as-of", "An operation cannot move into the past")
        )
    target = move_to.clock.isoformat(sep=" ") if move_to.clock else move_to.date.isoformat()
    records.con.execute(f"""
        CREATE OR REPLACE TEMP TABLE moved_cases AS
        SELECT * REPLACE (CASE WHEN {clean("case_id")} = {text(case_id)} THEN {text(target)}
                               ELSE CAST(surgery_at AS VARCHAR) END AS surgery_at)
        FROM raw_cases""")
    moved = one_case(bundle, records, as_of, site, case_id, moved="moved_cases")
    before = {r.id: r.status for r in now.requirements}
    flips = tuple(
        Flip(r.title, before.get(r.id, "not_applicable"), r.status, r.sentence)
        for r in moved.requirements
    )
    held = [r.valid_through for r in now.requirements if r.status in ("met", "booked")]
    still = min((day for day in held if day is not None), default=None)
    return WhatIf(now, moved, flips, now.latest_surgery_date or still)
