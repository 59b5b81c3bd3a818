"""Compare two protocols key by key, and the code lists that they use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.yaml_nodes import Document, Steps
from qi_checker.protocol.yaml_read import read_document

_NAMED = ("id", "version")  # identify the items of a list, so that moving one is not a change
_CODES_NAMED = 10  # codes named in one change; the rest are counted


@dataclass(frozen=True)
class KeyChange:
    """One key that differs. A key in only one of them is empty in the other."""

    path: str  # versions[1.0].requirements[mri].window.at_most
    old: str
    new: str
    where: str  # file:line:column in the new one; in the old one if removed


@dataclass(frozen=True)
class _Place:
    """The same place in both files; `both_new`: two places in the new one."""

    label: str
    old: Steps = ()
    new: Steps = ()
    both_new: bool = False

    def key(self, name: str) -> _Place:
        label = f"{self.label}.{name}" if self.label else name
        return _Place(label, (*self.old, name), (*self.new, name), self.both_new)

    def item(self, name: str, old: int, new: int) -> _Place:
        label = f"{self.label}[{name}]"
        return _Place(label, (*self.old, old), (*self.new, new), self.both_new)


def key_changes(old: Bundle, new: Bundle) -> tuple[KeyChange, ...]:
    """Return every difference of the files, in the order of the new one; then of code lists."""
    documents = read_document(old.path), read_document(new.path)
    written = _compare(documents[0].data, documents[1].data, _Place(""))
    keys = (_where(place, before, after, documents) for place, before, after in written)
    return (*keys, *_code_lists(old, new))


def value_changes(old: Any, new: Any) -> Iterator[tuple[str, str, str]]:
    """Yield path, old and new text of every key that differs between two values of a file."""
    for place, before, after in _compare(old, new, _Place("")):
        yield place.label, as_text(before), as_text(after)


_Found = tuple[_Place, Any, Any]  # place, old value, new value; None if absent


def _compare(old: Any, new: Any, place: _Place) -> Iterator[_Found]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*new, *(k for k in old if k not in new)]:
            yield from _compare(old.get(key), new.get(key), place.key(key))
    elif _of_parts(old) and _of_parts(new):
        yield from _items(old, new, place)
    elif old != new:
        yield place, old, new


def _of_parts(value: Any) -> bool:
    """Return whether a value is a list of mappings; their items are compared by id."""
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _items(old: list[Any], new: list[Any], place: _Place) -> Iterator[_Found]:
    before, after = _named(old), _named(new)
    for name in [*after, *(n for n in before if n not in after)]:
        if name in before and name in after:
            spot = place.item(name, before[name], after[name])
            yield from _compare(old[before[name]], new[after[name]], spot)
        elif name in after and place.label == "versions" and after[name]:
            yield from _new_version(new, after[name], place)
        elif name in after:
            yield place.item(name, len(old), after[name]), None, new[after[name]]
        else:
            yield place.item(name, before[name], len(new)), old[before[name]], None
    common = [n for n in before if n in after], [n for n in after if n in before]
    if common[0] != common[1]:
        yield _Place(f"{place.label} (order)", place.old, place.new), *common


def _new_version(versions: list[Any], at: int, place: _Place) -> Iterator[_Found]:
    """Compare an added version with the one before it: a version is a copy with a few changes."""
    before, after = (
        {k: v for k, v in one.items() if k != "version"} for one in versions[at - 1 : at + 1]
    )
    spot = replace(place.item(str(versions[at]["version"]), at - 1, at), both_new=True)
    yield spot, None, f"added; compared with version {versions[at - 1]['version']} below"
    yield from _compare(before, after, spot)


def _named(items: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Return the positions of items by id; without an id, by their keys and a number.

    A group has no id: the first `any_of` of one file is compared with the first of the other.
    """
    result: dict[str, int] = {}
    for number, item in enumerate(items):
        name = next((str(item[key]) for key in _NAMED if key in item), "")
        base = name or "/".join(item)
        count = 2
        name = base
        while name in result:
            name, count = f"{base} #{count}", count + 1
        result[name] = number
    return result


def _where(place: _Place, old: Any, new: Any, documents: tuple[Document, Document]) -> KeyChange:
    gone = new is None
    document = documents[0] if gone and not place.both_new else documents[1]
    steps = place.old if gone else place.new
    return KeyChange(place.label, as_text(old), as_text(new), document.where(steps))


def as_text(value: Any) -> str:
    """Format a value on one line: `[CT, MR]`, `{before: surgery, at_most: 30 days}`."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {as_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_text, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _code_lists(old: Bundle, new: Bundle) -> Iterator[KeyChange]:
    """Yield lists that both use, with the codes that only one of them has."""
    before, after = old.catalogue, new.catalogue
    for name in sorted(before.lists.keys() & after.lists.keys()):
        pairs = [
            [f"{row.system}:{row.code}" for row in catalogue.lists[name].rows]
            for catalogue in (before, after)
        ]
        yield from _sets(f"codelists/{name}.csv", *pairs)
    lines = [
        [f"{i.system}:{i.code} ({i.modality}, {i.region}, {i.role})" for i in catalogue.imaging]
        for catalogue in (before, after)
    ]
    yield from _sets("codelists/imaging.csv", *lines)
    yield from _sets("codelists/regions.csv", before.regions, after.regions)
    yield from _sets("codelists/modalities.csv", before.modalities, after.modalities)


def _sets(name: str, old: Sequence[str], new: Sequence[str]) -> Iterator[KeyChange]:
    gone, added = sorted(set(old) - set(new)), sorted(set(new) - set(old))
    if gone or added:
        yield KeyChange(name, _only("only here", gone), _only("only here", added), name)


def _only(text: str, codes: Sequence[str]) -> str:
    if not codes:
        return ""
    more = f" and {len(codes) - _CODES_NAMED} more" if len(codes) > _CODES_NAMED else ""
    return f"{text}: {', '.join(codes[:_CODES_NAMED])}{more}"
