"""Protocols that are evaluated together say what each of them says alone."""

from __future__ import annotations

from hypothesis import strategies as st

from qi_checker.engines.duckdb import evaluate, evaluate_rulebook
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.site import Site
from qi_checker.sources.memory import from_rows
from tests.generative.drawn import hospitals
from tests.generative.protocols import protocols
from tests.generative.records import Generator
from tests.helpers.rulebooks import everything, numbered
from tests.helpers.tiers import tiers

PATIENTS = 30


@tiers("examples", 1, 40)
def test_together_they_say_what_each_says_alone(examples: int) -> None:
    @hospitals(examples, st.lists(protocols, min_size=2, max_size=4))
    def agree(drawn: list[Bundle], as_of: AsOf, site: Site, seed: int) -> None:
        bundles = numbered(drawn)
        tables = Generator(seed, bundles[0], as_of).records(PATIENTS)
        torn = {"events": tables["torn"]}
        together = evaluate_rulebook(bundles, from_rows(tables, torn), as_of, site)
        for bundle, done in zip(bundles, together, strict=True):
            alone = evaluate(bundle, from_rows(tables, torn), as_of, site)
            assert everything(done) == everything(alone)

    agree()
