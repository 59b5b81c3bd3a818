"""What one event is, held against one question, whatever its date: section 5."""

from __future__ import annotations

from qi_checker.judging.cases import Case
from qi_checker.judging.outcomes import PASSES, Criterion, fails, undecided
from qi_checker.judging.questions import Question
from qi_checker.judging.records import Event, Setting
from qi_checker.judging.values import items
from qi_checker.protocol.codes import ImagingCode
from qi_checker.protocol.vocabulary import Reason

UNMAPPED = undecided(Reason.UNMAPPED)


def code(event: Event, question: Question, setting: Setting) -> Criterion:
    """No code that never counts, and one that is asked for; no code at all does not match."""
    wanted, lists = question.event, setting.catalogue.lists
    excluded = fails(Reason.EXCLUDED_CODE)
    if wanted.kind == "imaging":
        allowed = lists[wanted.allow_codes.in_] if wanted.allow_codes else None
        for pair in event.codes:
            lines = setting.imaging.get(pair, [])
            never = any(line.role == "never" for line in lines)
            if never and not (allowed and allowed.holds(*pair)):
                return excluded
    if wanted.not_codes and any(lists[wanted.not_codes.in_].holds(*c) for c in event.codes):
        return excluded
    if wanted.codes and question.silence_decides and not event.codes:
        return UNMAPPED
    if wanted.codes and not any(lists[wanted.codes.in_].holds(*c) for c in event.codes):
        return excluded
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


def modality(event: Event, question: Question, setting: Setting) -> Criterion:
    """One of the modalities that are asked for; the CT of a PET/CT only where it is allowed."""
    wanted, words = question.event.modality, modalities_of(event, setting)
    if wanted is None:
        return PASSES
    if "PT" in words and question.pet_ct == "refuse":
        words = [word for word in words if word != "CT"]
    if set(words) & set(wanted):
        return PASSES
    if cannot_be_told(words, setting.catalogue.modalities):
        return UNMAPPED
    return fails(Reason.WRONG_MODALITY)


def region(event: Event, question: Question, setting: Setting) -> Criterion:
    """One of the regions that are asked for."""
    wanted, words = question.event.region, _regions_of(event, setting)
    if wanted is None or set(words) & set(wanted):
        return PASSES
    if cannot_be_told(words, setting.catalogue.regions):
        return UNMAPPED
    return fails(Reason.WRONG_REGION)


def provenance(event: Event, question: Question) -> Criterion:
    """Made in the hospital or elsewhere, as it is asked for."""
    wanted = question.event.provenance
    passes = wanted is None or event.provenance in wanted
    return PASSES if passes else fails(Reason.WRONG_PROVENANCE)


def columns(event: Event, question: Question) -> Criterion:
    """Every other column that is asked for has one of its values."""
    wanted = question.event.columns or []
    values = [(event.texts.get(column.name, ""), column.in_) for column in wanted]
    if any(value and value not in allowed for value, allowed in values):
        return fails(Reason.WRONG_VALUE)
    return PASSES if all(value for value, _ in values) else UNMAPPED


def status(event: Event, question: Question, case: Case, setting: Setting) -> Criterion:
    """Done, or an appointment that has not passed."""
    if question.is_done(event):
        return PASSES
    if event.status != "booked":
        return fails(
            {
                "completed": Reason.WRONG_VALUE,
                "cancelled": Reason.CANCELLED,
                "ordered": Reason.ORDERED_NOT_BOOKED,
            }[event.status]
        )
    at, as_of = event.at, setting.as_of
    assert at is not None, "a booked event has a date"
    passed = at.hi < as_of.date or (
        at.hi == as_of.date and at.clock and as_of.clock and at.clock < as_of.clock
    )
    if passed or (not case.upcoming and at.lo <= case.day):
        return fails(Reason.BOOKING_PASSED)
    return PASSES
