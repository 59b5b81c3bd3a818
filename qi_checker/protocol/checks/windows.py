"""Checks for windows that can never open: limits that exclude each other, in one span or in two."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import combinations
from typing import Any

from qi_checker.protocol.checks.parts import Part, anchor, mapping, spans
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.yaml_nodes import Steps

NEVER = "this window never opens"


def check_window(window: dict[str, Any], path: Steps, complaints: Complaints) -> None:
    """Complain about spans that no event can lie in, and about pairs of spans."""
    parts = spans(window, path)
    for inner, span in parts:
        _check_span(span, inner, complaints)
    for one, other in combinations(parts, 2):
        _check_pair(one, other, complaints)


def _check_span(span: dict[str, Any], path: Steps, complaints: Complaints) -> None:
    least, most = near(span), far(span)
    if least and most and excludes(least, most):
        less, more = _key(span, "at_least"), _key(span, "at_most")
        what = f"{NEVER}: nothing is {less} {least.length} and {more} {most.length} away"
        complaints.add((*path, less.replace(" ", "_")), what, advice="Change one of the two")
    elif (
        most is not None
        and most.length.amount == 0
        and most.length.clock is not None
        and "before" in span
        and "or_after" not in span
    ):
        what = f"{NEVER}: everything before the anchor is more than {most.length} away"
        complaints.add((*path, "at_most"), what, advice="Give it a longer time")


def _check_pair(one: Part, other: Part, complaints: Complaints) -> None:
    """Check two spans with the same anchor; with different anchors it depends on the case."""
    first, second = one[1], other[1]
    anchored = anchor(first, ())[1]
    if anchored is None or anchored != anchor(second, ())[1]:
        return
    for here, there in ((first, second), (second, first)):
        if _apart(here, there):
            what = f"{NEVER}: this span and another one exclude each other"
            complaints.add(other[0], what, advice="Change or leave out one of the two")
            return


def _apart(here: dict[str, Any], there: dict[str, Any]) -> bool:
    """Whether the minimum distance of one span is beyond the reach of another."""
    after = "after" in here
    if after == ("after" in there):
        most = far(there)
    elif "or_after" not in here and "or_after" not in there:
        return True
    elif after:
        most = limit(mapping(there.get("or_after")), "at_most", "less_than")
    else:
        return False
    least = near(here)
    return least is not None and most is not None and excludes(least, most)


def _key(span: dict[str, Any], loose: str) -> str:
    strict = {"at_least": "more_than", "at_most": "less_than"}[loose]
    return (loose if loose in span else strict).replace("_", " ")


# ---- lengths of different units, by the shortest and the longest they can be ---------------------


_MONTHS = {"month": 1, "year": 12}
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """A limit of a span: 30 days, and whether it is strict."""

    length: Duration
    strict: bool


def limit(span: dict[str, Any], loose: str, strict: str) -> Limit | None:
    """Return the limit given under one of two keys of plain data; None if it cannot be read."""
    for key in (loose, strict):
        value = span.get(key)
        if isinstance(value, str):
            try:
                return Limit(Duration.parse(value), key == strict)
            except ValueError:
                return None
    return None


def near(span: dict[str, Any]) -> Limit | None:
    """Return the minimum distance of a span."""
    return limit(span, "at_least", "more_than")


def far(span: dict[str, Any]) -> Limit | None:
    """Return the maximum distance of a span."""
    return limit(span, "at_most", "less_than")


@cache
def days(length: Duration) -> tuple[int, int]:
    """Return the fewest and most calendar days of a length; for hours, the days they may touch."""
    amount = length.amount
    if length.unit == "day":
        return amount, amount
    if length.unit == "week":
        return 7 * amount, 7 * amount
    if length.clock is not None:
        return length.clock // _DAY, length.clock // _DAY + 1
    if length.unit == "working day":
        # At the minimum only weekends are skipped; the number of holidays is not known.
        return amount + 2 * (max(amount - 1, 0) // 5), 3 * amount + 14
    firsts = [date(2024 + n // 12, n % 12 + 1, 1) for n in range(48)]
    anchors = [*firsts, *(first - _DAY for first in firsts)]
    spans = [(anchor - length.before(anchor)).days for anchor in anchors]
    return min(spans), max(spans)


def excludes(least: Limit, most: Limit) -> bool:
    """Whether no distance satisfies both limits, one as minimum and one as maximum."""
    strict = least.strict or most.strict
    one, other = least.length, most.length
    if one.clock is not None and other.clock is not None:
        return one.clock > other.clock or (strict and one.clock == other.clock)
    if one.clock is not None:  # day n before reaches back to less than n + 1 times 24 hours
        return one.clock >= (days(other)[1] + 1 - most.strict) * _DAY
    if other.clock is not None:  # day n before is more than n - 1 times 24 hours away
        return (days(one)[0] - 1 + least.strict) * _DAY >= other.clock
    if one.unit in _MONTHS and other.unit in _MONTHS:
        months = one.amount * _MONTHS[one.unit], other.amount * _MONTHS[other.unit]
        return months[0] > months[1] or (strict and months[0] == months[1])
    return days(one)[0] + least.strict > days(other)[1] - most.strict


def excludes_mostly(least: Limit, most: Limit) -> bool:
    """Whether in some calendar months no day satisfies both limits."""
    units = ("day", "week", *_MONTHS)
    one, other = least.length, most.length
    if one.unit not in units or other.unit not in units:
        return False
    if one.unit in _MONTHS and other.unit in _MONTHS:
        return False
    return days(one)[1] + least.strict > days(other)[0] - most.strict
