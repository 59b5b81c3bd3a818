"""The picture of a window: everything in its place, and labels that can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qi_checker.cases.geometry import WIDTH, Label, Scale, stack
from qi_checker.cases.timeline import MOST_MARKS, Picture, Shape, pictures_of
from qi_checker.cases.views import Candidate, RequirementSheet
from qi_checker.cases.words import event_texts
from qi_checker.render.words import planned
from tests.helpers.sheets import AS_OF, CT, SURGERY, candidate


def event(days: int, length: int = 0, number: int = 1) -> Candidate:
    """An event so many days before surgery; a partial date ends `length` days later."""
    first = SURGERY - timedelta(days=days)
    return candidate(number, first.isoformat(), days, last=first + timedelta(days=length))


def timeline(sheet: RequirementSheet, surgery: date, as_of: date) -> Picture | None:
    """Make the wide picture of a requirement, if it has a window."""
    pictures = pictures_of(sheet, event_texts(sheet.candidates), surgery, as_of)
    return pictures[0] if pictures else None


def drawn(*events: Candidate, as_of: date = AS_OF, opens: int | None = 30) -> Picture:
    first = SURGERY - timedelta(days=opens) if opens is not None else None
    picture = timeline(replace(CT, candidates=events, window_opens=first), SURGERY, as_of)
    assert picture
    return picture


@st.composite
def sheets(draw: st.DrawFn) -> tuple[RequirementSheet, date]:
    spans = draw(st.lists(st.tuples(st.integers(-400, 3000), st.integers(0, 366)), max_size=20))
    events = tuple(event(days, length, n) for n, (days, length) in enumerate(spans, 1))
    reach = draw(st.sampled_from([None, 0, 1, 7, 30, 90, 1000]))
    opens = SURGERY - timedelta(days=reach) if reach is not None else None
    as_of = SURGERY - timedelta(days=draw(st.integers(-1000, 1000)))
    return replace(CT, candidates=events, window_opens=opens), as_of


def clear(labels: Sequence[Label]) -> bool:
    """Whether no two labels of one line touch, and all are inside the picture."""
    inside = all(label.x >= 0 and label.end <= WIDTH for label in labels)
    pairs = [(a, b) for a in labels for b in labels if a is not b and a.y == b.y]
    return inside and all(a.end <= b.x or b.end <= a.x for a, b in pairs)


@given(sheets())
def test_nothing_overlaps_and_nothing_is_outside(case: tuple[RequirementSheet, date]) -> None:
    picture = timeline(case[0], SURGERY, case[1])
    assert picture
    assert clear(picture.lines)
    assert clear(picture.edges)
    assert clear([tick.label for tick in picture.ticks])
    assert clear([mark.label for mark in picture.marks])
    rows = [label.y for label in (*picture.lines, *picture.edges)]
    assert max(rows) <= picture.height
    assert all(picture.top < mark.y < picture.axis for mark in picture.marks)
    assert 0 <= picture.band[0] <= picture.surgery <= picture.band[1] <= WIDTH


@given(sheets())
def test_later_dates_stand_further_to_the_right(case: tuple[RequirementSheet, date]) -> None:
    sheet, as_of = case
    picture = timeline(sheet, SURGERY, as_of)
    assert picture
    marks = {mark.number: mark for mark in picture.marks}
    ends = [
        (c.first, marks[n].bar[0] if marks[n].bar else marks[n].x)  # type: ignore[index]
        for n, c in enumerate(sheet.candidates, 1)
        if n in marks and c.first
    ]
    ends.sort(key=lambda end: end[0])
    assert [x for _, x in ends] == sorted(x for _, x in ends)


@pytest.mark.parametrize(("days", "inside"), [(31, False), (30, True), (0, True), (-1, False)])
def test_the_band_holds_exactly_the_days_that_count(days: int, inside: bool) -> None:
    picture = drawn(event(days))
    assert (picture.band[0] < picture.marks[0].x < picture.band[1]) is inside


def test_a_window_without_a_first_day_reaches_the_left_end() -> None:
    picture = drawn(event(900), opens=None)
    assert picture.open_start
    assert picture.band[0] <= picture.marks[0].x
    assert [label.text for label in picture.edges] == [f"closes {planned(SURGERY, SURGERY)}"]


def test_what_is_far_off_stands_at_the_end_with_an_arrow() -> None:
    picture = drawn(event(500, number=1), event(-300, number=2))
    assert [mark.label.text for mark in picture.marks] == [
        "← 1: 500 days before",
        "2: 300 days after →",
    ]


def test_as_of_is_a_line_only_where_it_is_near() -> None:
    assert drawn(as_of=AS_OF).as_of is not None
    late = drawn(as_of=date(2027, 1, 1))
    assert late.as_of is None
    assert "as of Fri 1 Jan 2027 →" in [label.text for label in late.lines]
    early = drawn(as_of=date(2024, 1, 1))
    assert "← as of Mon 1 Jan 2024" in [label.text for label in early.lines]


def test_a_partial_date_is_a_bar_over_its_interval() -> None:
    mark = drawn(event(60, 30)).marks[0]
    assert mark.bar
    assert mark.bar[0] < mark.x < mark.bar[1]
    assert mark.label.text == "1: 30 to 60 days before"


@pytest.mark.parametrize(
    ("fields", "shape"),
    [
        ({}, Shape("circle", True)),
        ({"failed": {"window": ("fail", "too old")}}, Shape("circle", False)),
        ({"failed": {"region": ("undecided", "not recorded")}}, Shape("diamond", False)),
        ({"status": "booked"}, Shape("triangle", True)),
        ({"status": "booked", "failed": {"window": ("fail", "late")}}, Shape("triangle", False)),
    ],
)
def test_the_symbol_says_what_the_event_comes_to(fields: dict[str, object], shape: Shape) -> None:
    assert drawn(candidate(1, "2026-02-03", 20, **fields)).marks[0].shape == shape


def test_too_many_events_leave_the_chosen_one_and_say_how_many_are_not_drawn() -> None:
    events = [event(n, number=n) for n in range(1, 31)]
    events[29] = replace(events[29], chosen=True)
    picture = drawn(*events)
    assert len(picture.marks) == MOST_MARKS
    assert picture.left_out == 30 - MOST_MARKS
    assert 30 in [mark.number for mark in picture.marks]


def test_an_event_without_a_date_is_not_drawn() -> None:
    picture = drawn(candidate(1, "", None, status="ordered"))
    assert picture.marks == ()
    assert picture.left_out == 0


def test_no_window_no_picture() -> None:
    assert timeline(replace(CT, window_closes=None), SURGERY, AS_OF) is None


def test_the_description_says_what_the_picture_shows() -> None:
    picture = drawn(
        event(20, number=1), candidate(2, "2026-01-03", 51, failed={"window": ("fail", "")})
    )
    assert picture.title.startswith("CT of the liver: ")
    assert picture.description == (
        "Window from 2026-01-24 to 2026-02-23. 1: CT, Tue 3 Feb 2026, 20 days before, counts. "
        "2: CT, Sat 3 Jan 2026, 51 days before, does not count."
    )


def test_days_beyond_a_scale_stand_at_its_ends() -> None:
    scale = Scale(date(2026, 1, 1), date(2026, 1, 31))
    assert scale.x(date(2020, 1, 1)) == scale.x(scale.first) < scale.x(scale.last)
    assert scale.x(date(2030, 1, 1)) == scale.x(scale.last)


def test_spans_that_touch_go_to_another_row() -> None:
    assert stack([(0, 10), (5, 15), (30, 40), (12, 20)]) == [0, 1, 0, 2]
