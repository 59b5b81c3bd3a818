"""The monthly report in words, once: page, terminal, workbook and mail share them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from qi_checker.monthly.views import Decision, Listed, Monthly, Sensitivity, Standard, Tally
from qi_checker.render import rates, words
from qi_checker.render.plots import TrendPoint

NONE = "no eligible cases"
NOTHING_ASKED = (
    "No decision is needed: no requirement failed, and every operation could be decided."
)
NO_ACTION = "No action is recorded. Add it to report.yaml under `actions`: what, who, until when."


def tally(value: Tally | None) -> str:
    """Format `11/12 (92%, 95% CI 65–99)`; no percentage of fewer than five."""
    if value is None:
        return "–"
    if not value.whole:
        return "every case has an exception" if value.excepted else NONE
    text = rates.share(value.part, value.whole)
    if text.endswith(")") and value.interval is not None:
        low, high = value.interval
        text = f"{text[:-1]}, 95% CI {rates.digits(low)}–{rates.digits(high)})"
    return text


def bounds(value: Tally) -> str:
    """Format the range that undetermined cases leave open: `27 to 29 of 30`."""
    if not value.undetermined:
        return "–"
    return f"{value.part:,} to {value.best:,} of {value.whole:,}"


def raw(value: Tally) -> str:
    """Format the rate that ignores exceptions, if there are exceptions."""
    return rates.share(value.part, value.raw_whole) if value.excepted else "–"


def percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:g}%"


def judged(standard: Standard) -> str:
    """Compare with the target, but claim only what the interval of 12 months supports."""
    target, interval = standard.year_target, standard.year.interval
    if target is None:
        return "" if standard.target is None else "the target changed within the 12 months"
    if interval is None or standard.year.whole < rates.FEWEST_FOR_PERCENT:
        return f"target {percent(target)}: not evaluable, too few cases"
    if interval[0] >= target:
        return f"target {percent(target)}: met (95% CI entirely at or above it)"
    if interval[1] < target:
        return f"target {percent(target)}: not met (95% CI entirely below it)"
    return f"target {percent(target)}: not evaluable as met or missed, the interval includes it"


def finding(monthly: Monthly) -> str:
    """Summarise the month in one sentence."""
    lead, month = monthly.standards[0], month_name(monthly.header.month)
    year = lead.year
    if year.whole == 0 and not year.excepted:
        return f"There was no eligible operation in {month}, nor in the 11 months before."
    if lead.month.whole == 0:
        why = (
            "every eligible operation has an exception"
            if lead.month.excepted
            else "there was no eligible operation"
        )
        head = f"In {month} {why}"
    else:
        noun = "operation" if lead.month.whole == 1 else "operations"
        head = f"In {month} {lead.month.part} of {lead.month.whole} {noun} complied"
    verdict = judged(lead)
    if monthly.provenance.no_data and not year.part:
        missing = " and ".join(monthly.provenance.no_data)
        return (
            f"No data: the records contain no event of the required kind ({missing}), so "
            f"nothing can be said about {year.whole} eligible operations {year_words(monthly)}."
        )
    sentence = f"{head}; {tally(year)} {year_words(monthly)}"
    return f"{sentence}{', ' + verdict if verdict else ''}."


def head(monthly: Monthly) -> str:
    """Return the title of the page: `77% (110 of 142), target 95%: not met`."""
    standard = monthly.standards[0]
    year, interval = standard.year, standard.year.interval
    if not year.whole or interval is None or (monthly.provenance.no_data and not year.part):
        return finding(monthly).rstrip(".")
    text = rate(year)
    target = standard.year_target
    if target is None:
        return text if standard.target is None else f"{text}; the target changed within 12 months"
    if year.whole < rates.FEWEST_FOR_PERCENT:
        return f"{text}, target {percent(target)}: too few operations to say"
    if interval[0] >= target:
        return f"{text}, target {percent(target)}: met"
    if interval[1] < target:
        return f"{text}, target {percent(target)}: not met"
    return f"{text}, target {percent(target)}: not clear yet"


def lead(monthly: Monthly) -> str:
    """Return the text below the title: main cause, undetermined operations, interval and period."""
    year, sentences = monthly.standards[0].year, []
    causes = monthly.causes.causes
    total = sum(c.count or 0 for c in causes)
    if causes:
        sentences.append(f"Main cause: {causes[0].words} ({causes[0].count} of {total}).")
    if year.undetermined:
        sentences.append(f"{words.count(year.undetermined)} undetermined.")
    if year.interval is not None and year.whole >= rates.FEWEST_FOR_PERCENT:
        low, high = year.interval
        sentences.append(f"95% CI {rates.digits(low)}–{rates.digits(high)}%.")
    sentences.append(f"Compliant operations {year_words(monthly)}.")
    return " ".join(sentences)


def rate(value: Tally | None) -> str:
    """Format `77% (110 of 142)`, or `3 of 4` where there are too few for a percentage."""
    if value is None or not value.whole:
        return "no operation"
    fraction = f"{value.part:,} of {value.whole:,}"
    if value.rate is None or value.whole < rates.FEWEST_FOR_PERCENT:
        return fraction
    return f"{rates.percent(value.rate)} ({fraction})"


def of(value: Tally) -> str:
    """`110 of 142`."""
    return f"{value.part:,} of {value.whole:,}" if value.whole else "no operation"


def short(value: Tally | None) -> str:
    """Format `77%`, or `3 of 4`; a dash where nothing counts."""
    return rate(value).partition(" (")[0] if value is not None and value.whole else "–"


def shown_standards(monthly: Monthly) -> tuple[Standard, ...]:
    """Return the two requirements that are furthest from complete, for the first page."""
    known = [s for s in monthly.standards[1:] if s.year.whole]
    return tuple(sorted(known, key=lambda s: s.year.rate or 0)[:2])


@dataclass(frozen=True)
class Figure:
    """A large number and two lines below it; `title` is the site's text before the first line."""

    number: str
    title: str
    first: str
    second: str
    bad: bool = False


