"""Windows on the calendar, for surgery on Tuesday 2026-03-31 (with clocks: at 10:00)."""

from __future__ import annotations

from typing import Any

import pytest

from qi_checker.authoring.window_examples import example
from qi_checker.protocol.windows import Window

BEFORE, AFTER = {"before": "surgery"}, {"after": "surgery"}


@pytest.mark.parametrize(
    ("window", "words"),
    [
        (BEFORE | {"at_most": "30 days"}, "2026-03-01 to 2026-03-31"),
        (BEFORE | {"less_than": "4 weeks"}, "2026-03-04 to 2026-03-31"),
        (BEFORE | {"at_most": "1 month"}, "2026-02-28 to 2026-03-31"),
        (BEFORE | {"at_most": "1 year"}, "2025-03-31 to 2026-03-31"),
        (BEFORE | {"at_most": "2 working days"}, "2026-03-27 to 2026-03-31"),
        (BEFORE | {"at_least": "3 days"}, "any day until 2026-03-28"),
        (BEFORE | {"more_than": "3 days"}, "any day until 2026-03-27"),
        (BEFORE | {"at_least": "3 days", "at_most": "30 days"}, "2026-03-01 to 2026-03-28"),
        (BEFORE, "any day until 2026-03-31"),
        (AFTER, "from 2026-03-31 on"),
        (AFTER | {"at_least": "300 days", "at_most": "425 days"}, "2027-01-25 to 2027-05-30"),
        (AFTER | {"more_than": "1 day", "less_than": "1 month"}, "2026-04-02 to 2026-04-29"),
        (AFTER | {"at_most": "5 working days"}, "2026-03-31 to 2026-04-07"),
        (AFTER | {"less_than": "1 day"}, "2026-03-31"),
        (
            BEFORE | {"at_most": "30 days", "or_after": {"at_most": "2 days"}},
            "2026-03-01 to 2026-04-02",
        ),
        (
            BEFORE | {"at_most": "30 days", "or_after": {"less_than": "2 days"}},
            "2026-03-01 to 2026-04-01",
        ),
    ],
)
def test_days(window: dict[str, Any], words: str) -> None:
    assert example(Window.model_validate(window), {}) == f"for surgery on 2026-03-31: {words}"


@pytest.mark.parametrize(
    ("window", "words"),
    [
        (BEFORE | {"at_most": "120 minutes"}, "2026-03-31 08:00 to 2026-03-31 10:00"),
        (BEFORE | {"less_than": "12 hours"}, "after 2026-03-30 22:00 to 2026-03-31 10:00"),
        (BEFORE | {"more_than": "1 hour"}, "any day until before 2026-03-31 09:00"),
        (AFTER | {"less_than": "24 hours"}, "2026-03-31 10:00 to before 2026-04-01 10:00"),
        (AFTER | {"more_than": "1 hour"}, "from after 2026-03-31 11:00 on"),
        (
            BEFORE | {"at_most": "30 days", "or_after": {"at_most": "24 hours"}},
            "2026-03-01 to 2026-04-01 10:00",
        ),
    ],
)
def test_clock_times(window: dict[str, Any], words: str) -> None:
    said = example(Window.model_validate(window), {})
    assert said == f"for surgery on 2026-03-31 at 10:00: {words}"


def test_other_anchors_and_further_spans_are_named() -> None:
    window = Window.model_validate(
        {"before": {"requirement": "visit"}, "and": [{"after": {"column": "listed_at"}}]}
    )
    assert example(window, {"visit": "Visit"}) == (
        "for Visit on 2026-03-31: any day until 2026-03-31; and "
        "for listed at on 2026-03-31: from 2026-03-31 on"
    )
