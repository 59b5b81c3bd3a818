"""A folder of case sheets, replaced in one step: a page and a PDF for each case, and their list."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from qi_checker.audit.folder import disk_of, page_name
from qi_checker.audit.provenance import provenance
from qi_checker.cases.pages import case_page, sheets_page
from qi_checker.cases.rows import ahead
from qi_checker.cases.sheets import case_sheets
from qi_checker.cases.views import CaseSheet, SheetLine, SheetsPage
from qi_checker.engines.duckdb import Evaluation
from qi_checker.engines.observers import JudgedTwice
from qi_checker.render.atomic import replaced_folder, write_new
from qi_checker.render.paper import A4, on_paper
from qi_checker.render.pdf_workers import Press, pdf_press

# What the command writes, and may replace: docs/commands.md names every file.
OURS = ("index.html", "manifest.json", "cases/*.html", "cases/*.pdf")
BACK = "../index.html"  # from a page to the list
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Printing:
    """Options for writing case sheets. `format`: html, pdf or both."""

    format: str = "both"
    paper: str = A4
    identified: bool = False  # whether a sheet names the patient
    jobs: int = 1  # processes that write PDF


def write_sheets(
    evaluation: Evaluation,
    case_keys: Sequence[int],
    selection: str,
    out: Path,
    how: Printing,
    progress: Progress = lambda phase, done, total: None,
) -> SheetsPage:
    """Write a sheet for each of these cases into `out`; `selection` describes the choice."""
    lines: list[SheetLine] = []
    with replaced_folder(out, OURS) as folder, disk_of(out):
        (folder / "cases").mkdir()
        with _press(how) as press:
            sheets = case_sheets(evaluation, case_keys, how.identified)
            drawn = ((sheet, on_paper(case_page(sheet, BACK), how.paper)) for sheet in sheets)
            for sheet, html in ahead(drawn):
                lines.append(_write(sheet, html, folder, how, press))
                done = press.done if press else len(lines)
                progress("writing case sheets", done, len(case_keys))
            while press and press.take():
                progress("writing case sheets", press.done, len(case_keys))
        lines.sort(key=_urgency)
        page = SheetsPage(selection, tuple(lines), provenance(evaluation))
        document = on_paper(sheets_page(page), how.paper)
        (folder / "index.html").write_text(document, encoding="utf-8")
        (folder / "manifest.json").write_text(
            _manifest(page, how, evaluation.twice), encoding="utf-8"
        )
    return page


@contextmanager
def _press(how: Printing) -> Iterator[Press | None]:
    if how.format == "html":
        yield None
    else:
        with pdf_press(how.jobs) as press:
            yield press


def _write(
    sheet: CaseSheet, page: str, folder: Path, how: Printing, press: Press | None
) -> SheetLine:
    """Write the page of one case, and its PDF as soon as a process is free."""
    html = f"cases/{page_name(sheet.case_id)}" if how.format != "pdf" else ""
    pdf = f"cases/{page_name(sheet.case_id, 'pdf')}" if press else ""
    if html:
        write_new(f"{folder}/{html}", page.encode())
    if press:
        press.write(page, folder / pdf)
    return SheetLine(
        case_id=sheet.case_id,
        surgery_date=sheet.surgery_date,
        verdict=sheet.verdict,
        next_action=sheet.next_action,
        act_by=sheet.act_by,
        owner=sheet.owner,
        html=html,
        pdf=pdf,
        why=sheet.why,
    )


def _urgency(line: SheetLine) -> tuple[bool, date, date, str]:
    """Return a sort key for the order of the checklist: what must be done first comes first."""
    acts = bool(line.next_action)
    return not acts, line.act_by or date.max, line.surgery_date, line.case_id


def _manifest(page: SheetsPage, how: Printing, twice: JudgedTwice | None) -> str:
    p = page.provenance
    described = {
        "program": {"name": "qi-checker", "version": p.program_version},
        "report": "sheets",
        "protocol": {
            "id": p.protocol_id,
            "version": p.protocol_version,
            "sha256": p.protocol_sha256,
        },
        "data_sha256": p.data_sha256,
        "as_of": p.as_of,
        "timezone": p.timezone,
        "cases": len(page.lines),
        "judged_twice": (twice or JudgedTwice()).as_dict(),
        "format": how.format,
        "paper": how.paper,
        "identified": how.identified,
    }
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"
