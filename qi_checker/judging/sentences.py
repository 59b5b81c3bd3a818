"""The sentence of a finding, filled from the templates of `protocol/sentences.py`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from qi_checker.judging.cases import Truth
from qi_checker.judging.chart import Chart, Decision
from qi_checker.judging.records import Event
from qi_checker.protocol import sentences as words
from qi_checker.protocol.codes import Catalogue
from qi_checker.protocol.models import Requirement, WarningWhen
from qi_checker.protocol.vocabulary import Reason, Status
from qi_checker.protocol.windows import anchor_words

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
ACTIONABLE = (Status.DUE, Status.EXPIRED, Status.MISSING)
Values = Mapping[str, Any]


def sentence(finding: Values, requirement: Requirement, decision: Decision, chart: Chart) -> str:
    """Say in plain English what a finding says: what was found, what to do, what to look at."""
    values = _values(finding, requirement, decision, chart)
    said = fill(words.FOUND[decision.reason], values)
    todo = _to_do(values, requirement, decision)
    said = said[:1].upper() + said[1:] + (f" {todo}" if todo else "")
    return said + "".join(
        fill(words.CHECK, {"words": a}) for a in advice(requirement, decision, chart)
    )


def fill(template: str, values: Values) -> str:
    """Fill a template; a day that is not known reads so."""

    def said(found: re.Match[str]) -> str:
        value = values[found[1]]
        return words.UNKNOWN_DAY if value is None else str(value)

    return _PLACEHOLDER.sub(said, template)


def days(number: int) -> str:
    """`1 day`, `2 days`."""
    return f"{number} day{'' if number == 1 else 's'}"


def _values(
    finding: Values, requirement: Requirement, decision: Decision, chart: Chart
) -> dict[str, Any]:
    """Every placeholder of every template."""
    titles = {leaf.id: leaf.title for leaf in chart.case.version.leaves}
    today = chart.setting.as_of.date
    opens, act_by = finding["window_opens"], finding["act_by"]
    question = decision.question
    values = dict(finding) | {
        "title": requirement.title,
        "anchor": chart.case.day,
        "counted_from": anchor_words(requirement.window.anchor, titles),
        "asks": requirement.window.words(titles),
        "from_day": question.stretches[0].day if question else None,
        "expires_on": chart.excepted.get(requirement.id),
        "excluded_by": _excluded_by(chart),
        "first": opens or words.ANY_DAY,
        "start": max(opens, today) if opens else today,
        "today": today,
    }
    arrange = words.ARRANGE_LATE if act_by and act_by < today else words.ARRANGE
    values["arrange"] = fill(arrange, values)
    values["distance"] = _distance(values)
    values["side"] = fill(
        words.SIDE_OF_SURGERY if values["counted_from"] == "surgery" else words.SIDE, values
    )
    slack = finding["slack_days"]
    too_old = words.TOO_OLD if slack is None else words.DAYS_TOO_OLD
    values["excess"] = fill(too_old, {"days": days(-slack) if slack is not None else ""})
    values["limit"] = _limit(requirement, values)
    values["lasts"] = fill(words.LASTS, values) if finding["valid_through"] else ""
    values["window"] = fill(words.WINDOW, values)
    values["span"] = fill(words.SPAN, values)
    return values


def _distance(values: Values) -> str:
    before: int | None = values["days_before"]
    if before is None:
        return ""
    template = words.AFTER if before < 0 else words.BEFORE
    return fill(template, {**values, "days": days(abs(before))})


def _limit(requirement: Requirement, values: Values) -> str:
    limit = limit_of(requirement)
    if limit is not None:
        return fill(words.LIMIT, {"limit": limit})
    if values["asks"] == words.ANY_TIME_BEFORE:
        return words.NO_LIMIT
    return fill(words.COUNTS_WHEN, values)


def limit_of(requirement: Requirement) -> str | None:
    """The one length that a plain window before its anchor is limited by, in words."""
    window = requirement.window
    if window.and_ or window.near or window.or_after or window.after:
        return None
    return f"less than {window.less_than}" if window.less_than else str(window.far or "") or None


def _excluded_by(chart: Chart) -> str:
    population = chart.case.population
    for exclusion, part in zip(population.version.exclude, population.exclusions, strict=True):
        if part.truth is Truth.TRUE:
            return exclusion.title
    return ""


def _to_do(values: Values, requirement: Requirement, decision: Decision) -> str:
    """What to do next; empty for past cases and where nothing is to be done."""
    status, reason = decision.status, decision.reason
    if values["act_by"] is None or status not in (*ACTIONABLE, Status.UNKNOWN):
        return ""
    if status is Status.UNKNOWN:
        template = words.ONLY_VERIFY if requirement.forbidden else words.OR_BOOK
        return fill(template, {**values, "first": words.VERIFY.get(reason, "")})
    if reason is Reason.FORBIDDEN_EVENT:
        return fill(words.REMOVE, values)
    closed = values["window_closes"] < values["today"]
    return fill(words.CLOSED if closed else words.BOOK, values)


# ---- advice: shown with an event, never a status -------------------------------------------------


def advice(requirement: Requirement, decision: Decision, chart: Chart) -> list[str]:
    """Give the advice of a finding: of `warn` for its event, then of `none_between`."""
    event, reason = decision.event, decision.reason
    found = []
    if event is not None and not event.reject and decision.status is not Status.EXEMPT:
        found += advice_of(event, requirement, chart.setting.catalogue)
    if decision.status in (Status.MET, Status.BOOKED) and reason is not Reason.NONE_FOUND:
        for line in decision.between:
            if line.rule.then == "warn" and line.truth is not Truth.FALSE:
                since = words.SINCE if line.truth is Truth.TRUE else words.PERHAPS_SINCE
                found.append(fill(since, {"title": line.rule.title}))
    return found


def advice_of(event: Event, requirement: Requirement, catalogue: Catalogue) -> list[str]:
    """Give the advice of `warn` that an event calls for, in the order written."""
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
