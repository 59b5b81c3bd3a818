"""Native charts of a workbook, drawn from the cells of its sheets, on a separate sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qi_checker.render.tables import Table

SHEET = "Charts"
MONTH = "mmm yyyy"  # the number format of a month: a date that sorts, shown as "Feb 2026"
_WIDTH, _HEIGHT, _ROWS = 900, 400, 22  # pixels; rows of a sheet that a chart covers


@dataclass(frozen=True)
class _Row:
    """One series: the column of its numbers, its name and its style."""

    column: str
    name: str
    look: dict[str, Any]


@dataclass(frozen=True)
class _Sketch:
    """A chart of a table: its kind, title, and the column of its categories."""

    kind: str
    title: str
    along: str
    rows: tuple[_Row, ...]


_LIGHT = {"major_gridlines": {"visible": True, "line": {"color": "#D5DCE2"}}}
_DOTS = {"marker": {"type": "circle", "size": 7, "fill": {"color": "#0A56A3"}}}
_SKETCHES = {
    "trend": _Sketch(
        "line",
        "Compliance by month",
        "month",
        (
            _Row("rate", "Compliant operations", {"line": {"color": "#0A56A3"}, **_DOTS}),
            _Row("centre", "Median of the baseline", {"line": {"color": "#51606C"}}),
            _Row("target", "Target", {"line": {"color": "#A3231B", "dash_type": "dash"}}),
        ),
    ),
    "causes": _Sketch(
        "bar",
        "Failed requirements by cause",
        "cause",
        (
            _Row(
                "count",
                "Failed requirements",
                {"fill": {"color": "#7C93A8"}, "data_labels": {"value": True}, "gap": 60},
            ),
        ),
    ),
}


def charted(tables: Sequence[Table]) -> bool:
    """Whether any of the tables has a chart."""
    return any(table.key in _SKETCHES and table.rows for table in tables)


def draw_charts(book: Any, sheet: Any, tables: Sequence[tuple[str, Table]]) -> None:
    """Insert the charts one below the other; `tables` come with the names of their sheets."""
    row = 0
    for name, table in tables:
        if (sketch := _SKETCHES.get(table.key)) and table.rows:
            chart = _chart(book, sketch, name, table)
            description = f"{sketch.title}; the numbers are on the sheet {name}"
            sheet.insert_chart(row, 0, chart, {"description": description})
            row += _ROWS


def _chart(book: Any, sketch: _Sketch, name: str, table: Table) -> Any:
    chart = book.add_chart({"type": sketch.kind})
    last, along = len(table.rows), table.columns.index(sketch.along)
    for one in sketch.rows:
        column = table.columns.index(one.column)
        if all(row[column] is None for row in table.rows):
            continue
        chart.add_series(
            {
                "name": one.name,
                "categories": [name, 1, along, last, along],
                "values": [name, 1, column, last, column],
                **one.look,
            }
        )
    chart.set_title({"name": sketch.title, "overlay": False, "name_font": {"size": 14}})
    chart.set_size({"width": _WIDTH, "height": _HEIGHT})
    if sketch.kind == "line":
        chart.set_x_axis({"date_axis": True, "num_format": MONTH, "major_unit_type": "months"})
        chart.set_y_axis({"min": 0, "max": 1, "major_unit": 0.25, "num_format": "0%", **_LIGHT})
        chart.set_legend({"position": "bottom"})
        chart.show_blanks_as("gap")
    else:
        chart.set_y_axis({"reverse": True})  # the most frequent cause on top
        chart.set_x_axis({"visible": False, "min": 0, "major_gridlines": {"visible": False}})
        chart.set_legend({"none": True})
    return chart
