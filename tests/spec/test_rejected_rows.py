"""Rows that cannot be used: the first check that fails is the reason."""

from __future__ import annotations

from tests.helpers import case, exception, expect, run, scan

DAY = "2026-05-10"


CASES = [
    ({"case_id": None}, "case_id: missing value"),
    ({"case_id": "  "}, "case_id: missing value"),
    ({"patient_id": ""}, "patient_id: missing value"),
    ({"surgery_at": None}, "surgery_at: missing value"),
    ({"status": None}, "status: missing value"),
    ({"patient_id": None, "status": "done"}, "patient_id: missing value"),
    ({"status": "done"}, "status: unknown word"),
    ({"status": "booked"}, "status: unknown word"),
    ({"status": "done", "surgery_at": "soon"}, "status: unknown word"),
    ({"surgery_at": "soon"}, "surgery_at: unreadable date"),
    ({"started_at": "soon"}, "started_at: unreadable date"),
    ({"admitted_at": "soon"}, "admitted_at: unreadable date"),
    ({"admitted_at": "soon", "surgery_at": "soon"}, "surgery_at: unreadable date"),
]


EVENTS = [
    ({"event_id": None}, "event_id: missing value"),
    ({"patient_id": None}, "patient_id: missing value"),
    ({"kind": None}, "kind: missing value"),
    ({"status": " "}, "status: missing value"),
    ({"status": "final"}, "status: unknown word"),
    ({"status": "scheduled"}, "status: unknown word"),
    ({"at": "soon"}, "at: unreadable date"),
    ({"at": "soon", "status": "cancelled"}, "at: unreadable date"),
    ({"ordered_at": "soon"}, "ordered_at: unreadable date"),
    ({"recorded_at": "soon"}, "recorded_at: unreadable date"),
    ({"at": None}, "at: missing value"),
    ({"at": None, "status": "booked"}, "at: missing value"),
    ({"at": None, "provenance": "External"}, "at: external study without an acquisition date"),
    ({"at": None, "provenance": "external", "status": "booked"}, "at: missing value"),
    ({"at": None, "ordered_at": "soon"}, "ordered_at: unreadable date"),
]
EXCEPTIONS = [
    ({"exception_id": None}, "exception_id: missing value"),
    ({"case_id": None}, "case_id: missing value"),
    ({"requirement": None}, "requirement: missing value"),
    ({"reason": None}, "reason: missing value"),
    ({"approved_at": "soon"}, "approved_at: unreadable date"),
    ({"valid_from": "2026-05"}, "valid_from: unreadable date"),
    ({"expires_on": "never"}, "expires_on: unreadable date"),
    ({"revoked_at": "?"}, "revoked_at: unreadable date"),
]


def lines(table: str, examples: list[tuple[dict, str]]) -> list[str]:
    """What is expected of these rows of a table."""
    return [f"{table} row {row}: {line}" for row, (_, line) in enumerate(examples, start=2)]


def test_a_case_that_cannot_be_used_has_no_finding(engine):
    """It is listed with its row, counted as in a spreadsheet."""
    cases = [case(f"C{n}") | columns for n, (columns, _) in enumerate(CASES)]
    seen = run(engine, cases=[*cases, case("last")])
    assert seen.reject_lines == lines("cases", CASES)
    assert [c["case_id"] for c in seen.cases] == ["last"]


def test_an_event_that_cannot_be_used(engine):
    """The other rows are not affected."""
    events = [scan(DAY, f"E{n}") | columns for n, (columns, _) in enumerate(EVENTS)]
    seen = run(engine, events=[*events, scan(DAY, "last")])
    assert seen.reject_lines == lines("events", EVENTS)
    expect(seen, ct="met in_window last")


def test_an_exception_that_cannot_be_used(engine):
    """A missing approval or validity only makes it inactive."""
    rows = [exception(f"X{n}") | columns for n, (columns, _) in enumerate(EXCEPTIONS)]
    seen = run(engine, exceptions=rows)
    assert seen.reject_lines == lines("exceptions", EXCEPTIONS)
    assert seen.ignored == []


def test_an_event_that_never_took_place_needs_no_date(engine):
    """Only booked and completed ones do."""
    never = ["ordered", "cancelled", "entered-in-error"]
    events = [scan(None, f"E {status}", status=status) for status in never]
    assert run(engine, events=events).rejects == []


def test_of_rows_with_one_id_the_first_is_used(engine):
    """Later ones are rejected; identical content is told apart, for it hides nothing."""
    events = [
        scan(DAY),
        scan(DAY),
        scan("2026-05-11"),
        scan(DAY, description="x"),
        scan(f" {DAY} ", region=" liver", description=" "),
    ]
    seen = run(engine, events=events)
    assert seen.reject_lines == [
        "events row 3: event_id: duplicate id, same content",
        "events row 4: event_id: duplicate id",
        "events row 5: event_id: duplicate id",
        "events row 6: event_id: duplicate id, same content",
    ]
    expect(seen, ct="met in_window E1")
    assert seen.finding("ct")["event_date"] == DAY


def test_a_column_beyond_the_contract_does_not_make_content_different(engine):
    """Only contract columns are compared."""
    seen = run(engine, events=[scan(DAY, ward="A"), scan(DAY, ward="B")])
    assert seen.reject_lines == ["events row 3: event_id: duplicate id, same content"]


def test_the_first_row_with_an_id_counts_even_if_it_was_rejected(engine):
    """Nobody knows which of the two is right."""
    seen = run(engine, events=[scan("soon"), scan(DAY)])
    assert seen.reject_lines == [
        "events row 2: at: unreadable date",
        "events row 3: event_id: duplicate id",
    ]
    expect(seen, ct="unknown rejected_record E1")


def test_a_fault_of_the_row_itself_comes_before_a_duplicate_id(engine):
    """The first failed check is the reason."""
    seen = run(engine, events=[scan("soon"), scan("soon")])
    assert seen.reject_lines == [
        "events row 2: at: unreadable date",
        "events row 3: at: unreadable date",
    ]


def test_duplicate_cases_and_exceptions_are_rejected_too(engine):
    """In every table the first row is used."""
    seen = run(
        engine,
        cases=[case(), case(surgery_at="2026-07-01"), case()],
        exceptions=[exception(), exception(requirement="ct")],
    )
    assert seen.reject_lines == [
        "cases row 3: case_id: duplicate id",
        "cases row 4: case_id: duplicate id, same content",
        "exceptions row 3: exception_id: duplicate id",
    ]
    assert seen.case()["surgery_date"] == "2026-05-31"


def test_a_torn_row_is_rejected_and_is_no_earlier_row(file_engine):
    """A row with too few cells does not use up its id."""
    torn = [{"_row": 2, "id": "E1", "patient_id": "P2", "why": "too few cells"}]
    seen = run(file_engine, events=[scan(DAY, _row=3)], torn=torn)
    assert [(r["row"], r["id"], r["reason"]) for r in seen.rejects] == [(2, "E1", "too few cells")]
    expect(seen, ct="met in_window E1")
