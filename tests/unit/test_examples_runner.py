"""Running examples: what is compared, how differences read, and that examples do not mix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qi_checker import judging as reference
from qi_checker.authoring.examples import Rows, run_examples
from qi_checker.errors import Problem, UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.examples import Example, load_examples
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.site import Site

PROTOCOL = rules_dir() / "hepatic-metastasectomy-imaging"
BUNDLE = load_protocol(PROTOCOL)
HEAD = """
defaults:
  as_of: "2026-03-01"
  case: {status: performed, surgery_at: "2026-02-23", procedures: "ICD-10-PCS:0FB00ZZ",
         diagnoses: "ICD-10-CM:C78.7"}
  event: {kind: imaging, status: completed, region: liver}
examples:
"""
EXAMPLE = """
  - id: {id}
    why: Because.
    given:
      events: [{{modality: CT, at: "{ct}"}}, {{modality: MR, at: "2026-01-24"}}]
    expect: {expect}
"""

Tables = dict[str, list[dict[str, str]]]


def evaluate(bundle: Bundle, tables: Tables, as_of: AsOf, site: Site) -> tuple[Rows, Rows]:
    """The reference engine, as the runner wants it."""
    rows: dict[str, Any] = dict(tables)
    result = reference.evaluate(bundle, rows, as_of, site)
    return result.findings, result.cases


def examples(text: str, tmp_path: Path) -> list[Example]:
    """Examples of this text, against the shipped protocol."""
    file = tmp_path / "examples.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    return load_examples(file, BUNDLE)


def one(expect: str, tmp_path: Path, ct: str = "2026-02-20") -> tuple[str, ...]:
    """Differences of one example with this expectation."""
    found = examples(EXAMPLE.format(id="one", ct=ct, expect=expect), tmp_path)
    (result,) = run_examples(BUNDLE, found, evaluate)
    assert result.passed is not bool(result.differences)
    return result.differences


@pytest.mark.parametrize(
    ("expect", "differences"),
    [
        ("{verdict: compliant, requirements: {ct: {status: met, event: E1}}}", ()),
        ("{requirements: {mri: {status: met, reason: in_window, event: E2}}}", ()),
        ("{verdict: pending}", ("verdict: expected pending, got compliant",)),
        (
            "{requirements: {mri: {status: missing}}}",
            ("mri: expected missing, got met (in_window)",),
        ),
        (
            "{requirements: {mri: {status: met, reason: excepted}}}",
            ("mri: met as expected, but for in_window, not for excepted",),
        ),
        (
            "{requirements: {mri: {status: met, event: E1}}}",
            ("mri: met as expected, but by E2, not by E1",),
        ),
        (
            '{requirements: {mri: {status: met, event: ""}}}',
            ("mri: met as expected, but by E2, not by none",),
        ),
        (
            "{verdict: pending, requirements: {ct: {status: due}}}",
            ("verdict: expected pending, got compliant", "ct: expected due, got met (in_window)"),
        ),
    ],
)
def test_differences_in_words(expect: str, differences: tuple[str, ...], tmp_path: Path) -> None:
    assert one(expect, tmp_path) == differences


def test_a_case_that_was_rejected(tmp_path: Path) -> None:
    text = (
        "\n  - {id: one, why: W., given: {case: {surgery_at: soon}}, expect: {verdict: pending}}\n"
    )
    (result,) = run_examples(BUNDLE, examples(text, tmp_path), evaluate)
    assert result.differences == ("case C1 was rejected: a needed value is missing or unreadable",)


def test_examples_do_not_see_each_other(tmp_path: Path) -> None:
    """All have patient P1 and case C1; alone or together, each has its own events only."""
    expect = "{verdict: compliant}"
    text = EXAMPLE.format(id="in-time", ct="2026-02-20", expect=expect)
    text += EXAMPLE.format(id="too-old", ct="2025-02-20", expect=expect)
    text += EXAMPLE.format(id="in-time-again", ct="2026-02-21", expect=expect)
    results = run_examples(BUNDLE, examples(text, tmp_path), evaluate)
    assert [r.example.id for r in results] == ["in-time", "too-old", "in-time-again"]
    assert [r.passed for r in results] == [True, False, True]


def test_examples_of_one_day_are_one_evaluation(tmp_path: Path) -> None:
    calls: list[int] = []

    def counting(bundle: Bundle, tables: Tables, as_of: AsOf, site: Site) -> tuple[Rows, Rows]:
        calls.append(len(tables["cases"]))
        return evaluate(bundle, tables, as_of, site)

    given = "given: {as_of: 2026-04-01, site: {timezone: UTC}}"
    fresh = "given: {site: {timezone: UTC, feeds: {imaging: 3 days}}}"
    text = "".join(
        f"\n  - {{id: {name}, why: W., {what}, expect: {{verdict: not_compliant}}}}"
        for name, what in (
            ("a", "given: {}"),
            ("b", given),
            ("c", "given: {}"),
            ("d", fresh),
            ("e", fresh),
        )
    )
    results = run_examples(BUNDLE, examples(text, tmp_path), counting)
    assert [r.example.id for r in results] == ["a", "b", "c", "d", "e"]
    assert calls == [2, 1, 2]  # d and e share how fresh the feed is: nothing was recorded


def test_one_that_cannot_be_evaluated_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    def fussy(bundle: Bundle, tables: Tables, as_of: AsOf, site: Site) -> tuple[Rows, Rows]:
        if any("2025" in row["at"] for row in tables["events"]):
            raise UserError(Problem("events", "cannot be read"))
        return evaluate(bundle, tables, as_of, site)

    text = EXAMPLE.format(id="in-time", ct="2026-02-20", expect="{verdict: compliant}")
    text += EXAMPLE.format(id="too-old", ct="2025-02-20", expect="{verdict: compliant}")
    first, second = run_examples(BUNDLE, examples(text, tmp_path), fussy)
    assert first.passed
    assert second.differences == ("could not be evaluated: events: cannot be read.",)


def test_examples_are_filled_from_the_defaults(tmp_path: Path) -> None:
    text = """
  - id: one
    why: Because.
    given:
      as_of: 2026-02-24T07:00
      case: {case_id: OP7, urgency: urgent, diagnoses: ""}
      other_cases: [{surgery_at: 2026-05-01}, {patient_id: P2}]
      events: [{modality: CT, at: 2026-02-20}, {event_id: X, status: booked}]
      exceptions: [{requirement: mri, reason: other}]
    expect: {verdict: not_applicable}
