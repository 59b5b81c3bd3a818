"""docs/evaluation.md, section 2: events that cannot be taken at their word are evidence that may be."""

from __future__ import annotations

import pytest

from tests.helpers.engines import Engine, Rows, expect, run
from tests.helpers.records import case, mr_scan, scan

CASES = [case(), case("C2", patient_id="P2")]
NAMELESS = "patient_id is empty; another column holds the id of a patient"


def nameless(**columns: str | None) -> Rows:
    """A CT that nobody had, and an MRI of each patient."""
    mri = [mr_scan("2026-05-20", "E2"), mr_scan("2026-05-20", "E3", patient_id="P2")]
    return [scan("2026-05-20", "E1", patient_id=None, **columns), *mri]


@pytest.mark.parametrize("column", ["description", "codes", "modality", "recorded_at", "ward"])
def test_a_row_without_an_id_may_be_of_the_one_patient_whose_id_stands_in_it(
    engine: Engine, column: str
) -> None:
    seen = run(engine, cases=CASES, events=nameless(**{column: " P2 "}))
    expect(seen, ct="missing never_ordered", mri="met", verdict="not_compliant")
    expect(seen, "C2", ct="unknown rejected_record", mri="met", verdict="undetermined")
    assert seen.reject_lines == [f"events row 2: None: {NAMELESS}"]


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"description": "P3", "ward": "P4"},
        {"description": "of P1"},
        {"description": "P1", "ward": "P2"},
        {"codes": "P1;P1"},
    ],
)
def test_of_no_known_id_or_of_two_it_is_evidence_of_nobody(
    engine: Engine, columns: dict[str, str]
) -> None:
    seen = run(engine, cases=CASES, events=nameless(**columns))
    expect(seen, ct="missing never_ordered", verdict="not_compliant")
    expect(seen, "C2", ct="missing never_ordered", verdict="not_compliant")
    assert seen.reject_lines == ["events row 2: patient_id: missing value"]


def test_an_id_that_stands_twice_is_one(engine: Engine) -> None:
    seen = run(engine, cases=CASES, events=nameless(description="P1", ward="P1"))
    expect(seen, ct="unknown rejected_record")


def test_it_repeats_no_id_of_another_row(engine: Engine) -> None:
    """It is set apart before ids are compared."""
    events = [*nameless(description="P1"), scan("2026-05-21", "E1", patient_id="P2")]
    seen = run(engine, cases=CASES, events=events)
    expect(seen, ct="unknown rejected_record")
    expect(seen, "C2", ct="met in_window E1")
    assert len(seen.rejects) == 1


SHIFTED = "the cells are probably shifted; another column holds the id of a patient"
NAMES = ("event_id", "patient_id", "kind", "status", "at", "modality", "region")
TORN = {
    "to the right": lambda cells: ["E1", "x", *cells[1:6]],
    "to the right from the first": lambda cells: ["", *cells[:6]],
    "to the left": lambda cells: [*cells[1:], ""],
    "exchanged": lambda cells: [cells[0], cells[2], cells[1], *cells[3:]],
}


def shifted(how: str, owner: str = "P2", usual: int = 10, **columns: str | None) -> Rows:
    """A CT whose cells stand in other columns of as many, and MRI of both patients."""
    right = ["E1", owner, "imaging", "completed", "2026-05-20", "CT", "liver"]
    wrong = dict(zip(NAMES, TORN[how](right), strict=True))
    mri = [mr_scan("2026-05-20", f"M{n}", patient_id=f"P{1 + n % 2}") for n in range(usual)]
    return [{**scan(None), **wrong, **columns}, *mri]


@pytest.mark.parametrize("how", TORN)
def test_a_row_with_shifted_cells_may_be_of_the_patient_whose_id_stands_in_it(
    engine: Engine, how: str
) -> None:
    seen = run(engine, cases=CASES, events=shifted(how))
    expect(seen, ct="missing never_ordered", mri="met", verdict="not_compliant")
    expect(seen, "C2", ct="unknown rejected_record", mri="met", verdict="undetermined")
    assert seen.reject_lines == [f"events row 2: None: {SHIFTED}"]
    ids = [reject["id"] for reject in seen.rejects] + [f["event_id"] for f in seen.findings]
    assert "P2" not in ids  # a patient's id is shown nowhere as that of an event


@pytest.mark.parametrize(
    "events",
    [
        shifted("exchanged", description="P1"),  # two patients
        shifted("exchanged", owner="P3"),  # nobody with an operation
        shifted("exchanged", patient_id="P1"),  # a patient with an operation
        shifted("exchanged", usual=9),  # the word may be a kind of its own
    ],
)
def test_of_other_rows_whose_kind_is_no_kind_nobody_is_the_owner(
    engine: Engine, events: Rows
) -> None:
    seen = run(engine, cases=CASES, events=events)
    expect(seen, ct="missing never_ordered", verdict="not_compliant")
    expect(seen, "C2", ct="missing never_ordered", verdict="not_compliant")
    assert seen.rejects == []


def test_a_patient_may_be_called_like_a_kind(engine: Engine) -> None:
    """An id can be any word: events of others of the kind `imaging` are not hers."""
    cases = [case(), case("C2", patient_id="imaging"), case("C3", patient_id="completed")]
    events = [scan("2026-05-20", f"E{n}", patient_id=f"P{n}") for n in range(1, 12)]
    seen = run(engine, cases=cases, events=events)
    expect(seen, ct="met in_window E1")
    expect(seen, "C2", ct="missing never_ordered")
    expect(seen, "C3", ct="missing never_ordered")
    assert seen.rejects == []


def misspelt(number: int, kind: str = "Imagng ") -> Rows:
    """One CT of a misspelt kind, and so many MRI."""
    usual = [mr_scan("2026-05-20", f"E{n}") for n in range(2, number + 2)]
    return [scan("2026-05-20", kind=kind), *usual]


def test_a_misspelt_kind_may_be_the_one_that_is_meant(engine: Engine) -> None:
    seen = run(engine, events=misspelt(10))
    expect(seen, ct="unknown rejected_record", mri="met", verdict="undetermined")
    assert seen.reject_lines == ["events row 2: None: kind: a misspelt word; is imaging meant?"]
    assert seen.rejects[0]["id"] == "E1"


@pytest.mark.parametrize("kept", [{}, {"patient_id": None, "description": "P1"}])
def test_its_id_is_reported_without_blanks(engine: Engine, kept: dict[str, str | None]) -> None:
    """As that of every other rejected row, whether its kind is misspelt or its patient's id is lost."""
    rows = misspelt(10)
    seen = run(engine, events=[{**rows[0], "event_id": "\t É1\u00a0"} | kept, *rows[1:]])
    assert [line["id"] for line in seen.rejects] == ["É1"]


def test_a_kind_of_its_own_is_not_misspelt(engine: Engine) -> None:
    seen = run(engine, events=misspelt(10, kind="biopsy"))
    expect(seen, ct="missing never_ordered", mri="met")
    assert seen.rejects == []


def test_both_at_once(engine: Engine) -> None:
    """A row of a misspelt kind and without an id is of the patient whose id stands in it."""
    rows = misspelt(10)
    seen = run(engine, events=[{**rows[0], "patient_id": None, "description": "P1"}, *rows[1:]])
    expect(seen, ct="unknown rejected_record")
    assert seen.reject_lines == [f"events row 2: None: {NAMELESS}"]
