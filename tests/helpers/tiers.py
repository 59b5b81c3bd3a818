"""What is done in every run, and how much more of it in a thorough one."""

from __future__ import annotations

import pytest


def tiers(name: str, usual: int, thorough: int) -> pytest.MarkDecorator:
    """Give a test its number of examples or kills; the greater one is for `make test-thorough`."""
    return pytest.mark.parametrize(
        name, [usual, pytest.param(thorough, marks=pytest.mark.thorough)]
    )
