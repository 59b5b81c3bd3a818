"""Rows that are valid from run to run: what is new is added, what is gone is closed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet

from qi_checker.store.models import Interval

_BATCH = 2_000  # rows looked at together; what bounds the memory of a night
_CLOSED = 5_000  # rows closed in one statement


@dataclass(frozen=True)
class Place:
    """Which run of which protocol in which database is written."""

    alias: str
    protocol: str
    run: int


def advance(model: type[Interval], place: Place, rows: Iterable[Interval]) -> int:
    """Make `rows` what is valid in the run of `place`; gives how many rows were added.

    A row is known by case and requirement, and each may come once, in any order.
    """
    still_open = model.objects.using(place.alias).filter(
        protocol=place.protocol, to_run=None, from_run__lt=place.run
    )
    kept: set[int] = set()
    added = 0
    seen: set[bytes] = set()
    for batch in _batches(rows):
        _once(batch, seen)
        known = _known(still_open, batch)
        new = []
        for row in batch:
            number, text = known.get(_key(row), (0, ""))
            if number and text == row.row:
                kept.add(number)
            else:
                row.protocol, row.from_run = place.protocol, place.run
                new.append(row)
        model.objects.using(place.alias).bulk_create(new)
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


def _key(row: Interval) -> tuple[str, str]:
    return row.case_id, getattr(row, "requirement", "")


def _once(batch: list[Interval], seen: set[bytes]) -> None:
    """Raises ValueError where a row comes a second time; 16 bytes a row are enough to tell."""
    for row in batch:
        key = "\0".join(_key(row)).encode("utf-8", "surrogatepass")
        short = sha256(key).digest()[:16]
        if short in seen:
            raise ValueError("a row of the night is there twice")
        seen.add(short)


def _known(still_open: QuerySet[Any], batch: list[Interval]) -> dict[Any, tuple[int, str]]:
    cases = {row.case_id for row in batch}
    found = still_open.filter(case_id__in=cases)
    return {_key(row): (row.id, row.row) for row in found}


def _batches(rows: Iterable[Interval]) -> Iterator[list[Interval]]:
    every = iter(rows)
    while batch := list(islice(every, _BATCH)):
        yield batch
