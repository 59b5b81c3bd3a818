"""The data files of an audit: JSON, Parquet and CSV of the same rows, in a fixed order."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from qi_checker.cases.evaluated import ACTIONS
from qi_checker.engines.duckdb import Evaluation
from qi_checker.engines.duckdb.evaluation import CASES_SQL, FINDINGS_SQL
from qi_checker.engines.duckdb.values import quote, text
from qi_checker.query.tables import CASES, FINDINGS

_ACTIONS = f"SELECT * EXCLUDE (number) FROM {ACTIONS} ORDER BY number"


def write_files(evaluation: Evaluation, manifest: dict[str, Any], folder: Path) -> None:
    """Write findings (JSON, Parquet, CSV), cases.csv, actions.csv, rejects.csv and manifest.json.

    The actions must already exist (`actions_in`).
    """
    findings, worded = (
        f"SELECT {FINDINGS_SQL} FROM {view} ORDER BY case_id, requirement"
        for view in (FINDINGS, evaluation.worded)
    )
    cases = f"SELECT {CASES_SQL} FROM {CASES} ORDER BY case_id"
    copy = evaluation.con.execute
    # Parquet pages from a table differ from those of a query, so a query is always used.
    copy(f"COPY ({worded}) TO {_path(folder, 'findings.parquet')} (FORMAT PARQUET)")
    copy(f"COPY ({_safe(evaluation, findings)}) TO {_path(folder, 'findings.csv')} (HEADER)")
    copy(f"COPY ({_safe(evaluation, cases)}) TO {_path(folder, 'cases.csv')} (HEADER)")
    write_actions(evaluation, folder)
    rejects = _safe(evaluation, evaluation.rejects_sql())
    copy(f"COPY ({rejects}) TO {_path(folder, 'rejects.csv')} (HEADER)")
    for name, query in (("findings", findings), ("cases", cases), ("actions", _ACTIONS)):
        part = _path(folder, f"{name}.part")
        copy(f"COPY ({query}) TO {part} (FORMAT JSON, ARRAY true)")
    _join(folder, manifest)
    document = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (folder / "manifest.json").write_text(document, encoding="utf-8")


def write_actions(evaluation: Evaluation, folder: Path) -> None:
    """actions.csv of the actions that are made by then."""
    path = _path(folder, "actions.csv")
    evaluation.con.execute(f"COPY ({_safe(evaluation, _ACTIONS)}) TO {path} (HEADER)")


def _path(folder: Path, name: str) -> str:
    return text(str(folder / name))


def _safe(evaluation: Evaluation, query: str) -> str:
    """Make every text cell of a query harmless: a spreadsheet must not run it as a formula.

    A cell that begins with = + - @, also full-width, or with a control character gets an
    apostrophe in front (OWASP, CSV injection). Only CSV; JSON and Parquet hold the exact text.
    """
    described = evaluation.con.execute(f"DESCRIBE {query}").fetchall()
    columns = []
    for name, kind, *_ in described:
        column = quote(name)
        if kind == "VARCHAR":
            risky = f"regexp_matches({column}, '^[=+\\-@＝＋－＠\\t\\r\\n]')"
            columns.append(f"CASE WHEN {risky} THEN '''' || {column} ELSE {column} END AS {column}")
        else:
            columns.append(column)
    return f"SELECT {', '.join(columns)} FROM ({query})"


def _join(folder: Path, manifest: dict[str, Any]) -> None:
    """Join the parts of findings.json without loading them into memory."""
    head = json.dumps(manifest, ensure_ascii=False, indent=1)
    with (folder / "findings.json").open("wb") as whole:
        whole.write(b'{"manifest": ' + head.encode())
        for name in ("findings", "cases", "actions"):
            part = folder / f"{name}.part"
            whole.write(f',\n"{name}": '.encode())
            with part.open("rb") as rows:
                shutil.copyfileobj(rows, whole)
            part.unlink()
        whole.write(b"}\n")
