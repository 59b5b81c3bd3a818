"""The contents of the monthly report: plain typed values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from qi_checker.render.plots import CusumPlot, Event, Funnel, Gaps, Intervals, Pareto, Trend
from qi_checker.render.views import Provenance
from qi_checker.statistics.proportions import wilson


@dataclass(frozen=True)
class Tally:
    """The number of cases that fulfil a standard, out of those that count for it."""

    part: int
    whole: int  # without cases that have an exception
    undetermined: int  # in `whole`, and not in `part`
    excepted: int

    @property
    def rate(self) -> float | None:
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson, 95%."""
        return wilson(self.part, self.whole) if self.whole else None

    @property
    def best(self) -> int:
        """Return how many cases fulfil it if every undetermined case does."""
        return self.part + self.undetermined

    @property
    def raw_whole(self) -> int:
        """Return the denominator that ignores exceptions."""
        return self.whole + self.excepted


@dataclass(frozen=True)
class Standard:
    """One line of the table of standards: this month, and the 12 months that end with it."""

    key: str  # "compliant", or the id of a requirement
    title: str
    owner: str
    month: Tally
    year: Tally
    present_month: Tally | None  # done at any time before surgery; None for the whole protocol, and
    # for a forbidden event, where the requirement is met without an event
    present_year: Tally | None
    target: float | None
    year_target: float | None  # None if the target changed in the 12 months
    previous: Tally | None = None  # the month before


@dataclass(frozen=True)
class Listed:
    """A case on one of the lists."""

    case_id: str
    surgery_date: date
    verdict: str
    lacks: tuple[Lack, ...]


@dataclass(frozen=True)
class Lack:
    """One requirement of a listed case."""

    title: str
    status: str
    reason: str
    days: int | None  # from the newest study to surgery
    step: str  # who can act on it
    sentence: str


@dataclass(frozen=True)
class Rejudged:
    """A past case whose verdict differs from a month ago."""

    case_id: str
    surgery_date: date
    before: str
    after: str
    why: str


@dataclass(frozen=True)
class ActionLine:
    """One line of the action log."""

    action: str
    owner: str
    due: date
    done: date | None
    overdue: bool


@dataclass(frozen=True)
class Decision:
    """A proposed decision for the committee, with the count that supports it."""

    ask: str
    owner: str
    count: int
    of: str  # the total of the count: "26 failed requirements"


@dataclass(frozen=True)
class Icons:
    """Variation and assurance as in Making Data Count, or why they are not shown."""

    variation: str  # words of statistics/making_data_count.py; "" where they are not shown
    side: int  # 1 high or rising, -1 low or falling, 0 common cause
    assurance: str  # "" without a target
    why_not: str


@dataclass(frozen=True)
class Phase:
    """The phase that defines the lines of the charts."""

    first: str  # first month of the phase
    baseline: tuple[str, str]
    months: int  # months of the baseline that have a case
    reason: str  # "" for the first phase
    approved_by: str
    rate: float | None  # pooled, of the baseline
    cases: int


@dataclass(frozen=True)
class Header:
    """Whose report it is, and for which time."""

    organisation: str
    contact: str
    reference: str
    comment: str
    title: str
    statement: str
    month: str  # "2026-02"
    first: date
    last: date
    year_first: str  # first of the 12 months
    held_first: str  # the first of them with an eligible operation
    versions: tuple[tuple[str, str], ...]  # version of the protocol, first month judged by it


@dataclass(frozen=True)
class Quality:
    """What was read, lost or doubtful."""

    files: tuple[tuple[str, str, int, int, int], ...]  # file, sha256, read, used, rejected
    checks: tuple[tuple[str, int], ...]  # words, number; for the month
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Sensitivity:
    """Compliant cases of the 12 months under another window."""

    window: str
    tally: Tally
    own: bool  # the window of the protocol


@dataclass(frozen=True)
class Monthly:
    """The whole report."""

    header: Header
    provenance: Provenance
    settings_sha256: str
    standards: tuple[Standard, ...]
    flow: tuple[tuple[str, int, int], ...]  # words, month, 12 months; adds up
    trend: Trend
    phases: tuple[Phase, ...]
    suggestion: str
    icons: Icons
    decisions: tuple[Decision, ...]
    happened: tuple[Event, ...]
    causes: Pareto
    sensitivity: tuple[Sensitivity, ...]
    quality: Quality
    actions: tuple[ActionLine, ...]
    intervals: Intervals | None
    gaps: Gaps | None
    gaps_why: str  # why there is no chart of cases between deviations
    cusum: CusumPlot | None
    cusum_why: str
    units: Funnel | None
    units_why: str  # which units are not shown; "" if units were not requested
    failed: tuple[Listed, ...]
    exempt: tuple[Listed, ...]
    undetermined: tuple[Listed, ...]
    rejudged: tuple[Rejudged, ...]
    rejudged_since: date | None  # the moment of the comparison; None without one
