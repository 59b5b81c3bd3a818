"""Why requirements failed, who can act on it, and the lists of cases for every number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from qi_checker.monthly.cases import Finding, MonthlyCase
from qi_checker.monthly.views import Decision, Lack, Listed
from qi_checker.protocol.report_settings import ReportSettings
from qi_checker.protocol.vocabulary import Reason, Status, Verdict
from qi_checker.render.plots import Cause, Pareto

MOST_DECISIONS = 3  # a committee decides only a few things well
# Causes that a committee reads in other words than a coordinator; of other reasons their meaning.
_CAUSES: dict[str, str] = {
    Reason.NEVER_ORDERED: "never ordered",
    Reason.ORDERED_NOT_BOOKED: "ordered, never booked",
    Reason.BOOKED_OUTSIDE_WINDOW: "booked outside the window",
    Reason.BOOKING_PASSED: "booked but not done",
    Reason.CANCELLED: "cancelled and not replaced",
    Reason.TOO_OLD: "too old",
    Reason.TOO_EARLY: "done too early",
    Reason.TOO_LATE: "ordered or done too late",
    Reason.AFTER_SURGERY: "ordered or done too late: after surgery",
    Reason.EXPIRED_BY_RESCHEDULE: "surgery moved, and the scan was not repeated",
    Reason.WRONG_REGION: "wrong region",
    Reason.WRONG_MODALITY: "wrong modality",
    Reason.EXCLUDED_CODE: "a code that does not count",
    Reason.WRONG_PROVENANCE: "done at a place that does not count",
    Reason.WRONG_VALUE: "a value that does not count",
    Reason.TOO_FEW: "too few",
    Reason.TOO_CLOSE: "too close together",
    Reason.EVENT_BETWEEN: "treatment or another event since",
    Reason.FORBIDDEN_EVENT: "a forbidden event",
}
_MEANINGS = {reason.value: reason.meaning for reason in Reason}
_FAILED = (Status.EXPIRED, Status.MISSING)
_LACKING = (Status.EXPIRED, Status.MISSING, Status.UNKNOWN, Status.EXEMPT)


def cause_of(found: Finding) -> tuple[str, str]:
    """Return the cause of a failed requirement in words, and who acts on it.

    That is the owner that the protocol names for the kind of action, as in every list.
    """
    return _CAUSES.get(found.reason, _MEANINGS[found.reason]), found.owner or "not named"


def record_owner(cases: Sequence[MonthlyCase]) -> str:
    """Return who completes most of what leaves eligible cases undetermined; "" if none is."""
    owners = Counter(
        f.owner
        for c in cases
        if c.eligible and undetermined(c)
        for f in c.findings
        if f.status == Status.UNKNOWN
    )
    return max(sorted(owners), key=owners.__getitem__, default="")


def causes(cases: Sequence[MonthlyCase], period: str) -> Pareto:
    """Count the failed requirements of eligible cases by cause; a case may have several."""
    failed = [f for c in cases if c.eligible for f in c.findings if f.status in _FAILED]
    counts = Counter((f"{f.title}: {cause_of(f)[0]}", cause_of(f)[1], f.reason) for f in failed)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ordered_causes = tuple(Cause(words, owner, n, reason) for (words, owner, reason), n in ordered)
    return Pareto(
        title=_title(ordered_causes, period),
        description="Each failed requirement is counted once, with its cause and the step that "
        "can act on it. The number at the end of a bar is the count, with the share so far.",
        causes=ordered_causes,
    )


def decisions(
    found: Pareto, settings: ReportSettings, excepted: int, undetermined: int, completing: str
) -> tuple[Decision, ...]:
    """List the decisions: the most frequent causes, then exceptions and undetermined operations.

    The text for a cause is the site's (`decisions` in report.yaml). Without one the program only
    asks how to prevent the cause, because counts do not show that a remedy would work.
    completing: who completes the records of undetermined operations.
    """
    total = sum(c.count or 0 for c in found.causes)
    of = f"{total:,} failed requirements" if total != 1 else "1 failed requirement"
    texts = {d.reason: d for d in settings.decisions}
    proposed = []
    for cause in found.causes[:MOST_DECISIONS]:
        own = texts.get(cause.reason)
        ask = own.ask if own else f"Agree on how to prevent this: {cause.words}"
        owner = own.owner if own and own.owner else cause.owner
        proposed.append(Decision(ask.rstrip("."), owner, cause.count or 0, of))
    if excepted:
        wording = "Accept the approved exceptions, or say which should end"
        proposed.append(Decision(wording, "", excepted, "the eligible operations"))
    if undetermined:
        wording = "Have the missing details of the undetermined operations completed"
        proposed.append(Decision(wording, completing, undetermined, "the assessed operations"))
    return tuple(proposed)


def _title(found: Sequence[Cause], period: str) -> str:
    total = sum(c.count or 0 for c in found)
    if not total:
        return f"No requirement failed in {period}"
    lead = found[0]
    return f"Most frequent of {total} failed requirements in {period}: {lead.words} ({lead.count})"


def listed(
    cases: Sequence[MonthlyCase], wanted: Callable[[MonthlyCase], bool]
) -> tuple[Listed, ...]:
    """Return the cases of one list, each with its unmet requirements and who can act on them."""
    return tuple(
        Listed(
            c.case_id,
            c.anchor,
            c.verdict,
            tuple(_lack(c, f) for f in c.findings if f.status in _LACKING),
        )
        for c in cases
        if c.eligible and wanted(c)
    )


def _lack(case: MonthlyCase, found: Finding) -> Lack:
    days = (case.anchor - found.newest).days if found.newest is not None else None
    step = "" if found.status == Status.EXEMPT else cause_of(found)[1]
    return Lack(found.title, found.status, found.reason, days, step, found.sentence)


def failed(case: MonthlyCase) -> bool:
    return case.verdict == Verdict.NOT_COMPLIANT


def exempt(case: MonthlyCase) -> bool:
    return case.verdict == Verdict.COMPLIANT_WITH_EXCEPTION


def undetermined(case: MonthlyCase) -> bool:
    return case.verdict == Verdict.UNDETERMINED
