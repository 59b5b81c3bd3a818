"""The charts of the monthly report as typed values; each title states the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from qi_checker.monthly.cases import MonthlyCase, first_day
from qi_checker.monthly.series import Series, centres, in_baseline, quarters
from qi_checker.monthly.views import Tally
from qi_checker.render.plots import (
    CusumPlot,
    CusumPoint,
    Event,
    GapPoint,
    Gaps,
    IntervalPoint,
    Intervals,
    Trend,
    TrendPoint,
)
from qi_checker.render.words import day as written_day
from qi_checker.statistics.charts import i_chart
from qi_checker.statistics.rare_events import (
    bernoulli_cusum,
    cases_between,
    clamped,
    g_chart,
    upper_gap_limit,
)

ENOUGH = 0.8  # with a lower share of compliant cases, cases between deviations mean little
LIMIT, ODDS = 3.5, 2.0  # of the CUSUM: Neuburger 2017
FEWEST = 12  # cases with days; limits from fewer are not drawn
MOST_POINTS = 2000
_SIDES = {1: "improvement", -1: "concern", 0: ""}


def trend(
    made: Series,
    status: str,
    targets: Mapping[str, float | None],
    happened: tuple[Event, ...],
    words: tuple[str, str],
) -> Trend:
    """`words`: title and description."""
    sides = quarters(made)
    points = []
    for i, month in enumerate(made.months):
        x, n = made.events[i], made.cases[i]
        tally = Tally(x, n, 0, 0)
        low, high = tally.interval or (None, None)
        last3 = slice(i - 2, i + 1)
        whole = i >= 2
        points.append(
            TrendPoint(
                month=month,
                events=x,
                cases=n,
                low=low,
                high=high,
                quarter_events=sum(made.events[last3]) if whole else None,
                quarter_cases=sum(made.cases[last3]) if whole else None,
                quarter_signal=_SIDES[sides.get(i, 0)],
                target=targets[month],
            )
        )
    base = made.latest.baseline
    has_line = made.runs[-1] is not None
    return Trend(
        title=words[0],
        description=words[1],
        points=tuple(points),
        centre=centres(made),
        baseline=(made.months[base.start], made.months[base.stop - 1]) if has_line else None,
        status=status,
        happened=happened,
    )


def intervals(
    cases: Sequence[MonthlyCase],
    made: Series,
    limits: Mapping[str, int | None],
    requirement: str,
    happened: tuple[Event, ...],
) -> Intervals | None:
    """Return days from the oldest of the required studies, for operations where all of them exist.

    `limits`: days of the window of each requirement that counts days. None without any.
    """
    if not limits:
        return None
    these = [c for c in cases if c.eligible][-MOST_POINTS:]
    days = [_oldest(c, limits) for c in these]
    base = [i for i, c in enumerate(these) if in_baseline(made, c.anchor) and days[i] is not None]
    chart = i_chart(days, base) if len(base) >= FEWEST else None
    common = set(limits.values())
    limit = common.pop() if len(common) == 1 else None
    points = tuple(
        IntervalPoint(
            number=i + 1,
            case_id=c.case_id,
            surgery_date=c.anchor,
            days=days[i],
            kind=_kind(days[i], limit),
            month=c.month,
            signal=chart is not None and chart[i].outside,
        )
        for i, c in enumerate(these)
    )
    first = chart[0] if chart else None
    return Intervals(
        title=_interval_title(points, limit, requirement),
        description="One mark for each operation, in the order of surgery, with the line of the "
        "window and, where the baseline is long enough, the mean and the limits of an individuals "
        "chart (mean ± 2.66 mean moving ranges of the baseline).",
        requirement=requirement,
        limit=limit,
        points=points,
        centre=first.centre if first else None,
        lower=first.lower if first else None,
        upper=first.upper if first else None,
        baseline=len(base) if first else 0,
        happened=_by_case(happened, these),
    )


def _oldest(case: MonthlyCase, limits: Mapping[str, int | None]) -> int | None:
    limited = [f for f in case.findings if f.id in limits]
    days = [(case.anchor - f.newest).days for f in limited if f.newest is not None]
    return max(days) if limited and len(days) == len(limited) else None


def _kind(days: int | None, limit: int | None) -> str:
    if days is None:
        return "none"
    return "outside" if limit is not None and days > limit else "inside"


def _interval_title(points: Sequence[IntervalPoint], limit: int | None, what: str) -> str:
    known = sorted(p.days for p in points if p.days is not None)
    if not known:
        return f"Days from {what} to surgery: no operation has one"
    middle = (
        known[len(known) // 2]
        if len(known) % 2
        else sum(known[len(known) // 2 - 1 : len(known) // 2 + 1]) / 2
    )
    title = f"From {what} to surgery: median {middle:g} days, range {known[0]} to {known[-1]}"
    if limit is None:
        return title
    inside = sum(d <= limit for d in known)
    return f"{title}; {inside} of {len(known)} within {limit} days"


def _by_case(happened: Sequence[Event], cases: Sequence[MonthlyCase]) -> tuple[Event, ...]:
    """Move each event to the number of the first case on or after its day."""
    moved = []
    for event in happened:
        at = next((i + 1 for i, c in enumerate(cases) if c.anchor >= event.day), None)
        if at is not None:
            moved.append(Event(event.number, str(at), event.day, event.words))
    return tuple(moved)


def gaps(cases: Sequence[MonthlyCase], year: Tally) -> tuple[Gaps | None, str]:
    """Return the chart of cases between deviations, or the reason why it is not drawn."""
    if year.rate is None or year.rate < ENOUGH:
        return None, (
            "Cases between deviations are drawn once 80% of the cases of 12 months comply; below "
            "that, deviations are too frequent for it."
        )
    these = [c for c in cases if c.counts]
    between = cases_between([not c.complied for c in these])
    if not between.closed:
        return None, "There are fewer than two deviations, so there are no cases between them."
    chart = g_chart(between.closed)
    upper = upper_gap_limit(sum(between.closed) / len(between.closed))
    ends = [c for c in these if not c.complied][1:]
    points = [
        GapPoint(i + 1, c.case_id, c.anchor, gap, chart[i].above)
        for i, (c, gap) in enumerate(zip(ends, between.closed, strict=True))
    ]
    if between.open:
        points.append(GapPoint(len(points) + 1, "", None, between.open, between.open > upper))
    latest = (
        f"the last deviation was {between.open} cases ago"
        if between.open
        else "the latest case is a deviation"
    )
    return Gaps(
        title=f"Median {chart[0].centre:g} cases from one deviation to the next; {latest}",
        description="Each mark is the number of cases from one deviation to the next, counting the "
        "second; high is good. The cases before the first deviation are left out. The upper limit is "
        "m + 3·√(m(m+1)) with m the mean gap; the line is the median.",
        points=tuple(points),
        median=chart[0].centre,
        upper=upper,
    ), ""


def cusum(cases: Sequence[MonthlyCase], made: Series) -> tuple[CusumPlot | None, str]:
    """Return the CUSUM of every case after the baseline, or the reason why there is none."""
    events, number = made.pooled(made.latest)
    if not number:
        return None, "The baseline has no case, so there is nothing to compare with."
    start = made.latest.baseline.stop
    if start >= len(made.months):
        return None, "There is no month after the baseline yet."
    since = first_day(made.months[start])
    these = [c for c in cases if c.counts and c.anchor >= since]
    if not these:
        return None, "There is no case after the baseline yet."
    rate = clamped(1 - events / number)
    sums = bernoulli_cusum([not c.complied for c in these], rate, odds_ratio=ODDS, limit=LIMIT)
    worse, better = set(sums.worse_signals), set(sums.better_signals)
    points = tuple(
        CusumPoint(
            number=i + 1,
            case_id=c.case_id,
            surgery_date=c.anchor,
            complied=c.complied,
            worse=sums.worse[i],
            better=sums.better[i],
            signal="concern" if i in worse else "improvement" if i in better else "",
        )
        for i, c in enumerate(these)
    )
    return CusumPlot(
        title=_cusum_title(points),
        description=f"Two sums over the {len(points)} cases since {written_day(since)}, against "
        f"{100 * rate:.0f}% not compliant in the baseline: one for twice the odds of not "
        f"complying, one for half. A sum that reaches {LIMIT} signals and starts again. In "
        "simulated years of 3 to 5 cases a month without any change the sum for worse signals in "
        "6 to 8% of series at 36 to 85% compliance, in 3% at 90% and in 1% at 95%.",
        points=points,
        limit=LIMIT,
        baseline_rate=rate,
        odds_ratio=ODDS,
    ), ""


def _cusum_title(points: Sequence[CusumPoint]) -> str:
    signals = [p for p in points if p.signal]
    if not signals:
        return "No drift: neither sum reaches its limit"
    word = {"concern": "worse", "improvement": "better"}
    last = signals[-1]
    often = f"{len(signals)} signals; the last one" if len(signals) > 1 else "A signal"
    return f"{often} of compliance getting {word[last.signal]}, at the case of {last.surgery_date}"


def happened_in(months: Sequence[str], days: Sequence[tuple[date, str]]) -> tuple[Event, ...]:
    """Number the events within the shown months, by day."""
    inside = sorted((d, w) for d, w in days if months[0] <= f"{d:%Y-%m}" <= months[-1])
    return tuple(Event(n + 1, f"{d:%Y-%m}", d, w) for n, (d, w) in enumerate(inside))
