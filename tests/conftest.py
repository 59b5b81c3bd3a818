"""Fixtures and settings of all tests."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from functools import partial

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("tests.helpers")

from tests.helpers.batches import WIDEST_ON_SPARK, Batched, Plan, recorded  # noqa: E402
from tests.helpers.engines import ENGINES, Engine, on_duckdb, on_reference, without_pages  # noqa: E402
from tests.helpers.in_postgres import on_postgres  # noqa: E402
from tests.helpers.in_spark import on_spark  # noqa: E402
from tests.helpers.postgres import Server, postgres_server  # noqa: E402
from tests.helpers.scheduling import ByFile, longest_first  # noqa: E402
from tests.helpers.spark import needs_java  # noqa: E402

SPARK = (pytest.mark.spark, needs_java)
PLAN, SPARK_PLAN = pytest.StashKey[Plan](), pytest.StashKey[Plan]()

# The same examples in every run: a failure that cannot be repeated helps nobody.
settings.register_profile(
    "default",
    max_examples=30,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
# With --hypothesis-profile=search: other examples in every run, and more of them.
settings.register_profile(
    "search", parent=settings.get_profile("default"), max_examples=1000, derandomize=False
)
settings.load_profile("default")


@pytest.fixture(params=["reference", "duckdb", "postgres", pytest.param("spark", marks=SPARK)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn: every test that asks for one is run on all."""
    if request.param == "reference":
        return on_reference
    batched: Engine = request.getfixturevalue(f"batched_{request.param}")
    return batched


@pytest.fixture(scope="session")
def plan(request: pytest.FixtureRequest) -> Plan:
    """What the tests of engines ask, put together."""
    return request.config.stash[PLAN]


@pytest.fixture(scope="session")
def batched_duckdb(plan: Plan) -> Engine:
    return Batched(plan, on_duckdb)


@pytest.fixture(scope="session")
def batched_postgres(plan: Plan, in_postgres: Engine) -> Engine:
    return Batched(plan, in_postgres)


@pytest.fixture(scope="session")
def batched_spark(request: pytest.FixtureRequest) -> Engine:
    return Batched(request.config.stash[SPARK_PLAN], on_spark)


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
    """Plan what the tests of engines share, and begin with what takes longest.

    A usual run evaluates one batch on Spark, the largest: all those of twenty questions or more took
    173 s of the processors, a seventh of all tests, and one of 40 requirements took 45 s.
    On PostgreSQL a question that shares its batch with none takes a second, and there are 190 of them:
    every sixth test with such a question is in a usual run.
    """
    questions = recorded(items, without_pages)
    every = [question for asked in questions.values() for question in asked]
    config.stash[PLAN] = plan = Plan(every)
    config.stash[SPARK_PLAN] = spark = Plan(every, WIDEST_ON_SPARK)
    lonely = 0
    for item in items:
        asked = questions.get(item.nodeid, ())
        if item.get_closest_marker("spark") and not spark.in_the_largest(asked):
            item.add_marker("thorough")
        if "[postgres" in item.name and any(plan.size(question) == 1 for question in asked):
            lonely += 1
            if lonely % 6 != 1:
                item.add_marker("thorough")
    items[:] = longest_first(items)


def pytest_collection_finish() -> None:
    """What was collected stays to the end: looking through it for garbage again and again is in vain."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


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
    if item.get_closest_marker("optional_data") is None and not hasattr(report, "wasxfail"):
        _refuse_a_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file, which `importorskip` leaves out before it has any test."""
    report = yield
    _refuse_a_skip(report)
    return report


def _refuse_a_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not accept: {report.longrepr}"
