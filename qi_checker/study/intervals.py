"""Days from imaging to surgery: case by case, and as samples of two periods."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from qi_checker.engines.duckdb import Evaluation
from qi_checker.protocol.models import Requirement
from qi_checker.query.scope import is_plain
from qi_checker.statistics.comparison import describe, hodges_lehmann, mann_whitney, pooled_t, welch
from qi_checker.study.cases import AFTER, BEFORE, Case
from qi_checker.study.views import Interval, Point

_DAYS = {"day": 1, "week": 7}


def plain_leaves(evaluation: Evaluation) -> dict[str, Requirement]:
    """Return the requirements of one event before surgery, where days to surgery are meaningful."""
    versions = evaluation.compiled.bundle.protocol.versions
    return {x.id: x for version in versions for x in version.leaves if is_plain(x)}


def limit_of(leaf: Requirement) -> int | None:
    """Return the maximum days of a window; None if it is not a number of days."""
    far = leaf.window.at_most or leaf.window.less_than
    if far is None or far.unit not in _DAYS:
        return None
    return far.amount * _DAYS[far.unit] - (leaf.window.less_than is not None)


def point(case: Case, leaves: dict[str, Requirement]) -> Point:
    days: dict[str, int | None] = {}
    for id in leaves:
        if id in case.findings:
            newest = case.findings[id]["newest_present"]
            days[id] = (case.anchor - newest).days if newest is not None else None
    there = [d for d in days.values() if d is not None]
    whole = bool(there) and len(there) == len(days)
    return Point(
        case_id=case.case_id,
        period=case.period,
        surgery_date=case.anchor,
        verdict=case.verdict,
        newest=min(there, default=None),
        oldest=max(there) if whole else None,
        days=tuple(days.items()),
    )


def intervals(
    points: Sequence[Point], leaves: dict[str, Requirement], titles: dict[str, str]
) -> Iterable[Interval]:
    """Yield the days from the newest study, from the oldest required study, and from each study."""
    limits = {id: limit_of(leaf) for id, leaf in leaves.items()}
    shared = set(limits.values())
    common = shared.pop() if len(shared) == 1 else None
    if len(leaves) > 1:
        yield _interval(
            "newest", "Newest of the required studies", points, lambda p: p.newest, common
        )
        yield _interval(
            "oldest",
            "Oldest of the required studies, where all are there",
            points,
            lambda p: p.oldest,
            common,
        )
    for id in leaves:
        yield _interval(id, titles[id], points, lambda p, id=id: dict(p.days).get(id), limits[id])  # type: ignore[misc]


def _interval(
    key: str,
    title: str,
    points: Sequence[Point],
    days: Callable[[Point], int | None],
    limit: int | None,
) -> Interval:
    pairs = [(p.period, d) for p in points if (d := days(p)) is not None]
    before, after = ([d for period, d in pairs if period == name] for name in (BEFORE, AFTER))
    inside = [
        sum(d <= limit for d in sample) if limit is not None else 0 for sample in (before, after)
    ]
    x, y = describe(before), describe(after)
    return Interval(
        key=key,
        title=title,
        before=x,
        after=y,
        welch=welch(x, y),
        pooled=pooled_t(x, y),
        mann_whitney=mann_whitney(before, after),
        shift=hodges_lehmann(before, after),
        limit=limit,
        within=(inside[0], inside[1]),
    )
