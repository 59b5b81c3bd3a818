"""The audit trail: who did what, in a chain of hashes that shows every later change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from qi_checker.errors import Problem, UserError
from qi_checker.store.models import TrailEntry, TrailPermit
from qi_checker.store.transaction import reading, writing

START = "0" * 64  # what the first entry has for the hash before it
PURGED = "trail_purged"
ERASED = "payload_erased"
_FETCHED = 5_000


@dataclass(frozen=True)
class Anchor:
    """The end of the trail at some time, kept outside the database: it shows what is cut off."""

    sequence: int
    hash: str


@dataclass(frozen=True)
class Verified:
    """What reading the whole trail showed. `faults` is empty where it is whole."""

    entries: int
    erased: int
    end: Anchor | None
    faults: tuple[str, ...]

    @property
    def whole(self) -> bool:
        return not self.faults


@dataclass(frozen=True)
class Trail:
    """The trail of one store."""

    alias: str

    def append(self, at: datetime, actor: str, action: str, payload: Mapping[str, Any]) -> Anchor:
        """Add an entry, and give the new end. `payload` holds ids, never what is known of a patient.

        `at` has a time zone. Inside a transaction of the caller it becomes a part of that.
        """
        with writing(self.alias):
            entry = chained(self.end(), at, actor, action, payload)
            entry.save(using=self.alias, force_insert=True)
            return Anchor(entry.sequence, entry.hash)

    def end(self) -> Anchor | None:
        """The last entry, to be kept elsewhere."""
        with reading(self.alias):
            last = self._entries().order_by("-sequence").first()
        return Anchor(last.sequence, last.hash) if last else None

    def entries(self) -> Iterator[TrailEntry]:
        """Every entry, in order."""
        with reading(self.alias):
            yield from self._entries().order_by("sequence").iterator(_FETCHED)

    def verify(self, anchor: Anchor | None = None) -> Verified:
        """Read the trail once and say what is wrong with it.

        An entry that was changed, removed, added or moved is found by its hash; entries cut off at
        the end only by an `anchor` that was kept elsewhere.
        """
        return _Reader(anchor).read(self.entries())

    def erase(self, sequences: list[int], at: datetime, actor: str, why: str) -> None:
        """Take the payload out of entries; the chain stays whole, and an entry tells of it."""
        with writing(self.alias), self._permitted(why):
            self._entries().filter(sequence__in=sequences).update(payload=None)
            self.append(at, actor, ERASED, {"sequences": sequences, "why": why})

    def purge(self, before: datetime, at: datetime, actor: str) -> int:
        """Remove the entries from before a time; a later entry says where the chain begins now."""
        with writing(self.alias), self._permitted("purge"):
            # The oldest stretch only: an entry with a time of its own order is never cut out.
            kept = self._entries().filter(at__gte=instant(before)).order_by("sequence").first()
            last = kept.sequence - 1 if kept else (self.end() or Anchor(0, "")).sequence
            gone = self._entries().filter(sequence__lte=last)
            cut = gone.order_by("-sequence").first()
            if cut is None:
                return 0
            number = gone.count()
            self.append(at, actor, PURGED, {"through": cut.sequence, "hash": cut.hash})
            gone.delete()
            return int(number)

    def _entries(self) -> Any:
        return TrailEntry.objects.using(self.alias)

    def _permitted(self, why: str) -> _Permit:
        return _Permit(self.alias, why)


@dataclass(frozen=True)
class _Permit:
    """The triggers let entries be erased while this is there; it ends before the transaction."""

    alias: str
    why: str

    def __enter__(self) -> None:
        TrailPermit.objects.using(self.alias).create(why=self.why)

    def __exit__(self, *failed: object) -> None:
        if failed[0] is None:
            TrailPermit.objects.using(self.alias).all().delete()


class _Reader:
    """One pass over the entries; only the last hash and a few numbers are held."""

    def __init__(self, anchor: Anchor | None) -> None:
        self.anchor = anchor
        self.faults: list[str] = []
        self.count = self.erased = 0
        self.last: Anchor | None = None
        self.began: Anchor | None = None  # what the first entry says came before it
        self.purged: set[tuple[int, str]] = set()
        self.told: set[int] = set()
        self.gone: set[int] = set()
        self.anchored = False

    def read(self, entries: Iterator[TrailEntry]) -> Verified:
        for entry in entries:
            self._entry(entry)
            if self.faults:
                break  # what follows a break in the chain cannot be trusted either way
        if not self.faults:
            self._whole()
        return Verified(self.count, self.erased, self.last, tuple(self.faults))

    def _entry(self, entry: TrailEntry) -> None:
        number = entry.sequence
        before = self.last or Anchor(number - 1, entry.previous)
        if self.last is None:
            self.began = before
        if number != before.sequence + 1:
            self.faults.append(f"entries between {before.sequence} and {number} are missing")
        elif entry.previous != before.hash:
            self.faults.append(f"entry {number} does not follow entry {before.sequence}")
        elif _hash(entry) != entry.hash:
            self.faults.append(f"entry {number} was changed")
        elif entry.payload is not None and _sha256(entry.payload) != entry.payload_sha256:
            self.faults.append(f"the payload of entry {number} was changed")
        else:
            self._remember(entry)
        self.last = Anchor(number, entry.hash)
        self.count += 1
        self.anchored |= self.last == self.anchor

    def _remember(self, entry: TrailEntry) -> None:
        if entry.payload is None:
            self.erased += 1
            self.gone.add(entry.sequence)
        elif entry.action == PURGED:
            told = json.loads(entry.payload)
            self.purged.add((told["through"], told["hash"]))
        elif entry.action == ERASED:
            self.told.update(json.loads(entry.payload)["sequences"])

    def _whole(self) -> None:
        began = self.began
        start = began is None or began == Anchor(0, START)
        if began and not start and (began.sequence, began.hash) not in self.purged:
            self.faults.append(f"the entries up to {began.sequence} were removed without a trace")
        if self.gone - self.told:
            self.faults.append(f"the payload of entry {min(self.gone - self.told)} was removed")
        if self.anchor and not self.anchored and not self._before_the_start(self.anchor):
            self.faults.append(
                f"entry {self.anchor.sequence} is not what it was: the end is cut off"
            )

    def _before_the_start(self, anchor: Anchor) -> bool:
        """An old anchor may lie in what was purged since."""
        return self.began is not None and anchor.sequence <= self.began.sequence


def chained(
    end: Anchor | None, at: datetime, actor: str, action: str, payload: Mapping[str, Any]
) -> TrailEntry:
    """The entry that follows the end of a trail; it is not written yet."""
    before = end or Anchor(0, START)
    text = canonical(payload)
    entry = TrailEntry(
        sequence=before.sequence + 1,
        at=instant(at),
        actor=actor,
        action=action,
        payload=text,
        payload_sha256=_sha256(text),
        previous=before.hash,
    )
    entry.hash = _hash(entry)
    return entry


def canonical(payload: Mapping[str, Any]) -> str:
    """JSON that is the same for the same content: sorted, plain ASCII, no blanks."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":"))


def instant(at: datetime) -> str:
    """A moment as text, always in UTC and of one length, so that texts sort as times do."""
    if at.tzinfo is None:
        mend = "Give a time with its time zone"
        raise UserError(Problem("store", "a time of the trail has no time zone", "", mend))
    from datetime import UTC

    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _hash(entry: TrailEntry) -> str:
    parts = [
        entry.sequence,
        entry.at,
        entry.actor,
        entry.action,
        entry.payload_sha256,
        entry.previous,
    ]
    return _sha256(json.dumps(parts, separators=(",", ":")))
