"""Examples that are evaluated together are still alone; a difference names what stood where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qi_checker.authoring.batches import Rows, outcomes
from qi_checker.authoring.examples import run_examples
from qi_checker.cli.rule_files import on_duckdb, on_judging
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.examples import Example, load_examples
from qi_checker.protocol.site import Site
from tests.helpers.protocols import CATALOGUE, bundle, ct, version

HEAD = """
defaults:
  as_of: "2026-03-01"
  case: {status: performed, surgery_at: "2026-02-23", procedures: "ICD-10-PCS:0FB00ZZ",
         diagnoses: "ICD-10-CM:C78.7"}
  event: {kind: imaging, status: completed, region: liver, modality: CT}
examples:
"""
RULE = bundle(version(ct()))
FORBIDDEN = Bundle(
    bundle(version(ct(forbidden=True))).protocol, CATALOGUE, "0" * 64, Path("rules/x/protocol.yaml")
)


def examples(tmp_path: Path, *given: str, rule: Bundle = RULE) -> list[Example]:
    file = tmp_path / "examples.yaml"
    written = "".join(
        f"\n  - {{id: e{n}, why: W., given: {g}, expect: {{verdict: compliant}}}}"
        for n, g in enumerate(given)
    )
    file.write_text(HEAD + written, encoding="utf-8")
    return load_examples(file, rule)


class Counting:
    """The reference engine, and how many cases each evaluation had."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def __call__(self, rule: Bundle, tables: Any, as_of: AsOf, site: Site) -> tuple[Rows, Rows]:
        self.calls.append(len(tables["cases"]))
        return on_judging(rule, tables, as_of, site)


@pytest.mark.parametrize("engine", [on_judging, on_duckdb])
def test_ids_are_as_written(engine: Any, tmp_path: Path) -> None:
    """Twelve examples have an event E1 each; no prefix is left, not even in a sentence."""
    found = examples(tmp_path, *["{events: [{at: 2026-02-10}, {at: 2026-02-09}]}"] * 12)
    done = outcomes(RULE, found, engine)
    assert {o.of_case["ct"]["event_id"] for o in done} == {"E1"}
    assert all("/" not in str(o.of_case["ct"].get("sentence")) for o in done)
    assert all(o.case and o.case["case_id"] == "C1" for o in done)


def test_feeds_are_shared_only_where_they_are_equally_fresh(tmp_path: Path) -> None:
    site = "site: {timezone: UTC, feeds: {imaging: 3 days}}"
    fresh = f"{{{site}, events: [{{at: 2026-02-10, recorded_at: 2026-03-01}}]}}"
    stale = f"{{{site}, events: [{{at: 2026-02-10, recorded_at: 2026-02-11, modality: MR}}]}}"
    counting = Counting()
    done = outcomes(RULE, examples(tmp_path, fresh, stale, fresh, stale), counting)
    assert counting.calls == [2, 2]
    assert [o.of_case["ct"]["status"] for o in done] == ["met", "unknown", "met", "unknown"]


def test_what_is_forbidden_is_shared_only_where_the_kind_is_recorded_alike(tmp_path: Path) -> None:
    """An event of one example must not show that the source of another delivers."""
    seen = "{events: [{at: 2025-02-10}]}"
    rejected = "{events: [{at: never}]}"
    later = "{events: [{at: 2025-02-10, recorded_at: 2026-05-01}]}"
    other = "{events: [{at: 2026-02-10, kind: visit}]}"
    counting = Counting()
    given = examples(tmp_path, seen, rejected, later, other, "{}", seen, rule=FORBIDDEN)
    outcomes(FORBIDDEN, given, counting)
    assert counting.calls == [2, 4]


def test_a_difference_has_both_sides_and_the_sentence(tmp_path: Path) -> None:
    file = tmp_path / "examples.yaml"
    expect = "{verdict: compliant, requirements: {ct: {status: met, event: E1}}}"
    given = "{events: [{at: 2025-02-10}]}"
    file.write_text(f"{HEAD}\n  - {{id: e, why: W., given: {given}, expect: {expect}}}", "utf-8")
    (result,) = run_examples(RULE, load_examples(file, RULE), on_duckdb)
    verdict, difference = result.found
    assert (verdict.about, verdict.expected, verdict.found) == (
        "verdict",
        "compliant",
        "not_compliant",
    )
    assert (difference.expected, difference.found) == ("met (E1)", "expired (too_old, E1)")
    assert "CT of the liver on 2025-02-10 is 378 days before surgery" in difference.sentence
