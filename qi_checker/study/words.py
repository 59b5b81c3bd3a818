"""The numbers of the study in words, once: page, terminal and sentences share them."""

from __future__ import annotations

from qi_checker.render import rates, words
from qi_checker.statistics.comparison import Outcome, Summary
from qi_checker.study.plan import lost
from qi_checker.study.series import FEWEST
from qi_checker.study.views import Comparison, Interval, Period, Point, Printed, Share, Study, Trait

NONE = "no eligible cases"
UNDER = "<\u00a00.001"  # kept on one line
FEWEST_EXPECTED = 1.0  # N-1 chi-squared wants this in every cell (Campbell 2007)
FEWEST_IN_A_SERIES = 12  # points in each period for a segmented regression


def p_value(p: float | None) -> str:
    """Format `0.563` or `< 0.001`; a dash for None."""
    if p is None:
        return "–"
    return UNDER if p < 0.0005 else f"{p:.3f}"


def share(value: Share) -> str:
    """Format `14/39 (36%, 95% CI 23–52)`; no percentage of fewer than five."""
    if not value.whole:
        return NONE
    text = rates.share(value.part, value.whole)
    if text.endswith(")") and value.low is not None and value.high is not None:
        text = f"{text[:-1]}, 95% CI {rates.digits(value.low)}–{rates.digits(value.high)})"
    return f"{text}; {value.undecided} undetermined" if value.undecided else text


def short(value: Share) -> str:
    """Format `36%`, or `3 of 4` where there are too few for a percentage."""
    if value.whole < rates.FEWEST_FOR_PERCENT:
        return f"{value.part} of {value.whole}"
    return rates.percent(value.part / value.whole)


def head(study: Study) -> str:
    """Return the title of the page: `15% before, 81% after`."""
    lead = rate_of(study, "compliant")
    if lead is None or not lead.before.whole or not lead.after.whole:
        return study.title
    return f"{short(lead.before)} complied before, {short(lead.after)} after"


def points(value: float) -> str:
    """Format a difference of proportions in points, with its sign."""
    number = round(100 * value, 1)
    return f"{'+' if number > 0 else '−' if number < 0 else ''}{abs(number):.1f}"


def difference(rate: Comparison) -> str:
    """`−7.1 points (−25.7 to +14.2)`."""
    if rate.difference is None:
        return "–"
    middle, low, high = rate.difference
    return f"{points(middle)} points ({points(low)} to {points(high)})"


def n_minus_1(rate: Comparison) -> str:
    """Format `0.454, p 0.500`, or the reason if an expected count is too small."""
    if rate.n_minus_1 is None:
        return "–"
    if rate.least_expected < FEWEST_EXPECTED:
        return "expected count below 1"
    return f"{rate.n_minus_1.statistic:.3f}, p {p_value(rate.n_minus_1.p)}"


def number(value: float | None) -> str:
    """Format with at most one decimal; a dash for None."""
    return "–" if value is None else f"{value:.1f}".removesuffix(".0")


def summary(value: Summary) -> dict[str, str]:
    """Return the columns of the table of intervals."""
    if not value.n:
        return dict.fromkeys(("n", "mean", "sd", "median", "iqr", "range"), "–") | {"n": "0"}
    return {
        "n": f"{value.n:,}",
        "mean": number(value.mean),
        "sd": number(value.sd),
        "median": number(value.median),
        "iqr": f"{number(value.q1)} to {number(value.q3)}" if value.q1 is not None else "–",
        "range": f"{number(value.least)} to {number(value.most)}",
    }


def tested(outcome: Outcome | None, name: str) -> str:
    """`t 3.64, 62.9 df, p 0.001`."""
    if outcome is None:
        return "–"
    df = f", {outcome.df:.1f} df" if outcome.df is not None else ""
    figure = number(outcome.statistic) if name == "U" else f"{outcome.statistic:.2f}"
    how = f" ({outcome.how})" if outcome.how else ""
    return f"{name} {figure}{df}, p {p_value(outcome.p)}{how}"


def shift(interval: Interval) -> str:
    """Format the Hodges-Lehmann shift in days."""
    if interval.shift is None:
        return "–"
    middle, low, high = interval.shift
    return f"{signed(middle)} days ({signed(low)} to {signed(high)})"


def signed(value: float) -> str:
    return ("+" if value > 0 else "−" if value < 0 else "") + number(abs(value))


def within(interval: Interval, at: int) -> str:
    """Describe how many intervals of a period are inside the window."""
    whole = (interval.before, interval.after)[at].n
    if interval.limit is None or not whole:
        return "–"
    return rates.share(interval.within[at], whole)


def span(period: Period) -> str:
    return f"{period.first} to {period.last}"


def days(value: int | None) -> str:
    return "none" if value is None else str(value)


def trait(study: Study, line: Trait, at: int) -> str:
    """Format a number, or a share of the eligible operations of its period."""
    number_of, whole = line.counts[at], study.periods[at].eligible
    return rates.share(number_of, whole) if line.group and whole else words.count(number_of)


def rate_of(study: Study, key: str) -> Comparison | None:
    return next((rate for rate in study.rates if rate.key == key), None)


def finding(study: Study) -> str:
    """Summarise the study in one sentence."""
    empty = [p.name for p in study.periods if not p.eligible]
    if empty:
        where = " and ".join(empty)
        return f"There are no eligible cases {where}, so the periods cannot be compared."
    rate = study.rates[0]
    if study.provenance.no_data and not rate.before.part and not rate.after.part:
        missing = " and ".join(study.provenance.no_data)
        return f"No data: the records contain no event of the required kind ({missing})."
    if not rate.before.whole or not rate.after.whole:
        return "Every eligible operation of a period has an exception, so there is no comparison."
    return (
        f"Before, {share(rate.before)} of the operations complied with the whole protocol; after, "
        f"{share(rate.after)}: {difference(rate)}, Fisher's exact p {p_value(rate.fisher)}."
    )


