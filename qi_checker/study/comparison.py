"""The before/after comparison: two periods of operations, one protocol, one moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from qi_checker.audit.problems import problems
from qi_checker.audit.provenance import provenance
from qi_checker.engines.duckdb import Evaluation
from qi_checker.protocol.published import LoadedPublication
from qi_checker.protocol.vocabulary import Status, Verdict
from qi_checker.study.cases import AFTER, BEFORE, Case, Span, cases_of, check_spans, period
from qi_checker.study.intervals import intervals, plain_leaves, point
from qi_checker.study.ious import Registry
from qi_checker.study.plan import plan_change
from qi_checker.study.published import published
from qi_checker.study.rates import Counted, compare
from qi_checker.study.series import series
from qi_checker.study.traits import traits
from qi_checker.study.views import Comparison, Study


def study(
    evaluation: Evaluation,
    spans: tuple[Span, Span],
    registry: Registry,
    loaded: LoadedPublication | None = None,
) -> Study:
    """Compare two periods of an evaluation; `loaded` are printed figures to compare with.

    Raises UserError where `check_spans` does.
    """
    compiled = evaluation.compiled
    check_spans(*spans, compiled.as_of)
    named = ((BEFORE, spans[0]), (AFTER, spans[1]))
    cases = {name: cases_of(evaluation, name, span) for name, span in named}
    titles = _titles(evaluation)
    leaves = plain_leaves(evaluation)
    points = tuple(point(case, leaves) for name, _ in named for case in cases[name])
    periods = tuple(period(evaluation, name, span) for name, span in named)
    rates = tuple(_rates(cases, titles, _forbidden(evaluation)))
    days = tuple(intervals(points, leaves, titles))
    ids = {name: [case.case_id for case in cases[name]] for name, _ in named}
    change = None if registry.absent else plan_change(registry, ids[BEFORE], ids[AFTER])
    protocol = compiled.bundle.protocol
    made = Study(
        provenance=provenance(evaluation),
        title=protocol.title,
        statement=protocol.statement or "",
        periods=(periods[0], periods[1]),
        traits=traits(evaluation, spans),
        rates=rates,
        intervals=days,
        points=points,
        series=series(points),
        plan_change=change,
        published=None,
        files=_files(evaluation, registry),
        rejects=_rejects(evaluation, registry),
        problems=tuple(problems(evaluation)),
    )
    return made if loaded is None else published(made, loaded)


def _titles(evaluation: Evaluation) -> dict[str, str]:
    versions = evaluation.compiled.bundle.protocol.versions
    return {leaf.id: leaf.title for version in versions for leaf in version.leaves}


def _forbidden(evaluation: Evaluation) -> frozenset[str]:
    versions = evaluation.compiled.bundle.protocol.versions
    return frozenset(leaf.id for version in versions for leaf in version.leaves if leaf.forbidden)


def _rates(
    cases: dict[str, list[Case]], titles: dict[str, str], forbidden: frozenset[str]
) -> Iterable[Comparison]:
    def counts(chosen: Callable[[Case], bool | None]) -> tuple[Counted, Counted]:
        made = [[chosen(case) for case in cases[name]] for name in (BEFORE, AFTER)]
        first, second = (Counted(m.count(True), len(m) - m.count(None)) for m in made)
        return first, second

    verdict = {Verdict.COMPLIANT.value: True, Verdict.COMPLIANT_WITH_EXCEPTION.value: None}
    undecided = [
        sum(c.verdict == Verdict.UNDETERMINED for c in cases[name]) for name in (BEFORE, AFTER)
    ]
    first, second = counts(lambda case: verdict.get(case.verdict, False))
    yield compare(
        "compliant",
        "Complies with the whole protocol",
        Counted(first.part, first.whole, undecided[0]),
        Counted(second.part, second.whole, undecided[1]),
    )
    applicable = {id for name in cases for case in cases[name] for id in case.findings}
    for id in (id for id in titles if id in applicable):

        def present(case: Case, id: str = id) -> bool | None:
            return bool(case.findings[id]["present"]) if id in case.findings else None

        def in_window(case: Case, id: str = id) -> bool | None:
            return case.findings[id]["status"] == Status.MET if id in case.findings else None

        if id not in forbidden:  # the presence of a forbidden event is no merit
            yield compare(f"present.{id}", f"{titles[id]}: present", *counts(present))
        yield compare(f"in_window.{id}", f"{titles[id]}: in the window", *counts(in_window))


def _files(
    evaluation: Evaluation, registry: Registry
) -> tuple[tuple[str, str, int, int, int], ...]:
    """Return file, SHA-256, rows read, used and rejected: read = used + rejected."""
    census = evaluation.prepared.census
    lines = [
        (t.file, t.sha256, c.read, c.used, c.rejected + c.torn)
        for name, t in evaluation.records.tables.items()
        if not t.absent
        for c in (census[name],)
    ]
    lines += [(s.file, s.sha256, s.read, s.used, s.rejected) for s in registry.sources]
    return tuple(lines)


def _rejects(
    evaluation: Evaluation, registry: Registry
) -> tuple[tuple[str, str, int, str, str, str], ...]:
    rows = [*evaluation.rejects(), *registry.rejects]
    return tuple(
        (r["table"], r["file"], int(r["row"]), r["column"] or "", r["id"] or "", r["reason"])
        for r in rows
    )
