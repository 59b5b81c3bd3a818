"""The marks in kept rows fit the words of the sentences; a row is given back for any night."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from qi_checker.demo import write_demo
from qi_checker.engines.duckdb import evaluate
from qi_checker.protocol.as_of import AsOf
from qi_checker.query.sentences import action
from qi_checker.sources.files import read_folder
from qi_checker.store.evaluated import night_of
from qi_checker.store.rows import unmarked
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
    words = action(AsOf.parse("2026-03-02")).sql(dialect="duckdb")  # none is late in these days
    for piece in ("'arrange it by '", "'the last day to arrange it was '", "': do it today.'"):
        assert piece in words
