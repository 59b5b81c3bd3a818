"""Compare two versions of a rule: which cases change, why, and the rates before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from qi_checker.audit.provenance import provenance
from qi_checker.audit.rates import rate
from qi_checker.authoring.diff_keys import KeyChange, key_changes
from qi_checker.engines.duckdb import Evaluation, evaluate
from qi_checker.engines.duckdb.database import DuckDB
from qi_checker.engines.inputs.reading import latest_day
from qi_checker.errors import Problem, UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.records import Records
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import Status
from qi_checker.query.tables import CASES, FINDINGS
from qi_checker.render.views import Provenance, Rate
from qi_checker.statistics.proportions import wilson

_OLD_FINDINGS, _OLD_CASES = "rule_diff_findings", "rule_diff_cases"
Row = dict[str, Any]


@dataclass(frozen=True)
class InWindow:
    """The eligible cases that meet one requirement, under one version of a rule."""

    met: int
    eligible: int
    low: float | None  # Wilson 95%
    high: float | None


@dataclass(frozen=True)
class RequirementRates:
    """One requirement before and after."""

    id: str
    title: str
    old: InWindow | None
    new: InWindow | None


@dataclass(frozen=True)
class RuleSide:
    """One of the two rules."""

    path: str
    versions: tuple[str, ...]
    rate: Rate
    failures: tuple[str, ...]
    provenance: Provenance


@dataclass(frozen=True)
class Flip:
    """One requirement of a case; a side is empty if the rule does not have it."""

    requirement: str
    title: str
    old_status: str
    old_reason: str
    old_sentence: str
    new_status: str
    new_reason: str
    new_sentence: str


@dataclass(frozen=True)
class CaseChange:
    """A case with a changed verdict or status of a requirement."""

    case_id: str
    surgery_date: date
    old_verdict: str
    new_verdict: str
    flips: tuple[Flip, ...]


@dataclass(frozen=True)
class RuleDiff:
    """The whole comparison; `cases` by case_id."""

    old: RuleSide
    new: RuleSide
    as_of_told: bool  # True if the moment was given, False if it is the latest day of the records
    keys: tuple[KeyChange, ...]
    requirements: tuple[RequirementRates, ...]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    verdicts: tuple[tuple[str, str, int], ...]  # (old, new, cases), changed ones
    total: int
    unchanged: int
    other_reason: int  # of the unchanged: the same statuses for another reason or event
    cases: tuple[CaseChange, ...]


def rule_diff(
    old: Bundle, new: Bundle, records: Records, as_of: AsOf | None, site: Site
) -> RuleDiff:
    """Evaluate the same records by both rules, and compare the results."""
    moment = as_of or AsOf(_latest_day(records, site))
    first = evaluate(old, records, moment, site)
    con = records.con
    con.execute(f"CREATE OR REPLACE TEMP TABLE {_OLD_FINDINGS} AS SELECT {_KEPT} FROM {FINDINGS}")
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {_OLD_CASES} AS SELECT case_id, verdict FROM {CASES}"
    )
    old_summary = first.summary()
    old_side = _side(old, first, old_summary)
    second = evaluate(new, records, moment, site)
    new_summary = second.summary()
    cases = tuple(_changes(second))
    total = second.rows(f"SELECT count(*) AS n FROM {CASES}")[0]["n"]
    rates = tuple(_requirements(old, new, old_summary, new_summary))
    return RuleDiff(
        old=old_side,
        new=_side(new, second, new_summary),
        as_of_told=as_of is not None,
        keys=key_changes(old, new),
        requirements=rates,
        only_old=tuple(r.id for r in rates if r.new is None),
        only_new=tuple(r.id for r in rates if r.old is None),
        verdicts=_verdicts(second),
        total=total,
        unchanged=total - len(cases),
        other_reason=_other_reason(second),
        cases=cases,
    )


_KEPT = "case_id, id, title, status, reason, event_id, sentence, number"


def _latest_day(records: Records, site: Site) -> date:
    """Return the latest day with an operation or study in the records."""
    found = latest_day(DuckDB(records.con), site)
    if found is None:
        what = "is required: the records contain no past event"
        raise UserError(Problem("--as-of", what, advice="Write it as 2026-02-01"))
    return found


def _side(bundle: Bundle, evaluation: Evaluation, summary: dict[str, Any]) -> RuleSide:
    return RuleSide(
        path=str(bundle.path),
        versions=tuple(v.version for v in bundle.protocol.versions),
        rate=rate(summary),
        failures=tuple(evaluation.failures),
        provenance=provenance(evaluation),
    )


def _titles(bundle: Bundle) -> dict[str, str]:
    """Return the titles of requirements in all versions; the latest version's if they differ."""
    return {r.id: r.title for v in bundle.protocol.versions for r in v.leaves}


