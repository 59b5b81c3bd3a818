"""Case sheets: everything about a case, with each criterion of every candidate event.

They are filled from the trace of `judging`; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qi_checker.audit.problems import rejected_rows, rows_not_used
from qi_checker.audit.provenance import footer, provenance
from qi_checker.cases.case_actions import actions_of
from qi_checker.cases.one import OneCase
from qi_checker.cases.rows import Origin, ahead
from qi_checker.cases.views import Candidate, CaseSheet, Criterion, RequirementSheet
from qi_checker.cases.words import procedure_words
from qi_checker.judging import CaseTrace, RequirementTrace
from qi_checker.judging.criteria import CRITERIA
from qi_checker.judging.outcomes import Judged, Part, Truth
from qi_checker.judging.rows import Row
from qi_checker.judging.spans import Outcome
from qi_checker.judging.windows import PASSES
from qi_checker.protocol.english import ASKED_LATE
from qi_checker.protocol.models import Protocol, Version
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import Reason, Status, Verdict
from qi_checker.protocol.words import condition_words, group_words, requirement_sentence, titles_of
from qi_checker.query.tables import READY_CASES, VERDICTS
from qi_checker.render.views import Provenance

if TYPE_CHECKING:
    from qi_checker.engines.duckdb import Evaluation

_FACTS = ("procedures", "diagnoses", "urgency", "surgeon", "site")
_OUTCOMES = {Outcome.PASS: "pass", Outcome.UNDECIDED: "undecided", Outcome.FAIL: "fail"}
_PASSES = {name: Criterion(name, "pass", "") for name in CRITERIA}


@dataclass(frozen=True)
class Sheets:
    """Makes the sheets of the cases of one data set.

    problems: of the data set as a whole; they are on every sheet.
    identified: whether a sheet names the patient.
    protocol: used to search for other days of surgery; without it none is named.
    """

    origin: Origin
    provenance: Provenance
    problems: tuple[str, ...]
    protocol: Protocol | None = None
    identified: bool = True
    _words: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, evaluation: Evaluation, identified: bool = True) -> Sheets:
        """Make the sheets of the cases of an evaluation."""
        origin = Origin(evaluation.records.tables)
        protocol = evaluation.compiled.bundle.protocol
        problems = tuple(rejected_rows(evaluation))
        return cls(origin, provenance(evaluation), problems, protocol, identified)

    @classmethod
    def of_one(cls, one_case: OneCase) -> Sheets:
        """Make the sheet of a single case."""
        setting, tables = one_case.judge.setting, one_case.origin.tables
        foot = footer(one_case.judge.bundle, tables, setting.as_of, setting.site)
        problems = tuple(rows_not_used(tables, one_case.census))
        return cls(one_case.origin, foot, problems, one_case.judge.bundle.protocol)

    def sheet(self, trace: CaseTrace) -> CaseSheet:
        """Make the sheet of a case from its trace."""
        case, row = trace.case, trace.case.row
        error = trace.verdict == Verdict.ERROR
        actions = () if error else actions_of(trace, self.protocol, self.origin.row)
        first = actions[0] if actions else None
        problems = list(self.problems)
        if case.status == "scheduled" and not case.upcoming:
            problems.append("The case is still marked scheduled although its date has passed.")
        return CaseSheet(
            case_id=case.id,
            patient_id=case.patient if self.identified else "",
            source=self.origin.row("cases", row.number),
            surgery_date=case.day,
            surgery_time=f"{case.anchor.clock:%H:%M}" if case.anchor.clock is not None else "",
            case_status=case.status,
            upcoming=case.upcoming,
            verdict=str(trace.verdict),
            next_action=first.text if first else "",
            act_by=first.act_by if first else None,
            owner=first.owner if first else "",
            also=tuple((action.text, action.act_by, action.owner) for action in actions[1:]),
            latest_surgery_date=trace.latest_surgery_date,
            facts=(*_facts(row, trace.setting.site), *_outside(trace)),
            why=tuple((one.requirement.title, str(one.reason)) for one in trace.open),
            requirements=tuple(self._requirement(one, trace) for one in trace.requirements),
            problems=tuple(problems),
            provenance=self.provenance,
        )

    def _requirement(self, judged: RequirementTrace, trace: CaseTrace) -> RequirementSheet:
        finding = judged.finding
        asks, group = self._asked(trace.case.version, judged)
        return RequirementSheet(
            id=judged.id,
            title=judged.requirement.title,
            group=group,
            asks=asks,
            status=finding["status"],
            reason=finding["reason"],
            sentence=finding["sentence"],
            event_id=finding["event_id"] or "",
            window_opens=finding["window_opens"],
            window_closes=finding["window_closes"],
            valid_through=finding["valid_through"],
            slack_days=finding["slack_days"],
            act_by=finding["act_by"],
            owner=finding["owner"] or "",
            exception=_exception(judged),
            candidates=tuple(
                [self._candidate(j, judged) for j in (*judged.candidates, *judged.rejected)]
            ),
        )

    def _asked(self, version: Version, judged: RequirementTrace) -> tuple[str, str]:
        """Describe a requirement and its group."""
        key = version.version, judged.id
        if key not in self._words:
            asks = requirement_sentence(judged.requirement, titles_of(version))
            self._words[key] = asks, group_words(version, judged.requirement)
        return self._words[key]

    def _candidate(self, judged: Judged, one: RequirementTrace) -> Candidate:
        event, at, texts = judged.event, judged.event.at, judged.event.texts
        days = (one.question.stretches[0].day - at.lo).days if one.question and at else None
        return Candidate(
            event_id=event.id,
            source=self.origin.row("events", event.row),
            status="rejected" if event.reject else event.status,
            at=texts.get("at", ""),
            first=at.lo if at else None,
            last=at.hi if at else None,
            days_before=days,
            modality=texts.get("modality", ""),
            region=texts.get("region", ""),
            codes=texts.get("codes", ""),
            description=texts.get("description", ""),
            provenance=texts.get("provenance", ""),
            chosen=event is one.event,
            criteria=tuple(_criteria(judged, one)),
            advice=tuple(one.advice(judged)),
        )


def _outside(trace: CaseTrace) -> Iterator[tuple[str, str]]:
    """Name the conditions of the population that the case does not fulfil."""
    population = trace.case.population
    if population.ruled_out is not Reason.NOT_IN_POPULATION:
        return
    titles = titles_of(population.version)
    unmet = [condition_words(part.condition, titles) for part in _unmet(population.applies_to)]
    yield "Population condition not met", "; ".join(unmet)


def _unmet(part: Part) -> Iterator[Part]:
    """Yield the parts that do not hold; of alternatives, the whole choice."""
    if part.truth is Truth.TRUE:
        return
    if part.condition.all_of is None:
        yield part
    for inner in part.parts if part.condition.all_of is not None else ():
        yield from _unmet(inner)


def _facts(row: Row, site: Site) -> tuple[tuple[str, str], ...]:
    """Return the facts of the operation; procedures in the site's words, with their codes."""
    values = {name: row.text(name) for name in _FACTS}
    procedures = procedure_words(values["procedures"], site)
    if procedures:
        values["procedures"] = f"{procedures} ({values['procedures']})"
    return tuple((name.capitalize(), value) for name, value in values.items() if value)


