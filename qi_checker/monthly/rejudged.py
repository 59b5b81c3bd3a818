"""Past cases whose result changed since a month ago, with the cause.

Both results come from the same records; the earlier one leaves out what was not known then
(`recorded_at`, `approved_at`). Without a date of recording, a source cannot show such a change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from qi_checker.monthly.cases import Finding, MonthlyCase
from qi_checker.monthly.views import Rejudged
from qi_checker.protocol.vocabulary import Status


@dataclass(frozen=True)
class Earlier:
    """The cases as judged at an earlier moment."""

    as_of: date
    cases: Mapping[str, MonthlyCase]


def earlier(as_of: date, cases: Sequence[MonthlyCase]) -> Earlier:
    """Return the eligible cases of an evaluation for `as_of`."""
    return Earlier(as_of, {c.case_id: c for c in cases if c.eligible})


def rejudged(now: Sequence[MonthlyCase], then: Earlier) -> tuple[Rejudged, ...]:
    """Return the cases that were eligible then and now have another verdict or no longer count."""
    changed = []
    for case in now:
        was = then.cases.get(case.case_id)
        if was is not None and was.verdict != case.verdict:
            changed.append(
                Rejudged(
                    case.case_id,
                    case.anchor,
                    was.verdict,
                    case.verdict,
                    " ".join(_why(case, was, then.as_of)) or "The case itself was changed.",
                )
            )
    return tuple(changed)


def _why(case: MonthlyCase, was: MonthlyCase, since: date) -> list[str]:
    before = {f.id: f for f in was.findings}
    return [
        f"{f.title}: {_word(before[f.id].status)}, now {_word(f.status)}; {_cause(f, before[f.id], since)}."
        for f in case.findings
        if f.id in before and before[f.id].status != f.status
    ]


def _word(status: str) -> str:
    return status.replace("_", " ")


def _cause(now: Finding, was: Finding, since: date) -> str:
    if Status.EXEMPT in (now.status, was.status):
        return f"an exception was approved, revoked or expired after {since}"
    if now.newest != was.newest and now.newest is not None and now.newest <= since:
        return f"a study of {now.newest} became known after {since}"
    return f"a record became known, or was changed, after {since}"
