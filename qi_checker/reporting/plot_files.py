"""Every plotted number as CSV: the rows of the value that the picture is drawn from."""

from __future__ import annotations

from pathlib import Path

from qi_checker.audit.plots import Plot
from qi_checker.reporting.csv_files import write_rows


def write_plot_csv(plot: Plot, folder: Path) -> str:
    """Write `<key>.csv` into an existing folder; returns the name of the file."""
    name = f"{plot.key}.csv"
    write_rows(folder / name, plot.columns, plot.rows())
    return name
