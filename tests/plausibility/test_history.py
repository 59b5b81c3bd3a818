"""What only earlier nights show."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from qi_checker.plausibility.history import PastNight, check_counts
from qi_checker.plausibility.judged import Judge
from qi_checker.protocol.plausible import Level
from tests.helpers.damages import DAMAGES
from tests.helpers.plausible import DEFAULTS, damaged_after_nights

ONLY_HISTORY = [damage for damage in DAMAGES if damage.history]
TODAY = date(2026, 3, 2)


@pytest.mark.parametrize("damage", ONLY_HISTORY, ids=[d.name for d in ONLY_HISTORY])
def test_a_damage_that_one_file_does_not_show(damage):
    seen = damaged_after_nights(damage.name)
    assert seen is not None, "nothing was damaged"
    assert seen.level, damage.name
    assert seen.checks <= {"history_rows", "history_vanished", "history_verdicts"}


def fallen(now: dict[str, int], *before: tuple[int, dict[str, int]]):
    """Levels of the counts that fell; each night before is days ago and its counts."""
    nights = [PastNight(TODAY - timedelta(days=ago), counts) for ago, counts in before]
    judge = Judge(DEFAULTS, {})
    return [f.level for f in check_counts(now, nights, TODAY, judge)]


def test_counts_are_compared_with_the_same_weekday():
    """On Mondays half as many come; two Mondays show it, and one does not."""
    sundays = [(n, {"events": 1000}) for n in (1, 2, 3)]
    assert fallen({"events": 400}, *sundays) == [Level.REFUSE]
    assert fallen({"events": 400}, *sundays, (7, {"events": 410})) == [Level.REFUSE]
    mondays = [(7, {"events": 410}), (14, {"events": 420})]
    assert fallen({"events": 400}, *sundays, *mondays) == []


@pytest.mark.parametrize(
    ("now", "expected"),
    [(1000, []), (810, []), (790, [Level.WARN]), (510, [Level.WARN]), (490, [Level.REFUSE])],
)
def test_a_fifth_fewer_warns_and_half_refuses(now, expected):
    assert fallen({"events": now}, (1, {"events": 1000})) == expected


def test_a_small_count_may_fall_by_chance():
    assert fallen({"planned operations": 5}, (1, {"planned operations": 9})) == []
    assert fallen({"planned operations": 8}, (1, {"planned operations": 14})) == []
    assert fallen({}, (1, {"planned operations": 30})) == [Level.REFUSE]


def test_a_column_that_is_filled_less_often_only_warns():
    """It makes findings undecided, not wrong."""
    assert fallen({}, (1, {"filled recorded_at of imaging events": 500})) == [Level.WARN]


def test_only_28_nights_are_looked_back_on():
    long_ago = [(n, {"events": 1000}) for n in range(29, 60)]
    usual = [(n, {"events": 100}) for n in range(1, 29)]
    assert fallen({"events": 100}, *usual, *long_ago) == []
