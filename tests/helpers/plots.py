"""Synthetic plots of every kind and size, from a seed, with every feature of a chart."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from qi_checker.render.plots import (
    Cause,
    CusumPlot,
    CusumPoint,
    Event,
    Forest,
    Funnel,
    FunnelCurve,
    GapPoint,
    Gaps,
    IntervalPoint,
    Intervals,
    Pareto,
    Plot,
    RateLine,
    Trend,
    TrendPoint,
    Unit,
)
from qi_checker.statistics.proportions import wilson

TITLE, WORDS = "27 of 30 cases met the standard", "How this is read"
FIRST = date(2024, 1, 2)


def trend(months: int, seed: int = 1, most: int = 5, title: str = TITLE) -> Trend:
    """Make a trend: month 4 has no case, month 6 is withheld; signals of both kinds."""
    random, points = Random(seed), []
    for i in range(months):
        cases = 0 if i == 3 else random.randint(1, most)
        events = sum(random.random() < 0.8 for _ in range(cases))
        low, high = wilson(events, cases) or (None, None)
        signal = {7: "concern", 9: "improvement"}.get(i, "")
        target = 0.9 if i < 6 else 0.95
        month = f"{2024 + i // 12}-{i % 12 + 1:02}"
        if i == 5:
            points.append(TrendPoint(month, None, None, None, None, None, None, signal, target))
        else:
            points.append(
                TrendPoint(month, events, cases, low, high, events, cases, signal, target)
            )
    happened = (Event(1, "2024-02", FIRST, "Poster"), Event(2, "2024-02", FIRST, "Form"))
    return Trend(
        title, WORDS, tuple(points), (0.83,) * months, ("2024-01", "2024-06"), "no signal", happened
    )


def intervals(cases: int, seed: int = 1, title: str = TITLE) -> Intervals:
    random, points, day = Random(seed), [], FIRST
    for i in range(cases):
        day += timedelta(days=random.randint(0, 3))
        days = None if i % 17 == 5 else int(random.expovariate(1 / 24))
        kind = "none" if days is None else "inside" if days <= 30 else "outside"
        oldest = None if days is None or i % 5 else days + 9
        points.append(
            IntervalPoint(
                i + 1,
                f"C{i}",
                day,
                days,
                kind,
                day.strftime("%Y-%m"),
                days is not None and days > 78,
                oldest,
            )
        )
    half = cases // 2
    return Intervals(
        title,
        WORDS,
        "MRI",
        30,
        tuple(points),
        24.1,
        -30.0,
        78.2,
        half,
        (Event(1, str(max(half, 1)), FIRST, "Form"),),
    )


def gaps(count: int, seed: int = 1, title: str = TITLE) -> Gaps:
    """Make gaps, the last of them open."""
    random, points = Random(seed), []
    for i in range(count):
        gap, last = int(random.expovariate(1 / 12)), i == count - 1
        points.append(
            GapPoint(
                i + 1,
                "" if last else f"C{i}",
                None if last else FIRST + timedelta(days=20 * i),
                gap,
                gap > 30,
            )
        )
    return Gaps(title, WORDS, tuple(points), 8.0, 30.0)


def cusum(cases: int, seed: int = 1, title: str = TITLE) -> CusumPlot:
    random, points, worse, better = Random(seed), [], 0.0, 0.0
    for i in range(cases):
        complied = random.random() > 0.3
        worse = max(0.0, worse + (-0.1 if complied else 0.6))
        better = max(0.0, better + (0.05 if complied else -0.7))
        signal = "concern" if worse >= 3.5 else "improvement" if better >= 3.5 else ""
        points.append(
            CusumPoint(
                i + 1, f"C{i}", FIRST + timedelta(days=3 * i), complied, worse, better, signal
            )
        )
        worse, better = (0.0 if worse >= 3.5 else worse), (0.0 if better >= 3.5 else better)
    return CusumPlot(title, WORDS, tuple(points), 3.5, 0.1, 2.0)


def pareto(causes: int, title: str = TITLE, words: str = "MRI was never ordered") -> Pareto:
    made = tuple(Cause(f"{words} {i}", "Surgical clinic", 3 * (causes - i)) for i in range(causes))
    return Pareto(title, WORDS, made)


def funnel(units: int, seed: int = 1, title: str = TITLE, name: str = "S") -> Funnel:
    random = Random(seed)
    made = []
    for i in range(units):
        cases = random.randint(10, 60)
        made.append(
            Unit(f"{name}{i + 1:02}", random.randint(0, cases), cases, (0, -1, -2, 1, 2)[i % 5])
        )
    curve = tuple(
        FunnelCurve(n, max(0.0, 0.8 - 1 / n**0.5), max(0.0, 0.8 - 0.6 / n**0.5), 0.97, 1.0)
        for n in range(1, 61)
    )
    return Funnel(title, WORDS, tuple(made), 0.8, curve)


def forest(title: str = TITLE, words: str = "This study") -> Forest:
    lines = (
        RateLine(words, "5/27", 5 / 27, 0.08, 0.37, True),
        RateLine("HPB 2011", "69/418", 69 / 418, 0.13, 0.2, False),
    )
    return Forest(title, WORDS, lines, (0.165, 0.35))


def one_of_each() -> tuple[Plot, ...]:
    return (trend(14), intervals(60), gaps(9), cusum(60), funnel(8), forest())


def hostile(text: str) -> tuple[Plot, ...]:
    """Make plots in which all external text is `text`."""
    return (
        trend(14, title=text),
        intervals(20, title=text),
        gaps(9, title=text),
        cusum(9, title=text),
        funnel(5, 1, text, text),
        forest(text, text),
    )


def empty() -> tuple[Plot, ...]:
    """Make plots without any number."""
    none = TrendPoint("2024-01", None, None, None, None, None, None, "", 0.9)
    nobody = TrendPoint("2024-02", 0, 0, None, None, 0, 0, "", 0.9)
    unknown = IntervalPoint(1, "C1", FIRST, None, "none", "2024-01")
    return (
        Trend(TITLE, WORDS, (), (), None, ""),
        Trend(TITLE, WORDS, (none, nobody), (0.8, 0.8), None, ""),
        Intervals(TITLE, WORDS, "MRI", 30, (), None, None, None, 0),
        Intervals(TITLE, WORDS, "MRI", 30, (unknown,), None, None, None, 0),
        Gaps(TITLE, WORDS, (), None, None),
        CusumPlot(TITLE, WORDS, (), 3.5, 0.1, 2.0),
        Funnel(TITLE, WORDS, (Unit("S1", None, None, 0),), 0.8, ()),
        Forest(TITLE, WORDS, (), (0.1, 0.2)),
    )
