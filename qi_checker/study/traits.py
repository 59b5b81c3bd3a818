"""Who was operated in either period: the table that shows whether like is compared with like."""

from __future__ import annotations

from collections.abc import Sequence

from qi_checker.engines.duckdb import Evaluation
from qi_checker.protocol.vocabulary import Verdict
from qi_checker.query.tables import CASES, READY_CASES
from qi_checker.study.cases import ELIGIBLE, Span, where
from qi_checker.study.views import Trait

_ROWS = f"""(SELECT v.verdict, v.still_open, r.anchor, r.patient, r.surgeon, r.site, r.urgency
             FROM {CASES} v JOIN {READY_CASES} r USING (case_key))"""
_NUMBERS = (("Patients", "patient"), ("Surgeons", "surgeon"), ("Sites", "site"))
_VERDICTS = (
    Verdict.COMPLIANT,
    Verdict.COMPLIANT_WITH_EXCEPTION,
    Verdict.NOT_COMPLIANT,
    Verdict.UNDETERMINED,
)


def traits(evaluation: Evaluation, spans: tuple[Span, Span]) -> tuple[Trait, ...]:
    """Return numbers of patients, surgeons and sites (where given), urgency and verdicts of the
    eligible operations. Nobody is named."""
    both = [_numbers(evaluation, span) for span in spans]
    lines = [
        Trait("", title, (both[0][column], both[1][column]))
        for title, column in _NUMBERS
        if any(numbers[column] for numbers in both)
    ]
    urgency = [_counts(evaluation, span, "urgency") for span in spans]
    given = sorted({word for counts in urgency for word in counts if word})
    lines += _shares("Urgency", [*given, ""] if given else [], urgency)
    verdicts = [_counts(evaluation, span, "verdict") for span in spans]
    lines += _shares("Verdict", [v.value for v in _VERDICTS], verdicts)
    return tuple(lines)


def _shares(group: str, wanted: Sequence[str], counts: list[dict[str, int]]) -> list[Trait]:
    """Return a line for each value; "" means the operations without a value."""
    lines = []
    for value in wanted:
        before, after = (c.get(value, 0) for c in counts)
        if before or after:
            lines.append(Trait(group, value or "not_given", (before, after)))
    return lines


def _numbers(evaluation: Evaluation, span: Span) -> dict[str, int]:
    columns = ", ".join(f"count(DISTINCT nullif({c}, '')) AS {c}" for _, c in _NUMBERS)
    rows = evaluation.rows(f"SELECT {columns} FROM {_ROWS} WHERE {where(span)} AND {ELIGIBLE}")
    return {column: int(rows[0][column]) for _, column in _NUMBERS}


def _counts(evaluation: Evaluation, span: Span, column: str) -> dict[str, int]:
    rows = evaluation.rows(
        f"SELECT coalesce({column}, '') AS value, count(*) AS n FROM {_ROWS} "
        f"WHERE {where(span)} AND {ELIGIBLE} GROUP BY 1 ORDER BY 1"
    )
    return {r["value"]: int(r["n"]) for r in rows}
