"""Every plotted number as CSV: the rows behind a chart."""

from __future__ import annotations

from pathlib import Path

from qi_checker.render.csv_files import write_rows
from qi_checker.render.plots import Plot


def write_plot_csv(plot: Plot, folder: Path) -> str:
    """Write `<key>.csv` into an existing folder; returns the name of the file."""
    name = f"{plot.key}.csv"
    write_rows(folder / name, plot.columns, plot.rows())
    return name
