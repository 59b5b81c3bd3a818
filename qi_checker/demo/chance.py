"""Random choices that are the same on every machine and Python: only `Random.random()` is used.

The other methods of `random.Random` may change their algorithm between versions of Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """A seeded source of decisions."""

    def __init__(self, seed: int) -> None:
        self._draw = Random(seed).random

    def one_in(self, share: float) -> bool:
        """Return True with this probability."""
        return self._draw() < share

    def between(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return low + int(self._draw() * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        return choices[int(self._draw() * len(choices))]

    def along(self, curve: Sequence[tuple[float, int]]) -> int:
        """Draw a number from a distribution given as (share, value) points, linear in between."""
        share = self._draw()
        for (low, start), (high, end) in pairwise(curve):
            if share < high:
                return start + int((end - start) * (share - low) / (high - low) + 0.5)
        return curve[-1][1]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        keyed = [(self._draw(), n) for n in range(len(items))]
        return [items[n] for _, n in sorted(keyed)]
