"""The two periods of a study, and their eligible operations."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from qi_checker.engines.duckdb import Evaluation
from qi_checker.errors import Problem, UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.vocabulary import Status, Verdict
from qi_checker.query.tables import CASES, FACTS, FINDINGS
from qi_checker.study.views import Period

BEFORE, AFTER = "before", "after"
_OUTSIDE = {
    "cancelled_case": "operation cancelled",
    "not_in_force": "no version of the protocol in force",
    "not_in_population": "outside the population",
    "excluded": "excluded by the protocol",
}


@dataclass(frozen=True)
class Span:
    """Dates of surgery, both ends included."""

    first: date
    last: date


@dataclass(frozen=True)
class Case:
    """An eligible operation of one period."""

    case_id: str
    period: str
    anchor: date
    verdict: str
    findings: dict[str, dict[str, Any]] = field(default_factory=dict)


def check_spans(before: Span, after: Span, as_of: AsOf) -> None:
    """Raise UserError with all problems unless the two periods can be compared."""
    problems = [
        Problem(option, "ends before it begins", "", "Write the earlier date first")
        for option, span in (("--before", before), ("--after", after))
        if span.last < span.first
    ]
    if not problems and after.first <= before.last:
        overlap = before.first <= after.last
        what = "the periods overlap" if overlap else "the periods are the wrong way round"
        advice = "Let the later period begin after the last day of the earlier one"
        problems.append(
            Problem("--after", what, "An operation can be in one of them only", advice)
            if overlap
            else Problem("--after", what, "", "Give the earlier one as --before")
        )
    problems += [
        Problem(
            option,
            f"ends on {span.last}, after --as-of {as_of.date}",
            "Future operations cannot be compared",
            "Give an earlier end or a later --as-of",
        )
        for option, span in (("--before", before), ("--after", after))
        if span.last > as_of.date and span.first <= span.last
    ]
    if problems:
        raise UserError(problems)


def where(span: Span) -> str:
    return f"anchor BETWEEN DATE '{span.first}' AND DATE '{span.last}'"


ELIGIBLE = f"verdict NOT IN ('{Verdict.ERROR}', '{Verdict.NOT_APPLICABLE}') AND NOT still_open"


def cases_of(evaluation: Evaluation, period: str, span: Span) -> list[Case]:
    """Return the eligible operations of a period, by date, each with its findings."""
    rows = evaluation.rows(
        f"SELECT case_key, case_id, anchor, verdict FROM {CASES} "
        f"WHERE {where(span)} AND {ELIGIBLE} ORDER BY anchor, case_id"
    )
    by_key = {
        r["case_key"]: Case(r["case_id"], period, r["anchor"], r["verdict"]) for r in rows
    }  # in the order of the rows
    applicable = evaluation.rows(f"""
        SELECT f.case_key, f.id, f.status, f.newest_present, d.present
        FROM {FINDINGS} f JOIN {FACTS} d USING (case_key, number)
        WHERE f.{where(span)} AND f.status NOT IN ('{Status.ERROR}', '{Status.NOT_APPLICABLE}')
        ORDER BY f.case_key, f.number""")
    for row in applicable:
        if row["case_key"] in by_key:
            by_key[row["case_key"]].findings[row["id"]] = row
    return list(by_key.values())


def period(evaluation: Evaluation, name: str, span: Span) -> Period:
    """Return the steps from all operations of a period to the eligible ones; the lines add up."""
    rows = evaluation.rows(f"""
        SELECT CASE WHEN verdict = '{Verdict.NOT_APPLICABLE}'
                    THEN coalesce(not_applicable, 'condition') WHEN verdict = '{Verdict.ERROR}'
                    THEN 'error' WHEN still_open THEN 'open' ELSE 'eligible' END AS kind,
               count(*) AS n
        FROM {CASES} WHERE {where(span)} GROUP BY 1""")
    counts = {r["kind"]: int(r["n"]) for r in rows}
    names = {
        **_OUTSIDE,
        "condition": "no requirement applies",
        "open": "still to come",
        "error": "could not be evaluated",
    }
    words = {**{k: k for k in counts if k not in names and k != "eligible"}, **names}
    taken = [(f"– {words[k]}", counts[k]) for k in words if counts.get(k)]
    flow = [("Operations in the period", sum(counts.values())), *taken]
    eligible = counts.get("eligible", 0)
    return Period(name, span.first, span.last, eligible, (*flow, ("Eligible", eligible)))
