"""Contents of the before/after study: typed values, ready to print. Pairs are (before, after)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from qi_checker.render.views import Provenance
from qi_checker.statistics.comparison import Outcome, Summary


@dataclass(frozen=True)
class Period:
    """A stretch of dates of surgery, both ends included; `flow` leads to its eligible cases."""

    name: str  # "before" or "after"
    first: date
    last: date
    eligible: int
    flow: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Trait:
    """A line of the table of who was operated; with a group, a share of the eligible."""

    group: str  # "", Urgency, Verdict
    what: str  # a word of the records, or of the program
    counts: tuple[int, int]


@dataclass(frozen=True)
class Share:
    """`part` of `whole` with its Wilson 95% interval. The `undecided` are in the whole only."""

    part: int
    whole: int
    low: float | None
    high: float | None
    undecided: int = 0


@dataclass(frozen=True)
class Comparison:
    """One rate in both periods. The difference is after minus before, as a proportion."""

    key: str  # compliant, present.ct, in_window.ct, plan_change
    title: str
    before: Share
    after: Share
    difference: tuple[float, float, float] | None  # with Newcombe's 95% interval
    fisher: float | None
    n_minus_1: Outcome | None
    least_expected: float


@dataclass(frozen=True)
class Interval:
    """Days from imaging to surgery, counted from one choice of study."""

    key: str  # newest, oldest, or the id of a requirement
    title: str
    before: Summary
    after: Summary
    welch: Outcome | None
    pooled: Outcome | None
    mann_whitney: Outcome | None
    shift: tuple[float, float, float] | None  # Hodges-Lehmann, after minus before
    limit: int | None  # maximum days of the protocol, if all its windows agree
    within: tuple[int, int]  # cases whose interval is inside the limit


@dataclass(frozen=True)
class Point:
    """One operation of the chart and of intervals.csv; None without a study."""

    case_id: str
    period: str
    surgery_date: date
    verdict: str
    newest: int | None
    oldest: int | None
    days: tuple[tuple[str, int | None], ...]  # per requirement


@dataclass(frozen=True)
class Series:
    """Days as an individuals chart: mean and 3-sigma limits of the earlier period, kept for the
    later.

    `longest` and `crossings` are of the later period against that mean, with the numbers that
    chance allows.
    """

    centre: float
    lower: float
    upper: float
    beyond: tuple[int, int]  # operations beyond the limits
    later: int  # operations of the later period with days
    later_below: int  # of these, below the earlier mean
    longest: int
    longest_allowed: int
    crossings: int
    crossings_needed: int


@dataclass(frozen=True)
class Power:
    """The power of the study for the change of plan."""

    power: float
    needed: int | None  # operations in each period for 80%
    detectable: int | None  # maximum changes after that Fisher's test would distinguish from before


@dataclass(frozen=True)
class PlanChange:
    """The registry of ultrasound for the eligible operations of both periods."""

    file: str
    flow: tuple[tuple[str, int, int], ...]  # words, before, after; adds up to the denominator
    rate: Comparison
    kinds: tuple[tuple[str, int, int], ...]  # word of the contract, before, after; may overlap
    inside: tuple[int, int]  # operations whose new lesions were inside the planned resection
    power: Power | None


@dataclass(frozen=True)
class Printed:
    """A published figure beside the recomputed ones; `candidates`: (name of the way, value)."""

    title: str
    figure: str
    printed: str
    candidates: tuple[tuple[str, float], ...]
    agrees: bool | None  # None if there is nothing to compare with
    by: tuple[str, ...]  # which of the candidates agree


@dataclass(frozen=True)
class Published:
    """The printed figures of a publication, from published.yaml beside the records."""

    source: str
    note: str
    rows: tuple[Printed, ...]
    remarks: tuple[str, ...]
    sha256: str


@dataclass(frozen=True)
class Study:
    """The whole comparison."""

    provenance: Provenance
    title: str
    statement: str
    periods: tuple[Period, Period]
    traits: tuple[Trait, ...]
    rates: tuple[Comparison, ...]
    intervals: tuple[Interval, ...]
    points: tuple[Point, ...]
    series: Series | None  # None: too few operations before
    plan_change: PlanChange | None
    published: Published | None
    files: tuple[tuple[str, str, int, int, int], ...]  # file, sha256, read, used, rejected
    rejects: tuple[tuple[str, str, int, str, str, str], ...]  # table, file, row, column, id, reason
    problems: tuple[str, ...]
