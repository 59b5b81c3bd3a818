"""The data files of a study: JSON and CSV with every number that the page shows or draws."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from qi_checker.render.csv_files import write_rows
from qi_checker.study.tables import study_tables
from qi_checker.study.views import Study


def as_json(study: Study) -> str:
    """Format the whole study as JSON, with dates as ISO text."""

    def plain(item: Any) -> str:
        if isinstance(item, date):
            return item.isoformat()
        raise TypeError(type(item).__name__)

    return json.dumps(asdict(study), default=plain, ensure_ascii=False, indent=2) + "\n"


def write_csv(study: Study, folder: Path) -> None:
    """Write one file for each table of the study: rates.csv, days.csv ..."""
    for table in study_tables(study):
        write_rows(folder / f"{table.key}.csv", table.columns, table.rows)
