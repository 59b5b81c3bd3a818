"""A case that is judged from its desk alone comes out as it does among all others.

The desk holds a case's row, the events of its patient that a requirement may ask for, its exceptions,
and the context of the night; nothing else of the records.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import strategies as st

from qi_checker.judging import CaseTrace, read_data
from qi_checker.judging.values import trimmed
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.site import Site
from qi_checker.store.desk.reading import (
    FileRows,
    asked_kinds,
    ids_of,
    judge_of,
    judged,
    narrowed,
    relevant,
)
from qi_checker.store.trail import canonical
from tests.generative.drawn import hospitals
from tests.generative.records import Generator
from tests.helpers.tiers import tiers

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(p.parent for p in (ROOT / "rules").glob("*/protocol.yaml"))
PATIENTS = 60


@tiers("examples", 25, 200)
def test_a_case_alone_is_a_case_among_all(examples: int) -> None:
    @hospitals(examples)
    def check(bundle: Bundle, as_of: AsOf, site: Site, seed: int) -> None:
        _alone_is_among_all(bundle, as_of, site, Generator(seed, bundle, as_of).records(PATIENTS))

    check()


@pytest.mark.parametrize("folder", SHIPPED, ids=[p.name for p in SHIPPED])
@tiers("examples", 3, 40)
def test_of_the_shipped_protocols_too(folder: Path, examples: int) -> None:
    bundle = load_protocol(folder)

    @hospitals(examples, st.just(bundle))
    def check(bundle: Bundle, as_of: AsOf, site: Site, seed: int) -> None:
        _alone_is_among_all(bundle, as_of, site, Generator(seed, bundle, as_of).records(PATIENTS))

    check()


def _alone_is_among_all(
    bundle: Bundle, as_of: AsOf, site: Site, tables: dict[str, list[dict[str, Any]]]
) -> None:
    _add_doubles(tables["events"], Random(len(tables["events"])))
    for table in ("cases", "events", "exceptions"):
        for number, row in enumerate(tables.get(table, []), 2):
            row.setdefault("_row", number)
    data = read_data(bundle, tables, as_of, site, {"events": tables["torn"]})
    desk = Desk(bundle, tables, data.judge.setting.context)
    for among in data.traces():
        alone = desk.judged(among.case.row.number, as_of, site)
        assert said(alone) == said(among)


def _add_doubles(events: list[dict[str, Any]], chance: Random) -> None:
    """Rows of a kind that nothing asks for, in front of others with the same id: those count.

    Some are of the same patient, some of another one; and some patients have many of them.
    """
    for place in sorted(chance.sample(range(len(events)), len(events) // 5), reverse=True):
        of = chance.choice([events[place], chance.choice(events)])
        lab = {"patient_id": of["patient_id"], "kind": "potassium", "status": "completed"}
        id = chance.choice([events[place]["event_id"], f"L{place}"])
        events.insert(place, {"event_id": id, **lab, "at": "2026-01-01"})


class Desk:
    """The desk of a data set, through the same JSON as the store's."""

    def __init__(
        self, bundle: Bundle, tables: dict[str, list[dict[str, Any]]], context: Any
    ) -> None:
        self.bundle = bundle
        kinds = asked_kinds(bundle)
        self.files = {}
        for case in tables["cases"]:
            patient, case_id = trimmed(case.get("patient_id")), trimmed(case.get("case_id"))
            events = [e for e in tables["events"] if trimmed(e.get("patient_id")) == patient]
            waivers = [
                x for x in tables.get("exceptions", []) if trimmed(x.get("case_id")) == case_id
            ]
            rows = FileRows(case, relevant(events, kinds), waivers)
            self.files[int(case["_row"])] = rows.to_json()
        held = [FileRows.from_json(text) for text in self.files.values()]
        patients = frozenset(trimmed(r.case.get("patient_id")) for r in held)
        ids = frozenset(id for r in held for id in ids_of(r))
        self.context = canonical(narrowed(context, patients, ids).to_json())

    def judged(self, row: int, as_of: AsOf, site: Site) -> CaseTrace:
        judge = judge_of(self.bundle, str(as_of), site, self.context)
        return judged(judge, FileRows.from_json(self.files[row]))


def said(trace: CaseTrace) -> Any:
    """Everything that a page shows of a judged case."""
    return {
        "verdict": str(trace.verdict),
        "latest": trace.latest_surgery_date,
        "findings": trace.findings,
        "open": [one.id for one in trace.open],
        "exceptions": [(one.id, one.row.number, one.ignored) for one in trace.exceptions],
        "candidates": [
            (one.id, j.event.row, j.event.id, j.event.reject, j.criteria)
            for one in trace.requirements
            for j in (*one.candidates, *one.rejected)
        ],
        "others": [one.others for one in trace.requirements],
    }


def row(id: str, kind: str = "imaging", status: str = "completed", **cells: str) -> dict[str, Any]:
    return {"event_id": id, "patient_id": "P1", "kind": kind, "status": status, **cells}


def test_rows_that_nothing_asks_for_are_left_out_unless_they_matter() -> None:
    kinds = frozenset({"imaging"})
    events = [
        row("E1"),
        row("L1", "lab"),
        row("E2", "lab"),  # the first with this id counts: the scan below is rejected
        row("E2"),
        row("X1", "lab", "nonsense"),  # rejected, and it may be evidence
        row("N1", ""),
    ]
    remaining = relevant(events, kinds)
    assert [e["event_id"] for e in remaining] == ["E1", "E2", "E2", "X1", "N1"]


def test_the_hash_of_the_rows_does_not_depend_on_where_they_stand() -> None:
    case = {"case_id": "C1", "patient_id": "P1", "_row": "2"}
    one = FileRows(case, [row("E1"), row("E2")])
    two = FileRows({**case, "_row": "9"}, [row("E2", at=""), row("E1")])
    other = FileRows(case, [row("E1"), row("E2", at="2026-01-01")])
    assert one.evidence == two.evidence != other.evidence
    assert json.loads(one.to_json())["events"][0]["event_id"] == "E1"


def test_every_kind_that_a_protocol_asks_about_is_known() -> None:
    bundle = load_protocol(ROOT / "rules" / "hepatic-metastasectomy-imaging")
    assert asked_kinds(bundle) >= {"imaging"}
