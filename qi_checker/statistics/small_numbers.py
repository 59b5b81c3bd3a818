"""Small numbers that must not be told, nor worked out from what is told: docs/small-numbers.md.

What is printed is a set of cells with the relations between them (a total is the sum of its row).
Cells of 1 to `largest` are withheld, and then as many others as it takes until nothing printed
confines a withheld one: the smallest of its row, of its column, and so on. Whether it does is
computed exactly, as somebody who wants to know would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Relation = tuple[Mapping[str, int], int]  # sum of factor * unknown = this number


@dataclass(frozen=True)
class Profile:
    """For whom numbers are printed. `largest`: 1 to this are withheld; 0 withholds nothing."""

    name: str
    largest: int
    mark: str  # of a cell that is small
    other: str  # of a cell that is withheld because it would give a small one away
    rounded_to: int = 0  # every other number is rounded to a multiple of this; 0: not rounded
    whole_range: bool = True  # a withheld cell may be each of 1 to largest, not only two of them


PROFILES = {
    "none": Profile("none", 0, "", ""),
    "lt5": Profile("lt5", 4, "<5", "withheld"),
    "nhs": Profile("nhs", 7, "*", "*", rounded_to=5, whole_range=False),
    "cms11": Profile("cms11", 10, "*", "*"),
}


@dataclass(frozen=True)
class Shown:
    """A cell as it is printed: a number, or a mark in its place."""

    value: int | None
    mark: str = ""

    def __str__(self) -> str:
        return self.mark if self.value is None else f"{self.value:,}"


@dataclass(frozen=True)
class Table:
    """Rows of counts with their margins, as printed. One row: a list with its total."""

    cells: tuple[tuple[Shown, ...], ...]
    row_totals: tuple[Shown, ...]
    column_totals: tuple[Shown, ...]
    total: Shown


def is_small(value: int, profile: Profile) -> bool:
    """Whether a count may not be told. Zero may: nobody is in it."""
    return 1 <= value <= profile.largest


def rounded(value: int, profile: Profile) -> int:
    """As the profile prints a number that it does not withhold; a half is never met with 5."""
    step = profile.rounded_to
    return (value + step // 2) // step * step if step else value


def protect(rows: Sequence[Sequence[int]], profile: Profile) -> Table:
    """A table of counts with its margins. Rows are equally long; there is at least one cell."""
    cells, relations = _with_margins(rows)
    shown = withhold(cells, relations, profile)
    height, width = len(rows), len(rows[0])
    return Table(
        tuple(tuple(shown[f"{i},{j}"] for j in range(width)) for i in range(height)),
        tuple(shown[f"{i},+"] for i in range(height)),
        tuple(shown[f"+,{j}"] for j in range(width)),
        shown["+,+"],
    )


def _with_margins(
    rows: Sequence[Sequence[int]],
) -> tuple[dict[str, int], list[dict[str, int]]]:
    """Names and values of all cells, and relations whose sum is 0."""
    height, width = len(rows), len(rows[0])
    cells = {f"{i},{j}": rows[i][j] for i in range(height) for j in range(width)}
    relations: list[dict[str, int]] = []
    for i in range(height):
        cells[f"{i},+"] = sum(rows[i])
        relations.append({f"{i},{j}": 1 for j in range(width)} | {f"{i},+": -1})
    for j in range(width):
        cells[f"+,{j}"] = sum(row[j] for row in rows)
        relations.append({f"{i},{j}": 1 for i in range(height)} | {f"+,{j}": -1})
    cells["+,+"] = sum(map(sum, rows))
    relations.append({f"{i},+": 1 for i in range(height)} | {"+,+": -1})
    relations.append({f"+,{j}": 1 for j in range(width)} | {"+,+": -1})
    return cells, relations


def withhold(
    cells: Mapping[str, int],
    relations: Sequence[Mapping[str, int]],
    profile: Profile,
    unprinted: frozenset[str] = frozenset(),
) -> dict[str, Shown]:
    """What is printed of each cell. Every relation (factor of each cell) comes to 0.

    `unprinted` cells stand nowhere and can be worked out: those who did not comply, a difference of
    two periods. They are protected as the others are, and are never a number in the answer.
    """
    if not profile.largest:
        return {name: Shown(None) if name in unprinted else Shown(v) for name, v in cells.items()}
    small = {name for name, value in cells.items() if is_small(value, profile)}
    hidden = small | {name for name in unprinted if cells[name]}
    lines = [{n: f for n, f in relation.items() if f} for relation in relations]
    while exposed := _exposed(cells, lines, hidden, small, unprinted, profile):
        hidden.add(_next(exposed, cells, lines, hidden))
    return {
        name: _shown(name, value, hidden, small, profile) if name not in unprinted else Shown(None)
        for name, value in cells.items()
    }


def _shown(name: str, value: int, hidden: set[str], small: set[str], profile: Profile) -> Shown:
    if name in hidden:
        return Shown(None, profile.mark if name in small else profile.other)
    return Shown(rounded(value, profile))


def known_limits(
    name: str, value: int, hidden: bool, printed: bool, profile: Profile, most: int
) -> tuple[int, int]:
    """What anybody knows of one cell by itself: its mark, or its number, perhaps rounded."""
    largest, step = profile.largest, profile.rounded_to
    if not printed:
        return 0, most
    if hidden:
        if profile.mark == profile.other:
            return 1, largest if step else most
        return (1, largest) if is_small(value, profile) else (largest + 1, most)
    if step and value:
        near = rounded(value, profile)
        return max(near - step // 2, largest + 1), near + step // 2
    return value, value


def _exposed(
    cells: Mapping[str, int],
    relations: Sequence[Mapping[str, int]],
    hidden: set[str],
    small: set[str],
    unprinted: frozenset[str],
    profile: Profile,
) -> str:
    """A small cell that what is printed confines too much, or "" where there is none."""
    most = 2 * max(cells.values()) + 2 * profile.largest + 10
    limits = {
        n: known_limits(n, v, n in hidden, n not in unprinted, profile, most)
        for n, v in cells.items()
    }
    unknown = {n: given for n, given in limits.items() if given[0] < given[1]}
    lines: list[Relation] = []
    for relation in relations:
        factors = {n: f for n, f in relation.items() if n in unknown}
        if factors:
            lines.append(
                (factors, -sum(f * cells[n] for n, f in relation.items() if n not in factors))
            )
    for name in sorted(small):
        part = _joined(name, lines)
        if name not in unknown:
            return name
        if not part:
            continue
        names = {n for factors, _ in part for n in factors}
        low, high = bounds(name, {n: unknown[n] for n in sorted(names)}, part)
        enough = low <= 1 and high >= profile.largest if profile.whole_range else low < high
        if not enough and _others(name, cells, relations, hidden):
            return name
    return ""


def _joined(name: str, lines: Sequence[Relation]) -> list[Relation]:
    """The relations that a cell is connected with through unknown cells."""
    names, left, found = {name}, list(lines), []
    grown = True
    while grown:
        near = [line for line in left if names & set(line[0])]
        left = [line for line in left if not names & set(line[0])]
        found += near
        names |= {n for factors, _ in near for n in factors}
        grown = bool(near)
    return found


def _others(
    name: str,
    cells: Mapping[str, int],
    relations: Sequence[Mapping[str, int]],
    hidden: set[str],
) -> list[str]:
    """Cells that can still be withheld to protect one: of its own relations, else of those that
    its withheld neighbours are in, and so on. A zero stays: it is told in every profile."""
    reached = {name}
    while True:
        near = {n for relation in relations if reached & set(relation) for n in relation}
        found = sorted(n for n in near if n not in hidden and cells[n])
        grown = reached | (near & hidden)
        if found or grown == reached:
            return found
        reached = grown


def _next(
    name: str,
    cells: Mapping[str, int],
    relations: Sequence[Mapping[str, int]],
    hidden: set[str],
) -> str:
    """The smallest cell of a relation in which this one stands alone, else the smallest of all."""
    alone = [r for r in relations if name in r and len(hidden & set(r)) == 1]
    own = [n for relation in alone for n in relation if n not in hidden and cells[n]]
    choice = own or _others(name, cells, relations, hidden)
    return min(choice, key=lambda n: (cells[n], n))


def bounds(
    name: str,
    limits: Mapping[str, tuple[int, int]],
    relations: Sequence[Relation],
    ends: Sequence[int] = (0, 1),
) -> tuple[int, ...]:
    """Give the least and the greatest whole number that `name` may be, by integer programming.

    `ends`: which of them, 0 for the least and 1 for the greatest. `limits`: the first and last value of
    each unknown. Raises ValueError where the relations have no solution. The answer is exact: the gap
    that HiGHS leaves by default, a ten-thousandth, would let a large count seem less confined than it
    is.
    """
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    names = list(limits)
    factors = np.array([[given.get(n, 0) for n in names] for given, _ in relations], float)
    totals = np.array([total for _, total in relations], float)
    wanted = np.array([float(n == name) for n in names])
    found_ends = []
    for sign in (1 - 2 * end for end in ends):
        found = milp(
            sign * wanted,
            integrality=np.ones(len(names)),
            bounds=Bounds(*np.array(list(limits.values()), float).T),
            constraints=LinearConstraint(factors, totals, totals),
            options={"mip_rel_gap": 0},
        )
        if not found.success:
            raise ValueError(f"the relations contradict each other: {found.message}")
        found_ends.append(sign * round(found.fun))
    return tuple(found_ends)


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
