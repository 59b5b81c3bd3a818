"""A made-up hospital to try the program on. Nobody in it exists; the seed fixes every byte."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from qi_checker.demo.hospital import AS_OF, build
from qi_checker.protocol.records import CASES, EVENTS, EXCEPTIONS, IOUS

SEED = 20260302

# Public holidays of Ontario (Employment Standards Act, 2000). Family Day, Good Friday, Victoria
# Day, Labour Day and Thanksgiving move; the others have fixed dates.
HOLIDAYS = tuple(
    date.fromisoformat(text)
    for text in (
        "2025-01-01",
        "2025-02-17",
        "2025-04-18",
        "2025-05-19",
        "2025-07-01",
        "2025-09-01",
        "2025-10-13",
        "2025-12-25",
        "2025-12-26",
        "2026-01-01",
        "2026-02-16",
        "2026-04-03",
        "2026-05-18",
        "2026-07-01",
        "2026-09-07",
        "2026-10-12",
        "2026-12-25",
        "2026-12-26",
    )
)

IOUS_COLUMNS = IOUS.names

_README = """\
# Synthetic hospital

**All data in this folder is made up.** No person, operation or scan in it is real. It was written
by `qi_checker.demo` with seed {seed}; the same seed writes the same bytes.

One hospital, operations from July 2025 to June 2026, seen on the evening of {as_of}:

| file | rows |
|---|---|
{rows}

Some rows are broken on purpose (an unreadable date, a duplicate id, an unknown status word), some
exceptions are invalid, and a few events were recorded after the day of the evaluation, so that
every status and reason occurs.

To look at it, from inside this folder:

    qi-checker audit --data . --site site.yaml --as-of {as_of} --out audit
    qi-checker checklist --data . --site site.yaml --as-of {as_of}
    qi-checker report --month 2026-02 --data . --as-of {as_of} --out report-2026-02
"""

_REPORT = """\
# Settings of the monthly report of the synthetic hospital; everything here is made up.
organisation: Synthetic General Hospital (made up)
contact: quality lead, made up
reference: SYN-QI-1
baseline: {first: 2025-07, last: 2025-10}  # trial limits: a baseline should have 12 months
happened:
  - {date: 2025-11-03, what: MRI slots reserved on two mornings a week}
actions:
  - {action: Repeat the MRI when surgery moves, owner: Theatre scheduling, due: 2026-02-15}
  - {action: Put CT and MRI of the liver into one order set, owner: Surgical clinic, due: 2026-04-30}
"""


def write_demo(out: Path, seed: int = SEED) -> None:
    """Write cases, events, exceptions, ious, site.yaml, report.yaml and a README into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "published.yaml").unlink(missing_ok=True)  # of an earlier study in this folder
    hospital = build(seed, HOLIDAYS)
    tables = {
        "cases.csv": ((*CASES.names, "stage"), hospital.cases),
        "events.csv": (EVENTS.names, hospital.events),
        "exceptions.csv": (EXCEPTIONS.names, hospital.exceptions),
        "ious.csv": (IOUS_COLUMNS, hospital.ious),
    }
    for name, (columns, rows) in tables.items():
        with (out / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    _write(out / "site.yaml", site_settings())
    _write(out / "report.yaml", _REPORT)
    counts = "\n".join(f"| {name} | {len(rows)} |" for name, (_, rows) in tables.items())
    text = _README.format(seed=seed, as_of=AS_OF, rows=counts)
    _write(out / "README.md", text)


def site_settings() -> str:
    """Return the text of site.yaml."""
    days = "".join(f'  - "{day}"\n' for day in HOLIDAYS)
    return (
        "# Settings of the synthetic hospital.\n"
        "timezone: America/Toronto\n"
        "lead_time: 5 working days\n"
        f"# Public holidays of Ontario, 2025 and 2026.\nholidays:\n{days}"
    )


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
