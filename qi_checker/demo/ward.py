"""The made-up hospital for the web application: a nightly.yaml, and two nights to run.

In the first night some operations are still planned for another day, so that the second night shows
changes. One surgeon operates at a second site; theatres are assigned in turn.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from qi_checker.demo import write_demo
from qi_checker.demo.ledger import AS_OF

NORTH = "Synthetic North"
LAST = f"{AS_OF + timedelta(days=1)}T06:10"  # the moment of the second night
THEATRES = ("OR 1", "OR 2", "OR 5")
_MOVED = 9  # of the upcoming operations, this many were planned for another day
_SETTINGS = """\
# The nightly job and the web application of the made-up hospital.
site: data/site.yaml
data: data
state: state
pages: 300
monthly: true
web:
  url: http://localhost:{port}
  listen: 127.0.0.1:{port}
  proxies: 0
  links: [{{title: "PACS (example)", url: "https://pacs.example/studies?patient={{patient_id}}"}}]
"""


def write_ward(folder: Path, port: int) -> Iterator[str]:
    """Write everything into `folder`; yield each moment after its records are written."""
    data = folder / "data"
    write_demo(data)
    write_settings(folder, port)
    with (data / "cases.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        row["room"] = THEATRES[number % len(THEATRES)]
        if row["surgeon"].endswith(("C", "D")):
            row["site"] = NORTH
    yield from _nights(data / "cases.csv", rows)


def write_settings(folder: Path, port: int) -> None:
    """Write nightly.yaml."""
    (folder / "nightly.yaml").write_text(_SETTINGS.format(port=port), encoding="utf-8")


def made_before(folder: Path) -> bool:
    """Tell whether `write_settings` wrote the nightly.yaml of a folder."""
    file = folder / "nightly.yaml"
    first = _SETTINGS.partition("\n")[0]
    return file.is_file() and file.read_text("utf-8", "replace").startswith(first)


def _nights(file: Path, rows: list[dict[str, str]]) -> Iterator[str]:
    soon = [r for r in rows if r["status"] == "scheduled" and r["surgery_at"][:10] > "2026-03-10"]
    moved = soon[:: max(1, len(soon) // _MOVED)]
    before = {id(r): _shifted(r["surgery_at"], n) for n, r in enumerate(moved)}
    _write(file, [{**r, "surgery_at": before.get(id(r), r["surgery_at"])} for r in rows])
    yield f"{AS_OF - timedelta(days=1)}T06:10"
    _write(file, rows)
    yield LAST


def _shifted(at: str, number: int) -> str:
    """Shift some operations earlier, some later: a postponement, and its opposite."""
    days = (-14, 7, -28)[number % 3]
    day = max(date.fromisoformat(at[:10]) + timedelta(days=days), AS_OF + timedelta(days=2))
    return f"{day}{at[10:]}"


def _write(file: Path, rows: list[dict[str, str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[-1]), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
