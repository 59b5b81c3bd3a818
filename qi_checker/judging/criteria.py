"""Test one event against every criterion of one question: docs/evaluation.md, section 5."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from qi_checker.judging import windows
from qi_checker.judging.cases import Case
from qi_checker.judging.context import Setting
from qi_checker.judging.outcomes import Judged
from qi_checker.judging.records import Event
from qi_checker.judging.values import When, items
from qi_checker.judging.windows import PASSES, Criterion, Question, fails, undecided
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.codes import Catalogue, ImagingCode
from qi_checker.protocol.vocabulary import Reason

CRITERIA = ("code", "modality", "region", "provenance", "columns", "status", "window")
UNMAPPED = undecided(Reason.UNMAPPED)
EXCLUDED_CODE, WRONG_MODALITY = fails(Reason.EXCLUDED_CODE), fails(Reason.WRONG_MODALITY)
WRONG_REGION, WRONG_PROVENANCE = fails(Reason.WRONG_REGION), fails(Reason.WRONG_PROVENANCE)
WRONG_VALUE, BOOKING_PASSED = fails(Reason.WRONG_VALUE), fails(Reason.BOOKING_PASSED)
# An event whose status does not count, and that is not an appointment.
_NOT_DONE = {
    "completed": WRONG_VALUE,
    "cancelled": fails(Reason.CANCELLED),
    "ordered": fails(Reason.ORDERED_NOT_BOOKED),
}


def judge_all(
    events: Sequence[Event], question: Question, case: Case, setting: Setting
) -> list[Judged]:
    """Judge the events of the question's kind."""
    kind = question.event.kind
    return [judge(event, question, case, setting) for event in events if event.kind == kind]


def judge(event: Event, question: Question, case: Case, setting: Setting) -> Judged:
    """Judge an event of the question's kind by every criterion."""
    wanted, study = question.event, _study(event, question, setting)
    return Judged(
        event,
        (
            study.code,
            study.modality,
            study.region,
            study.provenance,
            PASSES if not wanted.columns else _columns(event, question),
            _status(event, question, case, setting),
            windows.window(event, question),
        ),
        event.status in wanted.status,
        study.near_miss,
        windows.distance(event, question),
    )


class Study(NamedTuple):
    """The outcomes that do not depend on the date or the status of an event."""

    code: Criterion
    modality: Criterion
    region: Criterion
    provenance: Criterion
    near_miss: bool


# A data set has a few dozen different studies, so that each is judged once for a selector: that was
# a third of the time of judging. A hospital with many codes has more, and memory must not grow.
_MOST_STUDIES = 10_000


def _study(event: Event, question: Question, setting: Setting) -> Study:
    wanted = question.event
    asked = id(wanted), question.pet_ct, question.silence_decides
    if asked not in setting.studies:  # with the selector, so that its id is not given to another
        setting.studies[asked] = wanted, {}
    known: dict[Any, Study] = setting.studies[asked][1]
    look = event.modality, event.region, event.codes, event.provenance
    study = known.get(look)
    if study is None:
        if len(known) >= _MOST_STUDIES:
            known.clear()
        study = known[look] = _judge_study(event, question, setting.catalogue)
    return study


def _judge_study(event: Event, question: Question, catalogue: Catalogue) -> Study:
    wanted = question.event
    modalities = modalities_of(event, catalogue) if wanted.modality is not None else []
    return Study(
        _code(event, question, catalogue),
        _modality(modalities, question, catalogue),
        PASSES if wanted.region is None else _region(event, wanted.region, catalogue),
        PASSES if wanted.provenance is None else _provenance(event, wanted.provenance),
        _near_miss(event, modalities, question, catalogue),
    )


def modalities_of(event: Event, catalogue: Catalogue) -> list[str]:
    """Return the modalities of the column; if it is empty, those of the codes."""
    if event.modality:
        return list(event.modality)
    return [word.upper() for line in _lines(event, catalogue) for word in items(line.modality)]


def _regions_of(event: Event, catalogue: Catalogue) -> Sequence[str]:
    if event.region:
        return event.region
    return [word.lower() for line in _lines(event, catalogue) for word in items(line.region)]


