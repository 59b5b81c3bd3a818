"""Small numbers: what each profile prints of a count, and that nested counts give nothing away."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qi_checker.statistics.small_numbers import PROFILES, Profile, is_small, nested, rounded
from qi_checker.statistics.withholding import shown_counts
from tests.helpers.attack import MOST, recovered


@pytest.mark.parametrize(
    ("profile", "counts", "printed"),
    [
        ("none", (30, 1, 0), ["30", "1", "0"]),
        ("lt5", (30, 5, 0), ["30", "5", "0"]),
        ("lt5", (40, 3, 0), ["40", "withheld", "0"]),
        ("lt5", (40, 37, 33), ["40", "withheld", "33"]),
        ("lt5", (7, 3, 0), ["withheld", "withheld", "0"]),
        ("nhs", (33, 8, 7), ["35", "10", "*"]),
        ("nhs", (25, 12, 13), ["25", "10", "15"]),
        ("cms11", (40, 30, 10), ["40", "*", "*"]),
        ("cms11", (41, 30, 0), ["41", "30", "0"]),
        ("cms11", (0, 0, 0), ["0", "0", "0"]),
    ],
)
def test_what_a_profile_prints(profile: str, counts: tuple[int, ...], printed: list[str]) -> None:
    names = ("eligible", "compliant", "in_window.ct")
    every = dict(zip(names, (counts[0], min(counts[1:]), max(counts[1:])), strict=True))
    shown = shown_counts(every, PROFILES[profile])
    by_number = {value: str(shown[name]) for name, value in every.items()}
    assert [by_number[value] for value in counts] == printed


def test_rounding_is_to_the_nearest_five() -> None:
    assert [rounded(v, PROFILES["nhs"]) for v in (0, 8, 12, 13, 17, 18)] == [0, 10, 10, 15, 15, 20]


@settings(max_examples=50, deadline=None)
@given(
    counts=st.lists(st.integers(0, 60), min_size=1, max_size=7),
    profile=st.sampled_from([PROFILES["lt5"], PROFILES["cms11"]]),
)
def test_nobody_works_out_what_lies_between_nested_counts(
    counts: list[int], profile: Profile
) -> None:
    """all >= present >= in the window >= complies: each difference is a group of cases."""
    chain = sorted(counts, reverse=True)
    allowed = nested(chain, profile)
    names = [f"k{i}" for i in range(len(chain))]
    limits = {n: (v, v) if t else (0, MOST) for n, v, t in zip(names, chain, allowed, strict=True)}
    relations, values = [], dict(zip(names, chain, strict=True))
    for (a, x), (b, y) in itertools.combinations(list(values.items()), 2):
        limits[f"{a}-{b}"] = (0, MOST)
        values[f"{a}-{b}"] = x - y
        relations.append({a: 1, b: -1, f"{a}-{b}": -1})
    for name, value in values.items():
        if is_small(value, profile):
            low, high = recovered(limits, relations, name)
            assert low <= 1 and high >= profile.largest


def test_two_rounded_numbers_say_their_difference_to_within_four() -> None:
    """What docs/small-numbers.md says of two overlapping periods with `nhs`."""
    nhs = PROFILES["nhs"]
    off = {
        abs((a - b) - (rounded(a, nhs) - rounded(b, nhs)))
        for a, b in itertools.product(range(8, 60), repeat=2)
    }
    assert off == {0, 1, 2, 3, 4}
