"""Check how far the records reach, and what has stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from statistics import pvariance

from qi_checker.plausibility.judged import Judge, few_by_chance, parts
from qi_checker.plausibility.measures import FUTURE, UNDATED, USUAL_KINDS, WEEKS, Measures, Week
from qi_checker.protocol.plausible import Level
from qi_checker.protocol.plausible_findings import Finding

_HALF_YEAR = 26  # weeks that define what is usual
_YEAR = 52  # weeks
_SOME = 10  # planned operations; fewer show no pattern
_RECENT = 4
_UNLIKELY = 0.0005
_VERY_UNLIKELY = 1e-6  # low, since many spans of many groups are tested
_EXPECTED = 7  # events expected in a pause; by chance it is empty once in a thousand
_LATER = 10  # operations more than two weeks ahead, some of which should have an appointment
_HOLE = 3  # whole weeks without any


def check_times(m: Measures, judge: Judge) -> Iterator[Finding]:
    """Check the newest event and operation, future ones, and feeds that stopped."""
    events: Counter[int] = Counter()
    for w in m.weeks:
        if w.known and w.series.status == "completed" and w.week >= 0:
            events[w.week] += w.number
    cases: Counter[int] = Counter()
    for c in m.cases:
        if c.status != "cancelled":
            cases[c.week] += c.number
    newest = max((w.newest for w in m.weeks if _over(w) and w.newest), default=None)
    newest_case = max(
        (c.newest for c in m.cases if c.newest and c.week >= 0 and c.status != "cancelled"),
        default=None,
    )
    upcoming = sum(n for week, n in cases.items() if week < 0)
    alive = bool(upcoming) or (
        newest is not None
        and newest_case is not None
        and (newest_case - newest).days > (judge.settings.of("newest_event").warn or 0)
    )
    yield from _newest("newest_event", "events", "at", newest, events, m.as_of, judge, alive)
    yield from _newest(
        "newest_surgery", "cases", "surgery_at", newest_case, cases, m.as_of, judge, False
    )
    yield from _ahead(m, judge, cases, upcoming)
    yield from _horizon(m, judge, cases)
    yield from _fewer_cases(judge, cases)
    if newest is not None:
        yield from _stopped(m, judge, newest)


def check_period(m: Measures, judge: Judge, first: date, last: date) -> Iterator[Finding]:
    """Check whether the records cover the whole reported period, allowing for usual pauses."""
    cases: Counter[int] = Counter()
    for c in m.cases:
        if c.status != "cancelled":
            cases[c.week] += c.number
    performed = [c.newest for c in m.cases if c.status == "performed" and c.week >= 0]
    done = [w.newest for w in m.weeks if _over(w)]
    newest = max((day for day in (*performed, *done) if day), default=None)
    oldest = min((c.oldest for c in m.cases if c.oldest), default=None)
    limits = judge.settings.of("period")
    if newest is None or oldest is None:
        return
    pause = 7 * 2 * _longest_pause(cases, max(0, (m.as_of - newest).days // 7))
    short, late = (last - newest).days, (oldest - first).days
    text = f"the records end on {newest}, and the reported period on {last}"
    if limits.refuse is not None and short > max(limits.refuse, pause):
        yield judge.finding("period", "events", "at", short, 0, Level.REFUSE, text)
    elif limits.warn is not None and short > max(limits.warn, pause):
        yield judge.finding("period", "events", "at", short, 0, Level.WARN, text)
    if limits.warn is not None and late > max(limits.warn, pause):
        text = f"the records begin on {oldest}, and the reported period on {first}"
        yield judge.finding("period", "cases", "surgery_at", late, 0, Level.WARN, text)


def _over(w: Week) -> bool:
    return w.known and w.series.status == "completed" and w.week >= 0


def _newest(
    check: str,
    table: str,
    column: str,
    newest: date | None,
    weeks: Counter[int],
    today: date,
    judge: Judge,
    alive: bool,
) -> Iterator[Finding]:
    """Check for too long a pause, compared with the longest one in the year before."""
    if newest is None:
        return
    limits, gap = judge.settings.of(check), (today - newest).days
    pause = 7 * (2 * _longest_pause(weeks, gap // 7) + 1)
    if limits.warn is None or gap <= max(limits.warn, pause):
        return
    usual = _usual(weeks, gap // 7) if gap // 7 < WEEKS else weeks[WEEKS] / 52
    if usual * gap / 7 < _EXPECTED:
        return  # so few that a pause of this length may be chance
    refuse = alive and limits.refuse is not None and gap > max(limits.refuse, pause)
    level = Level.REFUSE if refuse else Level.WARN
    what = "event" if table == "events" else "operation"
    text = f"the newest {what} is from {newest}, {gap} days before {today}"
    yield judge.finding(check, table, column, gap, 0, level, text)


def _longest_pause(weeks: Counter[int], newest: int) -> int:
    """Return the longest run of empty weeks in the year before the newest week with data."""
    oldest = max((week for week, n in weeks.items() if n and week < WEEKS), default=newest)
    longest = now = 0
    for week in range(newest, min(newest + 52, oldest) + 1):
        now = 0 if weeks[week] else now + 1
        longest = max(longest, now)
    return longest


def _ahead(m: Measures, judge: Judge, cases: Counter[int], upcoming: int) -> Iterator[Finding]:
    """Check operations and appointments after the evaluated moment."""
    expected = _in_two_weeks(cases)
    if not upcoming:
        text = f"no operation is planned after {m.as_of}; {expected:.0f} in two weeks are usual"
        yield from judge.number(
            "upcoming", "cases", "surgery_at", 0, round(expected), expected, text
        )
    soon = sum(n for week, n in cases.items() if -13 <= week < 0)
    # Required kinds of which appointments are delivered at all; a laboratory result has none.
    every = [w for w in m.weeks if w.series.status == "booked"]
    own = [w for w in every if w.series.kind in m.needed] or every
    booked = sum(w.number for w in own if w.week in (FUTURE, UNDATED))
    if not booked:
        text = f"no event is booked after {m.as_of}, and {soon:,} operations are planned"
        yield from judge.number("bookings", "events", "status", 0, soon, soon, text)


def _in_two_weeks(cases: Counter[int]) -> float:
    """Return the usual number of operations in two weeks of the half year before the newest."""
    newest = min((week for week, n in cases.items() if n and 0 <= week < WEEKS), default=WEEKS)
    span = range(newest, min(newest + _HALF_YEAR, WEEKS))
    return 2 * sum(cases[week] for week in span) / _HALF_YEAR


def _horizon(m: Measures, judge: Judge, cases: Counter[int]) -> Iterator[Finding]:
    """Check for planned operations or appointments that end after a week: a filtered export."""
    planned = sum(n for week, n in cases.items() if week < 0)
    if planned and planned == cases[-1]:
        expected = _in_two_weeks(cases)
        text = f"all {planned:,} planned operations are in the next 7 days"
        yield from judge.number("horizon", "cases", "surgery_at", planned, planned, expected, text)
    ahead = [w for w in m.weeks if w.series.status == "booked" and w.week == FUTURE and w.newest]
    booked = sum(w.number for w in ahead)
    ahead_of = [w for w in m.cases if w.week < 0]
    replayed = sum(w.number for w in ahead_of if w.status == "performed") > 2
    planned_days = [w for w in ahead_of if w.status == "scheduled"]
    planned_of = sum(w.number for w in planned_days)
    far = sum(w.number for w in planned_days if w.week < -_YEAR)
    if far and not replayed:
        text = f"{parts(far, planned_of)} planned operations are more than a year ahead"
        yield from judge.share("far_ahead", "cases", "surgery_at", far, planned_of, text)
    first = sum(w.month_start for w in planned_days)
    if planned_of >= _SOME:
        text = f"{parts(first, planned_of)} planned operations are on the first day of a month"
        yield from judge.share("month_starts", "cases", "surgery_at", first, planned_of, text)
    last = max((w.newest for w in ahead if w.newest), default=m.as_of)
    later = sum(n for week, n in cases.items() if week < -2)
    if (last - m.as_of).days <= 7 and later >= _LATER:
        text = (
            f"all {booked:,} appointments are in the next 7 days, and {later:,} operations are "
            "planned for more than 14 days ahead"
        )
        yield from judge.number("horizon", "events", "at", booked, booked, booked, text)


def _fewer_cases(judge: Judge, cases: Counter[int]) -> Iterator[Finding]:
    """Check for fewer operations in the last 28 days than chance can explain."""
    found = sum(cases[week] for week in range(_RECENT))
    before = range(_RECENT, _RECENT + _HALF_YEAR)
    if sum(1 for week in before if cases[week]) < 3 * _RECENT:
        return
    usual = sum(cases[week] for week in before) * _RECENT / _HALF_YEAR
    if found and few_by_chance(found, usual) < _UNLIKELY:
        text = f"{found:,} operations in the last 28 days; {usual:.0f} are usual"
        of = round(usual)
        yield from judge.number("fewer", "cases", "surgery_at", found, of, usual / found, text)


def _stopped(m: Measures, judge: Judge, newest: date) -> Iterator[Finding]:
    """Check for a kind, modality or source of events that stopped or paused for some weeks."""
    groups: dict[tuple[str, str], Counter[int]] = {}
    for w in m.weeks:
        if not _over(w):
            continue
        kind = w.series.kind
        names = [("kind", kind), ("provenance", f"{kind} {w.series.provenance}")]
        names += [("modality", f"{kind} {word}") for word in w.series.modality.split(";") if word]
        for group in names:
            groups.setdefault(group, Counter())[w.week] += w.number - w.partial
    first = (m.as_of - newest).days // 7  # weeks after the newest event are empty for every group
    seen: set[tuple[int, ...]] = set()
    for (column, name), weeks in sorted(groups.items()):
        for start, length in _silences(weeks, first):
            usual = _usual(weeks, start + length)
            if start > first:  # a gap; before the first operations events are rare
                usual = min(usual, _usual(weeks, max(0, start - _HALF_YEAR)))
            found = sum(weeks[week] for week in range(start, start + length))
            expected = usual * length
            level = judge.settings.of("stopped").level(expected)
            same = (start, length, round(expected))
            together = _together(weeks, start + length)
            unlikely = few_by_chance(int(found / together), expected / together) < _VERY_UNLIKELY
            rare = found * 4 < expected and unlikely
            if level is None or not rare or same in seen:
                continue
            seen.add(same)
            days = f"the {7 * length} days to {m.as_of - timedelta(days=7 * start)}"
            text = f"{found:,} {_called(m, column, name)} in {days}; {expected:.0f} are usual"
            yield judge.finding("stopped", "events", column, found, round(expected), level, text)
            break


def _together(weeks: Counter[int], before: int) -> float:
    """Return how many events come at a time, as the results of one blood sample; at least 1.

    Chance makes the variance of single events equal to their mean, and of groups of n the n-fold.
    """
    oldest = max((week for week, n in weeks.items() if n and week < WEEKS), default=0)
    numbers = [weeks[week] for week in range(before, min(before + _HALF_YEAR, oldest))]
    usual = sum(numbers) / max(1, len(numbers))
    return max(1.0, pvariance(numbers) / usual) if usual else 1.0


def _silences(weeks: Counter[int], first: int) -> Iterator[tuple[int, int]]:
    """Yield spans to test as first week and length: the newest ones, and gaps before them."""
    for length in (8, 6, 4, 3, 2):
        yield first, length
    oldest = max((week for week, n in weeks.items() if n and week < WEEKS), default=0)
    start = None
    for week in range(first, oldest):
        if weeks[week]:
            if start is not None and week - start >= _HOLE:
                yield start, week - start
            start = None
        elif start is None:
            start = week


def _usual(weeks: Counter[int], before: int) -> float:
    """Return the weekly number in the half year before, as far as the records reach."""
    oldest = max((week for week, n in weeks.items() if n and week < WEEKS), default=0)
    span = range(before, min(before + _HALF_YEAR, oldest))
    return sum(weeks[week] for week in span) / len(span) if len(span) >= _RECENT else 0.0


def _called(m: Measures, column: str, name: str) -> str:
    """Name a group by words of the vocabularies only; another word may be anything."""
    kind, _, word = name.partition(" ")
    kind = kind if kind in USUAL_KINDS else "other"
    if column == "modality":
        return f"{kind} events of modality {word if word in m.modalities else '(unknown word)'}"
    if column == "provenance":
        return f"{kind} events of {word if word in ('internal', 'external') else 'another'} source"
    return f"{kind} events"
