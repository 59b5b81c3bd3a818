"""Inside PostgreSQL, compared with hand-written SQL there: `python -m benchmarks.postgres`.

The same synthetic records as tables of a separate server. The SQL gives the long result that
`long_sql.py` gives in DuckDB: a row for each case and requirement, with status, reason, nearest
miss and dates, on clean records. The program copies the records of one moment, checks every row,
parses its dates like text, gives that result and the verdicts, and fetches them. Both must count
the same statuses and reasons, or the comparison stops.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import duckdb
import psycopg

from benchmarks.data import write
from benchmarks.measure import BUILD
from qi_checker.engines.postgres import evaluate
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol, load_site
from qi_checker.protocol.paths import rules_dir
from qi_checker.query.tables import FINDINGS
from tests.helpers.postgres import postgres_server

Counts = list[tuple[str, str, str, int]]  # requirement, status, reason, number

_BY_HAND = """
CREATE TEMP TABLE by_hand AS
WITH judged AS (
    SELECT case_id, patient_id, surgery_at, surgery_at::date AS anchor,
           CASE WHEN status = 'cancelled' THEN 'cancelled_case'
                WHEN urgency = 'emergency' THEN 'excluded' END AS not_applicable
    FROM cases),
pairs AS (
    SELECT c.case_id, c.anchor, e.modality, e.event_id, e.at::date AS lo, e.status,
           e.region IN ('liver', 'abdomen', 'abdomen-pelvis', 'chest-abdomen-pelvis') AS covers,
           e.at >= c.surgery_at AS after_surgery
    FROM judged c JOIN events e USING (patient_id)
    WHERE c.not_applicable IS NULL AND e.kind = 'imaging' AND e.modality IN ('CT', 'MR')),
tested AS (
    SELECT *, status = 'completed' AS done, NOT after_surgery AND lo >= anchor - 30 AS inside,
           CASE WHEN lo < anchor - 30 THEN anchor - 30 - lo
                WHEN lo > anchor THEN lo - anchor ELSE 0 END AS distance
    FROM pairs),
best AS (
    SELECT DISTINCT ON (case_id, modality) case_id, modality, event_id, lo,
           CASE WHEN NOT covers THEN 'wrong_region' WHEN status = 'ordered' THEN 'ordered_not_booked'
                WHEN status = 'cancelled' THEN 'cancelled' WHEN status = 'booked' THEN 'booking_passed'
                WHEN after_surgery THEN 'after_surgery' WHEN NOT inside THEN 'too_old'
                ELSE 'in_window' END AS reason
    FROM tested
    ORDER BY case_id, modality, (NOT covers)::int + (NOT done)::int + (NOT inside)::int, distance,
             lo DESC, event_id COLLATE "C"),
old AS (
    SELECT DISTINCT case_id, modality FROM tested
    WHERE done AND covers AND NOT inside AND NOT after_surgery)
SELECT c.case_id, r.requirement,
       CASE WHEN not_applicable IS NOT NULL THEN 'not_applicable'
            WHEN b.reason = 'in_window' THEN 'met'
            WHEN old.case_id IS NOT NULL THEN 'expired' ELSE 'missing' END AS status,
       coalesce(not_applicable, b.reason, 'never_ordered') AS reason,
       b.event_id, b.lo AS event_date, anchor - b.lo AS days_before, anchor - 30 AS window_opens,
       anchor AS window_closes,
       CASE WHEN b.reason IN ('in_window', 'too_old') THEN b.lo + 30 END AS valid_through
