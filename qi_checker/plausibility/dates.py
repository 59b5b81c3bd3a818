"""Check for dates that are impossible together, or that no hospital has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from qi_checker.plausibility.judged import Judge, parts
from qi_checker.plausibility.measures import FUTURE, UNDATED, Measures, Week
from qi_checker.protocol.plausible_findings import Finding

_FEW = 20  # clock times of fewer events show no pattern
_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays")
_MANY = 50  # for one day or the first of the month


def check_dates(m: Measures, judge: Judge) -> Iterator[Finding]:
    """Check what the dates of single rows reveal."""
    done = [w for w in m.weeks if w.series.status == "completed" and w.week != UNDATED]
    yield from _pairs(done, m, judge)
    yield from _clocks(done, m, judge)
    yield from _heaps(done, m, judge)
    yield from _future(m, judge)
    for table, old, of in (
        ("events", _sum(done, "before_1990"), _sum(done, "number")),
        ("cases", sum(w.before_1990 for w in m.cases), sum(w.number for w in m.cases)),
    ):
        column = "at" if table == "events" else "surgery_at"
        if old:
            words = f"{parts(old, of)} dates are before 1990"
            yield from judge.share("before_1990", table, column, old, of, words)


def _sum(weeks: Sequence[Week], name: str) -> int:
    return sum(getattr(week, name) for week in weeks)


def _pairs(done: Sequence[Week], m: Measures, judge: Judge) -> Iterator[Finding]:
    """Compare the date of an event with those of its order and record.

    Each modality that a requirement accepts is also checked by itself, since it may come from
    a system of its own: MRI is a quarter of all events, and half of what is required.
    """
    found = list(_compared(done, "completed events", judge, 0))
    for word in sorted(m.required & m.modalities):
        own = [
            w for w in done if w.series.kind in m.needed and word in w.series.modality.split(";")
        ]
        seen = {f.check for f in found}
        of_word = _compared(own, f"completed events of modality {word}", judge, _FEW)
        found += [f for f in of_word if f.check not in seen]
    yield from found


def _compared(done: Sequence[Week], called: str, judge: Judge, at_least: int) -> Iterator[Finding]:
    """Compare the dates of some events; `at_least` is the minimum number to find in them."""
    recorded, ordered = _sum(done, "recorded"), _sum(done, "ordered")
    of_clocks = _sum(done, "both_timed")
    looked: tuple[tuple[str, str, int, int, str], ...] = (
        ("recorded_before", "recorded_at", recorded, 4, "were recorded before they happened"),
        ("recorded_late", "recorded_at", recorded, _FEW, "were recorded more than 14 days later"),
        ("ordered_after", "ordered_at", ordered, 5, "were ordered after they were done"),
        ("at_is_ordered", "at", ordered, _FEW, "happened on the day of their order"),
        ("at_is_recorded", "at", of_clocks, _FEW, "happened in the minute of their record"),
    )
    for check, column, of, least, words in looked:
        count = _sum(done, check)
        if count:
            text = f"{parts(count, of)} {called} {words}"
            yield from judge.share(check, "events", column, count, of, text, max(least, at_least))
    swapped = _sum(done, "swapped")
    if swapped:
        of = max(recorded, ordered)
        text = f"{parts(swapped, of)} dates of {called} match their row only with day and month swapped"
        yield from judge.share("swapped_dates", "events", "at", swapped, of, text, max(2, at_least))


def _clocks(done: Sequence[Week], m: Measures, judge: Judge) -> Iterator[Finding]:
    imaging = [w for w in done if w.series.kind == "imaging"]
    words: dict[str, Callable[[str], str]] = {
        "night": lambda share: f"{share} clock times are between 22:00 and 6:00",
        "midnight": lambda share: f"{share} clock times are exactly 0:00",
    }
    for check, sentence in words.items():
        for table, count, of in (
            ("events", _sum(imaging, check), _sum(imaging, "timed")),
            ("cases", sum(getattr(w, check) for w in m.cases), sum(w.timed for w in m.cases)),
        ):
            column = "at" if table == "events" else "surgery_at"
            if count:
                least = min(_FEW, max(5, of // 2))
                text = sentence(parts(count, of))
                yield from judge.share(check, table, column, count, of, text, least)
    swapped, of = sum(w.swapped for w in m.cases), sum(w.started for w in m.cases)
    if swapped:
        text = (
            f"{parts(swapped, of)} operations started on the planned day with day and month swapped"
        )
        yield from judge.share("swapped_dates", "cases", "surgery_at", swapped, of, text)


def _heaps(done: Sequence[Week], m: Measures, judge: Judge) -> Iterator[Finding]:
    past = [w for w in done if w.week != FUTURE]
    of = _sum(past, "number")
    if of >= _MANY:
        most = m.patients.most_of_a_day
        text = f"{parts(most, of)} completed events are on the same day"
        yield from judge.share("one_day", "events", "at", most, of, text)
        first = _sum(past, "month_start")
        text = f"{parts(first, of)} completed events are on the first day of a month"
        yield from judge.share("month_starts", "events", "at", first, of, text)
        yield from _weekdays(m.weekdays["events"], judge)
    partial = _sum(past, "partial")
    if partial and of:
        text = f"{parts(partial, of)} completed events have only a month or year"
        yield from judge.share("partial", "events", "at", partial, of, text, least=5)


def _weekdays(days: Sequence[int], judge: Judge) -> Iterator[Finding]:
    """Check for all events on one weekday, or none on a working day: a failing Monday feed."""
    if not sum(days):
        return
    text = f"{parts(max(days), sum(days))} completed events are on one day of the week"
    yield from judge.share("one_weekday", "events", "at", max(days), sum(days), text)
    fewest = min(days[:5])
    usual = (sum(days[:5]) - fewest) / 4
    if fewest * 10 < usual:
        day = _DAYS[days.index(fewest)]
        text = f"{fewest:,} completed events are on {day}; {usual:.0f} are usual on working days"
        yield from judge.number("no_weekday", "events", "at", fewest, round(usual), usual, text)


def _future(m: Measures, judge: Judge) -> Iterator[Finding]:
    """Check for events and operations in the future that are recorded as done.

    If a past moment is evaluated, both tables continue after it, and later events were recorded
    later: that is not an error.
    """
    done = [w for w in m.weeks if w.series.status == "completed"]
    dated = [w for w in done if w.week != UNDATED]
    ahead = sum(w.number for w in dated if w.week == FUTURE and w.known)
    later = sum(w.number for w in dated if w.week == FUTURE and not w.known)
    early = sum(w.number for w in dated if w.week != FUTURE and not w.known)
    performed = [w for w in m.cases if w.status == "performed"]
    cases = sum(w.number for w in performed if w.week < 0)
    replayed = later > ahead or (cases > 0 and 2 * (ahead + later) >= cases)
    of = sum(w.number for w in dated)
    if ahead and not replayed:
        text = f"{parts(ahead, of)} completed events are after {m.as_of}"
        yield from judge.share("future", "events", "at", ahead, of, text, least=3)
    if early and not later:
        text = f"{parts(early, of)} completed events were recorded after {m.as_of}"
        yield from judge.share("future", "events", "recorded_at", early, of, text, least=3)
    if cases and not replayed:
        all_cases = sum(w.number for w in performed)
        text = f"{parts(cases, all_cases)} performed operations are after {m.as_of}"
        yield from judge.share("future", "cases", "surgery_at", cases, all_cases, text, least=3)
