"""Several protocols in one pass over the records: the same results, and what cannot be joined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from qi_checker.engines.duckdb import Evaluation, evaluate, evaluate_rulebook
from qi_checker.engines.inputs.database import Database
from qi_checker.engines.inputs.reading import Census, Reading, judge
from qi_checker.errors import UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.codes import CodeRow, ImagingCode
from qi_checker.protocol.load import load_rulebook
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.site import Site
from qi_checker.query import Compiled, plan
from qi_checker.sources.files import read_folder
from qi_checker.sources.memory import from_rows
from tests.helpers import case, ct, ct_rule, event, liver, mri, protocol_with, scan
from tests.helpers.rulebooks import everything, named, numbered
from tests.helpers.tiers import tiers

AS_OF = AsOf.parse("2026-06-30")
SITE = Site(timezone="America/Toronto")
LATER = {"after": {"column": "discharged_at"}, "at_most": "30 days"}
EARLIER = {"before": {"column": "booked_at"}, "at_most": "30 days"}
TABLES: dict[str, Any] = {
    "cases": [
        case() | {"discharged_at": "2026-06-02", "booked_at": "2026-05-25", "ward": "A"},
        case("C2", "2026-06-10", patient_id="P2") | {"discharged_at": "soon", "ward": "B"},
        case("C3", "2026-06-12", patient_id="P3", procedures="X:Y"),
    ],
    "events": [
        scan("2026-05-20"),
        scan("2026-06-05", "E2", patient_id="P2"),
        event("2026-06-04", "E3", kind="lab"),
        scan("soon", "E4", patient_id="P2"),
        scan("2026-05-20", "E5", patient_id="nobody"),
    ],
}


def together(bundles: Sequence[Bundle], site: Site = SITE) -> list[dict[str, Any]]:
    return [everything(e) for e in evaluate_rulebook(bundles, from_rows(TABLES), AS_OF, site)]


def alone(bundle: Bundle, site: Site = SITE) -> dict[str, Any]:
    return everything(evaluate(bundle, from_rows(TABLES), AS_OF, site))


def test_every_protocol_keeps_its_own_columns_and_notes() -> None:
    """Dates are numbered together; a note about a column is told where it is counted from."""
    site = Site(timezone="America/Toronto", feeds={"lab": "3 days"})
    ward = {"applies_to": {"column": {"name": "ward", "in": ["B"]}}}
    grade = ct(event={"kind": "imaging", "columns": [{"name": "grade", "in": ["A"]}]})
    bundles = numbered(
        [
            ct_rule(window=LATER),
            ct_rule(window=EARLIER),
            protocol_with(ct(), **ward),
            protocol_with(grade),
            ct_rule(event={"kind": "lab"}, forbidden=True),
            ct_rule(window={"before": "surgery", "at_most": "5 working days"}),
            protocol_with(ct(event={"kind": "imaging", "codes": {"in": "liver-ct-codes"}})),
        ]
    )
    seen = together(bundles, site)
    assert seen == [alone(bundle, site) for bundle in bundles]
    feed = "The age of the feed lab is not known: no recorded_at."
    assert [s["notes"] for s in seen[:3]] == [
        ["1 values of the column discharged_at of the cases are not dates.", feed],
        [feed],
        [feed],
    ]


@tiers("protocols", 3, 9)
def test_the_shipped_protocols_say_of_the_demo_what_each_says_alone(
    tmp_path: Path, protocols: int
) -> None:
    from qi_checker.demo import write_demo

    write_demo(tmp_path)
    site = Site(timezone="America/Toronto", feeds={"imaging": "2 days", "therapy": "9 days"})
    as_of, bundles = AsOf.parse("2026-03-02"), load_rulebook(rules_dir())[:protocols]
    assert len(bundles) == protocols
    records = read_folder(tmp_path, site)
    seen = {
        e.compiled.bundle.protocol.id: everything(e)
        for e in evaluate_rulebook(bundles, records, as_of, site)
    }
    assert list(seen) == [b.protocol.id for b in bundles]
    assert sum(len(s["rejects"]) for s in seen.values()) > 0
    for bundle in bundles:
        said = everything(evaluate(bundle, read_folder(tmp_path, site), as_of, site))
        assert seen[bundle.protocol.id] == said


def test_the_records_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(db: Database, rows: Reading, conditions: Iterable[str]) -> Census:
        read.append(rows.table.name)
        return judge(db, rows, conditions)

    monkeypatch.setattr("qi_checker.engines.inputs.prepare.judge", counted)
    together(numbered([liver(), ct_rule(), liver()]))
    assert read == ["cases", "events", "exceptions"]


def test_what_fails_in_one_protocol_is_told_there_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    facts = Compiled.facts

    def broken(self: Compiled, *arguments: Any) -> Any:
        if self.bundle.protocol.id == "p1":
            raise duckdb.Error("broken")
        return facts(self, *arguments)

    bundles = numbered([liver(), ct_rule(), liver()])
    right = together(bundles)
    monkeypatch.setattr(Compiled, "facts", broken)
    monkeypatch.setattr(plan, "_plan", plan._plan.__wrapped__)  # keeps no queries of an earlier run
    seen = together(bundles)
    assert (seen[0], seen[2]) == (right[0], right[2])
    assert {f["status"] for f in seen[1]["findings"]} == {"error"}
    assert [c["verdict"] for c in seen[1]["cases"]] == ["error"] * 3
    assert seen[1]["failures"] == ["version 1.0: Error"]


def test_phases_say_which_protocol_it_is() -> None:
    said: list[str] = []
    bundles = numbered([liver(), ct_rule()])
    for _ in evaluate_rulebook(bundles, from_rows(TABLES), AS_OF, SITE, said.append):
        pass
    assert said == [
        "reading records",
        "protocol 1 of 2, p0: evaluating version 1.0",
        "protocol 1 of 2, p0: computing verdicts",
        "protocol 2 of 2, p1: evaluating version 1.0",
        "protocol 2 of 2, p1: computing verdicts",
    ]


def _with_list(bundle: Bundle, *codes: str) -> Bundle:
    """The protocol with another list of liver resections, in another folder."""
    known = bundle.catalogue.lists["liver-resection"]
    changed = replace(known, rows=tuple(CodeRow("CCI", code) for code in codes))
    lists = bundle.catalogue.lists | {"liver-resection": changed}
    return replace(bundle, catalogue=replace(bundle.catalogue, lists=lists), path=Path("b.yaml"))


def _with_imaging(bundle: Bundle) -> Bundle:
    imaging = (*bundle.catalogue.imaging, ImagingCode("LOCAL", "X", "CT", "liver", "qualifies"))
    return replace(
        bundle, catalogue=replace(bundle.catalogue, imaging=imaging), path=Path("b.yaml")
    )


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (
            replace(liver(), path=Path("b.yaml")),
            "b.yaml: the id liver-imaging is also that of rules/",
        ),
        (_with_list(named(liver(), "b"), "1AB"), "b.yaml: its code list liver-resection is not"),
        (_with_imaging(named(liver(), "b")), "b.yaml: its imaging.csv is not the same as"),
    ],
)
def test_what_cannot_be_told_apart_is_refused(second: Bundle, expected: str) -> None:
    with pytest.raises(UserError) as caught:
        evaluate_rulebook([liver(), second], from_rows(TABLES), AS_OF, SITE)
    (problem,) = caught.value.problems
    assert str(problem).startswith(expected)
    assert problem.advice


def test_lists_that_differ_only_in_their_notes_are_one_list() -> None:
    first = liver()
    rows = first.catalogue.lists["liver-resection"].rows
    known = replace(
        first.catalogue.lists["liver-resection"],
        rows=tuple(replace(r, note="other") for r in reversed(rows)),
    )
    lists = first.catalogue.lists | {"liver-resection": known}
    second = replace(named(first, "b"), catalogue=replace(first.catalogue, lists=lists))
    assert together([first, second])[1] == alone(second)


def test_no_protocol_is_an_error() -> None:
    with pytest.raises(UserError, match="there is no protocol to evaluate"):
        evaluate_rulebook([], from_rows(TABLES), AS_OF, SITE)


def test_cases_outside_have_every_finding_and_no_evidence() -> None:
    done = evaluate(protocol_with(ct(), mri()), from_rows(TABLES), AS_OF, SITE)
    assert isinstance(done, Evaluation)
    found = [f for f in done.findings() if f["case_id"] == "C3"]
    assert [(f["requirement"], f["status"], f["reason"]) for f in found] == [
        ("ct", "not_applicable", "not_in_population"),
        ("mri", "not_applicable", "not_in_population"),
    ]
    empty = set(found[0]) - {"case_id", "requirement", "status", "reason", "sentence"}
    assert {f[name] for f in found for name in empty} == {None}
    assert done.con.execute("SELECT count(*) FROM finding_rows").fetchone() == (4,)
