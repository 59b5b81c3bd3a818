"""The operations of the months that a report is about, each with its findings."""

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
class Found:
    """What was found for one requirement of one case."""

    id: str
    title: str
    status: str
    reason: str
    present: bool
    newest: date | None  # of a study that fits but for its date
    sentence: str
    owner: str


@dataclass(frozen=True)
class MonthlyCase:
    """One operation. `outside` says why it does not count; "" for an eligible one."""

    case_id: str
    anchor: date
    verdict: str
    outside: str
    version: int
    unit: str
    findings: tuple[Found, ...]

    @property
    def month(self) -> str:
        return f"{self.anchor:%Y-%m}"

    @property
    def eligible(self) -> bool:
        return not self.outside

    @property
    def counts(self) -> bool:
        """In the denominator of the whole protocol."""
        return self.eligible and self.verdict != Verdict.COMPLIANT_WITH_EXCEPTION

    @property
    def complied(self) -> bool:
        return self.verdict == Verdict.COMPLIANT


def first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def last_day(month: str) -> date:
    return first_day(months_on(month, 1)) - timedelta(days=1)


def months_on(month: str, number: int) -> str:
    """The month so many months later; earlier, if negative."""
    year, of_year = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + number, 12)
    return f"{year:04}-{of_year + 1:02}"


def months_between(first: str, last: str) -> tuple[str, ...]:
    """Every month from one to another, both included."""
    found = [first]
    while found[-1] < last:
        found.append(months_on(found[-1], 1))
    return tuple(found)


def cases_of(
    evaluation: Evaluation, first: date, last: date, unit: str = ""
) -> tuple[MonthlyCase, ...]:
    """Every operation of a span of days, by date and id. `unit` is a column of `UNITS`."""
    column = f'c."{unit}"' if unit in UNITS else "NULL"
    span = f"BETWEEN DATE '{first}' AND DATE '{last}'"
    rows = evaluation.rows(f"""
        SELECT k.case_key, k.case_id, k.anchor, k.verdict, k.still_open, k.not_applicable,
               {column} AS unit
        FROM {CASES} k JOIN ready_cases c USING (case_key)
        WHERE k.anchor {span} ORDER BY k.anchor, k.case_id""")
    found = _findings(evaluation, span)
    return tuple(_case(row, found.get(row["case_key"], [])) for row in rows)


def _findings(evaluation: Evaluation, span: str) -> dict[int, list[dict[str, Any]]]:
    rows = evaluation.rows(f"""
        SELECT f.case_key, f.id, f.title, f.status, f.reason, f.sentence, f.owner,
               f.newest_present, d.present, d.version
        FROM {FINDINGS} f JOIN {FACTS} d USING (case_key, number)
        WHERE f.anchor {span} AND f.status NOT IN ('{Status.ERROR}', '{Status.NOT_APPLICABLE}')
        ORDER BY f.case_key, f.number""")
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["case_key"], []).append(row)
    return found


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
            Found(
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
    """The month of the first eligible operation; None where there is none until then."""
    row = evaluation.con.execute(f"""
        SELECT min(anchor) FROM {CASES}
        WHERE verdict NOT IN ('{Verdict.NOT_APPLICABLE}', '{Verdict.ERROR}') AND NOT still_open
              AND anchor <= DATE '{last_day(until)}'""").fetchone()
    return f"{row[0]:%Y-%m}" if row and row[0] else None
