"""Tables as a workbook: one sheet each, after a sheet that describes its content and source.

Text never becomes a formula, a link or a number: it is always written as text. The same tables give
the same bytes.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from qi_checker.render import words
from qi_checker.render.sheet_charts import MONTH, SHEET, charted, draw_charts
from qi_checker.render.sheet_names import sheet_names
from qi_checker.render.tables import Cell, Table
from qi_checker.render.views import Provenance

ROWS = 1_048_576  # of a sheet, its header included (Excel's specifications and limits)
LONGEST = 32_767  # characters of a cell, as UTF-16 counts them
_EXACT = 10**15  # a spreadsheet keeps 15 digits of a number
_FIRST_YEAR = 1900  # of the calendar of spreadsheets
_NARROWEST, _WIDEST, _MEASURED = 9, 60, 1_000  # characters; rows measured for a column width
# XML forbids these, and half of a surrogate pair.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_ABOUT = 100  # width of the texts of the first sheet, in characters
_LINE, _HIGHEST = 15, 409  # height of a line and of the highest row, in points
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_OF_A_RATE = ("low", "high", "centre", "target")  # fractions too, beside a column `rate`
WORKBOOK_OPTIONS = {
    "in_memory": True,  # no patient data is left in a temporary folder
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
PURPOSE = (
    "For quality improvement, not for judging individuals. "
    "Not a medical device: the treating team decides."
)


@dataclass(frozen=True)
class Properties:
    """The content of the first sheet. `finding` is the first sentence of the page."""

    title: str
    finding: str
    provenance: Provenance
    notes: tuple[str, ...] = ()


def write_workbook(path: Path, tables: Sequence[Table], properties: Properties) -> None:
    """Write a workbook: `About`, a sheet of charts if a table has one, and one for each table.

    Raises OSError where writing fails.

    Rates are shown as per cent: columns `rate` or `..._rate`, and their low, high, centre and
    target with the same beginning. A table with more rows than a sheet can hold ends with a row
    that says so and names its CSV file. The folder of a report calls it like the folder of a study:
    `write_workbook(folder / "study.xlsx", study_tables(study), Properties(...))`.
    """
    import xlsxwriter

    made = io.BytesIO()
    with xlsxwriter.Workbook(made, WORKBOOK_OPTIONS) as book:
        _describe(book, properties)
        formats = _formats(book)
        names = sheet_names(table.title for table in tables)
        named = list(zip(names, tables, strict=True))
        _about(book.add_worksheet("About"), formats, properties, named)
        if charted(tables):
            sheet = book.add_worksheet(SHEET)
            draw_charts(book, sheet, named)
            _on_paper(sheet, properties.title)
        for name, table in named:
            _sheet(book.add_worksheet(name), formats, table)
    path.write_bytes(made.getvalue())


def clean(text: str) -> str:
    """Make text fit a cell: without control characters, and cut if it is too long."""
    text = _CONTROL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    length = len(text.encode("utf-16-le")) // 2
    if length <= LONGEST:
        return text
    note = f" … (cut: {length:,} characters)"
    shortened = text.encode("utf-16-le")[: 2 * (LONGEST - len(note))]
    return shortened.decode("utf-16-le", "ignore") + note


def _describe(book: Any, properties: Properties) -> None:
    """Set the properties that a file browser shows, with the time of the evaluation."""
    p = properties.provenance
    book.set_properties(
        {
            "title": clean(properties.title)[:255],
            "subject": clean(p.protocol_title)[:255],
            "author": clean(p.organisation or "qi-checker")[:255],
            "comments": PURPOSE,
            "created": datetime.fromisoformat(p.as_of).replace(tzinfo=None),
        }
    )


def _formats(book: Any) -> dict[str, Any]:
    """Return the formats by purpose."""
    top = {"valign": "top"}
    return {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "header": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, **top}),
        "text": book.add_format(top),
        "wrapped": book.add_format({"text_wrap": True, **top}),
        "number": book.add_format(top),
        "date": book.add_format({"num_format": "yyyy-mm-dd", "align": "left", **top}),
        "month": book.add_format({"num_format": MONTH, "align": "left", **top}),
        # 0% and 100% have no decimal only if they are exact.
        "percent": book.add_format({"num_format": "[=0]0%;[=1]0%;0.0%", **top}),
    }


def _about(
    sheet: Any, formats: dict[str, Any], properties: Properties, tables: Sequence[tuple[str, Table]]
) -> None:
    """Write the first sheet."""
    p = properties.provenance
    lines = [
        *(("Check the records first", words.plain(f.message)) for f in p.plausibility),
        ("Finding", properties.finding),
        ("Purpose", PURPOSE),
        *([("Organisation", p.organisation)] if p.organisation else []),
        ("As of", f"{words.moment(p.as_of)}, time zone {p.timezone}"),
        ("Protocol", f"{p.protocol_title} ({p.protocol_id} {p.protocol_version})"),
        ("Protocol SHA-256", p.protocol_sha256),
        ("Data SHA-256", p.data_sha256),
        ("Program", f"qi-checker {p.program_version} ({p.engine})"),
        *(("Note", note) for note in properties.notes),
        *((f"Sheet {name}", _extent(table)) for name, table in tables),
    ]
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, _ABOUT)
    sheet.write_string(0, 0, clean(properties.title), formats["title"])
    for number, (what, text) in enumerate(lines, start=2):
        sheet.write_string(number, 0, clean(what), formats["header"])
        sheet.write_string(number, 1, clean(text), formats["wrapped"])
        _set_height(sheet, number, [text], _ABOUT)
    _on_paper(sheet, properties.title)


def _extent(table: Table) -> str:
    """Describe the content of a sheet, and whether it is complete."""
    content = f"{table.title}: {words.count(len(table.rows), 'row')}"
    left = _left_out(table)
    return (
        f"{content}, of which {left:,} do not fit; {table.key}.csv has every row"
        if left
        else content
    )


def _left_out(table: Table) -> int:
    """Return the number of rows that do not fit into a sheet; its last row then states it."""
    return len(table.rows) - (ROWS - 2) if len(table.rows) > ROWS - 1 else 0


def _sheet(sheet: Any, formats: dict[str, Any], table: Table) -> None:
    percent, months = _percents(table.columns), _months(table.columns)
    wrapped = set()
    for column, name in enumerate(table.columns):
        longest = _longest(name, (row[column] for row in table.rows[:_MEASURED]))
        sheet.set_column(column, column, min(max(longest + 2, _NARROWEST), _WIDEST))
        sheet.write_string(0, column, clean(name), formats["header"])
        if longest > _WIDEST:
            wrapped.add(column)
    left = _left_out(table)
    shown = table.rows[: len(table.rows) - left]
    for number, row in enumerate(shown, start=1):
        for column, cell in enumerate(row):
            if column in months and (found := _MONTH.fullmatch(str(cell))):
                first = date(int(found[1]), int(found[2]), 1)
                sheet.write_datetime(number, column, first, formats["month"])
                continue
            text = formats["wrapped" if column in wrapped else "text"]
            _write(sheet, formats, number, column, cell, text, column in percent)
        _set_height(sheet, number, [row[column] for column in wrapped], _WIDEST)
    if left:
        remark = f"{left:,} more rows do not fit into a sheet; {table.key}.csv has every row"
        sheet.write_string(ROWS - 1, 0, remark, formats["text"])
    sheet.freeze_panes(1, 0)
    if table.columns:
        sheet.autofilter(0, 0, len(shown), len(table.columns) - 1)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    _on_paper(sheet, table.title)


def _set_height(sheet: Any, row: int, cells: Sequence[Cell], width: int) -> None:
    """Set the height of a row for its wrapped text, in a column of this many characters.

    Excel does this when it opens the file; LibreOffice writes the lines over each other.
    """
    lines = [
        sum(-(-len(line) // width) or 1 for line in cell.split("\n"))
        for cell in cells
        if isinstance(cell, str)
    ]
    if (most := max(lines, default=1)) > 1:
        sheet.set_row(row, min(most * _LINE, _HIGHEST))


def _write(
    sheet: Any, formats: dict[str, Any], row: int, column: int, cell: Cell, text: Any, percent: bool
) -> None:
    """Write one cell with its type, or as text if a spreadsheet has no number for it."""
    if cell is None:
        return
    if isinstance(cell, str):
        sheet.write_string(row, column, clean(cell), text)
    elif isinstance(cell, date):
        if cell.year < _FIRST_YEAR:
            sheet.write_string(row, column, cell.isoformat(), text)
        else:
            sheet.write_datetime(row, column, cell, formats["date"])
    elif not math.isfinite(cell) or (isinstance(cell, int) and abs(cell) >= _EXACT):
        sheet.write_string(row, column, str(cell), text)
    else:
        sheet.write_number(row, column, cell, formats["percent" if percent else "number"])


def _percents(columns: Sequence[str]) -> set[int]:
    """Return the columns of fractions: a `share`, a `rate`, and before_rate, before_low ..."""
    shares = {c for c in columns if c.endswith("share")}
    heads = {c.removesuffix("rate") for c in columns if c == "rate" or c.endswith("_rate")}
    known = shares | {head + name for head in heads for name in ("rate", *_OF_A_RATE)}
    return {number for number, column in enumerate(columns) if column in known}


def _months(columns: Sequence[str]) -> set[int]:
    """Return the columns of months: text in a CSV, and here their first days, shown as `Feb 2026`."""
    known = {"month", "first_month", "baseline_first", "baseline_last"}
    return {number for number, column in enumerate(columns) if column in known}


def _longest(name: str, cells: Iterable[Cell]) -> int:
    """Return the length of the longest line of a column, including its header."""
    texts = [name, *(_shown(cell) for cell in cells)]
    return max(len(line) for text in texts for line in text[:LONGEST].split("\n"))


def _shown(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:.9g}"
    return "" if cell is None else str(cell)


def _on_paper(sheet: Any, title: str) -> None:
    """Print as wide as the page, with page numbers; `&` would begin a command in a footer."""
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L{clean(title)[:100].replace('&', '&&')}&RPage &P of &N")
