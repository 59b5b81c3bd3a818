"""A study for people who may not see small numbers: only its printable part.

Everything is computed from the printed counts (docs/small-numbers.md): rates, intervals and
differences are computed again from them, so that none reveals more. Single cases and counts that
are too small are left out completely.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from qi_checker.render.views import Provenance
from qi_checker.statistics.small_numbers import Profile, Shown
from qi_checker.statistics.withholding import shown_counts
from qi_checker.study.rates import Counted, compare
from qi_checker.study.views import Comparison, Share, Study

_LEFT_OUT = (
    "every operation with its interval, and the chart of them",
    "how the eligible operations were chosen, and who was operated",
    "shortest and longest interval, which belong to one operation each",
    "undetermined operations, tests of the intervals, kinds of changed plans",
    "rejected rows, data problems and rows per file",
    "comparison with printed figures, and the appendix for authors",
)


@dataclass(frozen=True)
class Side:
    """A rate of one period as printed; `share` is None if one of its numbers is withheld."""

    part: Shown
    whole: Shown
    share: Share | None


@dataclass(frozen=True)
class ProtectedRate:
    """One rate; `compared` is computed from the four numbers, if all are printed."""

    key: str
    title: str
    before: Side
    after: Side
    compared: Comparison | None


@dataclass(frozen=True)
class Days:
    """Days from the newest study to surgery; None if the number of operations is withheld."""

    n: Shown
    mean: float | None
    median: float | None


@dataclass(frozen=True)
class ProtectedStudy:
    """The whole protected study."""

    provenance: Provenance
    title: str
    profile: Profile
    periods: tuple[tuple[str, date, date, Shown], ...]  # name, first, last, eligible
    rates: tuple[ProtectedRate, ...]
    days: tuple[Days, ...]  # before and after, or nothing
    left_out: tuple[str, ...] = _LEFT_OUT


def protect_study(study: Study, profile: Profile) -> ProtectedStudy:
    """Return the printable part of a study; `profile` is not `none`, the unprotected study."""
    counts = [_counts(study, side) for side in (0, 1)]
    shown = [shown_counts(numbers, profile) for numbers in counts]
    rates = [*study.rates, *([study.plan_change.rate] if study.plan_change else [])]
    lead = study.intervals[0] if study.intervals else None
    days: tuple[Days, ...] = ()
    if lead is not None:
        days = tuple(
            Days(
                shown_of["days"],
                *((_whole(s.mean), _whole(s.median)) if shown_of["days"].value else (None, None)),
            )
            for s, shown_of in zip((lead.before, lead.after), shown, strict=True)
        )
    return ProtectedStudy(
        provenance=study.provenance.without_numbers(),
        title=study.title,
        profile=profile,
        periods=tuple(
            (p.name, p.first, p.last, shown_of["eligible"])
            for p, shown_of in zip(study.periods, shown, strict=True)
        ),
        rates=tuple(_rate(r, shown[0], shown[1]) for r in rates),
        days=days,
    )


def _counts(study: Study, side: int) -> dict[str, int]:
    """Return every printed count of a period, the most important first; all of one population."""
    rates = [*study.rates, *([study.plan_change.rate] if study.plan_change else [])]
    shares = {r.key: (r.before, r.after)[side] for r in rates}
    counts = {"eligible": study.periods[side].eligible}
    counts |= {f"{key}/whole": share.whole for key, share in shares.items()}
    first = sorted(shares, key=lambda k: (k != "compliant", not k.startswith("in_window"), k))
    counts |= {key: shares[key].part for key in first}
    if study.intervals:
        lead = study.intervals[0]
        counts["days"] = (lead.before, lead.after)[side].n
    return counts


def _whole(days: float | None) -> float | None:
    """Round days to whole days: the last digits of a mean reveal the number of operations."""
    return None if days is None else float(round(days))


def _rate(rate: Comparison, before: dict[str, Shown], after: dict[str, Shown]) -> ProtectedRate:
    """Compute a rate from the printed numbers of both periods."""
    numbers = [(shown_of[rate.key], shown_of[f"{rate.key}/whole"]) for shown_of in (before, after)]
    sides = [_side(rate, part, whole) for part, whole in numbers]
    compared = None
    if all(side.share is not None for side in sides):
        first, second = (Counted(p.value or 0, w.value or 0) for p, w in numbers)
        compared = compare(rate.key, rate.title, first, second)
    return ProtectedRate(rate.key, rate.title, sides[0], sides[1], compared)


def _side(rate: Comparison, part: Shown, whole: Shown) -> Side:
    if part.value is None or whole.value is None:
        return Side(part, whole, None)
    counted = Counted(part.value, whole.value)
    return Side(part, whole, compare(rate.key, rate.title, counted, counted).before)
