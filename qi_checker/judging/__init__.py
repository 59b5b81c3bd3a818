"""Judge one case in plain Python: the definition of a correct result, explained to people.

It follows docs/evaluation.md section by section and shares only the protocol's models with the
query, so that a mistake is not made twice. It returns a trace of everything it considered.

    values, rows, records       a value; which rows can be used; the history of a patient
    doubtful                    events that cannot be trusted
    context                     facts about the whole data set
    cases, exceptions           the operation and whether the protocol applies; waivers
    spans, windows, criteria    one event against one question
    chart, conditions, status   one requirement of one case
    findings, sentences, groups its finding and sentence, and the verdict of the case
    clauses, edges, trace       which clause decided; the limits of windows; all of it together
    rates                       the numbers of a report
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from qi_checker.judging.cases import Case, read_case
from qi_checker.judging.chart import Chart, in_order
from qi_checker.judging.context import Context, Setting, context_of, torn_rows
from qi_checker.judging.doubtful import set_apart
from qi_checker.judging.exceptions import Considered, active, consider, read_waivers, unusable
from qi_checker.judging.findings import Finding, moved_away
from qi_checker.judging.rates import Numbers, count_case, empty_numbers
from qi_checker.judging.records import History, TornRow, read_histories
from qi_checker.judging.rows import RawRow, Rejected, Row, read_rows
from qi_checker.judging.status import decide
from qi_checker.judging.trace import FAILED, CaseTrace, RequirementTrace, trace_of
from qi_checker.judging.values import When
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.models import Protocol, Requirement
from qi_checker.protocol.records import CASES, EVENTS, EXCEPTIONS, TABLES
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import Reason

__all__ = [
    "CaseTrace",
    "Context",
    "History",
    "Judge",
    "RequirementTrace",
    "Result",
    "evaluate",
    "moved",
]


@dataclass(frozen=True, eq=False)
class Judge:
    """Judges cases by a protocol at one moment, for one hospital.

    Rows are read by `history`, `case` and `exceptions`, and judged by `trace`: so a case can be
    judged for sixty dates of surgery while its rows are read once.
    """

    bundle: Bundle
    setting: Setting
    _orders: dict[str, list[Requirement]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, bundle: Bundle, as_of: AsOf, site: Site, context: Context, language: str = "en"
    ) -> Judge:
        return cls(bundle, Setting(as_of, site, bundle.catalogue, context, language))

    def history(self, events: Iterable[RawRow], patient: str) -> History:
        """Read the event rows of one patient, in file order; rows of others are skipped."""
        shared = self.setting.context.shared_ids.get(EVENTS.name)
        return self.history_of(*read_rows(EVENTS, events, self.setting.site, shared), patient)

    def history_of(
        self, used: Iterable[Row], rejected: Iterable[Rejected], patient: str
    ) -> History:
        """Make the history of a patient from rows already read."""
        torn = self.setting.context.torn_of(patient)
        histories, _ = read_histories(used, rejected, torn, self.setting.as_of)
        return histories.get(patient) or History()

    def case(self, row: Row) -> Case:
        """Read a usable row of cases."""
        return read_case(row, self.bundle.protocol, self.setting)

    def exceptions(self, rows: Iterable[RawRow], case: Case) -> list[Considered]:
        """Judge the rows of exceptions that name a case, in the order of their ids."""
        shared = self.setting.context.shared_ids.get(EXCEPTIONS.name)
        used, rejected = read_rows(EXCEPTIONS, rows, self.setting.site, shared)
        considered = [consider(row, case, self.setting) for row in used]
        considered += [unusable(reject) for reject in rejected]
        mine = (exception for exception in considered if exception.row.text("case_id") == case.id)
        return sorted(mine, key=lambda exception: (exception.id, exception.row.number))

    def trace(
        self,
        case: Case,
        history: History,
        exceptions: Sequence[Considered] = (),
        earlier_days: Collection[date] = (),
    ) -> CaseTrace:
        """Judge a case.

        earlier_days: earlier planned dates of surgery from the store of past nights; an event that
            was in time for one of them is `expired_by_reschedule`.
        """
        chart = Chart(case, history, active(exceptions), self.setting)
        for requirement in self._order(case):
            try:
                decision = decide(requirement, chart)
            except Exception:  # a bug makes one requirement an error, and stops no other
                decision = FAILED
            if earlier_days and moved_away(decision, earlier_days):
                decision = replace(decision, reason=Reason.EXPIRED_BY_RESCHEDULE)
            chart.decided[requirement.id] = decision
        return trace_of(chart, exceptions)

    def _order(self, case: Case) -> list[Requirement]:
        name = case.version.version
        if name not in self._orders:
            self._orders[name] = in_order(case.version)
        return self._orders[name]


def moved(trace: CaseTrace, protocol: Protocol, day: date) -> CaseTrace:
    """Judge an upcoming case again as if surgery were on another day, at the same time of day.

    Waivers of today stay valid: exceptions are judged as of the day of the evaluation.
    """
    chart, at = trace.chart, trace.case.anchor
    clock = at.clock and datetime.combine(day, at.clock.time())
    row = trace.case.row
    row = row._replace(dates={**row.dates, "surgery_at": When(day, day, clock)})
    case = read_case(row, protocol, chart.setting)
    there = Chart(case, chart.history, chart.excepted, chart.setting)
    for requirement in in_order(case.version):
        there.decided[requirement.id] = decide(requirement, there)
    return trace_of(there, trace.exceptions)


# ---- all cases of a data set, one after the other ------------------------------------------------


@dataclass(frozen=True)
class Result:
    """The result of evaluating a data set. Dates are `date`, an empty column is None."""

    findings: list[Finding]  # FINDING_COLUMNS, by case_id and requirement
    cases: list[dict[str, Any]]  # CASE_COLUMNS, with `next_requirement` for `next_action`
    rejects: list[dict[str, Any]]  # REJECT_COLUMNS without `file`
    ignored_exceptions: list[tuple[str, str]]  # exception_id and why, by id
    left_out: dict[str, int]
    numbers: Numbers
    context: Context


def evaluate(
    bundle: Bundle,
    tables: Mapping[str, Sequence[RawRow]],
    as_of: AsOf,
    site: Site,
    torn: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> Result:
    """Evaluate every case of `tables` (`cases`, `events`, optional `exceptions`) at `as_of`.

    Rows are dicts of texts in file order; the first is row 2 unless it has a `_row`. `torn` gives
    rows with too few or too many cells (`_row`, `id`, `patient_id`, `why`), per table.
    """
    data = read_data(bundle, tables, as_of, site, torn)
    findings, lines, numbers = [], [], empty_numbers(bundle.protocol)
    for trace in data.traces():
        count_case(numbers, trace.chart, trace.verdict)
        findings += sorted(trace.findings, key=lambda found: found["requirement"])
        lines.append(case_line(trace))
    return Result(
        findings,
        lines,
        [line for name in TABLES for line in _rejects(name, data)],
        data.ignored,
        data.left_out,
        numbers,
        data.judge.setting.context,
    )


@dataclass(frozen=True, eq=False)
class Data:
    """A data set after reading: usable rows, and rejected ones."""

    judge: Judge
    cases: dict[str, Case]
    histories: dict[str, History]
    exceptions: dict[str, list[Considered]]  # by case
    rejected: dict[str, list[Rejected]]  # by table
    torn: dict[str, list[TornRow]]
    ignored: list[tuple[str, str]]
    left_out: dict[str, int]

    def traces(self) -> Iterable[CaseTrace]:
        """Judge every case, in order of their ids."""
        return (self.trace(id) for id in sorted(self.cases))

    def trace(self, case_id: str) -> CaseTrace:
        """Judge one case; KeyError if there is none with this id."""
        case = self.cases[case_id]
        history = self.histories.get(case.patient) or History()
        return self.judge.trace(case, history, self.exceptions.get(case.id, ()))


def read_data(
    bundle: Bundle,
    tables: Mapping[str, Sequence[RawRow]],
    as_of: AsOf,
    site: Site,
    torn: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> Data:
    """Read a data set once. Arguments as of `evaluate`."""
    tables, torn = set_apart(tables, torn or {})
    used, rejected = {}, {}
    for name, table in TABLES.items():
        used[name], rejected[name] = read_rows(table, tables.get(name, ()), site)
    broken = {name: torn_rows(torn.get(name, ())) for name in TABLES}
    torn_events = broken[EVENTS.name]
    context = context_of(used[EVENTS.name], as_of, site, bundle.catalogue, tables, torn_events)
    judge = Judge.of(bundle, as_of, site, context)
    read = (judge.case(row) for row in used[CASES.name])
    cases = {case.id: case for case in read}
    histories, left_out = read_histories(
        used[EVENTS.name], rejected[EVENTS.name], torn_events, as_of
    )
    waivers = read_waivers(used[EXCEPTIONS.name], cases, judge.setting)
    for reject in rejected[EXCEPTIONS.name]:
        case_id = reject.row.text("case_id")
        if case_id in cases:
            waivers.of_case.setdefault(case_id, []).append(unusable(reject))
    return Data(
        judge,
        cases,
        histories,
        {
            id: sorted(x, key=lambda one: (one.id, one.row.number))
            for id, x in waivers.of_case.items()
        },
        rejected,
        broken,
        waivers.ignored,
        dict(left_out) | {"exceptions_recorded_later": waivers.recorded_later},
    )


def case_line(trace: CaseTrace) -> dict[str, Any]:
    """Return the line of a case: its verdict, what to do next and how far surgery may move."""
    first = trace.next.finding if trace.next else None
    return {
        "case_id": trace.case.id,
        "verdict": str(trace.verdict),
        "surgery_date": trace.case.day,
        "next_requirement": first["requirement"] if first else None,
        "act_by": first["act_by"] if first else None,
        "owner": first["owner"] if first else None,
        "latest_surgery_date": trace.latest_surgery_date,
    }


def _rejects(table: str, data: Data) -> list[dict[str, Any]]:
    """Return the rejected rows of a table, in file order."""
    lines: list[dict[str, Any]] = [
        {"table": table, "row": r.row.number, "column": r.column, "id": r.id, "reason": r.reason}
        for r in data.rejected[table]
    ]
    lines += [
        {"table": table, "row": t.row, "column": None, "id": t.id or None, "reason": t.why}
        for t in data.torn[table]
    ]
    return sorted(lines, key=lambda line: line["row"])
