"""The compiled query agrees with the naive evaluator on whatever can be generated."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from qi_checker.engines.duckdb.database import DuckDB
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.site import Site
from tests.generative.compare import Example, differences, smallest
from tests.generative.protocols import moments, protocols, sites
from tests.generative.records import Generator
from tests.helpers.engines import Engine, on_duckdb, on_reference
from tests.helpers.in_spark import on_spark
from tests.helpers.spark import needs_java
from tests.helpers.thorough import some

PATIENTS = 60


# Hypothesis would shrink seeds, which says nothing; `smallest` leaves out rows instead.
@settings(phases=[Phase.generate], max_examples=some("examples", 50, 200))
@given(protocols, moments, sites, st.integers(0, 2**32))
def test_the_compiled_query_agrees_with_the_naive_evaluator(
    bundle: Bundle, as_of: AsOf, site: Site, seed: int
) -> None:
    """On every column of findings, cases, rejects, ignored exceptions and on every number."""
    tables = Generator(seed, bundle, as_of).records(PATIENTS)
    example = Example(bundle, tables, as_of, site)
    if example.differences():
        example = smallest(example)
        pytest.fail("\n".join([*example.differences(), str(example)]), pytrace=False)


@settings(phases=[Phase.generate], max_examples=some("examples", 8, 80))
@given(protocols, moments, sites, st.integers(0, 2**32))
def test_events_that_stay_in_their_file_are_evaluated_alike(
    bundle: Bundle, as_of: AsOf, site: Site, seed: int
) -> None:
    """What is done only with millions of events, done with these."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DuckDB, "KEEPS_MOST", 0)
        patch.setattr(DuckDB, "SORTS", range(1, 1_000_000))
        _agrees(on_duckdb, bundle, as_of, site, seed)


@settings(phases=[Phase.generate], max_examples=some("postgres", 10, 80))
@given(protocols, moments, sites, st.integers(0, 2**32))
def test_postgresql_agrees_with_the_naive_evaluator(
    in_postgres: Engine, bundle: Bundle, as_of: AsOf, site: Site, seed: int
) -> None:
    """On all of that, on examples of the same kind; a table has no torn rows, so none are generated."""
    _agrees(in_postgres, bundle, as_of, site, seed)


# Spark takes seconds for each.
@pytest.mark.spark
@needs_java
@settings(phases=[Phase.generate], max_examples=some("spark", 2, 80))
@given(protocols, moments, sites, st.integers(0, 2**32))
def test_spark_agrees_with_the_naive_evaluator(
    bundle: Bundle, as_of: AsOf, site: Site, seed: int
) -> None:
    """On all of that; Parquet has no torn rows either."""
    _agrees(on_spark, bundle, as_of, site, seed)


def _agrees(engine: Engine, bundle: Bundle, as_of: AsOf, site: Site, seed: int) -> None:
    tables = Generator(seed, bundle, as_of).records(PATIENTS) | {"torn": []}
    right = on_reference(bundle, tables, as_of, site, {})
    found = differences(right, engine(bundle, tables, as_of, site, {}))
    if found:
        pytest.fail("\n".join([*found, str(Example(bundle, tables, as_of, site))]), pytrace=False)
