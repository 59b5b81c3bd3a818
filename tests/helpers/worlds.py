"""An attack on small numbers: try every possible population, and keep those that give the same report.

What all of these populations have in common is known to the reader of the report. This is the strongest
reader: it knows the program, so it uses both the printed numbers and the choice of what is withheld. The
code shares nothing with the program that it attacks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from qi_checker.statistics.small_numbers import Profile, Shown

_MOST_TRIED = 20_000
State = tuple[
    str, ...
]  # for each requirement: "in" time, "late", "no" study, or "inapplicable" (does not apply)
Count = Callable[[dict[str, int], Profile], Mapping[str, Shown]]


@dataclass(frozen=True)
class Reports:
    """A kind of report: its requirements, the possible states of each, and the printed counts."""

    keys: tuple[str, ...]
    states: tuple[str, ...]
    study: bool = True  # else a month, in its own order, and without `days`
    complies: Callable[[Iterable[object]], bool] = all  # with every requirement, or with `any`

    @property
    def groups(self) -> list[State]:
        every = product(self.states, repeat=len(self.keys))
        return [state for state in every if any(one != "inapplicable" for one in state)]

    @property
    def names(self) -> tuple[str, ...]:
        met = [f"in_window.{key}" for key in self.keys]
        there = [f"present.{key}" for key in self.keys]
        wholes = ["compliant/whole", *(f"{name}/whole" for name in [*met, *there])]
        return ("eligible", *wholes, "compliant", *met, *there, *(["days"] if self.study else []))

    def counted(self, name: str, state: State) -> bool:
        """Whether a count includes the cases of this group."""
        kind, _, key = name.partition(".")
        if name in ("eligible", "compliant/whole"):
            return True
        if name == "compliant":
            return self.complies(one in ("in", "inapplicable") for one in state)
        if name == "days":
            return any(one in ("in", "late") for one in state)
        one = state[self.keys.index(key.removesuffix("/whole"))]
        if name.endswith("/whole"):
            return one != "inapplicable"
        return one == "in" or (kind == "present" and one == "late")

    def counts_of(self, numbers: Sequence[int]) -> dict[str, int]:
        """Return the counts if the groups have these numbers of cases."""
        groups = list(zip(numbers, self.groups, strict=True))
        return {
            name: int(sum(n for n, state in groups if self.counted(name, state)))
            for name in self.names
        }

    def looked_for(self) -> list[tuple[State, ...]]:
        """Return the sets of groups whose size must stay secret: all sets, if there are few groups."""
        groups = self.groups
        if len(groups) < 10:
            sets = product((False, True), repeat=len(groups))
            return [tuple(g for g, chosen in zip(groups, s, strict=True) if chosen) for s in sets]
        some = [s for s in product((False, True), repeat=len(self.states)) if any(s)]
        parts = [{w for w, chosen in zip(self.states, s, strict=True) if chosen} for s in some]
        boxes = [
            tuple(g for g in groups if all(one in part for one, part in zip(g, box, strict=True)))
            for box in product(parts, repeat=len(self.keys))
        ]
        return [*boxes, *(tuple(g for g in groups if g not in box) for box in boxes)]


def worlds(groups: int, most: int) -> np.ndarray:
    """Return every way to put 0 to `most` cases into groups: one row each, one column per group."""
    found, total = np.zeros((1, 0), np.int8), np.zeros(1, np.int8)
    for _ in range(groups):
        choices = most - total.astype(np.int64) + 1
        at = np.repeat(np.arange(len(total)), choices)
        first = np.repeat(np.cumsum(choices) - choices, choices)
        number = (np.arange(len(at)) - first).astype(np.int8)
        found, total = np.column_stack([found[at], number]), total[at] + number
    return found


def _left(
    reports: Reports,
    world: dict[State, int],
    sets: list[tuple[tuple[State, ...], int]],
    profile: Profile,
    shown_counts: Count,
) -> list[tuple[tuple[State, ...], int]]:
    """Return the sets whose size is equal in all populations that give the same report.

    This search includes all states, and populations of any size; the one before was limited to some
    states. It changes one case at a time.
    """
    inapplicable = ("inapplicable",) if "inapplicable" in reports.states else ()
    full = replace(reports, states=("in", "late", "no", *inapplicable))
    start = tuple(world.get(group, 0) for group in full.groups)

    def report_of(numbers: tuple[int, ...]) -> list[str]:
        return [str(shown) for shown in shown_counts(full.counts_of(numbers), profile).values()]

    report, reached, tried = report_of(start), [start], {start}
    for numbers in reached:  # grows
        for source, target in product(range(-1, len(start)), repeat=2):
            if source == target or (source >= 0 and not numbers[source]):
                continue
            moved = list(numbers)
            if source >= 0:
                moved[source] -= 1
            if target >= 0:
                moved[target] += 1
            one = tuple(moved)
            if one in tried or len(tried) > _MOST_TRIED:
                continue
            tried.add(one)
            if report_of(one) == report:
                reached.append(one)
                held = dict(zip(full.groups, one, strict=True))
                sets = [(s, n) for s, n in sets if sum(held[g] for g in s) == n]
                if not sets:
                    return []
    return sets


@dataclass(frozen=True)
class Attack:
    """The result: numbers of populations, of vectors of counts and of different reports; what is known."""

    worlds: int
    vectors: int
    printed: int
    known: list[str]
    alike: list[list[tuple[int, ...]]]  # a few worlds of each report, by the groups


def attack(reports: Reports, most: int, profile: Profile, shown_counts: Count) -> Attack:
    """Try every population of up to `most` cases.

    `known`: each set of groups with 1 to k cases whose size is the same in all populations that give
    the same report.
    """
    groups, names = reports.groups, reports.names
    every = worlds(len(groups), most)
    parts = np.array([[reports.counted(n, g) for g in groups] for n in names], np.int8)
    single = np.unique(parts, axis=0)
    code = np.zeros(len(every), np.int64)  # of the counts: one number for each vector of them
    for row in single:
        code = code * (most + 1) + every[:, row == 1].sum(axis=1, dtype=np.int64)
    _, first, vector = np.unique(code, return_index=True, return_inverse=True)
    classes: dict[tuple[str, ...], int] = {}
    label = np.zeros(len(first), np.int64)
    for i, counts in enumerate(every[first].astype(np.int64) @ parts.T.astype(np.int64)):
        shown = shown_counts(dict(zip(names, map(int, counts), strict=True)), profile)
        label[i] = classes.setdefault(tuple(str(shown[n]) for n in names), len(classes))
    order = np.argsort(label[vector], kind="stable")
    every, starts = every[order], np.searchsorted(label[vector][order], np.arange(len(classes)))
    known, printed, sure = [], list(classes), dict[int, list[tuple[tuple[State, ...], int]]]()
    columns = np.ascontiguousarray(every.T)
    sums, before = np.zeros(len(every), np.int8), set[State]()
    for wanted in reports.looked_for():
        for column, group in zip(
            columns, groups, strict=True
        ):  # only what differs from the last set
            if (group in wanted) != (group in before):
                sums = sums + column if group in wanted else sums - column
        before = set(wanted)
        least = np.minimum.reduceat(sums, starts)
        only = (least == np.maximum.reduceat(sums, starts)) & (least >= 1)
        for at in np.flatnonzero(only & (least <= profile.largest)):
            sure.setdefault(int(at), []).append((wanted, int(least[at])))
    for report, sets in sure.items():
        world = dict(zip(groups, map(int, every[starts[report]]), strict=True))
        numbers = {n: t for n, t in zip(names, printed[report], strict=True) if "/" not in n}
        for wanted, number in _left(reports, world, sets, profile, shown_counts):
            known.append(f"{' or '.join(map('-'.join, wanted))} are {number}: {numbers}")
    ends = [*starts[1:], len(every)]
    alike = [
        [tuple(map(int, every[at])) for at in np.linspace(a, b - 1, 3).astype(int)]
        for a, b in zip(starts, ends, strict=True)
    ]
    return Attack(len(every), len(first), len(classes), known, alike)
