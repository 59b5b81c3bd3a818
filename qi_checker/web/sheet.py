"""The requirements on the page of a case, made from the trace in the language of the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from qi_checker.judging import CaseTrace, RequirementTrace
from qi_checker.judging.outcomes import Judged
from qi_checker.judging.records import Event
from qi_checker.judging.spans import Outcome
from qi_checker.judging.values import items
from qi_checker.protocol.language import Words
from qi_checker.protocol.vocabulary import Status
from qi_checker.render.words import Sign
from qi_checker.store.desk.models import Known
from qi_checker.web import i18n
from qi_checker.web.i18n import gettext, ngettext
from qi_checker.web.translations import exception_reason, source_of
from qi_checker.web.words import reason_words, sign_of, status_words

_SHOWN = 20  # maximum number of listed events per requirement; the rest is counted
HELD = (Status.MET, Status.BOOKED, Status.EXEMPT, Status.NOT_APPLICABLE)


@dataclass(frozen=True)
class CandidateView:
    """An event that was examined. `result`: counts, booked, undecided or fails."""

    what: str
    when: str
    days: str
    result: str
    words: str
    why: tuple[str, ...]
    advice: tuple[str, ...]
    source: str
    chosen: bool


@dataclass(frozen=True)
class RequirementView:
    """One requirement: its text, its events, the decision, and the action."""

    id: str
    title: str
    asks: str
    status: str
    status_words: str
    sign: Sign
    reason: str
    sentence: str
    held: bool
    opens: str
    closes: str
    holds_until: str
    exception: str
    candidates: tuple[CandidateView, ...]
    others: int


def requirements(trace: CaseTrace, origin: dict[str, Any]) -> tuple[RequirementView, ...]:
    """Return every requirement of a case, in the order of the protocol."""
    return tuple(_requirement(one, trace, origin) for one in trace.requirements)


def _requirement(
    one: RequirementTrace, trace: CaseTrace, origin: dict[str, Any]
) -> RequirementView:
    finding = one.finding
    near = [*one.candidates, *one.rejected]
    return RequirementView(
        id=one.id,
        title=one.requirement.title,
        asks=one.requirement.window.words(trace.case.version.titles, trace.setting.words),
        status=str(one.status),
        status_words=status_words(str(one.status)),
        sign=sign_of(str(one.status)),
        reason=reason_words(str(one.reason)),
        sentence=finding["sentence"],
        held=one.status in HELD,
        opens=i18n.day(finding["window_opens"], "long"),
        closes=i18n.day(finding["window_closes"], "long"),
        holds_until=i18n.day(finding["valid_through"], "long"),
        exception=_exception(one),
        candidates=tuple(_candidate(j, one, trace.case.day, origin) for j in near[:_SHOWN]),
        others=one.others + max(0, len(near) - _SHOWN),
    )


def _exception(one: RequirementTrace) -> str:
    active = next((x for x in one.exceptions if not x.ignored), None)
    if active is None:
        return ""
    text = gettext("Exception %(id)s (%(reason)s), approved by %(by)s.")
    words = text % {
        "id": active.id,
        "reason": exception_reason(active.row.text("reason")),
        "by": active.row.text("approved_by"),
    }
    return words if one.status is Status.EXEMPT else f"{words} {gettext('It was not needed.')}"


def _candidate(
    judged: Judged, one: RequirementTrace, surgery: date, origin: dict[str, Any]
) -> CandidateView:
    event = judged.event
    key, words = _result(judged, event)
    return CandidateView(
        what=_what(event, one.chart.setting.words),
        when=_when(event),
        days=_days(event, surgery),
        result=key,
        words=words,
        why=tuple(_why(judged, one)),
        advice=tuple(one.advice(judged)),
        source=source_of(origin, "events", event.row),
        chosen=event is one.event and key in ("counts", "booked"),
    )


def _result(judged: Judged, event: Event) -> tuple[str, str]:
    outcomes = {criterion.outcome for criterion in judged.criteria}
    if Outcome.FAIL in outcomes:
        return "fails", gettext("does not count")
    if event.reject or Outcome.UNDECIDED in outcomes:
        return "undecided", gettext("cannot be decided")
    if event.status == "booked" and not judged.done:
        return "booked", gettext("will count once done")
    return "counts", gettext("counts")


def _why(judged: Judged, one: RequirementTrace) -> list[str]:
    reasons = [reason_words(str(c.reason)) for _, c in one.criteria(judged) if c.reason is not None]
    if judged.event.reject:
        fault = one.chart.setting.words.FAULTS.get(judged.event.reject, judged.event.reject)
        reasons.insert(0, gettext("the row could not be used: %s") % fault)
    return list(dict.fromkeys(reasons))


def _what(event: Event, words: Words) -> str:
    texts = event.texts
    parts = items(texts.get("region", ""))
    region = ";".join(words.REGIONS.get(part.lower(), part) for part in parts)
    study = " ".join(t for t in (texts.get("modality", ""), region) if t)
    kind = words.KINDS.get(event.kind, texts.get("kind", ""))
    said = [study or kind, texts.get("description", "")[:120]]
    if texts.get("status", "") not in ("completed", ""):
        said.append(gettext(texts["status"]))
    if texts.get("provenance", "") == "external":
        said.append(gettext("external"))
    return ", ".join(t for t in said if t)


def _when(event: Event) -> str:
    at = event.at
    if at is None:
        return event.texts.get("at", "") or gettext("no date")
    if at.lo != at.hi:
        text = gettext("%(first)s to %(last)s")
        return text % {"first": i18n.day(at.lo, "long"), "last": i18n.day(at.hi, "long")}
    clock = f" {at.clock:%H:%M}" if at.clock else ""
    return i18n.day(at.lo, "long") + clock


def _days(event: Event, surgery: date) -> str:
    if event.at is None:
        return ""
    before = (surgery - event.at.lo).days
    if before == 0:
        return gettext("day of surgery")
    if before > 0:
        return ngettext("%(num)d day before", "%(num)d days before", before) % {"num": before}
    return ngettext("%(num)d day after", "%(num)d days after", -before) % {"num": -before}


def facts(trace: CaseTrace, known: Known) -> tuple[tuple[str, str], ...]:
    """Return the recorded facts of the operation."""
    import json

    row = trace.case.row
    origin = json.loads(known.origin)
    pairs = [
        (gettext("Procedure"), row.text("procedures")),
        (gettext("Diagnosis"), row.text("diagnoses")),
        (gettext("Urgency"), gettext(row.word("urgency")) if row.word("urgency") else ""),
        (gettext("Surgeon"), row.text("surgeon")),
        (gettext("Theatre"), row.text("room") or row.text("theatre")),
        (gettext("Site"), row.text("site")),
        (gettext("Source"), source_of(origin, "cases", row.number)),
    ]
    return tuple((name, value) for name, value in pairs if value)
