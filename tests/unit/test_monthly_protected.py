"""A monthly report for outsiders: no small number, no case, nothing that is made of either."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from qi_checker.monthly.protected import OVERLAP, ProtectedMonthly, counts_of, protect_monthly
from qi_checker.monthly.protected_files import finding, write_protected_monthly
from qi_checker.statistics.small_numbers import PROFILES
from tests.helpers.monthly import FULL, Records, report, typical

SHIELDS = [p for name, p in PROFILES.items() if name != "none"]


@pytest.mark.parametrize("profile", SHIELDS, ids=lambda p: p.name)
@pytest.mark.parametrize("seed", range(4))
def test_no_small_number_is_printed_nor_made_of_one(profile, seed: int) -> None:
    chance = Random(seed)
    made = Records()
    for n in range(chance.choice((12, 40, 90))):
        made.add(
            f"2025-{n % 12 + 1:02}-{chance.randint(1, 28):02}",
            ct=chance.choice((5, 10, 40, None)),
            mri=chance.choice((5, 10, 20, 31, None)),
        )
    view = report(made, "2025-12")
    shown = protect_monthly(view, profile)
    real = counts_of(view)
    for line in shown.lines:
        for number in (line.part, line.whole):
            assert number.value is None or number.value == 0 or number.value > profile.largest
        if line.tally is not None:
            assert (line.tally.part, line.tally.whole) == (line.part.value, line.whole.value)
        if line.part.value is not None and line.whole.value is not None and not profile.rounded_to:
            missing = line.whole.value - line.part.value
            assert missing == 0 or missing > profile.largest, "the complement gives it away"
            assert line.part.value == real[line.key]


def test_files_hold_nothing_of_a_month_or_a_case(tmp_path: Path) -> None:
    shown = protect_monthly(report(typical(), "2026-02", FULL, by="surgeon"), PROFILES["lt5"])
    written = write_protected_monthly(shown, tmp_path / "out", "all")
    names = {f.name for f in (tmp_path / "out").iterdir()}
    assert names == {
        "index.html",
        "report.pdf",
        "report.xlsx",
        "report.json",
        "manifest.json",
        "standards.csv",
    }
    text = "".join(
        f.read_text("utf-8")
        for f in (tmp_path / "out").iterdir()
        if f.suffix in (".html", ".json", ".csv")
    )
    with zipfile.ZipFile(tmp_path / "out" / "report.xlsx") as book:
        text += "".join(book.read(n).decode("utf-8") for n in book.namelist())
        assert not [n for n in book.namelist() if "chart" in n or "drawing" in n or "media" in n]
    assert OVERLAP in text
    assert not re.search(r"C00\d\d", text)
    assert not re.search(r"<(svg|img|canvas|object)\b|data:image", text), "a chart"
    document = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert set(document) == {
        "header",
        "provenance",
        "profile",
        "eligible",
        "lines",
        "target",
        "left_out",
    }
    assert written.finding == finding(shown)
    assert written.finding.startswith("March 2025 to February 2026: 25/39 (64%, 95% CI 48–77) of")


def test_no_case_at_all() -> None:
    shown = protect_monthly(report(Records(), "2026-02"), PROFILES["cms11"])
    assert finding(shown).startswith("March 2025 to February 2026: no eligible cases of")


def told(days: list[str]) -> ProtectedMonthly:
    """A report of operations on these days, every third without an MRI; but not of which data."""
    made = Records()
    for n, day in enumerate(days):
        made.add(day, mri=None if n % 3 else 10)
    shown = protect_monthly(report(made, "2025-12"), PROFILES["lt5"])
    return replace(shown, provenance=replace(shown.provenance, data_sha256=""))


def test_a_report_tells_nothing_of_the_months_that_make_up_its_year() -> None:
    """The same operations in other months, and others before the 12 months: the same report."""
    spread = [f"2025-{n % 12 + 1:02}-10" for n in range(24)]
    late = [f"2025-{10 + n % 3}-10" for n in range(24)]
    assert told(spread) == told(late)
    assert told(spread) == told([*spread, *(f"2024-{n + 1:02}-10" for n in range(12))])


def test_two_reports_that_overlap_give_a_month_away_and_say_so() -> None:
    """The limit that docs/small-numbers.md states: what two 12 months differ by is two months.

    Nobody was operated in November 2024, three were in November 2025: the difference is the small
    number. Nothing in one report can prevent it, so both say that only one may be published.
    """
    made = Records()
    for n in range(40):
        made.add(f"2025-{n % 10 + 1:02}-10", ct=10, mri=None if n % 2 else 10)
    for n in range(3):
        made.add(f"2025-11-{n + 10}")
    first, second = (
        protect_monthly(report(made, month), PROFILES["lt5"]).eligible.value
        for month in ("2025-10", "2025-11")
    )
    assert first is not None
    assert second is not None
    assert second - first == 3
    assert "Publish one a year" in OVERLAP
