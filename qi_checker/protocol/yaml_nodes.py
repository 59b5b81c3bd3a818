"""Plain YAML as nodes: mappings, lists and scalars, each with its position.

A scalar that YAML silently reads as something else (`no`, `00100`, `12:30`) keeps both its text and
that reading, so that errors can show both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from qi_checker.errors import Problem

Steps = tuple[str | int, ...]
Place = tuple[int, int]  # line and column, from 1


@dataclass
class Scalar:
    """One value: the text as written, and YAML's reading (text, number, bool or nothing)."""

    place: Place
    text: str
    value: Any


@dataclass
class Sequence:
    """A list."""

    place: Place
    items: list[Node] = field(default_factory=list)


@dataclass
class Mapping:
    """Keys with their positions and values, in the order written."""

    place: Place
    keys: dict[str, Place] = field(default_factory=dict)
    values: dict[str, Node] = field(default_factory=dict)


@dataclass
class Broken:
    """A refused value; its problem is already listed."""

    place: Place


Node = Scalar | Sequence | Mapping | Broken


@dataclass
class Document:
    """A file as plain data, its nodes, and the problems that did not stop the reading."""

    name: str
    root: Node
    problems: list[Problem]
    content: bytes = b""

    @property
    def data(self) -> Any:
        """Return plain Python data; refused values are left out of mappings and None in lists."""
        return _data(self.root)

    def where(self, path: Steps = (), *, key: bool = False) -> str:
        """Return `file:line:column` of a value or its key, or of the enclosing value if absent."""
        place = self.root.place
        node: Node | None = self.root
        for i, step in enumerate(path):
            last = i == len(path) - 1
            if key and last and isinstance(node, Mapping) and step in node.keys:
                place = node.keys[str(step)]
                break
            node = _child(node, step)
            if node is None:
                break
            place = node.place
        return f"{self.name}:{place[0]}:{place[1]}"

    def node(self, path: Steps) -> Node | None:
        """Return the node at a path, or None."""
        node: Node | None = self.root
        for step in path:
            node = _child(node, step)
        return node

    def broken(self) -> Iterator[Steps]:
        """Yield the paths of refused values, so that they are not reported again."""
        yield from _broken(self.root, ())


def _child(node: Node | None, step: str | int) -> Node | None:
    if isinstance(node, Mapping):
        return node.values.get(str(step))
    if isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
        return node.items[step]
    return None


def _broken(node: Node, path: Steps) -> Iterator[Steps]:
    if isinstance(node, Broken):
        yield path
    elif isinstance(node, Mapping):
        for key, value in node.values.items():
            yield from _broken(value, (*path, key))
    elif isinstance(node, Sequence):
        for i, value in enumerate(node.items):
            yield from _broken(value, (*path, i))


def _data(node: Node) -> Any:
    if isinstance(node, Mapping):
        return {k: _data(v) for k, v in node.values.items() if not isinstance(v, Broken)}
    if isinstance(node, Sequence):
        return [_data(item) for item in node.items]
    return node.value if isinstance(node, Scalar) else None


def reading(node: Scalar) -> str:
    """Say how YAML reads an unquoted value: `read by YAML as the number 64`."""
    value = node.value
    if isinstance(value, bool):
        return f"read by YAML as {'true' if value else 'false'}"
    if value is None:
        return "read by YAML as no value"
    note = ""
    if isinstance(value, int) and ":" in node.text:
        note = " (as a base-60 number)"
    elif isinstance(value, int) and node.text.lstrip("+-").startswith("0") and value:
        note = " (a leading zero changes the number system)"
    return f"read by YAML as the number {value}{note}"
