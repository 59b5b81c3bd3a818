"""Labels, days and counts as text, the same on paper and on a terminal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from qi_checker.errors import count as count  # words.count, as every page calls it
from qi_checker.protocol.vocabulary import Reason, Verdict
from qi_checker.render.views import Provenance

_CODE = re.compile("`([^`]+)`")
# Characters that XML forbids, escaped or not.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def in_xml(text: str) -> str:
    """Replace the characters that XML does not allow."""
    return _NO_XML.sub("\ufffd", text)


@dataclass(frozen=True)
class Sign:
    """A symbol beside a word, never instead of it; `tone` is the chip in style.css."""

    symbol: str
    tone: str


SIGNS = {
    "compliant": Sign("✓", "good"),
    "compliant_with_exception": Sign("E", "good"),
    "pending": Sign("△", "wait"),
    "action_needed": Sign("!", "warn"),
    "undetermined": Sign("?", "open"),
    "not_compliant": Sign("✗", "bad"),
    "not_applicable": Sign("–", "calm"),
    "error": Sign("‼", "bad"),
    "met": Sign("✓", "good"),
    "exempt": Sign("E", "good"),
    "booked": Sign("△", "wait"),
    "due": Sign("!", "warn"),
    "unknown": Sign("?", "open"),
    "expired": Sign("✗", "bad"),
    "missing": Sign("✗", "bad"),
    "pass": Sign("✓", "good"),
    "undecided": Sign("?", "open"),
    "fail": Sign("✗", "bad"),
}
VERDICTS = {verdict.value: verdict.meaning for verdict in Verdict}
REASONS = {reason.value: reason.meaning for reason in Reason}
OUTCOMES = {"pass": "passed", "undecided": "undecided", "fail": "failed"}


def label(word: str) -> str:
    """Convert a word of the files: `not_compliant` -> `Not compliant`."""
    text = word.replace("_", " ")
    return text[:1].upper() + text[1:]


def day(value: date | None) -> str:
    """Format `Mon 23 Feb 2026`; a booking desk plans by weekday."""
    return f"{planned(value, value)} {value.year}" if value else ""


def planned(value: date | None, today: date) -> str:
    """Format `Tue 10 Mar`, with the year if it differs from that of `today`."""
    if value is None:
        return "–"
    year = f" {value.year}" if value.year != today.year else ""
    return f"{WEEKDAYS[value.weekday()]} {value.day} {MONTHS[value.month - 1]}{year}"


def month(value: str) -> str:
    """`2026-03` -> `Mar 2026`."""
    return f"{MONTHS[int(value[5:]) - 1]} {value[:4]}"


def moment(as_of: str) -> str:
    """Format the moment of an evaluation; a date means its end."""
    when = datetime.fromisoformat(as_of)
    if len(as_of) == len("2026-02-23"):
        return f"{day(when.date())}, end of the day"
    return f"{day(when.date())} {when:%H:%M}"


def foot(p: Provenance) -> str:
    """Return the foot of every printed page: the organisation and the moment."""
    return ", ".join(part for part in (p.organisation, f"as of {moment(p.as_of)}") if part)


def until(act_by: date | None, today: date) -> str:
    """Format a last day and its distance: `until Tue 10 Mar (2 days)`, `until Sun 8 Mar
    (today)`."""
    if act_by is None:
        return "no last day"
    days = (act_by - today).days
    near = "today" if days == 0 else count(abs(days), "day") + (" overdue" if days < 0 else "")
    return f"until {planned(act_by, today)} ({near})"


def plain(text: str) -> str:
    """Remove the backticks around code, for mails, slides and cells."""
    return _CODE.sub(r"\1", text)


def days_before(days: int) -> str:
    """Describe the position of an event relative to the day of surgery."""
    if days == 0:
        return "day of surgery"
    return f"{count(days, 'day')} before" if days > 0 else f"{count(-days, 'day')} after"


def slack(days: int) -> str:
    """Describe how far surgery may move before the event no longer counts."""
    if days < 0:
        return f"{count(-days, 'day')} too old"
    return f"{count(days, 'day')} to spare"


def days_left(days: int | None) -> str:
    """Describe the time left to arrange something."""
    if days is None:
        return ""
    if days < 0:
        return f"{count(-days, 'day')} overdue"
    return "today" if days == 0 else f"in {count(days, 'day')}"
