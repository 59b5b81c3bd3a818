"""The audit as a page: rate, flow, what needs action, what failed and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qi_checker.audit.problems import problems
from qi_checker.audit.provenance import population, provenance
from qi_checker.audit.rates import rate
from qi_checker.audit.views import AuditPage, CaseLine, RequirementTotals
from qi_checker.cases.actions import count_actions
from qi_checker.cases.evaluated import ACTIONS, actions_in
from qi_checker.engines.duckdb import Evaluation
from qi_checker.protocol.vocabulary import Status, Verdict
from qi_checker.protocol.words import group_words, heading
from qi_checker.query.tables import CASES, FINDINGS, POPULATION, VERDICTS

_LISTED = 2000  # lines of one list; the files have all of them
_REJECTS = 50
PageOf = Callable[[str], str]


def audit_page(evaluation: Evaluation, page_of: PageOf = lambda case_id: "") -> AuditPage:
    """Return everything in index.html. `page_of` returns the link of a case's page, or ""."""
    summary = evaluation.summary()
    eligible = int(summary["eligible"])
    actions = actions_in(evaluation)
    lines = {name: _lines(evaluation, where, page_of) for name, where in _LISTS.items()}
    target = (evaluation.compiled.bundle.protocol.target or "").replace(" ", "")
    sizes = tuple(
        (name, int(n))
        for name, where in _LISTS.items()
        for (n,) in evaluation.con.execute(f"SELECT count(*) FROM {CASES} WHERE {where}").fetchall()
    )
    return AuditPage(
        provenance=provenance(evaluation),
        rate=rate(summary),
        requirements=_requirements(evaluation, summary),
        verdicts=_verdicts(evaluation),
        flow=_flow(evaluation),
        sensitivity=tuple((w, n, eligible) for w, n in summary["sensitivity"].items()),
        rejects=tuple(
            (f"{r['file']}, row {r['row']}", r["row"], reject_words(r))
            for r in evaluation.rows(f"{evaluation.rejects_sql()} LIMIT {_REJECTS}")
        ),
        reconciliation=tuple(
            (t.file, c.read, c.used, c.rejected + c.torn)
            for name, t in evaluation.records.tables.items()
            if not t.absent
            for c in (evaluation.prepared.census[name],)
        ),
        problems=tuple(problems(evaluation)),
        target=target,
        notes=_notes(evaluation),
        action=_action_lines(evaluation, page_of),
        failed=lines["failed"],
        undetermined=lines["undetermined"],
        exempt=lines["exempt"],
        others=lines["others"],
        list_sizes=(("action", len(actions)), *sizes),
        actions=count_actions(actions),
    )


def _action_lines(evaluation: Evaluation, page_of: PageOf) -> tuple[CaseLine, ...]:
    """Return a line for each action, the most urgent first."""
    rows = evaluation.rows(f"""
        SELECT a.*, v.anchor, v.upcoming, v.verdict
        FROM {ACTIONS} a JOIN {POPULATION} p USING (case_id)
        JOIN {VERDICTS} v ON v.case_key = p.case_key
        ORDER BY a.number LIMIT {_LISTED}""")
    return tuple(
        CaseLine(
            case_id=row["case_id"],
            surgery_date=row["anchor"],
            upcoming=row["upcoming"],
            verdict=row["verdict"],
            sentence=row["text"],
            act_by=row["act_by"],
            owner=row["owner"],
            page=page_of(row["case_id"]),
        )
        for row in rows
    )


_PAST = "NOT still_open AND verdict"
_LISTS = {
    "failed": f"({_PAST} IN ('{Verdict.NOT_COMPLIANT}', '{Verdict.ERROR}')) "
    f"OR (still_open AND verdict = '{Verdict.ERROR}')",
    "undetermined": f"{_PAST} = '{Verdict.UNDETERMINED}'",
    "exempt": f"{_PAST} = '{Verdict.COMPLIANT_WITH_EXCEPTION}'",
    "others": f"({_PAST} = '{Verdict.COMPLIANT}') OR verdict = '{Verdict.NOT_APPLICABLE}' "
    f"OR (still_open AND verdict <> '{Verdict.ERROR}' AND next_action IS NULL)",
}


def reject_words(row: dict[str, Any]) -> str:
    return f"{row['column']}: {row['reason']}" if row["column"] else str(row["reason"])


