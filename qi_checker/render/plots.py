"""The data of charts: one typed value for each kind of chart, with the table beside it.

A chart, its table, its CSV and its sheet of a workbook are all made from the same value, so their
numbers cannot differ. `None` is a missing number, or one too small to show; it is never drawn.
Rates are fractions, days are days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

Cell = str | int | float | date | None


@dataclass(frozen=True)
class Event:
    """Something that happened in the programme; drawn as a numbered line and listed in a table."""

    number: int
    at: str  # the label of the first point at or after it: "2025-04", or a case's number
    day: date
    words: str


class Plot(Protocol):
    """The interface of a plot. `title` states the result, `description` how to read the chart."""

    @property
    def key(self) -> str: ...  # the name of its files: trend, intervals ...

    @property
    def title(self) -> str: ...

    @property
    def description(self) -> str: ...

    @property
    def columns(self) -> tuple[str, ...]: ...

    def rows(self) -> Iterator[Sequence[Cell]]: ...


@dataclass(frozen=True)
class TrendPoint:
    """One month: how many of its cases complied. `events` is None if the number is withheld."""

    month: str  # "2026-01"
    events: int | None
    cases: int | None  # 0: no operations; the slot is kept, nothing is drawn
    low: float | None  # Wilson 95%
    high: float | None
    quarter_events: int | None  # of this and the two months before
    quarter_cases: int | None
    quarter_signal: str  # "", "concern", "improvement": beyond the exact limits
    target: float | None


@dataclass(frozen=True)
class Trend:
    """Dot per month with its interval, and the line of the frozen baseline."""

    title: str
    description: str
    points: tuple[TrendPoint, ...]
    centre: tuple[float | None, ...]  # for each point: the line of its phase, a fraction
    baseline: tuple[str, str] | None  # first and last month of the (latest) line's baseline
    status: str  # signal, no signal, not evaluable (reason): of the runs rules
    happened: tuple[Event, ...] = ()
    key: str = "trend"

    columns = (
        "month",
        "compliant",
        "cases",
        "rate",
        "low",
        "high",
        "quarter_compliant",
        "quarter_cases",
        "quarter_signal",
        "centre",
        "target",
    )

    def rows(self) -> Iterator[Sequence[Cell]]:
        for p, centre in zip(self.points, self.centre, strict=True):
            rate = p.events / p.cases if p.events is not None and p.cases else None
            yield (
                p.month,
                p.events,
                p.cases,
                rate,
                p.low,
                p.high,
                p.quarter_events,
                p.quarter_cases,
                p.quarter_signal,
                centre,
                p.target,
            )


@dataclass(frozen=True)
class IntervalPoint:
    """One case in the order of surgery: days from imaging to surgery."""

    number: int  # 1, 2, 3 ... in the order drawn
    case_id: str
    surgery_date: date
    days: int | None  # None without a study
    kind: str  # inside, outside, none
    month: str
    signal: bool = False  # beyond the limits of the individuals chart
    oldest: int | None = None  # days from the oldest of several studies, if it differs


@dataclass(frozen=True)
class Intervals:
    """Days from imaging to surgery, case by case, with the window's line and XmR limits."""

    title: str
    description: str
    requirement: str  # title of the requirement, or "oldest of the required"
    limit: int | None  # days of the window
    points: tuple[IntervalPoint, ...]
    centre: float | None  # mean of the frozen baseline
    lower: float | None
    upper: float | None
    baseline: int  # number of first points behind the limits; 0: no limits
    happened: tuple[Event, ...] = ()
    periods: tuple[tuple[str, int], ...] = ()  # (name, cases) of separate periods
    key: str = "intervals"

    columns = (
        "number",
        "case_id",
        "surgery_date",
        "days",
        "oldest",
        "inside",
        "limit",
        "centre",
        "lower",
        "upper",
        "signal",
    )

    def rows(self) -> Iterator[Sequence[Cell]]:
        for p in self.points:
            yield (
                p.number,
                p.case_id,
                p.surgery_date,
                p.days,
                p.oldest,
                p.kind,
                self.limit,
                self.centre,
                self.lower,
                self.upper,
                "yes" if p.signal else "",
            )


@dataclass(frozen=True)
class GapPoint:
    """Cases from one deviation to the next, both counted by their number."""

    number: int
    case_id: str  # the later deviation; "" while the gap is open
    surgery_date: date | None
    gap: int
    signal: bool


