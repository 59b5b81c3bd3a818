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
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

from qi_checker.store.models import TrailEntry

_READINGS = frozenset(
    {
        "case_read",
        "file_read",
        "trail_verified",
        "searched",
        "signed_in",
        "signed_out",
    }
)
# What people write that a line shows, and no count.
_MARKS = frozenset({"note", "contact", "look", "ious", "signed_off", "view_saved", "view_removed"})
_MARKS |= {f"{name}_undone" for name in ("note", "contact", "look")}
_LONGEST, _MOST = 30.0, 128  # seconds that something is kept, and how many things
_T = TypeVar("_T")


@dataclass
class _Seen:
    """How far this process has read the trail: the last entry, and the last of three sorts."""

    entry: int = -1
    count: int = 0  # changes a count
    line: int = 0  # changes what a line shows
    read: dict[str, int] = field(default_factory=dict)  # by login: reading marks notes as read


_seen = _Seen()
_lock = Lock()
_kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()


@dataclass(frozen=True)
class Version:
    """The same as long as nobody did anything that shows: in the counts, or in lines of somebody."""

    counts: int
    lines: tuple[int, int]


def version(login: str) -> Version:
    """What the store is at, as somebody sees it. Ask before anything is read."""
    entries = TrailEntry.objects.order_by("sequence")
    if _seen.entry < 0:
        last = entries.reverse().values_list("sequence", flat=True).first() or 0
        with _lock:
            if _seen.entry < 0:
                _seen.entry = _seen.count = _seen.line = last
    new = entries.filter(sequence__gt=_seen.entry).values_list("sequence", "action", "actor")
    with _lock:
        for sequence, action, actor in new:
            _note(sequence, action, actor)
        return Version(_seen.count, (_seen.line, _seen.read.get(login, 0)))


def _note(sequence: int, action: str, actor: str) -> None:
    _seen.entry = max(_seen.entry, sequence)
    if action == "case_read":
        _seen.read[actor] = sequence
    if action not in _READINGS:
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
