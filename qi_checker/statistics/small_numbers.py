"""Small numbers that must not be told, nor worked out from what is told: docs/small-numbers.md.

Counts of 1 to `largest` are withheld, and then as many others as it takes until nothing printed
gives a withheld one away: `nested` compares counts by pairs, `overlaps.py` all of them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """For whom numbers are printed. `largest`: 1 to this are withheld; 0 withholds nothing."""

    name: str
    largest: int
    mark: str  # of a cell that is small
    other: str  # of a cell that is withheld because it would give a small one away
    rounded_to: int = 0  # every other number is rounded to a multiple of this; 0: not rounded


PROFILES = {
    "none": Profile("none", 0, "", ""),
    "lt5": Profile("lt5", 4, "<5", "withheld"),
    "nhs": Profile("nhs", 7, "*", "*", rounded_to=5),
    "cms11": Profile("cms11", 10, "*", "*"),
}


@dataclass(frozen=True)
class Shown:
    """A cell as it is printed: a number, or a mark in its place."""

    value: int | None
    mark: str = ""

    def __str__(self) -> str:
        return self.mark if self.value is None else f"{self.value:,}"


def is_small(value: int, profile: Profile) -> bool:
    """Whether a count may not be told. Zero may: nobody is in it."""
    return 1 <= value <= profile.largest


def rounded(value: int, profile: Profile) -> int:
    """As the profile prints a number that it does not withhold; a half is never met with 5."""
    step = profile.rounded_to
    return (value + step // 2) // step * step if step else value


def known_limits(value: int, printed: bool, profile: Profile, most: int) -> tuple[int, int]:
    """What anybody knows of one count by itself: its number, or its mark. Not for rounded numbers."""
    if printed or not value:
        return value, value
    if profile.mark == profile.other:
        return 1, most
    return (1, profile.largest) if is_small(value, profile) else (profile.largest + 1, most)


def nested(counts: Sequence[int], profile: Profile) -> tuple[bool, ...]:
    """Which of some counts of one population may be printed together, the first ones first.

    Counts like all cases, those with a scan, those with one in time: whoever has two of them has
    their difference. A count is printed if it and its difference from every one that is printed
    before it is 0 or not small. So nothing between two printed ones is confined to small numbers.
    """
    printed: list[int] = [0]
    allowed = []
    for count in counts:
        fits = not any(is_small(abs(count - other), profile) for other in printed)
        allowed.append(fits)
        if fits:
            printed.append(count)
    return tuple(allowed)
