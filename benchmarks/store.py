"""A night with the store, a hundred unchanged nights, a long trail: `python -m benchmarks.store`.

22,000 cases (2,000 of them in the future) with 176,000 events and two requirements; SQLite. The
records stay as on the first evening, and every night is evaluated for its own day: windows open and
last days pass. In the first hundred nights no operation takes place, in the second about thirty a
day.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from benchmarks.data import write
from benchmarks.measure import BUILD
from qi_checker.cases.evaluated import actions_in
from qi_checker.cli.common import protocol_path
from qi_checker.engines.duckdb import Evaluation, evaluate
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol, load_site
from qi_checker.sources.files import read_folder
from qi_checker.store import Database, Store, open_store
from qi_checker.store.evaluated import night_of

CASES = 22_000
FIRST = date(2025, 9, 28)  # 2,000 of the operations are in the future
STARTED = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--nights", type=int, default=100)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--url", help="another database; its size is not measured")
    arguments = parser.parse_args()
    folder = BUILD / f"store-{arguments.cases}"
    if not (folder / "site.yaml").is_file():
        write(folder, arguments.cases)
    # No operation takes place in these nights; then the same nights with about thirty every day.
    for words, days in (("nothing happens", arguments.nights + 1), ("operations take place", 0)):
        print(f"{arguments.nights} nights in which {words}:")
        records = _known_at_first(folder, days)
        with TemporaryDirectory() as place:
            path = Path(place) / "store.db"
            store = open_store(Database(arguments.url or f"sqlite:///{path}"))
            store.migrate()
            _nights(store, records, path, arguments.nights)
            if days and arguments.entries:
                _trail(store, arguments.entries)
            store.close()
        if arguments.url:
            break  # the second would be stored beside the first
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak {peak:.0f} MB")


def _nights(store: Store, folder: Path, path: Path, number: int) -> None:
    evaluated, evaluation = _timed(lambda: _evaluation(folder, FIRST))
    print(f"evaluation {evaluated:.2f} s")
    rows, findings = _timed(lambda: (evaluation.cases(), evaluation.findings()))
    print(f"its {sum(map(len, findings)):,} rows with their sentences {rows:.2f} s")
    first, kept = _timed(lambda: store.keep(night_of(evaluation, STARTED)))
    size = _size(path)
    print(f"keeping the first night {first:.2f} s, {size / 1e6:.1f} MB, rows {kept.counts}")
    quiet, added = 0.0, Counter[str]()
    for n in range(1, number + 1):
        later = _evaluation(folder, FIRST + timedelta(days=n))
        seconds, kept_later = _timed(lambda e=later: store.keep(night_of(e, STARTED)))
        quiet += seconds / number
        added.update(kept_later.counts)
    grown = (_size(path) - size) / max(size, 1)
    print(f"a quiet night {quiet:.2f} s; {number} of them: {grown:.2%} more, rows {dict(added)}")
    ratio = (evaluated + rows + quiet) / (evaluated + rows)
    print(
        f"a night with the store / without it: {ratio:.2f} (the first night: "
        f"{(evaluated + rows + first) / (evaluated + rows):.2f})"
    )
    rebuilt, pieces = _timed(lambda: sum(map(len, store.findings_json(kept.run_id))))
    print(f"rebuilding the first night {rebuilt:.2f} s, {pieces / 1e6:.1f} MB")


def _known_at_first(folder: Path, days: int) -> Path:
    """Write the records as on the first evening, with future operations `days` days later."""
    made = folder.with_name(f"{folder.name}-known-{days}")
    made.mkdir(exist_ok=True)
    shutil.copy(folder / "site.yaml", made)
    duckdb.execute(f"""
        COPY (SELECT * EXCLUDE (ahead) REPLACE (
                  if(ahead, surgery_at + to_days({days}), surgery_at) AS surgery_at,
                  if(ahead AND status = 'performed', 'scheduled', status) AS status)
              FROM (SELECT *, surgery_at > DATE '{FIRST}' + 1 AS ahead
                    FROM '{folder}/cases.parquet')) TO '{made}/cases.parquet'""")
    duckdb.execute(f"""
        COPY (SELECT * FROM '{folder}/events.parquet' WHERE "at" <= DATE '{FIRST}' + 1)
        TO '{made}/events.parquet'""")
    return made


def _evaluation(folder: Path, day: date) -> Evaluation:
    site = load_site(folder / "site.yaml")
    records = read_folder(folder, site)
    evaluation = evaluate(load_protocol(protocol_path(None)), records, AsOf(day), site)
    actions_in(evaluation)  # as in every audit, with or without the store
    return evaluation


def _trail(store: Store, entries: int) -> None:
    from qi_checker.store.models import TrailEntry
    from qi_checker.store.trail import Anchor, chained

    def fill() -> None:
        end = store.trail.end()
        batch = []
        for n in range(entries):
            entry = chained(
                end, STARTED + timedelta(seconds=n), "ash", "looked", {"case": f"C{n:09}"}
            )
            end = Anchor(entry.sequence, entry.hash)
            batch.append(entry)
            if len(batch) == 5_000 or n == entries - 1:
                TrailEntry.objects.using(store.alias).bulk_create(batch)
                batch.clear()

    fill()
    seconds, verified = _timed(lambda: store.trail.verify(store.trail.end()))
    print(
        f"verifying a trail of {verified.entries:,} entries {seconds:.1f} s, whole: {verified.whole}"
    )


def _size(path: Path) -> int:
    """Return the size of the file after a checkpoint of the write-ahead log."""
    if not path.is_file():
        return 0
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    done = work()
    return time.perf_counter() - start, done


if __name__ == "__main__":
    main()
