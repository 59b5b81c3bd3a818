"""The folder of a monthly report, replaced in one step: JSON, CSV, page, PDF, workbook, slides."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from qi_checker.monthly import words as monthly_words
from qi_checker.monthly.slides import write_slides
from qi_checker.monthly.tables import plots_of, tables
from qi_checker.monthly.views import Monthly
from qi_checker.render.atomic import replaced_folder
from qi_checker.render.charts import pictures
from qi_checker.render.csv_files import write_rows
from qi_checker.render.html import CASES_SHOWN, environment
from qi_checker.render.paper import A4, on_paper
from qi_checker.render.pdf import pdf_of
from qi_checker.render.xlsx import Properties, write_workbook

FORMATS = {"html": "index.html", "pdf": "report.pdf", "xlsx": "report.xlsx"}
SLIDES = "pptx"  # a separate format: `all` does not need its extra
# What a report writes, and may replace: docs/commands.md names every file.
OURS = (
    *FORMATS.values(),
    "report.pptx",
    "report.json",
    "manifest.json",
    "standards.csv",
    "flow.csv",
    "sensitivity.csv",
    "failed.csv",
    "exempt.csv",
    "undetermined.csv",
    "rejudged.csv",
    "actions.csv",
    "files.csv",
    "checks.csv",
    "problems.csv",
    "phases.csv",
    "happened.csv",
    "trend.csv",
    "intervals.csv",
    "gaps.csv",
    "cusum.csv",
    "causes.csv",
    "funnel.csv",
)


@dataclass(frozen=True)
class Written:
    """The result of writing a report, for the terminal."""

    finding: str
    main_file: str


def monthly_page(monthly: Monthly) -> str:
    """Render the report as an HTML page."""
    return (
        environment()
        .get_template("monthly/monthly.html.j2")
        .render(
            monthly=monthly,
            sentences=monthly_words,
            charts={
                plot.key: pictures(plot)
                for plot in plots_of(monthly)
                if plot is not monthly.causes  # the page draws these bars itself
            },
            shown=CASES_SHOWN,
        )
    )


def write_monthly(monthly: Monthly, out: Path, format: str, paper: str = A4) -> Written:
    """Write a report into `out`: JSON and CSV, and html, pdf, xlsx or all, as in `format`."""
    formats = [name for name in FORMATS if format in (name, "all")]
    made = tables(monthly)
    with replaced_folder(out, OURS) as folder:
        for table in made:
            write_rows(folder / f"{table.key}.csv", table.columns, table.rows)
        (folder / "report.json").write_text(as_json(monthly), encoding="utf-8")
        (folder / "manifest.json").write_text(_manifest(monthly), encoding="utf-8")
        page = on_paper(monthly_page(monthly), paper) if set(formats) & {"html", "pdf"} else ""
        if "html" in formats:
            (folder / "index.html").write_text(page, encoding="utf-8")
        if "pdf" in formats:
            (folder / "report.pdf").write_bytes(pdf_of(page))
        if "xlsx" in formats:
            write_workbook(folder / "report.xlsx", made, _properties(monthly))
        if format == SLIDES:
            write_slides(folder / "report.pptx", monthly)
    main = FORMATS[formats[0]] if formats else "report.json"
    if format == SLIDES:
        main = "report.pptx"
    return Written(monthly_words.finding(monthly), main)


def as_json(monthly: Monthly) -> str:
    """Format the whole report as JSON, with dates as ISO text."""

    def plain(item: Any) -> str:
        if isinstance(item, date):
            return item.isoformat()
        raise TypeError(type(item).__name__)

    return json.dumps(asdict(monthly), default=plain, ensure_ascii=False, indent=2) + "\n"


def _properties(monthly: Monthly) -> Properties:
    """Return the first sheet of the workbook."""
    header = monthly.header
    notes = [
        f"Month: {header.first} to {header.last}; 12 months: {monthly_words.year_span(monthly)}",
        header.organisation,
        header.reference,
        header.contact,
        header.comment,
    ]
    title = f"{header.title}: {monthly_words.month_name(header.month)}"
    return Properties(
        title, monthly_words.finding(monthly), monthly.provenance, tuple(n for n in notes if n)
    )


def _manifest(monthly: Monthly) -> str:
    p = monthly.provenance
    described = {
        "program": {"name": "qi-checker", "version": p.program_version},
        "report": "monthly",
        "protocol": {
            "id": p.protocol_id,
            "version": p.protocol_version,
            "sha256": p.protocol_sha256,
        },
        "as_of": p.as_of,
        "timezone": p.timezone,
        "month": monthly.header.month,
        "settings_sha256": monthly.settings_sha256,
        "files": [
            {"file": file, "sha256": sha256, "read": read, "used": used, "rejected": rejected}
            for file, sha256, read, used, rejected in monthly.quality.files
        ],
    }
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"
