"""How far linear relations confine an unknown number: the exact answer, by the simplex method.

Dantzig's method with Bland's rule (Math Oper Res 1977;2:103), in whole fractions, so that a bound
is never a rounding error. For the unknown cells of a table, of which there are few.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil, floor

Relation = tuple[Mapping[str, int], int]  # sum of factor * unknown = this number


def bounds(
    name: str, limits: Mapping[str, tuple[int, int]], relations: Sequence[Relation]
) -> tuple[int, int]:
    """The least and the greatest whole number that `name` may be.

    `limits`: the first and last value of each unknown. The relations must have a solution.
    """
    names = list(limits)
    rows, right = [], []
    for factors, total in relations:
        rows.append([Fraction(factors.get(n, 0)) for n in names])
        right.append(Fraction(total - sum(f * limits[n][0] for n, f in factors.items())))
    width = len(names)
    for i, n in enumerate(names):  # an upper limit is a relation with a slack of its own
        rows = [[*row, Fraction(0)] for row in rows]
        rows.append([Fraction(int(j == i)) for j in range(len(rows[0]) if rows else width + i)])
        rows[-1] = [Fraction(int(j == i)) for j in range(width + i)] + [Fraction(1)]
        right.append(Fraction(limits[n][1] - limits[n][0]))
    at = names.index(name)
    table = _feasible(rows, right)
    low = ceil(_least(table, at, 1))
    high = floor(-_least(table, at, -1))
    first = limits[name][0]
    return first + low, first + high


class _Table:
    """A simplex table: rows of factors with their right side last, and what is basic in each."""

    def __init__(self, rows: list[list[Fraction]], basis: list[int]) -> None:
        self.rows, self.basis = rows, basis

    def pivot(self, row: int, column: int) -> None:
        by = self.rows[row][column]
        self.rows[row] = [v / by for v in self.rows[row]]
        chosen = self.rows[row]
        for i, other in enumerate(self.rows):
            if i != row and other[column]:
                factor = other[column]
                self.rows[i] = [
                    v - factor * c if c else v for v, c in zip(other, chosen, strict=True)
                ]
        self.basis[row] = column

    def lowered(self, cost: Sequence[Fraction], columns: int) -> Fraction:
        """The least value of a cost over what is feasible; the table ends up there."""
        while True:
            reduced = list(cost)
            value = Fraction(0)
            for row, basic in zip(self.rows, self.basis, strict=True):
                if cost[basic]:
                    value += cost[basic] * row[-1]
                    for j in range(columns):
                        if row[j]:
                            reduced[j] -= cost[basic] * row[j]
            enter = next((j for j in range(columns) if reduced[j] < 0), None)
            if enter is None:
                return value
            ratios = [
                (row[-1] / row[enter], self.basis[i], i)
                for i, row in enumerate(self.rows)
                if row[enter] > 0
            ]
            self.pivot(min(ratios)[2], enter)


def _feasible(rows: list[list[Fraction]], right: list[Fraction]) -> _Table:
    """A table at some solution, without the artificial columns it was found with."""
    count, width = len(rows), len(rows[0])
    made = []
    for i, (row, total) in enumerate(zip(rows, right, strict=True)):
        sign = -1 if total < 0 else 1
        artificial = [Fraction(int(i == j)) for j in range(count)]
        made.append([*(sign * v for v in row), *artificial, sign * total])
    table = _Table(made, list(range(width, width + count)))
    cost = [Fraction(0)] * width + [Fraction(1)] * count
    if table.lowered(cost, width + count):
        raise ValueError("the relations contradict each other")
    for i in reversed(range(count)):  # an artificial that is still basic stands at 0
        if table.basis[i] >= width:
            column = next((j for j in range(width) if table.rows[i][j]), None)
            if column is None:
                del table.rows[i], table.basis[i]
            else:
                table.pivot(i, column)
    return _Table([[*row[:width], row[-1]] for row in table.rows], table.basis)


def _least(table: _Table, at: int, sign: int) -> Fraction:
    width = len(table.rows[0]) - 1
    cost = [Fraction(sign if j == at else 0) for j in range(width)]
    return table.lowered(cost, width)
