"""Which limits exclude each other, in units that are not the same."""

from __future__ import annotations

import pytest

from qi_checker.protocol.checks.windows import Limit, days, excludes, excludes_mostly
from qi_checker.protocol.durations import Duration


def limit(text: str) -> Limit:
    """`> 30 days` is strict, `30 days` is not."""
    return Limit(Duration.parse(text.removeprefix("> ").removeprefix("< ")), text[0] in "<>")


@pytest.mark.parametrize(
    ("length", "fewest", "most"),
    [
        ("30 days", 30, 30),
        ("4 weeks", 28, 28),
        ("1 month", 28, 31),
        ("2 months", 59, 62),
        ("12 months", 365, 366),
        ("1 year", 365, 366),
        ("36 hours", 1, 2),
        ("5 working days", 5, 29),
        ("6 working days", 8, 32),
        ("0 working days", 0, 14),
    ],
)
def test_how_many_days_a_length_has(length: str, fewest: int, most: int) -> None:
    assert days(Duration.parse(length)) == (fewest, most)


@pytest.mark.parametrize(
    ("least", "most", "never", "rarely"),
    [
        ("30 days", "30 days", False, False),
        ("30 days", "< 30 days", True, True),
        ("29 days", "< 30 days", False, False),
        ("> 29 days", "< 30 days", True, True),
        ("> 29 days", "30 days", False, False),
        ("31 days", "30 days", True, True),
        ("30 days", "1 month", False, True),
        ("31 days", "1 month", False, True),
        ("32 days", "1 month", True, True),
        ("1 month", "28 days", False, True),
        ("1 month", "< 28 days", True, True),
        ("12 months", "1 year", False, False),
        ("> 12 months", "1 year", True, False),
        ("13 months", "1 year", True, False),
        ("60 minutes", "1 hour", False, False),
        ("> 60 minutes", "1 hour", True, False),
        ("47 hours", "1 day", False, False),
        ("48 hours", "1 day", True, False),
        ("24 hours", "< 1 day", True, False),
        ("2 days", "25 hours", False, False),
        ("2 days", "24 hours", True, False),
        ("5 working days", "29 days", False, False),
        ("6 working days", "7 days", True, False),
    ],
)
def test_limits_that_exclude_each_other(least: str, most: str, never: bool, rarely: bool) -> None:
    assert excludes(limit(least), limit(most)) is never
    assert excludes_mostly(limit(least), limit(most)) is rarely
