"""Fill the sentence of a finding from the templates of its language (`protocol/language.py`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from qi_checker.judging.chart import Chart
from qi_checker.judging.outcomes import Decision, Truth
from qi_checker.judging.records import Event
from qi_checker.judging.spans import INSTANT
from qi_checker.protocol.codes import Catalogue
from qi_checker.protocol.language import Words, filled, many, plainly
from qi_checker.protocol.models import Requirement, WarningWhen
from qi_checker.protocol.sentences import Phrases, phrases
from qi_checker.protocol.vocabulary import Reason, Status

MINUTE = 60_000_000  # microseconds
ACTIONABLE = (Status.DUE, Status.EXPIRED, Status.MISSING)
Values = Mapping[str, Any]


def sentence(finding: Values, requirement: Requirement, decision: Decision, chart: Chart) -> str:
    """Return the sentence of a finding: what was found, what to do, what to check."""
    values, words = _Values(finding, requirement, decision, chart), chart.setting.words
    text = values.fill(words.FOUND[decision.reason])
    todo = _to_do(values, requirement, decision)
    text = text[:1].upper() + text[1:] + (f" {todo}" if todo else "")
    checks = advice(requirement, decision, chart)
    return text + "".join(plainly(words.CHECK, words=check) for check in checks)


def to_do(finding: Values, requirement: Requirement, decision: Decision, chart: Chart) -> str:
    """Return the part of the sentence that says what to do next; empty if nothing is to be done."""
    return _to_do(_Values(finding, requirement, decision, chart), requirement, decision)


def time_words(microseconds: int, unit: str, words: Words) -> str:
    """Format `150 minutes`; with `unit` hour `2 hours 30 minutes`."""
    minutes = microseconds // 60_000_000
    if minutes == 0 and microseconds:
        return words.LESS_THAN_A_MINUTE
    hours, rest = divmod(minutes, 60)
    if unit == "minute" or not hours:
        return many(minutes, "minute", words)
    return many(hours, "hour", words) + (f" {many(rest, 'minute', words)}" if rest else "")


class _Values(dict[str, Any]):
    """Every placeholder of every template: columns of the finding, and pieces made on access."""

    def __init__(
        self, finding: Values, requirement: Requirement, decision: Decision, chart: Chart
    ) -> None:
        super().__init__(finding)
        self.requirement, self.decision, self.chart = requirement, decision, chart
        self.words: Words = chart.setting.words
        self.phrases = _phrases(requirement, chart)

    def fill(self, template: str) -> str:
        """Fill a template; an unknown day is written as such."""

        def said(name: str, _: str) -> str:
            value = self[name]
            if value is None:
                return self.words.UNKNOWN_DAY
            return self.words.day(value) if isinstance(value, date) else str(value)

        return filled(template, said)

    def __missing__(self, name: str) -> Any:
        piece = _PIECES.get(name)
        self[name] = value = piece(self) if piece else getattr(self.phrases, name)
        return value

    @property
    def time_before(self) -> int | None:
        """Return the microseconds from event to anchor, if limits are in minutes or hours.

        None where a clock time is not known.
        """
        event, question = self.decision.event, self.decision.question
        if not self.phrases.unit or not event or not event.at or not question:
            return None
        at, anchor = event.at, question.stretches[0].anchor
        if at.instant and anchor.instant:
            return (anchor.instant - at.instant) // INSTANT
        return (anchor.clock - at.clock) // INSTANT if at.clock and anchor.clock else None


def _phrases(requirement: Requirement, chart: Chart) -> Phrases:
    """Return the fixed pieces of a requirement, made once for all cases."""
    version, made = chart.case.version, chart.setting.phrases
    key = version.version, requirement.id
    if key not in made:
        made[key] = phrases(requirement, version.titles, chart.setting.words)
    return made[key]


def _distance(values: _Values) -> str:
    before: int = values["days_before"]
    time, words = values.time_before, values.words
    if time is None:
        values["length"] = many(abs(before), "day", words)
    else:
        before, values["length"] = time, time_words(abs(time), values.phrases.unit, words)
    return values.fill(words.AFTER if before < 0 else words.BEFORE)


def _limit(values: _Values) -> str:
    words = values.words
    if values.phrases.limit is not None:
        return plainly(words.LIMIT, limit=values.phrases.limit)
    if values["asks"] == words.ANY_TIME_BEFORE:
        return words.NO_LIMIT
    return values.fill(words.COUNTS_WHEN)


def _excess(values: _Values) -> str:
    """Return how much too old it is, in the unit of the limit."""
    slack: int | None = values["slack_days"]
    time, longest, words = values.time_before, values.phrases.longest, values.words
    if time is not None:
        if longest is None or time - longest < MINUTE:
            return words.TOO_OLD
        return plainly(words.EXCESS, length=time_words(time - longest, values.phrases.unit, words))
    if slack is None or slack >= 0:
        return words.TOO_OLD
    return plainly(words.EXCESS, length=many(-slack, "day", words))


def _asked_late(values: _Values) -> str:
    late = values.chart.excepted[values.requirement.id].asked_late
    return values.words.ASKED_LATE if late else ""


def _start(values: _Values) -> date:
    opens: date | None = values["window_opens"]
    today: date = values["today"]
    return max(opens, today) if opens else today


def _arrange(values: _Values) -> str:
    late = values["act_by"] and values["act_by"] < values["today"]
    return values.fill(values.words.ARRANGE_LATE if late else values.words.ARRANGE)


def _from_day(values: _Values) -> date | None:
    question = values.decision.question
    return question.stretches[0].day if question else None


_PIECES: dict[str, Callable[[_Values], Any]] = {
    "today": lambda values: values.chart.setting.as_of.date,
    "anchor": lambda values: values.chart.case.day,
    "from_day": _from_day,
    "expires_on": lambda values: values.chart.excepted[values.requirement.id].until,
    "asked_late": _asked_late,
    "excluded_by": lambda values: _excluded_by(values.chart),
    "first": lambda values: values["window_opens"] or values.words.ANY_DAY,
    "start": _start,
    "arrange": _arrange,
    "distance": _distance,
    "excess": _excess,
    "limit": _limit,
    "lasts": lambda values: values.fill(values.words.LASTS) if values["valid_through"] else "",
    "until": lambda values: values.fill(values.words.UNTIL) if values["window_closes"] else "",
    "yet": lambda values: values.words.YET if values.decision.status is Status.DUE else "",
    "window": lambda values: values.fill(values.words.WINDOW),
    "span": lambda values: values.fill(values.words.SPAN),
}


def _excluded_by(chart: Chart) -> str:
    population = chart.case.population
    for exclusion, part in zip(population.version.exclude, population.exclusions, strict=True):
        if part.truth is Truth.TRUE:
            return exclusion.title
    return ""


def _to_do(values: _Values, requirement: Requirement, decision: Decision) -> str:
    """Return what to do next; empty for past cases and if nothing is to be done."""
    status, reason, words = decision.status, decision.reason, values.words
    if values["act_by"] is None or status not in (*ACTIONABLE, Status.UNKNOWN):
        return ""
    if status is Status.UNKNOWN:
        template = words.ONLY_VERIFY if requirement.forbidden else words.OR_BOOK
        values["first"] = values.fill(words.VERIFY.get(reason, ""))
        return values.fill(template)
    if reason is Reason.FORBIDDEN_EVENT:
        return values.fill(_undo(status, values))
    if status is Status.DUE:
        return values.fill(words.BOOK)
    return values.fill(words.CLOSED if values.phrases.moves else words.CLOSED_FOR_GOOD)


def _undo(status: Status, values: _Values) -> str:
    """Return what can be done about a forbidden event: a booking can be moved."""
    words = values.words
    if values["valid_through"]:
        return words.CALL_OFF if status is Status.DUE else words.WAIT
    return words.CALL_OFF_ONLY if status is Status.DUE else words.WAIVE


# ---- advice: shown with an event, never a status -------------------------------------------------


def advice(requirement: Requirement, decision: Decision, chart: Chart) -> list[str]:
    """Return the advice of a finding: of `warn` for its event, then of `none_between`."""
    event, reason, words = decision.event, decision.reason, chart.setting.words
    advice_lines = []
    if event is not None and not event.reject and decision.status is not Status.EXEMPT:
        advice_lines += advice_of(event, requirement, chart.setting.catalogue)
    if decision.status in (Status.MET, Status.BOOKED) and reason is not Reason.NONE_FOUND:
        for line in decision.between:
            if line.rule.then == "warn" and line.truth is not Truth.FALSE:
                since = words.SINCE if line.truth is Truth.TRUE else words.PERHAPS_SINCE
                advice_lines.append(plainly(since, title=line.rule.title))
    return advice_lines


def advice_of(event: Event, requirement: Requirement, catalogue: Catalogue) -> list[str]:
    """Return the advice of `warn` for an event, in the order written."""
    if not event.codes and "description" not in event.texts:
        return []  # every warning looks at one of these
    return [line.title for line in requirement.warn if _calls_for(event, line.when, catalogue)]


def _calls_for(event: Event, when: WarningWhen, catalogue: Catalogue) -> bool:
    if when.description is not None:
        text = event.texts.get("description", "").lower()
        return any(word.lower() in text for word in when.description)
    if when.codes is not None:
        wanted = catalogue.lists[when.codes.in_]
        return any(wanted.holds(*pair) for pair in event.codes)
    lines = (line for pair in event.codes for line in catalogue.imaging_of(pair))
    return any(line.role == "warns" for line in lines)
