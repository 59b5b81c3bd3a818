"""Bytes and seconds of each kind of page, beside an earlier version: `python -m benchmarks.pages`.

Both versions run the same commands on the demonstration's records, in one process for each version and
round, in turn. Each command runs twice in it; the second time counts, when everything is loaded. Seconds are
those of the processor: of the whole command, evaluation included, and of its templates alone.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measure import BUILD, run

AS_OF = "2026-03-02"
_CASE = "SYN-C-0171"

# Runs in the version that is measured: prints bytes, and processor seconds of command and templates.
_DRIVER = """
import sys
if sys.argv[1]:
    sys.path.insert(0, sys.argv[1])
    sys.meta_path[:] = [f for f in sys.meta_path if "editable" not in repr(f).lower()]
import contextlib, io, json, time
from pathlib import Path
from jinja2 import Template
spent = 0.0
def render(self, *args, _render=Template.render, **more):
    global spent
    start = time.process_time()
    try:
        return _render(self, *args, **more)
    finally:
        spent += time.process_time() - start
Template.render = render
from qi_checker.cli import main
found = {}
for kind, arguments, page in json.loads(sys.argv[2]):
    for _ in range(2):
        spent, start = 0.0, time.process_time()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            code = main(arguments)
        whole = time.process_time() - start
    found[kind] = None if code else [Path(page).stat().st_size, whole, spent]
print(json.dumps(found))
"""


def main() -> None:
    """Measure every kind of page, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path, help="a checkout of the version to compare with")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    versions = {"today": ""} | ({"before": str(arguments.before)} if arguments.before else {})
    _records()
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in versions}
    for _ in range(arguments.rounds):
        for name, path in versions.items():
            commands = json.dumps(_commands(BUILD / "pages" / name))
            found[name].append(run(["-c", _DRIVER, path, commands]).said)
    print(f"{'':12} {'bytes':>9} {'command s':>10} {'templates s':>12}   x the version before")
    for kind, *_ in _commands(BUILD):
        print(f"{kind:12} {_line([r[kind] for r in found['today']], _of(found, kind))}")


def _of(found: dict[str, list[dict[str, Any]]], kind: str) -> list[Any]:
    return [r[kind] for r in found.get("before", []) if r[kind] is not None]


def _line(today: list[Any], before: list[Any]) -> str:
    size, whole, templates = (median(one[n] for one in today) for n in range(3))
    said = f"{size:9,.0f} {whole:10.3f} {templates:12.4f}"
    if before:
        ratios = [median(a[n] / b[n] for a, b in zip(today, before, strict=True)) for n in range(3)]
        said += "   " + ", ".join(f"{ratio:.2f}" for ratio in ratios)
    return said


def _records() -> None:
    """A year of a made-up hospital, and the records of the study, made once."""
    for name, more in (("demo", []), ("demo-study", ["--study"])):
        if not (BUILD / name).is_dir():
            run(["-m", "qi_checker", "demo", *more, "--out", str(BUILD / name)])


def _commands(out: Path) -> list[tuple[str, list[str], str]]:
    """Kind of page, the command that writes it, and the file."""
    where = ["--data", str(BUILD / "demo"), "--as-of", AS_OF]
    html = ["--format", "html", "--out"]
    spans = ["--before", "2021-01-01..2022-12-31", "--after", "2023-01-01..2023-12-31"]
    study = ["study", *spans, "--data", str(BUILD / "demo-study")]
    month = ["report", "--month", "2026-02", *where]
    sheets = ["sheets", *where, "--days", "14", "--format", "html"]
    rulebook = ["audit", *where, "--protocol", "rules", "--pages", "0"]

    def page(name: str) -> str:
        return str(out / name)

    return [
        ("audit", ["audit", *where, "--out", page("audit")], page("audit/index.html")),
        ("checklist", ["checklist", *where, *html, page("list.html")], page("list.html")),
        ("case", ["check", _CASE, *where, *html, page("case.html")], page("case.html")),
        ("month", [*month, "--out", page("month")], page("month/index.html")),
        ("study", [*study, "--out", page("study")], page("study/index.html")),
        ("digest", ["digest", page("audit"), *html, page("digest.html")], page("digest.html")),
        ("sheets", [*sheets, "--out", page("sheets")], page("sheets/index.html")),
        ("rulebook", [*rulebook, "--out", page("rulebook")], page("rulebook/index.html")),
    ]


if __name__ == "__main__":
    main()
