"""Hypothesis strategies for what is meant: events, cases, and when a requirement applies."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.generative.lengths import mixed, rarely, some_of, sometimes
from tests.generative.windows import Others, Yaml, windows

KINDS = ("imaging", "imaging", "imaging", "therapy")  # mostly imaging: it has the most criteria
MODALITIES, REGIONS = ("CT", "MR", "PT", "US"), ("liver", "abdomen", "chest", "head")
OWN_COLUMNS = {"scanner": ("A", "B"), "route": ("oral", "iv")}


def a_list() -> st.SearchStrategy[dict[str, str]]:
    """A list of imaging codes."""
    return st.sampled_from(("liver-ct-codes", "biopsy-codes")).map(lambda name: {"in": name})


def _columns() -> st.SearchStrategy[list[Yaml]]:
    return st.lists(
        st.sampled_from(sorted(OWN_COLUMNS)).flatmap(
            lambda name: some_of(OWN_COLUMNS[name]).map(lambda words: {"name": name, "in": words})
        ),
        min_size=1,
        max_size=2,
    )


further = {
    "codes": rarely(a_list()),
    "not_codes": rarely(a_list()),
    "allow_codes": rarely(st.just({"in": "chest-codes"})),
    "provenance": rarely(some_of(("internal", "external"))),
    "columns": rarely(_columns()),
    "status": rarely(some_of(("completed", "booked", "ordered"))),
}
modalities, regions = some_of(MODALITIES), some_of(REGIONS)


def _selectors(**criteria: st.SearchStrategy[Any]) -> st.SearchStrategy[Yaml]:
    """Without the criteria that are None."""
    return st.fixed_dictionaries({"kind": st.sampled_from(KINDS)} | criteria | further).map(
        lambda found: {key: value for key, value in found.items() if value is not None}
    )


selectors = _selectors(modality=sometimes(modalities), region=sometimes(regions))
# Of a few events of a patient one should fit.
wide_selectors = _selectors(modality=rarely(modalities), region=rarely(regions))

attributes: st.SearchStrategy[Yaml] = st.one_of(
    st.just({"procedure": {"in": "liver-resection"}}),
    st.just({"diagnosis": {"in": "liver-metastasis"}}),
    some_of(("elective", "urgent", "emergency")).map(lambda words: {"urgency": words}),
    some_of(("North", "South")).map(lambda words: {"site": words}),
    some_of(("S1", "S2")).map(lambda words: {"surgeon": words}),
    some_of(("A", "B")).map(lambda words: {"column": {"name": "ward", "in": words}}),
    st.just({"every": "case"}),
)


def combined(leaves: st.SearchStrategy[Yaml]) -> st.SearchStrategy[Yaml]:
    """Statements, some of them in `all_of` and `any_of`, and these in one another."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda many: {"all_of": many}),
            st.lists(inner, min_size=1, max_size=3).map(lambda many: {"any_of": many}),
        ),
        max_leaves=4,
    )


conditions = combined(attributes)


@cache
def requirement_conditions(others: Others) -> st.SearchStrategy[Yaml]:
    """When a requirement applies; it may ask for other requirements of the version."""
    within = windows(others)
    event: st.SearchStrategy[Any] = st.builds(
        lambda selector, window: {"event": selector | {"window": window}}, wide_selectors, within
    )
    chosen: st.SearchStrategy[Any] = st.nothing()
    if others:
        chosen = st.builds(
            lambda id, window: {"chosen": {"requirement": id, "window": window}},
            st.sampled_from(others),
            within,
        )
    return combined(mixed(attributes, attributes, event, chosen if others else event))
