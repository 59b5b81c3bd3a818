"""The actions of a whole evaluation, judged case by case, joined to its cases in the database."""

from __future__ import annotations

import json
from collections.abc import Sequence

from qi_checker.cases.actions import ACTION_COLUMNS, Action, most_urgent_first
from qi_checker.cases.case_actions import OPEN, actions_of
from qi_checker.cases.rows import DuckDBRows
from qi_checker.engines.duckdb import Evaluation
from qi_checker.query.tables import CASES, VERDICTS

ACTIONS = "case_actions"
_PLAIN = "cases_without_actions"  # the original view of cases after another took its name
_OPEN = ", ".join(f"'{verdict}'" for verdict in OPEN)
_TYPES = dict.fromkeys(ACTION_COLUMNS, "VARCHAR") | dict.fromkeys(
    ("from", "until", "act_by"), "DATE"
)


def actions_in(evaluation: Evaluation) -> tuple[Action, ...]:
    """Return the actions of every open case, the most urgent first; they are computed once.

    The query finds the cases that lack something, `judging` decides what to do for each. From
    then on they are the table ACTIONS, and the next action of a case in the view of cases is its
    first. Past cases that lack something and for which nothing can be arranged are not judged.
    """
    if evaluation.actions is None:
        evaluation.actions = tabulated(evaluation)
        _show_first(evaluation)
    actions: tuple[Action, ...] = evaluation.actions
    return actions


def tabulated(evaluation: Evaluation) -> tuple[Action, ...]:
    """Make the actions of every open case and the table ACTIONS, but not the view of cases."""
    found = evaluation.con.execute(
        f"""SELECT case_key FROM {VERDICTS}
            WHERE verdict IN ({_OPEN}) AND (upcoming OR next_number IS NOT NULL)
            ORDER BY case_key"""
    ).fetchall()
    actions = _judged(evaluation, [key for (key,) in found])
    rows = [{"number": n, **action.row} for n, action in enumerate(actions)]
    shape = json.dumps([{"number": "INTEGER", **_TYPES}])
    evaluation.con.execute(
        f"""CREATE OR REPLACE TEMP TABLE {ACTIONS} AS
            SELECT unnest(from_json(?::JSON, '{shape}'), recursive := true)""",
        [json.dumps(rows, default=str)],
    )
    return actions


def _judged(evaluation: Evaluation, keys: Sequence[int]) -> tuple[Action, ...]:
    """Return the actions of these cases; cases judged twice are not judged a third time."""
    known = evaluation.judged_actions
    found = [known[key] for key in keys if key in known]
    left = [key for key in keys if key not in known]
    if left:
        rows, protocol = DuckDBRows(evaluation), evaluation.compiled.bundle.protocol
        found += (actions_of(trace, protocol, rows.origin.row) for trace in rows.traces(left))
    return most_urgent_first(action for actions in found for action in actions)


def _show_first(evaluation: Evaluation) -> None:
    """Replace the query's next action of the cases by their first action."""
    con = evaluation.con
    con.execute(f"DROP VIEW IF EXISTS {_PLAIN}")
    con.execute(f"ALTER VIEW {CASES} RENAME TO {_PLAIN}")
    con.execute(f"""
        CREATE OR REPLACE TEMP VIEW {CASES} AS
        SELECT k.* REPLACE (a."text" AS next_action, a.act_by AS act_by, a.owner AS owner,
                            a.requirement AS next_requirement)
        FROM {_PLAIN} k
        LEFT JOIN (SELECT DISTINCT ON (case_id) * FROM {ACTIONS} ORDER BY case_id, number) a
             USING (case_id)""")
