"""The charts of a study as typed plots: days of every operation, and rates beside published ones.

The days are an individuals (XmR) chart. Its mean and limits come from the earlier period and
continue unchanged over the later one: a comparison of two periods ignores time, and the chart does
not.
"""

from __future__ import annotations

from qi_checker.render.plots import Forest, IntervalPoint, Intervals, RateLine
from qi_checker.study import words as study_words
from qi_checker.study.benchmarks import BAND, BENCHMARKS
from qi_checker.study.views import Series, Study


def intervals(study: Study) -> Intervals:
    """Return the days from the newest study to surgery, in the order of surgery."""
    lead = study.intervals[0] if study.intervals else None
    limit = lead.limit if lead else None
    series = study.series
    names = tuple(
        (p.name.capitalize(), sum(q.period == p.name for q in study.points)) for p in study.periods
    )
    points = tuple(
        IntervalPoint(
            number=i + 1,
            case_id=p.case_id,
            surgery_date=p.surgery_date,
            days=p.newest,
            kind=_kind(p.newest, limit),
            month=p.surgery_date.strftime("%Y-%m"),
            signal=_beyond(p.newest, series),
            oldest=p.oldest if p.oldest != p.newest else None,
        )
        for i, p in enumerate(study.points)
    )
    return Intervals(
        title=study_words.interval_finding(study),
        description="One mark for each operation, in the order of surgery. Mean and limits are those "
        "of the earlier period, dotted where they continue over the later period. The table of "
        "operations has every number.",
        requirement=lead.title if lead else "",
        limit=limit,
        points=points,
        centre=series.centre if series else None,
        lower=series.lower if series else None,
        upper=series.upper if series else None,
        baseline=names[0][1] if series else 0,
        periods=names,
        key="chart_days",
    )


def _beyond(days: int | None, series: Series | None) -> bool:
    return series is not None and days is not None and not series.lower <= days <= series.upper


def _kind(days: int | None, limit: int | None) -> str:
    if days is None:
        return "none"
    return "outside" if limit is not None and days > limit else "inside"


def forest(study: Study) -> Forest | None:
    """Return the rates of changed plans beside the benchmarks; None without a rate."""
    change = study.plan_change
    if change is None:
        return None
    ours = tuple(
        RateLine(
            f"This study, {name}",
            f"{s.part}/{s.whole}",
            s.part / s.whole,
            s.low or 0.0,
            s.high if s.high is not None else 1.0,
            True,
        )
        for name, s in (("before", change.rate.before), ("after", change.rate.after))
        if s.whole
    )
    if not ours:
        return None
    published = tuple(
        RateLine(
            b.citation.split(",")[0] + _side(b.citation), b.count, b.rate, b.low, b.high, False
        )
        for b in BENCHMARKS
    )
    return Forest(
        title=study_words.plan_finding(study),
        description="A mark for each rate with its 95% interval; the grey band reaches from the "
        "lowest to the highest published rate. The table has every number.",
        lines=ours + published,
        band=BAND,
        key="chart_rates",
    )


def _side(citation: str) -> str:
    word = citation.rsplit(", ", 1)[-1]
    return f", {word}" if word in ("before", "after") else ""
