"""The rows of a digest that fit on one screen: text and mail show the same rows.

A screen has 24 lines of 78 columns, as every mail program and terminal has. Rows that do not fit
are counted, never dropped silently.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len, set_cell_size

from qi_checker.digest.changes import Cause, Change, Kind
from qi_checker.digest.contents import AtRisk, Digest, was_moved
from qi_checker.protocol.english import ASKED_LATE
from qi_checker.render import words

LINES, COLUMNS = 24, 78
_FIXED = 7  # title, finding, data problems, blank line, two of counts, footer
ID = 24  # columns of a line for an id
_TITLE = 34  # and for the title of a requirement
_BEFORE_THE_REST = 3  # rows for each kind; the most urgent kind gets the remaining rows
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
_CHANGED = {
    Kind.REOPENED: "re-opened",
    Kind.RESCHEDULED: "flipped by a move",
    Kind.REJUDGED: "re-judged",
    Kind.RESOLVED: "resolved",
}

_CAUSES = {
    Cause.FEED: "how up to date a source is",
    Cause.RESCHEDULE: "surgery was moved",
    Cause.EXCEPTION: "an exception",
    Cause.NEW_EVENT: "a new event",
    Cause.LATE_DATA: "an event that was recorded late",
    Cause.TIME: "time has passed",
    Cause.PROTOCOL: "the protocol changed",
    Cause.PROTOCOL_OR_DATA: "the protocol or the records changed",
    Cause.DATA: "the records changed",
}


@dataclass(frozen=True)
class Line:
    """One thing to know or to do.

    text: a sentence, a command or a change. facts: until when, who, which case; only for a command.
    why: in grey after it. tone: `bad` where a last day has passed, `warn` where it is today.
    """

    text: str
    facts: tuple[str, ...] = ()
    why: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Section:
    """Lines of one kind. `rows` are those that fit, `total` counts them all."""

    heading: str
    rows: tuple[Line, ...]
    total: int
    tone: str = ""  # of a notice: bad or warn; "" for a plain list

    @property
    def height(self) -> int:
        """Return the number of text lines of a row."""
        return 2 if self.rows and self.rows[0].facts else 1

    @property
    def title(self) -> str:
        """Return `New (12, 3 shown)`."""
        shown = len(self.rows)
        rest = f", {shown} shown" if shown < self.total else ""
        return f"{self.heading} ({words.count(self.total)}{rest})"


@dataclass(frozen=True)
class Screen:
    """A digest as people read it."""

    title: str
    finding: str
    sections: tuple[Section, ...]
    problems: str  # a line about data problems; "" without any
    counts: str
    footer: str


def subject(digest: Digest) -> str:
    """Return the finding for the subject line of a mail: numbers and words, no id of a case."""
    moment = digest.as_of.replace("T", " ")
    whose = f"{digest.desk}: " if digest.desk else ""
    return clean(f"{whose}{finding(digest)} ({digest.protocol_id}, {moment})")


def finding(digest: Digest) -> str:
    """Return `3 actions for 2 operations now, 12 checked, 2 new, feeds fresh`.

    Problems of the records come first.
    """
    actions, operations = words.count(digest.now, "action"), digest.operations
    now = (
        f"{actions} for {words.count(operations, 'operation')} now"
        if digest.now
        else "no action now"
    )
    parts = [now, f"{digest.checked:,} checked"]
    new = len(digest.of(Kind.NEW, Kind.REOPENED))
    if new:
        parts.append(f"{new:,} new")
    if digest.cusum:
        parts.append("trend changed")
    if digest.reconfirm:
        parts.append(f"{len(digest.reconfirm):,} to reconfirm")
    feeds = digest.feed_state
    parts = [feeds, *parts] if digest.feeds else [*parts, feeds]
    if digest.refused:
        parts.insert(
            0, f"records of {digest.refused.replace('T', ' ')} refused, older list in force"
        )
    elif digest.plausibility:
        parts.insert(0, f"check the records first ({len(digest.plausibility):,})")
    if digest.disagreed:
        parts.insert(0, "two evaluations differ")
    return ", ".join(parts)


def screen(digest: Digest) -> Screen:
    """Choose the rows that fit, the most urgent kind first."""
    whose = f"{digest.desk}, " if digest.desk else ""
    head = f"{whose}{words.moment(digest.as_of)}: {digest.protocol_title}"
    if digest.refused:
        age = words.count(_days(digest), "day")
        head = f"List of {words.moment(digest.as_of)}, {age} old: {digest.protocol_title}"
    counts = ", ".join(f"{name} {number:,}" for name, number in digest.counts)
    ahead = words.count(digest.days, "day")
    problems = (
        f"{words.count(digest.problems, 'data problem')} may change this list: see the report."
    )
    return Screen(
        title=clean(head),
        finding=finding(digest).capitalize() + ".",
        sections=_fitted(_sections(digest)),
        problems=problems if digest.problems else "",
        counts=clean(counts[:1].upper() + counts[1:] + "."),
        footer=f"Upcoming: the next {ahead}. Ids only; details are in the report.",
    )


def _sections(digest: Digest) -> list[Section]:
    """Return all sections with rows, in the order of a digest."""
    refused = "Records refused, nothing was judged" if digest.refused else "Check the records first"
    since = f" since {_short(digest.since)}" if digest.since else ""
    sections = [
        _sentences("Two evaluations differ", filter(None, [digest.disagreed]), "bad"),
        _sentences(refused, digest.plausibility, "bad" if digest.refused else "warn"),
        _sentences("Feeds", digest.feeds, "bad"),
        _lines("To do", (_action(case, digest) for case in digest.at_risk)),
        _sentences("Needs reconfirmation", digest.reconfirm, "warn"),
        _lines(f"New{since}", (_changed(c, digest) for c in digest.of(Kind.NEW))),
        _lines(f"Changed{since}", (_changed(c, digest) for c in digest.of(*_CHANGED))),
        _sentences("Trend", filter(None, [digest.cusum])),
    ]
    return [section for section in sections if section.rows]


def _sentences(heading: str, sentences: Iterable[str], tone: str = "") -> Section:
    return _lines(heading, (Line(clean(sentence)) for sentence in sentences), tone)


def _lines(heading: str, lines: Iterable[Line], tone: str = "") -> Section:
    rows = tuple(lines)
    return Section(heading, rows, len(rows), tone)


def _short(moment: str) -> str:
    """Format the earlier moment as `Sun 1 Mar`, with the clock time if it has one."""
    day = dt.date.fromisoformat(moment[:10])
    return f"{words.planned(day, day)} {moment[11:16]}".rstrip()


def _days(digest: Digest) -> int:
    """Return the age of the list in force, in days."""
    then, now = (dt.date.fromisoformat(text[:10]) for text in (digest.as_of, digest.refused))
    return (now - then).days


def _action(case: AtRisk, digest: Digest) -> Line:
    """Return an action as a line: command, last day, owner, case, and why if not obvious."""
    today = dt.date.fromisoformat(digest.as_of[:10])
    command = case.next_action.partition("; ")[0] or f"{words.label(case.verdict)}: see the report"
    surgery = f", surgery {words.planned(case.surgery_date, today)}" if case.surgery_date else ""
    left = case.days_left
    facts = (
        words.until(case.act_by, today),
        case.owner or "no owner",
        f"{case.case_id}{surgery}",
    )
    why = words.REASONS.get(case.reason, "")
    tone = "" if left is None or left > 0 else "warn" if left == 0 else "bad"
    return Line(clean(command), tuple(map(clean, facts)), clean(why), tone)


def _changed(change: Change, digest: Digest) -> Line:
    """Return a change as a line: case, requirement, status before and now, and why."""
    title = digest.titles.get(change.requirement, change.requirement)
    before = words.label(change.before_status).lower() or "did not apply"
    if change.before_status == change.after_status:
        what = f"{words.label(change.after_status).lower()}, last day passed"
    else:
        what = f"{before} → {words.label(change.after_status).lower()}"
    what += ASKED_LATE if ASKED_LATE in change.words else ""
    why = _CAUSES[change.cause]
    if was_moved(change):
        now = change.after_surgery or change.before_surgery
        assert now is not None, "a moved case has an earlier date"
        days = [words.planned(day, now) for day in (change.before_surgery, change.after_surgery)]
        dates = f"surgery {days[0]} → {days[1]}"
        why = dates if change.cause is Cause.RESCHEDULE else f"{why}, {dates}"
    kind = _CHANGED.get(change.kind, "")
    text = f"{clip(clean(change.case_id), ID)} {clip(clean(title), _TITLE)}: {what}"
    return Line(clean(text), (), clean(f"{kind}: {why}" if kind else why))


def _fitted(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Choose as many rows as fit on a screen: a few of each kind, then by urgency."""
    rows = [0] * len(sections)
    left = LINES - _FIXED - len(sections)  # one heading each
    for most in (1, _BEFORE_THE_REST, LINES):
        for i, section in enumerate(sections):
            more = min(len(section.rows), most) - rows[i]
            more = max(0, min(more, left // section.height))
            rows[i] += more
            left -= more * section.height
    return tuple(replace(s, rows=s.rows[:n]) for s, n in zip(sections, rows, strict=True))


def clean(text: str) -> str:
    """Return one line without control characters, whatever an id or a title contains."""
    return _UNPRINTABLE.sub(" ", text).strip()


def clip(text: str, columns: int) -> str:
    """Cut text to a number of terminal columns; a wide character takes two."""
    if cell_len(text) <= columns:
        return text
    return set_cell_size(text, columns - 1).rstrip() + "…"