def _lines(evaluation: Evaluation, where: str, page_of: PageOf) -> tuple[CaseLine, ...]:
    """Return the cases of a list, with the next action or the reason for their verdict."""
    shown = f"('{Status.MET}', '{Status.BOOKED}')"
    rows = evaluation.rows(f"""
        SELECT k.case_id, any_value(k.anchor) AS anchor, any_value(k.upcoming) AS upcoming,
               any_value(k.verdict) AS verdict, any_value(k.next_action) AS next_action,
               any_value(k.act_by) AS act_by, any_value(k.owner) AS owner,
               string_agg(f.sentence, ' ' ORDER BY f.number) FILTER (f.status NOT IN {shown}) AS why,
               string_agg(DISTINCT f.owner, ', ' ORDER BY f.owner) AS owners,
               min(f.sentence) FILTER (f.status = '{Status.NOT_APPLICABLE}') AS outside
        FROM (SELECT * FROM {CASES} WHERE {where} ORDER BY act_by NULLS LAST, anchor, case_id
              LIMIT {_LISTED}) k
        JOIN {FINDINGS} f USING (case_key)
        GROUP BY k.case_id
        ORDER BY any_value(k.act_by) NULLS LAST, any_value(k.anchor), k.case_id""")
    return tuple(
        CaseLine(
            case_id=row["case_id"],
            surgery_date=row["anchor"],
            upcoming=row["upcoming"],
            verdict=row["verdict"],
            sentence=row["outside"] or row["next_action"] or row["why"] or "",
            act_by=row["act_by"],
            owner=row["owner"] or row["owners"] or "",
            page=page_of(row["case_id"]),
        )
        for row in rows
    )


def _verdicts(evaluation: Evaluation) -> tuple[tuple[str, int], ...]:
    counts = dict(
        evaluation.con.execute(f"SELECT verdict, count(*) FROM {CASES} GROUP BY 1").fetchall()
    )
    return tuple((v.value, int(counts.get(v.value, 0))) for v in Verdict)


def _flow(evaluation: Evaluation) -> tuple[tuple[str, int], ...]:
    """Return the steps from all cases to the denominator; the lines add up."""
    totals = population(evaluation)
    census = evaluation.prepared.census["cases"]
    outside = totals["not_applicable_by_reason"]
    titles = totals["excluded_by"]
    names = {
        "cancelled_case": "operation cancelled",
        "not_in_force": "no version of the protocol in force",
        "not_in_population": "outside the population",
        "condition_not_met": "no requirement applies",
    }
    lines = [
        ("Rows read from the cases", census.read),
        ("– rejected rows", census.rejected + census.torn),
        *((f"– {words}", outside[key]) for key, words in names.items() if outside.get(key)),
        *((f"– excluded: {title}", number) for title, number in titles.items()),
        ("– still to come", totals["upcoming"]),
    ]
    if totals["error"]:
        lines.append(("– could not be evaluated", totals["error"]))
    lines.append(("Eligible", totals["eligible"]))
    return tuple((words, int(number)) for words, number in lines)


def _requirements(evaluation: Evaluation, summary: dict[str, Any]) -> tuple[RequirementTotals, ...]:
    counts: dict[str, dict[str, int]] = {}
    reasons: dict[str, list[tuple[str, str, int]]] = {}
    titles: dict[str, str] = {}
    for requirement, title, status, number in evaluation.con.execute(
        f"""SELECT id, any_value(title), status, count(*) FROM {FINDINGS}
            GROUP BY id, status ORDER BY min(number)"""
    ).fetchall():
        titles[requirement] = title
        counts.setdefault(requirement, {})[status] = number
    for requirement, status, reason, number in evaluation.con.execute(
        f"""SELECT id, status, reason, count(*) FROM {FINDINGS}
            WHERE NOT upcoming AND status NOT IN ('{Status.MET}', '{Status.NOT_APPLICABLE}',
                                                  '{Status.DUE}', '{Status.BOOKED}')
            GROUP BY ALL ORDER BY count(*) DESC, status, reason"""
    ).fetchall():
        reasons.setdefault(requirement, []).append((status, reason, number))
    version = evaluation.compiled.bundle.protocol.versions[-1]
    leaves = {
        leaf.id: leaf for v in evaluation.compiled.bundle.protocol.versions for leaf in v.leaves
    }
    return tuple(
        RequirementTotals(
            id=requirement,
            title=heading(leaves[requirement]),
            eligible=int(summary["eligible_by_requirement"].get(requirement, 0)),
            present=int(summary["present"].get(requirement, 0)),
            in_window=int(summary["in_window"].get(requirement, 0)),
            statuses=tuple((s.value, counts[requirement].get(s.value, 0)) for s in Status),
            reasons=tuple(reasons.get(requirement, ())),
            owner=", ".join(leaves[requirement].owners),
            group=group_words(version, leaves[requirement]),
            forbidden=leaves[requirement].forbidden,
        )
        for requirement, title in titles.items()
    )


def _notes(evaluation: Evaluation) -> tuple[str, ...]:
    names = {
        "entered_in_error": "entered in error",
        "recorded_after_as_of": "recorded after the date of this audit",
        "completed_after_as_of": "completed after the date of this audit",
    }
    return tuple(
        f"Left out: {number} {'event' if number == 1 else 'events'} {names[key]}."
        for key, number in evaluation.prepared.left_out.items()
        if number
    )
