"""Bernoulli CUSUM: a drift seen case by case, before a month or quarter is over.

Sources: Neuburger J et al, BMJ Qual Saf 2017;26:919; Reynolds MR, Stoumbos ZG, J Qual Technol
1999;31:87. For events of 1 to 10 % at baseline; at other rates, state the false alarms that
a simulation with one's own rate and number of cases gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from qi_checker.statistics.binomial import checked_rate


@dataclass(frozen=True)
class Weights:
    """What one case adds to a CUSUM."""

    alternative: float  # the event's rate that the CUSUM looks for
    event: float  # ln(p1/p0)
    no_event: float  # ln((1-p1)/(1-p0))


@dataclass(frozen=True)
class Cusum:
    """The sums after every case (before a reset), and the indices of the cases that signal."""

    worse: tuple[float, ...]
    better: tuple[float, ...]
    worse_signals: tuple[int, ...]
    better_signals: tuple[int, ...]


def weights(baseline_rate: float, odds_ratio: float) -> Weights:
    """p1 = OR·p0/(1 - p0 + OR·p0) and the logarithms of the likelihood ratio.

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


def clamped(rate: float, low: float = 0.02, high: float = 0.98) -> float:
    """A baseline rate held between 2 and 98 %: no event among a few cases is no rate of 0."""
    checked_rate(rate)
    return min(high, max(low, rate))


def bernoulli_cusum(
    events: Sequence[bool],
    baseline_rate: float,
    *,
    odds_ratio: float = 2.0,
    limit: float = 3.5,
) -> Cusum:
    """S = max(0, S + w) for each case in order; S >= limit signals and starts again from 0.

    `events` are deviations, one truth value a case; `better` is the mirror with 1/odds_ratio.
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
