"""The series of tests/golden/spc: data with the lines and runs that the R package qicharts2 gives.

Columns: i, num, den, y, cl, lcl, ucl, sigma (beyond a limit), longest_run, longest_run_max,
n_crossings, n_crossings_min, runs_signal, include, part (phase). NA: there is none.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qi_checker.statistics.charts import Chart, Point
from qi_checker.statistics.runs import runs

FOLDER = Path(__file__).parents[1] / "golden" / "spc"


def number(text: str) -> float | None:
    return None if text == "NA" else float(text)


@dataclass(frozen=True)
class Series:
    rows: list[dict[str, str]]

    def column(self, name: str) -> list[float | None]:
        return [number(row[name]) for row in self.rows]

    def values(self, name: str = "num") -> list[float]:
        return [float(row[name]) for row in self.rows]

    def counts(self, name: str) -> list[int]:
        return [int(row[name]) for row in self.rows]

    def flagged(self, name: str, value: str) -> list[int]:
        return [i for i, row in enumerate(self.rows) if row[name] == value]

    @property
    def excluded(self) -> list[int]:
        return self.flagged("include", "FALSE")

    def part(self, number: str) -> Series:
        return Series([row for row in self.rows if row["part"] == number])


def series(name: str) -> Series:
    with (FOLDER / f"golden_{name}.csv").open(encoding="utf-8", newline="") as file:
        return Series(list(csv.DictReader(file)))


def as_printed(golden: Series) -> Chart:
    """The chart that the file prints, whatever kind it is of."""
    lines = zip(
        *(golden.column(name) for name in ("y", "cl", "lcl", "ucl")),
        golden.rows,
        strict=True,
    )
    return tuple(
        Point(value, centre or 0.0, None, lower, upper, row["include"] != "FALSE")
        for value, centre, lower, upper, row in lines
    )


def assert_same(chart: Chart, golden: Series) -> None:
    """Every value and line to 1e-9, the points beyond a limit, and the runs."""
    for name, found in (
        ("y", [p.value for p in chart]),
        ("cl", [p.centre for p in chart]),
        ("lcl", [p.lower for p in chart]),
        ("ucl", [p.upper for p in chart]),
    ):
        assert [v is None for v in found] == [v is None for v in golden.column(name)], name
        both = zip(found, golden.column(name), strict=True)
        pairs: list[Any] = [(a, b) for a, b in both if a is not None]
        wanted = [b for _, b in pairs]
        assert [a for a, _ in pairs] == pytest.approx(wanted, rel=1e-9, abs=1e-9), name
    assert [i for i, p in enumerate(chart) if p.outside] == golden.flagged("sigma", "TRUE")
    assert_same_runs(chart, golden)


def assert_same_runs(chart: Chart, golden: Series) -> None:
    found = runs(chart)
    row = golden.rows[0]
    assert (
        found.longest,
        found.longest_allowed,
        found.crossings,
        found.crossings_needed,
        found.signal,
    ) == (
        int(row["longest_run"]),
        int(row["longest_run_max"]),
        int(row["n_crossings"]),
        int(row["n_crossings_min"]),
        row["runs_signal"] == "TRUE",
    )
