"""Counts that overlap: which groups they are made of, and what follows from them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from qi_checker.statistics.overlaps import ANY, EVERY, OTHERS, Frame, Overlaps
from qi_checker.statistics.small_numbers import PROFILES
from qi_checker.statistics.withholding import shown_counts
from tests.helpers.worlds import Reports

KEYS = ("a", "b", "c", "d", "e")
LT5 = PROFILES["lt5"]


def frame_of(reports: Reports, complies: str = EVERY) -> tuple[Frame, list[str]]:
    names = [n for n in reports.names if "/" not in n]
    return Frame(tuple(names), reports.keys, frozenset(), complies), names


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_counts_fit_exactly_where_a_search_finds_groups(data: st.DataObject) -> None:
    reports = Reports(KEYS[: data.draw(st.integers(1, 3))], ("in", "late", "no"))
    frame, names = frame_of(reports)
    numbers = data.draw(st.lists(st.integers(0, 4), min_size=len(reports.groups), max_size=27))
    counts = reports.counts_of(numbers[: len(reports.groups)])
    assert frame._surely_fits(counts)
    for name in data.draw(st.lists(st.sampled_from(names), max_size=3)):
        counts[name] = max(0, counts[name] + data.draw(st.integers(-2, 2)))
    exact = tuple((counts[n], counts[n]) for n in names)
    try:
        frame.least(exact, np.zeros(frame.rows.shape[1], dtype=np.int64))
    except ValueError:
        assert not frame._surely_fits(counts)
    else:
        assert frame._surely_fits(counts)


def test_who_met_both_of_two_where_any_is_enough() -> None:
    """24 with a CT and 24 with an MRI in time, 44 with either: 4 with both."""
    reports = Reports(KEYS[:2], ("in", "late"), complies=any)
    counts = reports.counts_of([4, 20, 20, 16])
    assert counts["compliant"] == 44
    assert Overlaps(counts, LT5).frame.complies == ANY
    released = shown_counts(counts, LT5)
    printed = [released[n].value for n in ("compliant", "in_window.a", "in_window.b")]
    assert printed == [44, 24, None]


def test_who_complies_with_five_requirements_met_all_five() -> None:
    """Only four are looked at by themselves; who met these four need not comply."""
    reports = Reports(KEYS, ("in", "no"))
    numbers: dict[tuple[str, ...], int] = {
        ("in",) * 5: 20,
        ("in",) * 4 + ("no",): 15,
        ("no",) * 5: 15,
    }
    counts = reports.counts_of([numbers.get(group, 0) for group in reports.groups])
    overlaps = Overlaps(counts, LT5)
    assert overlaps.frame.keys == (*KEYS[:4], OTHERS)
    assert "compliant" in overlaps.frame.names
    assert (counts["compliant"], counts["in_window.a"]) == (20, 35)
    assert shown_counts(counts, LT5)["in_window.a"].value == 35


def test_what_is_forbidden_is_met_without_a_study() -> None:
    reports = Reports(KEYS[:2], ("in", "late", "no"))
    counts = reports.counts_of([30, 0, 0, 0, 0, 0, 10, 0, 0])
    counts["present.a"] = 0
    assert Overlaps(counts, LT5).frame.apart == {"a"}
    assert shown_counts(counts, LT5)["in_window.a"].value == 30


def test_who_missed_both_where_one_does_not_apply_to_all() -> None:
    """10 missed the first, 8 of 20 the second, 15 either: 3 missed both."""
    reports = Reports(KEYS[:2], ("in", "late", "inapplicable"))
    numbers: dict[tuple[str, ...], int] = {
        ("in", "in"): 12,
        ("in", "late"): 5,
        ("late", "late"): 3,
    }
    numbers |= {("in", "inapplicable"): 23, ("late", "inapplicable"): 7}
    counts = reports.counts_of([numbers.get(group, 0) for group in reports.groups])
    assert [counts[n] for n in ("in_window.a", "in_window.b", "compliant")] == [40, 12, 35]
    assert counts["in_window.b/whole"] == counts["present.b/whole"] == 20
    released = shown_counts(counts, LT5)
    assert [n for n, shown in released.items() if shown.value is None] == ["in_window.b"]
