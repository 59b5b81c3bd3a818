"""The operations of the months of a report, each with its findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from qi_checker.engines.duckdb import Evaluation
from qi_checker.protocol.vocabulary import Status, Verdict
from qi_checker.query.tables import CASES, FACTS, FINDINGS

UNITS = ("surgeon", "site")


@dataclass(frozen=True)
class Finding:
    """The finding for one requirement of one case."""

    id: str
    title: str
    status: str
    reason: str
    present: bool
    newest: date | None  # of the studies that match in everything except the date
    sentence: str
    owner: str


@dataclass(frozen=True)
class MonthlyCase:
    """One operation. `outside` is the reason why it does not count; "" if it is eligible."""

    case_id: str
    anchor: date
    verdict: str
    outside: str
    version: int
    unit: str
    findings: tuple[Finding, ...]

    @property
    def month(self) -> str:
        return f"{self.anchor:%Y-%m}"

    @property
    def eligible(self) -> bool:
        return not self.outside

    @property
    def counts(self) -> bool:
        """Whether it is in the denominator of the whole protocol."""
        return self.eligible and self.verdict != Verdict.COMPLIANT_WITH_EXCEPTION

    @property
    def complied(self) -> bool:
        return self.verdict == Verdict.COMPLIANT


def first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def last_day(month: str) -> date:
    return first_day(months_on(month, 1)) - timedelta(days=1)


def months_on(month: str, number: int) -> str:
    """Return the month `number` months later, or earlier if negative."""
    year, of_year = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + number, 12)
    return f"{year:04}-{of_year + 1:02}"


def months_between(first: str, last: str) -> tuple[str, ...]:
    """Return every month from one month to another, both included."""
    months = [first]
    while months[-1] < last:
        months.append(months_on(months[-1], 1))
    return tuple(months)


def cases_of(
    evaluation: Evaluation, first: date, last: date, unit: str = ""
) -> tuple[MonthlyCase, ...]:
    """Return every operation of a span of days, by date and id. `unit` is a column of `UNITS`."""
    column = f'c."{unit}"' if unit in UNITS else "NULL"
    span = f"BETWEEN DATE '{first}' AND DATE '{last}'"
    rows = evaluation.rows(f"""
        SELECT k.case_key, k.case_id, k.anchor, k.verdict, k.still_open, k.not_applicable,
               {column} AS unit
        FROM {CASES} k JOIN ready_cases c USING (case_key)
        WHERE k.anchor {span} ORDER BY k.anchor, k.case_id""")
    findings = _findings(evaluation, span)
    return tuple(_case(row, findings.get(row["case_key"], [])) for row in rows)


def _findings(evaluation: Evaluation, span: str) -> dict[int, list[dict[str, Any]]]:
    rows = evaluation.rows(f"""
        SELECT f.case_key, f.id, f.title, f.status, f.reason, f.sentence, f.owner,
               f.newest_present, d.present, d.version
        FROM {FINDINGS} f JOIN {FACTS} d USING (case_key, number)
        WHERE f.anchor {span} AND f.status NOT IN ('{Status.ERROR}', '{Status.NOT_APPLICABLE}')
        ORDER BY f.case_key, f.number""")
    by_case: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        by_case.setdefault(row["case_key"], []).append(row)
    return by_case


def _case(row: dict[str, Any], findings: Sequence[dict[str, Any]]) -> MonthlyCase:
    outside = ""
    if row["verdict"] == Verdict.NOT_APPLICABLE:
        outside = row["not_applicable"] or "condition"
    elif row["verdict"] == Verdict.ERROR:
        outside = "error"
    elif row["still_open"]:
        outside = "open"
    return MonthlyCase(
        case_id=row["case_id"],
        anchor=row["anchor"],
        verdict=row["verdict"],
        outside=outside,
        version=int(findings[0]["version"]) if findings else 0,
        unit=row["unit"] or "",
        findings=tuple(
            Finding(
                id=f["id"],
                title=f["title"],
                status=f["status"],
                reason=f["reason"],
                present=bool(f["present"]),
                newest=f["newest_present"],
                sentence=f["sentence"],
                owner=f["owner"] or "",
            )
            for f in findings
        ),
    )


def first_month(evaluation: Evaluation, until: str) -> str | None:
    """Return the month of the first eligible operation up to `until`, or None."""
    row = evaluation.con.execute(f"""
        SELECT min(anchor) FROM {CASES}
        WHERE verdict NOT IN ('{Verdict.NOT_APPLICABLE}', '{Verdict.ERROR}') AND NOT still_open
              AND anchor <= DATE '{last_day(until)}'""").fetchone()
    return f"{row[0]:%Y-%m}" if row and row[0] else None
