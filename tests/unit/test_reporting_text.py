"""The pages on a terminal: nothing cut off, readable when piped, safe with hostile text."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from rich.console import Console

from qi_checker.audit import text as audit_text
from qi_checker.cases import text
from qi_checker.cases.actions import ActionCount
from qi_checker.cases.what_if import Flip, WhatIf
from qi_checker.render import terminal, words
from tests.helpers import sheets

WIDTHS = (60, 80, 120)


def printed(show: Callable[[Console], None], width: int = 80) -> str:
    stream = io.StringIO()
    show(terminal.open_console(stream, width))
    return stream.getvalue()


SHOWN: dict[str, Callable[[Console], None]] = {
    "case": lambda console: text.case_text(sheets.CASE, console),
    "checklist": lambda console: text.checklist_text(sheets.CHECKLIST, console),
    "rulebook": lambda console: audit_text.rulebook_summary_text(
        sheets.RULEBOOK, console, "out/index.html"
    ),
    "audit": lambda console: audit_text.audit_summary_text(sheets.AUDIT, console, "out/index.html"),
}


def column(page: str, heading: str, following: str) -> str:
    """All text of one column, put together again."""
    found, start, end = [], 0, 0
    for line in page.splitlines():
        if heading in line:
            start = line.index(heading)
            end = line.index(following) if following else len(line) + 200
        elif start and line[:start].strip() and line[start - 2 : start].strip():
            start = 0  # the table is over
        elif start:
            found.append(line[start:end])
    return " ".join(" ".join(found).split())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SHOWN)
def test_no_line_is_too_long_and_nothing_is_cut(name: str, width: int) -> None:
    page = printed(SHOWN[name], width)
    assert max(len(line) for line in page.splitlines()) <= width
    assert "…" not in page
    assert "\x1b" not in page
    assert all(line == line.rstrip() for line in page.splitlines())
    assert not any(c in page for c in "│┃━─┏┓|")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_checklist_has_the_whole_of_every_action(width: int) -> None:
    page = printed(SHOWN["checklist"], width)
    actions = column(page, "Next action and owner", "Case and surgery")
    for item in sheets.CHECKLIST.items:
        assert item.next_action in actions
        assert item.case_id in page
        assert not item.reason or words.REASONS[item.reason] in actions.lower()
    assert "Owner: MRI booking desk" in actions
    assert "CT of the liver" not in actions, "what is met is not repeated"
    assert "Sat 7 Feb" in page
    assert "3 days overdue" in page


@pytest.mark.parametrize("width", WIDTHS)
def test_a_case_has_every_event_with_every_criterion(width: int) -> None:
    page = printed(SHOWN["case"], width)
    flat = " ".join(page.split())
    assert f"Next action: {sheets.CASE.next_action}" in flat
    assert "Until: Fri 13 Feb 2026. Who: MRI booking desk." in flat
    judged = column(page, "Result and criteria", "")
    for requirement in sheets.CASE.requirements:
        assert requirement.sentence in flat
        for candidate in requirement.candidates:
            assert candidate.event_id in page
            assert all(c.why in judged for c in candidate.criteria)
    assert "code passed modality passed: CT region failed: chest; another part" in judged


@pytest.mark.parametrize("width", WIDTHS)
def test_the_audit_says_how_many_who_first_and_where(width: int) -> None:
    page = printed(SHOWN["audit"], width)
    flat = " ".join(page.split())
    assert flat.startswith("27 of 30 eligible operations without an exception had both in time")
    assert "3 actions for 3 operations need somebody now." in flat
    assert all(
        line.sentence in column(page, "Next action and owner", "Case")
        for line in sheets.AUDIT.action
    )
    assert "events.csv: 212 read = 210 used + 2 rejected." in flat
    assert page.splitlines()[-1] == "Report: out/index.html"
    if width >= 80:
        assert len(page.splitlines()) <= 24


def test_a_long_audit_stays_on_one_screen() -> None:
    many = ActionCount(soon=80, later=10, operations=60)
    page = replace(sheets.AUDIT, action=sheets.AUDIT.action * 30, actions=many)
    shown = printed(lambda console: audit_text.audit_summary_text(page, console, "out/index.html"))
    assert "80 actions for 60 operations need somebody now. 10 more are due later." in shown
    assert len(shown.splitlines()) <= 24


def test_an_empty_audit_says_so() -> None:
    shown = printed(
        lambda console: audit_text.audit_summary_text(sheets.EMPTY_AUDIT, console, "r.html")
    )
    assert "There are no eligible cases" in shown
    assert "The records hold no planned operation of this protocol" in " ".join(shown.split())


def test_cases_with_nothing_to_do() -> None:
    past = printed(lambda console: text.case_text(sheets.compliant_case(), console))
    assert "Next action: none; nothing can be arranged any more." in past
    coming = replace(sheets.compliant_case(), upcoming=True)
    shown = printed(lambda console: text.case_text(coming, console))
    assert "Next action: nothing to arrange." in shown
    assert "Surgery may slip until Thu 5 Mar 2026 and everything still holds." in shown


def _moved(verdict: str) -> WhatIf:
    now = replace(sheets.CASE, verdict="pending", next_action="", act_by=None)
    moved = replace(sheets.CASE, verdict=verdict, surgery_date=date(2026, 3, 9))
    flips = (
        Flip("CT of the liver", "met", "met", "CT of the liver on 2026-02-20 is in time."),
        Flip("MRI of the liver", "booked", "expired", sheets.MRI.sentence),
    )
    return WhatIf(now, moved, flips, date(2026, 3, 5))


@pytest.mark.parametrize("width", WIDTHS)
def test_what_a_move_would_change(width: int) -> None:
    shown = printed(lambda console: text.what_if_text(_moved("not_compliant"), console), width)
    flat = " ".join(shown.split())
    assert "surgery moved from Mon 23 Feb 2026 to Mon 9 Mar 2026" in flat
    assert "The verdict changes from pending to not compliant" in flat
    assert "Everything on record counts for surgery until Thu 5 Mar 2026." in flat
    assert f"Next action after the move: {sheets.CASE.next_action}" in flat
    assert f"MRI of the liver: {sheets.MRI.sentence}" in column(shown, "Why", "")
    assert "unchanged: met" in flat
    assert max(len(line) for line in shown.splitlines()) <= width


def test_a_move_that_changes_nothing() -> None:
    shown = printed(lambda console: text.what_if_text(_moved("pending"), console))
    assert "The verdict stays pending: everything is done or booked." in shown


def test_a_long_id_is_wrapped_whole() -> None:
    item = replace(sheets.CHECKLIST.items[0], case_id="C" + "0123456789" * 6)
    checklist = replace(sheets.CHECKLIST, items=(item,))
    shown = printed(lambda console: text.checklist_text(checklist, console), 60)
    heading = next(line for line in shown.splitlines() if "Case and surgery" in line)
    start = heading.index("Case and surgery")
    assert item.case_id in "".join(line[start:].strip() for line in shown.splitlines())


def test_escape_sequences_of_a_description_are_not_printed() -> None:
    event = replace(sheets.CT.candidates[0], description="a\x1b[2Jb\u202ec [bold]d[/bold] :smile:")
    ct = replace(sheets.CT, candidates=(event,))
    case = replace(sheets.CASE, requirements=(ct,))
    shown = printed(lambda console: text.case_text(case, console), 120)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[bold]" in shown
    assert ":smile:" in shown


def test_an_output_that_knows_only_ascii_gets_ascii() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", errors="strict")
    case = replace(sheets.CASE, owner="Büro – MRT …")
    text.case_text(case, terminal.open_console(stream, 80))
    stream.flush()
    assert b"B?ro - MRT ..." in raw.getvalue()


def on_terminal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", **environment}.items():
        monkeypatch.setenv(name, value)
    stream = io.StringIO()
    stream.isatty = lambda: True  # type: ignore[method-assign]
    text.checklist_text(sheets.CHECKLIST, terminal.open_console(stream, 80))
    return stream.getvalue()


def test_colour_on_a_terminal_unless_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[1;31m" in on_terminal(monkeypatch)
    assert "31m" not in on_terminal(monkeypatch, NO_COLOR="1")


def test_rich_is_imported_only_when_something_is_printed() -> None:
    code = (
        "import sys, qi_checker.audit.text, qi_checker.cases.text; sys.exit('rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_table_breaks_cells_between_words_and_keeps_columns_in_place() -> None:
    """Letters of some scripts take two places; a word that is too long is cut."""
    out = io.StringIO()
    shown = terminal.open_console(out, width=40)
    table = terminal.new_table(shown, ("Day", "What", "Case"), (10, 0, 8))
    terminal.add_row(
        shown, table, "2026-03-03", "Book an MRI of the liver by Tuesday", "東京病院-0001"
    )
    terminal.add_row(shown, table, "", "x" * 20, "C")
    terminal.put(shown, table)
    assert out.getvalue() == (
        "Day         What                Case\n"
        "2026-03-03  Book an MRI of the  東京病院\n"
        "            liver by Tuesday    -0001\n"
        "            xxxxxxxxxxxxxxxxxx  C\n"
        "            xx\n"
    )


def test_a_long_table_is_printed_without_a_second_for_each_thousand_rows() -> None:
    """50,000 rows took 48 s; here a row is not laid out by itself."""
    out = io.StringIO()
    shown = terminal.open_console(out, width=80)
    table = terminal.new_table(shown, ("Day", "What", "Case"), (10, 0, 8))
    for n in range(50_000):
        terminal.add_row(shown, table, "2026-03-03", "Book an MRI\nof the liver", f"C{n}")
    terminal.put(shown, table)
    assert out.getvalue().count("\n") == 100_001
