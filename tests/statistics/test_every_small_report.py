"""Every report of up to 20 operations: nobody can tell a small group from what is printed.

`tests/helpers/worlds.py` says who is assumed to read the report: somebody who knows the program and tries
every population. A report of three requirements prints counts of 8 groups if each is met or not, and of
27 if a study may also be late. All ways to put up to 20 operations into 8 groups are tried here, once with
studies that are late and once with none where they are not in time; of 27 groups fewer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qi_checker.statistics.small_numbers import PROFILES, Shown
from qi_checker.statistics.withholding import shown_counts
from tests.helpers.worlds import Reports, attack, worlds

KEYS = ("ct", "mri", "us")
KINDS = {
    "a study, late": Reports(KEYS, ("in", "late")),
    "a study, none": Reports(KEYS, ("in", "no")),
    "a month": Reports(KEYS, ("in", "late"), study=False),
    "any of three": Reports(KEYS, ("in", "late"), complies=any),
    "two, late or none": Reports(KEYS[:2], ("in", "late", "no")),
    "two, each of some": Reports(KEYS[:2], ("in", "late", "inapplicable")),
    "three, late or none": Reports(KEYS, ("in", "late", "no")),
}
USUAL = {
    "a study, late": 9,
    "any of three": 4,
    "two, late or none": 5,
    "two, each of some": 4,
    "three, late or none": 3,
}
THOROUGH = {
    "a study, late": 20,
    "a study, none": 16,
    "a month": 12,
    "any of three": 16,
    "two, late or none": 11,
    "two, each of some": 9,
    "three, late or none": 5,
}


@pytest.mark.parametrize("profile", ["lt5", "nhs", "cms11"])
@pytest.mark.parametrize(
    ("kind", "most"),
    [
        *USUAL.items(),
        *(pytest.param(*one, marks=pytest.mark.thorough) for one in THOROUGH.items()),
    ],
)
def test_no_group_of_an_enumerated_report_is_known(kind: str, most: int, profile: str) -> None:
    tried = attack(KINDS[kind], most, PROFILES[profile], shown_counts)
    print(f"{tried.worlds:,} populations, {tried.vectors:,} vectors, {tried.printed:,} reports")
    assert tried.known == []


def test_all_populations_are_tried() -> None:
    """C(most + groups, groups): 3,108,105 for 20 operations in 8 groups."""
    tried = worlds(8, 6)
    assert tried.shape == (3003, 8)
    assert len(np.unique(tried, axis=0)) == len(tried)
    assert tried.sum(axis=1).max() == 6


def test_the_attack_finds_what_is_not_protected() -> None:
    """Of 24 and 24 of 44 are 4 both, with smaller numbers: 7 and 7 of 10, where only marks are set."""

    def marks_only(counts: dict[str, int], profile: Any) -> dict[str, Shown]:
        return {
            n: Shown(None, profile.mark) if 1 <= v <= profile.largest else Shown(v)
            for n, v in counts.items()
        }

    known = attack(Reports(KEYS[:2], ("in", "late")), 10, PROFILES["lt5"], marks_only).known
    numbers = "'compliant': 'withheld', 'in_window.ct': '7', 'in_window.mri': '7'"
    assert any(k.startswith("in-in are 4:") and numbers in k for k in known)


def _study(eligible: int, compliant: int, each: tuple[int, int, int], days: int) -> dict[str, int]:
    """Return the counts of a study in which no study is late."""
    of = dict(zip(KEYS, each, strict=True))
    numbers = {"eligible": eligible, "compliant": compliant, "days": days}
    return {
        name: eligible
        if name.endswith("/whole")
        else numbers.get(name, of.get(name[-2:], of["mri"]))
        for name in KINDS["a study, none"].names
    }


@pytest.mark.parametrize(
    ("eligible", "compliant", "each", "several"),
    [
        (16, 0, (10, 10, 10), (15, 16)),
        (20, 0, (14, 9, 9), (16, 17, 18, 19)),
        (14, 1, (4, 4, 4), (9, 10)),
    ],
)
def test_the_number_with_any_study_is_not_told_by_the_choice(
    eligible: int, compliant: int, each: tuple[int, int, int], several: tuple[int, ...]
) -> None:
    """Some of these had a report of their own, by which a group of one or two was known."""
    plan = {"plan_change/whole": eligible, "plan_change": 2}  # reveals nothing about imaging
    for others in ({}, plan):
        studies = [_study(eligible, compliant, each, days) | others for days in several]
        reports = [shown_counts(counts, PROFILES["lt5"]) for counts in studies]
        assert all(report == reports[0] for report in reports)


def test_who_met_one_of_three_is_no_sum_of_counts() -> None:
    """Of 11 that each met one or two, 18 in all: 7 met two, and 4 one."""
    numbers = {
        "in-in-no": 2,
        "in-no-in": 2,
        "no-in-in": 3,
        "in-no-no": 2,
        "no-in-no": 1,
        "no-no-in": 1,
    }
    reports = KINDS["a study, none"]
    counts = reports.counts_of([numbers.get("-".join(group), 0) for group in reports.groups])
    assert [counts[f"in_window.{key}"] for key in KEYS] == [6, 6, 6]
    released = shown_counts(counts, PROFILES["lt5"])
    assert any(released[f"in_window.{key}"].value is None for key in KEYS)
