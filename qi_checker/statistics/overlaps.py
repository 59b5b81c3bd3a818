"""Counts of one population that overlap: who meets the first requirement, the second, all of them.

Whoever knows that 24 of 44 had a CT in time and 24 an MRI knows that at least 4 had both: inclusion and
exclusion. So the counts are tied to the groups that they are made of. A case stands in one group: of
each requirement the study is in time, it is there but not in time, or there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, product

from qi_checker.statistics.small_numbers import Profile, Relation, bounds, is_small, known_limits

IN_TIME, LATE, NONE = "in", "late", "none"
_MOST_KEYS = 4  # requirements that are looked at together: each makes three times as many groups
Group = tuple[str, ...]


class Overlaps:
    """The counts of one population by name: `eligible`, `compliant`, `days` (those with any study),
    `in_window.X` and `present.X` of each requirement; others are passed over."""

    def __init__(self, counts: Mapping[str, int], profile: Profile) -> None:
        self.profile = profile
        keys = [n.partition(".")[2] for n in counts if n.startswith("in_window.") and "/" not in n]
        self.keys = keys[:_MOST_KEYS]
        self.groups: list[Group] = list(product((IN_TIME, LATE, NONE), repeat=len(self.keys)))
        self.most = 2 * counts["eligible"] + 2 * profile.largest + 10
        self.counts = {n: v for n, v in counts.items() if self._is_known(n)}
        for name in ("compliant", "days"):  # not of every protocol are they what they are here
            if not self._fits_together():
                self.counts.pop(name, None)
        self.sought = self._sought() if self._fits_together() else {}
        self.by_marks = {inside: self._grade(inside, frozenset()) for inside in self.sought}

    def _is_known(self, name: str) -> bool:
        kind, _, key = name.partition(".")
        named = kind in ("in_window", "present") and key in self.keys
        return named or name in ("eligible", "compliant", "days")

    def _members(self, name: str) -> list[Group]:
        """The groups that a count is the sum of."""
        kind, _, key = name.partition(".")
        if name == "eligible":
            return self.groups
        if name == "compliant":
            return [g for g in self.groups if all(s == IN_TIME for s in g)]
        if name == "days":
            return [g for g in self.groups if any(s != NONE for s in g)]
        at = self.keys.index(key)
        return [g for g in self.groups if g[at] == IN_TIME or (kind == "present" and g[at] == LATE)]

    def _sought(self) -> dict[frozenset[Group], int | None]:
        """What somebody would look for: sets of groups, with their number where the counts have it.

        What is surely not small is left out.
        """
        every, found = frozenset(self.groups), dict[frozenset[Group], int | None]()
        sets = {name: frozenset(self._members(name)) for name in self.counts}
        for name, value in self.counts.items():
            found[sets[name]] = value
            found[every - sets[name]] = self.counts["eligible"] - value
        for one, two in combinations(self.counts, 2):
            if sets[one] < sets[two] or sets[two] < sets[one]:
                found[sets[one] ^ sets[two]] = abs(self.counts[one] - self.counts[two])
        for one, two in combinations(self.counts, 2):
            both = sets[one], sets[two]
            for mixed in (both[0] & both[1], both[0] - both[1], both[1] - both[0]):
                found.setdefault(mixed, None)
            found.setdefault(every - both[0] - both[1], None)
        return {
            inside: value
            for inside, value in found.items()
            if inside and (value is None or is_small(value, self.profile))
        }

    def exposed(self, printed: frozenset[str]) -> bool:
        """Whether what is printed confines a small group, more than the marks alone do."""
        return any(self._grade(inside, printed) > least for inside, least in self.by_marks.items())

    def _grade(self, inside: frozenset[Group], printed: frozenset[str]) -> int:
        """How far a group is given away: 0 not at all, 1 narrowed, 2 to one number."""
        largest, value = self.profile.largest, self.sought[inside]
        high = self._bound(inside, printed, 1)
        if value is None and not 1 <= high <= largest:
            return 0  # it may be none of them, or many
        low = self._bound(inside, printed, 0)
        if low == high:
            return 2
        narrowed = low >= 1 if value is None else high < largest or low > 1
        return int(narrowed)

    def _fits_together(self) -> bool:
        try:
            self._bound(frozenset(self.groups), frozenset(self.counts), 0)
        except ValueError:
            return False
        return True

    def _bound(self, inside: frozenset[Group], printed: frozenset[str], end: int) -> int:
        """The least (0) or greatest (1) that a set of groups may be, by what is printed."""
        limits = {"/".join(group): (0, self.most) for group in self.groups}
        relations: list[Relation] = []
        for name, value in self.counts.items():
            hidden = name not in printed and value > 0
            limits[name] = known_limits(name, value, hidden, True, self.profile, self.most)
            factors = dict.fromkeys(("/".join(g) for g in self._members(name)), 1)
            relations.append(({**factors, name: -1}, 0))
        limits["sought"] = (0, self.most)
        relations.append(({**dict.fromkeys(("/".join(g) for g in inside), 1), "sought": -1}, 0))
        return bounds("sought", limits, relations, ends=(end,))[0]


def printable(
    counts: Mapping[str, int], wanted: Mapping[str, bool], profile: Profile
) -> dict[str, bool]:
    """Of the counts that are `wanted`, those that can be printed together, the first ones first.

    A profile that rounds withholds only what is small: its numbers leave room already.
    """
    found = dict(wanted)
    if profile.rounded_to:
        return found
    overlaps = Overlaps(counts, profile)
    printed: frozenset[str] = frozenset()
    for name in overlaps.counts:
        if wanted[name] and overlaps.exposed(printed | {name}):
            found[name] = False
        elif wanted[name]:
            printed |= {name}
    return found
