"""Small numbers that must not be published or derivable: docs/small-numbers.md.

Counts of 1 to `largest` are withheld, and then others until nothing printed reveals a withheld
count: `nested` compares counts in pairs, `overlaps.py` all of them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """For whom numbers are printed. Counts of 1 to `largest` are withheld; 0 withholds nothing.

    There is one mark for small counts and for others that would reveal them. With two, `<5` and
    `withheld`, the second was known to be 5 where only 5 leaves a small group: 17 operations, all
    with an MRI in time, 11 with a CT, none compliant, ultrasound withheld.
    """

    name: str
    largest: int
    mark: str  # of every count that is withheld
    low: int = 0  # if any count is withheld, so are counts up to this
    rounded_to: int = 0  # every other number is rounded to a multiple of this; 0: not rounded


PROFILES = {
    "none": Profile("none", 0, ""),
    "lt5": Profile("lt5", 4, "withheld", low=8),
    "nhs": Profile("nhs", 7, "*", rounded_to=5),
    "cms11": Profile("cms11", 10, "*"),
}


@dataclass(frozen=True)
class Shown:
    """A cell as it is printed: a number, or a mark in its place."""

    value: int | None
    mark: str = ""

    def __str__(self) -> str:
        return self.mark if self.value is None else f"{self.value:,}"


def is_small(value: int, profile: Profile) -> bool:
    """Whether a count must not be published. Zero may be: it counts nobody."""
    return 1 <= value <= profile.largest


def rounded(value: int, profile: Profile) -> int:
    """Round a number that the profile does not withhold; with 5 there is never a tie."""
    step = profile.rounded_to
    return (value + step // 2) // step * step if step else value


def known_limits(value: int, printed: bool, most: int) -> tuple[int, int]:
    """Return the range of one count from its number or its mark. Not for rounded numbers."""
    if printed or not value:
        return value, value
    return 1, most


def nested(counts: Sequence[int], profile: Profile) -> tuple[bool, ...]:
    """Return which counts of a population may be printed together; earlier ones take precedence.

    Counts are such as all cases, cases with a scan, cases with a scan in time: whoever has two of
    them has their difference. A count is printed if the count and its difference from every count
    printed before it are 0 or not small. So nothing between two printed counts is confined to small
    numbers.
    """
    printed = {0}
    allowed = []
    for count in counts:
        fits = count in printed or not any(is_small(abs(count - p), profile) for p in printed)
        allowed.append(fits)
        if fits:
            printed.add(count)
    return tuple(allowed)
