"""An attacker of withheld numbers: linear programs over everything that a report prints.

scipy's HiGHS finds the least and the greatest whole number of every cell, from the relations, the
marks, and the numbers with their rounding. It shares no code with the attacked program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from qi_checker.statistics.small_numbers import Shown

MOST = 10_000  # so large that it confines nothing


def limits_of(shown: Shown, profile: str) -> tuple[int, int]:
    """Return the range of a printed cell, according to docs/small-numbers.md, not to the code."""
    value, mark = shown.value, shown.mark
    if value is None:
        return {
            ("lt5", "withheld"): (1, MOST),
            ("nhs", "*"): (1, 7),
            ("cms11", "*"): (1, MOST),
        }.get((profile, mark), (0, MOST))
    if profile == "nhs" and value:
        return max(value - 2, 8), value + 2
    return value, value


def recovered(
    limits: Mapping[str, tuple[int, int]], relations: Sequence[Mapping[str, int]], name: str
) -> tuple[int, int]:
    """Return the least and greatest whole number that a cell may be."""
    names = list(limits)
    at = {n: i for i, n in enumerate(names)}
    matrix = np.zeros((max(len(relations), 1), len(names)))
    for i, relation in enumerate(relations):
        for n, factor in relation.items():
            matrix[i, at[n]] = factor
    cost = np.zeros(len(names))
    cost[at[name]] = 1
    lower, upper = (np.array([limits[n][side] for n in names]) for side in (0, 1))
    ends = []
    for sign in (1, -1):
        solution = milp(
            sign * cost,
            constraints=LinearConstraint(matrix, 0, 0),
            bounds=Bounds(lower, upper),
            integrality=np.ones(len(names)),
        )
        assert solution.success, solution.message
        ends.append(round(sign * solution.fun))
    return ends[0], ends[1]
