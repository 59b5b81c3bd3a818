"""Charts of rare deviations: cases between them (g chart), and a drift case by case (CUSUM).

Cases between deviations are the right chart once about 80% of the cases comply.

Source: Benneyan JC, Health Care Manag Sci 2001;4:305; limits in the form of Montgomery's chapter
7 and of the programs in use: from the mean, while the median is drawn as the centre line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt
from statistics import median

from qi_checker.statistics.charts import Chart, Indices, Point, base_of, known
from qi_checker.statistics.proportions import checked_rate


@dataclass(frozen=True)
class Gaps:
    """Cases from one deviation to the next, in the order of cases."""

    closed: tuple[int, ...]  # differences of case numbers; two deviations in a row: 1
    open: int  # cases since the last deviation: the next gap is longer than that


def cases_between(deviations: Sequence[bool], *, first: bool = False) -> Gaps:
    """Return the gaps between deviating cases, from one truth value per case in order.

    A gap is the difference of two case numbers, so it counts the second deviation too. The cases
    before the first deviation are not a gap, since nobody knows how long it had lasted;
    `first=True` counts them. State in the caption which was done. Deviations on one day are
    separate cases.
    """
    numbers = [i + 1 for i, deviates in enumerate(deviations) if deviates]
    starts = [0, *numbers] if first else numbers
    closed = tuple(b - a for a, b in pairwise(starts))
    return Gaps(closed, len(deviations) - (numbers[-1] if numbers else 0))


def g_chart(
    gaps: Sequence[int],
    baseline: Indices | None = None,
    *,
    mean: float | None = None,
) -> Chart:
    """Limits m ± 3·sqrt(m(m+1)), not below 0, with m the mean gap; the drawn centre is the median.

    With m given (a known rate) the drawn centre is 0.693·m, the median of such gaps. Based on the
    median, the limits would be too narrow and signal falsely. Raises ValueError for a gap below 0
    and an empty baseline.
    """
    if any(gap < 0 for gap in gaps) or (mean is not None and mean < 0):
        raise ValueError("a gap below 0")
    base = known(gaps, base_of(len(gaps), baseline))
    centre = median(base) if mean is None else 0.693 * mean
    m = sum(base) / len(base) if mean is None else mean
    upper = upper_gap_limit(m)
    lower = max(0.0, m - 3 * sqrt(m * (m + 1)))
    return tuple(Point(gap, centre, None, lower, upper) for gap in gaps)


def upper_gap_limit(mean: float) -> float:
    """m + 3·sqrt(m(m+1)) cases; a longer gap, also an open one, is a signal of improvement."""
    return mean + 3 * sqrt(mean * (mean + 1))


# ---- Bernoulli CUSUM: a drift seen case by case, before a month or quarter is over ---------------

# Sources: Neuburger J et al, BMJ Qual Saf 2017;26:919; Reynolds MR, Stoumbos ZG, J Qual Technol
# 1999;31:87. For events of 1 to 10% at baseline; at other rates, state the false alarms that
# a simulation with the actual rate and number of cases gives.


@dataclass(frozen=True)
class Weights:
    """The contribution of one case to a CUSUM."""

    alternative: float  # the rate of events that the CUSUM should detect
    event: float  # ln(p1/p0)
    no_event: float  # ln((1-p1)/(1-p0))


@dataclass(frozen=True)
class Cusum:
    """The sums after every case (before a reset), and the indices of the signalling cases."""

    worse: tuple[float, ...]
    better: tuple[float, ...]
    worse_signals: tuple[int, ...]
    better_signals: tuple[int, ...]


def weights(baseline_rate: float, odds_ratio: float) -> Weights:
    """Return p1 = OR·p0/(1 - p0 + OR·p0) and the logarithms of the likelihood ratio.

    Raises ValueError for a rate that is not strictly between 0 and 1 (see `clamped`) and an odds
    ratio that is not positive.
    """
    if not 0 < baseline_rate < 1:
        raise ValueError("a CUSUM needs a baseline rate above 0 and below 1")
    if odds_ratio <= 0:
        raise ValueError("an odds ratio must be above 0")
    p0 = baseline_rate
    p1 = odds_ratio * p0 / (1 - p0 + odds_ratio * p0)
    return Weights(p1, log(p1 / p0), log((1 - p1) / (1 - p0)))


def clamped(rate: float) -> float:
    """Limit a baseline rate to 2 to 98%: no event among a few cases is not a rate of 0."""
    checked_rate(rate)
    return min(0.98, max(0.02, rate))


def bernoulli_cusum(
    events: Sequence[bool],
    baseline_rate: float,
    *,
    odds_ratio: float = 2.0,
    limit: float = 3.5,
) -> Cusum:
    """S = max(0, S + w) for each case in order; S >= limit signals and starts again from 0.

    `events` are deviations, one truth value per case; `better` is the mirror with 1/odds_ratio.
    Raises ValueError as `weights` does and for a limit that is not positive.
    """
    if limit <= 0:
        raise ValueError("a CUSUM needs a limit above 0")
    worse, worse_signals = _sums(events, weights(baseline_rate, odds_ratio), limit)
    better, better_signals = _sums(events, weights(baseline_rate, 1 / odds_ratio), limit)
    return Cusum(worse, better, worse_signals, better_signals)


def _sums(
    events: Sequence[bool], weight: Weights, limit: float
) -> tuple[tuple[float, ...], tuple[int, ...]]:
    total, sums, signals = 0.0, [], []
    for i, event in enumerate(events):
        total = max(0.0, total + (weight.event if event else weight.no_event))
        sums.append(total)
        if total >= limit:
            signals.append(i)
            total = 0.0
    return tuple(sums), tuple(signals)
