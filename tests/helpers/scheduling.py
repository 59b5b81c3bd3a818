"""The assignment of tests to processes, and their order."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from xdist.scheduler import LoadScopeScheduling

# Seconds, roughly, of the slowest tests: they begin first, so that all processes end together.
SECONDS = {
    "spec on postgres": 80,
    "spark": 60,
    "plausibility": 75,
    "spec on duckdb": 65,
    "tests/integration/test_cli_sheets.py": 45,
    "tests/integration/test_cli_surroundings.py": 40,
    "tests/docs/test_reference_pages.py": 35,
    "tests/browser/test_accessible.py": 30,
}
_ENGINE = re.compile(r"\[(?:.*-)?(duckdb|postgres)(?:-.*)?\]$")


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """Runs the tests of a file in one process, which makes their records once; likewise all of an
    engine.

    Spark needs a minute to warm up, and a batch of questions is evaluated once. In the
    order of collection, which begins with the slowest tests.
    """

    def schedule(self) -> None:
        self.config.option.loadscopereorder = False
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


def scope(nodeid: str) -> str:
    """Return the group of tests that runs in one process."""
    file = nodeid.split("::", 1)[0]
    if "spark" in nodeid and not file.startswith("tests/unit/"):  # which only print for Spark
        return "spark"
    if file.startswith("tests/plausibility/"):
        return "plausibility"  # the results of a damage are shared
    engine = _ENGINE.search(nodeid) if file.startswith("tests/spec/") else None
    return f"spec on {engine[1]}" if engine else file


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    return sorted(items, key=lambda item: -SECONDS.get(scope(item.nodeid), 0))