def _requirements(
    old: Bundle, new: Bundle, before: dict[str, Any], after: dict[str, Any]
) -> Iterator[RequirementRates]:
    old_titles, new_titles = _titles(old), _titles(new)
    for id in dict.fromkeys([*new_titles, *old_titles]):
        yield RequirementRates(
            id,
            new_titles.get(id) or old_titles[id],
            _in_window(before, id) if id in old_titles else None,
            _in_window(after, id) if id in new_titles else None,
        )


def _in_window(summary: dict[str, Any], id: str) -> InWindow:
    met = int(summary["in_window"].get(id, 0))
    eligible = int(summary["eligible_by_requirement"].get(id, 0))
    low, high = wilson(met, eligible) or (None, None)
    return InWindow(met, eligible, low, high)


_NO_RULE = f"'{Status.NOT_APPLICABLE}'"
# A requirement in only one of the rules does not by itself make a case changed; the verdict may.
_CHANGED = f"""
    SELECT case_id FROM {CASES} JOIN {_OLD_CASES} old USING (case_id)
    WHERE {CASES}.verdict <> old.verdict
    UNION
    SELECT f.case_id FROM {FINDINGS} f JOIN {_OLD_FINDINGS} old
           ON old.case_id = f.case_id AND old.id = f.id WHERE f.status <> old.status"""


def _changes(evaluation: Evaluation) -> Iterator[CaseChange]:
    evaluation.con.execute(f"CREATE OR REPLACE TEMP TABLE rule_diff_changed AS {_CHANGED}")
    flips: dict[str, list[Flip]] = {}
    for row in evaluation.rows(_FLIPS):
        flips.setdefault(row.pop("case_id"), []).append(Flip(**row))
    for row in evaluation.rows(
        f"""SELECT c.case_id, c.anchor AS surgery_date, old.verdict AS old_verdict,
                   c.verdict AS new_verdict
            FROM {CASES} c JOIN rule_diff_changed USING (case_id)
            JOIN {_OLD_CASES} old USING (case_id) ORDER BY c.case_id"""
    ):
        yield CaseChange(**row, flips=tuple(flips.get(row["case_id"], ())))


_SIDES = ", ".join(
    f"coalesce(CAST({side}.{column} AS VARCHAR), '') AS {name}_{column}"
    for side, name in (("old", "old"), ("f", "new"))
    for column in ("status", "reason", "sentence")
)
_FLIPS = f"""
    SELECT coalesce(f.case_id, old.case_id) AS case_id, coalesce(f.id, old.id) AS requirement,
           coalesce(f.title, old.title) AS title, {_SIDES}
    FROM (SELECT * FROM {FINDINGS} WHERE case_id IN (SELECT case_id FROM rule_diff_changed)) f
    FULL JOIN (SELECT * FROM {_OLD_FINDINGS}
               WHERE case_id IN (SELECT case_id FROM rule_diff_changed)) old
         ON old.case_id = f.case_id AND old.id = f.id
    WHERE coalesce(f.status, {_NO_RULE}) <> coalesce(old.status, {_NO_RULE})
    ORDER BY 1, coalesce(f.number, 1000 + old.number), 2"""


def _verdicts(evaluation: Evaluation) -> tuple[tuple[str, str, int], ...]:
    rows = evaluation.con.execute(
        f"""SELECT old.verdict, c.verdict, count(*)::BIGINT
            FROM {CASES} c JOIN {_OLD_CASES} old USING (case_id)
            WHERE c.verdict <> old.verdict GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"""
    ).fetchall()
    return tuple((str(a), str(b), int(n)) for a, b, n in rows)


def _other_reason(evaluation: Evaluation) -> int:
    row = evaluation.con.execute(
        f"""SELECT count(DISTINCT f.case_id)::BIGINT FROM {FINDINGS} f
            JOIN {_OLD_FINDINGS} old ON old.case_id = f.case_id AND old.id = f.id
            WHERE f.case_id NOT IN (SELECT case_id FROM rule_diff_changed)
              AND (f.reason IS DISTINCT FROM old.reason
                   OR f.event_id IS DISTINCT FROM old.event_id)"""
    ).fetchone()
    return int(row[0]) if row else 0
