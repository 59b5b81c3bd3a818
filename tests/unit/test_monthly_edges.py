"""Months in which there is next to nothing to say; every one of them gives a page."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from qi_checker.errors import UserError
from qi_checker.monthly import words as said
from qi_checker.monthly.folder import monthly_page
from qi_checker.monthly.views import Monthly
from qi_checker.protocol.paths import rules_dir
from tests.helpers.monthly import Records, report
from tests.helpers.pages import read_page


def nothing() -> Monthly:
    return report(Records(), "2026-02")


def another_month() -> Monthly:
    made = Records()
    made.add("2025-11-03")
    return report(made, "2026-02")


def later_only() -> Monthly:
    made = Records()
    made.add("2026-05-03", status="scheduled")
    return report(made, "2026-02")


def one_case() -> Monthly:
    made = Records()
    made.add("2026-02-03")
    return report(made, "2026-02")


def all_exempt() -> Monthly:
    made = Records()
    for day in range(1, 4):
        made.add(f"2026-02-{day:02}", mri=None, waived=True)
    return report(made, "2026-02")


def all_undetermined() -> Monthly:
    made = Records()
    for day in range(20, 26):
        made.add(f"2026-02-{day}", mri=20, partial=True)
    return report(made, "2026-02")


def all_cancelled() -> Monthly:
    made = Records()
    made.add("2026-02-03", status="cancelled")
    return report(made, "2026-02")


def other_protocol(name: str) -> Callable[[], Monthly]:
    def made() -> Monthly:
        records = Records()
        records.add("2026-02-03")
        return report(records, "2026-02", protocol=rules_dir() / name)

    return made


SHIPPED = sorted(p.parent.name for p in rules_dir().glob("*/protocol.yaml"))
EDGES: dict[str, tuple[Callable[[], Monthly], str]] = {
    "nothing": (nothing, "There was no eligible operation in February 2026, nor in the 11 months"),
    "another month": (another_month, "In February 2026 there was no eligible operation; 1/1"),
    "later only": (later_only, "There was no eligible operation in February 2026"),
    "one case": (
        one_case,
        (
            "In February 2026 1 of 1 operation complied; 1/1 in February 2026, the only month of the "
            "last 12 with an operation, target 95%: not evaluable, too few cases."
        ),
    ),
    "all exempt": (
        all_exempt,
        (
            "In February 2026 every eligible operation has an exception; every "
            "case has an exception in February 2026, the only month of the last 12"
        ),
    ),
    "all undetermined": (all_undetermined, "In February 2026 0 of 6 operations complied; 0/6 (0%"),
    "all cancelled": (all_cancelled, "There was no eligible operation in February 2026"),
    **{name: (other_protocol(name), "") for name in SHIPPED},
}


@pytest.mark.parametrize("name", EDGES)
def test_a_page_with_a_finding(name: str) -> None:
    build, finding = EDGES[name]
    view = build()
    assert said.finding(view).startswith(finding)
    page = monthly_page(view)
    read_page(page)  # well-formed
    assert not re.search(r"\b(None|nan)\b", re.sub(r"<style.*?</style>", "", page, flags=re.DOTALL))
    assert "(0%" not in said.finding(view) or name == "all undetermined"


def test_a_month_that_is_not_over_is_refused() -> None:
    with pytest.raises(UserError, match="2026-02 is not over on 2026-02-27"):
        report(Records(), "2026-02", as_of="2026-02-27")


def test_what_is_known_later_counts_when_it_is_asked_later() -> None:
    made = Records()
    made.add("2026-02-10", recorded="2026-03-01")
    assert report(made, "2026-02").standards[0].month.part == 0
    assert report(made, "2026-02", as_of="2026-03-02").standards[0].month.part == 1
