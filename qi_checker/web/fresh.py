"""Whether what was worked out for a list still holds, for the price of one small query.

Counts over ten thousand cases take fifty milliseconds, and change a few times an hour. Everything that
changes them is either a night, which has a number, or something that a person did, which has an entry
in the trail, written in the same transaction. So a worker remembers how far it has read the trail, and
looks at the entries since: most are readings, which change no list.

What is kept is worked out again after half a minute all the same: somebody may have repaired the store by
hand.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

from qi_checker.store.models import TrailEntry

# What shows in no line and in no count of a list. Notes are counted for each request.
_ELSEWHERE = frozenset(
    {"case_read", "file_read", "searched", "trail_verified", "signed_in", "signed_out"}
    | {"note", "note_undone", "ious", "signed_off"}
)
# What a line shows beside the case, and no count.
_MARKS = frozenset({"contact", "look", "contact_undone", "look_undone"})
_MARKS |= {"view_saved", "view_removed"}
_LONGEST, _MOST = 30.0, 128  # seconds that something is kept, and how many things
_T = TypeVar("_T")


@dataclass
class _Seen:
    """How far this process has read the trail: the last entry, and the last of two sorts."""

    entry: int = -1
    count: int = 0  # changes a count
    line: int = 0  # changes what a line shows


_seen = _Seen()
_lock = Lock()
_kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()


@dataclass(frozen=True)
class Version:
    """The same as long as nobody did anything that shows: in the counts, or in a line."""

    counts: int
    lines: int


def version() -> Version:
    """What the store is at. Ask before anything is read."""
    entries = TrailEntry.objects.order_by("sequence")
    if _seen.entry < 0:
        last = entries.reverse().values_list("sequence", flat=True).first() or 0
        with _lock:
            if _seen.entry < 0:
                _seen.entry = _seen.count = _seen.line = last
    new = list(entries.filter(sequence__gt=_seen.entry).values_list("sequence", "action"))
    with _lock:
        for sequence, action in new:
            _note(sequence, action)
        return Version(_seen.count, _seen.line)


def _note(sequence: int, action: str) -> None:
    _seen.entry = max(_seen.entry, sequence)
    if action not in _ELSEWHERE:
        _seen.line = max(_seen.line, sequence)
        if action not in _MARKS:
            _seen.count = max(_seen.count, sequence)


def kept(key: Hashable, work: Callable[[], _T]) -> _T:
    """What was worked out for a key, or is now. The key names everything that it depends on."""
    now = time.monotonic()
    with _lock:
        found = _kept.get(key)
        if found is not None and now - found[0] < _LONGEST:
            _kept.move_to_end(key)
            value: _T = found[1]
            return value
    value = work()
    with _lock:
        _kept[key] = now, value
        while len(_kept) > _MOST:
            _kept.popitem(last=False)
    return value