"""
    (example,) = examples(text, tmp_path)
    tables: dict[str, Any] = example.tables
    assert [(c["case_id"], c["patient_id"]) for c in tables["cases"]] == [
        ("OP7", "P1"),
        ("C2", "P1"),
        ("C3", "P2"),
    ]
    assert (tables["cases"][0]["diagnoses"], tables["cases"][1]["diagnoses"]) == (
        "",
        "ICD-10-CM:C78.7",
    )
    assert tables["cases"][1]["surgery_at"] == "2026-05-01"
    first, second = tables["events"]
    assert (first["event_id"], first["at"], first["status"]) == ("E1", "2026-02-20", "completed")
    assert (second["event_id"], second["status"]) == ("X", "booked")
    assert tables["exceptions"][0]["case_id"] == "OP7"
    assert example.case_id == "OP7"
    assert str(example.as_of) == "2026-02-24T07:00:00"
    assert example.site.timezone == "UTC"


@pytest.mark.parametrize("name", [p.parent.name for p in rules_dir().glob("*/examples.yaml")])
def test_the_shipped_examples_hold(name: str) -> None:
    bundle = load_protocol(rules_dir() / name)
    results = run_examples(bundle, load_examples(rules_dir() / name, bundle), evaluate)
    assert {r.example.id: r.differences for r in results if not r.passed} == {}
