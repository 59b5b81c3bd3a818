"""A monthly report for outsiders: no small number, no case, nothing that is made of either."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

import pytest

from qi_checker.monthly.protected import counts_of, protect_monthly
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
    assert not re.search(r"C00\d\d", text)
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
