"""The compiled query agrees with the naive evaluator on whatever can be generated."""

from __future__ import annotations

import pytest

from qi_checker.engines.duckdb.database import DuckDB
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.site import Site
from tests.generative.compare import Example, differences, smallest
from tests.generative.drawn import hospitals
from tests.generative.records import Generator
from tests.helpers.engines import Engine, on_duckdb, on_reference
from tests.helpers.in_spark import on_spark
from tests.helpers.spark import needs_java
from tests.helpers.tiers import tiers

PATIENTS = 60


@tiers("examples", 10, 200)
def test_the_compiled_query_agrees_with_the_naive_evaluator(examples: int) -> None:
    """On every column of findings, cases, rejects, ignored exceptions and on every number."""

    @hospitals(examples)
    def agrees(bundle: Bundle, as_of: AsOf, site: Site, seed: int) -> None:
        tables = Generator(seed, bundle, as_of).records(PATIENTS)
        example = Example(bundle, tables, as_of, site)
        if example.differences():
            example = smallest(example)
            pytest.fail("\n".join([*example.differences(), str(example)]), pytrace=False)

    agrees()


@tiers("examples", 1, 80)
def test_events_that_stay_in_their_file_are_evaluated_alike(
    examples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done only with millions of events, done with these."""
    monkeypatch.setattr(DuckDB, "KEEPS_MOST", 0)
    monkeypatch.setattr(DuckDB, "SORTS", range(1, 1_000_000))
    _agree(on_duckdb, examples)


@tiers("examples", 3, 80)
def test_postgresql_agrees_with_the_naive_evaluator(in_postgres: Engine, examples: int) -> None:
    """On all of that, on examples of the same kind; a table has no torn rows, so none are generated."""
    _agree(in_postgres, examples)


# Spark takes seconds for each; a usual run asks it one batch of tests/spec.
@pytest.mark.thorough
@pytest.mark.spark
@needs_java
def test_spark_agrees_with_the_naive_evaluator() -> None:
    """On all of that; Parquet has no torn rows either."""
    _agree(on_spark, 80)


def _agree(engine: Engine, examples: int) -> None:
    @hospitals(examples)
    def agrees(bundle: Bundle, as_of: AsOf, site: Site, seed: int) -> None:
        tables = Generator(seed, bundle, as_of).records(PATIENTS) | {"torn": []}
        right = on_reference(bundle, tables, as_of, site, {})
        found = differences(right, engine(bundle, tables, as_of, site, {}))
        if found:
            example = Example(bundle, tables, as_of, site)
            pytest.fail("\n".join([*found, str(example)]), pytrace=False)

    agrees()
