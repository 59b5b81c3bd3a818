"""The months of a report as a series: phases, their frozen baselines, and the results of the rules.

Lines come from the first months of a phase and are drawn on (`statistics/phases.py`). The run
chart's line is the median of monthly rates, the exact limits of a rolling quarter come from the
pooled rate; both leave the baseline's own months alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from qi_checker.monthly.cases import MonthlyCase, first_day, months_on
from qi_checker.monthly.views import Icons, Phase
from qi_checker.protocol.report_settings import ReportSettings
from qi_checker.render import words
from qi_checker.statistics import making_data_count as mdc
from qi_checker.statistics import phases as spc
from qi_checker.statistics import rules
from qi_checker.statistics.charts import i_chart
from qi_checker.statistics.limits import exact_chart
from qi_checker.statistics.rare_events import clamped
from qi_checker.statistics.runs import RunChart, SignalStatus, WhyNot, run_chart

MONTHS = 24  # default number of months in the charts
MOST_MONTHS = 60


@dataclass(frozen=True)
class Series:
    """Monthly counts of compliant cases, with the phases that define their lines."""

    months: tuple[str, ...]
    events: tuple[int, ...]
    cases: tuple[int, ...]
    phases: tuple[spc.Phase, ...]
    decisions: tuple[spc.Rebase | None, ...]  # why each phase starts; None for the first
    runs: tuple[RunChart | None, ...]  # of each phase; None where its baseline has no case

    @property
    def rates(self) -> tuple[float | None, ...]:
        return tuple(x / n if n else None for x, n in zip(self.events, self.cases, strict=True))

    @property
    def latest(self) -> spc.Phase:
        return self.phases[-1]

    def pooled(self, phase: spc.Phase) -> tuple[int, int]:
        """Return the number of compliant cases and of all cases in a phase's baseline."""
        base = phase.baseline
        return sum(self.events[i] for i in base), sum(self.cases[i] for i in base)


def shown_months(month: str, first: str | None, settings: ReportSettings) -> str:
    """Return the first month of the charts: 24 months or the baseline, never before any case."""
    start = months_on(month, 1 - MONTHS)
    if settings.baseline is not None:
        start = min(start, settings.baseline.first)
    if first is not None:
        start = max(start, min(first, month))
    return max(start, months_on(month, 1 - MOST_MONTHS))


def series(months: Sequence[str], cases: Sequence[MonthlyCase], settings: ReportSettings) -> Series:
    """Count cases by month, and find the phases. Cases with an exception do not count."""
    counted = [c for c in cases if c.counts]
    events = tuple(sum(c.complied for c in counted if c.month == m) for m in months)
    numbers = tuple(sum(c.month == m for c in counted) for m in months)
    rebases = sorted(
        (spc.Rebase(p.from_, p.reason, p.approved_by) for p in settings.phases),
        key=lambda r: r.date,
    )
    starts = {
        i: rebase
        for rebase in rebases
        if (i := next((n for n, m in enumerate(months) if first_day(m) >= rebase.date), None))
    }
    phases = spc.phases(len(months), tuple(starts), spc.BASELINE)
    phases = (_with_baseline(phases[0], months, settings), *phases[1:])
    made = Series(
        tuple(months), events, numbers, phases, (None, *(starts[p.start] for p in phases[1:])), ()
    )
    runs = tuple(_runs(made, phase) for phase in phases)
    return Series(made.months, events, numbers, phases, made.decisions, runs)


def _with_baseline(phase: spc.Phase, months: Sequence[str], settings: ReportSettings) -> spc.Phase:
    """Return the first phase with the settings' baseline, as far as it is in the phase."""
    if settings.baseline is None:
        return phase
    wanted = [
        i
        for i in range(phase.start, phase.stop)
        if settings.baseline.first <= months[i] <= settings.baseline.last
    ]
    if not wanted:
        return phase
    return spc.Phase(phase.start, phase.stop, range(wanted[0], wanted[-1] + 1))


def _runs(made: Series, phase: spc.Phase) -> RunChart | None:
    rates = made.rates[phase.start : phase.stop]
    base = [i - phase.start for i in phase.baseline]
    if all(rates[i] is None for i in base):
        return None
    return run_chart(rates, base)


def status(made: Series) -> str:
    """Return the result of the runs rules for the latest phase: signal, no signal, not evaluable
    (reasons)."""
    runs = made.runs[-1]
    if runs is None:
        return f"{SignalStatus.NOT_EVALUABLE} (the baseline has no case)"
    if runs.why_not:
        return f"{SignalStatus.NOT_EVALUABLE} ({'; '.join(runs.why_not)})"
    return str(runs.status)


