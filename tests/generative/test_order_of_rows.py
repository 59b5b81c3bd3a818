"""The order of the rows says nothing: shuffled tables give the same result."""

from __future__ import annotations

import random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.site import Site
from tests.generative.compare import differences
from tests.generative.protocols import moments, protocols, sites
from tests.generative.records import Generator, Tables
from tests.helpers.engines import Engine


def without_duplicates(tables: Tables) -> Tables:
    """Of rows with one id only the first, since that is the one that counts."""
    keys = {"cases": "case_id", "events": "event_id", "exceptions": "exception_id", "torn": "id"}
    return {
        name: list({row[keys[name]]: row for row in reversed(rows)}.values())
        for name, rows in tables.items()
    }


def test_shuffled_rows_give_the_same_result(file_engine: Engine) -> None:
    """Where no id comes twice; the rows keep the numbers that they are reported by."""

    @settings(max_examples=6, phases=[Phase.generate])
    @given(protocols, moments, sites, st.integers(0, 2**32))
    def check(bundle: Bundle, as_of: AsOf, site: Site, seed: int) -> None:
        tables = Generator(seed, bundle, as_of).records(40)
        tables = without_duplicates(tables)
        shuffled = {
            name: random.Random(seed).sample(rows, len(rows)) for name, rows in tables.items()
        }
        first = file_engine(bundle, tables, as_of, site, {"events": tables["torn"]})
        again = file_engine(bundle, shuffled, as_of, site, {"events": tables["torn"]})
        assert not differences(first, again)

    check()
