"""Case sheets: everything about a case, every candidate event with each criterion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from qi_checker.audit.problems import rejected_rows
from qi_checker.audit.provenance import provenance
from qi_checker.cases.candidates import candidates_by_requirement
from qi_checker.cases.views import CaseSheet, RequirementSheet
from qi_checker.cases.wording import asks, group_words
from qi_checker.engines.duckdb import Evaluation
from qi_checker.query.tables import CASES, EXCEPTIONS, FINDINGS
from qi_checker.render.views import Provenance

_FACTS = ("procedures", "diagnoses", "urgency", "surgeon", "site")
Row = dict[str, Any]


def case_sheets(evaluation: Evaluation, case_keys: Sequence[int]) -> Iterator[CaseSheet]:
    """Sheets of the cases with these keys, in the order of their ids."""
    keys = list(case_keys)
    facts = {r["case_key"]: r for r in _cases(evaluation, keys)}
    found: dict[int, list[Row]] = {}
    for row in _findings(evaluation, keys):
        found.setdefault(row["case_key"], []).append(row)
    candidates = candidates_by_requirement(evaluation, keys)
    footer = provenance(evaluation)
    leaves = {
        (scope.index, i): (asks(scope.version, leaf), group_words(scope.version, leaf))
        for scope in evaluation.compiled.scopes
        for i, leaf in enumerate(scope.leaves)
    }
    for key, case in facts.items():
        requirements = tuple(
            _requirement(
                row,
                *leaves[row["version"], row["number"]],
                candidates.get((key, row["number"]), ()),
            )
            for row in found.get(key, [])
        )
        yield _sheet(evaluation, case, requirements, footer)


def _cases(evaluation: Evaluation, keys: list[int]) -> list[Row]:
    return evaluation.rows(
        f"""SELECT k.*, c._row, c.patient_id, c.status AS case_status, c.op_clock,
                   c.procedures, c.diagnoses, c.urgency, c.surgeon, c.site
            FROM {CASES} k JOIN ready_cases c USING (case_key)
            WHERE case_key IN (SELECT unnest(?::INTEGER[])) ORDER BY k.case_id""",
        [keys],
    )


def _findings(evaluation: Evaluation, keys: list[int]) -> list[Row]:
    return evaluation.rows(
        f"""SELECT f.*, x.exception_id, x.reason AS exception_reason, x.approved_by
            FROM {FINDINGS} f LEFT JOIN
                 (SELECT case_key, requirement, min(exception_id) AS exception_id,
                         arg_min(reason, exception_id) AS reason,
                         arg_min(approved_by, exception_id) AS approved_by
                  FROM {EXCEPTIONS} WHERE ignored IS NULL GROUP BY 1, 2) x
                 ON x.case_key = f.case_key AND x.requirement = f.id
            WHERE f.case_key IN (SELECT unnest(?::INTEGER[])) ORDER BY f.case_key, f.number""",
        [keys],
    )


def _requirement(row: Row, asked: str, group: str, candidates: Sequence[Any]) -> RequirementSheet:
    waiver = ""
    if row["exception_id"]:
        needed = "" if row["status"] == "exempt" else " It was not needed."
        waiver = (
            f"Exception {row['exception_id']} ({row['exception_reason']}), approved by "
            f"{row['approved_by']}.{needed}"
        )
    return RequirementSheet(
        id=row["id"],
        title=row["title"],
        group=group,
        asks=asked,
        status=row["status"],
        reason=row["reason"],
        sentence=row["sentence"],
        event_id=row["event_id"] or "",
        window_opens=row["window_opens"],
        window_closes=row["window_closes"],
        valid_through=row["valid_through"],
        slack_days=row["slack_days"],
        act_by=row["act_by"],
        owner=row["owner"] or "",
        exception=waiver,
        candidates=tuple(candidates),
    )


def _sheet(
    evaluation: Evaluation,
    case: Row,
    requirements: tuple[RequirementSheet, ...],
    footer: Provenance,
) -> CaseSheet:
    clock = case["op_clock"]
    facts = tuple(
        (name.capitalize(), str(case[name])) for name in _FACTS if case[name] not in (None, "")
    )
    problems = list(rejected_rows(evaluation))
    if case["case_status"] == "scheduled" and not case["upcoming"]:
        problems.append("The case is still marked scheduled although its date has passed.")
    return CaseSheet(
        case_id=case["case_id"],
        patient_id=case["patient_id"],
        source=evaluation.records.tables["cases"].where(case["_row"]),
        surgery_date=case["anchor"],
        surgery_time=f"{clock:%H:%M}" if clock is not None else "",
        case_status=case["case_status"],
        upcoming=case["upcoming"],
        verdict=case["verdict"],
        next_action=case["next_action"] or "",
        act_by=case["act_by"],
        owner=case["owner"] or "",
        latest_surgery_date=case["latest_surgery_date"],
        facts=facts,
        requirements=requirements,
        problems=tuple(problems),
        provenance=footer,
    )


def keys_of(evaluation: Evaluation, where: str = "true", limit: int | None = None) -> list[int]:
    """Keys of cases, in the order of their ids. `where` is SQL of the program, never of a user."""
    capped = f"LIMIT {limit}" if limit is not None else ""
    query = f"SELECT case_key FROM {CASES} WHERE {where} ORDER BY case_id {capped}"
    return [int(r[0]) for r in evaluation.con.execute(query).fetchall()]