@dataclass(frozen=True)
class Gaps:
    """Cases between deviations (g chart): high is good."""

    title: str
    description: str
    points: tuple[GapPoint, ...]  # the last may be open: longer than shown
    median: float | None
    upper: float | None
    key: str = "gaps"

    columns = (
        "number",
        "case_id",
        "surgery_date",
        "cases_between",
        "open",
        "median",
        "upper",
        "signal",
    )

    def rows(self) -> Iterator[Sequence[Cell]]:
        for p in self.points:
            yield (
                p.number,
                p.case_id,
                p.surgery_date,
                p.gap,
                "" if p.case_id else "yes",
                self.median,
                self.upper,
                "yes" if p.signal else "",
            )


@dataclass(frozen=True)
class CusumPoint:
    """The two sums after one case."""

    number: int
    case_id: str
    surgery_date: date
    complied: bool
    worse: float
    better: float
    signal: str  # "", "concern", "improvement"


@dataclass(frozen=True)
class CusumPlot:
    """Bernoulli CUSUM, case by case."""

    title: str
    description: str
    points: tuple[CusumPoint, ...]
    limit: float
    baseline_rate: float  # of not complying
    odds_ratio: float
    key: str = "cusum"

    columns = (
        "number",
        "case_id",
        "surgery_date",
        "complied",
        "worse",
        "better",
        "limit",
        "signal",
    )

    def rows(self) -> Iterator[Sequence[Cell]]:
        for p in self.points:
            yield (
                p.number,
                p.case_id,
                p.surgery_date,
                "yes" if p.complied else "no",
                round(p.worse, 4),
                round(p.better, 4),
                self.limit,
                p.signal,
            )


@dataclass(frozen=True)
class Cause:
    """One reason why requirements failed, and who can act on it."""

    words: str
    owner: str
    count: int | None
    reason: str = ""  # word of the contract


@dataclass(frozen=True)
class Pareto:
    """Causes, the most frequent first."""

    title: str
    description: str
    causes: tuple[Cause, ...]
    key: str = "causes"

    columns = ("cause", "owner", "count", "cumulative_share")

    def rows(self) -> Iterator[Sequence[Cell]]:
        known = [c.count for c in self.causes if c.count is not None]
        total, done = sum(known), 0
        whole = len(known) == len(self.causes) and total > 0
        for cause in self.causes:
            done += cause.count or 0
            yield (cause.words, cause.owner, cause.count, done / total if whole else None)


@dataclass(frozen=True)
class Unit:
    """One surgeon or site, by pseudonym."""

    name: str
    events: int | None
    cases: int | None
    side: int  # of the exact limits: -2, -1, 0, 1, 2 (outer, inner)


@dataclass(frozen=True)
class FunnelCurve:
    """Exact limits at one number of cases."""

    cases: int
    low_998: float
    low_95: float
    high_95: float
    high_998: float


@dataclass(frozen=True)
class Funnel:
    """Rates of units against exact binomial limits around a target."""

    title: str
    description: str
    units: tuple[Unit, ...]
    target: float
    curve: tuple[FunnelCurve, ...]
    key: str = "funnel"

    columns = (
        "unit",
        "compliant",
        "cases",
        "rate",
        "low_998",
        "low_95",
        "target",
        "high_95",
        "high_998",
        "side",
    )

    def rows(self) -> Iterator[Sequence[Cell]]:
        at = {
            c.cases: (c.low_998, c.low_95, self.target, c.high_95, c.high_998) for c in self.curve
        }
        for u in self.units:
            rate = u.events / u.cases if u.events is not None and u.cases else None
            limits = at.get(u.cases or 0, (None, None, self.target, None, None))
            yield (u.name, u.events, u.cases, rate, *limits, u.side)


@dataclass(frozen=True)
class RateLine:
    """One rate with its 95% interval; fractions."""

    words: str
    count: str  # "5/27"; "" where only the rate is known
    rate: float
    low: float
    high: float
    ours: bool  # from these records, or published elsewhere


@dataclass(frozen=True)
class Forest:
    """Rates one below the other, with the band of published rates."""

    title: str
    description: str
    lines: tuple[RateLine, ...]
    band: tuple[float, float]  # lowest and highest published rate
    key: str = "benchmarks"

    columns = ("what", "count", "rate", "low", "high", "ours")

    def rows(self) -> Iterator[Sequence[Cell]]:
        for line in self.lines:
            yield (
                line.words,
                line.count,
                line.rate,
                line.low,
                line.high,
                "yes" if line.ours else "",
            )
