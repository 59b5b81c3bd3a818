"""The audit trail: who did what, in a chain of hashes that reveals every later change."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from qi_checker.errors import Problem, UserError
from qi_checker.store.models import TrailEntry, TrailPermit
from qi_checker.store.transaction import reading, writing

START = "0" * 64  # the previous hash of the first entry
ERASED, PURGED, BOUND = "payload_erased", "purged", "rows_bound"
_PSEUDONYMISED = "pseudonymised"
ACCOUNTS_BOUND = "accounts_bound"  # accounts, roles and tokens as an upgrade found them
# Actions that may change or remove bound rows: the program's own commands.
_CHANGES = frozenset(
    {"run_forgotten", PURGED, _PSEUDONYMISED}
    | {f"{kind}_undone" for kind in ("note", "contact", "look", "wait")}
)
_UNDONE = frozenset(action for action in _CHANGES if action.endswith("_undone"))
_REMOVES = frozenset({"run_forgotten", PURGED})
_ERASES = (ERASED, PURGED, _PSEUDONYMISED)
# The same of accounts, roles and tokens: an administrator's daily work, so that nobody is told of it.
_OF_ACCOUNTS = ("account", "role", "token")
_CHANGES_ACCOUNTS = frozenset(
    {"account_renamed", "account_opened", "account_shut", "password_set", "password_rehashed"}
    | {"token_revoked"}
)
_REMOVES_ROLES = frozenset({"role_taken", "roles_renewed"})
_FETCHED = 5_000


@dataclass(frozen=True)
class Anchor:
    """The end of the trail at some time, recorded outside the database to reveal a cut-off end."""

    sequence: int
    hash: str


@dataclass(frozen=True)
class Verified:
    """The result of verifying the whole trail. `faults` is empty if it is intact.

    `bound`: the expected digests of rows by name (`binding.py`); `binds`: the last entry of each.
    `noted`: entries that erased something, or that changed bound rows. Only people can say whether
    that was intended.
    """

    entries: int
    erased: int
    end: Anchor | None
    faults: tuple[str, ...]
    bound: Mapping[str, str] = field(default_factory=dict)
    binds: Mapping[str, int] = field(default_factory=dict)
    noted: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        return not self.faults


@dataclass(frozen=True)
class Trail:
    """The trail of one store."""

    alias: str

    def append(
        self,
        at: datetime,
        actor: str,
        action: str,
        payload: Mapping[str, Any],
        bound: Mapping[str, str] | None = None,
        unbound: Sequence[str] = (),
        was: Mapping[str, str] | None = None,
    ) -> Anchor:
        """Add an entry, and return the new end. `payload` contains ids, never data of a patient.

        `at` has a time zone. Inside a transaction of the caller it becomes a part of it.
        bound: digests of rows written with it, by name; unbound: names of removed rows; was: digests of
        the same rows before, so that an entry cannot make a forged row a good one unnoticed.
        """
        content = dict(payload)
        content |= {"bound": dict(bound)} if bound else {}
        content |= {"unbound": list(unbound)} if unbound else {}
        content |= {"was": dict(was)} if was else {}
        with writing(self.alias):
            # The digest stays after a payload is erased, so ids must not be guessable from it.
            salted = content | {"salt": secrets.token_hex(16)}
            entry = chained(self.end(), at, actor, action, salted)
            entry.save(using=self.alias, force_insert=True)
            return Anchor(entry.sequence, entry.hash)

    def end(self) -> Anchor | None:
        """Return the last entry, to be recorded elsewhere."""
        with reading(self.alias):
            last = self._entries().order_by("-sequence").first()
        return Anchor(last.sequence, last.hash) if last else None

    def entries(self) -> Iterator[TrailEntry]:
        """Yield every entry, in order."""
        with reading(self.alias):
            yield from self._entries().order_by("sequence").iterator(_FETCHED)

    def verify(self, *anchors: Anchor | None) -> Verified:
        """Read the trail once and return its faults.

        A changed, removed, added or moved entry is found by its hash; entries cut off at the end,
        and a rebuilt trail, only by `anchors` that were recorded elsewhere.
        """
        return _Reader([a for a in anchors if a is not None]).read(self.entries())

    def erase(self, sequences: Collection[int]) -> None:
        """Erase the payload of entries. The chain stays intact; the caller's entry must record it.

        That entry names them (`sequences`), or the last of all erased entries (`through`).
        """
        self._erase(self._entries().filter(sequence__in=sequences))

    def erase_through(self, sequence: int) -> int:
        """Erase the payload of every entry up to this one; return how many had one."""
        return self._erase(self._entries().filter(sequence__lte=sequence))

    def last_before(self, moment: datetime) -> int:
        """Return the last entry of the oldest unbroken run of entries before a moment; 0 for none.

        Only an unbroken run: an entry that a wrong clock dated early stays among the others.
        """
        later = self._entries().filter(at__gte=instant(moment)).order_by("sequence")
        with reading(self.alias):
            first_left = later.first()
        if first_left is not None:
            return int(first_left.sequence) - 1
        end = self.end()
        return end.sequence if end else 0

    def _erase(self, entries: Any) -> int:
        with writing(self.alias), _Permit(self.alias, "erase"):
            return int(entries.exclude(payload=None).update(payload=None))

    def _entries(self) -> Any:
        return TrailEntry.objects.using(self.alias)


@dataclass(frozen=True)
class _Permit:
    """Lets the triggers accept erased payloads; it ends before the transaction."""

    alias: str
    why: str

    def __enter__(self) -> None:
        TrailPermit.objects.using(self.alias).create(why=self.why)

    def __exit__(self, *failed: object) -> None:
        if failed[0] is None:
            TrailPermit.objects.using(self.alias).all().delete()


class _Reader:
    """One pass over the entries; only the last hash and the bound digests are kept in memory."""

    def __init__(self, anchors: Sequence[Anchor]) -> None:
        self.anchors = {anchor.sequence: anchor for anchor in anchors}
        self.faults = [
            f"two different ends were recorded for entry {anchor.sequence}"
            for anchor in anchors
            if self.anchors[anchor.sequence] != anchor
        ]
        self.noted: list[str] = []
        self.unknown: list[str] = []  # notes of rows that only an erased entry can have bound
        self.count = self.erased = 0
        self.last = Anchor(0, START)
        self.announced: set[int] = set()
        self.through = 0
        self.gone: set[int] = set()
        self.bound: dict[str, str] = {}
        self.binds: dict[str, int] = {}

    def read(self, entries: Iterator[TrailEntry]) -> Verified:
        for entry in entries:
            self._entry(entry)
            if self.faults:
                break  # after a break in the chain nothing can be verified
        if not self.faults:
            self._whole()
        end = self.last if self.count else None
        return Verified(
            self.count,
            self.erased,
            end,
            tuple(self.faults),
            self.bound,
            self.binds,
            (*self.noted, *self.unknown),
        )

    def _entry(self, entry: TrailEntry) -> None:
        number, before = entry.sequence, self.last
        if number != before.sequence + 1:
            missing = f"entries between {before.sequence} and {number} are missing"
            if not self.count:
                missing = f"the entries up to {number - 1} are missing"
            self.faults.append(missing)
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
        known = self.anchors.pop(number, None)
        if known is not None and known != self.last:
            self.faults.append(f"entry {number} differs from the one recorded elsewhere")

    def _remember(self, entry: TrailEntry) -> None:
        if entry.payload is None:
            self.erased += 1
            self.gone.add(entry.sequence)
            return
        content = json.loads(entry.payload)
        if entry.action in _ERASES:
            self.unknown.clear()  # what it erased may have bound them
        if entry.action in (ERASED, _PSEUDONYMISED):
            self.announced.update(content.get("sequences", ()))
        if entry.action in (PURGED, _PSEUDONYMISED) and content.get("through"):
            self._purged(entry, content)
        self._bind(entry, content)

    def _purged(self, entry: TrailEntry, content: Mapping[str, Any]) -> None:
        through = int(content["through"])
        if through >= entry.sequence:
            self.faults.append(f"entry {entry.sequence} erases what came after it")
        self.through = max(self.through, through)

    def _bind(self, entry: TrailEntry, content: Mapping[str, Any]) -> None:
        number, bound = entry.sequence, content.get("bound", {})
        unbound = content.get("unbound", ())
        other = [
            name
            for name, digest in bound.items()
            if self.bound.get(name, digest) != digest and not _may_change(entry.action, name)
        ]
        lost = [name for name in unbound if not _may_remove(entry.action, name)]
        again = entry.action == ACCOUNTS_BOUND and any(map(_of_accounts, self.bound))
        if again or (entry.action == BOUND and self.bound):
            self.faults.append(f"entry {number} binds all rows again")
        elif other:
            self.faults.append(f"entry {number} says that {other[0]} changed")
        elif lost:
            self.faults.append(f"entry {number} says that {lost[0]} was removed")
        if entry.action in (ERASED, BOUND, ACCOUNTS_BOUND, *(_CHANGES - _UNDONE)):
            self.noted.append(f"entry {number}: {entry.action} by {entry.actor} at {entry.at[:19]}")
        for name, digest in content.get("was", {}).items():
            if self.bound.get(name) != digest:  # binding a row again must not hide this
                notes = self.unknown if self.gone and name not in self.bound else self.noted
                notes.append(f"entry {number}: {name} was not what the trail said before it")
        self.bound.update(bound)
        self.binds.update(dict.fromkeys(bound, number))
        for name in unbound:
            self.bound.pop(name, None)
            self.binds.pop(name, None)

    def _whole(self) -> None:
        silent = {n for n in self.gone - self.announced if n > self.through}
        if silent:
            self.faults.append(f"the payload of entry {min(silent)} was removed")
        if self.anchors:
            self.faults.append(
                f"entry {min(self.anchors)}, which was recorded elsewhere, is missing: "
                "the end was cut off"
            )


def _of_accounts(name: str) -> bool:
    return name.partition(" ")[0] in _OF_ACCOUNTS


def _may_change(action: str, name: str) -> bool:
    if action in _UNDONE:
        return name.startswith(action.removesuffix("undone").replace("_", " "))
    return action in _CHANGES or (action in _CHANGES_ACCOUNTS and _of_accounts(name))


def _may_remove(action: str, name: str) -> bool:
    return action in _REMOVES or (action in _REMOVES_ROLES and name.startswith("role "))


def chained(
    end: Anchor | None, at: datetime, actor: str, action: str, payload: Mapping[str, Any]
) -> TrailEntry:
    """Return the entry that follows the end of a trail, without writing it."""
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
    """Return JSON that is equal for equal content: sorted, plain ASCII, no blanks."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":"))


def instant(at: datetime) -> str:
    """Format a moment in UTC with a fixed length, so that text sorts like times."""
    if at.tzinfo is None:
        advice = "Give a time with its time zone"
        raise UserError(Problem("store", "a time of the trail has no time zone", "", advice))
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
