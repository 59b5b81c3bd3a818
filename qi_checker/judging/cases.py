"""The operation: its anchor, and whether the protocol applies to it: docs/evaluation.md, section 4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from qi_checker.judging.context import Setting
from qi_checker.judging.outcomes import Keys, Part, Truth
from qi_checker.judging.rows import Row
from qi_checker.judging.values import When
from qi_checker.protocol.codes import Catalogue, split_codes
from qi_checker.protocol.models import Protocol, Version
from qi_checker.protocol.records import CASES
from qi_checker.protocol.selectors import CaseCondition, CodesIn, Condition, RequirementCondition
from qi_checker.protocol.vocabulary import Reason


@dataclass(frozen=True, eq=False)
class Population:
    """The version that applies to a case, and whether the case is in its population.

    version: the version in force on the anchor date; if there is none, the one to report.
    applies_to, exclusions: their outcome for the case; `exclusions` in the order written.
    ruled_out: why the protocol does not apply, None if it does.
    """

    version: Version
    applies_to: Part
    exclusions: tuple[Part, ...]
    ruled_out: Reason | None


@dataclass(frozen=True, eq=False)
class Case:
    """One operation."""

    id: str
    patient: str
    anchor: When
    upcoming: bool
    population: Population
    row: Row

    @property
    def day(self) -> date:
        """Return the anchor date."""
        return self.anchor.lo

    @property
    def version(self) -> Version:
        """Return the version of the protocol for the case."""
        return self.population.version

    @property
    def ruled_out(self) -> Reason | None:
        """Return why the protocol does not apply, None if it does."""
        return self.population.ruled_out

    @property
    def status(self) -> str:
        """Return scheduled, performed or cancelled."""
        return self.row.word("status")


def read_case(row: Row, protocol: Protocol, setting: Setting) -> Case:
    """Find anchor and version of a usable row of cases."""
    anchor = row.dates["surgery_at"]
    status = row.word("status")
    if status == "performed" and "started_at" in row.dates:
        anchor = row.dates["started_at"]
    return Case(
        id=row.text("case_id"),
        patient=row.text("patient_id"),
        anchor=anchor,
        upcoming=_upcoming(status, anchor.lo, setting.as_of.date),
        population=_population(row, anchor.lo, protocol, setting.catalogue),
        row=row,
    )


def _upcoming(status: str, day: date, today: date) -> bool:
    return status != "cancelled" and (day > today or (day == today and status == "scheduled"))


def _population(row: Row, day: date, protocol: Protocol, catalogue: Catalogue) -> Population:
    version = protocol.in_force(day)
    reported = version or _nearest_version(protocol, day)
    applies_to = case_part(reported.applies_to, row, catalogue, ("applies_to",))
    exclusions = tuple(
        case_part(exclusion.when, row, catalogue, ("exclude", n, "when"))
        for n, exclusion in enumerate(reported.exclude)
    )
    why: Reason | None = None
    if row.word("status") == "cancelled":
        why = Reason.CANCELLED_CASE
    elif version is None:
        why = Reason.NOT_IN_FORCE
    elif applies_to.truth is not Truth.TRUE:
        why = Reason.NOT_IN_POPULATION
    elif any(part.truth is Truth.TRUE for part in exclusions):
        why = Reason.EXCLUDED
    return Population(reported, applies_to, exclusions, why)


def _nearest_version(protocol: Protocol, day: date) -> Version:
    """Return the version whose requirements are reported if none is in force."""
    begun = [v for v in protocol.versions if v.in_force.from_ <= day]
    return max(begun, key=lambda v: v.in_force.from_) if begun else protocol.versions[0]


# ---- conditions about a case: two-valued, a missing value or code does not match -----------------

_COLUMNS = {"procedure": "procedures", "diagnosis": "diagnoses"}


def case_part(condition: Condition, row: Row, catalogue: Catalogue, keys: Keys) -> Part:
    """Test a condition at these keys on a case."""
    for name, combine in (("all_of", min), ("any_of", max)):
        members: Sequence[Condition] | None = getattr(condition, name)
        if members is not None:
            parts = tuple(
                case_part(member, row, catalogue, (*keys, name, n))
                for n, member in enumerate(members)
            )
            truth = combine(part.truth for part in parts)
            return Part((*keys, name), condition, truth, parts=parts)
    return attribute_part(condition, row, catalogue, keys)


def attribute_part(
    condition: CaseCondition | RequirementCondition, row: Row, catalogue: Catalogue, keys: Keys
) -> Part:
    """Test a condition on one column of a case."""
    name, value, held = _attribute(condition, row, catalogue)
    return Part((*keys, name), condition, Truth.TRUE if held else Truth.FALSE, value)


def _attribute(condition: CaseCondition, row: Row, catalogue: Catalogue) -> tuple[str, str, bool]:
    """Return the key of the condition, the value in the records, and whether it holds."""
    if condition.every is not None:
        return "every", "", True
    for name, codes in (("procedure", condition.procedure), ("diagnosis", condition.diagnosis)):
        if codes is not None:
            text = row.text(_COLUMNS[name])
            return name, text, _has_code(text, codes, catalogue)
    if condition.urgency is not None:
        return "urgency", row.text("urgency"), row.word("urgency") in condition.urgency
    for name, words in (("site", condition.site), ("surgeon", condition.surgeon)):
        if words is not None:
            return name, row.text(name), row.text(name) in words
    assert condition.column is not None, "a condition has exactly one key"
    column = condition.column.name
    return "column", row.text(column), _value(row, column) in condition.column.in_


def column_of(condition: CaseCondition) -> str:
    """Return the column of the cases that a condition tests; "" if there is none."""
    if condition.column is not None:
        return condition.column.name
    names = ("procedure", "diagnosis", "urgency", "site", "surgeon")
    name = next((n for n in names if getattr(condition, n) is not None), "")
    return _COLUMNS.get(name, name)


def _value(row: Row, column: str) -> str:
    """Return a word of the contract in lower case, any other column as written."""
    is_word = column in CASES.names and CASES[column].kind == "word"
    return row.word(column) if is_word else row.text(column)


def _has_code(text: str, wanted: CodesIn, catalogue: Catalogue) -> bool:
    code_list = catalogue.lists[wanted.in_]
    return any(code_list.holds(system, code) for system, code in split_codes(text))
