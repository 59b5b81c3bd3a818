"""The number of repetitions in the usual run and in a thorough run."""

from __future__ import annotations

import pytest


def tiers(name: str, usual: int, thorough: int) -> pytest.MarkDecorator:
    """Give a test its number of examples or kills; the larger is for `make test-thorough`."""
    return pytest.mark.parametrize(
        name, [usual, pytest.param(thorough, marks=pytest.mark.thorough)]
    )
