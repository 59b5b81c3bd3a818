"""The nightly digest: the tasks for tomorrow morning, from an audit and an earlier audit.

Ids of cases only: of a patient's record the digest uses only the case id and dates.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qi_checker.digest.changes import Change, Kind, changes
from qi_checker.digest.snapshot import CaseResult, Key, Snapshot, Todo
from qi_checker.protocol.records import THE_STORE
from qi_checker.protocol.vocabulary import Reason, Verdict

DAYS = 14  # default number of days that a digest looks ahead
_AT_RISK = (Verdict.ERROR, Verdict.NOT_COMPLIANT, Verdict.UNDETERMINED, Verdict.ACTION_NEEDED)
_NAMED = 3  # number of cases that one line names
_HALF = 2  # a table with less than half of the earlier rows counts as a feed that broke off
FRESH, FAILED, NOT_WATCHED = "feeds fresh", "feeds failed", "feeds not watched"


@dataclass(frozen=True)
class AtRisk:
    """One action (what, until when, who), or an upcoming case without a known action.

    requirement: "" for a case.
    """

    case_id: str
    surgery_date: dt.date | None
    verdict: str
    act_by: dt.date | None
    days_left: int | None  # until act_by; negative if it has passed
    next_action: str
    owner: str
    requirement: str = ""
    reason: str = ""  # of the finding behind the action, where it is known


@dataclass(frozen=True)
class Digest:
    """One night. `since` is the moment of the earlier audit, "" without one."""

    protocol_id: str
    protocol_title: str
    as_of: str
    since: str
    days: int
    feeds: tuple[str, ...]  # one sentence for each failure, the first thing to be read
    feed_state: str  # FRESH, FAILED or NOT_WATCHED
    at_risk: tuple[AtRisk, ...]  # by act_by
    changes: tuple[Change, ...]  # of requirements, by kind
    titles: Mapping[str, str]  # of requirements, by id
    cusum: str  # a sentence where the state of a CUSUM changed, else ""
    checked: int  # upcoming cases in these days to which the protocol applies
    counts: tuple[tuple[str, int], ...]  # words, number: of all cases by verdict, then of changes
    reconfirm: tuple[str, ...] = ()  # one sentence for each exception that somebody must confirm
    plausibility: tuple[str, ...] = ()  # messages of the plausibility checks; shown first
    disagreed: str = ""  # a sentence where the two evaluators differ about cases; shown first
    refused: str = (
        ""  # the night whose records were refused; the list is then that of the night before
    )
    now: int = 0  # actions that need somebody now, and for how many operations: `count_actions`
    operations: int = 0
    problems: int = 0  # data problems that the report lists
    desk: str = ""  # the only owner whose actions it lists; "" for all owners

    def of(self, *kinds: Kind) -> tuple[Change, ...]:
        return tuple(c for c in self.changes if c.kind in kinds)


def digest(
    now: Snapshot,
    before: Snapshot | None = None,
    days: int = DAYS,
    earlier: Collection[Key] = (),
    feed_failures: Sequence[str] = (),
    cusum: str = "",
    known: Sequence[Change] | None = None,
    reconfirm: Sequence[str] = (),
    verdicts: Mapping[str, int] | None = None,
    refused: str = "",
    plausibility: Sequence[str] = (),
) -> Digest:
    """Make the digest of `now`; without `before` there are no changes.

    `earlier` as in `changes`. `feed_failures`, `cusum` and `reconfirm` are sentences of the caller,
    who watches feeds and keeps exceptions and the state of a CUSUM. `known`: the changes, if the
    caller has compared the audits; then only the manifest of `before` is used, and of `now` its
    cases and the findings of stale feeds. `verdicts`: the numbers of all cases, if `now` holds only
    the cases that a digest names (`tonight`). `refused`: a later night whose records were refused
    for the reasons in `plausibility`; otherwise the manifest of `now` has these. Raises UserError
    where the audits cannot be compared.
    """
    changed = _changed(now, before, earlier) if known is None else tuple(known)
    upcoming = [case for case in now.cases.values() if _upcoming(case, now.as_of, days)]
    feeds = (*feed_failures, *_feeds(now, before))
    listed = _listed(now, upcoming, days)
    counted = _counted(now, listed)
    return Digest(
        protocol_id=now.protocol_id,
        protocol_title=str(now.manifest["protocol"].get("title") or now.protocol_id),
        as_of=str(now.manifest["as_of"]),
        since=str(before.manifest["as_of"]) if before is not None else "",
        days=days,
        feeds=feeds,
        feed_state=_feed_state(now, feeds),
        at_risk=listed,
        changes=tuple(c for c in changed if c.requirement),
        titles=_titles(now),
        cusum=cusum,
        checked=len(upcoming),
        reconfirm=tuple(reconfirm),
        plausibility=tuple(plausibility) or _plausibility(now),
        disagreed=_disagreed(now),
        refused=refused,
        now=counted["now"],
        operations=counted["operations"],
        problems=len(now.manifest.get("problems") or ()),
        counts=_counts(verdicts if verdicts is not None else _verdicts(now), changed),
    )


def _feed_state(now: Snapshot, failures: Collection[str]) -> str:
    if failures:
        return FAILED
    return FRESH if (now.manifest.get("site") or {}).get("feeds") else NOT_WATCHED


def _changed(
    now: Snapshot, before: Snapshot | None, earlier: Collection[Key]
) -> tuple[Change, ...]:
    return changes(now, before, earlier) if before is not None else ()


def _disagreed(now: Snapshot) -> str:
    """Return the sentence about cases that the two evaluators judge differently, or ""."""
    ids = (now.manifest.get("judged_twice") or {}).get("differences") or ()
    if not ids:
        return ""
    named = ", ".join(ids[:_NAMED]) + (
        f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    )
    return f"{named}: the two evaluators differ. Check by hand, and report it."


def of_desk(digest: Digest, owner: str, requirements: Collection[str]) -> Digest:
    """Return the digest of one desk: its actions and their changes.

    requirements: those that the owner may have to act on; their resolved problems are listed, too.
    """
    lines = tuple(line for line in digest.at_risk if line.owner == owner)
    keys = {(line.case_id, line.requirement) for line in lines}
    changed = tuple(
        change
        for change in digest.changes
        if (change.case_id, change.requirement) in keys
        or (change.kind is Kind.RESOLVED and change.requirement in requirements)
    )
    left = [line for line in lines if line.days_left is not None and line.days_left <= digest.days]
    return replace(
        digest,
        at_risk=lines,
        changes=changed,
        cusum="",
        reconfirm=(),
        now=len(left),
        operations=len({line.case_id for line in left}),
        desk=owner,
    )


def _counted(now: Snapshot, listed: Sequence[AtRisk]) -> dict[str, int]:
    """Count the actions that need somebody now, and their operations, as the audit counted them.

    For an audit of a version without actions, count what is listed.
    """
    if "actions" in now.manifest:
        return {name: int(now.manifest["actions"][name]) for name in ("now", "operations")}
    return {"now": len(listed), "operations": len({line.case_id for line in listed})}


def _listed(now: Snapshot, upcoming: Sequence[CaseResult], days: int) -> tuple[AtRisk, ...]:
    """List the actions of these days, after the cases that could not be evaluated."""
    if now.actions is None:
        return _at_risk(upcoming, now.as_of)
    ids = {case.case_id: case.surgery_date for case in upcoming}
    last = now.as_of + dt.timedelta(days=days)
    actions = tuple(
        AtRisk(
            case_id=one.case_id,
            surgery_date=now.cases[one.case_id].surgery_date,
            verdict=now.cases[one.case_id].verdict,
            act_by=one.act_by,
            days_left=(one.act_by - now.as_of).days,
            next_action=one.text,
            owner=one.owner,
            requirement=one.requirement,
            reason=_reason(now, one),
        )
        for one in now.actions
        if one.case_id in ids or one.act_by <= last
    )
    failed = [case for case in upcoming if case.verdict == Verdict.ERROR]
    return (*_at_risk(failed, now.as_of), *actions)


def _reason(now: Snapshot, action: Todo) -> str:
    """Return the reason of the finding behind an action; "" if the snapshot lacks it."""
    finding = now.findings.get((action.case_id, action.requirement))
    return finding.reason if finding else ""


def _plausibility(now: Snapshot) -> tuple[str, ...]:
    return tuple(str(line["message"]) for line in now.manifest.get("plausibility") or ())


def _upcoming(case: CaseResult, today: dt.date, days: int) -> bool:
    """Whether the protocol applies and surgery, or the last day to act, is in these days.

    On the day of surgery a case is upcoming only while something must still be done for it.
    """
    last = today + dt.timedelta(days=days)
    if case.verdict == Verdict.NOT_APPLICABLE:
        return False
    if case.surgery_date is not None and today < case.surgery_date <= last:
        return True
    return bool(case.next_action) and case.act_by is not None and case.act_by <= last


def _at_risk(upcoming: Sequence[CaseResult], today: dt.date) -> tuple[AtRisk, ...]:
    """Sort by the last day to arrange something; cases without such a day come first."""
    lines = [
        AtRisk(
            case_id=c.case_id,
            surgery_date=c.surgery_date,
            verdict=c.verdict,
            act_by=c.act_by,
            days_left=(c.act_by - today).days if c.act_by else None,
            next_action=c.next_action,
            owner=c.owner,
        )
        for c in upcoming
        if c.verdict in _AT_RISK
    ]
    never = dt.date.min
    return tuple(
        sorted(lines, key=lambda r: (r.act_by or never, r.surgery_date or never, r.case_id))
    )


def _feeds(now: Snapshot, before: Snapshot | None) -> Iterator[str]:
    """Yield a sentence for each feed that is missing or incomplete: table names only, no values."""
    failures = now.manifest.get("failures") or ()
    if failures:
        yield f"The evaluation failed in {len(failures)} places; those cases have the status error."
    stale = Counter(
        key[1] for key, f in now.findings.items() if f.reason == Reason.FEED_STALE
    )  # people know requirements, not kinds of events
    titles = _titles(now)
    for requirement, number in sorted(stale.items()):
        what = titles.get(requirement, requirement)
        yield f"{what}: source too old, {_cases(number)} cannot be decided. Do not re-book."
    if before is None:
        return
    read, earlier = _read(now), _read(before)
    for table, rows in sorted(earlier.items()):
        if table not in read:
            yield f"{table}: no longer delivered."
        elif read[table] * _HALF < rows:
            yield f"{table}: {read[table]:,} rows, {rows:,} in the earlier audit."


def _titles(now: Snapshot) -> Mapping[str, str]:
    """Return the titles of requirements; none for an audit of an earlier version."""
    titles: Mapping[str, str] = now.manifest.get("titles") or {}
    return titles


def _cases(number: int) -> str:
    return f"{number:,} {'case' if number == 1 else 'cases'}"


def _read(snapshot: Snapshot) -> dict[str, int]:
    """Return the number of delivered rows per table of the contract."""
    files = snapshot.manifest["data"].get("files") or ()
    return {str(f["table"]): int(f["read"]) for f in files if f.get("file") != THE_STORE}


def _verdicts(now: Snapshot) -> Mapping[str, int]:
    return Counter(case.verdict for case in now.cases.values())


def _counts(verdicts: Mapping[str, int], changed: Sequence[Change]) -> tuple[tuple[str, int], ...]:
    lines = [("cases", sum(verdicts.values()))]
    lines += [(v.replace("_", " "), verdicts[v]) for v in Verdict if verdicts.get(v)]
    kinds = Counter(change.kind for change in changed)
    names = {Kind.CASE_ADDED: "added", Kind.CASE_GONE: "gone"}
    lines += [(words, kinds[kind]) for kind, words in names.items() if kinds[kind]]
    return tuple(lines)


def was_moved(change: Change) -> bool:
    """Whether both dates of surgery must be shown."""
    return change.before_surgery is not None and change.before_surgery != change.after_surgery
