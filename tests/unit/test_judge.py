"""`qi_checker.judge`: one case, as plain dicts, without a database."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import qi_checker
from qi_checker import UserError
from qi_checker.judging import CaseTrace, Context, read_data
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.examples import load_examples
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.records import FINDING_COLUMNS
from qi_checker.protocol.site import Site
from tests.generative.drawn import hospitals
from tests.generative.records import Generator
from tests.helpers.commands import environment
from tests.helpers.protocols import liver
from tests.helpers.records import case, exception, mr_scan, scan
from tests.helpers.tiers import tiers

SITE = {"timezone": "America/Toronto"}
SHIPPED = sorted(path.parent for path in rules_dir().glob("*/protocol.yaml"))


def judged(*events: Any, **more: Any) -> CaseTrace:
    row = more.pop("case", case(status="scheduled"))
    arguments = {"as_of": "2026-05-10", "site": SITE} | more
    return qi_checker.judge(liver(), row, events, **arguments)


def test_it_says_what_an_audit_says_and_why() -> None:
    trace = judged(scan("2026-05-05"), scan("2026-05-06", "E2", region="chest"))
    assert trace.verdict == "action_needed"
    assert [(f["requirement"], f["status"], f["event_id"]) for f in trace.findings] == [
        ("ct", "met", "E1"),
        ("mri", "due", None),
    ]
    assert list(trace.findings[0]) == list(FINDING_COLUMNS)
    ct = trace.of("ct")
    assert [(j.event.id, j.reason) for j in ct.candidates] == [("E1", None), ("E2", "wrong_region")]
    assert ct.clause_of(ct.candidates[1], "region").path == "event.region"
    assert trace.of("mri").clause.path == "event"


def test_its_repr_fits_a_line() -> None:
    trace = judged(scan("2026-05-05"))
    assert repr(trace) == "<C1 action_needed; ct: met in_window E1, mri: due never_ordered>"
    assert repr(trace.of("ct")) == "<ct: met in_window E1>"
    assert len(repr(liver())) < 60


def test_a_path_may_stand_for_a_protocol_here_and_in_evaluate() -> None:
    path = rules_dir() / "hepatic-metastasectomy-imaging"
    row = case(status="scheduled")
    found = [
        qi_checker.judge(protocol, row, [], "2026-05-10", site=SITE).findings
        for protocol in (path, str(path), load_protocol(path))
    ]
    assert found[0] == found[1] == found[2]
    cases, events = pd.DataFrame([row]), pd.DataFrame([scan("2026-05-05")])
    result = qi_checker.evaluate(str(path), cases, events, "2026-05-10", site=SITE)
    assert result.cases["verdict"].tolist() == ["action_needed"]


def test_values_may_be_dates() -> None:
    texts = judged(scan("2026-05-05"), mr_scan("2026-05-06T10:00"))
    row = case(status="scheduled") | {"surgery_at": datetime(2026, 5, 31, 8)}
    dates = judged(
        scan("x") | {"at": date(2026, 5, 5)},
        mr_scan("x") | {"at": datetime(2026, 5, 6, 10)},
        case=row,
    )
    assert texts.findings == dates.findings


def test_exceptions_count() -> None:
    rule = liver(exceptions={"reasons": ["contraindication-mri"]})
    waiver = exception(approved_at="2026-05-01", valid_from="2026-05-01", expires_on="2026-06-30")
    other = waiver | {"exception_id": "X2", "case_id": "C2"}
    trace = qi_checker.judge(
        rule, case(status="scheduled"), [], "2026-05-10", exceptions=[other, waiver], site=SITE
    )
    assert [f["status"] for f in trace.findings] == ["due", "exempt"]
    assert [x.id for x in trace.exceptions] == ["X1"]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "protocol": ({"protocol": 3}, "protocol: is of type int"),
    "case": ({"case": ["C1"]}, "case: is of type list"),
    "events": ({"events": {"event_id": "E1"}}, "events: is of type dict"),
    "an event": ({"events": ["E1"]}, "events[0]: is of type str"),
    "a number as id": (
        {"events": [{"event_id": 17}]},
        "events[0], column event_id: is of type int",
    ),
    "a float": ({"case": case() | {"age": 1.5}}, "case, column age: is of type float"),
    "as_of": ({"as_of": 2026}, "as_of: is of type int"),
    "no date": ({"as_of": "soon"}, "as_of: is not a date"),
    "exceptions": ({"exceptions": "X1"}, "exceptions: is of type str"),
    "site": ({"site": "UTC"}, "site: is of type str"),
    "context": ({"context": 1}, "context: is of type int"),
    "foreign context": ({"context": {"as_of": ""}}, "context: is not what Context.to_json gives"),
    "later context": ({"context": Context("2026-05-11")}, "context: is of 2026-05-11, after"),
    "a rejected case": ({"case": case(surgery_at="soon")}, "case, column surgery_at: unreadable"),
}


@pytest.mark.parametrize(("change", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told(change: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {
        "protocol": liver(),
        "case": case(),
        "events": [],
        "as_of": "2026-05-10",
    }
    with pytest.raises(UserError) as raised:
        qi_checker.judge(**({"site": SITE} | given | change))
    assert str(raised.value).startswith(words)


def test_without_a_site_utc_is_used_and_told() -> None:
    with pytest.warns(UserWarning, match="dates are counted in UTC") as raised:
        judged(site=None)
    assert raised[0].filename == __file__


def test_rows_of_other_patients_are_passed_over() -> None:
    assert judged(scan("2026-05-05", patient_id="P2")).of("ct").reason == "never_ordered"


def test_it_loads_no_database() -> None:
    path = rules_dir() / "hepatic-metastasectomy-imaging"
    code = (
        "import sys, qi_checker\n"
        f"trace = qi_checker.judge({str(path)!r}, {case()!r}, [], '2026-05-10', site={SITE!r})\n"
        "print(trace.verdict, trace.of('ct').clause.path)\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True
    )
    loaded = set(done.stdout.split())
    assert not {"pandas", "numpy", "duckdb", "sqlglot", "jinja2", "rich", "pyarrow"} & loaded


# ---- alone with the context, as among all others -------------------------------------------------


def test_a_context_survives_json_and_a_foreign_one_is_refused() -> None:
    rows = [
        scan("2026-05-05", "E1", patient_id="P2", recorded_at="2026-05-05"),
        scan("2026-05-06", "E1"),
    ]
    tables = {"cases": [case()], "events": rows}
    torn = {"events": [{"_row": 9, "id": "E9", "patient_id": "P1", "why": "too few cells"}]}
    data = read_data(liver(), tables, AsOf.parse("2026-05-10"), Site(timezone="UTC"), torn)
    context = data.judge.setting.context
    assert context.delivered == {"imaging"} and list(context.shared_ids["events"]) == ["E1"]
    again = Context.from_json(json.loads(json.dumps(context.to_json())))
    assert again == context


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_cases_of_shipped_protocols_alone(path: Path) -> None:
    """Every example of a protocol is a data set."""
    bundle = load_protocol(path)
    for example in load_examples(path / "examples.yaml", bundle):
        alike(bundle, {**example.tables}, example.as_of, example.site)


@tiers("examples", 30, 200)
def test_cases_of_generated_protocols_alone(examples: int) -> None:
    @hospitals(examples)
    def agree(bundle: Bundle, as_of: AsOf, site: Site, seed: int) -> None:
        alike(bundle, Generator(seed, bundle, as_of).records(40), as_of, site)

    agree()


def alike(bundle: Bundle, tables: dict[str, Any], as_of: AsOf, site: Site) -> None:
    """Each case comes out alone, with its rows and the context as JSON, as it does among all."""
    data = read_data(bundle, tables, as_of, site, {"events": tables.get("torn", [])})
    context = json.loads(json.dumps(data.judge.setting.context.to_json()))
    numbered = {
        name: [{**row, "_row": n} for n, row in enumerate(tables.get(name, ()), start=2)]
        for name in ("cases", "events", "exceptions")
    }
    for trace in data.traces():
        of_patient = [e for e in numbered["events"] if _id(e, "patient_id") == trace.case.patient]
        of_case = [x for x in numbered["exceptions"] if _id(x, "case_id") == trace.case.id]
        row = next(c for c in numbered["cases"] if c["_row"] == trace.case.row.number)
        moment = as_of.clock or as_of.date
        alone = qi_checker.judge(
            bundle, row, of_patient, moment, exceptions=of_case, site=site, context=context
        )
        assert outline(alone) == outline(trace)


def _id(row: dict[str, Any], column: str) -> str:
    return str(row.get(column) or "").strip(" \t\r\n\u00a0")


def outline(trace: CaseTrace) -> list[Any]:
    """Everything that a trace says."""
    return [
        (trace.verdict, trace.latest_surgery_date),
        trace.findings,
        *(
            (
                one.clause,
                [(s.keys, s.anchor, s.limits) for s in one.spans],
                [(j.event.row, j.criteria) for j in one.events],
                [(j.event.row, j.criteria) for j in one.rejected],
                [j.event.id for j in one.candidates],
                [(x.id, x.ignored) for x in one.exceptions],
            )
            for one in trace.requirements
        ),
    ]
