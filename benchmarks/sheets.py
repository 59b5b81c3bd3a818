"""5,000 case sheets in one command: `python -m benchmarks.sheets`.

All of them as HTML, and PDF of some of them (`--pdf 5000` for all), compared with importing the
libraries that each needs. The cost of one more PDF is the difference of two runs, so that starting
does not count.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from benchmarks.data import write
from benchmarks.measure import BUILD, Run, alternate, mid, ratio

CASES = 5_000
HTML = "import duckdb, pydantic, yaml, sqlglot, jinja2"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--pdf", type=int, default=500, help="number of PDF (default: 500)")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    folder = BUILD / str(CASES)
    if not (folder / "cases.parquet").is_file():
        write(folder, CASES)
    few, many = arguments.pdf // 5, arguments.pdf
    jobs = ["--jobs", str(arguments.jobs)]
    results = alternate(
        {
            "imports for HTML": ["-c", HTML],
            "imports for PDF": ["-c", f"{HTML}, weasyprint"],
            f"{CASES:,} as HTML": _sheets(folder, "html", ["--all"]),
            f"{few:,} as PDF": _sheets(folder, "pdf", _chosen(folder, few) + jobs),
            f"{many:,} as PDF": _sheets(folder, "pdf", _chosen(folder, many) + jobs),
        },
        arguments.runs,
    )
    shutil.rmtree(BUILD / "sheets", ignore_errors=True)
    for name, runs in results.items():
        imports = results["imports for PDF" if "PDF" in name else "imports for HTML"]
        print(
            f"{name:17} {mid(runs):8.2f} s {mid(runs, 'cpu'):8.2f} s of processors "
            f"{mid(runs, 'peak_mb'):6.0f} MB {ratio(runs, imports):7.1f} x the imports"
        )
    _per_pdf(results[f"{few:,} as PDF"], results[f"{many:,} as PDF"], many - few)


def _per_pdf(few: list[Run], many: list[Run], more: int) -> None:
    each = (mid(many) - mid(few)) / more
    processor = (mid(many, "cpu") - mid(few, "cpu")) / more
    print(
        f"one more PDF: {1000 * each:.0f} ms, {1000 * processor:.0f} ms of processors; "
        f"{CASES:,} estimated from it: {(mid(few) + each * CASES) / 60:.1f} minutes"
    )


def _chosen(folder: Path, number: int) -> list[str]:
    """Return options for the first cases, with the ids of benchmarks.data."""
    file = folder / f"first-{number}.txt"
    file.write_text("".join(f"C{n:09}\n" for n in range(number)), encoding="utf-8")
    return ["--cases", str(file)]


def _sheets(folder: Path, form: str, more: list[str]) -> list[str]:
    return [
        "-m",
        "qi_checker",
        "sheets",
        "--data",
        str(folder),
        "--as-of",
        "2026-06-30",
        "--out",
        str(BUILD / "sheets"),
        "--format",
        form,
        *more,
    ]


if __name__ == "__main__":
    main()
