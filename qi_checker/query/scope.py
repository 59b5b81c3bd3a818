"""The scope of compiled queries: a version of a protocol and a moment.

Requirements are numbered in the order written. After them come *probes*: events that are searched
for a requirement (`applies_if`, `none_between`) in the same way. A requirement that refers to
another one's event is decided in a later *layer*.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.models import NoneBetween, Requirement, Version
from qi_checker.protocol.selectors import EventSelector, RequirementCondition
from qi_checker.protocol.vocabulary import Reason
from qi_checker.protocol.windows import AnchorRef, Span, Window
from qi_checker.query.sql import Expr, case, col, lit

REASONS = tuple(Reason)
NO_REASON = -1


def number(reason: Reason) -> Expr:
    return lit(REASONS.index(reason))


@dataclass(frozen=True)
class Probe:
    """An event that is searched for a requirement."""

    owner: int
    asks: Requirement
    between: NoneBetween | None = None  # else it is in applies_if


@dataclass(frozen=True)
class Layer:
    """Requirements that are decided together: their numbers and those of their probes."""

    index: int
    leaves: tuple[int, ...]
    conditions: tuple[int, ...]
    between: tuple[int, ...]
    refers_to: tuple[int, ...]  # requirements of earlier layers whose events are used


@dataclass(frozen=True)
class Scope:
    """The scope of criteria: a version, its number, the moment, and the date columns."""

    version: Version
    index: int
    as_of: AsOf
    dates: tuple[str, ...] = ()  # columns of the cases that anchor windows

    @cached_property
    def leaves(self) -> tuple[Requirement, ...]:
        return self.version.leaves

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Return the numbers of the requirements by id."""
        return {leaf.id: i for i, leaf in enumerate(self.leaves)}

    @cached_property
    def _conditions(self) -> list[tuple[int, RequirementCondition]]:
        """Return the single conditions of every `applies_if`, with the requirement's number."""
        return [
            (i, node)
            for i, leaf in enumerate(self.leaves)
            if leaf.applies_if is not None
            for node in single(leaf.applies_if)
        ]

    @cached_property
    def attributes(self) -> list[RequirementCondition]:
        """Return conditions on columns of the case; `holds_<version>_<n>` in the population."""
        return [n for _, n in self._conditions if n.event is None and n.chosen is None]

    @cached_property
    def probes(self) -> tuple[Probe, ...]:
        result = [Probe(i, asking(n.event, n.event.window)) for i, n in self._conditions if n.event]
        for i, leaf in enumerate(self.leaves):
            result += [Probe(i, asking(b.event, between(leaf)), b) for b in leaf.none_between]
        return tuple(result)

    @cached_property
    def questions(self) -> tuple[Requirement, ...]:
        """Return the requirements, followed by the probes as requirements."""
        return (*self.leaves, *(p.asks for p in self.probes))

    def probe_of(self, node: RequirementCondition) -> int:
        """Return the number of the probe of an `event` in `applies_if`."""
        events = [n for _, n in self._conditions if n.event]
        return len(self.leaves) + next(k for k, n in enumerate(events) if n is node)

    def between_of(self, leaf: int) -> list[int]:
        """Return the numbers of the probes of `none_between`."""
        return [n for n, p in self._numbered_probes() if p.owner == leaf and p.between]

    def earliest_first(self, number: int) -> bool:
        """Whether the earliest event is chosen for a requirement, or for a probe in between."""
        if number < len(self.leaves):
            return self.leaves[number].earliest_counts
        probe = self.probes[number - len(self.leaves)]
        fails = probe.between is not None and probe.between.then == "fail"
        return fails and self.leaves[probe.owner].window.after is not None

    def _numbered_probes(self) -> Iterator[tuple[int, Probe]]:
        yield from enumerate(self.probes, start=len(self.leaves))

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        needs = [self._needs(i) for i in range(len(self.leaves))]
        depth: dict[int, int] = {}

        def depth_of(i: int) -> int:
            if i not in depth:
                depth[i] = 1 + max((depth_of(n) for n in needs[i]), default=-1)
            return depth[i]

        by_depth: dict[int, list[int]] = {}
        for i in range(len(self.leaves)):
            by_depth.setdefault(depth_of(i), []).append(i)
        return tuple(self._layer(k, by_depth[k], needs) for k in sorted(by_depth))

    def _layer(self, index: int, leaves: list[int], needs: list[set[int]]) -> Layer:
        probes = [(n, p) for n, p in self._numbered_probes() if p.owner in leaves]
        return Layer(
            index,
            tuple(leaves),
            tuple(n for n, p in probes if not p.between),
            tuple(n for n, p in probes if p.between),
            tuple(sorted(set().union(*(needs[i] for i in leaves)))),
        )

    def _needs(self, i: int) -> set[int]:
        leaf = self.leaves[i]
        windows = [leaf.window]
        needed: set[str] = set()
        for node in single(leaf.applies_if) if leaf.applies_if else ():
            if node.event is not None:
                windows.append(node.event.window)
            if node.chosen is not None:
                windows.append(node.chosen.window)
                needed.add(node.chosen.requirement)
        refs = (s.anchor for w in windows for s in w.spans)
        needed |= {r.requirement for r in refs if isinstance(r, AnchorRef) and r.requirement}
        return {self.numbers[id] for id in needed}

    @property
    def plain(self) -> bool:
        """Whether every window reaches back from surgery by days, without other conditions."""
        questions = self._conditions or self.probes
        return not questions and all(is_plain(leaf) for leaf in self.leaves)

    def by_requirement(self, values: dict[int, Expr]) -> Expr:
        """Return a value per requirement; a single value if all are equal, the common case."""
        return by_number(values, col("requirement", "p"))


def by_number(values: dict[int, Expr], key: Expr) -> Expr:
    """Return the value for the number in `key`; shared values are written once."""
    alike: dict[Expr, list[int]] = {}
    for number, value in values.items():
        alike.setdefault(value, []).append(number)
    if len(alike) == 1:
        return next(iter(alike))
    return case(*((_one_of(key, numbers), value) for value, numbers in alike.items()))


def _one_of(key: Expr, numbers: Sequence[int]) -> Expr:
    return key.copy().eq(numbers[0]) if len(numbers) == 1 else key.copy().isin(*numbers)


def is_plain(leaf: Requirement) -> bool:
    """Whether a sensitivity window can replace its own window."""
    taken = any(b.then == "fail" for b in leaf.none_between)
    special = leaf.count or leaf.forbidden or taken
    return leaf.window.only_days_before_surgery and not special


def single(condition: RequirementCondition) -> Iterable[RequirementCondition]:
    """Yield the single conditions inside a condition, without the groups."""
    inner = condition.all_of or condition.any_of
    if inner is None:
        yield condition
    for part in inner or ():
        yield from single(part)


def asking(event: EventSelector, window: Window) -> Requirement:
    """Make a requirement for an event to be searched."""
    selector = EventSelector.model_validate(
        {k: v for k, v in dict(event).items() if k != "window"}, by_name=True, by_alias=False
    )
    return Requirement(id="probe", title="probe", event=selector, window=window, owner="nobody")


def between(leaf: Requirement) -> Window:
    """Return the window from a requirement's chosen event to its anchor, or the reverse."""
    event, anchor = AnchorRef(requirement=leaf.id), leaf.window.anchor
    if leaf.window.after is not None:
        return Window.model_validate({"after": anchor, "and": [Span(before=event)]})
    return Window.model_validate({"after": event, "and": [Span(before=anchor)]})
