"""Hypothesis strategies for lengths of time, in every unit, and a few general ones."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Bounds = dict[str, tuple[int, int]]
CALENDAR: Bounds = {"days": (0, 45), "weeks": (0, 6), "months": (0, 3), "years": (0, 1)}
DAYS: Bounds = CALENDAR | {"working days": (0, 25)}
FEW_DAYS: Bounds = {
    "days": (0, 9),
    "weeks": (0, 1),
    "months": (0, 1),
    "years": (0, 1),
    "working days": (0, 5),
}
CLOCK: Bounds = {"minutes": (0, 300), "hours": (0, 72)}


def at_least_one(bounds: Bounds) -> Bounds:
    """The same without lengths of nothing, which a strict limit cannot have."""
    return {unit: (max(1, low), high) for unit, (low, high) in bounds.items()}


def lengths(bounds: Bounds) -> st.SearchStrategy[str]:
    """`4 weeks`, each unit as often as any other."""
    return st.one_of(
        *(st.integers(*ends).map(f"{{}} {unit}".format) for unit, ends in bounds.items())
    )


def sometimes(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Half of the time nothing."""
    return st.none() | strategy


def rarely(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly nothing: what would otherwise leave no case or no event to say more about."""
    return st.integers(0, 4).flatmap(lambda n: strategy if n == 4 else st.none())


def mixed(*strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Each as often as any other; `one_of` would count the alternatives inside them."""
    return st.sampled_from(strategies).flatmap(lambda chosen: chosen)


def some_of(words: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    """At least one of the words."""
    return st.lists(st.sampled_from(words), min_size=1, max_size=3, unique=True)
