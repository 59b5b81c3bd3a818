"""Counts of the monthly report: standards, the steps to the denominator, other windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from qi_checker.engines.duckdb import Evaluation
from qi_checker.monthly.cases import Finding, MonthlyCase
from qi_checker.monthly.views import Sensitivity, Standard, Tally
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.models import Group, Requirement, Version
from qi_checker.protocol.vocabulary import ActionKind, Status, Verdict
from qi_checker.protocol.words import heading
from qi_checker.query.scope import is_plain
from qi_checker.study.intervals import limit_of

# Windows in days for protocols that name none: weeks that studies and centres use.
WINDOWS = (14, 21, 28, 30, 42, 60)
_OUTSIDE = {
    "cancelled_case": "operation cancelled",
    "not_in_force": "no version of the protocol in force",
    "not_in_population": "outside the population",
    "excluded": "excluded by the protocol",
    "condition": "no requirement applies",
    "condition_not_met": "no requirement applies",
    "open": "still to come",
    "error": "could not be evaluated",
}
Targets = Callable[[], tuple[float | None, float | None]]


def whole_protocol(cases: Sequence[MonthlyCase]) -> Tally:
    """Return the rate of the contract over these cases."""
    eligible = [c for c in cases if c.eligible]
    return Tally(
        part=sum(c.complied for c in eligible),
        whole=sum(c.counts for c in eligible),
        undetermined=sum(c.verdict == Verdict.UNDETERMINED for c in eligible),
        excepted=sum(not c.counts for c in eligible),
    )


def _findings(cases: Iterable[MonthlyCase], id: str) -> list[Finding]:
    return [f for c in cases if c.eligible for f in c.findings if f.id == id]


def in_window(cases: Sequence[MonthlyCase], id: str) -> Tally:
    """Count one requirement in time; a needed waiver takes its case out of the denominator."""
    statuses = Counter(f.status for f in _findings(cases, id))
    return Tally(
        part=statuses[Status.MET],
        whole=statuses.total() - statuses[Status.EXEMPT],
        undetermined=statuses[Status.UNKNOWN],
        excepted=statuses[Status.EXEMPT],
    )


def present(cases: Sequence[MonthlyCase], id: str) -> Tally:
    """Count one requirement at any time before surgery."""
    found = _findings(cases, id)
    return Tally(sum(f.present for f in found), len(found), 0, 0)


def standards(
    evaluation: Evaluation,
    month: Sequence[MonthlyCase],
    year: Sequence[MonthlyCase],
    previous: Sequence[MonthlyCase],
    targets: tuple[float | None, float | None],
) -> tuple[Standard, ...]:
    """Return the whole protocol, and each requirement that applied to a case in the 12 months.

    `previous`: the cases of the month before. `targets`: of the month, and of the 12 months if it did
    not change in them.
    """
    protocol = evaluation.compiled.bundle.protocol
    leaves = {leaf.id: leaf for v in protocol.versions for leaf in v.leaves}
    applicable_ids = {f.id for c in year if c.eligible for f in c.findings}
    whole = Standard(
        "compliant",
        "The whole protocol",
        protocol.owner or "",
        whole_protocol(month),
        whole_protocol(year),
        None,
        None,
        *targets,
        whole_protocol(previous),
    )
    return (
        whole,
        *(
            Standard(
                id,
                heading(leaf),
                leaf.owner_of(ActionKind.ORDER.owner),
                in_window(month, id),
                in_window(year, id),
                None if leaf.forbidden else present(month, id),
                None if leaf.forbidden else present(year, id),
                *targets,
                in_window(previous, id),
            )
            for id, leaf in leaves.items()
            if id in applicable_ids
        ),
    )


def flow(
    month: Sequence[MonthlyCase], year: Sequence[MonthlyCase]
) -> tuple[tuple[str, int, int], ...]:
    """Return the steps from all operations to the rate, for month and 12 months; they add up."""
    outside = [
        Counter(_OUTSIDE.get(c.outside, c.outside) for c in part if c.outside)
        for part in (month, year)
    ]
    words = dict.fromkeys([*_OUTSIDE.values(), *outside[1]])
    tallies = (whole_protocol(month), whole_protocol(year))
    lines: list[tuple[str, int, int]] = [("Operations", len(month), len(year))]
    lines += [
        (f"– {word}", outside[0][word], outside[1][word]) for word in words if outside[1][word]
    ]

    def line(word: str, count: Callable[[Tally], int]) -> None:
        lines.append((word, count(tallies[0]), count(tallies[1])))

    line("Eligible", lambda t: t.raw_whole)
    line("– with an approved exception", lambda t: t.excepted)
    line("Assessed", lambda t: t.whole)
    line("of which compliant", lambda t: t.part)
    line("of which not compliant", lambda t: t.whole - t.best)
    line("of which undetermined", lambda t: t.undetermined)
    return tuple(lines)


# ---- other windows -------------------------------------------------------------------------------


def sensitivity(evaluation: Evaluation, year: Sequence[MonthlyCase]) -> tuple[Sensitivity, ...]:
    """Judge the 12 months under other windows, with groups; exceptions leave the denominator."""
    scopes = evaluation.compiled.scopes
    judged = [c for c in year if c.counts]
    named = {str(d): d for s in scopes for d in s.version.sensitivity}
    windows = named or {f"{n} days": Duration(n, "day") for n in WINDOWS}
    limits = {limit_of(x) for s in scopes for x in s.version.leaves if is_plain(x)} - {None}
    if not limits:
        return ()
    lines = []
    for words, duration in windows.items():
        part = sum(_complies(case, scopes[case.version].version, duration) for case in judged)
        own = limits == {duration.amount * 7 if duration.unit == "week" else duration.amount}
        tally = Tally(part, len(judged), 0, 0)
        lines.append(Sensitivity(words, tally, own and duration.unit in ("day", "week")))
    return tuple(lines)


def _complies(case: MonthlyCase, version: Version, window: Duration) -> bool:
    leaves = {leaf.id: leaf for leaf in version.leaves}
    held = {f.id: _holds(case, f, leaves[f.id], window) for f in case.findings if f.id in leaves}

    def fulfilled(members: Sequence[Requirement | Group], every: bool) -> bool | None:
        """Return None where no requirement of it applied to this case."""
        values = [
            held.get(m.id)
            if isinstance(m, Requirement)
            else fulfilled(m.members, m.all_of is not None)
            for m in members
        ]
        known = [v for v in values if v is not None]
        return (all(known) if every else any(known)) if known else None

    return bool(fulfilled(version.requirements, True))


def _holds(case: MonthlyCase, found: Finding, leaf: Requirement, window: Duration) -> bool:
    """Whether it is met under another limit; the plain status if days do not apply."""
    if not is_plain(leaf):
        return found.status == Status.MET
    strict = timedelta(days=leaf.window.less_than is not None)
    return found.newest is not None and found.newest >= window.before(case.anchor) + strict
