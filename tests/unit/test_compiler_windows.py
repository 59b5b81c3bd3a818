"""Windows in SQL against counting day by day: opening day, and how long an event counts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from qi_checker.protocol.windows import Window
from tests.helpers import case, ct_rule, run, scan
from tests.helpers.engines import on_duckdb

START, DAYS = date(2023, 12, 1), 460  # a leap year with its February, and two turns of the year
LIMITS = [
    {"at_most": "0 days"},
    {"at_most": "30 days"},
    {"at_most": "4 weeks"},
    {"at_most": "1 month"},
    {"at_most": "2 months"},
    {"at_most": "13 months"},
    {"at_most": "1 year"},
    {"less_than": "1 day"},
    {"less_than": "4 weeks"},
    {"less_than": "1 month"},
    {"less_than": "6 months"},
    {"less_than": "1 year"},
]


def _days() -> list[date]:
    return [START + timedelta(days=n) for n in range(DAYS)]


def _counts(window: Window, event: date, surgery: date) -> bool:
    opens = window.opens(surgery)
    return opens is not None and opens <= event <= surgery


def _last_day(window: Window, event: date) -> date:
    """The last date of surgery for which an event counts, found by trying every one."""
    day = event
    while _counts(window, event, day + timedelta(days=1)):
        day += timedelta(days=1)
    return day


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: " ".join(*limit.items()))
def test_opening_day_and_last_day_are_those_of_the_calendar(limit: dict[str, str]) -> None:
    """Every day is once the day of surgery, and once the day of a scan made that same morning."""
    window = Window.model_validate({"before": "surgery"} | limit)
    rule = ct_rule(window={"before": "surgery"} | limit)
    cases = [case(f"C{d}", f"{d}T23:00", patient_id=f"P{d}") for d in _days()]
    events = [scan(f"{d}T08:00", f"E{d}", patient_id=f"P{d}") for d in _days()]
    seen = run(on_duckdb, rule, cases=cases, events=events, as_of="2027-01-01")
    found = {f["case_id"]: f for f in seen.findings}
    assert {f["status"] for f in found.values()} == {"met"}
    assert {d: found[f"C{d}"]["window_opens"] for d in _days()} == {
        d: window.opens(d) for d in _days()
    }
    assert {d: found[f"C{d}"]["valid_through"] for d in _days()} == {
        d: _last_day(window, d) for d in _days()
    }


@pytest.mark.parametrize("limit", LIMITS[1:], ids=lambda limit: " ".join(*limit.items()))
def test_the_last_day_counts_and_the_next_does_not(limit: dict[str, str]) -> None:
    window = Window.model_validate({"before": "surgery"} | limit)
    rule = ct_rule(window={"before": "surgery"} | limit)
    expected, cases, events = {}, [], []
    for day in _days()[::3]:
        for n, status in enumerate(("met", "expired")):
            surgery = _last_day(window, day) + timedelta(days=n)
            patient = f"{day}/{n}"
            expected[patient] = status
            cases.append(case(patient, f"{surgery}T23:00", patient_id=patient))
            events.append(scan(f"{day}T08:00", patient, patient_id=patient))
    seen = run(on_duckdb, rule, cases=cases, events=events, as_of="2027-01-01")
    assert {f["case_id"]: f["status"] for f in seen.findings} == expected
