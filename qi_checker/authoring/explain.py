"""Which clause of a protocol decided about a case, and how it came to that.

The findings are those of the compiled query. What lies behind them (trees of conditions, spans with
their anchors, every event's criteria) is asked of the naive evaluator, which must agree with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from qi_checker.authoring.charts import chart_of
from qi_checker.authoring.explain_decided import (
    CRITERIA,
    criterion_keys,
    deciding_clause,
    population,
    step_words,
)
from qi_checker.authoring.explain_rows import CaseRows, rows_of
from qi_checker.authoring.explain_trees import Part, tree
from qi_checker.authoring.explain_windows import SpanDates, spans
from qi_checker.authoring.places import Clause, Places
from qi_checker.cases.what_if import no_such_cases
from qi_checker.engines.duckdb import Evaluation, evaluate
from qi_checker.judging.charts import Chart
from qi_checker.judging.exceptions import why_ignored
from qi_checker.judging.judged import Judged, judge, judge_all
from qi_checker.judging.outcomes import Outcome
from qi_checker.judging.rows import read_rows
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.records import EXCEPTIONS, Records
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import Status


@dataclass(frozen=True)
class CriterionLine:
    """How one criterion of one event came out; `why` is empty where it passes."""

    name: str
    outcome: str
    why: str
    clause: Clause


@dataclass(frozen=True)
class EventLine:
    """An event that was looked at."""

    event_id: str
    source: str
    status: str
    at: str
    chosen: bool
    criteria: tuple[CriterionLine, ...]


@dataclass(frozen=True)
class ExceptionLine:
    """An exception of the case for the requirement: active, or why it is ignored."""

    exception_id: str
    source: str
    ignored: str


@dataclass(frozen=True)
class RequirementLine:
    """One requirement: what decided, and everything that was looked at on the way."""

    id: str
    title: str
    status: str
    reason: str
    sentence: str
    step: int  # of the nine statuses of the contract, in their order
    step_words: str
    decided_by: Clause
    applies_if: Part | None
    spans: tuple[SpanDates, ...]
    window_opens: date | None
    window_closes: date | None
    live: bool | None  # whether there is still time; None where an anchor is not known
    events: tuple[EventLine, ...]
    others: int  # events of the same kind that are no near miss
    exceptions: tuple[ExceptionLine, ...]


@dataclass(frozen=True)
class ExclusionLine:
    """One exclusion of the version."""

    id: str
    title: str
    when: Part


@dataclass(frozen=True)
class Explanation:
    """Everything that decided about one case."""

    case_id: str
    verdict: str
    as_of: str
    surgery_date: date
    surgery_at: str
    upcoming: bool
    protocol: str
    version: str
    in_force: Clause
    ruled_out: str  # reason; empty where the protocol applies
    applies_to: Part
    exclusions: tuple[ExclusionLine, ...]
    requirements: tuple[RequirementLine, ...]
    disagreements: tuple[str, ...]  # requirements on which the two evaluators differ; a fault


def explain(bundle: Bundle, records: Records, as_of: AsOf, site: Site, case_id: str) -> Explanation:
    """Explain one case; UserError where there is none, saying whether its row was rejected."""
    evaluation = evaluate(bundle, records, as_of, site, only_case=case_id)
    line = next(iter(evaluation.cases()), None)
    if line is None:
        raise no_such_cases(evaluation, [case_id])
    rows = rows_of(evaluation, case_id)
    chart = chart_of(bundle, rows.tables, as_of, site, case_id, rows.torn, rows.delivery)
    assert chart is not None, "a case that the query evaluates can be read"
    findings = {f["requirement"]: f for f in evaluation.findings()}
    places = Places(bundle)
    version = chart.case.version
    place = partial(places.version, version.version)
    leaves = [
        _requirement(leaf, findings[leaf.id], chart, places, rows, evaluation)
        for leaf in version.leaves
        if leaf.id in findings
    ]
    return Explanation(
        case_id=case_id,
        verdict=line["verdict"],
        as_of=str(as_of),
        surgery_date=chart.case.day,
        surgery_at=chart.case.anchor.clock.isoformat() if chart.case.anchor.clock else "",
        upcoming=chart.case.upcoming,
        protocol=bundle.protocol.id,
        version=version.version,
        in_force=place("in_force"),
        ruled_out=str(chart.case.ruled_out or ""),
        applies_to=population(chart, place),
        exclusions=tuple(
            ExclusionLine(x.id, x.title, tree(x.when, chart, place, "exclude", n, "when"))
            for n, x in enumerate(version.exclude)
        ),
        requirements=tuple(leaves),
        disagreements=tuple(id for id, f in findings.items() if _differs(id, f, chart)),
    )


def _differs(id: str, finding: dict[str, Any], chart: Chart) -> bool:
    """A query that failed says error, which is told elsewhere."""
    decision = chart.decided[id]
    event = (decision.event.id or None) if decision.event else None
    mine = decision.status, decision.reason, event
    theirs = finding["status"], finding["reason"], finding["event_id"]
    return finding["status"] != Status.ERROR and mine != theirs


def _requirement(
    leaf: Requirement,
    finding: dict[str, Any],
    chart: Chart,
    places: Places,
    rows: CaseRows,
    evaluation: Evaluation,
) -> RequirementLine:
    decision, version = chart.decided[leaf.id], chart.case.version.version
    place = partial(places.requirement, version, leaf.id)
    asked = chart.case.ruled_out is None
    condition = tree(leaf.applies_if, chart, place, "applies_if") if leaf.applies_if else None
    judged = judge_all(decision.question, chart) if decision.question else []
    near = sorted((j for j in judged if j.near_miss), key=lambda j: _order(j, decision.event))
    return RequirementLine(
        id=leaf.id,
        title=leaf.title,
        status=finding["status"],
        reason=finding["reason"],
        sentence=finding["sentence"],
        step=list(Status).index(Status(str(finding["status"]))) + 1,  # type: ignore[call-arg]
        step_words=step_words(decision),
        decided_by=deciding_clause(leaf, decision, chart, places),
        applies_if=condition if asked else None,
        spans=spans(leaf, chart, place) if asked else (),
        window_opens=finding["window_opens"],
        window_closes=finding["window_closes"],
        live=chart.live(decision.question) if decision.question else None,
        events=(
            *(_event(j, leaf, chart, place, evaluation) for j in near),
            *_rejected(leaf, chart, place, evaluation),
        ),
        others=len(judged) - len(near),
        exceptions=_exceptions(leaf, chart, rows, evaluation),
    )


def _order(judged: Judged, chosen: Any) -> tuple[Any, ...]:
    """The chosen one first, then as the nearest miss is found."""
    open_criteria = len(judged.criteria) - judged.count(Outcome.PASS)
    return judged.event is not chosen, open_criteria, *judged.nearness


def _event(
    judged: Judged, leaf: Requirement, chart: Chart, place: Any, evaluation: Evaluation
) -> EventLine:
    event = judged.event
    decided, question = chart.decided[leaf.id].event, chart.decided[leaf.id].question
    assert question is not None, "an event is judged by a question"
    lines = []
    for name, criterion in zip(CRITERIA, judged.criteria, strict=True):
        if criterion.outcome is Outcome.PASS and not _asked(leaf, name):
            continue
        why = criterion.reason.meaning if criterion.reason else ""
        keys = criterion_keys(leaf, judged, name, chart, question)
        lines.append(CriterionLine(name, _WORDS[criterion.outcome], why, place(*keys)))
    return EventLine(
        event_id=event.id,
        source=_source(evaluation, "events", event.row),
        status="rejected" if event.reject else event.status,
        at=event.texts.get("at", ""),
        chosen=decided is not None and decided.row == event.row,
        criteria=tuple(lines),
    )


_WORDS = {Outcome.PASS: "pass", Outcome.UNDECIDED: "undecided", Outcome.FAIL: "fail"}


def _asked(leaf: Requirement, name: str) -> bool:
    wanted = leaf.event
    if name == "code":
        return bool(wanted.codes or wanted.not_codes or wanted.kind == "imaging")
    return name in ("status", "window") or getattr(wanted, name) is not None


def _source(evaluation: Evaluation, table: str, row: int) -> str:
    return f"{evaluation.records.tables[table].file}, row {row}"


def _rejected(
    leaf: Requirement, chart: Chart, place: Any, evaluation: Evaluation
) -> list[EventLine]:
    """Rows that could not be used and that may stand for such an event."""
    question = chart.decided[leaf.id].question
    if question is None:
        return []
    found = []
    for event in chart.evidence:
        if event.torn:
            source = _source(evaluation, "events", event.row)
            line = CriterionLine("record", "undecided", event.reject, Clause("", "", ""))
            chosen = chart.decided[leaf.id].event
            is_chosen = chosen is not None and chosen.row == event.row
            found.append(EventLine(event.id, source, "rejected", "", is_chosen, (line,)))
        elif event.kind in ("", leaf.event.kind):
            judged = judge(event, question, chart)
            if judged.possible:
                found.append(_event(judged, leaf, chart, place, evaluation))
    return found


def _exceptions(
    leaf: Requirement, chart: Chart, rows: CaseRows, evaluation: Evaluation
) -> tuple[ExceptionLine, ...]:
    found = []
    used, rejected = read_rows(EXCEPTIONS, rows.tables[EXCEPTIONS.name], chart.setting.site)
    told = [(row, why_ignored(row, chart.case, chart.setting)) for row in used]
    told += [(r.row, f"the row was rejected: {r.reason}") for r in rejected]
    for row, why in told:
        if row.text("case_id") == chart.case.id and row.word("requirement") == leaf.id:
            source = _source(evaluation, "exceptions", row.number)
            found.append(ExceptionLine(row.text("exception_id"), source, why))
    return tuple(sorted(found, key=lambda line: (line.exception_id, line.source)))
