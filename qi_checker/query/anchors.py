"""Anchors of windows: a day of the case and, if known, its clock time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from qi_checker.protocol.models import Protocol
from qi_checker.protocol.selectors import RequirementCondition
from qi_checker.protocol.windows import AnchorRef, Span, Window
from qi_checker.query.scope import Scope
from qi_checker.query.sql import Expr, all_of, case, cast, coalesce, col, known, moved, plus
from qi_checker.query.sql import lit as literal

ADMISSION = "admitted_at"
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Moment:
    """When something happened: first and last day, local clock and, with an offset, UTC."""

    lo: Expr
    hi: Expr
    clock: Expr
    utc: Expr

    @property
    def first(self) -> Expr:
        """Return the earliest possible local moment."""
        return coalesce(self.clock, cast(self.lo, "TIMESTAMP"))

    @property
    def last(self) -> Expr:
        """Return the latest possible local moment."""
        return coalesce(self.clock, end_of_day(self.hi))


def end_of_day(day: Expr) -> Expr:
    """Return the last microsecond of a day."""
    return moved(cast(plus(day, literal(1)), "TIMESTAMP"), -_TICK)


def moment(lo: str, hi: str, prefix: str, alias: str) -> Moment:
    return Moment(
        col(lo, alias), col(hi, alias), col(f"{prefix}clock", alias), col(f"{prefix}utc", alias)
    )


def anchor(span: Span, scope: Scope, alias: str | None = "c") -> Moment:
    """Return the anchor of a span, as columns of the cases of its layer."""
    ref = span.anchor
    if ref == "surgery":
        return Moment(*(col(n, alias) for n in ("anchor", "anchor", "op_clock", "op_utc")))
    if isinstance(ref, AnchorRef) and ref.requirement is not None:
        return chosen_moment(scope.numbers[ref.requirement], alias, "day", "day")
    name = f"when_{scope.dates.index(column_of(ref))}"
    return Moment(*(col(n, alias) for n in (name, name, f"{name}_clock", f"{name}_utc")))


def chosen_moment(leaf: int, alias: str | None, lo: str = "lo", hi: str = "hi") -> Moment:
    """Return the event chosen for a requirement; `day` is empty if not known to the day."""
    return Moment(*(col(f"chosen_{leaf}_{n}", alias) for n in (lo, hi, "clock", "utc")))


def column_of(ref: object) -> str:
    """Return the date column of the cases that an anchor names."""
    if isinstance(ref, AnchorRef):
        assert ref.column is not None, "an anchor is a column or a requirement"
        return ref.column
    return ADMISSION


def all_known(window: Window, scope: Scope) -> Expr:
    """Whether every anchor of a window is known."""
    return all_of(*(known(anchor(s, scope, "c").lo) for s in window.spans if s.anchor != "surgery"))


def date_columns(protocol: Protocol) -> tuple[str, ...]:
    """Return the columns of the cases that anchor windows of the protocol."""
    result: set[str] = set()
    for version in protocol.versions:
        for leaf in version.leaves:
            windows = [leaf.window, *_windows(leaf.applies_if)]
            for span in (s for w in windows for s in w.spans):
                ref = span.anchor
                if ref == "admission" or (isinstance(ref, AnchorRef) and ref.column is not None):
                    result.add(column_of(ref))
    return tuple(sorted(result))


def _windows(condition: RequirementCondition | None) -> list[Window]:
    if condition is None:
        return []
    own = [part.window for part in (condition.event, condition.chosen) if part is not None]
    inner = condition.all_of or condition.any_of or []
    return own + [w for part in inner for w in _windows(part)]


def earlier(first: Moment, second: Moment) -> Expr:
    """Whether the first was before the second by clock; both have a clock time."""
    return case(
        (all_of(known(first.utc), known(second.utc)), first.utc < second.utc),
        default=first.clock < second.clock,
    )


def by_the_clocks(first: Moment, second: Moment) -> Expr:
    """Whether both are on the same day and have clock times."""
    return all_of(
        first.lo.eq(second.lo), first.hi.eq(second.lo), known(first.clock), known(second.clock)
    )
