"""The trace of judging one case: everything that was considered, and what decided.

Case × requirement × event × criterion, each with its outcome, its reason and the deciding clause of
the protocol. It is data: pages, sheets, checklists and explanations are made from it, and decide
nothing themselves. Rarely needed parts (clauses, limits of spans) are computed when they are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from qi_checker.judging import clauses
from qi_checker.judging.cases import Case
from qi_checker.judging.chart import Chart, anchor_date
from qi_checker.judging.clauses import ClausePath
from qi_checker.judging.context import Setting
from qi_checker.judging.criteria import CRITERIA
from qi_checker.judging.edges import ANCHOR, INSIDE, edges, place
from qi_checker.judging.exceptions import Considered
from qi_checker.judging.findings import Finding, finding
from qi_checker.judging.groups import holds_through, open_requirements, verdict_of
from qi_checker.judging.outcomes import Between, Decision, Judged, Keys, Part
from qi_checker.judging.records import Event
from qi_checker.judging.sentences import advice_of, to_do
from qi_checker.judging.spans import Outcome, Stretch
from qi_checker.judging.values import When
from qi_checker.judging.windows import Criterion, Question
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.vocabulary import RANK, Reason, Status, Verdict
from qi_checker.protocol.windows import Span

FAILED = Decision(Status.ERROR, Reason.EVALUATION_ERROR)
HOLDING = (Verdict.COMPLIANT, Verdict.COMPLIANT_WITH_EXCEPTION, Verdict.PENDING)


class Limit(NamedTuple):
    """A limit of a span: the last day or minute inside it; None if a clock time is missing.

    opens: whether it defines the opening of the window; else its closing.
    """

    keys: Keys
    opens: bool
    at: date | datetime | None


@dataclass(frozen=True, eq=False)
class SpanTrace:
    """One span of a window, resolved for one case. `anchor` is None if unknown."""

    keys: Keys  # of its `before` or `after`
    span: Span
    anchor: When | None
    limits: tuple[Limit, ...]


@dataclass(frozen=True, eq=False)
class RequirementTrace:
    """One requirement of one case: what decided, and everything that was considered."""

    requirement: Requirement
    decision: Decision
    exceptions: tuple[Considered, ...]
    chart: Chart = field(repr=False)

    def __repr__(self) -> str:
        event = f" {self.event.id}" if self.event and self.event.id else ""
        return f"<{self.id}: {self.status} {self.reason}{event}>"

    @cached_property
    def finding(self) -> Finding:
        """Return all columns of the finding, made on access: sentences cost more than deciding."""
        return finding(self.requirement, self.decision, self.chart)

    @property
    def id(self) -> str:
        return self.requirement.id

    @property
    def status(self) -> Status:
        return self.decision.status

    @property
    def reason(self) -> Reason:
        return self.decision.reason

    @property
    def event(self) -> Event | None:
        """Return the event, or the rejected row, that decided."""
        return self.decision.event

    @property
    def question(self) -> Question | None:
        """Return the resolved window; None if none was tested or an anchor is unknown."""
        return self.decision.question

    @property
    def applies_if(self) -> Part | None:
        return self.decision.applies_if

    @property
    def between(self) -> tuple[Between, ...]:
        return self.decision.between

    @property
    def events(self) -> tuple[Judged, ...]:
        """Return every event of the kind that the patient has, in the order of the records."""
        return self.decision.events

    @property
    def rejected(self) -> tuple[Judged, ...]:
        """Return rejected rows that may be evidence."""
        return self.decision.rejected

    @property
    def live(self) -> bool | None:
        """Whether there is still time; None if no window is known."""
        return self.chart.live(self.question) if self.question else None

    @property
    def to_do(self) -> str:
        """Return the sentence on what to do next; empty if nothing is to be done."""
        return to_do(self.finding, self.requirement, self.decision, self.chart)

    @cached_property
    def candidates(self) -> tuple[Judged, ...]:
        """Return the near misses: the chosen event first, then in the order of the nearest miss."""
        chosen = self.event
        near = (j for j in self.events if j.near_miss)
        return tuple(sorted(near, key=lambda j: (j.event is not chosen, *j.rank)))

    @property
    def others(self) -> int:
        """Return how many events of the same kind are not near misses."""
        return len(self.events) - len(self.candidates)

    @cached_property
    def clause(self) -> ClausePath:
        """Return the clause that decided."""
        return clauses.deciding(self.requirement, self.decision, self.chart)

    def criteria(self, judged: Judged) -> list[tuple[str, Criterion]]:
        """Return the criteria of an event that the requirement tests, by name, in order."""
        if not judged.criteria:  # a torn row
            return []
        return [
            (name, criterion)
            for name, tested, criterion in zip(CRITERIA, self._tested, judged.criteria, strict=True)
            if tested or criterion.outcome is not Outcome.PASS
        ]

    @cached_property
    def _tested(self) -> tuple[bool, ...]:
        """Whether the requirement has each of the criteria."""
        wanted = self.requirement.event
        return (
            bool(wanted.codes or wanted.not_codes or wanted.kind == "imaging"),
            wanted.modality is not None,
            wanted.region is not None,
            wanted.provenance is not None,
            wanted.columns is not None,
            True,
            True,
        )

    def clause_of(self, judged: Judged, criterion: str) -> ClausePath:
        """Return the clause of an event's criterion."""
        assert self.question is not None, "an event is judged by a question"
        catalogue = self.chart.setting.catalogue
        keys = clauses.criterion_keys(self.requirement, judged, criterion, self.question, catalogue)
        return ClausePath(clauses.REQUIREMENT, keys)

    def advice(self, judged: Judged) -> list[str]:
        """Return the advice that is shown with an event."""
        return advice_of(judged.event, self.requirement, self.chart.setting.catalogue)

    @cached_property
    def spans(self) -> tuple[SpanTrace, ...]:
        """Return every span of the window with its limits; empty if the protocol does not apply."""
        if self.chart.case.ruled_out:
            return ()
        holidays = self.chart.setting.site.holidays
        spans = []
        for number, span in enumerate(self.requirement.window.spans):
            anchor = anchor_date(span.anchor, self.chart)
            stretch = Stretch(span, anchor, holidays) if anchor is not None else None
            side = "before" if span.before is not None else "after"
            keys = (*clauses.span_keys(number), side)
            spans.append(SpanTrace(keys, span, anchor, self._limits(number, stretch)))
        return tuple(spans)

    def _limits(self, number: int, stretch: Stretch | None) -> tuple[Limit, ...]:
        window = self.requirement.window
        back = window.spans[number].before is not None
        limits = []
        for edge in edges(window):
            if edge.span == number and edge.side == INSIDE and edge.key != ANCHOR:
                # A maximum distance back, or a minimum forward, is where the window opens.
                opens = (edge.key in ("at_most", "less_than")) == back
                at = place(edge, stretch) if stretch is not None else None
                limits.append(Limit(edge.steps(), opens and "or_after" not in edge.key, at))
        return tuple(limits)


