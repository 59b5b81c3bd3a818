"""The marks in kept rows fit the words of the sentences; a row is given back for any night."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from qi_checker.cases.actions import urgency
from qi_checker.cases.evaluated import actions_in
from qi_checker.demo import write_demo
from qi_checker.engines.duckdb import evaluate
from qi_checker.protocol.as_of import AsOf
from qi_checker.query.sentences import pieces
from qi_checker.sources.files import read_folder
from qi_checker.store.evaluated import night_of
from qi_checker.store.rows import row_text, unmarked
from tests.helpers.folders import SITE
from tests.helpers.protocols import liver

ROW = "Book it between \ue000\ue0032026-03-10 and 2026-03-19; \ue000\ue0042026-03-12"
PLAIN = "Book it between {} and 2026-03-19; {}"
IN_TIME = "arrange it by 2026-03-12."
LATE = "the last day to arrange it was 2026-03-12: do it today."


@pytest.mark.parametrize(
    ("as_of", "start", "arrange"),
    [
        ("2026-03-01", "2026-03-10", IN_TIME),
        ("2026-03-11T05:00", "2026-03-11", IN_TIME),
        ("2026-03-12", "2026-03-12", IN_TIME),
        ("2026-03-13", "2026-03-13", LATE),
        ("the night", "the night", IN_TIME),  # one that was purged
    ],
)
def test_a_mark_says_what_the_night_said(as_of: str, start: str, arrange: str) -> None:
    assert unmarked(ROW, as_of) == PLAIN.format(start, arrange)


def test_a_mark_of_an_earlier_program_is_the_day() -> None:
    assert unmarked("between \ue000\ue002 and \ue000\ue001\ue002", "2026-03-02") == (
        "between 2026-03-02 and \ue000\ue002"
    )


@pytest.mark.parametrize(
    ("as_of", "when", "span"),
    [
        ("2026-02-25", "later", "for 3–19 Mar"),
        ("2026-02-26T05:00", "soon", "for 3–19 Mar"),
        ("2026-03-03", "soon", "to be done by 19 Mar"),
        ("2026-03-12", "today", "to be done by 19 Mar"),
        ("2026-03-13", "overdue", "to be done by 19 Mar"),
        ("2025-12-31", "later", "for 3–19 Mar 2026"),
        ("the night", "", "to be done by 19 Mar"),
    ],
)
def test_an_action_says_what_it_said_that_night(as_of: str, when: str, span: str) -> None:
    row = "\ue000\ue0052026-02-262026-03-12 \ue000\ue0062026-03-032026-03-19"
    assert unmarked(row, as_of) == f"{when} {span}"
    if when:
        today = AsOf.parse(as_of).date
        assert urgency(date(2026, 3, 12), today, SITE) == when


@pytest.mark.parametrize(
    ("opens", "as_of", "span"),
    [
        ("2026-03-19", "2026-01-01", "for 19 Mar"),
        ("2026-02-20", "2026-01-01", "for 20 Feb–19 Mar"),
        ("2025-12-20", "2025-12-01", "for 20 Dec–19 Mar 2026"),
        ("2025-12-20", "2025-12-20", "to be done by 19 Mar 2026"),
    ],
)
def test_a_window_is_said_as_an_action_says_it(opens: str, as_of: str, span: str) -> None:
    assert unmarked(f"\ue000\ue006{opens}2026-03-19", as_of) == span


def test_actions_of_every_night_are_kept_with_marks(tmp_path: Path) -> None:
    """Their rows give back the same actions, and a night later only what happened is another row."""
    write_demo(tmp_path)
    texts: list[list[str]] = []
    for day in ("2026-03-02", "2026-03-03"):
        evaluation = evaluate(liver(), read_folder(tmp_path, SITE), AsOf.parse(day), SITE)
        made = {row_text(action.row) for action in actions_in(evaluation)}
        lines = night_of(evaluation, datetime(2026, 3, 5, tzinfo=UTC)).lines
        for kind, name in (("actions", "text"), ("cases", "next_action")):
            rows = [line[-1] for some in lines.every(kind) for line in some]
            assert not [row for row in rows if " to be done by " in row]
            orders = [row for row in rows if f'"{name}":"Order ' in row]
            assert orders and all("\ue000\ue0062026-" in row for row in orders)
            texts.append(rows)
            said = [json.loads(unmarked(row, day)) for row in rows]
            assert {row[name] for row in said if row[name]} <= {json.loads(a)["text"] for a in made}
        assert {unmarked(row, day) for row in texts[-2]} == made
    assert len(set(texts[2]) - set(texts[0])) < len(texts[2]) / 4


def test_the_words_of_the_calendar_are_all_marks(tmp_path: Path) -> None:
    """Otherwise every quiet night has rows; docs/store.md."""
    write_demo(tmp_path)
    said = ""
    for day in ("2026-03-02", "2026-03-09", "2026-03-16"):
        evaluation = evaluate(liver(), read_folder(tmp_path, SITE), AsOf.parse(day), SITE)
        lines = night_of(evaluation, datetime(2026, 3, 5, tzinfo=UTC)).lines
        cases = [case for case, _ in lines.seals()]
        for kind in ("findings", "cases"):
            rows = [line[-1] for line in lines.of_cases(kind, cases)]
            with_action = [row for row in rows if "ook " in row and " between " in row]
            assert bool(with_action) is (
                kind == "findings"
            )  # an action names days of the window only
            assert all(
                "between \ue000\ue003" in row and "\ue000\ue004" in row for row in with_action
            )
            assert not [row for row in rows if "arrange it " in row]
            said += "".join(unmarked(row, day) for row in rows)
    assert "arrange it by 2026-" in said
    late = pieces(AsOf.parse("2026-03-02"))["arrange"]  # none is late in these days
    words = late.sql(dialect="duckdb")
    for piece in ("'arrange it by '", "'the last day to arrange it was '", "': do it today.'"):
        assert piece in words
