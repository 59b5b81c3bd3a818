"""The naive evaluator: plain Python, row by row. It is the definition of a correct result.

It follows docs/evaluation.md section by section and shares nothing with the compiled query but
the protocol's models, so that a mistake is not made twice. It is made to be read, not to be fast.

    values, rows, days             reading a value; which rows can be used; the calendar
    records, cases, charts         events, rejected rows and operations as of a moment
    stretches, clock_limits        one span of a window with its anchor
    questions, anchors             what is asked of events, and the dates that it is counted from
    criteria, window, judged       one event against one question
    doubts, conditions, between    what makes it unknown; applies_if; none_between
    picks, status, findings        one requirement of one case
    exceptions                     approved waivers
    feeds                          sources that are half empty
    groups, rates                  what they add up to, for a case and for a report
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qi_checker.judging.anchors import in_order
from qi_checker.judging.cases import read_case
from qi_checker.judging.charts import Chart
from qi_checker.judging.exceptions import read_waivers
from qi_checker.judging.feeds import note_feeds
from qi_checker.judging.findings import finding
from qi_checker.judging.groups import case_line
from qi_checker.judging.rates import Numbers, count_case, empty_numbers
from qi_checker.judging.records import Setting, read_history
from qi_checker.judging.rows import Rejected, read_rows
from qi_checker.judging.status import decide
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.records import CASES, EVENTS, EXCEPTIONS, TABLES
from qi_checker.protocol.site import Site

__all__ = ["Result", "evaluate"]

Rows = list[dict[str, str | None]]


@dataclass(frozen=True)
class Result:
    """What an evaluation says. Dates are `date`, an empty column is None."""

    findings: list[dict[str, Any]]  # FINDING_COLUMNS without `sentence`, by case_id and requirement
    cases: list[dict[str, Any]]  # CASE_COLUMNS, with `next_requirement` for `next_action`
    rejects: list[dict[str, Any]]  # REJECT_COLUMNS without `file`
    ignored_exceptions: list[tuple[str, str]]  # exception_id and why, by id
    left_out: dict[str, int]
    numbers: Numbers


def evaluate(
    bundle: Bundle,
    tables: dict[str, Rows],
    as_of: AsOf,
    site: Site,
    torn: dict[str, list[dict[str, Any]]] | None = None,
) -> Result:
    """Evaluate every case of `tables` (`cases`, `events`, perhaps `exceptions`) at `as_of`.

    Rows are dicts of texts in file order; the first is row 2 unless it has a `_row`. `torn` holds
    rows with too few or too many cells (`_row`, `id`, `patient_id`, `why`), per table.
    """
    torn = torn or {}
    setting = Setting(as_of, site, bundle.catalogue)
    used, rejected = {}, {}
    for name, table in TABLES.items():
        used[name], rejected[name] = read_rows(table, tables.get(name, []), site)
    read = (read_case(row, bundle.protocol, setting) for row in used[CASES.name])
    cases = {case.id: case for case in read}
    history = read_history(
        used[EVENTS.name], rejected[EVENTS.name], torn.get(EVENTS.name, []), setting
    )
    note_feeds(history, setting)
    waivers = read_waivers(used[EXCEPTIONS.name], cases, setting)

    findings, lines, numbers = [], [], empty_numbers(bundle.protocol)
    for case in sorted(cases.values(), key=lambda case: case.id):
        excepted = frozenset(id for of, id in waivers.active if of == case.id)
        chart = Chart(case, history, excepted, setting)
        found = _findings(chart)
        line = case_line(case, found, waivers.active)
        count_case(numbers, chart, line["verdict"])
        findings += [found[id] for id in sorted(found)]
        lines.append(line)
    return Result(
        findings,
        lines,
        [line for name in TABLES for line in _rejects(name, rejected[name], torn.get(name, []))],
        waivers.ignored,
        dict(history.left_out) | {"exceptions_recorded_later": waivers.recorded_later},
        numbers,
    )


def _findings(chart: Chart) -> dict[str, dict[str, Any]]:
    """The findings of a case by requirement, in the order written."""
    leaves = chart.case.version.leaves
    for requirement in in_order(leaves):
        chart.decided[requirement.id] = decide(requirement, chart)
    return {r.id: finding(r, chart.decided[r.id], chart) for r in leaves}


def _rejects(
    table: str, rejected: list[Rejected], torn: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The rows of a table that were not used, in file order."""
    lines: list[dict[str, Any]] = [
        {"table": table, "row": r.row.number, "column": r.column, "id": r.id, "reason": r.reason}
        for r in rejected
    ]
    lines += [
        {
            "table": table,
            "row": t["_row"],
            "column": None,
            "id": t["id"] or None,
            "reason": t["why"],
        }
        for t in torn
    ]
    return sorted(lines, key=lambda line: line["row"])
