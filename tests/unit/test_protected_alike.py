"""Whatever a protected report writes is made of its printed counts and of nothing else.

So the attack on counts (`tests/statistics/test_every_small_report.py`) covers page, table, JSON and
workbook, with percentages, intervals, tests and days: of two populations that print the same counts every
file is the same. Charts and slides there are none.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from qi_checker.monthly.protected import counts_of, protect_monthly
from qi_checker.monthly.protected_files import write_protected_monthly
from qi_checker.monthly.views import Monthly, Tally
from qi_checker.statistics.small_numbers import PROFILES
from qi_checker.statistics.withholding import shown_counts
from qi_checker.study.protected import protect_study
from qi_checker.study.protected_files import write_protected
from qi_checker.study.rates import Counted, compare
from qi_checker.study.views import Study
from tests.helpers.monthly import report, typical
from tests.helpers.study import reconstructed
from tests.helpers.worlds import Reports, attack

KEYS = ("ct", "mri")
PAIRS = 4
Counts = dict[str, int]


@cache
def alike(kind: Reports, profile: str) -> list[list[Counts]]:
    """Counts of populations that give the same report, of reports with the most and the least in it."""
    tried = attack(kind, 13, PROFILES[profile], shown_counts)
    found = [[kind.counts_of(world) for world in (some[0], some[-1])] for some in tried.alike]
    different = [pair for pair in found if pair[0] != pair[1]]
    return different[:: max(1, len(different) // PAIRS)]


def study_with(study: Study, sides: list[Counts], longer: float) -> Study:
    """The same study with other counts, and with means of days that differ after the point."""
    before, after = sides
    shares = [
        compare(r.key, r.title, *(Counted(c[r.key], c["eligible"]) for c in (before, after)))
        for r in study.rates
    ]
    lead = study.intervals[0]
    summaries = [
        replace(s, n=c["days"], mean=round(s.mean or 0) + longer)
        for s, c in ((lead.before, before), (lead.after, after))
    ]
    periods = [
        replace(p, eligible=c["eligible"]) for p, c in zip(study.periods, sides, strict=True)
    ]
    return replace(
        study,
        periods=(periods[0], periods[1]),
        rates=tuple(shares),
        plan_change=None,
        intervals=(replace(lead, before=summaries[0], after=summaries[1]), *study.intervals[1:]),
    )


def monthly_with(monthly: Monthly, counts: Counts) -> Monthly:
    """The same report with other counts in its 12 months, and all of them in its last month."""
    every, lead = counts["eligible"], monthly.standards[0]

    def tally(name: str) -> Tally:
        return Tally(counts[name], every, 0, 0)

    leaves = [
        replace(s, month=tally(n), year=tally(n), present_year=tally(f"present.{key}"))
        for s, key in zip(monthly.standards[1:], KEYS, strict=True)
        for n in (f"in_window.{key}",)
    ]
    whole = replace(lead, month=tally("compliant"), year=tally("compliant"))
    return replace(monthly, standards=(whole, *leaves))


def files_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


@pytest.mark.parametrize("profile", ["lt5", "nhs", "cms11"])
def test_studies_that_print_the_same_counts_are_the_same_files(
    profile: str, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    study = reconstructed(tmp_path / "data")
    assert [r.key for r in study.rates if "." in r.key][::2] == [f"present.{k}" for k in KEYS]
    pairs = alike(Reports(KEYS, ("in", "late")), profile)
    assert len(pairs) >= PAIRS
    for (one, other), (later, latest) in zip(pairs, reversed(pairs), strict=True):
        made = []
        for sides, longer in (([one, later], 0.0), ([other, latest], 0.4)):
            shown = protect_study(study_with(study, sides, longer), PROFILES[profile])
            write_protected(shown, tmp_path / "page", "html")
            write_protected(shown, tmp_path / "book", "xlsx")
            made.append(files_of(tmp_path / "page") | files_of(tmp_path / "book"))
        assert made[0] == made[1], (one, other)


@pytest.mark.parametrize("profile", ["lt5", "nhs", "cms11"])
def test_months_that_print_the_same_counts_are_the_same_files(profile: str, tmp_path: Path) -> None:
    monthly = report(typical(), "2026-02")
    pairs = alike(Reports(KEYS, ("in", "late"), study=False), profile)
    assert len(pairs) >= PAIRS
    for one, other in pairs:
        made = []
        for counts in (one, other):
            changed = monthly_with(monthly, counts)
            assert counts_of(changed) == {n: counts[n] for n in counts_of(changed)}
            shown = protect_monthly(changed, PROFILES[profile])
            write_protected_monthly(shown, tmp_path / "page", "html")
            write_protected_monthly(shown, tmp_path / "book", "xlsx")
            made.append(files_of(tmp_path / "page") | files_of(tmp_path / "book"))
        assert made[0] == made[1], (one, other)
        assert not [name for name in made[0] if name.endswith((".svg", ".png", ".pptx"))]