def _lines(event: Event, catalogue: Catalogue) -> list[ImagingCode]:
    """Return the lines of imaging.csv about the codes of an event."""
    return [line for pair in event.codes for line in catalogue.imaging_of(pair)]


def _cannot_be_decided(words: Sequence[str], known: tuple[str, ...]) -> bool:
    """Whether there is no word, or an unknown one."""
    return not words or any(word not in known for word in words)


def _near_miss(
    event: Event, modalities: Sequence[str], question: Question, catalogue: Catalogue
) -> bool:
    wanted, codes = question.event.modality, question.event.codes
    if wanted is None:
        listed = catalogue.lists[codes.in_] if codes else None
        return not listed or not event.codes or any(listed.holds(*c) for c in event.codes)
    if any(word in wanted for word in modalities):
        return True
    return _cannot_be_decided(modalities, catalogue.modalities)


# ---- the criteria, in their order ----------------------------------------------------------------


def _code(event: Event, question: Question, catalogue: Catalogue) -> Criterion:
    """Require no code that never counts, and a listed code; without codes it does not match."""
    wanted, lists, codes = question.event, catalogue.lists, event.codes
    if codes and wanted.kind == "imaging":
        allowed = lists[wanted.allow_codes.in_] if wanted.allow_codes else None
        for pair in codes:
            never = any(line.role == "never" for line in catalogue.imaging_of(pair))
            if never and not (allowed and allowed.holds(*pair)):
                return EXCLUDED_CODE
    if wanted.not_codes and any(lists[wanted.not_codes.in_].holds(*c) for c in codes):
        return EXCLUDED_CODE
    if wanted.codes and question.silence_decides and not codes:
        return UNMAPPED
    if wanted.codes and not any(lists[wanted.codes.in_].holds(*c) for c in codes):
        return EXCLUDED_CODE
    return PASSES


def _modality(words: Sequence[str], question: Question, catalogue: Catalogue) -> Criterion:
    """Require one of the modalities; the CT of a PET/CT only if allowed."""
    wanted = question.event.modality
    if wanted is None:
        return PASSES
    if "PT" in words and question.pet_ct == "refuse":
        words = [word for word in words if word != "CT"]
    if any(word in wanted for word in words):
        return PASSES
    if _cannot_be_decided(words, catalogue.modalities):
        return UNMAPPED
    return WRONG_MODALITY


def _region(event: Event, wanted: Sequence[str], catalogue: Catalogue) -> Criterion:
    """Require one of the regions."""
    words = _regions_of(event, catalogue)
    if any(word in wanted for word in words):
        return PASSES
    if _cannot_be_decided(words, catalogue.regions):
        return UNMAPPED
    return WRONG_REGION


def _provenance(event: Event, wanted: Sequence[str]) -> Criterion:
    """Require the provenance: made in the hospital or elsewhere."""
    return PASSES if event.provenance in wanted else WRONG_PROVENANCE


def _columns(event: Event, question: Question) -> Criterion:
    """Require one of the values in every other column."""
    wanted = question.event.columns or []
    values = [(event.texts.get(column.name, ""), column.in_) for column in wanted]
    if any(value and value not in allowed for value, allowed in values):
        return WRONG_VALUE
    return PASSES if all(value for value, _ in values) else UNMAPPED


def _status(event: Event, question: Question, case: Case, setting: Setting) -> Criterion:
    """Require a status that counts, or an appointment that has not passed."""
    if event.status in question.event.status:
        return PASSES
    if event.status != "booked":
        return _NOT_DONE[event.status]
    at, as_of = event.at, setting.as_of
    assert at is not None, "a booked event has a date"
    passed = at.hi < as_of.date or (
        at.hi == as_of.date and at.clock and as_of.clock and at.clock < as_of.clock
    )
    if passed or (not case.upcoming and not _still_to_come(at, case, as_of)):
        return BOOKING_PASSED
    return PASSES


def _still_to_come(at: When, case: Case, as_of: AsOf) -> bool:
    """Whether an appointment is after a past operation; on the same day by the clock."""
    if at.lo != case.day:
        return at.lo > case.day
    by_clock = as_of.clock and at.clock and case.anchor.clock
    return bool(by_clock) and not at.before(case.anchor)
