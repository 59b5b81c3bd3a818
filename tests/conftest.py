"""Fixtures and settings of all tests."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from functools import partial
from zlib import crc32

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("tests.helpers")

from tests.helpers.engines import ENGINES, Engine  # noqa: E402
from tests.helpers.in_postgres import on_postgres  # noqa: E402
from tests.helpers.in_spark import on_spark  # noqa: E402
from tests.helpers.postgres import Server, postgres_server  # noqa: E402
from tests.helpers.scheduling import ByFile, is_spark  # noqa: E402
from tests.helpers.spark import needs_java  # noqa: E402
from tests.helpers.thorough import some, whole  # noqa: E402

SPARK = (pytest.mark.spark, needs_java)
# One in so many tests of an engine runs there, always the same: all of them would take too long.
_SHARE = {"postgres": 8, "spark": 120}

# The same examples in every run: a failure that cannot be repeated helps nobody.
settings.register_profile(
    "default",
    max_examples=some("examples", 30, 80),
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
# With --hypothesis-profile=search: other examples in every run, and more of them.
settings.register_profile(
    "search", parent=settings.get_profile("default"), max_examples=1000, derandomize=False
)
settings.load_profile("default")


@pytest.fixture(params=[*ENGINES, "postgres", pytest.param("spark", marks=SPARK)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn: every test that asks for one is run on all."""
    if request.param in ENGINES:
        return ENGINES[request.param]
    if request.param == "spark":
        return on_spark
    in_database: Engine = request.getfixturevalue("in_postgres")
    return in_database


@pytest.fixture(params=ENGINES)
def file_engine(request: pytest.FixtureRequest) -> Engine:
    """Those that read files, for what only a file can hold, such as a row with too few cells."""
    return ENGINES[request.param]


@pytest.fixture(scope="session")
def in_postgres(postgres: Server) -> Engine:
    """The compiled query run by PostgreSQL, in a database of its own."""
    return partial(on_postgres, postgres.new_database())


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL of our own, started when the first test asks for it."""
    with postgres_server() as server:
        yield server


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A fixed share of the tests of engines where they are slow, and all of them when asked."""
    share = {name: n for name, n in _SHARE.items() if not whole(name)}

    def left_out(item: pytest.Item) -> bool:
        if "engine" in getattr(item, "fixturenames", ()):
            words = getattr(item, "callspec").id.split("-")  # noqa: B009
            one_in = next((n for name, n in share.items() if name in words), 1)
            return crc32(item.nodeid.encode()) % one_in != 0
        # Its messages are tested in every run; that Java ends with it takes a minute to see.
        return "spark" in share and "test_spark.py::test_an_interrupted" in item.nodeid

    dropped = [item for item in items if left_out(item)]
    config.hook.pytest_deselected(items=dropped)
    kept = [item for item in items if not left_out(item)]
    items[:] = sorted(kept, key=lambda item: not is_spark(item.nodeid))  # they take longest


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    """With `-n 2`."""
    return ByFile(config, log)


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
