"""Check whether operations and events belong together, and the mix of operations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from qi_checker.plausibility.judged import Judge, few_of_by_chance, many_of_by_chance, parts
from qi_checker.plausibility.measures import UNDATED, CaseWeek, Measures
from qi_checker.protocol.plausible import Level
from qi_checker.protocol.plausible_findings import Finding

_PAIRS = 50  # pairs of events and operations; with fewer, chance decides
_RECENT = 4  # weeks
_UNLIKELY = 0.0005
_WEEKENDS, _SHIFTED = 30, 60  # operations; with fewer, weekdays show no pattern
_RARE_DAY = 0.01  # share of elective operations on a Sunday, or on another day of rest
_VERY_UNLIKELY = 1e-6  # low, since events of one patient cluster


def check_join(m: Measures, judge: Judge) -> Iterator[Finding]:
    """Check the patients of both tables, and how close events are to operations."""
    p = m.patients
    cases = sum(w.number for w in m.cases)
    if not cases or not m.census["events"].used:
        return
    if p.lost:
        text = f"{parts(p.lost, p.patients)} patients with an operation have no event at all"
        yield from judge.share("no_events", "cases", "patient_id", p.lost, p.patients, text, 5)
    if p.spelt_otherwise:
        text = (
            f"{parts(p.spelt_otherwise, p.patients)} patients have events under another spelling "
            "of their id (zeros, separators, case)"
        )
        found = p.spelt_otherwise
        yield from judge.share("spelling", "cases", "patient_id", found, p.patients, text, 1)
    elif p.without_prefix * 2 > p.lost and p.without_prefix >= 3:
        found = p.without_prefix
        text = f"{parts(found, p.patients)} patients have events under another prefix of their id"
        yield from judge.share("spelling", "cases", "patient_id", found, p.patients, text, 3)
    if p.case_ids_as_patients * 2 > cases and p.lost * 2 > p.patients:
        found = p.case_ids_as_patients
        text = f"case_id and patient_id look swapped in {parts(found, cases)} rows"
        yield from judge.number("exchanged", "cases", "case_id", found, cases, found, text)
    events = sum(w.number for w in m.weeks)
    if p.with_events and p.most_of_one >= 20:
        # With few patients one always has a large share; a default id has many times the usual.
        usual = events / max(p.with_events, p.patients)
        if p.most_of_one > 10 * usual:
            text = f"{parts(p.most_of_one, events)} events belong to a single patient"
            found = p.most_of_one
            yield from judge.share("one_patient", "events", "patient_id", found, events, text)
    yield from _timing(m, judge)
    yield from _swapped(m, judge)
    total, unknown, misspelt = m.exceptions
    if misspelt:  # other names are of other protocols: the same file may hold theirs
        text = f"{parts(misspelt, total)} exceptions name a requirement that is misspelt or unknown"
        yield from judge.share("exceptions", "exceptions", "requirement", misspelt, total, text, 5)
    if unknown:
        text = (
            f"{parts(unknown, total)} exceptions refer to operations that are not among the cases"
        )
        yield from judge.share("unknown_cases", "exceptions", "case_id", unknown, total, text, 3)


def _timing(m: Measures, judge: Judge) -> Iterator[Finding]:
    """Check that events precede operations of their own patient more often than those of others.

    The share by chance follows from the dates of all events and of all operations. A column that
    was sorted by itself leaves every id and every date valid, and only this check reveals it.
    """
    p = m.patients
    dates: Counter[int] = Counter()
    for w in m.weeks:
        if w.series.status == "completed" and w.week != UNDATED:
            dates[w.week] += w.number
    total = sum(dates.values())
    if p.pairs < _PAIRS or not total:
        return
    by_chance = number = 0.0
    for case in m.cases:
        number += case.number
        span = range(case.week, case.week + 13)  # 13 weeks are 91 days
        by_chance += case.number * sum(dates[week] for week in span) / total
    chance = by_chance / number
    if chance <= 0 or chance > 0.6:
        return  # if everything is within a few months, chance alone gives a high share
    times = (p.pairs_near / p.pairs) / chance
    limits = judge.settings.of("timing")
    level = None
    if limits.warn is not None and times < limits.warn:
        level = Level.REFUSE if limits.refuse is not None and times < limits.refuse else Level.WARN
    if level is not None:
        text = (
            f"{parts(p.pairs_near, p.pairs)} events are in the 90 days before an operation of "
            f"their patient; chance alone would give {100 * chance:.0f}%"
        )
        column = "patient_id"
        yield judge.finding("timing", "events", column, p.pairs_near, p.pairs, level, text)


def _swapped(m: Measures, judge: Judge) -> Iterator[Finding]:
    """Check whether day and month were swapped, which is only possible for days up to 12.

    How close an event is to an operation does not depend on its day of the month; if only the days
    up to 12 are far off, they were swapped.
    """
    p = m.patients
    for table, column, of, near in (
        ("events", "at", p.event_turns, p.event_turns_near),
        ("cases", "surgery_at", p.case_turns, p.case_turns_near),
    ):
        rest, rest_near = p.pairs - of, p.pairs_near - near
        if of < 10 or rest < 20 or not rest_near:
            continue
        share = min(rest_near / rest, 0.98)
        if near < 0.85 * share * of and few_of_by_chance(near, of, share) < _VERY_UNLIKELY:
            text = (
                f"only {parts(near, of)} of events before the 13th of a month are near an operation"
                if table == "events"
                else f"only {parts(near, of)} of events are near operations before the 13th of a month"
            )
            text += f", and {parts(rest_near, rest)} of the others; day and month look swapped"
            found = of - near
            yield from judge.share("swapped_dates", table, column, found, p.pairs, text)
            return


def check_cases(m: Measures, judge: Judge) -> Iterator[Finding]:
    """Check the status of operations and events, and what became rarer recently."""
    yield from _event_status(m, judge)
    by_status: Counter[str] = Counter()
    for w in m.cases:
        by_status[w.status] += w.number
    total = sum(by_status.values())
    cancelled = by_status["cancelled"]
    if cancelled:
        text = f"{parts(cancelled, total)} operations are cancelled"
        yield from judge.share("case_status", "cases", "status", cancelled, total, text, least=5)
    past = [w for w in m.cases if w.week >= 0 and w.status != "cancelled"]
    forgotten = sum(w.number for w in past if w.status == "scheduled")
    of = sum(w.number for w in past)
    if forgotten:
        text = f"{parts(forgotten, of)} operations whose day has passed are still scheduled"
        yield from judge.share("still_scheduled", "cases", "status", forgotten, of, text, least=5)
    yield from _rarer(m, judge)
    yield from _earlier(m, judge)
    yield from _weekends(m, judge)


def _earlier(m: Measures, judge: Judge) -> Iterator[Finding]:
    """Check whether events begin later than operations, or older ones have other ids."""
    counted = [w for w in m.cases if w.status != "cancelled" and w.week >= 0]
    for weeks in (52, 39, 26, 13):
        older = [w for w in counted if w.week >= weeks]
        later = [w for w in counted if w.week < weeks]
        less = _less(older, later, "near", 20, _VERY_UNLIKELY)
        if less is not None:
            text = (
                f"operations of more than {7 * weeks} days ago with an event in the 90 days before: "
                f"{less.found}; later ones: {less.usual}"
            )
            findings = list(judge.number("earlier", "cases", "patient_id", *less.counts, text))
            yield from findings
            if findings:
                return


def _weekends(m: Measures, judge: Judge) -> Iterator[Finding]:
    """Check for operations on weekends: elective ones, more than before, or on other days.

    A date with day and month swapped falls on a weekend two times in seven; reading dates as
    midnight in another time zone moves them all by a day, so that Friday and Saturday are the days
    without operations. Patients are discharged on all days, and operated on five or six.
    """
    fewest, of = min(m.weekdays["elective"]), sum(m.weekdays["elective"])
    if of >= _SHIFTED and many_of_by_chance(fewest, of, _RARE_DAY) < _UNLIKELY:
        text = (
            f"even the day of the week with the fewest has {parts(fewest, of)} elective operations"
        )
        yield from judge.share("weekends", "cases", "surgery_at", fewest, of, text)
        return
    past = m.weekdays["past"]
    for words, days, before in (
        ("planned operations are on a weekend", m.weekdays["planned"], past),
        ("operations are on a weekend", past, None),
    ):
        found, of = sum(days[5:]), sum(days)
        if found < 3 or of < _WEEKENDS:
            continue
        text = f"{parts(found, of)} {words}"
        if before is not None:
            usual, usual_of = sum(before[5:]), sum(before)
            share = (usual + 0.5) / (usual_of + 1) if usual_of >= _WEEKENDS else 1.0
            if many_of_by_chance(found, of, share) >= _UNLIKELY:
                continue
            text += f"; past ones: {parts(usual, usual_of)}"
        elif (
            of < _SHIFTED
            or 10 * found < of
            or min(days[n - 1] + days[n] for n in range(6)) > 0.05 * of
        ):
            continue
        else:
            text += ", and hardly any on two other days in a row"
        yield from judge.share("weekends", "cases", "surgery_at", found, of, text)
        return


def _event_status(m: Measures, judge: Judge) -> Iterator[Finding]:
    """Check for required events that are not completed although past or without a day.

    Each required modality is also checked by itself, since it may come from a system of its own.
    """
    found = list(_not_completed(m, judge, None))
    for word in sorted(m.required & m.modalities):
        if not found:
            found += _not_completed(m, judge, word)
    yield from found
    own = [p for p in m.profiles if p.kind in m.needed]
    of = sum(p.events for p in own)
    wrong = sum(p.events for p in own if p.status == "entered-in-error")
    if wrong and not found:
        text = f"{parts(wrong, of)} events were entered in error"
        yield from judge.share("in_error", "events", "status", wrong, of, text, least=10)


def _not_completed(m: Measures, judge: Judge, word: str | None) -> Iterator[Finding]:
    """Check the required events, of one modality if `word` is given."""
    own = [
        p
        for p in m.profiles
        if p.kind in m.needed and (word is None or word in (p.modalities or p.code_modalities))
    ]
    booked = sum(
        w.number
        for w in m.weeks
        if w.series.kind in m.needed and w.series.status == "booked" and w.week >= 1
        if word is None or word in w.series.modality.split(";")
    )
    done = sum(p.events for p in own if p.status == "completed")
    others = sum(p.events for p in own if p.status in ("ordered", "cancelled", "entered-in-error"))
    open_ = others + booked * m.one_in
    if open_:
        of = open_ + done
        named = f"events of modality {word}" if word else "events"
        text = f"{parts(open_, of)} {named} are not completed although they are in the past or have no date"
        yield from judge.share("event_status", "events", "status", open_, of, text, least=10)


def _rarer(m: Measures, judge: Judge) -> Iterator[Finding]:
    """Check whether something is rarer for recent operations than for earlier ones."""
    counted = [w for w in m.cases if w.status != "cancelled"]
    upcoming = [w for w in counted if w.week < 0]
    recent = [w for w in counted if 0 <= w.week < _RECENT]
    before = [w for w in counted if w.week >= _RECENT]
    looked = (
        ("with_event", "patient_id", "with any event of the patient", recent),
        ("near", "patient_id", "with an event in the 90 days before", recent),
        ("procedures", "procedures", "with a procedure code", [*recent, *upcoming]),
        ("diagnoses", "diagnoses", "with a diagnosis code", [*recent, *upcoming]),
    )
    for name, column, words, now in looked:
        less = _less(now, before, name, 5, _UNLIKELY)
        if less is not None:
            text = f"recent operations {words}: {less.found}; before that {less.usual}"
            yield from judge.number("fewer", "cases", column, *less.counts, text)


class _Less(NamedTuple):
    """Something rarer for some operations than for others: both shares as text, and the counts."""

    found: str
    usual: str
    counts: tuple[int, int, float]  # count, total, and how many times rarer


def _less(
    weeks: Sequence[CaseWeek], others: Sequence[CaseWeek], name: str, least: int, unlikely: float
) -> _Less | None:
    """Compare operations with others; None if there are too few, or if it may be chance.

    least: minimum number of operations to compare; of the others 20.
    unlikely: a difference less likely than this is not chance.
    """
    found, of = _of(weeks, name)
    usual, usual_of = _of(others, name)
    if of < least or usual_of < 20 or not usual:
        return None
    share = usual / usual_of
    if few_of_by_chance(found, of, min(share, 0.995)) >= unlikely:
        return None
    times = share / (found / of) if found else float("inf")
    return _Less(parts(found, of), parts(usual, usual_of), (found, of, times))


def _of(weeks: Sequence[CaseWeek], name: str) -> tuple[int, int]:
    return sum(getattr(w, name) for w in weeks), sum(w.number for w in weeks)