FROM judged c CROSS JOIN (VALUES ('ct', 'CT'), ('mri', 'MR')) r(requirement, modality)
LEFT JOIN best b ON b.case_id = c.case_id AND b.modality = r.modality
LEFT JOIN old ON old.case_id = c.case_id AND old.modality = r.modality
"""
_COUNTED = "SELECT {id}, status, reason, count(*) FROM {table} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    folder = BUILD / str(arguments.cases)
    if not (folder / "site.yaml").is_file():
        write(folder, arguments.cases)
    with postgres_server() as server:
        url = server.new_database()
        _load(url, folder)
        hand, ours, phases = [], [], []
        for _ in range(arguments.runs):
            seconds, expected = _timed(lambda: _by_hand(url))
            hand.append(seconds)
            marks: dict[str, float] = {}
            seconds, counts = _timed(lambda marks=marks: _ours(url, folder, marks))  # type: ignore[misc]
            ours.append(seconds)
            phases.append(marks)
            if counts != expected:
                raise SystemExit(f"they count differently:\n{expected}\n{counts}")
    print(f"{arguments.cases:,} cases, {8 * arguments.cases:,} events, {arguments.runs} runs each")
    print(f"hand-written SQL {median(hand):7.2f} s")
    print(f"qi-checker       {median(ours):7.2f} s")
    for name in phases[0]:
        print(f"    {name:36} {median(p[name] for p in phases):6.2f} s")
    ratio = median(a / b for a, b in zip(ours, hand, strict=True))
    judging = median(p["evaluating"] / b for p, b in zip(phases, hand, strict=True))
    print(f"qi-checker / hand-written SQL: {ratio:.2f}; its evaluation alone: {judging:.2f}")


def _load(url: str, folder: Path) -> None:
    """Load tables with an index on the patient, as in a warehouse."""
    local = duckdb.connect()
    with psycopg.connect(url) as con:
        for name, texts in (
            ("cases", ("procedures", "diagnoses", "urgency")),
            ("events", ("kind", "modality", "region")),
        ):
            key = name.removesuffix("s") + "_id"
            moment = "surgery_at" if name == "cases" else "at"
            listed = [f"{key} text", "patient_id text", f"{moment} timestamp", "status text"]
            con.execute(
                f"CREATE TABLE {name} ({', '.join([*listed, *(f'{t} text' for t in texts)])})"
            )
            columns = ", ".join(f'"{c}"' for c in (key, "patient_id", moment, "status", *texts))
            part = folder / f"{name}.csv"
            local.execute(
                f"COPY (SELECT {columns} FROM '{folder}/{name}.parquet') TO '{part}' (HEADER)"
            )
            into = f"COPY {name} FROM STDIN (FORMAT csv, HEADER)"
            with part.open("rb") as file, con.cursor().copy(into) as copy:
                while block := file.read(1 << 20):
                    copy.write(block)
            part.unlink()
            con.execute(f"CREATE INDEX ON {name} (patient_id)")
        con.commit()
        con.autocommit = True
        con.execute("VACUUM ANALYZE")


def _timed(work: Callable[[], Counts]) -> tuple[float, Counts]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def _by_hand(url: str) -> Counts:
    with psycopg.connect(url) as con:
        con.execute("SET jit = off")
        con.execute(_BY_HAND)
        return con.execute(_COUNTED.format(id="requirement", table="by_hand")).fetchall()  # type: ignore[arg-type, return-value]


def _ours(url: str, folder: Path, marks: dict[str, float]) -> Counts:
    """Evaluate; add the seconds of each phase to `marks`."""
    bundle = load_protocol(rules_dir() / "hepatic-metastasectomy-imaging")
    begun = [time.perf_counter(), "connecting"]

    def phase(words: str) -> None:
        now = time.perf_counter()
        marks[begun[1]] = marks.get(begun[1], 0.0) + now - begun[0]  # type: ignore[operator, index]
        begun[:] = [now, "evaluating" if words.startswith("evaluating") else words]

    con = duckdb.connect()
    site = load_site(folder / "site.yaml")
    done = evaluate(bundle, url, AsOf.parse("2026-06-30"), site, con, phase)
    phase("done")
    if done.failures:
        raise SystemExit(f"failed: {done.failures}")
    return con.execute(_COUNTED.format(id="id", table=FINDINGS)).fetchall()


if __name__ == "__main__":
    main()
