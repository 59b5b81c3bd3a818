"""Slides for a committee: 16:9, text, native charts and tables that PowerPoint can edit.

The same content gives the same bytes: the time in the file is that of the evaluation. The numbers
of a chart are in an embedded workbook of ours, where text never becomes a formula.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from qi_checker.errors import not_installed
from qi_checker.render.xlsx import PURPOSE, clean
from qi_checker.render.xlsx import WORKBOOK_OPTIONS as SAFE

INK, MUTED, BAD, MARK, CALM = "16212C", "51606C", "A3231B", "0A56A3", "7C93A8"
_WIDTH, _HEIGHT, _EDGE = 13.333, 7.5, 0.6  # inches
_TITLE_ONLY = 5  # layout of the empty presentation of python-pptx
_FIXED = (1980, 1, 1, 0, 0, 0)  # of the entries of the file
_SMALLEST = 10  # points
_LETTER, _BOLD = 0.54, 0.58  # width of a letter in units of the font size, about that of Arial
_SHORTEST = 12  # characters; shorter text is not cut
_ROW, _SIDES, _ENDS = (
    1.2,
    0.2,
    0.1,
)  # height of a row in units of the font size; margins of a box, in inches


@dataclass(frozen=True)
class Box:
    """A position on a slide, in inches."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Line:
    """A paragraph; its size, and the space before it unless it is the first, in points."""

    text: str
    size: int = 16
    bold: bool = False
    colour: str = INK
    before: int = 0


@dataclass(frozen=True)
class Series:
    """One series of a chart; None is a gap. `colour` is that of its line or bars."""

    name: str
    values: tuple[float | None, ...]
    colour: str
    points: bool = False  # a dot at each number
    dashed: bool = False


def check_slides() -> None:
    """Raise UserError where python-pptx is missing."""
    try:
        import pptx  # noqa: F401
    except ImportError:
        raise not_installed("pptx") from None


class Deck:
    """Slides under construction; `foot` is at the bottom of each."""

    def __init__(self, title: str, author: str, as_of: str, foot: str) -> None:
        check_slides()
        from pptx import Presentation
        from pptx.util import Inches

        self._made: Any = Presentation()
        self._made.slide_width, self._made.slide_height = Inches(_WIDTH), Inches(_HEIGHT)
        moment = datetime.fromisoformat(as_of).replace(tzinfo=None)
        properties = self._made.core_properties
        properties.title = clean(title)[:255]
        properties.author = clean(author or "qi-checker")[:255]
        properties.last_modified_by = "qi-checker"
        properties.comments, properties.revision = PURPOSE, 1
        properties.created = properties.modified = moment
        self._moment, self._foot = moment, foot

    def slide(self, title: str, kicker: str = "") -> None:
        """Begin a slide with its finding as the title and a small line above it."""
        self._slide = self._made.slides.add_slide(self._made.slide_layouts[_TITLE_ONLY])
        shape = self._slide.shapes.title
        box = Box(_EDGE, 0.65, _WIDTH - 2 * _EDGE, 1.1)
        _place(shape, box)
        _fill(shape.text_frame, fitted([Line(title, 30, bold=True)], box), "top")
        if kicker:
            self.text(Box(_EDGE, 0.3, _WIDTH - 2 * _EDGE, 0.35), [Line(kicker, 14, colour=MUTED)])
        foot = [Line(f"{self._foot} {PURPOSE}", 10, colour=MUTED)]
        self.text(Box(_EDGE, 6.9, _WIDTH - 2 * _EDGE, 0.45), foot)

    def text(self, box: Box, lines: Sequence[Line], framed: bool = False) -> None:
        """Write paragraphs into a box, with a border if `framed`."""
        from pptx.dml.color import RGBColor
        from pptx.util import Pt

        shape = self._slide.shapes.add_textbox(*_inches(box))
        _fill(shape.text_frame, fitted(lines, box), "top")
        if framed:
            shape.line.color.rgb, shape.line.width = RGBColor.from_string(CALM), Pt(1)

    def chart(
        self,
        box: Box,
        kind: str,
        categories: Sequence[str],
        series: Sequence[Series],
        described: str,
    ) -> None:
        """Draw `kind`: "line" of fractions as per cent, or "bar", the first category on top."""
        from pptx.chart.data import CategoryChartData
        from pptx.enum.chart import XL_CHART_TYPE

        percent = kind == "line"
        data = CategoryChartData(number_format="0%" if percent else "0")
        data.categories = [clean(c) for c in categories]
        for one in series:
            data.add_series(clean(one.name), one.values)
        drawn = XL_CHART_TYPE.LINE_MARKERS if percent else XL_CHART_TYPE.BAR_CLUSTERED
        frame = self._slide.shapes.add_chart(drawn, *_inches(box), data)
        frame._element.nvGraphicFramePr.cNvPr.set("descr", clean(described))
        numbers = _workbook(categories, series, self._moment)
        frame.chart.part.chart_workbook.update_from_xlsx_blob(numbers)
        _lines(frame.chart, series) if percent else _bars(frame.chart, series[0])

    def table(self, box: Box, rows: Sequence[Sequence[str]], widths: Sequence[float]) -> None:
        """Write a table whose first row is its header; widths in inches.

        Text is cut if its row would be higher than its part of the box.
        """
        from pptx.dml.color import RGBColor
        from pptx.util import Inches

        rooms = [replace(box, width=w, height=box.height / len(rows)) for w in widths]
        texts = [(Line(t, 12), room) for row in rows for t, room in zip(row, rooms, strict=True)]
        size = min(fitted([line], room)[0].size for line, room in texts)
        shape = replace(box, height=0.3 * len(rows))  # a row grows with its text
        frame = self._slide.shapes.add_table(len(rows), len(widths), *_inches(shape))
        for column, width in zip(frame.table.columns, widths, strict=True):
            column.width = Inches(width)
        for number, row in enumerate(rows):
            background = RGBColor.from_string("FFFFFF" if number else MARK)
            for column, text in enumerate(row):
                cell = frame.table.cell(number, column)
                line = Line(text, size)
                line = line if number else replace(line, bold=True, colour="FFFFFF")
                _fill(cell.text_frame, fitted([line], rooms[column]), "")
                cell.fill.solid()
                cell.fill.fore_color.rgb = background

    def write(self, path: Path) -> None:
        """Write the file; OSError where writing fails."""
        made = io.BytesIO()
        self._made.save(made)
        path.write_bytes(_without_clock(made))


