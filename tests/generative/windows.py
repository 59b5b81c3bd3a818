"""Hypothesis strategies for windows: every anchor, both ways, every limit in every unit."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.generative.lengths import (
    CALENDAR,
    CLOCK,
    DAYS,
    FEW_DAYS,
    Bounds,
    at_least_one,
    lengths,
    mixed,
    rarely,
)

Yaml = dict[str, Any]
Others = tuple[str, ...]  # ids of requirements that may be referred to
COLUMNS = ("discharged_at", "discharged_at", "admitted_at", "surgery_at", "ward")


# A strategy that was built before is drawn from much faster than a new one.
@cache
def anchors(others: Others) -> st.SearchStrategy[Any]:
    """Surgery, admission, a column, or one of the other requirements."""
    return st.one_of(
        st.just("surgery"),
        st.just("surgery"),
        st.just("admission"),
        st.sampled_from(COLUMNS).map(lambda name: {"column": name}),
        *([st.sampled_from(others).map(lambda id: {"requirement": id})] * 2 if others else []),
    )


def _limit(inclusive: str, strict: str, bounds: Bounds) -> Any:
    return st.one_of(
        lengths(bounds).map(lambda length: {inclusive: length}),
        lengths(at_least_one(bounds)).map(lambda length: {strict: length}),
    )


far = mixed(*(_limit("at_most", "less_than", bounds) for bounds in (DAYS, CLOCK)))
near = mixed(*(_limit("at_least", "more_than", bounds) for bounds in (FEW_DAYS, CLOCK)))
nothing = st.just(Yaml())


@cache
def spans(others: Others) -> st.SearchStrategy[Yaml]:
    """Before an anchor, after it, or both ways."""
    one_way = [
        st.builds(
            lambda anchor, far, near, way=way: {way: anchor} | far | near,
            anchors(others),
            mixed(far, far, nothing),
            mixed(nothing, near),
        )
        for way in ("before", "before", "after")
    ]
    both = st.builds(
        lambda anchor, far, reach: {"before": anchor} | far | {"or_after": reach},
        anchors(others),
        mixed(far, nothing),
        far,
    )
    return mixed(*one_way, both)


days_before_surgery: st.SearchStrategy[Yaml] = st.builds(
    lambda limit: {"before": "surgery"} | limit,
    mixed(*[_limit("at_most", "less_than", CALENDAR)] * 2, nothing),
)


@cache
def windows(others: Others = ()) -> st.SearchStrategy[Yaml]:
    """Half of them days before surgery, which most rules ask for; the others anything."""
    further = rarely(st.lists(spans(others), min_size=1, max_size=2))
    anything = st.builds(
        lambda first, more: first | ({"and": more} if more else {}), spans(others), further
    )
    return mixed(days_before_surgery, anything)
