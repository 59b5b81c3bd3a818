"""A rulebook and records for it: `python -m benchmarks.rulebook_data DIR --cases N --protocols N`.

Deterministic: everything comes from numbers, and from hashes of the row number.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import duckdb

EVENTS_PER_CASE = 8
PROCEDURES = 25  # kinds of operations, equally frequent
CODES = 20  # of each kind of event
KINDS = ("lab", "visit", "assessment", "therapy")
IMAGING = (("CT", ("liver", "abdomen")), ("MR", ("liver",)), ("CT", ("chest",)), ("US", ("liver",)))
SPECIAL = ("applies_if", "admission", "none_between", "forbidden", "count")
DAYS = (7, 14, 21, 28, 30, 42, 60, 90)

Tree = dict[str, Any]


def write_rules(folder: Path, protocols: int, requirements: int = 6) -> None:
    """Write `protocols` protocols of `requirements` requirements each, with their code lists.

    Every fifth protocol is for all operations, the others for one to three of 25 kinds. Every
    second protocol is plain; in the others one requirement is special (`SPECIAL`).
    """
    lists = folder / "codelists"
    lists.mkdir(parents=True, exist_ok=True)
    _code_list(lists / "metastasis.csv", ["DX-0"])
    for n in range(PROCEDURES):
        _code_list(
            lists / f"operations-{n}.csv", [f"OP-{(n + i) % PROCEDURES}" for i in range(n % 3 + 1)]
        )
    for kind in KINDS:
        for n in range(CODES):
            codes = [f"{kind.upper()}-{(n + i) % CODES}" for i in range(3)]
            _code_list(lists / f"{kind}-{n}.csv", codes)
    for n in range(protocols):
        file = folder / f"protocol-{n:02}" / "protocol.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(_yaml(_protocol(n, requirements)), encoding="utf-8")


def _code_list(file: Path, codes: list[str]) -> None:
    rows = "".join(f"LOCAL,{code},,made up\n" for code in codes)
    file.write_text(f"system,code,note,source\n{rows}", encoding="utf-8")


def _protocol(n: int, requirements: int) -> Tree:
    everyone = {"column": {"name": "status", "in": ["scheduled", "performed"]}}
    some = {"procedure": {"in": f"operations-{n % PROCEDURES}"}}
    leaves = [_requirement(n, r) for r in range(requirements)]
    _make_special(n, leaves[-1], leaves[0])
    return {
        "id": f"protocol-{n:02}",
        "title": f"What operation {n} needs",
        "statement": "Everything that is needed is there in time.",
        "source": [{"citation": "Made up for a measurement", "level": "none"}],
        "owner": "Quality committee",
        "target": "90%",
        "versions": [
            {
                "version": "1.0",
                "in_force": {"from": "2020-01-01"},
                "applies_to": everyone if n % 5 == 0 else some,
                "exclude": [
                    {
                        "id": "emergency",
                        "title": "Emergency surgery",
                        "when": {"urgency": ["emergency"]},
                    }
                ],
                "requirements": leaves,
            }
        ],
    }


def _requirement(n: int, r: int) -> Tree:
    """Return imaging for half of them, else an event with a code of a list."""
    number = 7 * n + r
    if r % 2 == 0:
        modality, region = IMAGING[(n + r // 2) % len(IMAGING)]
        event: Tree = {"kind": "imaging", "modality": [modality], "region": list(region)}
    else:
        kind = KINDS[(n + r) % 3]
        event = {"kind": kind, "codes": {"in": f"{kind}-{number % CODES}"}}
    return {
        "id": f"need-{r}",
        "title": f"{event['kind']} {r}",
        "event": event,
        "window": {"before": "surgery", "at_most": f"{DAYS[number % len(DAYS)]} days"},
        "lead_time": f"{1 + number % 5} working days",
        "owner": f"Desk {number % 4}",
    }


def kind_of(n: int) -> str:
    """Describe the kind of a protocol: for whom, and whether it is special."""
    for_whom = "for everybody" if n % 5 == 0 else "for some"
    return f"{for_whom}, {SPECIAL[(n + n // 10) % 5] if n % 2 else 'plain'}"


def _make_special(n: int, last: Tree, first: Tree) -> None:
    """Change one requirement of every second protocol."""
    therapy = {"kind": "therapy", "codes": {"in": f"therapy-{n % CODES}"}}
    kind = kind_of(n).split(", ")[1]
    if kind == "applies_if":
        window = {"before": "surgery", "at_most": "6 months"}
        last["applies_if"] = {"event": therapy | {"window": window}}
    elif kind == "admission":
        last["window"] = {
            "before": "admission",
            "at_most": "30 days",
            "and": [{"before": "surgery"}],
        }
    elif kind == "none_between":
        rule = {"id": "therapy", "title": "therapy", "event": therapy, "then": "fail"}
        first["none_between"] = [rule]
    elif kind == "forbidden":
        last |= {"event": therapy, "forbidden": True, "title": "therapy"}
        del last["lead_time"]
    elif kind == "count":
        last |= {"count": 2, "apart": {"at_least": "7 days"}}
        last["window"] = {"before": "surgery", "at_most": "90 days"}


def _yaml(tree: Tree) -> str:
    """Format YAML as people write it: one key per line, short values in braces."""
    return "\n".join(_lines(tree, 0)) + "\n"


def _lines(tree: Tree, depth: int) -> list[str]:
    lines = []
    for key, value in tree.items():
        head = "  " * depth + f"{key}:"
        if key in ("versions", "requirements", "source", "exclude"):
            lines.append(head)
            for item in value:
                inner = _lines(item, depth + 2)
                inner[0] = "  " * (depth + 1) + "- " + inner[0].lstrip()
                lines += inner
        elif isinstance(value, str) and key not in ("version",):
            lines.append(f"{head} {value}")
        else:
            lines.append(f"{head} {json.dumps(value)}")
    return lines


def write_records(folder: Path, cases: int) -> None:
    """Write `cases` operations with eight events each as Parquet, nine tenths as many patients."""
    folder.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    patients = max(cases * 9 // 10, 1)
    day = "TIMESTAMP '2024-01-01 08:00:00' + to_days(CAST(hash({0} + 7) % 700 AS INT))"
    con.execute(f"""
        COPY (SELECT 'C' || lpad(CAST(i AS VARCHAR), 9, '0') AS case_id,
                     'P' || lpad(CAST(hash(i) % {patients} AS VARCHAR), 9, '0') AS patient_id,
                     {day.format("i")} AS surgery_at,
                     {day.format("i")} - to_hours(CAST(1 + hash(i + 4) % 40 AS INT)) AS admitted_at,
                     CASE WHEN hash(i + 3) % 20 = 0 THEN 'cancelled' ELSE 'performed' END AS status,
                     'LOCAL:OP-' || CAST(hash(i + 6) % {PROCEDURES} AS VARCHAR) AS procedures,
                     'LOCAL:DX-' || CAST(hash(i + 8) % 10 AS VARCHAR) AS diagnoses,
                     CASE WHEN hash(i + 5) % 20 = 0 THEN 'emergency' ELSE 'elective' END AS urgency
              FROM range({cases}) r(i))
        TO '{folder}/cases.parquet' (FORMAT PARQUET)""")
    # Half of the events are within 60 days before an operation of their patient.
    con.execute(f"""
        COPY (WITH drawn AS (
                  SELECT i, ['imaging', 'imaging', 'imaging', 'imaging', 'lab', 'lab', 'lab', 'visit',
                             'assessment', 'therapy'][1 + CAST(hash(i + 21) % 10 AS INT)] AS kind
                  FROM range({cases * EVENTS_PER_CASE}) r(i))
              SELECT 'E' || lpad(CAST(i AS VARCHAR), 10, '0') AS event_id,
                     'P' || lpad(CAST(hash(i // 8) % {patients} AS VARCHAR), 9, '0') AS patient_id,
                     kind,
                     CASE hash(i + 1) % 12 WHEN 0 THEN 'cancelled' WHEN 1 THEN 'ordered'
                          WHEN 2 THEN 'booked' ELSE 'completed' END AS status,
                     {day.format("i // 8")}
                         - to_days(CAST(hash(i + 11) % CASE WHEN hash(i + 13) % 2 = 0 THEN 60
                                                            ELSE 400 END AS INT))
                         + to_seconds(CAST(1 + hash(i + 12) % 50000 AS INT)) AS "at",
                     CASE WHEN kind = 'imaging' THEN
                         ['MR', 'MR', 'CT', 'CT', 'US'][1 + CAST(hash(i + 2) % 5 AS INT)] END
                         AS modality,
                     CASE WHEN kind = 'imaging' THEN ['liver', 'abdomen', 'chest', 'liver', 'pelvis'][
                         1 + CAST(hash(i + 9) % 5 AS INT)] END AS region,
                     CASE WHEN kind <> 'imaging' THEN
                         'LOCAL:' || upper(kind) || '-' || CAST(hash(i + 22) % {CODES} AS VARCHAR) END
                         AS codes
              FROM drawn)
        TO '{folder}/events.parquet' (FORMAT PARQUET)""")
    (folder / "site.yaml").write_text("timezone: America/Toronto\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--protocols", type=int, default=50)
    arguments = parser.parse_args()
    write_rules(arguments.folder / "rules", arguments.protocols)
    write_records(arguments.folder / "records", arguments.cases)