def fitted(lines: Sequence[Line], box: Box) -> list[Line]:
    """Fit lines into a box: with a smaller font if necessary, then with the longest line cut.

    PowerPoint fits text only when somebody edits it.
    """
    made = [replace(line, text=clean(line.text)) for line in lines]
    while height(made, box.width) > box.height:
        smaller = [replace(x, size=max(x.size - 1, min(x.size, _SMALLEST))) for x in made]
        if smaller == made:
            longest = max(made, key=lambda x: len(x.text))
            if len(longest.text) < _SHORTEST:
                break
            text = longest.text[: len(longest.text) * 9 // 10].rstrip(" …")
            smaller = [replace(x, text=f"{text} …") if x is longest else x for x in made]
        made = smaller
    return made


def height(lines: Sequence[Line], width: float) -> float:
    """Estimate the height in inches of paragraphs in a box, with its margins."""
    points = (width - _SIDES) * 72
    between = sum(line.before for line in lines[1:])
    return _ENDS + (between + sum(_rows(line, points) * line.size * _ROW for line in lines)) / 72


def _rows(line: Line, points: float) -> int:
    """Return the number of rows of a paragraph; a word that is too wide is broken, too."""
    room = max(1, int(points / (line.size * (_BOLD if line.bold else _LETTER))))
    rows, taken = 1, 0
    for word in line.text.split():
        if taken and taken + 1 + len(word) > room:
            rows, taken = rows + 1, 0
        taken += len(word) + (1 if taken else 0)
        rows, taken = rows + (taken - 1) // room, (taken - 1) % room + 1
    return rows


def _inches(box: Box) -> tuple[Any, ...]:
    from pptx.util import Inches

    return tuple(Inches(x) for x in (box.left, box.top, box.width, box.height))


def _place(shape: Any, box: Box) -> None:
    shape.left, shape.top, shape.width, shape.height = _inches(box)


def _fill(frame: Any, lines: Sequence[Line], anchor: str) -> None:
    """Write paragraphs; PowerPoint shrinks them when somebody writes more."""
    from pptx.dml.color import RGBColor
    from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
    from pptx.util import Pt

    if anchor:
        frame.word_wrap, frame.vertical_anchor = True, MSO_ANCHOR.TOP
        frame.auto_size = MSO_AUTO_SIZE.TEXT_TO_FIT_SHAPE
    for number, line in enumerate(lines):
        paragraph = frame.add_paragraph() if number else frame.paragraphs[0]
        paragraph.alignment = PP_ALIGN.LEFT
        if number and line.before:
            paragraph.space_before = Pt(line.before)
        run = paragraph.add_run()
        run.text = " ".join(clean(line.text).split("\n"))
        run.font.size, run.font.bold = Pt(line.size), line.bold
        run.font.color.rgb = RGBColor.from_string(line.colour)


def _lines(chart: Any, series: Sequence[Series]) -> None:
    """Draw lines on a scale from 0 to 100%, with their names below."""
    from pptx.dml.color import RGBColor
    from pptx.enum.chart import XL_LEGEND_POSITION, XL_MARKER_STYLE
    from pptx.enum.dml import MSO_LINE
    from pptx.util import Pt

    _plain(chart)
    axis = chart.value_axis
    axis.minimum_scale, axis.maximum_scale, axis.major_unit = 0, 1, 0.25
    axis.tick_labels.number_format, axis.tick_labels.number_format_is_linked = "0%", False
    axis.major_gridlines.format.line.color.rgb = RGBColor.from_string("D5DCE2")
    chart.has_legend = True
    chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    for drawn, one in zip(chart.plots[0].series, series, strict=True):
        drawn.smooth = False
        drawn.format.line.color.rgb = RGBColor.from_string(one.colour)
        drawn.format.line.width = Pt(1.5)
        if one.dashed:
            drawn.format.line.dash_style = MSO_LINE.DASH
        drawn.marker.style = XL_MARKER_STYLE.CIRCLE if one.points else XL_MARKER_STYLE.NONE
        if one.points:
            drawn.marker.size = 8
            drawn.marker.format.fill.solid()
            drawn.marker.format.fill.fore_color.rgb = RGBColor.from_string(one.colour)


def _bars(chart: Any, one: Series) -> None:
    """Draw bars from the top down, each with its number; the first and longest in red."""
    from pptx.dml.color import RGBColor
    from pptx.util import Pt

    _plain(chart)
    chart.has_legend = False
    chart.category_axis.reverse_order = True
    chart.value_axis.visible = chart.value_axis.has_major_gridlines = False
    chart.value_axis.minimum_scale = 0
    plot = chart.plots[0]
    plot.gap_width, plot.has_data_labels, plot.vary_by_categories = 60, True, False
    plot.data_labels.font.size = Pt(12)
    drawn = plot.series[0]
    for fill, colour in ((drawn.format.fill, one.colour), (drawn.points[0].format.fill, BAD)):
        fill.solid()
        fill.fore_color.rgb = RGBColor.from_string(colour)


def _plain(chart: Any) -> None:
    """Remove the chart's title, since the slide has one."""
    from pptx.util import Pt

    chart.has_title, chart.font.size = False, Pt(11)


def _workbook(categories: Sequence[str], series: Sequence[Series], moment: datetime) -> bytes:
    """Make the workbook of "Edit data": categories in column A, then a column per series."""
    import xlsxwriter

    made = io.BytesIO()
    with xlsxwriter.Workbook(made, SAFE) as book:
        book.set_properties({"created": moment})
        sheet = book.add_worksheet("Sheet1")
        for row, category in enumerate(categories, start=1):
            sheet.write_string(row, 0, clean(category))
        for column, one in enumerate(series, start=1):
            sheet.write_string(0, column, clean(one.name))
            for row, value in enumerate(one.values, start=1):
                if value is not None:
                    sheet.write_number(row, column, value)
    return made.getvalue()


def _without_clock(made: io.BytesIO) -> bytes:
    """Return the file with a fixed time at each of its entries."""
    again = io.BytesIO()
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(again, "w") as new:
        for entry in old.infolist():
            entry_info = zipfile.ZipInfo(entry.filename, _FIXED)
            entry_info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry_info, old.read(entry))
    return again.getvalue()