@dataclass(frozen=True, eq=False)
class CaseTrace:
    """One case, judged. `requirements` are in the order written."""

    case: Case
    requirements: tuple[RequirementTrace, ...]
    exceptions: tuple[Considered, ...]  # all that name the case, in order of their ids
    chart: Chart = field(repr=False)

    def __repr__(self) -> str:
        each = ", ".join(repr(judged)[1:-1] for judged in self.requirements)
        return f"<{self.case.id} {self.verdict}; {each}>"

    @property
    def setting(self) -> Setting:
        return self.chart.setting

    @property
    def findings(self) -> list[Finding]:
        """Return the findings, in the order written."""
        return [judged.finding for judged in self.requirements]

    def of(self, requirement: str) -> RequirementTrace:
        """Return the trace of one requirement; KeyError if the version lacks it."""
        trace = next((judged for judged in self.requirements if judged.id == requirement), None)
        if trace is None:
            raise KeyError(requirement)
        return trace

    @cached_property
    def ranks(self) -> dict[str, int]:
        """Return the rank of the status of each applicable requirement."""
        return {
            judged.id: RANK[judged.status]
            for judged in self.requirements
            if judged.status not in (Status.NOT_APPLICABLE, Status.ERROR)
        }

    @property
    def failed(self) -> CaseTrace:
        """Return the same case after a failure: every requirement has the status `error`."""
        self.chart.decided |= {judged.id: FAILED for judged in self.requirements}
        return trace_of(self.chart, self.exceptions)

    @cached_property
    def verdict(self) -> Verdict:
        if any(judged.status is Status.ERROR for judged in self.requirements):
            return Verdict.ERROR
        return verdict_of(self.case.version.requirements, self.ranks)

    @property
    def latest_surgery_date(self) -> date | None:
        """Return the last anchor date on which everything still holds; None without a limit.

        Also None if something does not hold today.
        """
        if self.verdict not in HOLDING:
            return None
        return holds_through(self.case.version.requirements, self.ranks, self._ends())

    def _ends(self) -> dict[str, date]:
        """Return how long each requirement holds; those without a limit are left out."""
        ends = {}
        for judged in self.requirements:
            through = judged.finding["valid_through"]
            if judged.status is Status.EXEMPT:
                ends[judged.id] = self.chart.excepted[judged.id].until
            elif through:
                ends[judged.id] = through
        return ends

    @cached_property
    def open(self) -> list[RequirementTrace]:
        """Return the requirements that still need an action, in the order written."""
        members = self.case.version.requirements
        ids = {leaf.id for leaf in open_requirements(members, self.ranks)}
        return [judged for judged in self.requirements if judged.id in ids]

    @property
    def next(self) -> RequirementTrace | None:
        """Return the open requirement to arrange first; None if nothing can be arranged."""
        dated = (judged for judged in self.open if judged.finding["act_by"])
        return min(dated, key=lambda judged: judged.finding["act_by"], default=None)


def trace_of(chart: Chart, exceptions: Sequence[Considered]) -> CaseTrace:
    """Assemble the trace of a case from its decisions."""
    leaves = chart.case.version.leaves
    return CaseTrace(
        chart.case,
        tuple(
            RequirementTrace(
                leaf,
                chart.decided[leaf.id],
                tuple(x for x in exceptions if x.requirement == leaf.id),
                chart,
            )
            for leaf in leaves
        ),
        tuple(exceptions),
        chart,
    )
