"""Hypothesis strategies for requirements, with every setting that a protocol can give them."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from tests.generative.lengths import (
    CALENDAR,
    at_least_one,
    lengths,
    mixed,
    rarely,
    some_of,
)
from tests.generative.selectors import a_list, requirement_conditions, selectors, wide_selectors
from tests.generative.windows import Others, Yaml, windows

lead_times = st.integers(0, 8).map("{} working days".format)
advice = st.fixed_dictionaries(
    {
        "id": st.just("check"),
        "title": st.just("Have a look."),
        "when": st.one_of(
            some_of(("MRCP", "without contrast")).map(lambda words: {"description": words}),
            a_list().map(lambda codes: {"codes": codes}),
            st.just({"role": "warns"}),
        ),
    }
)
between = st.lists(
    st.fixed_dictionaries(
        {"event": wide_selectors, "then": st.sampled_from(("warn", "fail", "fail"))}
    ),
    min_size=1,
    max_size=2,
).map(
    lambda many: [
        {"id": f"between-{n}", "title": "something"} | line for n, line in enumerate(many)
    ]
)
counts = st.fixed_dictionaries(
    {"count": st.sampled_from((2, 2, 3))},
    optional={
        "apart": lengths(at_least_one(CALENDAR)).map(lambda length: {"at_least": length}),
    },
)


# What is forbidden is not counted, and nothing lies between it and an anchor.
features: st.SearchStrategy[Yaml] = mixed(
    *[st.just(Yaml())] * 2,
    st.just({"forbidden": True}),
    counts,
    between.map(lambda lines: {"none_between": lines}),
    st.builds(lambda count, lines: count | {"none_between": lines}, counts, between),
)


@cache
def requirement(id: str, others: Others) -> st.SearchStrategy[Yaml]:
    """A requirement, which may refer to some `others` that come before it."""
    usual = st.fixed_dictionaries(
        {
            "id": st.just(id),
            "title": st.just(f"Study {id}"),
            "event": selectors,
            "window": windows(others),
            "owner": st.sampled_from(("CT desk", "MRI desk")),
        },
        optional={
            "same_day": st.sampled_from(("unknown", "allow", "refuse")),
            "pet_ct": st.sampled_from(("refuse", "allow")),
            "lead_time": lead_times,
            "warn": advice.map(lambda one: [one]),
        },
    )
    return st.builds(
        lambda usual, feature, condition: usual | feature | condition,
        usual,
        features,
        rarely(requirement_conditions(others)).map(lambda c: {"applies_if": c} if c else {}),
    )
