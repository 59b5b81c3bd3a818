"""Fixtures and settings of all tests."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("tests.helpers")

from tests.helpers.engines import ENGINES, Engine  # noqa: E402
from tests.helpers.postgres import Server, postgres_server  # noqa: E402

# The same examples in every run: a failure that cannot be repeated helps nobody.
settings.register_profile(
    "default",
    max_examples=80,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
# With --hypothesis-profile=search: other examples in every run, and more of them.
settings.register_profile(
    "search", parent=settings.get_profile("default"), max_examples=1000, derandomize=False
)
settings.load_profile("default")


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn: every test that asks for one is run on all."""
    return ENGINES[request.param]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL of our own, started when the first test asks for it."""
    with postgres_server() as server:
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything can be installed, a skipped test is a failed one."""
    report = yield
    strict = os.environ.get("CI") == "true" and item.get_closest_marker("optional_data") is None
    if report.skipped and strict and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not accept: {report.longrepr}"
    return report
