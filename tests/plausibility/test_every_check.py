"""Every check of the list is seen by itself on records that were damaged in its way."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from qi_checker.engines.duckdb import evaluate
from qi_checker.plausibility import AHEAD, PlausibilityChecks
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.plausible import CHECKS
from qi_checker.sources.memory import from_rows
from tests.helpers.plausible import (
    DEFAULTS,
    SITE,
    damaged,
    damaged_after_nights,
    demo,
    protocol,
    run_checks,
)

# Damage: the checks that must see it, whatever else is seen as well.
SEEN_BY: dict[str, tuple[str, ...]] = {
    "no_events_but_a_header": ("empty",),
    "events_in_us_dates": ("rejected", "no_events", "bookings", "undecided"),
    "commas_tear_a_tenth_of_rows": ("torn",),
    "everything_delivered_twice": ("repeated",),
    "operations_twice_under_new_ids": ("same_operation",),
    "modality_is_mri": ("words",),
    "kind_is_image": ("kinds",),
    "ct_and_mr_exchanged": ("contradictions",),
    "diagnoses_without_a_system": ("codes",),
    "first_digit_of_procedures_lost": ("code_shape",),
    "a_month_too_late": ("recorded_before",),
    "a_month_too_early": ("recorded_late", "ordered_after"),
    "ordered_instead_of_done": ("at_is_ordered",),
    "day_and_month_swapped_in_events": ("swapped_dates",),
    "default_date_in_a_tenth": ("before_1990",),
    "events_a_year_late": ("future",),
    "scans_nine_hours_late": ("night",),
    "scans_at_midnight": ("midnight",),
    "day_of_the_export_instead_of_done": ("one_day",),
    "cut_to_the_first_of_the_month": ("month_starts",),
    "cut_to_the_month": ("partial",),
    "procedures_and_diagnoses_exchanged": ("exchanged", "population"),
    "all_operations_cancelled": ("case_status",),
    "completed_mapped_to_booked": ("event_status",),
    "all_operations_scheduled": ("still_scheduled",),
    "ids_of_events_without_separators": ("spelling",),
    "one_default_patient": ("one_patient",),
    "patients_sorted_by_themselves": ("timing",),
    "cases_of_exceptions_without_separators": ("unknown_cases",),
    "all_events_stopped_six_weeks_ago": ("newest_event",),
    "no_operation_ahead": ("upcoming",),
    "ct_stopped_three_weeks_ago": ("stopped",),
    "diagnoses_empty_of_late": ("fewer",),
    "elective_mapped_to_emergency": ("excluded",),
    "no_mri_at_all": ("requirement",),
    "planned_operations_swapped": ("weekends",),
    "operations_a_day_early": ("weekends",),
    "cut_to_the_week": ("one_weekday", "no_weekday"),
    "no_events_on_mondays": ("no_weekday",),
    "only_bookings_of_next_week": ("horizon",),
    "only_operations_of_next_week": ("horizon",),
    "older_events_under_old_ids": ("earlier",),
    "exceptions_of_last_year": ("exceptions",),
    "booking_instead_of_surgery": ("after_surgery",),
    "cyrillic_letters_in_some_ids": ("spelling",),
    "default_day_of_planned_operations": ("far_ahead",),
    "mri_ordered_instead_of_done": ("at_is_ordered",),
    "mri_never_completed": ("event_status",),
    "mri_cancelled": ("event_status",),
    "bookings_a_year_late": ("booked_outside",),
    "bookings_on_the_day_of_their_order": ("bookings",),
    "planned_operations_a_year_late": ("far_ahead",),
    "planned_operations_on_the_first": ("month_starts",),
    "exceptions_of_unknown_requirements": ("exceptions",),
    "one_site_entered_in_error": ("in_error",),
    "mri_of_the_pelvis": ("other_events",),
    "ct_of_the_pelvis": ("other_events",),
    "every_scan_is_ct_and_mr": ("contradictions",),
    "lab_results_as_scans": ("unrecorded",),
    "lab_panels_as_scans": ("same_minute",),
    "codes_of_the_laboratory_as_scans": ("two_kinds",),
    "cancelled_scans_completed": ("unrecorded",),
    "orders_completed": ("minute_of_order", "unrecorded"),
    "cancelled_operations_performed": ("replaced",),
    "discharge_instead_of_surgery": ("after_admission", "weekends"),
    "discharge_without_admission": ("weekends",),
    "minute_of_admission_instead_of_surgery": ("at_is_admitted",),
}
# Only beside the nights before.
SEEN_BESIDE_EARLIER_NIGHTS = {
    "every_third_event_lost": "history_rows",
    "a_tenth_of_cases_lost": "history_vanished",
    "patients_shifted_by_a_row": "history_verdicts",
}
# Below, each by a test of its own.
BY_ITSELF = {"at_is_recorded", "newest_surgery", "period", "rate"}


def test_every_check_is_here() -> None:
    here = {check for checks in SEEN_BY.values() for check in checks}
    assert here | {*SEEN_BESIDE_EARLIER_NIGHTS.values()} | BY_ITSELF == set(CHECKS)


@pytest.mark.parametrize("name", SEEN_BY)
def test_a_damage_is_seen_by_its_checks(name: str) -> None:
    seen = damaged("demo", name)
    assert seen is not None and {*SEEN_BY[name]} <= seen.checks


@pytest.mark.parametrize("name", SEEN_BESIDE_EARLIER_NIGHTS)
def test_a_damage_is_seen_beside_earlier_nights(name: str) -> None:
    seen = damaged_after_nights(name)
    assert seen is not None
    assert SEEN_BESIDE_EARLIER_NIGHTS[name] in seen.checks


def test_the_time_of_the_record_in_the_place_of_the_scan() -> None:
    tables = demo().copy()
    for row in tables.events:
        if row["status"] == "completed" and row.get("recorded_at"):
            row["at"] = row["recorded_at"]
    assert "at_is_recorded" in run_checks(tables).checks


def test_the_newest_operation_is_of_four_months_ago() -> None:
    tables = demo().copy()
    last = str(tables.as_of - timedelta(days=120))
    tables.cases = [row for row in tables.cases if (row["surgery_at"] or "")[:10] <= last]
    assert "newest_surgery" in run_checks(tables).checks


def test_not_a_single_operation_is_compliant() -> None:
    """Scans of everybody are there, and every one of them is too old."""
    tables = demo().copy()
    for row in tables.events:
        if row["kind"] == "imaging" and re.match(r"\d{4}-\d\d-\d\d", row["at"] or ""):
            day = date.fromisoformat(row["at"][:10]) - timedelta(days=200)
            row["at"] = f"{day}{row['at'][10:]}"
            row["ordered_at"] = row["recorded_at"] = ""
    seen = run_checks(tables)
    assert "rate" in seen.checks and "compliant" not in seen.verdicts.values()


def test_a_period_that_the_records_do_not_reach() -> None:
    checks = PlausibilityChecks(
        DEFAULTS, accept=tuple(CHECKS), without=AHEAD, period=(date(2026, 3, 1), date(2026, 3, 31))
    )
    given = from_rows(demo().as_rows(), None)
    try:
        done = evaluate(
            protocol(),
            given,
            AsOf(date(2026, 3, 31)),
            SITE,
            checks=checks,
        )
        assert "period" in {finding.check for finding in done.checked.findings}
    finally:
        given.con.close()


def test_codes_of_a_system_that_the_protocol_has_no_code_of_are_named() -> None:
    tables = demo().copy()
    for row in tables.cases:
        row["procedures"] = "CCAM:HLFA011"
    (found,) = [f for f in run_checks(tables).checked.findings if f.check == "population"]
    assert "its code lists have no code of CCAM (docs/codes.md" in found.message
