"""The operation: its anchor, and whether the protocol asks anything of it: section 4."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from qi_checker.judging.records import Setting
from qi_checker.judging.rows import Row
from qi_checker.judging.values import When
from qi_checker.protocol.codes import Catalogue, split_codes
from qi_checker.protocol.models import Protocol, Version
from qi_checker.protocol.records import CASES
from qi_checker.protocol.selectors import CaseCondition, CodesIn, Condition
from qi_checker.protocol.vocabulary import Reason


@dataclass(frozen=True)
class Case:
    """One operation. `ruled_out` says why the protocol does not apply, None where it does."""

    id: str
    patient: str
    anchor: When
    upcoming: bool
    version: Version
    ruled_out: Reason | None
    row: Row

    @property
    def day(self) -> date:
        """The anchor date."""
        return self.anchor.lo


def read_case(row: Row, protocol: Protocol, setting: Setting) -> Case:
    """Find anchor and version of a usable row of cases."""
    anchor = row.dates["surgery_at"]
    if row.word("status") == "performed" and "started_at" in row.dates:
        anchor = row.dates["started_at"]
    version = protocol.in_force(anchor.lo)
    return Case(
        id=row.text("case_id"),
        patient=row.text("patient_id"),
        anchor=anchor,
        upcoming=_upcoming(row.word("status"), anchor.lo, setting.as_of.date),
        version=version or _nearest_version(protocol, anchor.lo),
        ruled_out=_ruled_out(row, version, setting.catalogue),
        row=row,
    )


def _upcoming(status: str, day: date, today: date) -> bool:
    return status != "cancelled" and (day > today or (day == today and status == "scheduled"))


def _nearest_version(protocol: Protocol, day: date) -> Version:
    """The version whose requirements are reported where none is in force."""
    begun = [v for v in protocol.versions if v.in_force.from_ <= day]
    return max(begun, key=lambda v: v.in_force.from_) if begun else protocol.versions[0]


def _ruled_out(row: Row, version: Version | None, catalogue: Catalogue) -> Reason | None:
    if row.word("status") == "cancelled":
        return Reason.CANCELLED_CASE
    if version is None:
        return Reason.NOT_IN_FORCE
    if not holds(version.applies_to, row, catalogue):
        return Reason.NOT_IN_POPULATION
    if any(holds(exclusion.when, row, catalogue) for exclusion in version.exclude):
        return Reason.EXCLUDED
    return None


def holds(condition: Condition, row: Row, catalogue: Catalogue) -> bool:
    """Whether a condition holds for a case; a missing value or code does not match."""
    if condition.all_of is not None:
        return all(holds(c, row, catalogue) for c in condition.all_of)
    if condition.any_of is not None:
        return any(holds(c, row, catalogue) for c in condition.any_of)
    return attribute_holds(condition, row, catalogue)


def attribute_holds(condition: CaseCondition, row: Row, catalogue: Catalogue) -> bool:
    """The same of a condition that speaks of one column."""
    if condition.every is not None:
        return True
    if condition.procedure is not None:
        return _has_code(row.text("procedures"), condition.procedure, catalogue)
    if condition.diagnosis is not None:
        return _has_code(row.text("diagnoses"), condition.diagnosis, catalogue)
    if condition.urgency is not None:
        return row.word("urgency") in condition.urgency
    if condition.site is not None:
        return row.text("site") in condition.site
    if condition.surgeon is not None:
        return row.text("surgeon") in condition.surgeon
    assert condition.column is not None, "a condition has exactly one key"
    return _value(row, condition.column.name) in condition.column.in_


def _value(row: Row, column: str) -> str:
    """A word of the contract in lower case, any other column as it stands."""
    is_word = column in CASES.names and CASES[column].kind == "word"
    return row.word(column) if is_word else row.text(column)


def _has_code(text: str, wanted: CodesIn, catalogue: Catalogue) -> bool:
    code_list = catalogue.lists[wanted.in_]
    return any(code_list.holds(system, code) for system, code in split_codes(text))
