"""A case that is asked about by itself is judged as it is among all others, whatever the rows hold."""

from __future__ import annotations

import pytest

from qi_checker.cases.one import one_case
from qi_checker.engines.duckdb import evaluate
from qi_checker.errors import UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.site import Site
from qi_checker.sources.memory import from_rows
from tests.generative.drawn import hospitals
from tests.generative.records import Generator
from tests.helpers.tiers import tiers

PATIENTS = 40
ASKED = 8  # cases of each hospital


@tiers("examples", 3, 100)
def test_one_case_is_judged_as_among_all_others(examples: int) -> None:
    """On findings, verdict and how many rows of each table were used."""

    @hospitals(examples)
    def agrees(bundle: Bundle, as_of: AsOf, site: Site, seed: int) -> None:
        tables = Generator(seed, bundle, as_of).records(PATIENTS)
        torn = {"events": tables.pop("torn", [])}
        records = from_rows(tables, torn)
        done = evaluate(bundle, records, as_of, site)
        findings, cases = done.findings(), done.cases()
        for line in cases[:: max(1, len(cases) // ASKED)]:
            one = one_case(bundle, records, as_of, site, line["case_id"])
            trace = one.trace
            mine = [f for f in findings if f["case_id"] == line["case_id"]]
            assert sorted(trace.findings, key=lambda f: f["requirement"]) == mine
            assert (str(trace.verdict), trace.case.day) == (line["verdict"], line["surgery_date"])
            census = {n: (c.read, c.used) for n, c in done.prepared.census.items()}
            assert one.census == census
        if cases:
            with pytest.raises(UserError, match=f"among {len(cases)} cases"):
                one_case(bundle, records, as_of, site, "no such case")

    agrees()
