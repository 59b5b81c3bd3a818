"""The folder of an audit on Spark: findings, cases and rejects as Parquet, actions and the manifest.

Executors write the rows, each into its own part; this process names the parts and adds the numbers. The
cases that need somebody are judged here one by one, as in every audit (`cases/twice.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qi_checker.audit.files import write_actions
from qi_checker.audit.folder import OURS, Progress
from qi_checker.audit.provenance import manifest
from qi_checker.cases.evaluated import tabulated
from qi_checker.cases.twice import judge_twice
from qi_checker.engines.spark import SparkEvaluation, failed, shown_cases
from qi_checker.errors import Problem, UserError
from qi_checker.query.tables import VERDICTS
from qi_checker.render.atomic import replaced_folder

if TYPE_CHECKING:
    import duckdb
    from pyspark.sql import DataFrame

_ROWS = 1_000_000  # of one part, approximately


def write_parquet(
    evaluation: SparkEvaluation,
    out: Path,
    con: duckdb.DuckDBPyConnection,
    progress: Progress = lambda phase, done, total: None,
) -> dict[str, Any]:
    """Write everything into `out`, replacing an earlier audit in one step; return the manifest.

    con: an empty DuckDB connection, which gets the rows of the cases that are judged one by one.
    Workers must see the folder under the same path. Two runs on the same input give the same rows
    in the same files and order, whatever the number of workers; the bytes of a file may differ,
    since Java writes the names of a column's encodings in any order.
    """
    with replaced_folder(out, OURS) as folder, failed(_refused(out)):
        progress("judging cases", 0, 0)
        _judge(evaluation, con, folder)
        progress("writing findings", 0, 0)
        _write(
            evaluation.findings_frame(), folder / "findings", "case_id", ("case_id", "requirement")
        )
        _write(evaluation.cases_frame(), folder / "cases", "case_id", ("case_id",))
        _write(evaluation.rejects_frame(), folder / "rejects", "table", ("table", "row"))
        numbers = manifest(evaluation)
        document = json.dumps(numbers, indent=2, ensure_ascii=False) + "\n"
        (folder / "manifest.json").write_text(document, encoding="utf-8")
    return numbers


def _judge(evaluation: SparkEvaluation, con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Judge cases twice, and write the actions of the open ones."""
    beside = shown_cases(evaluation, con, folder / "shown")

    def make_errors(differing: Mapping[int, str]) -> None:
        listed = ", ".join(map(str, differing))
        con.execute(f"DELETE FROM {VERDICTS} WHERE case_key IN ({listed})")  # no action is made
        evaluation.make_errors(list(differing.values()))

    evaluation.twice = judge_twice(beside, make_errors=make_errors)
    evaluation.actions = tabulated(beside)
    write_actions(beside, folder)
    first = {action.case_id: action for action in reversed(evaluation.actions)}
    evaluation.show_next(
        [
            {
                "case_id": case_id,
                "next_action": action.text,
                "act_by": action.act_by,
                "owner": action.owner,
                "next_requirement": action.requirement,
            }
            for case_id, action in sorted(first.items())
        ]
    )


def _refused(out: Path) -> UserError:
    why = "Workers must be able to write there, under the same path, with space for the rows"
    return UserError(
        Problem(
            str(out),
            "the results cannot be written",
            why,
            "The folder is unchanged. Give the workers access and space, and run it again",
        )
    )


def _write(frame: DataFrame, folder: Path, by: str, order: Sequence[str]) -> None:
    """Write rows into parts by the hash of a column, in order, so that parts are reproducible."""
    frozen = frame.localCheckpoint(eager=False)
    parts = max(1, -(-frozen.count() // _ROWS))
    frozen.repartition(parts, by).sortWithinPartitions(*order).write.parquet(
        f"file://{folder.resolve()}"
    )
    for path in sorted(folder.iterdir()):
        named = re.match(r"part-([0-9]+)-", path.name)
        if named:
            path.rename(folder / f"part-{named[1]}.parquet")
        else:
            path.unlink()  # checksums for Hadoop only
    if not any(folder.iterdir()):
        raise FileNotFoundError(folder)
