"""A hospital's night with the store, a hundred unchanged nights, a long trail: `python -m benchmarks.store`.

22,000 cases, of which 2,000 lie ahead, with 176,000 events and two requirements; SQLite.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.data import write
from benchmarks.measure import BUILD
from qi_checker.cli.common import protocol_path
from qi_checker.engines.duckdb import Evaluation, evaluate
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol, load_site
from qi_checker.sources.files import read_folder
from qi_checker.store import Database, Night, Store, night_of, open_store

CASES = 22_000
FIRST = date(2025, 9, 28)  # 2,000 of the operations lie ahead
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
    with TemporaryDirectory() as place:
        path = Path(place) / "store.db"
        store = open_store(Database(arguments.url or f"sqlite:///{path}"))
        store.migrate()
        _nights(store, folder, path, arguments.nights)
        _trail(store, arguments.entries)
        store.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak {peak:.0f} MB")


def _nights(store: Store, folder: Path, path: Path, number: int) -> None:
    evaluated, evaluation = _timed(lambda: _evaluation(folder, FIRST))
    print(f"evaluation {evaluated:.2f} s")
    rows, night = _timed(lambda: _held(night_of(evaluation, STARTED)))
    print(f"its rows with their sentences {rows:.2f} s")
    first, kept = _timed(lambda: store.keep(night))
    size = _size(path)
    print(f"keeping the first night {first:.2f} s, {size / 1e6:.1f} MB, rows {kept.counts}")
    unchanged = [_timed(lambda n=n: store.keep(_later(night, n)))[0] for n in range(1, number + 1)]
    grown = (_size(path) - size) / max(size, 1)
    print(f"an unchanged night {sum(unchanged) / number:.2f} s; {number} of them: {grown:.2%} more")
    ratio = (evaluated + rows + sum(unchanged) / number) / (evaluated + rows)
    print(f"a night with the store / without it: {ratio:.2f} (the first night: "
          f"{(evaluated + rows + first) / (evaluated + rows):.2f})")  # fmt: skip
    rebuilt, pieces = _timed(lambda: sum(map(len, store.findings_json(kept.run_id))))
    print(f"rebuilding the first night {rebuilt:.2f} s, {pieces / 1e6:.1f} MB")
    for n in (1, 2, 3):
        moved = _evaluation(folder, FIRST + timedelta(days=number + n))
        seconds, kept = _timed(lambda m=moved: store.keep(night_of(m, STARTED)))
        print(f"a night later, with the calendar moved {number if n == 1 else 0} + 1 days: "
              f"{seconds:.2f} s, {kept.counts['findings']} findings, {len(kept.changes)} changes")  # fmt: skip


def _evaluation(folder: Path, day: date) -> Evaluation:
    site = load_site(folder / "site.yaml")
    records = read_folder(folder, site)
    return evaluate(load_protocol(protocol_path(None)), records, AsOf(day), site)


def _held(night: Night) -> Night:
    lists = {
        name: list(getattr(night, name)) for name in ("findings", "cases", "schedules", "evidence")
    }
    return Night(
        night.as_of,
        night.started_at,
        night.manifest,
        feeds=night.feeds,
        inputs=night.inputs,
        **lists,
    )


def _later(night: Night, days: int) -> Night:
    """The same night so many days later, while nothing happens: only the day in sentences moves."""
    day = str(FIRST + timedelta(days=days))
    old, new = f"between {FIRST} and", f"between {day} and"

    def moved(rows: Any, column: str) -> Iterator[dict[str, Any]]:
        for row in rows:
            text = row[column]
            yield {**row, column: text.replace(old, new)} if text else row

    return Night(
        day, night.started_at, {**night.manifest, "as_of": day}, moved(night.findings, "sentence"),
        moved(night.cases, "next_action"), night.schedules, night.evidence, night.feeds, night.inputs,
    )  # fmt: skip


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
    """The file and what was written ahead."""
    return sum(p.stat().st_size for p in path.parent.glob(f"{path.name}*") if "shm" not in p.name)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    done = work()
    return time.perf_counter() - start, done


if __name__ == "__main__":
    main()
