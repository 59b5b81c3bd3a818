"""Whether a cached result is still valid, for the price of two small queries.

Counts over ten thousand cases take fifty milliseconds, and change a few times an hour. Only two things
change them: a night, which counts how often it wrote the desk, and people, whose every write has an entry
in the trail. Counter and entry are written in the same transaction as the change. So a worker remembers
how far it has read the trail, and reads the entries since then. Most are readings, which change no list.

Ask for the version first, then read: a cached result may be newer than its version, but never older. It
expires after 30 seconds anyway, because somebody may have repaired the store by hand.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

from qi_checker.store.models import TrailEntry
from qi_checker.web import direct

_NOTES = frozenset({"note", "note_undone"})
# Entries that change neither a line nor a count of a list.
_ELSEWHERE = _NOTES | {"case_read", "file_read", "searched", "trail_verified", "ious"}
_ELSEWHERE |= {"signed_in", "signed_out", "signed_off"}
# Entries that change a line, but no count.
_MARKS = frozenset({"contact", "look", "contact_undone", "look_undone"})
_MARKS |= {"view_saved", "view_removed"}
_LONGEST, _MOST = 30.0, 400  # seconds that a result is cached; maximum number of results
_T = TypeVar("_T")


@dataclass
class _Seen:
    """How far this process has read the trail: the last entry, and the last entry of each kind."""

    entry: int = -1
    first: int = 0  # the last entry at the first call; nothing is known of earlier ones
    count: int = 0  # changes a count
    line: int = 0  # changes what a line shows
    note: int = 0
    by: dict[str, int] = field(default_factory=dict)  # the last entry of each person


_seen = _Seen()
_lock = Lock()
_TRAIL = f"SELECT sequence, action, actor FROM {TrailEntry._meta.db_table} WHERE sequence > %s"
_END = f"SELECT max(sequence) FROM {TrailEntry._meta.db_table}"
_kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()


@dataclass(frozen=True)
class Version:
    """Equal as long as nobody changed anything visible: in the counts, or in a line.

    `unread` is for one person: the last note of anybody, and their own last entry.
    """

    counts: int
    lines: int
    unread: tuple[int, int]


def version(login: str) -> Version:
    """Return the version of the store for one person. Call it before anything is read."""
    if _seen.entry < 0:
        last = direct.rows(_END)[0][0] or 0
        with _lock:
            if _seen.entry < 0:
                _seen.entry = _seen.first = _seen.count = _seen.line = _seen.note = last
    new = direct.rows(_TRAIL, [_seen.entry])
    with _lock:
        for sequence, action, actor in new:
            _note(sequence, action, actor)
        unread = _seen.note, _seen.by.get(login, _seen.first)
        return Version(_seen.count, _seen.line, unread)


def _note(sequence: int, action: str, actor: str) -> None:
    _seen.entry = max(_seen.entry, sequence)
    _seen.by[actor] = max(_seen.by.get(actor, 0), sequence)
    if action in _NOTES:
        _seen.note = max(_seen.note, sequence)
    if action not in _ELSEWHERE:
        _seen.line = max(_seen.line, sequence)
        if action not in _MARKS:
            _seen.count = max(_seen.count, sequence)


def kept(key: Hashable, work: Callable[[], _T]) -> _T:
    """Return the cached result for a key, or compute it. The key names everything it depends on."""
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
