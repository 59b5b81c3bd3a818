"""A table for spreadsheets: CSV and XLSX are made from the same value."""

from __future__ import annotations

from dataclasses import dataclass

from qi_checker.render.plots import Cell, Plot

__all__ = ["Cell", "Table", "plot_table"]


@dataclass(frozen=True)
class Table:
    """Rows under named columns. Rates are fractions, days are days, None is an empty cell."""

    key: str  # the name of its CSV file: rates, intervals ...
    title: str  # the name of its sheet in a workbook
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def plot_table(plot: Plot) -> Table:
    """Return every plotted number: the rows behind a chart."""
    title = f"Chart {plot.key.removeprefix('chart_').replace('_', ' ')}"
    return Table(plot.key, title, tuple(plot.columns), tuple(tuple(row) for row in plot.rows()))
