"""A study without its small numbers: nothing printed gives them back."""

from __future__ import annotations

import itertools
import json
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qi_checker.statistics.small_numbers import PROFILES, Profile, Shown, is_small
from qi_checker.statistics.withholding import shown_counts
from qi_checker.study.cases import AFTER, BEFORE, Case
from qi_checker.study.comparison import _rates
from qi_checker.study.protected import protect_study
from qi_checker.study.protected_files import protected_page, write_protected
from tests.helpers.attack import MOST, limits_of, recovered
from tests.helpers.study import reconstructed
from tests.helpers.worlds import Reports

HIDING = [PROFILES[name] for name in ("lt5", "nhs", "cms11")]
STATES = list(itertools.product(("in", "late", "no"), repeat=2))  # of CT and of MRI
COUNTED = {
    "eligible": lambda ct, mri: True,
    "compliant/whole": lambda ct, mri: True,
    "compliant": lambda ct, mri: ct == mri == "in",
    "in_window.ct": lambda ct, mri: ct == "in",
    "in_window.mri": lambda ct, mri: mri == "in",
    "present.ct": lambda ct, mri: ct != "no",
    "present.mri": lambda ct, mri: mri != "no",
    "days": lambda ct, mri: (ct, mri) != ("no", "no"),
}
# Groups that somebody would look for in such a report: complements and differences.
SOUGHT = {
    "CT not in time": {"eligible": 1, "in_window.ct": -1},
    "MRI not in time": {"eligible": 1, "in_window.mri": -1},
    "no CT": {"eligible": 1, "present.ct": -1},
    "no MRI": {"eligible": 1, "present.mri": -1},
    "CT, but not in time": {"present.ct": 1, "in_window.ct": -1},
    "MRI, but not in time": {"present.mri": 1, "in_window.mri": -1},
    "does not comply": {"eligible": 1, "compliant": -1},
    "only MRI late": {"in_window.ct": 1, "compliant": -1},
    "neither in time": {"eligible": 1, "in_window.ct": -1, "in_window.mri": -1, "compliant": 1},
    "both present": {"present.ct": 1, "present.mri": 1, "days": -1},
    "neither present": {"eligible": 1, "days": -1},
}
GROUPS = st.lists(st.one_of(st.integers(0, 3), st.integers(0, 40)), min_size=9, max_size=9)


def attacked(counts: dict[str, int], keys: tuple[str, ...], profile: Profile) -> list[str]:
    """Counts that somebody who knows how they overlap confines to one number, or more than marks do.

    Zeros and marks by themselves may narrow a range, as docs/small-numbers.md says: two operations of
    which none complies, with some CT, some MRI and some ultrasound in time, are at least two.
    """
    released = shown_counts(counts, profile)
    reports = Reports(keys, ("in", "late", "no"))
    states = reports.groups
    limits = {f"a{i}": (0, MOST) for i in range(len(states))}
    marks = limits | {name: _marked(value, profile) for name, value in counts.items()}
    limits |= {name: limits_of(released[name], profile.name) for name in counts}
    relations = [
        {f"a{i}": 1 for i, state in enumerate(states) if reports.counted(name, state)} | {name: -1}
        for name in counts
    ]
    found = []
    for name, value in counts.items():
        if is_small(value, profile):
            low, high = recovered(limits, relations, name)
            narrowed = not profile.rounded_to and low > 1
            if low == high or (narrowed and low > recovered(marks, relations, name)[0]):
                found.append(f"{name} is {value}, between {low} and {high}")
    for name, value in counts.items():
        missing = counts["eligible"] - value
        if is_small(missing, profile):
            limits["sought"] = (0, MOST)
            low, high = recovered(
                limits, [*relations, {"eligible": 1, name: -1, "sought": -1}], "sought"
            )
            if low == high:
                found.append(f"not {name} is {missing}")
    return found


def _marked(value: int, profile: Profile) -> tuple[int, int]:
    """What a count would say of itself if nothing but zeros and marks were printed."""
    return limits_of(Shown(None, profile.mark) if value else Shown(0), profile.name)


def vector(keys: tuple[str, ...], n: int, parts: tuple[int, ...], both: int) -> dict[str, int]:
    """Counts of n operations that all have every study: `parts` in time, `both` all of them."""
    return {
        "eligible": n,
        "compliant/whole": n,
        "compliant": both,
        **{f"in_window.{key}": part for key, part in zip(keys, parts, strict=True)},
        **{f"present.{key}": n for key in keys},
        "days": n,
    }


