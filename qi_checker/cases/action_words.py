"""The text of an action, by its key in the table of words. Days in it read as people plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from qi_checker.cases.phrases import NOTHING, WHY_NOT, Phrase, Ref, phrase
from qi_checker.judging import RequirementTrace
from qi_checker.judging.records import Event
from qi_checker.judging.values import Unreadable, read_when
from qi_checker.protocol.language import ENGLISH
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import ActionKind, Reason, Status
from qi_checker.protocol.windows import AnchorRef

# Kinds that are ordered; others are arranged.
_ORDERED = ("imaging", "lab", "therapy", "medication")
_OLD = (Reason.TOO_OLD, Reason.EXPIRED_BY_RESCHEDULE)
_AS_ONE = (ActionKind.COMPLETE_RECORD, ActionKind.CORRECT_DATA)


@dataclass(frozen=True)
class ActionWords:
    """The text of one action, by its key in the table of words."""

    judged: RequirementTrace
    kind: ActionKind

    def phrase(self) -> Phrase:
        if self.kind in _AS_ONE:
            return self._or_another(self._record())
        if self.kind is ActionKind.MOVE_BOOKING:
            return self._move()
        if self.kind is ActionKind.CONFIRM:
            return phrase("confirm", title=self._title, day=self._date)
        if self.kind is ActionKind.BOOK:
            return self._book()
        key = "order" if self.judged.requirement.event.kind in _ORDERED else "arrange"
        return phrase(key, title=self._title, when=self._when, why_not=self._why_not())

    def decide(self, first: date | None) -> Phrase:
        """Describe the remaining choice; `first`: the first day of surgery that would work."""
        choice = phrase("move_surgery", first=first) if first else phrase("exception")
        if self.judged.requirement.forbidden:
            at: date | None = self.judged.finding["event_date"]
            of_day = phrase("of_day", day=at) if at else NOTHING
            return phrase("forbidden", title=self._title, of_day=of_day, choice=choice)
        unknown = self.judged.status is Status.UNKNOWN
        other = phrase("or_first", text=self._record()) if unknown else NOTHING
        return phrase("too_late", title=self._title, other=other, choice=choice)

    @property
    def _title(self) -> Ref:
        return Ref("title", self.judged.id)

    @property
    def _kind(self) -> Ref:
        return Ref("kind", self.judged.requirement.event.kind)

    @property
    def _date(self) -> date | Phrase:
        at: date | None = self.judged.finding["event_date"]
        return at or phrase("unknown_day")

    @property
    def _range(self) -> Phrase | None:
        """`13 Apr–13 May` for a window that opens later; None for one that is open."""
        opens, closes = self.judged.finding["window_opens"], self.judged.finding["window_closes"]
        if opens is None or opens <= self.judged.chart.setting.as_of.date:
            return None
        if closes is None:
            return phrase("range_from", first=opens)
        if opens == closes:
            return phrase("range_day", until=closes)
        month = (opens.year, opens.month) == (closes.year, closes.month)
        return phrase("range_month" if month else "range", first=opens, until=closes)

    @property
    def _when(self) -> Phrase:
        """Format ` for 13 Apr–13 May` or ` to be done by 13 May`: unchanged until one of the days
        has passed."""
        if self._range:
            return phrase("when", range=self._range)
        closes = self.judged.finding["window_closes"]
        return phrase("when_until", day=closes) if closes else NOTHING

    def _why_not(self) -> Phrase:
        """Explain in brackets why the existing event does not count."""
        at: date | None = self.judged.finding["event_date"]
        if at is None:
            return NOTHING
        if self.judged.reason in _OLD:
            return phrase("why_old", day=at, age=self._age("will_be_old"))
        if self.judged.reason in ENGLISH.NOT_COUNTED:
            return phrase(WHY_NOT + self.judged.reason, day=at)
        return NOTHING

    def _age(self, key: str) -> Phrase:
        """Format `will be 70 days old at surgery`."""
        before = self.judged.finding["days_before"]
        if self.judged.requirement.window.anchor != "surgery" or before is None:
            return phrase("is_old")
        return phrase(key, days=Ref("days", before))

    def _book(self) -> Phrase:
        title, when = self._title, self._when
        if self.judged.reason is Reason.CANCELLED:
            return phrase("book_again", title=title, when=when, day=self._date)
        ordered = _ordered_on(self.judged.event, self.judged.chart.setting.site)
        if ordered:
            return phrase("book_ordered_on", title=title, day=ordered, when=when)
        return phrase("book_ordered", title=title, when=when)

    def _move(self) -> Phrase:
        opens, closes = self.judged.finding["window_opens"], self.judged.finding["window_closes"]
        title, day = self._title, self._date
        if self.judged.requirement.forbidden:
            first, until = opens or phrase("any_day"), closes or phrase("any_day")
            return phrase("call_off", title=title, day=day, first=first, until=until)
        to = self._range or (phrase("until", day=closes) if closes else phrase("earlier"))
        text = phrase("move", title=title, day=day, to=to)
        at: date | None = self.judged.finding["event_date"]
        if at and opens and at < opens:
            return phrase("move_why", text=text, day=at, age=self._age("would_be_old"))
        return text

    def _record(self) -> Phrase:
        """Describe what must be found out or corrected."""
        title, event, reason = self._title, self.judged.event, self.judged.reason
        match reason:
            case Reason.PARTIAL_DATE:
                recorded = (event.texts.get("at", "") if event else "") or phrase("unknown_day")
                return phrase("exact_date", title=title, recorded=recorded)
            case Reason.SAME_DAY_UNTIMED | Reason.UNTIMED:
                return phrase("clock_time", title=title, day=self._date)
            case Reason.EXTERNAL_UNDATED:
                return phrase("acquisition_date", title=title)
            case Reason.UNMAPPED:
                return phrase("unrecorded", title=title, day=self._date)
            case Reason.BETWEEN_UNKNOWN:
                return phrase("since", title=title, day=self._date)
            case Reason.REJECTED_RECORD:
                row = Ref("row", event.row) if event else phrase("a_row")
                known = event is not None and bool(event.reject)
                fault = (
                    phrase("fault", fault=Ref("fault", event.reject)) if event and known else None
                )
                return phrase("correct", row=row, fault=fault or NOTHING, title=title)
            case Reason.FEED_STALE:
                return phrase("feed", kind=self._kind, title=title)
            case Reason.NO_SUCH_RECORDS:
                return phrase("delivered", kind=self._kind)
            case Reason.CONDITION_UNKNOWN:
                return phrase("condition", title=title)
            case Reason.ANCHOR_UNKNOWN:
                return phrase("anchor", title=title, anchor=self._anchor)
        return phrase("date", title=title)

    @property
    def _anchor(self) -> Ref:
        anchor = self.judged.requirement.window.anchor
        if not isinstance(anchor, AnchorRef):
            return Ref("anchor", anchor)
        if anchor.column is not None:
            return Ref("column", anchor.column)
        return Ref("title", anchor.requirement or "")

    def _or_another(self, text: Phrase) -> Phrase:
        """Describe the alternative to a record that nobody can complete."""
        needed = self.judged.reason in (
            Reason.CONDITION_UNKNOWN,
            Reason.ANCHOR_UNKNOWN,
            Reason.FEED_STALE,
            Reason.NO_SUCH_RECORDS,
        )
        if self.judged.requirement.forbidden or needed or not self.judged.live:
            return text
        return phrase("or_another", text=text, when=self._when)


def _ordered_on(event: Event | None, site: Site) -> date | None:
    """Return the day on which an event was ordered, according to the records."""
    text = event.texts.get("ordered_at", "") if event else ""
    try:
        return read_when(text, site).lo if text else None
    except Unreadable:
        return None
