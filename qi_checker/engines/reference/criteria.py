"""One event against one requirement, criterion by criterion: docs/evaluation.md, section 5."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

from qi_checker.engines.reference.cases import Case
from qi_checker.engines.reference.records import Event, Setting
from qi_checker.engines.reference.values import When, items
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.vocabulary import Reason

ONE_DAY = timedelta(days=1)


class Outcome(IntEnum):
    """How a criterion came out."""

    PASS = 0
    UNDECIDED = 1
    FAIL = 2


@dataclass(frozen=True)
class Criterion:
    """Outcome of one criterion; the reason is there unless it passes."""

    outcome: Outcome
    reason: Reason | None = None


PASSES = Criterion(Outcome.PASS)
UNMAPPED = Criterion(Outcome.UNDECIDED, Reason.UNMAPPED)


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
    wanted, modalities = requirement.event, _modalities(event, setting)
    undecidable = not modalities or bool(set(modalities) - set(setting.catalogue.modalities))
    return Judged(
        event=event,
        code=_code(event, requirement, setting),
        modality=_modality(modalities, requirement, undecidable),
        region=_region(event, requirement, setting),
        status=_status(event, case, setting),
        window=_window(event, requirement, case),
        near_miss=(
            wanted.modality is None or undecidable or bool(set(modalities) & set(wanted.modality))
        ),
        distance=_distance(event, requirement, case),
        before_operation=event.at is not None and _before_operation(event, requirement, case),
    )


def _code(event: Event, requirement: Requirement, setting: Setting) -> Criterion:
    wanted, lists = requirement.event, setting.catalogue.lists
    fails = Criterion(Outcome.FAIL, Reason.EXCLUDED_CODE)
    if wanted.kind == "imaging":
        lines = [line for code in event.codes for line in setting.imaging.get(code, [])]
        if any(line.role == "never" for line in lines):
            return fails
    if wanted.not_codes and any(lists[wanted.not_codes.in_].holds(*c) for c in event.codes):
        return fails
    if wanted.codes and not any(lists[wanted.codes.in_].holds(*c) for c in event.codes):
        return fails
    return PASSES


def _modalities(event: Event, setting: Setting) -> list[str]:
    """What the column says; where it is empty, what the codes say."""
    if event.modality:
        return list(event.modality)
    lines = [line for code in event.codes for line in setting.imaging.get(code, [])]
    return [word.upper() for line in lines for word in items(line.modality)]


def _regions(event: Event, setting: Setting) -> list[str]:
    if event.region:
        return list(event.region)
    lines = [line for code in event.codes for line in setting.imaging.get(code, [])]
    return [word.lower() for line in lines for word in items(line.region)]


def _modality(words: list[str], requirement: Requirement, undecidable: bool) -> Criterion:
    wanted = requirement.event.modality
    if wanted is None:
        return PASSES
    if "PT" in words and requirement.pet_ct == "refuse":
        words = [word for word in words if word != "CT"]
    if set(words) & set(wanted):
        return PASSES
    return UNMAPPED if undecidable else Criterion(Outcome.FAIL, Reason.WRONG_MODALITY)


def _region(event: Event, requirement: Requirement, setting: Setting) -> Criterion:
    wanted, words = requirement.event.region, _regions(event, setting)
    if wanted is None or set(words) & set(wanted):
        return PASSES
    if not words or set(words) - set(setting.catalogue.regions):
        return UNMAPPED
    return Criterion(Outcome.FAIL, Reason.WRONG_REGION)


def _status(event: Event, case: Case, setting: Setting) -> Criterion:
    if event.status == "completed":
        return PASSES
    if event.status == "ordered":
        return Criterion(Outcome.FAIL, Reason.ORDERED_NOT_BOOKED)
    if event.status == "cancelled":
        return Criterion(Outcome.FAIL, Reason.CANCELLED)
    at, as_of = event.at, setting.as_of
    assert at is not None, "a booked event has a date"
    passed = at.hi < as_of.date or (
        at.hi == as_of.date and at.clock and as_of.clock and at.clock < as_of.clock
    )
    if passed or (not case.upcoming and at.lo <= case.day):
        return Criterion(Outcome.FAIL, Reason.BOOKING_PASSED)
    return PASSES


def _window(event: Event, requirement: Requirement, case: Case) -> Criterion:
    if event.at is None:
        return PASSES
    found = _in_window(event, event.at, requirement, case)
    if event.status == "booked" and found.outcome is Outcome.FAIL:
        return Criterion(Outcome.FAIL, Reason.BOOKED_OUTSIDE_WINDOW)
    return found


def _in_window(event: Event, at: When, requirement: Requirement, case: Case) -> Criterion:
    opens = requirement.window.opens(case.day) or date.min
    if _by_the_clocks(at, case):
        if at.before(case.anchor):
            return PASSES
        return Criterion(Outcome.FAIL, Reason.AFTER_SURGERY)
    sure, possible = _last_days(event, requirement, case)
    if at.lo >= opens and at.hi <= sure:
        return PASSES
    if at.hi < opens:
        return Criterion(Outcome.FAIL, Reason.TOO_OLD)
    if at.lo > case.day:
        return Criterion(Outcome.FAIL, Reason.AFTER_SURGERY)
    if at.lo > possible or opens > possible:
        return Criterion(Outcome.FAIL, Reason.SAME_DAY_UNTIMED)
    untimed = at.lo == at.hi
    return Criterion(Outcome.UNDECIDED, Reason.SAME_DAY_UNTIMED if untimed else Reason.PARTIAL_DATE)


def _by_the_clocks(at: When, case: Case) -> bool:
    """On the day of surgery, where both clock times are known, they decide."""
    return bool(at.lo == case.day and at.clock and case.anchor.clock)


def _last_days(event: Event, requirement: Requirement, case: Case) -> tuple[date, date]:
    """The last day that certainly counts and the last that possibly does, without the clocks."""
    day_before = case.day - ONE_DAY
    if event.status == "booked" or requirement.same_day == "allow":
        return case.day, case.day
    return day_before, day_before if requirement.same_day == "refuse" else case.day


def _before_operation(event: Event, requirement: Requirement, case: Case) -> bool:
    assert event.at is not None
    if _by_the_clocks(event.at, case):
        return event.at.before(case.anchor)
    return event.at.hi <= _last_days(event, requirement, case)[0]


def _distance(event: Event, requirement: Requirement, case: Case) -> int | None:
    if event.at is None:
        return None
    opens = requirement.window.opens(case.day) or date.min
    if event.at.lo < opens:
        return (opens - event.at.lo).days
    return max((event.at.lo - case.day).days, 0)
