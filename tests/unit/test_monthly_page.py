"""The first page of a month: title, lead, decisions, icons of variation and assurance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from qi_checker.errors import UserError
from qi_checker.monthly import words as said
from qi_checker.monthly.folder import monthly_page
from qi_checker.monthly.views import Icons, Monthly, Tally
from qi_checker.protocol.report_settings import load_report_settings
from tests.helpers import monthly
from tests.helpers.pages import read_page

VIEW = monthly.report(monthly.typical(), "2026-02", monthly.FULL, by="surgeon")


def against(target: float | None, part: int, whole: int, undetermined: int = 0) -> Monthly:
    """The report with another result of 12 months."""
    year = Tally(part, whole, undetermined, 0)
    lead = replace(VIEW.standards[0], year=year, target=target, year_target=target)
    return replace(VIEW, standards=(lead, *VIEW.standards[1:]))


@pytest.mark.parametrize(
    ("target", "part", "whole", "title"),
    [
        (0.95, 110, 142, "77% (110 of 142), target 95%: not met"),
        (0.95, 200, 200, "100% (200 of 200), target 95%: met"),
        (0.95, 27, 30, "90% (27 of 30), target 95%: not clear yet"),
        (0.95, 3, 4, "3 of 4, target 95%: too few operations to say"),
        (None, 27, 30, "90% (27 of 30)"),
    ],
)
def test_the_title_says_rate_target_and_verdict(
    target: float | None, part: int, whole: int, title: str
) -> None:
    assert said.head(against(target, part, whole)) == title


def test_the_lead_has_the_main_cause_and_what_is_undetermined() -> None:
    lead = said.lead(against(0.95, 110, 142, 8))
    assert "Main cause: MRI of the liver: never ordered (6 of 12)." in lead
    assert "8 undetermined." in lead and "95% CI 70–84%." in lead


def test_figures_show_the_month_before() -> None:
    words = read_page(monthly_page(VIEW)).words
    assert "the month before: 2 of 3" in words
    assert said.between(Tally(110, 142, 8, 0)) == "the rate is between 77% and 83%"


def test_decisions_come_from_causes_with_their_count() -> None:
    first = VIEW.decisions[0]
    assert (first.count, first.of) == (6, "12 failed requirements")
    assert first.ask == "Agree on how to prevent this: MRI of the liver: never ordered"
    assert [d.count for d in VIEW.decisions[2:]] == [1, 1]  # an exception, an undetermined case


def test_a_site_writes_its_own_decision() -> None:
    own = {"reason": "never_ordered", "ask": "Order both scans together.", "owner": "Clinic"}
    view = monthly.report(monthly.typical(), "2026-02", monthly.settings(decisions=[own]))
    assert (view.decisions[0].ask, view.decisions[0].owner) == (
        "Order both scans together",
        "Clinic",
    )


def test_a_decision_for_an_unknown_reason_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "report.yaml"
    file.write_text("decisions:\n  - {reason: too-old, ask: x}\n", encoding="utf-8")
    with pytest.raises(UserError, match="`too-old` is not a reason of findings"):
        load_report_settings(file)


def test_icons_are_refused_where_months_would_signal_by_chance() -> None:
    assert "would signal by chance" in VIEW.icons.why_not
    assert "are not shown: months of so few operations" in read_page(monthly_page(VIEW)).words


def test_icons_need_thirteen_months() -> None:
    made = monthly.Records()
    for month in range(1, 6):
        made.add(f"2026-{month:02}-03")
    view = monthly.report(made, "2026-05")
    assert view.icons.why_not == "they need 13 months with an operation; there are 5"


def test_icons_are_shown_where_the_guard_allows() -> None:
    """Fifteen months of five operations each, none of them at the median of the baseline."""
    made = monthly.Records()
    complied = (2, 3, 1, 4, 3, 2, 2, 4, 3, 1, 2, 3, 3, 2, 4)
    for n, good in enumerate(complied):
        year, month = 2025 + n // 12, n % 12 + 1
        for i in range(5):
            made.add(f"{year}-{month:02}-{3 + i:02}", mri=10 if i < good else None)
    view = monthly.report(made, "2026-03")
    if view.icons.why_not:
        pytest.fail(view.icons.why_not)
    assert view.icons.variation == "common cause"
    assert view.icons.assurance == "meets the target or not by chance"


@pytest.mark.parametrize(
    ("icons", "words"),
    [
        (Icons("common cause", 0, "", ""), "Variation: common cause, no month stands out."),
        (
            Icons("special cause concern", -1, "consistently fails the target", ""),
            "Assurance: a month consistently fails the target.",
        ),
    ],
)
def test_an_icon_stands_beside_its_words(icons: Icons, words: str) -> None:
    assert words in read_page(monthly_page(replace(VIEW, icons=icons))).words
