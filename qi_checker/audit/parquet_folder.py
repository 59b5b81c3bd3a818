"""The folder of an audit on Spark: findings, cases and rejects as Parquet, and the manifest.

Executors write the rows, each into its own part; this process names the parts and adds the numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qi_checker.audit.folder import OURS, Progress
from qi_checker.audit.provenance import manifest
from qi_checker.engines.spark import SparkEvaluation, failed
from qi_checker.errors import Problem, UserError
from qi_checker.render.atomic import replaced_folder

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_ROWS = 1_000_000  # of one part, about


def write_parquet(
    evaluation: SparkEvaluation,
    out: Path,
    progress: Progress = lambda phase, done, total: None,
) -> dict[str, Any]:
    """Write everything into `out`, replacing an earlier audit in one step; gives the manifest.

    Workers must see the folder under the same path. Two runs on the same input give the same rows
    in the same files and order, whatever the number of workers; the bytes of a file may differ, since
    Java writes the names of the encodings of a column in any order.
    """
    with replaced_folder(out, OURS) as folder, failed(_refused(out)):
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
    """Rows go to a part by the hash of a column, and lie in it in order: always the same ones."""
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
            path.unlink()  # checksums that only Hadoop reads
    if not any(folder.iterdir()):
        raise FileNotFoundError(folder)