def heading(made: Series) -> str:
    """Describe the months in words for a committee; `status` has the statistics."""
    quarter = next((side for side in reversed(quarters(made).values()) if side), 0)
    if quarter:
        side = "fewer" if quarter < 0 else "more"
        return f"A recent quarter has {side} compliant operations than chance explains"
    runs = made.runs[-1]
    if runs is None or WhyNot.FEW_USEFUL in runs.why_not:
        return "Too few months to tell whether it changed"
    if runs.why_not:
        return "The months are too much alike to tell whether it changed"
    if runs.status == SignalStatus.SIGNAL:
        return "The months differ from the baseline by more than chance explains"
    return "No sign that it changed"


def icons(made: Series, target: float | None) -> Icons:
    """Return variation and assurance of the monthly rates (XmR), if the runs rules' guard allows.

    Making Data Count shows limits and icons from 13 points on. A rate of few operations a month
    gives false signals with its rules wherever the runs rules do, so the same guard applies.
    """
    runs, rates = made.runs[-1], made.rates[made.latest.start : made.latest.stop]
    known = sum(rate is not None for rate in rates)
    if known < mdc.FEWEST:
        return Icons(
            "", 0, "", f"they need {mdc.FEWEST} months with an operation; there are {known}"
        )
    if runs is None or runs.why_not:
        why = "; ".join(runs.why_not) if runs else "the baseline has no operation"
        return Icons("", 0, "", f"months of so few operations would signal by chance ({why})")
    base = [i - made.latest.start for i in made.latest.baseline]
    chart = i_chart(rates, base)
    variation = mdc.variation(chart, rules.mdc(chart), "higher")
    assured = mdc.assurance(chart, target, "higher")
    return Icons(str(variation.kind), variation.side, str(assured or ""), "")


def centres(made: Series) -> tuple[float | None, ...]:
    """Return the line of every month: the median of its phase's baseline."""
    lines: list[float | None] = []
    for phase, runs in zip(made.phases, made.runs, strict=True):
        centre = runs.points[0].centre if runs is not None else None
        lines += [centre] * (phase.stop - phase.start)
    return tuple(lines)


def quarters(made: Series) -> dict[int, int]:
    """Return the months (by index) that end a rolling quarter after the baseline of the latest
    phase,
    with the side on which the quarter is beyond the exact limits (1 more compliant, -1 fewer), or
    0."""
    events, cases = made.pooled(made.latest)
    if not cases:
        return {}
    start = made.latest.baseline.stop
    after = slice(start, made.latest.stop)
    points = exact_chart(made.events[after], made.cases[after], clamped(events / cases))
    return {start + p.stop - 1: p.side for p in points if p.cases}


def phase_lines(made: Series) -> tuple[Phase, ...]:
    """Return every phase for the methods section: the source of its lines, and who decided it."""
    lines = []
    for phase, decision in zip(made.phases, made.decisions, strict=True):
        events, cases = made.pooled(phase)
        base = phase.baseline
        lines.append(
            Phase(
                first=made.months[phase.start],
                baseline=(made.months[base.start], made.months[base.stop - 1]),
                months=sum(made.cases[i] > 0 for i in base),
                reason=decision.reason if decision else "",
                approved_by=decision.approved_by if decision else "",
                rate=events / cases if cases else None,
                cases=cases,
            )
        )
    return tuple(lines)


def suggestion(made: Series) -> str:
    """Suggest a phase for people to confirm; it is never applied automatically."""
    runs, latest = made.runs[-1], made.latest
    if runs is None or runs.why_not:
        return ""
    shifted = spc.Phase(
        0,
        latest.stop - latest.start,
        range(latest.baseline.start - latest.start, latest.baseline.stop - latest.start),
    )
    shift = spc.suggestion(runs.points, shifted)
    if shift is None:
        return ""
    side = "above" if shift.side > 0 else "below"
    month = words.month(made.months[latest.start + shift.start])
    return (
        f"Candidate phase change from {month}: {shift.points} months {side} the baseline. "
        "Confirm it under phases in report.yaml, or leave the lines as they are."
    )


def in_baseline(made: Series, day: date) -> bool:
    """Whether a day is in the baseline of the latest phase."""
    month = f"{day:%Y-%m}"
    return any(made.months[i] == month for i in made.latest.baseline)
