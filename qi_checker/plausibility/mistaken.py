"""Check for rows that are something else than they say: results, plans, another day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from qi_checker.plausibility.judged import Judge, many_of_by_chance, parts
from qi_checker.plausibility.measures import UNDATED, WEEKS, Measures, Week
from qi_checker.protocol.plausible_findings import Finding

_MONTH = 4  # weeks
_REPORTED = 2  # weeks until nearly every report is written
_USUAL = 0.6  # share of rows with a value, above which the others are conspicuous
_SOME, _FEW = 5, 20
_UNLIKELY = 1e-4


def check_mistaken(m: Measures, judge: Judge) -> Iterator[Finding]:
    """Check required events and performed operations for rows of another meaning."""
    done = [
        w
        for w in m.weeks
        if w.series.status == "completed" and w.series.kind in m.needed and w.week != UNDATED
    ]
    for word in sorted(m.required & m.modalities):
        own = [w for w in done if word in w.series.modality.split(";")]
        yield from _unrecorded(own, word, judge)
        if any(w.series.kind == "imaging" for w in own):
            yield from _minutes(m, own, word, judge)
    found = m.mistaken
    if found.two_kinds:
        text = f"{parts(found.two_kinds, found.coded)} scans have a code of results or visits"
        place = "two_kinds", "events", "kind"
        yield from judge.share(*place, found.two_kinds, found.coded, text, least=5)
    yield from _operations(m, judge)


def _unrecorded(done: Sequence[Week], word: str, judge: Judge) -> Iterator[Finding]:
    """Check for events that nobody recorded, after the month in which records begin."""
    number, recorded = Counter[int](), Counter[int]()
    for w in done:
        if w.series.provenance != "external" and _REPORTED <= w.week < WEEKS:
            number[w.week // _MONTH] += w.number
            recorded[w.week // _MONTH] += w.recorded
    first = max(
        (month for month, of in number.items() if recorded[month] > _USUAL * of), default=-1
    )
    of = sum(n for month, n in number.items() if month < first)
    lacking = of - sum(n for month, n in recorded.items() if month < first)
    if lacking < (1 - _USUAL) * of:
        text = f"{parts(lacking, of)} completed events of modality {word} have no recorded_at"
        text += ", and the others have it"
        yield from judge.share("unrecorded", "events", "recorded_at", lacking, of, text, _SOME)


def _minutes(m: Measures, done: Sequence[Week], word: str, judge: Judge) -> Iterator[Finding]:
    """Check for scans in the minute of their order, and for many of one patient in one minute."""
    called = f"completed events of modality {word}"
    found, of = sum(w.minute_of_order for w in done), sum(w.number for w in done)
    if found:
        text = f"{parts(found, of)} {called} happened in the minute of their order"
        yield from judge.share("minute_of_order", "events", "at", found, of, text, _SOME)
    series = {w.series for w in done}
    found = sum(n for one, n in m.mistaken.same_minute.items() if one in series)
    if found:
        text = (
            f"{parts(found, of)} {called} are in groups of three or more of one patient and region "
        )
        text += "in the same minute"
        yield from judge.share("same_minute", "events", "at", found, of, text, _SOME)


def _operations(m: Measures, judge: Judge) -> Iterator[Finding]:
    """Check for admissions, discharges and cancelled operations in the place of surgery."""
    p = m.mistaken.performed
    for check, found, of, words in (
        ("after_admission", p.days_after_admission, p.admitted, "more than 3 days after admission"),
        ("at_is_admitted", p.at_is_admitted, p.both_timed, "in the minute of admission"),
    ):
        if found:
            text = f"{parts(found, of)} performed operations are {words}"
            yield from judge.share(check, "cases", "surgery_at", found, of, text, _FEW)
    others = p.number - p.started
    if p.replaced and p.started > _USUAL * p.number:
        usual = (p.repeated + 0.5) / (p.started + 1)
        if many_of_by_chance(p.replaced, others, usual) < _UNLIKELY:
            text = (
                f"{parts(p.replaced, others)} performed operations without a start are followed "
                f"by the same operation within 60 days; of those with a start "
                f"{parts(p.repeated, p.started)}"
            )
            place = "replaced", "cases", "status"
            yield from judge.number(*place, p.replaced, others, p.replaced / p.number, text)
