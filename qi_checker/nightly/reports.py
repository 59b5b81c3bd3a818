"""The folder of reports: the audit of the night."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qi_checker.audit.folder import write_audit, write_rulebook
from qi_checker.engines.duckdb import Evaluation
from qi_checker.nightly.load import Settings


def audit_folder(settings: Settings) -> Path:
    return settings.reports / "audit"


def write_reports(settings: Settings, each: Iterator[Evaluation], label: dict[str, Any]) -> None:
    """The audit, or that of every protocol; replaced in one step, and labelled with its runs."""
    out, pages = audit_folder(settings), settings.config.pages
    if settings.rulebook:
        write_rulebook(each, out, pages, label=label)
        return
    for evaluation in each:
        write_audit(evaluation, out, pages, label=label)
