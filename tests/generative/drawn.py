"""How many hospitals a test draws, and nothing more of hypothesis than that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.generative.protocols import moments, protocols, sites


def hospitals(
    examples: int, *first: st.SearchStrategy[Any]
) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Call a function with so many drawn protocols, moments, sites and seeds of records.

    first: drawn in place of the protocol.
    The same ones in every run, of which more examples only add some. Nothing is shrunk: hypothesis
    would shrink seeds, which says nothing; `compare.smallest` leaves out rows instead.
    """

    def drawn(check: Callable[..., None]) -> Callable[[], None]:
        strategies = (*(first or (protocols,)), moments, sites, st.integers(0, 2**32))
        given_all: Callable[[], None] = given(*strategies)(check)
        few = settings(max_examples=examples, phases=[Phase.generate], derandomize=True)
        return few(given_all)

    return drawn
