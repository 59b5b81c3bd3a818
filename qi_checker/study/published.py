"""Printed and recomputed figures: which agree, and which do not follow from the counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from qi_checker.protocol.published import Figure, LoadedPublication
from qi_checker.statistics.comparison import Outcome, Summary, chi_squared_p, pearson, yates
from qi_checker.study.views import Comparison, Interval, Printed, Published, Study

Candidates = tuple[tuple[str, float], ...]


def published(study: Study, loaded: LoadedPublication) -> Study:
    """Return the study with its comparison with a publication."""
    printed = loaded.publication
    rows = tuple(_row(study, figure) for figure in printed.figures)
    remarks = (*_beyond_the_window(study, printed.figures), *_not_from_counts(study, rows))
    return replace(
        study, published=Published(printed.source, printed.note or "", rows, remarks, loaded.sha256)
    )


def _row(study: Study, figure: Figure) -> Printed:
    candidates = _candidates(study, figure.figure)
    agreeing = tuple(
        name
        for name, value in candidates
        if abs(value - figure.value) <= 0.5 * 10**-figure.decimals + 1e-9
    )
    agrees = bool(agreeing) if candidates else None
    return Printed(figure.title, figure.figure, figure.printed, candidates, agrees, agreeing)


def _candidates(study: Study, figure: str) -> Candidates:
    """Return every way to compute a figure, with its value in these records."""
    side, _, rest = figure.partition(".")
    if figure == "interval.p":
        return _interval_tests(study)
    if side == "plan_change":
        return _plan_tests(study, rest)
    period = study.periods[0 if side == "before" else 1]
    if rest == "cases":
        return (("", float(period.eligible)),)
    if rest.startswith("interval."):
        return _of_intervals(study, side, rest.partition(".")[2])
    rate = _rate(study, rest.removesuffix(".percent"))
    if rate is None:
        return ()
    share = rate.before if side == "before" else rate.after
    if rest == "plan_change":
        return (("", float(share.part)),)
    return (("", 100 * share.part / share.whole),) if share.whole else ()


def _rate(study: Study, key: str) -> Comparison | None:
    if key == "plan_change":
        return study.plan_change.rate if study.plan_change else None
    return next((rate for rate in study.rates if rate.key == key), None)


def _of_intervals(study: Study, side: str, what: str) -> Candidates:
    def value(interval: Interval) -> float | None:
        summary: Summary = interval.before if side == "before" else interval.after
        numbers = getattr(summary, what)
        return float(numbers) if numbers is not None else None

    numbers = [(i.title, value(i)) for i in study.intervals]
    return tuple((name, number) for name, number in numbers if number is not None)


def _interval_tests(study: Study) -> Candidates:
    if not study.intervals:
        return ()
    first = study.intervals[0]
    named = (
        ("t-test, pooled", first.pooled),
        ("Welch", first.welch),
        ("Mann-Whitney", first.mann_whitney),
    )
    return tuple((name, test.p) for name, test in named if test is not None)


def _plan_tests(study: Study, rest: str) -> Candidates:
    if study.plan_change is None:
        return ()
    rate = study.plan_change.rate
    table = (rate.before.part, rate.before.whole, rate.after.part, rate.after.whole)
    named: tuple[tuple[str, Outcome | None], ...] = (
        ("Pearson", pearson(*table)),
        ("N-1", rate.n_minus_1),
        ("Yates", yates(*table)),
    )
    tests = [(name, test) for name, test in named if test is not None]
    if rest == "chi_squared":
        return tuple((name, test.statistic) for name, test in tests)
    p_values = [(name, test.p) for name, test in tests]
    return tuple(p_values + ([("Fisher", rate.fisher)] if rate.fisher is not None else []))


def _beyond_the_window(study: Study, figures: Iterable[Figure]) -> Iterable[str]:
    """Yield a sentence for a printed range that ends outside the window: some were not in time."""
    limit = study.intervals[0].limit if study.intervals else None
    for figure in figures:
        side, _, rest = figure.figure.partition(".")
        if rest != "interval.most" or limit is None or figure.value <= limit:
            continue
        present = [getattr(r, side) for r in study.rates if r.key.startswith("present.")]
        if not all(share.part == share.whole for share in present):
            continue  # nobody would read it as a period in which everything was in time
        cases = study.periods[0 if side == "before" else 1].eligible
        yield (
            f"Not all {cases} operations {side} can have been in the window: the printed range ends "
            f"at {figure.printed} days, and the limit is {limit} days. At most {cases - 1} of {cases} "
            "were. A study that was present was not necessarily in time."
        )


def _not_from_counts(study: Study, rows: Iterable[Printed]) -> Iterable[str]:
    """Yield printed tests of the change of plan that no usual test of the counts gives."""
    for row in rows:
        if row.agrees is not False or not row.figure.startswith("plan_change."):
            continue
        assert study.plan_change is not None, "it has candidates"
        first, second = study.plan_change.rate.before, study.plan_change.rate.after
        given = "; ".join(f"{name} {value:.3f}" for name, value in row.candidates)
        yield (
            f"The published {row.printed} does not follow from the counts {first.part}/{first.whole} "
            f"and {second.part}/{second.whole}. From these counts: {given}." + _own_p(row)
        )


def _own_p(row: Printed) -> str:
    """Return the p value of a printed statistic, so that the reader sees which of both to doubt."""
    if not row.figure.endswith("chi_squared"):
        return ""
    p = chi_squared_p(float(row.printed))
    return f" (With one degree of freedom {row.printed} gives p {p:.3f}.)"
