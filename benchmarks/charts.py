"""The charts of one monthly report: `python -m benchmarks.charts`.

Five charts (24 months, 200 cases, 20 gaps, 120 cases of a CUSUM, 6 causes) drawn once in a separate
process, compared with only importing the drawing library.
"""

from __future__ import annotations

import argparse

from benchmarks.measure import alternate, mid, ratio

DRAW = "from benchmarks.charts_data import PLOTS; from qi_checker.render.charts import draw"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    arguments = parser.parse_args()
    once = f"{DRAW}; [draw(p) for p in PLOTS]"
    commands = {
        "import matplotlib": ["-c", "import matplotlib.figure, matplotlib.backends.backend_svg"],
        "draw five charts": ["-c", once],
        "draw them twice": ["-c", f"{once}; [draw(p) for p in PLOTS]"],
        "no chart": ["-c", DRAW],
    }
    results = alternate(commands, arguments.runs)
    for name, runs in results.items():
        print(
            f"{name:20} {mid(runs):6.3f} s, {ratio(runs, results['import matplotlib']):.2f} x the import"
        )
    warm = mid(results["draw them twice"]) - mid(results["draw five charts"])
    print(f"five charts once everything is loaded: {warm:.3f} s")


if __name__ == "__main__":
    main()
