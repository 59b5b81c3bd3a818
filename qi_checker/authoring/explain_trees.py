"""Conditions as trees: each part true, false or undecided, with what was found in the records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from qi_checker.authoring.places import Clause
from qi_checker.judging.cases import holds
from qi_checker.judging.charts import Chart
from qi_checker.judging.conditions import truth_of
from qi_checker.judging.outcomes import Truth
from qi_checker.protocol.selectors import Condition, RequirementCondition

Place = Callable[..., Clause]  # the clause at these keys


@dataclass(frozen=True)
class Part:
    """One part of a condition. `outcome`: true, undecided or false."""

    clause: Clause
    outcome: str
    found: str  # the values that the records hold; empty for all_of and any_of
    parts: tuple[Part, ...] = ()

    def decisive(self) -> Part:
        """The innermost part that this one's outcome came from, the first one written."""
        inner = next((p for p in self.parts if p.outcome == self.outcome), None)
        return self if inner is None else inner.decisive()


def tree(
    condition: Condition | RequirementCondition,
    chart: Chart,
    place: Place,
    *keys: str | int,
) -> Part:
    """The condition that stands at these keys, held against a case."""
    name = next(n for n in type(condition).model_fields if getattr(condition, n) is not None)
    members: Sequence[Condition | RequirementCondition] = condition.all_of or condition.any_of or ()
    return Part(
        place(*keys, name),
        _outcome(condition, chart),
        "" if members else _found(condition, chart),
        tuple(tree(m, chart, place, *keys, name, n) for n, m in enumerate(members)),
    )


def _outcome(condition: Condition | RequirementCondition, chart: Chart) -> str:
    if isinstance(condition, RequirementCondition):
        return truth_of(condition, chart).name.lower()
    held = holds(condition, chart.case.row, chart.setting.catalogue)
    return (Truth.TRUE if held else Truth.FALSE).name.lower()


_COLUMNS = {"procedure": "procedures", "diagnosis": "diagnoses"}


def _found(condition: Condition | RequirementCondition, chart: Chart) -> str:
    """What the records hold where the condition looks."""
    if isinstance(condition, RequirementCondition):
        if condition.event is not None:
            kind = condition.event.kind
            return ", ".join(_events(chart, kind)) or f"no event of kind {kind}"
        if condition.chosen is not None:
            decided = chart.decided[condition.chosen.requirement]
            event = f", {decided.event.id}" if decided.event else ""
            return f"{condition.chosen.requirement} is {decided.status}{event}"
    if condition.every is not None:
        return "a case"
    for name in ("procedure", "diagnosis", "urgency", "site", "surgeon"):
        if getattr(condition, name) is not None:
            return _value(chart, _COLUMNS.get(name, name))
    assert condition.column is not None, "a condition has exactly one key"
    return _value(chart, condition.column.name)


def _value(chart: Chart, column: str) -> str:
    return chart.case.row.text(column) or f"nothing in {column}"


def _events(chart: Chart, kind: str) -> Iterator[str]:
    for event in sorted(chart.events, key=lambda e: e.id):
        if event.kind == kind:
            at = f" of {event.at.lo}" if event.at else ""
            yield f"{event.id}{at}"