def _exception(judged: RequirementTrace) -> str:
    """Describe the exception that covers a requirement; "" without one."""
    active = next((x for x in judged.exceptions if not x.ignored), None)
    if active is None:
        return ""
    needed = "" if judged.status is Status.EXEMPT else " It was not needed."
    reason, by = active.row.text("reason"), active.row.text("approved_by")
    late = ASKED_LATE if active.asked_late else ""
    return f"Exception {active.id} ({reason}), approved by {by}{late}.{needed}"


def _criteria(judged: Judged, one: RequirementTrace) -> Iterator[Criterion]:
    """Yield the required criteria; for a row that could not be used, first the reason."""
    if judged.event.reject:
        yield Criterion("record", "undecided", judged.event.reject)
    for name, criterion in one.criteria(judged):
        # An order without a date fails by its status; its window was not checked.
        if name != "window" or judged.event.at is not None or criterion.reason is not None:
            if criterion is PASSES:
                yield _PASSES[name]
            else:
                why = criterion.reason.meaning if criterion.reason else ""
                yield Criterion(name, _OUTCOMES[criterion.outcome], why)


def case_sheets(
    evaluation: Evaluation, case_keys: Sequence[int], identified: bool = True
) -> Iterator[CaseSheet]:
    """Make the sheets of the cases with these keys, in this order.

    Cases that were not judged twice before are compared here.
    """
    from qi_checker.cases.twice import compared, shown_traces  # loads the query builder

    judged = compared if evaluation.twice is None else shown_traces
    sheets = Sheets.of(evaluation, identified)
    return ahead(map(sheets.sheet, ahead(judged(evaluation, case_keys))))


def keys_of(evaluation: Evaluation, where: str = "true", limit: int | None = None) -> list[int]:
    """Return keys of cases, ordered by id. `where` is SQL of the program, never of a user."""
    capped = f"LIMIT {limit}" if limit is not None else ""
    named = f"{VERDICTS} JOIN (SELECT case_key, case_id FROM {READY_CASES}) USING (case_key)"
    query = f"SELECT case_key FROM {named} WHERE {where} ORDER BY case_id {capped}"
    return [int(r[0]) for r in evaluation.con.execute(query).fetchall()]
