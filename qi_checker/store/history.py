"""Rows that are valid from run to run: what is new is added, what is gone is closed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any

from django.db import connections
from django.db.models import Q, QuerySet

from qi_checker.store.models import Interval

_BATCH = 2_000  # rows looked at together; what bounds the memory of a night
_CLOSED = 5_000  # rows closed in one statement
Line = tuple[str, ...]  # the values of a model's COLUMNS: first the key, last the row


@dataclass(frozen=True)
class Place:
    """Which run of which protocol in which database is written."""

    alias: str
    protocol: str
    run: int


def advance(model: type[Interval], place: Place, lines: Iterable[Line]) -> int:
    """Make `lines` what is valid in the run of `place`; gives how many rows were added.

    Each key may come once, in any order: ValueError where one comes twice.
    """
    still_open = model.objects.using(place.alias).filter(
        protocol=place.protocol, to_run=None, from_run__lt=place.run
    )
    first = not still_open.exists()
    kept: set[int] = set()
    seen: set[bytes] = set()
    added = 0
    for batch in _batches(lines):
        _once(model, batch, seen)
        known = {} if first else _known(model, still_open, batch)
        new = []
        for line in batch:
            number, text = known.get(line[: model.KEY], (0, ""))
            if number and text == line[-1]:
                kept.add(number)
            else:
                new.append(line)
        _insert(model, place, new)
        added += len(new)
    gone = [n for n in still_open.values_list("id", flat=True).iterator() if n not in kept]
    for start in range(0, len(gone), _CLOSED):
        some = model.objects.using(place.alias).filter(id__in=gone[start : start + _CLOSED])
        some.update(to_run=place.run)
    return added


def valid(model: type[Interval], place: Place) -> QuerySet[Any]:
    """The rows of one past run."""
    at = Q(to_run=None) | Q(to_run__gt=place.run)
    return model.objects.using(place.alias).filter(
        at, protocol=place.protocol, from_run__lte=place.run
    )


def _once(model: type[Interval], batch: list[Line], seen: set[bytes]) -> None:
    """Raises ValueError where a key comes a second time; 16 bytes of each are enough to tell."""
    for line in batch:
        key = "\0".join(line[: model.KEY]).encode("utf-8", "surrogatepass")
        short = sha256(key).digest()[:16]
        if short in seen:
            raise ValueError("a row of the night is there twice")
        seen.add(short)


def _known(
    model: type[Interval], still_open: QuerySet[Any], batch: list[Line]
) -> dict[Line, tuple[int, str]]:
    """Number and text of the open rows of the cases in a batch, by their key."""
    names = model.COLUMNS[: model.KEY]
    found = still_open.filter(case_id__in={line[0] for line in batch})
    return {
        tuple(key): (number, row) for *key, number, row in found.values_list(*names, "id", "row")
    }


def _insert(model: type[Interval], place: Place, lines: Sequence[Line]) -> None:
    """Many rows at once; one object for each would take most of a night."""
    names = ("protocol", "from_run", *model.COLUMNS)
    marks = ", ".join(["%s"] * len(names))
    statement = f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) VALUES ({marks})"
    with connections[place.alias].cursor() as cursor:
        cursor.executemany(statement, [(place.protocol, place.run, *line) for line in lines])


def _batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    every = iter(lines)
    while batch := list(islice(every, _BATCH)):
        yield batch
