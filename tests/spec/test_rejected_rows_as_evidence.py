"""A rejected row that might have been the study makes a requirement unknown, not missing."""

from __future__ import annotations

from tests.helpers import case, ct_rule, event, expect, expect_each, run, run_each, scan

DAY = "2026-05-10"
MAYBE = "unknown rejected_record E1"
NEVER = "missing never_ordered -"


COLUMNS = [
    ({}, MAYBE),
    ({"modality": None, "region": None}, MAYBE),
    ({"modality": "??", "region": "??"}, MAYBE),
    ({"status": "final"}, MAYBE),
    ({"status": None}, MAYBE),
    ({"kind": None}, MAYBE),
    ({"modality": "PT"}, NEVER),
    ({"modality": "PT;CT"}, NEVER),
    ({"region": "chest"}, NEVER),
    ({"codes": "LOCAL:CT-CHEST"}, NEVER),
    ({"codes": "LOCAL:MR-LIVER", "modality": None, "region": None}, NEVER),
    ({"kind": "therapy"}, NEVER),
    ({"status": "booked"}, NEVER),
    ({"status": "ordered"}, NEVER),
    ({"status": "cancelled"}, NEVER),
    ({"status": "entered-in-error"}, NEVER),
    ({"patient_id": "P2"}, NEVER),
    ({"patient_id": None}, NEVER),
    ({"recorded_at": "2026-07-01"}, NEVER),
    ({"recorded_at": "2026-06-01"}, MAYBE),
    ({"recorded_at": "soon"}, MAYBE),
]
DATES = [
    (DAY, MAYBE),
    ("2026-05-01", MAYBE),
    ("2026-04-30", NEVER),
    ("2026-05-31", MAYBE),
    ("2026-05-31T09:00", NEVER),
    ("2026-06-01", NEVER),
    ("2026-05", MAYBE),
    ("2026-04", NEVER),
    ("2026-07-01", NEVER),
    (None, MAYBE),
    ("0026-05-10", MAYBE),  # a typing error, not a date long ago
    ("2926-05-10", MAYBE),
]


def test_a_row_without_a_readable_date_counts_unless_a_readable_value_fails(engine):
    """What cannot be read decides nothing; what can be read may rule it out."""
    table = [(scan("soon") | columns, expected) for columns, expected in COLUMNS]
    expect_each(engine, ct_rule(), table)


def test_a_readable_date_outside_the_window_rules_it_out(engine):
    """Here the status is the value that could not be read."""
    table = [(scan(at, status="final"), expected) for at, expected in DATES]
    expect_each(engine, ct_rule(), table)


def test_a_refused_day_of_surgery_rules_it_out_too(engine):
    """As it does for every study."""
    rule = ct_rule(same_day="refuse")
    expect(run(engine, rule, events=[scan("2026-05-31", status="final")]), ct=NEVER)


def test_the_finding_shows_a_date_that_can_be_read(engine):
    """And none where there is none."""
    examples = [[scan(DAY, status="final")], [scan("soon")]]
    columns = ("event_id", "event_date", "days_before")
    found = [seen.finding("ct") for seen in run_each(engine, ct_rule(), examples)]
    assert [found[0][c] for c in columns] == ["E1", DAY, 21]
    assert [found[1][c] for c in columns] == ["E1", None, None]


def test_a_duplicate_with_other_content_may_be_the_study(engine):
    """Two rows with one id: one of them is wrong, and nobody knows which."""
    table = [
        (scan("2026-03-01"), scan(DAY), MAYBE),
        (scan("2026-03-01"), scan("2026-03-01"), "expired too_old E1"),
    ]
    expect_each(engine, ct_rule(), table)


def test_an_external_study_without_a_date_has_a_reason_of_its_own(engine):
    """Somebody has to ask the other hospital."""
    table = [
        (scan(None, provenance="external"), "unknown external_undated E1"),
        (scan(None, provenance="internal"), MAYBE),
        (scan(None), MAYBE),
    ]
    expect_each(engine, ct_rule(), table)


def test_of_several_rejected_rows_the_lowest_id_is_told(engine):
    """Rows without an id come last, in the order of the file."""
    rows = [scan("soon", None), scan("soon", "E3"), scan(None, "E2", provenance="external")]
    table = [
        (*rows, "unknown external_undated E2"),
        (*rows[:2], "unknown rejected_record E3"),
        (rows[0], "unknown rejected_record -"),
    ]
    expect_each(engine, ct_rule(), table)


def test_of_several_rejected_rows_with_one_id_the_first_is_told(engine):
    """Its own date is shown, not that of the other."""
    rows = [scan("2026-05-20", status="final"), scan(DAY, status="final")]
    first, second = run_each(engine, ct_rule(), [rows, rows[::-1]])
    assert first.finding("ct")["event_date"] == "2026-05-20"
    assert second.finding("ct")["event_date"] == DAY


def test_a_torn_row_counts_for_every_requirement_of_its_patient(file_engine):
    """Of a row with too few or too many cells only the ids are read."""
    torn = [{"_row": 2, "id": "E7", "patient_id": "P1", "why": "too few cells"}]
    seen = run(file_engine, torn=torn)
    expect(seen, ct="unknown rejected_record E7", mri="unknown rejected_record E7")
    torn[0]["patient_id"] = None
    expect(run(file_engine, torn=torn), ct=NEVER)


def test_what_is_met_or_undecided_does_not_need_rejected_rows(engine):
    """They come after usable studies that are undecided."""
    table = [
        (event(DAY, "E2"), scan("soon"), "unknown unmapped E2"),
        (scan(DAY, "E2"), scan("soon"), "met in_window E2"),
    ]
    expect_each(engine, ct_rule(), table)


def test_an_upcoming_case_with_a_rejected_row_is_unknown_not_due(engine):
    """Mend the row before booking again."""
    cases = [case(status="scheduled")]
    seen = run(engine, ct_rule(), cases=cases, events=[scan("soon")], as_of="2026-05-20")
    expect(seen, ct=MAYBE, verdict="undetermined")
