"""Rows that are valid from run to run: new rows are added, missing rows are closed.

An open row stays as long as it gives tonight's content: the comparison uses the text for the day of
the night. A row of an older program may give the same text with other marks (`rows.py`); its case
gets no seal, and is compared every night until the row changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connections
from django.db.models import Q, QuerySet

from qi_checker.store.models import CaseRow, Interval
from qi_checker.store.rows import Line, unmarked

_BATCH = 2_000  # cases compared together, which limits the memory of a night
_CLOSED = 5_000  # rows closed in one statement
# Rows in one statement, with seven values each: SQLite may refuse more than 999 values.
_INSERTED = 100
_T = TypeVar("_T")


@dataclass(frozen=True)
class Place:
    """The run, protocol and database that are written; `as_of` is the moment of the run."""

    alias: str
    protocol: str
    run: int
    as_of: str = ""


@dataclass(frozen=True)
class Advanced:
    """The number of added and closed rows, their cases, and cases with rows of an older form."""

    added: int
    closed: int
    cases: frozenset[str]
    older: frozenset[str]


def fill(
    model: type[Interval],
    place: Place,
    lines: Iterable[Sequence[Line]],
    wrote: Callable[[type[Interval], Sequence[Line]], None],
) -> int:
    """Make these lines valid in the run of `place`, where nothing is open; return their number.

    wrote: called with each part after it is in the database.
    """
    added = 0
    for some in lines:
        _insert(model, place, some)
        wrote(model, some)
        added += len(some)
    return added


def advance(
    model: type[Interval],
    place: Place,
    cases: Sequence[str],
    lines_of: Callable[[Sequence[str]], Sequence[Line]],
) -> Advanced:
    """Make the lines of these cases the valid rows in the run of `place`.

    A case without lines loses its rows.
    """
    added = closed = 0
    touched: set[str] = set()
    older: set[str] = set()
    for some in _parts(cases, _BATCH):
        there = _open(model, place, some)
        new = []
        for line in lines_of(some):
            number, text = there.get(line[: model.KEY], (0, ""))
            if number and _same(text, line[-1], place.as_of):
                del there[line[: model.KEY]]
                if text != line[-1]:
                    older.add(line[0])
            else:
                new.append(line)
        _close(model, place, [number for number, _ in there.values()])
        _insert(model, place, new)
        added += len(new)
        closed += len(there)
        touched.update(line[0] for line in new)
    return Advanced(added, closed, frozenset(touched), frozenset(older))


def valid(model: type[Interval], place: Place) -> QuerySet[Any]:
    """Return the rows of one past run."""
    at = Q(to_run=None) | Q(to_run__gt=place.run)
    return model.objects.using(place.alias).filter(
        at, protocol=place.protocol, from_run__lte=place.run
    )


def sealed(place: Place) -> dict[str, str]:
    """Return the seal of every open case, "" if its rows must be compared."""
    rows = CaseRow.objects.using(place.alias).filter(protocol=place.protocol, to_run=None)
    return dict(rows.values_list("case_id", "seal"))


def seal(place: Place, seals: Mapping[str, str]) -> None:
    """Write the seals of open cases."""
    statement = (
        f"UPDATE {CaseRow._meta.db_table} SET seal = %s "
        "WHERE protocol = %s AND case_id = %s AND to_run IS NULL AND seal <> %s"
    )
    with connections[place.alias].cursor() as cursor:
        cursor.executemany(
            statement, [(text, place.protocol, case, text) for case, text in seals.items()]
        )


def _same(there: str, now: str, as_of: str) -> bool:
    return there == now or unmarked(there, as_of) == unmarked(now, as_of)


def _open(model: type[Interval], place: Place, cases: Sequence[str]) -> dict[Line, tuple[int, str]]:
    """Return number and text of the open rows of some cases, by their key."""
    names = model.COLUMNS[: model.KEY]
    found = model.objects.using(place.alias).filter(
        protocol=place.protocol, to_run=None, case_id__in=cases
    )
    return {
        tuple(key): (number, row) for *key, number, row in found.values_list(*names, "id", "row")
    }


def _close(model: type[Interval], place: Place, numbers: Sequence[int]) -> None:
    for some in _parts(numbers, _CLOSED):
        model.objects.using(place.alias).filter(id__in=some).update(to_run=place.run)


def _insert(model: type[Interval], place: Place, lines: Sequence[Line]) -> None:
    """Insert many rows in one statement; one for each would take most of a first night."""
    names = ("protocol", "from_run", *model.COLUMNS)
    row = f"({', '.join(['%s'] * len(names))})"
    statement = f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) VALUES "
    full = len(lines) - len(lines) % _INSERTED
    with connections[place.alias].cursor() as cursor:
        for some, size in ((lines[:full], _INSERTED), (lines[full:], 1)):
            if some:
                given = [
                    [cell for line in part for cell in (place.protocol, place.run, *line)]
                    for part in _parts(some, size)
                ]
                cursor.executemany(statement + ", ".join([row] * size), given)


def _parts(every: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(every), size):
        yield every[start : start + size]
