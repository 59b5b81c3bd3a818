"""A monthly report for people who may not see small numbers: 12 months, without single cases.

At 3 to 5 operations a month nearly every number of a month is small, and two reports whose 12
months overlap can be subtracted from each other: publish one a year. Everything is computed from
the printed counts (docs/small-numbers.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from qi_checker.monthly.views import Header, Monthly, Tally
from qi_checker.render.views import Provenance
from qi_checker.statistics.small_numbers import Profile, Shown
from qi_checker.statistics.withholding import shown_counts

OVERLAP = (
    "Two reports whose 12 months overlap can be subtracted from each other. Publish one a year."
)
_LEFT_OUT = (
    "the numbers of single months, and the charts of them",
    "every operation, its days and its causes, and the lists of cases",
    "surgeons and sites",
    "exceptions, undetermined operations, other windows and what was judged again",
    "the way to the denominator, rejected rows, data problems and rows per file",
)


@dataclass(frozen=True)
class ProtectedLine:
    """One standard over 12 months; `tally` is computed from the two numbers, if both are
    printed."""

    key: str
    title: str
    part: Shown
    whole: Shown
    tally: Tally | None


@dataclass(frozen=True)
class ProtectedMonthly:
    """The whole protected report. Every rate ignores exceptions."""

    header: Header
    provenance: Provenance
    profile: Profile
    eligible: Shown
    lines: tuple[ProtectedLine, ...]
    target: float | None
    left_out: tuple[str, ...] = _LEFT_OUT


def protect_monthly(monthly: Monthly, profile: Profile) -> ProtectedMonthly:
    """Return the printable part of a report; `profile` is not `none`, the unprotected report."""
    shown = shown_counts(counts_of(monthly), profile)
    lead = monthly.standards[0]
    # The month of the first operation, or of a version's first, would reveal single months.
    header = replace(monthly.header, held_first=monthly.header.year_first, versions=())
    return ProtectedMonthly(
        header=header,
        provenance=monthly.provenance.without_numbers(),
        profile=profile,
        eligible=shown["eligible"],
        lines=tuple(_line(key, title, shown) for key, title in _titles(monthly)),
        target=lead.year_target,
    )


def counts_of(monthly: Monthly) -> dict[str, int]:
    """Return every printed count of eligible operations, the most important first."""
    lead, *leaves = monthly.standards
    counts = {"eligible": lead.year.raw_whole, "compliant/whole": lead.year.raw_whole}
    counts |= {f"in_window.{s.key}/whole": s.year.raw_whole for s in leaves}
    there = {f"present.{s.key}": s.present_year for s in leaves if s.present_year is not None}
    counts |= {f"{key}/whole": present.whole for key, present in there.items()}
    counts["compliant"] = lead.year.part
    counts |= {f"in_window.{s.key}": s.year.part for s in leaves}
    return counts | {key: present.part for key, present in there.items()}


def _titles(monthly: Monthly) -> list[tuple[str, str]]:
    lead, *leaves = monthly.standards
    lines = [("compliant", lead.title)]
    for s in leaves:
        if s.present_year is not None:
            lines.append((f"present.{s.key}", f"{s.title}: present"))
        lines.append((f"in_window.{s.key}", f"{s.title}: in the window"))
    return lines


def _line(key: str, title: str, shown: dict[str, Shown]) -> ProtectedLine:
    part, whole = shown[key], shown[f"{key}/whole"]
    tally = None
    if part.value is not None and whole.value is not None:
        tally = Tally(part.value, whole.value, 0, 0)
    return ProtectedLine(key, title, part, whole, tally)
