"""One rate in two periods."""

from __future__ import annotations

from dataclasses import dataclass

from qi_checker.statistics.comparison import fisher, least_expected, n_minus_1, newcombe
from qi_checker.statistics.proportions import wilson
from qi_checker.study.views import Comparison, Share


@dataclass(frozen=True)
class Counted:
    """A numerator and its denominator, with the undecided cases of the denominator."""

    part: int
    whole: int
    undecided: int = 0


def compare(key: str, title: str, before: Counted, after: Counted) -> Comparison:
    """Return both shares with their intervals, their difference and its tests."""
    table = (before.part, before.whole, after.part, after.whole)
    return Comparison(
        key=key,
        title=title,
        before=_share(before),
        after=_share(after),
        difference=newcombe(*table),
        fisher=fisher(*table),
        n_minus_1=n_minus_1(*table),
        least_expected=least_expected(*table),
    )


def _share(counted: Counted) -> Share:
    low, high = wilson(counted.part, counted.whole) or (None, None)
    return Share(counted.part, counted.whole, low, high, counted.undecided)