@pytest.mark.parametrize("profile", HIDING, ids=lambda p: p.name)
@pytest.mark.parametrize(
    ("n", "parts", "both"),
    [
        (44, (24, 24), 4),  # 24 + 24 - 44 = 4
        (44, (24, 24), 12),
        (20, (16, 12), 8),
        (12, (10, 10), 8),
        (9, (5, 8), 4),
        (30, (25, 24, 23), 12),
        (2, (1, 1, 1), 0),  # zeros and marks alone say "at least two"
    ],
)
def test_inclusion_and_exclusion_give_nothing_away(
    n: int, parts: tuple[int, ...], both: int, profile: Profile
) -> None:
    keys = ("ct", "mri", "us")[: len(parts)]
    assert attacked(vector(keys, n, parts, both), keys, profile) == []


def test_what_can_be_told_is_told() -> None:
    """Of 24 and 24 of 44 one is printed; the other would say that four comply."""
    released = shown_counts(vector(("ct", "mri"), 44, (24, 24), 4), PROFILES["lt5"])
    assert [str(released[n]) for n in ("compliant", "in_window.ct", "in_window.mri")] == [
        "withheld",
        "24",
        "withheld",
    ]
    released = shown_counts(vector(("ct", "mri"), 60, (50, 45), 40), PROFILES["lt5"])
    assert all(shown.value is not None for shown in released.values())


@settings(max_examples=12, deadline=None)
@given(atoms=GROUPS, profile=st.sampled_from(HIDING))
def test_nobody_works_out_a_group(atoms: list[int], profile: Profile) -> None:
    """From every printed count of a period, and from how CT and MRI make up compliance."""
    counts = {
        name: sum(n for n, state in zip(atoms, STATES, strict=True) if chosen(*state))
        for name, chosen in COUNTED.items()
    }
    released = shown_counts(counts, profile)
    limits = {f"a{i}": (0, MOST) for i in range(len(STATES))}
    relations = []
    for name, chosen in COUNTED.items():
        limits[name] = limits_of(released[name], profile.name)
        relations.append(
            {f"a{i}": 1 for i, state in enumerate(STATES) if chosen(*state)} | {name: -1}
        )
    for group, formula in SOUGHT.items():
        limits[group] = (0, MOST)
        relations.append({**formula, group: -1})
    values = counts | {g: sum(f * counts[n] for n, f in s.items()) for g, s in SOUGHT.items()}
    for name, value in values.items():
        if is_small(value, profile):
            low, high = recovered(limits, relations, name)
            assert low < high, f"{name} is {value}: {counts}"


@pytest.mark.parametrize("profile", HIDING, ids=lambda p: p.name)
def test_no_small_number_and_no_operation_is_anywhere(tmp_path: Path, profile: Profile) -> None:
    (tmp_path / "data").mkdir()
    study = reconstructed(tmp_path / "data")
    made = protect_study(study, profile)
    write_protected(made, tmp_path / "out", "html")
    files = {f.name: f.read_text(encoding="utf-8") for f in (tmp_path / "out").iterdir()}
    assert set(files) == {"index.html", "study.json", "rates.csv", "days.csv", "manifest.json"}
    for point in study.points:
        assert not any(point.case_id in text for text in files.values())
    printed = {
        side[what]["value"]
        for rate in json.loads(files["study.json"])["rates"]
        for side in (rate["before"], rate["after"])
        for what in ("part", "whole")
    } - {None}
    assert not any(is_small(number, profile) for number in printed)
    if profile.rounded_to:
        assert all(number % 5 == 0 for number in printed)
    assert f"profile {profile.name}" in files["index.html"]


def test_everything_printed_is_made_of_printed_numbers(tmp_path: Path) -> None:
    made = protect_study(reconstructed(tmp_path), PROFILES["cms11"])
    for rate in made.rates:
        for side in (rate.before, rate.after):
            assert (side.share is None) == (None in (side.part.value, side.whole.value))
            if side.share:
                assert (side.share.part, side.share.whole) == (side.part.value, side.whole.value)
    changed = next(rate for rate in made.rates if rate.key == "plan_change")
    assert changed.before.part.value is changed.after.part.value is None  # 10 and 5
    assert changed.compared is None
    page = protected_page(made)
    assert not re.search(r"10/39|5/27|14/39.*5/27", page)


def test_the_presence_of_a_forbidden_event_is_no_rate() -> None:
    found = {"status": "met", "present": True}
    case = Case("C1", BEFORE, date(2026, 3, 3), "compliant", {"ct": found, "warfarin": found})
    titles = {"ct": "CT", "warfarin": "No warfarin"}
    rates = _rates({BEFORE: [case], AFTER: [case]}, titles, frozenset({"warfarin"}))
    assert [r.key for r in rates] == [
        "compliant",
        "present.ct",
        "in_window.ct",
        "in_window.warfarin",
    ]