def interval_finding(study: Study) -> str:
    """Return the title of the chart, with the main result."""
    lead = study.intervals[0] if study.intervals else None
    if lead is None or lead.before.mean is None or lead.after.mean is None:
        return "Days from imaging to surgery"
    return (
        f"From the newest study to surgery: mean {number(lead.before.mean)} days before "
        f"(range {number(lead.before.least)} to {number(lead.before.most)}), "
        f"{number(lead.after.mean)} days after (range {number(lead.after.least)} to "
        f"{number(lead.after.most)})"
    )


def plan_finding(study: Study) -> str:
    """Summarise the change of plan, but claim only what its interval supports."""
    change = study.plan_change
    if change is None:
        return "There is no file of intraoperative ultrasound (ious), so there is no rate."
    rate = change.rate
    sentence = f"Plan changed before {share(rate.before)}, after {share(rate.after)}"
    if rate.difference is None:
        return sentence + "."
    low, high = rate.difference[1:]
    verdict = "no difference can be shown" if low <= 0 <= high else "the rates differ"
    return f"{sentence}: {difference(rate)}, Fisher's exact p {p_value(rate.fisher)}; {verdict}."


def power_line(study: Study) -> str:
    """Describe the power of the study."""
    if study.plan_change is None or study.plan_change.power is None:
        return ""
    power, rate = study.plan_change.power, study.plan_change.rate
    line = (
        f"If these were the true rates, a study of {rate.before.whole} and {rate.after.whole} "
        f"operations would find the difference in {rates.percent(power.power)} of all repetitions"
    )
    if power.needed is not None:
        line += f"; for 80% it takes {power.needed:,} operations in each period"
    if power.detectable is not None:
        line += f". The smallest improvement that Fisher's test would detect: {power.detectable} of {rate.after.whole} after"  # noqa: E501
    return line + "."


def recomputed(row: Printed) -> str:
    """List every candidate with its name, rounded for the comparison."""
    if not row.candidates:
        return "not in these records"
    values: dict[str, list[str]] = {}
    for name, value in row.candidates:
        values.setdefault(_rounded(row, value), []).append(name)
    if len(values) == 1:
        return next(iter(values))
    return "; ".join(f"{', '.join(names)}: {text}" for text, names in values.items())


def _rounded(row: Printed, value: float) -> str:
    if row.figure.startswith("plan_change.") or row.figure.endswith(".p"):
        return f"{value:.3f}" if value >= 0.0005 else UNDER
    unit = "%" if row.printed.endswith("%") else ""
    return number(value) + unit


def agrees(row: Printed) -> str:
    if row.agrees is None:
        return "cannot be compared"
    if not row.agrees:
        return "no"
    many = len({_rounded(row, value) for _, value in row.candidates}) > 1
    return f"yes ({', '.join(row.by)})" if many and row.by else "yes"


def in_window(point: Point, limit: int | None) -> str:
    if point.newest is None or limit is None:
        return "–"
    return "inside" if point.newest <= limit else "outside"


def over_time(study: Study) -> str:
    """Compare the later period with the earlier mean, or say why that is not possible."""
    chart = study.series
    if chart is None:
        return (
            f"With fewer than {FEWEST} earlier operations with a number of days, no mean and no "
            "limits are drawn."
        )
    head = (
        f"Mean and limits are those of the earlier period ({number(chart.centre)} days, "
        f"{number(max(chart.lower, 0.0))} to {number(chart.upper)}). Beyond the limits: "
        f"{chart.beyond[0]} before, {chart.beyond[1]} after."
    )
    if not chart.later:
        return head + " There is no later operation to compare with them."
    long_run = chart.longest > chart.longest_allowed
    few = chart.crossings < chart.crossings_needed
    return (
        f"{head} {chart.later_below} of the {chart.later} later operations are below that mean; the "
        f"longest run on one side of it is {chart.longest} (chance allows {chart.longest_allowed}), and "
        f"it is crossed {_times(chart.crossings)} (by chance at least {chart.crossings_needed}): "
        + ("a shift against the earlier period." if long_run or few else "no shift can be shown.")
    )


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def time_is_ignored(study: Study) -> str:
    """Explain why a comparison of two periods does not prove an effect."""
    few = min(p.eligible for p in study.periods)
    series = (
        " With so few operations no segmented regression was fitted."
        if few < 10 * FEWEST_IN_A_SERIES
        else ""
    )
    return (
        "Two periods are compared without regard to time inside them. An earlier trend, another change "
        "in the meantime (secular change), or a poor period that would have ended anyway (regression to "
        "the mean) looks the same as an effect." + series
    )


def completeness(study: Study) -> str:
    """Summarise rows read, used and rejected, for the item on data in SQUIRE."""
    parts = [
        f"{file}: {read:,} rows read = {used:,} used + {rejected:,} rejected"
        for file, _, read, used, rejected in study.files
    ]
    return "; ".join(parts) + "."


def missing(study: Study) -> str:
    """List missing data, period by period."""
    parts = []
    for rate in (r for r in study.rates if r.key.startswith("present.")):
        for name, part in (("before", rate.before), ("after", rate.after)):
            lacking = part.whole - part.part
            if lacking:
                title = rate.title.removesuffix(": present")
                parts.append(f"no {title} {name} in {words.count(lacking, 'operation')}")
    if study.plan_change is not None:
        before, after = lost(study.plan_change.flow)
        parts.append(f"change of plan not counted in {before} operations before and {after} after")
    text = "; ".join(parts) or "nothing is missing"
    return f"{text[0].upper()}{text[1:]}."
