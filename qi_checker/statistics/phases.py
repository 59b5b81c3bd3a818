"""Phases of a series: a frozen baseline, and a new one from an approved date.

There are two operations, often needed together. Freezing: the lines come from the first points of a
phase and continue. Rebasing: a new phase starts at a date. The program never rebases by itself; it
reports where a phase might have changed, and people decide: are the points distinctly different, is
the cause known, is it desirable, will it last? (Wheeler DJ, Understanding Variation, 1993).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from qi_checker.statistics.charts import Chart, Indices
from qi_checker.statistics.runs import sides

BASELINE = 12  # points; with fewer, limits are trial limits
_SUSTAINED = 8  # points on one side that suggest a new phase


@dataclass(frozen=True)
class Rebase:
    """A decision. Raises ValueError without a reason or the name of who approved it."""

    date: date
    reason: str
    approved_by: str

    def __post_init__(self) -> None:
        if not self.reason.strip() or not self.approved_by.strip():
            raise ValueError("a new phase needs a reason and the name of who approved it")


@dataclass(frozen=True)
class Phase:
    """Points start to stop - 1; the lines come from the `baseline` points within the phase."""

    start: int
    stop: int
    baseline: range

    @property
    def trial(self) -> bool:
        """Whether the limits come from fewer than 12 points."""
        return len(self.baseline) < BASELINE


@dataclass(frozen=True)
class Suggestion:
    """Points from `start` to the end, all on one side (1 above, -1 below): a phase to confirm."""

    start: int
    points: int  # without points on the line
    side: int


def phases(length: int, starts: Indices = (), freeze: int | None = BASELINE) -> tuple[Phase, ...]:
    """Return the phases of a series of `length` points; new phases start at the indices `starts`.

    The first `freeze` points of each phase are its baseline (None: all of them). Raises
    ValueError for a start outside the series and a baseline without points.
    """
    if any(not 0 <= start < length for start in starts):
        raise ValueError(f"a phase starts outside the series of {length} points")
    if freeze is not None and freeze < 1:
        raise ValueError("a baseline needs at least one point")
    bounds = [*sorted({0, *starts}), length] if length else []
    return tuple(
        Phase(start, stop, range(start, stop if freeze is None else min(stop, start + freeze)))
        for start, stop in pairwise(bounds)
    )


def suggestion(chart: Chart, phase: Phase) -> Suggestion | None:
    """Suggest a new phase: 8 or more points on one side at the end of this phase.

    It starts at the first point of that run, and after the baseline. Points on the line neither
    count nor break. Returns None if there is nothing to confirm.
    """
    later = {i: s for i, s in sides(chart).items() if phase.baseline.stop <= i < phase.stop and s}
    run: list[int] = []
    for i, side in reversed(later.items()):
        if run and side != later[run[-1]]:
            break
        run.append(i)
    if len(run) < _SUSTAINED:
        return None
    return Suggestion(run[-1], len(run), later[run[-1]])
