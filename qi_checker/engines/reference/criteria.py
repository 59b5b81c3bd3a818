"""Code, modality, region and status of one event against one requirement: section 5."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from qi_checker.engines.reference.cases import Case
from qi_checker.engines.reference.records import Event, Setting
from qi_checker.engines.reference.values import items
from qi_checker.protocol.codes import ImagingCode
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.vocabulary import Reason


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


def code(event: Event, requirement: Requirement, setting: Setting) -> Criterion:
    """No code that never counts, and one that is asked for; no code at all does not match."""
    wanted, lists = requirement.event, setting.catalogue.lists
    fails = Criterion(Outcome.FAIL, Reason.EXCLUDED_CODE)
    if wanted.kind == "imaging" and any(line.role == "never" for line in _lines(event, setting)):
        return fails
    if wanted.not_codes and any(lists[wanted.not_codes.in_].holds(*c) for c in event.codes):
        return fails
    if wanted.codes and not any(lists[wanted.codes.in_].holds(*c) for c in event.codes):
        return fails
    return PASSES


def modalities_of(event: Event, setting: Setting) -> list[str]:
    """What the column says; where it is empty, what the codes say."""
    if event.modality:
        return list(event.modality)
    return [word.upper() for line in _lines(event, setting) for word in items(line.modality)]


def _regions_of(event: Event, setting: Setting) -> list[str]:
    if event.region:
        return list(event.region)
    return [word.lower() for line in _lines(event, setting) for word in items(line.region)]


def _lines(event: Event, setting: Setting) -> list[ImagingCode]:
    """What imaging.csv says about the codes of an event."""
    return [line for pair in event.codes for line in setting.imaging.get(pair, [])]


def cannot_be_told(words: list[str], known: tuple[str, ...]) -> bool:
    """Whether there is no word, or one that nobody knows."""
    return not words or any(word not in known for word in words)


def modality(event: Event, requirement: Requirement, setting: Setting) -> Criterion:
    """One of the modalities that are asked for; the CT of a PET/CT only where it is allowed."""
    wanted, words = requirement.event.modality, modalities_of(event, setting)
    if wanted is None:
        return PASSES
    if "PT" in words and requirement.pet_ct == "refuse":
        words = [word for word in words if word != "CT"]
    if set(words) & set(wanted):
        return PASSES
    if cannot_be_told(words, setting.catalogue.modalities):
        return UNMAPPED
    return Criterion(Outcome.FAIL, Reason.WRONG_MODALITY)


def region(event: Event, requirement: Requirement, setting: Setting) -> Criterion:
    """One of the regions that are asked for."""
    wanted, words = requirement.event.region, _regions_of(event, setting)
    if wanted is None or set(words) & set(wanted):
        return PASSES
    if cannot_be_told(words, setting.catalogue.regions):
        return UNMAPPED
    return Criterion(Outcome.FAIL, Reason.WRONG_REGION)


def status(event: Event, case: Case, setting: Setting) -> Criterion:
    """Done, or an appointment that has not passed."""
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
