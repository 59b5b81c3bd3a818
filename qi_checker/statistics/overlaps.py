"""Counts of one population that overlap: who meets the first requirement, the second, all of them.

Whoever knows that 24 of 44 had a CT in time and 24 an MRI knows that at least 4 had both: inclusion
and exclusion. So the counts are linked to the groups that they consist of. A case is in one group:
for each requirement the study is in time, it is there but not in time, or there is none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations, product
from typing import Any

import numpy as np

from qi_checker.statistics.small_numbers import Profile, known_limits

IN_TIME, LATE, NONE = "in", "late", "none"
OTHERWISE = "otherwise"  # met without a study before surgery: forbidden, or to be done after it
NOT_APPLICABLE = "not applicable"  # the requirement does not apply
_MET, _THERE = (IN_TIME, OTHERWISE), (IN_TIME, LATE)
EVERY, ANY = "every", "any"  # a case complies if every requirement is met, or if any is
OTHERS = "others"  # the requirements without their own groups, all together
_MOST_KEYS = 4  # requirements with their own groups: each multiplies the groups by three
_MOST_SEEN = 1000  # populations that are cached to answer later questions
Group = tuple[str, ...]
Limits = tuple[tuple[int, int], ...]  # the least and the greatest that each count may be
Whole = np.ndarray[Any, np.dtype[np.int64]]


def whole_of(key: str) -> str:
    """Name the count of those that a requirement applies to."""
    return f"in_window.{key}/whole"


class Frame:
    """The groups that some counts consist of, independent of their numbers.

    `rows`: for each count, the groups that it sums. `sought`: sets of groups that a reader would
    derive, each with the two counts whose difference it is (a place after the last is zero), or
    None.
    """

    def __init__(
        self, names: tuple[str, ...], keys: tuple[str, ...], apart: frozenset[str], complies: str
    ) -> None:
        self.names, self.keys, self.apart, self.complies = names, keys, apart, complies
        states = [
            (IN_TIME, LATE, NONE)
            + ((OTHERWISE,) if key in apart or key == OTHERS else ())
            + ((NOT_APPLICABLE,) if whole_of(key) in names else ())
            for key in keys
        ]
        # Groups that are in the same counts are one: nobody can tell them apart. A case without
        # an applicable requirement is not eligible.
        columns = {
            tuple(self._counts(n, group) for n in names)
            for group in product(*states)
            if any(state != NOT_APPLICABLE for state in group) or not group
        }
        self.rows: Whole = np.array(sorted(columns), dtype=np.int64).T
        self.sought = self._sought()
        self.sets: Whole = np.array([inside for inside, _ in self.sought], dtype=np.int64)
        self.numbered = np.array([made is not None for _, made in self.sought])
        self.more, self.less = np.array([made or (0, 0) for _, made in self.sought]).T
        # Groups that fit some printed counts: most questions need no others.
        self.searches = 0
        self.seen: Whole = np.zeros((0, self.rows.shape[1]), dtype=np.int64)
        self.seen_counts: Whole = np.zeros((0, len(names)), dtype=np.int64)

    def _counts(self, name: str, group: Group) -> bool:
        """Whether a group is a part of a count."""
        kind, _, key = name.partition(".")
        if name == "eligible":
            return True
        if name == "compliant":
            if self.complies == EVERY:
                return all(state in _MET or state == NOT_APPLICABLE for state in group)
            return any(state in _MET for state in group)
        if name == "days":
            named = zip(self.keys, group, strict=True)
            return any(s in _THERE for k, s in named if k == OTHERS or f"present.{k}" in self.names)
        if name.endswith("/whole"):
            return group[self.keys.index(key.removesuffix("/whole"))] != NOT_APPLICABLE
        return group[self.keys.index(key)] in (_MET if kind == "in_window" else _THERE)

    def _sought(self) -> list[tuple[tuple[int, ...], tuple[int, int] | None]]:
        found = dict[tuple[int, ...], tuple[int, int] | None]()
        size, every = len(self.names), self.names.index("eligible")
        for i, row in enumerate(self.rows):
            found[tuple(row)] = (i, size)
            found[tuple(1 - row)] = (every, i)
        for i, j in combinations(range(size), 2):
            one, two = self.rows[i], self.rows[j]
            if not np.array_equal(one, two) and (np.all(one <= two) or np.all(two <= one)):
                found[tuple(one ^ two)] = (i, j) if np.all(two <= one) else (j, i)
        for one, two in combinations([*self.rows, *self._missed()], 2):
            for mixed in (one & two, one & (1 - two), two & (1 - one), 1 - (one | two)):
                found.setdefault(tuple(mixed), None)
        # Who met exactly one requirement of three follows from the sum of three counts.
        for kind in ("in_window.", "present."):
            of = [
                i for i, name in enumerate(self.names) if name.startswith(kind) and "/" not in name
            ]
            how_many = self.rows[of].sum(axis=0)
            for number in range(len(of) + 1):
                found.setdefault(tuple((how_many == number).astype(int)), None)
                found.setdefault(tuple((how_many > number).astype(int)), None)
        return [(inside, made) for inside, made in found.items() if any(inside)]

    def _missed(self) -> list[Whole]:
        """Those who did not meet a requirement that applies to some only, and those without a
        study."""
        at = {name: i for i, name in enumerate(self.names)}
        return [
            self.rows[at[whole_of(key)]] - self.rows[at[f"{kind}.{key}"]]
            for key in self.keys
            if whole_of(key) in at
            for kind in ("in_window", "present")
            if f"{kind}.{key}" in at
        ]

    def fits(self, counts: Mapping[str, int]) -> bool:
        """Whether the groups can have numbers that give these counts."""
        if self._surely_fits(counts):
            return True
        try:
            exact = tuple((counts[n], counts[n]) for n in self.names)
            self.least(exact, np.zeros(self.rows.shape[1], dtype=np.int64))
        except ValueError:
            return False
        return True

    def _surely_fits(self, counts: Mapping[str, int]) -> bool:
        """Whether that is clear without a search, as in most reports.

        Cases that comply with every requirement are set aside. The rest of each requirement is dealt
        out to the others in turn: no case gets all requirements before every case has all but one,
        and a late study goes to cases without one.
        """
        met = [counts[f"in_window.{k}"] for k in self.keys if k != OTHERS]
        there = [counts[n] for n in self.names if n.startswith("present.")]
        days = counts["days"] if "days" in self.names else counts["eligible"]
        part = counts["compliant"] if "compliant" in self.names else -1
        some = any(name.endswith("/whole") for name in self.names)
        if (
            self.complies != EVERY
            or self.apart
            or some
            or not len(self.keys) == len(there) == len(met)
        ):
            return False
        rest = days - part
        return (
            0 <= part <= min(met, default=-1)
            and all(m <= t <= days <= counts["eligible"] for m, t in zip(met, there, strict=True))
            and sum(met) - part * len(met) <= rest * (len(met) - 1)
            and ("days" not in self.names or sum(there) - part * len(met) >= rest)
        )

    def fitting(self, limits: Limits) -> Whole:
        """Return numbers of the groups, one set per row, that are known to fit the printed
        counts."""
        low, high = np.array(limits, dtype=np.int64).T
        inside = (self.seen_counts >= low) & (self.seen_counts <= high)
        found: Whole = self.seen[inside.all(axis=1)]
        return found

    def least(self, limits: Limits, factors: Whole) -> int:
        """Return the least whole number that `factors` of the groups can give, by integer
        programming.

        Raises ValueError if there is none. The answer is exact: the gap that HiGHS leaves by
        default, a ten-thousandth, would let a large count seem less confined than it is.
        """
        from scipy.optimize import LinearConstraint, milp

        between = LinearConstraint(self.rows, *np.array(limits, float).T)
        for whole in (0, 1):  # mostly there are no fractions in the answer, and it is exact
            found = milp(
                factors,
                integrality=np.full(len(factors), whole),
                constraints=between,
                options={"mip_rel_gap": 0},
            )
            if not found.success:
                raise ValueError(f"the counts contradict each other: {found.message}")
            if np.allclose(found.x, np.rint(found.x), rtol=0, atol=1e-6):
                break
        self.searches += 1
        groups = np.rint(found.x).astype(np.int64)
        self.seen = np.vstack([self.seen[-_MOST_SEEN:], groups])
        self.seen_counts = np.vstack([self.seen_counts[-_MOST_SEEN:], self.rows @ groups])
        return int(factors @ groups)


class Known:
    """The knowledge of a reader of some counts about each set of groups that is sought."""

    def __init__(self, groups: Frame, limits: Limits, largest: int) -> None:
        self.groups, self.limits, self.largest = groups, limits, largest
        self.grades: dict[tuple[int, bool], int] = {}
        self._look()

    def _look(self) -> None:
        """Take the numbers that are known to fit. Mostly they show, without a search, that nothing is
        revealed: of a set that is small, that it may be one and the largest; of another, that it
        may be none or many."""
        self.looked = self.groups.searches
        sums = self.groups.fitting(self.limits) @ self.groups.sets.T
        self.safe = np.any((sums == 0) | (sums > self.largest), axis=0)
        self.safe_if_small = np.any(sums <= 1, axis=0) & np.any(sums >= self.largest, axis=0)

    def grade(self, at: int, small: bool) -> int:
        """Return how far a set of groups is revealed: 0 not at all, 1 narrowed, 2 to one number.

        `small`: it is small; else it may be none of them, or many.
        """
        if (at, small) not in self.grades:
            if self.looked < self.groups.searches:
                self._look()
            safe = (self.safe_if_small if small else self.safe)[at]
            self.grades[at, small] = 0 if safe else self._searched(self.groups.sets[at], small)
        return self.grades[at, small]

    def _searched(self, inside: Whole, small: bool) -> int:
        low = self.groups.least(self.limits, inside)
        if not small and not low:
            return 0
        high = -self.groups.least(self.limits, -inside)
        if low == high:
            return 2 if low <= self.largest else 0
        return int(high < self.largest or low > 1 if small else high <= self.largest)


@lru_cache(maxsize=16)
def frame(
    names: tuple[str, ...], keys: tuple[str, ...], apart: frozenset[str], complies: str
) -> Frame:
    """Return the groups of these counts, the same for both periods of a study."""
    return Frame(names, keys, apart, complies)


@lru_cache(maxsize=1 << 12)
def known(groups: Frame, limits: Limits, largest: int) -> Known:
    """Return what these counts reveal; it is needed repeatedly while counts are chosen."""
    return Known(groups, limits, largest)


class Overlaps:
    """The counts of one population by name: `eligible`, `compliant`, `days` (those with any study),
    `in_window.X` and `present.X` of each requirement, and `in_window.X/whole` where it applies to
    some only; others are passed over."""

    def __init__(self, counts: Mapping[str, int], profile: Profile) -> None:
        self.profile = profile
        every = [n.partition(".")[2] for n in counts if n.startswith("in_window.") and "/" not in n]
        self.keys = tuple(every[:_MOST_KEYS])
        some = {
            whole_of(k) for k in self.keys if counts.get(whole_of(k), math.inf) < counts["eligible"]
        }
        self.counts = {n: v for n, v in counts.items() if self._is_known(n) or n in some}
        if len(every) > _MOST_KEYS:
            self.keys += (OTHERS,)
        # Whether a number is above this, or how far, confines nothing.
        self.most = 1 << (2 * counts["eligible"] + 2 * profile.largest + 10).bit_length()
        self.frame = self._frame()
        self.marks = self._limits(frozenset())
        self.sought = self._sought()

    def _is_known(self, name: str) -> bool:
        kind, _, key = name.partition(".")
        named = kind in ("in_window", "present") and key in self.keys
        return named or name in ("eligible", "compliant", "days")

    def _frame(self) -> Frame:
        """Return the groups, with `compliant` and `days` as the numbers of this protocol allow.

        Where they are something else, such as with groups of requirements inside groups, they are
        left out.
        """
        counts, found = self.counts, None
        apart = frozenset(
            k for k in self.keys if counts.get(f"in_window.{k}", 0) > counts.get(f"present.{k}", 0)
        )
        for left_out in ((), ("days",), ("compliant",), ("compliant", "days")):
            names = tuple(n for n in counts if n not in left_out)
            for complies in (EVERY, ANY):
                found = frame(names, self.keys, apart, complies)
                if found.fits(counts):
                    return found
        assert found is not None  # every requirement by itself is possible
        return found

    def _sought(self) -> tuple[Whole, np.ndarray[Any, np.dtype[np.bool_]]]:
        """What somebody would look for, by its place in the frame, and whether it is small: by its
        number, where there is one. What is not small is left out."""
        numbers = np.array([*(self.counts[n] for n in self.frame.names), 0])
        differ = numbers[self.frame.more] - numbers[self.frame.less]
        small = self.frame.numbered & (differ >= 1) & (differ <= self.profile.largest)
        at = np.flatnonzero(small | ~self.frame.numbered)
        return at, small[at]

    def _limits(self, printed: frozenset[str]) -> Limits:
        return tuple(
            known_limits(self.counts[n], n in printed, self.most) for n in self.frame.names
        )

    def exposed(self, printed: frozenset[str]) -> bool:
        """Whether the printed counts confine a small group more than the marks alone do."""
        limits, largest = self._limits(printed), self.profile.largest
        if limits == self.marks:  # a zero is known without being printed
            return False
        by_numbers = known(self.frame, limits, largest)
        by_marks = known(self.frame, self.marks, largest)
        at, small = self.sought
        unsafe = ~np.where(small, by_numbers.safe_if_small[at], by_numbers.safe[at])
        return any(
            (grade := by_numbers.grade(*one)) and grade > by_marks.grade(*one)
            for one in zip(at[unsafe].tolist(), small[unsafe].tolist(), strict=True)
        )

    def values_of_days(self, printed: frozenset[str]) -> float:
        """Return how many values the printed counts leave for `days`."""
        if "days" not in self.frame.names:
            return math.inf
        limits = self._limits(printed)
        days = self.frame.rows[self.frame.names.index("days")]
        return 1 - self.frame.least(limits, -days) - self.frame.least(limits, days)
