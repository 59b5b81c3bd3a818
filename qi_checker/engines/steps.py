"""Run the steps of a plan in a database.

Differences between databases are in `Database`; the order of the steps and the replacement of a
failed query are the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qi_checker.engines.inputs.calendar import Calendar
from qi_checker.engines.inputs.database import Database
from qi_checker.engines.observers import UNWATCHED, Watch
from qi_checker.query.plan import Part, Step

Progress = Callable[[str], None]


def silent(words: str) -> None:
    """Report no progress."""


def run(
    db: Database,
    steps: Sequence[Step],
    calendar: Calendar | None = None,
    progress: Progress = silent,
    watch: Watch = UNWATCHED,
) -> list[str]:
    """Fill the tables and views of all steps; return what could not be evaluated.

    A query that fails gives findings with status `error`: its part says what runs instead.
    """
    failed: dict[int, str] = {}
    for step in steps:
        if step.days and calendar is not None:
            calendar.cover(*db.row(step.days))
        parts = [p for p in step.parts if not (p.unless_failed and _index(p) in failed)]
        if step.view:
            db.show(step.fills, [part.query for part in parts], step.read_often)
            watch.ended(step.name)
            continue
        for number, part in enumerate(parts):
            if part.progress:
                progress(part.progress)
            try:
                db.store(step.fills, part.query, number)
            except db.ERRORS as problem:
                if part.failed is None or part.scope is None:
                    raise
                version = part.scope.version.version
                failed[_index(part)] = f"version {version}: {type(problem).__name__}"
                db.store(step.fills, part.failed, number)
        watch.ended(step.name, lambda name=step.fills: db.count(name))  # type: ignore[misc]
    return list(failed.values())


def _index(part: Part) -> int:
    return part.scope.index if part.scope is not None else -1
