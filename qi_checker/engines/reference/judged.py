"""One event held against every criterion of one requirement: docs/evaluation.md, section 5."""

from __future__ import annotations

from dataclasses import dataclass

from qi_checker.engines.reference import criteria, window
from qi_checker.engines.reference.cases import Case
from qi_checker.engines.reference.criteria import Criterion, Outcome
from qi_checker.engines.reference.records import Event, Setting
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.vocabulary import Reason


@dataclass(frozen=True)
class Judged:
    """An event with the outcome of each criterion, in the contract's order."""

    event: Event
    code: Criterion
    modality: Criterion
    region: Criterion
    status: Criterion
    window: Criterion
    near_miss: bool
    distance: int | None  # days to the window; None without a date, which is farther than any
    before_operation: bool

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        return self.code, self.modality, self.region, self.status, self.window

    def count(self, outcome: Outcome) -> int:
        """How many criteria came out so."""
        return sum(c.outcome is outcome for c in self.criteria)

    @property
    def passes(self) -> bool:
        return self.count(Outcome.PASS) == len(self.criteria)

    @property
    def right_study(self) -> bool:
        """Whether code, modality and region pass, whatever its date and status."""
        return all(c.outcome is Outcome.PASS for c in (self.code, self.modality, self.region))

    @property
    def reason(self) -> Reason | None:
        """The reason of the first criterion that does not pass."""
        return next((c.reason for c in self.criteria if c.outcome is not Outcome.PASS), None)


def judge(event: Event, requirement: Requirement, case: Case, setting: Setting) -> Judged:
    """Hold an event of the requirement's kind against every criterion of the requirement."""
    return Judged(
        event=event,
        code=criteria.code(event, requirement, setting),
        modality=criteria.modality(event, requirement, setting),
        region=criteria.region(event, requirement, setting),
        status=criteria.status(event, case, setting),
        window=window.window(event, requirement, case),
        near_miss=_near_miss(event, requirement, setting),
        distance=window.distance(event, requirement, case),
        before_operation=window.before_operation(event, requirement, case),
    )


def _near_miss(event: Event, requirement: Requirement, setting: Setting) -> bool:
    """Whether the event is worth telling: of a modality that is asked for, or perhaps of one."""
    wanted, words = requirement.event.modality, criteria.modalities_of(event, setting)
    if wanted is None or set(words) & set(wanted):
        return True
    return criteria.cannot_be_told(words, setting.catalogue.modalities)
