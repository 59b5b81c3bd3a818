"""What an event must be: its status, where it was made, other columns, codes that may count."""

from __future__ import annotations

from tests.helpers import LIVER_REGIONS, case, ct_rule, event, expect_each, scan

UPCOMING = case(status="scheduled")
BEFORE = "2026-05-20"


def wanting(**criteria):
    """A CT of the liver with further criteria."""
    return ct_rule(
        event={"kind": "imaging", "modality": ["CT"], "region": LIVER_REGIONS} | criteria
    )


def test_provenance_no_value_is_internal(engine):
    """Where it was made decides only where it is asked."""
    outside, inside = {"provenance": "External"}, {"provenance": "internal"}
    table = [
        (scan("2026-05-05"), "met in_window E1"),
        (scan("2026-05-05", **inside), "met in_window E1"),
        (scan("2026-05-05", **outside), "missing wrong_provenance E1"),
        (scan("2026-05-05", provenance="elsewhere"), "missing wrong_provenance E1"),
    ]
    expect_each(engine, wanting(provenance=["internal"]), table)
    table = [
        (scan("2026-05-05"), "missing wrong_provenance E1"),
        (scan("2026-05-05", **outside), "met in_window E1"),
        (scan(None, **outside), "unknown external_undated E1"),
        (scan(None, **inside), "missing never_ordered -"),
    ]
    expect_each(engine, wanting(provenance=["external"]), table)


def test_other_columns_are_compared_exactly(engine):
    """No value leaves it open; a value that is not listed does not count."""
    rule = wanting(columns=[{"name": "phase", "in": ["portal", "late"]}])
    table = [
        (scan("2026-05-05", phase="portal"), "met in_window E1"),
        (scan("2026-05-05", phase=" late "), "met in_window E1"),
        (scan("2026-05-05", phase="Portal"), "missing wrong_value E1"),
        (scan("2026-05-05", phase="native"), "missing wrong_value E1"),
        (scan("2026-05-05", phase=None), "unknown unmapped E1"),
        (scan(None, phase=None), "unknown rejected_record E1"),
        (scan(None, phase="native"), "missing never_ordered -"),
    ]
    expect_each(engine, rule, table)


def test_all_of_several_columns_must_fit(engine):
    """One wrong value is enough, whatever the others leave open."""
    rule = wanting(columns=[{"name": "phase", "in": ["portal"]}, {"name": "thin", "in": ["yes"]}])
    table = [
        (scan("2026-05-05", phase="portal", thin="yes"), "met in_window E1"),
        (scan("2026-05-05", phase="portal", thin="no"), "missing wrong_value E1"),
        (scan("2026-05-05", phase=None, thin="no"), "missing wrong_value E1"),
        (scan("2026-05-05", phase="portal", thin=None), "unknown unmapped E1"),
    ]
    expect_each(engine, rule, table)


def test_the_reason_is_that_of_the_first_criterion_in_order(engine):
    """Code, modality, region, provenance, columns, status, window."""
    rule = wanting(provenance=["internal"], columns=[{"name": "phase", "in": ["portal"]}])
    wrong = {"provenance": "external", "phase": "native", "status": "cancelled"}
    table = [
        (scan("2026-05-05", **wrong | {"region": "head"}), "missing wrong_region E1"),
        (scan("2026-05-05", **wrong), "missing wrong_provenance E1"),
        (scan("2026-05-05", **wrong | {"provenance": None}), "missing wrong_value E1"),
        (scan("2026-05-05", phase="portal", status="cancelled"), "missing cancelled E1"),
    ]
    expect_each(engine, rule, table)


def test_an_old_study_of_the_wrong_provenance_is_not_expired(engine):
    """Expired asks for a study that is right in all else."""
    rule = wanting(provenance=["internal"])
    table = [
        (scan("2026-03-05"), "expired too_old E1"),
        (scan("2026-03-05", provenance="external"), "missing wrong_provenance E1"),
    ]
    expect_each(engine, rule, table)


def test_a_plan_may_be_enough(engine):
    """Where an appointment counts, the requirement is met by it, even before it takes place."""
    table = [
        (UPCOMING, scan("2026-05-25", status="booked"), "met in_window E1"),
        (UPCOMING, scan("2026-05-05"), "met in_window E1"),
        (UPCOMING, scan("2026-05-25", status="ordered"), "due ordered_not_booked E1"),
        (UPCOMING, scan("2026-05-31", status="booked"), "unknown same_day_untimed E1"),
        (UPCOMING, scan("2026-06-01", status="booked"), "due after_surgery E1"),
    ]
    expect_each(engine, wanting(status=["completed", "booked"]), table, as_of=BEFORE)


def test_an_order_without_a_date_leaves_the_window_open(engine):
    """Where orders count, one without a date may be in time."""
    table = [
        (UPCOMING, scan(None, status="ordered"), "unknown undated E1"),
        (UPCOMING, scan("2026-05-25", status="ordered"), "met in_window E1"),
        (UPCOMING, scan("2026-04-25", status="ordered"), "due too_old E1"),
        (UPCOMING, scan(None, status="cancelled"), "due cancelled E1"),
    ]
    expect_each(engine, wanting(status=["ordered"]), table, as_of=BEFORE)


def test_what_is_completed_does_not_count_where_a_plan_is_asked(engine):
    """Neither does a row that may be a completed event."""
    table = [
        (UPCOMING, scan("2026-05-05"), "due wrong_value E1"),
        (UPCOMING, scan("soon"), "due never_ordered -"),
        (UPCOMING, scan("2026-05-25", status="booked"), "met in_window E1"),
    ]
    expect_each(engine, wanting(status=["booked"]), table, as_of=BEFORE)


def test_codes_that_never_count_may_be_allowed(engine):
    """A chest CT never counts by itself; a rule for the lung allows it."""
    lung = {"kind": "imaging", "modality": ["CT"]}
    allowed = ct_rule(event=lung | {"allow_codes": {"in": "chest-codes"}})
    both = "LOCAL:CT-CHEST;LOCAL:CT-LIVER"
    for rule, said in (
        (allowed, "met in_window E1"),
        (ct_rule(event=lung), "missing excluded_code E1"),
    ):
        table = [(event("2026-05-05", codes=codes), said) for codes in ("LOCAL:CT-CHEST", both)]
        expect_each(engine, rule, table)
    table = [(event("2026-05-05", codes="LOCAL:CT-LIVER"), "met in_window E1")]
    expect_each(engine, allowed, table)


def test_an_allowed_code_may_still_be_among_those_that_do_not_count(engine):
    """`not_codes` is the rule's own word, and stays."""
    criteria = {"allow_codes": {"in": "chest-codes"}, "not_codes": {"in": "chest-codes"}}
    rule = ct_rule(event={"kind": "imaging", "modality": ["CT"]} | criteria)
    table = [(event("2026-05-05", codes="LOCAL:CT-CHEST"), "missing excluded_code E1")]
    expect_each(engine, rule, table)
