"""Rows as text: exactly as findings.json has them, with marks where only the calendar decides.

The sentence of an open action says "between <tonight or the first day of the window> and ...", and
its last day reads differently after that day has passed. An action is "later" until it is "soon",
and "for 13 Apr–13 May" until that window opens. So the text of open cases changes while nothing
happens. It is stored with marks in those places, from which the day of the run restores the words
when a row is read: the same bytes, without a new row every night.

A mark is used only where it restores exactly what it replaced, so a sentence with other wording, of
another version of the program, is stored unchanged. The words of a mark must never change: stores
contain nights that were written with them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

Line = tuple[str, ...]  # first the key, last the row

# Characters that nobody writes; if somebody does, they are escaped.
ESCAPE, ITSELF = "\ue000", "\ue001"
TODAY = ESCAPE + "\ue002"  # the day of the night
START = ESCAPE + "\ue003"  # and a day: that day, or the day of the night if it is later
ARRANGE = ESCAPE + "\ue004"  # and a day: the last day to arrange it
WHEN = ESCAPE + "\ue005"  # and two days, the first that is soon and the last: how near it is
SPAN = ESCAPE + "\ue006"  # and two days, of a window: when to do it
IN_TIME, LATE = "arrange it by {}.", "the last day to arrange it was {}: do it today."
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY = "([0-9-]{10})"
_CODED = re.compile(f"{ESCAPE}(?:[{ITSELF}\ue002]|[\ue003\ue004]{_DAY}|[\ue005\ue006]{_DAY}{_DAY})")
_ESCAPED = re.compile(r"\\(u00[01][0-9a-f]|.)")


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return str(value)
    raise TypeError(f"a row cannot hold a {type(value).__name__}")


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)


def row_text(row: Mapping[str, Any] | Sequence[Any]) -> str:
    """Format one row as DuckDB writes it into JSON."""
    text = _ENCODER.encode(row)
    return _ESCAPED.sub(_upper, text) if "\\u00" in text else text


def values_text(text: str, columns: Sequence[str]) -> str:
    """Return the values of a row as a JSON list of texts, the part of a seal (`lines.py`).

    A text that is not that of a row with these columns is returned unchanged.
    """
    try:
        row = json.loads(text)
    except ValueError:
        return text
    if not isinstance(row, dict) or tuple(row) != tuple(columns) or row_text(row) != text:
        return text
    return row_text([None if cell is None else str(cell) for cell in row.values()])


def _upper(found: re.Match[str]) -> str:
    return "\\u" + found[1][1:].upper() if len(found[1]) > 1 else found[0]


def unmarked(text: str, as_of: str) -> str:
    """Restore the text of the night with the moment `as_of`.

    If a night is no longer known, `as_of` may be words instead of its day; the urgency of a last
    day is then empty.
    """
    if ESCAPE not in text:
        return text
    today, known = as_of[:10], as_of[:1].isdigit()

    def said(found: re.Match[str]) -> str:
        mark, day, first, last = found[0][:2], found[1], found[2], found[3]
        if mark == TODAY:
            return today
        if mark == START:
            return max(day, today) if known else today
        if mark == ARRANGE:
            return (LATE if known and day < today else IN_TIME).format(day)
        if mark == WHEN:
            return _urgency(first, last, today) if known else ""
        if mark == SPAN:
            return _span(first, last, today if known else last)
        return ESCAPE

    return _CODED.sub(said, text)


def _urgency(soon: str, last: str, today: str) -> str:
    """Return the urgency of the last day of an action (`cases/actions.py`)."""
    if last <= today:
        return "overdue" if last < today else "today"
    return "soon" if soon <= today else "later"


def _span(opens: str, closes: str, today: str) -> str:
    """Describe when to do something in a window (`cases/action_words.py`)."""

    def day(value: str) -> str:
        year = f" {value[:4]}" if value[:4] != today[:4] else ""
        return f"{int(value[8:])} {_MONTHS[int(value[5:7]) - 1]}{year}"

    if opens <= today:
        return f"to be done by {day(closes)}"
    if opens == closes:
        return f"for {day(closes)}"
    first = str(int(opens[8:])) if opens[:7] == closes[:7] else day(opens)
    return f"for {first}–{day(closes)}"
