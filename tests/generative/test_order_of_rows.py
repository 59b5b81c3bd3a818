"""The order of the rows says nothing: shuffled tables give the same result."""

from __future__ import annotations

import random

from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.site import Site
from tests.generative.compare import differences
from tests.generative.drawn import hospitals
from tests.generative.records import Generator, Tables
from tests.helpers.engines import Engine
from tests.helpers.tiers import tiers


def without_duplicates(tables: Tables) -> Tables:
    """Of rows with one id only the first, since that is the one that counts."""
    keys = {"cases": "case_id", "events": "event_id", "exceptions": "exception_id", "torn": "id"}
    return {
        name: list({row[keys[name]]: row for row in reversed(rows)}.values())
        for name, rows in tables.items()
    }


@tiers("examples", 1, 40)
def test_shuffled_rows_give_the_same_result(file_engine: Engine, examples: int) -> None:
    """Where no id comes twice; the rows keep the numbers that they are reported by."""

    @hospitals(examples)
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
