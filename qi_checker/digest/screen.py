"""What of a digest fits on one screen: lines of text and a table of a mail show the same rows.

A screen is 24 lines of 78 columns, which every mail program and terminal has. What does not fit is
counted, never dropped silently.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from qi_checker.digest.changes import Cause, Change, Kind
from qi_checker.digest.contents import AtRisk, Digest, was_moved
from qi_checker.protocol.sentences import ASKED_LATE
from qi_checker.render import words

LINES, COLUMNS = 24, 78
_FIXED = 6  # title, finding, blank line, two of counts, footer
_BEFORE_THE_REST = 3  # rows that each kind gets before the most urgent one takes what is left
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
_CHANGED = {
    Kind.REOPENED: "re-opened",
    Kind.RESCHEDULED: "flipped by a move",
    Kind.REJUDGED: "judged anew",
    Kind.RESOLVED: "resolved",
}


@dataclass(frozen=True)
class Section:
    """Rows of one kind. `columns` are empty where a row is a sentence; `total` counts them all."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int

    @property
    def title(self) -> str:
        """`New: 12, of which 3 here and 9 more`."""
        shown = len(self.rows)
        rest = f", of which {shown} here and {self.total - shown:,} more"
        return f"{self.heading}: {words.count(self.total)}{rest if shown < self.total else ''}"


@dataclass(frozen=True)
class Screen:
    """A digest as it is read."""

    title: str
    finding: str
    sections: tuple[Section, ...]
    counts: str
    footer: str


def subject(digest: Digest) -> str:
    """The finding in the subject line of a mail: numbers and words, no id of a case."""
    moment = digest.as_of.replace("T", " ")
    whose = f"{digest.desk}: " if digest.desk else ""
    return clean(f"{whose}{finding(digest)} ({digest.protocol_id}, {moment})")


def finding(digest: Digest) -> str:
    """`3 actions for 2 operations now, 12 checked, 2 new, feeds fresh`.

    What is wrong with the records comes first.
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
        parts.insert(0, "the program disagrees with itself")
    return ", ".join(parts)


def screen(digest: Digest) -> Screen:
    """The rows that fit, the most urgent kind first."""
    since = f", changes since {digest.since.replace('T', ' ')}" if digest.since else ""
    whose = f"{digest.desk}, " if digest.desk else ""
    head = f"{whose}{words.moment(digest.as_of)}{since}: {digest.protocol_title}"
    if digest.refused:
        age = words.count(_days(digest), "day")
        head = f"List of {words.moment(digest.as_of)}, {age} old: {digest.protocol_title}"
    counts = ", ".join(f"{name} {number:,}" for name, number in digest.counts)
    ahead = words.count(digest.days, "day")
    return Screen(
        title=clean(head),
        finding=finding(digest).capitalize() + ".",
        sections=_fitted(_sections(digest)),
        counts=clean(counts[:1].upper() + counts[1:] + "."),
        footer=f"Upcoming: the next {ahead}. Ids only; details are in the report.",
    )


def _sections(digest: Digest) -> list[Section]:
    """All that there is, in the order of a digest."""
    other = digest.of(*_CHANGED)
    records = tuple((clean(p),) for p in digest.plausibility)
    refused = "Records refused, nothing was judged"
    disagreed = ((clean(digest.disagreed),),) if digest.disagreed else ()
    found = [
        Section("The program disagrees with itself", (), disagreed, len(disagreed)),
        Section(
            refused if digest.refused else "Check the records first", (), records, len(records)
        ),
        Section("Feeds", (), tuple((clean(f),) for f in digest.feeds), len(digest.feeds)),
        Section(
            "To do",
            ("Last day", "Case", "Surgery", "Next action", "Owner"),
            tuple(map(_risk, digest.at_risk)),
            len(digest.at_risk),
        ),
        Section(
            "Needs reconfirmation",
            (),
            tuple((clean(r),) for r in digest.reconfirm),
            len(digest.reconfirm),
        ),
        Section(
            "New",
            ("Case", "Requirement", "Change", "Why"),
            tuple(map(_changed, digest.of(Kind.NEW))),
            len(digest.of(Kind.NEW)),
        ),
        Section(
            "Changed",
            ("Case", "Requirement", "Change", "Why"),
            tuple(map(_changed, other)),
            len(other),
        ),
        Section("Trend", (), ((clean(digest.cusum),),) if digest.cusum else (), 1),
    ]
    return [section for section in found if section.rows]


def _days(digest: Digest) -> int:
    """How old the list in force is."""
    then, now = (dt.date.fromisoformat(text[:10]) for text in (digest.as_of, digest.refused))
    return (now - then).days


def _risk(case: AtRisk) -> tuple[str, ...]:
    last = case.act_by.isoformat() if case.act_by else "–"
    if case.days_left is not None and case.days_left <= 0:
        last += " (today)" if case.days_left == 0 else " (passed)"
    action = case.next_action.partition("; ")[0] or f"{words.label(case.verdict)}: see the report"
    surgery = case.surgery_date.isoformat() if case.surgery_date else "–"
    return tuple(map(clean, (last, case.case_id, surgery, action, case.owner or "no owner")))


def _changed(change: Change) -> tuple[str, ...]:
    before = words.label(change.before_status).lower() or "not asked"
    if change.before_status == change.after_status:
        what = f"{words.label(change.after_status).lower()}, last day passed"
    else:
        what = f"{before} → {words.label(change.after_status).lower()}"
    what += ASKED_LATE if ASKED_LATE in change.words else ""
    why = words.label(change.cause).lower()
    if was_moved(change):
        dates = f"surgery {change.before_surgery} → {change.after_surgery}"
        why = dates if change.cause is Cause.RESCHEDULE else f"{why}, {dates}"
    kind = _CHANGED.get(change.kind, "")
    return tuple(
        map(clean, (change.case_id, change.requirement, what, f"{kind}: {why}" if kind else why))
    )


def _fitted(sections: Sequence[Section]) -> tuple[Section, ...]:
    """As many rows as a screen has lines for: a few of each kind, then by urgency."""
    height = [2 if len(s.columns) == 5 else 1 for s in sections]
    rows = [0] * len(sections)
    left = LINES - _FIXED - len(sections)  # a heading each
    for most in (1, _BEFORE_THE_REST, LINES):
        for i, section in enumerate(sections):
            more = min(len(section.rows), most) - rows[i]
            more = max(0, min(more, left // height[i]))
            rows[i] += more
            left -= more * height[i]
    return tuple(
        Section(s.heading, s.columns, s.rows[:n], s.total)
        for s, n in zip(sections, rows, strict=True)
    )


def clean(text: str) -> str:
    """One line without control characters, whatever an id or a title holds."""
    return _UNPRINTABLE.sub(" ", text).strip()


def clip(text: str, columns: int) -> str:
    """So many columns of a terminal at most; a wide character takes two."""
    if cell_len(text) <= columns:
        return text
    return set_cell_size(text, columns - 1).rstrip() + "…"
