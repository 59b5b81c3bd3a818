"""Page, workbook, JSON and CSV of a monthly report whose small numbers are withheld."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from qi_checker.monthly import words as monthly_words
from qi_checker.monthly.folder import FORMATS, OURS, Written
from qi_checker.monthly.protected import OVERLAP, ProtectedLine, ProtectedMonthly
from qi_checker.render.atomic import replaced_folder
from qi_checker.render.csv_files import write_rows
from qi_checker.render.html import environment
from qi_checker.render.paper import A4, on_paper
from qi_checker.render.pdf import pdf_of
from qi_checker.render.tables import Table
from qi_checker.render.xlsx import Properties, write_workbook
from qi_checker.study.protected_files import rule

_COLUMNS = ("standard", "title", "compliant", "cases", "rate", "low", "high")


def line_words(line: ProtectedLine) -> str:
    """Format `110/149 (74%, 95% CI 66–80)`, or the printed numbers and marks."""
    return monthly_words.tally(line.tally) if line.tally else f"{line.part}/{line.whole}"


def finding(monthly: ProtectedMonthly) -> str:
    """Summarise the 12 months in one sentence, from the printed counts."""
    header = monthly.header
    span = (
        f"{monthly_words.month_name(header.year_first)} to {monthly_words.month_name(header.month)}"
    )
    sentence = f"{span}: {line_words(monthly.lines[0])} of the eligible operations complied"
    if monthly.target is not None:
        sentence += f"; target {monthly_words.percent(monthly.target)}"
    return f"{sentence}. Exceptions are not left out."


def protected_monthly_page(monthly: ProtectedMonthly) -> str:
    """Render the report as an HTML page."""
    template = environment().get_template("monthly/protected.html.j2")
    return template.render(
        monthly=monthly,
        sentences=monthly_words,
        finding=finding(monthly),
        rule=rule(monthly.profile),
        overlap=OVERLAP,
        line_words=line_words,
    )


def write_protected_monthly(
    monthly: ProtectedMonthly, out: Path, format: str, paper: str = A4
) -> Written:
    """Write everything into `out`; `format` as for a report that is not protected."""
    formats = [name for name in FORMATS if format in (name, "all")]
    table = Table("standards", "Standards", _COLUMNS, tuple(map(_row, monthly.lines)))
    with replaced_folder(out, OURS) as folder:
        write_rows(folder / "standards.csv", table.columns, table.rows)
        document = json.dumps(asdict(monthly), default=_plain, ensure_ascii=False, indent=2) + "\n"
        (folder / "report.json").write_text(document, encoding="utf-8")
        (folder / "manifest.json").write_text(_manifest(monthly), encoding="utf-8")
        page = on_paper(protected_monthly_page(monthly), paper)
        if "html" in formats:
            (folder / "index.html").write_text(page, encoding="utf-8")
        if "pdf" in formats:
            (folder / "report.pdf").write_bytes(pdf_of(page))
        if "xlsx" in formats:
            notes = (rule(monthly.profile), OVERLAP)
            properties = Properties(
                monthly.header.title, finding(monthly), monthly.provenance, notes
            )
            write_workbook(folder / "report.xlsx", [table], properties)
    return Written(finding(monthly), FORMATS[formats[0]] if formats else "report.json")


def _row(line: ProtectedLine) -> tuple[Any, ...]:
    low, high = (line.tally.interval if line.tally else None) or (None, None)
    numbers = [s.value if s.value is not None else str(s) for s in (line.part, line.whole)]
    return (line.key, line.title, *numbers, line.tally.rate if line.tally else None, low, high)


def _manifest(monthly: ProtectedMonthly) -> str:
    p = monthly.provenance
    described = {
        "program": {"name": "qi-checker", "version": p.program_version},
        "report": "monthly",
        "small_numbers": monthly.profile.name,
        "protocol": {
            "id": p.protocol_id,
            "version": p.protocol_version,
            "sha256": p.protocol_sha256,
        },
        "data_sha256": p.data_sha256,
        "as_of": p.as_of,
        "timezone": p.timezone,
        "month": monthly.header.month,
    }
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


def _plain(item: Any) -> str:
    if isinstance(item, date):
        return item.isoformat()
    raise TypeError(type(item).__name__)
