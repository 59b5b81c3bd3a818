"""How often the plan of an operation was changed by ultrasound: an outcome, not compliance."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from qi_checker.protocol.vocabulary import PLAN_CHANGES
from qi_checker.statistics.comparison import detectable, needed, power
from qi_checker.study.ious import NO_CHANGE, Registry, Ultrasound
from qi_checker.study.rates import Counted, compare
from qi_checker.study.views import Comparison, PlanChange, Power


def plan_change(registry: Registry, before: list[str], after: list[str]) -> PlanChange:
    """Return the plan-change rate of the eligible operations of two periods, given by id.

    Denominator: ultrasound was performed and the plan was recorded before. A row that does not
    state whether the plan changed is in neither number, and is shown separately.
    """
    sides = [[registry.rows[id] for id in ids if id in registry.rows] for ids in (before, after)]
    counted = [[row for row in side if row.counted] for side in sides]
    answered = [[row for row in side if row.changed is not None] for side in counted]

    def pair(rows: list[list[Ultrasound]], chosen: Callable[[Ultrasound], bool]) -> tuple[int, int]:
        first, second = (sum(1 for row in side if chosen(row)) for side in rows)
        return first, second

    changed = pair(answered, lambda row: row.changed is True)
    flow = (
        ("Eligible operations", len(before), len(after)),
        ("– no row that can be used", len(before) - len(sides[0]), len(after) - len(sides[1])),
        ("– ultrasound not performed", *pair(sides, lambda row: not row.performed)),
        ("– no plan recorded before", *pair(sides, lambda row: row.performed and not row.counted)),
        ("– change of plan not recorded", *pair(counted, lambda row: row.changed is None)),
        ("Counted", len(answered[0]), len(answered[1])),
    )
    rate = compare(
        "plan_change",
        "Plan changed by intraoperative ultrasound",
        Counted(changed[0], len(answered[0])),
        Counted(changed[1], len(answered[1])),
    )
    kinds = tuple(
        (word, *pair(answered, _names(word))) for word in PLAN_CHANGES if word != NO_CHANGE
    )
    inside = pair(answered, lambda row: bool(row.lesions_new and row.new_within_planned_resection))
    return PlanChange(registry.file, flow, rate, kinds, inside, _power(rate))


def _names(word: str) -> Callable[[Ultrasound], bool]:
    return lambda row: word in row.plan_change


def _power(rate: Comparison) -> Power | None:
    first, second = rate.before, rate.after
    if not first.whole or not second.whole:
        return None
    p, q = first.part / first.whole, second.part / second.whole
    return Power(
        power(p, first.whole, q, second.whole),
        needed(p, q),
        detectable(first.part, first.whole, second.whole),
    )


def lost(flow: Iterable[tuple[str, int, int]]) -> tuple[int, int]:
    """Return how many eligible operations are not counted, before and after."""
    lines = list(flow)
    return lines[0][1] - lines[-1][1], lines[0][2] - lines[-1][2]