def figures(monthly: Monthly) -> tuple[Figure, ...]:
    """Return the large figures of first page and slide: month, two requirements, undetermined."""
    lead, name = monthly.standards[0], month_name(monthly.header.month)
    before = f"the month before: {rate(lead.previous)}"
    found = [Figure(short(lead.month), "", f"{name}: {of(lead.month)}", before)]
    for s in shown_standards(monthly):
        first = f"in time, 12 months: {of(s.year)}"
        second = f"done at all: {short(s.present_year)}; this month in time: {of(s.month)}"
        found.append(Figure(short(s.year), s.title, first, second, _below_target(s)))
    year = lead.year
    doubt = f"undetermined in 12 months: {between(year)}"
    return (*found, Figure(words.count(year.undetermined), "", doubt, ""))


def _below_target(standard: Standard) -> bool:
    """Whether the whole interval of 12 months is below the target."""
    target, interval = standard.year_target, standard.year.interval
    return bool(target) and interval is not None and interval[1] < (target or 0)


def rests_on(decision: Decision) -> str:
    return f"Rests on {words.count(decision.count)} of {decision.of} in 12 months."


def between(value: Tally) -> str:
    """Describe the range that undetermined operations leave open: `the rate is between 77% and
    83%`."""
    if not value.undetermined or value.whole < rates.FEWEST_FOR_PERCENT:
        return "every operation could be decided" if not value.undetermined else bounds(value)
    best = rates.percent(value.best / value.whole)
    return f"the rate is between {short(value)} and {best}"


MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def month_name(month: str) -> str:
    """`2026-02` -> `February 2026`."""
    return f"{MONTHS[int(month[5:]) - 1]} {month[:4]}"


def year_span(monthly: Monthly) -> str:
    """Describe the 12 months, and which of them the records cover."""
    header = monthly.header
    span = f"{month_name(header.year_first)} to {month_name(header.month)}"
    if header.held_first > header.year_first:
        span += f"; the first eligible operation is of {month_name(header.held_first)}"
    return span


def year_words(monthly: Monthly) -> str:
    """Describe the covered months: `in the 8 months July 2025 to February 2026`."""
    first, last = monthly.header.held_first, monthly.header.month
    number = 12 * (int(last[:4]) - int(first[:4])) + int(last[5:]) - int(first[5:]) + 1
    if number == 1:
        return f"in {month_name(last)}, the only month of the last 12 with an operation"
    return f"in the {number} months {month_name(first)} to {month_name(last)}"


def lacking(case: Listed) -> str:
    """List the unmet requirements of a case, with their days."""
    parts = []
    for lack in case.lacks:
        days = f", {words.days_before(lack.days)}" if lack.days is not None else ""
        parts.append(f"{lack.title}: {words.REASONS[lack.reason]}{days}")
    return "; ".join(parts)


def steps(case: Listed) -> str:
    return "; ".join(dict.fromkeys(x.step for x in case.lacks if x.step))


def window(line: Sensitivity) -> str:
    return f"{line.window} (the protocol's)" if line.own else line.window


def due(done: date | None, overdue: bool, written: Callable[[date], str] = date.isoformat) -> str:
    """Return the state of an action; `written` formats the day on which it was done."""
    if done is not None:
        return f"done {written(done)}"
    return "overdue" if overdue else "open"


def rejudged_words(monthly: Monthly) -> str:
    """Summarise the comparison with a month ago."""
    if monthly.rejudged_since is None:
        return "Nothing was compared with an earlier moment."
    since = words.day(monthly.rejudged_since)
    if not monthly.rejudged:
        return f"No earlier result changed since the end of {since}."
    noun = words.count(len(monthly.rejudged), "earlier result")
    return f"{noun} changed since the end of {since}."


def phase_words(monthly: Monthly) -> tuple[str, ...]:
    """Describe the source of the lines, phase by phase."""
    sentences = []
    for phase in monthly.phases:
        first, last = phase.baseline
        rate = (
            f", {rates.percent(phase.rate)} of {phase.cases} cases"
            if phase.rate is not None
            else ""
        )
        trial = "; trial limits, fewer than 12 months with a case" if phase.months < 12 else ""
        why = f" Decided by {phase.approved_by}: {phase.reason}." if phase.reason else ""
        span = f"baseline {words.month(first)} to {words.month(last)}"
        sentences.append(f"From {words.month(phase.first)}: {span}{rate}{trial}.{why}")
    return tuple(sentences)


SIDES = {
    0: "inside",
    -1: "below the 95% limit",
    -2: "below the 99.8% limit",
    1: "above the 95% limit",
    2: "above the 99.8% limit",
}


def month_tally(point: TrendPoint) -> str:
    """Format one month of the trend, also a month without a case."""
    if not point.cases:
        return "no case"
    return tally(Tally(point.events or 0, point.cases, 0, 0))


def quarter(point: TrendPoint) -> str:
    if point.quarter_events is None or point.quarter_cases is None:
        return "–"
    if not point.quarter_cases:
        return "no case"
    return rates.share(point.quarter_events, point.quarter_cases)


def line(value: float | None) -> str:
    return "–" if value is None else rates.percent(value)
