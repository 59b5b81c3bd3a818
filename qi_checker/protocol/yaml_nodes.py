"""Strict YAML: plain mappings, lists and scalars, each with the place where it stands.

Anchors, aliases, merge keys and tags are refused: nobody needs them in a protocol, and without
them a small file cannot grow into a huge one. What plain YAML would silently read as something
else (`no`, `00100`, `12:30`) keeps both its text and that reading, so that errors can show both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.yaml_text import position, read_text, syntax_problem

MAX_DEPTH = 30
PLAIN = "Protocols are written in plain YAML"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER = yaml.resolver.Resolver()
_CONSTRUCTOR = yaml.constructor.SafeConstructor()

Steps = tuple[str | int, ...]
Place = tuple[int, int]  # line and column, from 1


@dataclass
class Scalar:
    """One value: the text as written, and what YAML reads (text, number, bool or nothing)."""

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
    """Keys with their places and values, in the order written."""

    place: Place
    keys: dict[str, Place] = field(default_factory=dict)
    values: dict[str, Node] = field(default_factory=dict)


@dataclass
class Broken:
    """Something that was refused; its problem is already listed."""

    place: Place


Node = Scalar | Sequence | Mapping | Broken


@dataclass
class Document:
    """A file as plain data, its nodes, and the problems that did not prevent reading the rest."""

    name: str
    root: Node
    problems: list[Problem]

    @property
    def data(self) -> Any:
        """Plain Python data; refused values are left out of mappings and None in lists."""
        return _data(self.root)

    def where(self, path: Steps = (), *, key: bool = False) -> str:
        """`file:line:column` of a value, or of its key; of the nearest parent where it is absent."""
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
        """The node at a path, or None."""
        node: Node | None = self.root
        for step in path:
            node = _child(node, step)
        return node

    def broken(self) -> Iterator[Steps]:
        """Paths of refused values, so that nothing else is said about them."""
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


def read_document(file: Path) -> Document:
    """Read one YAML file. UserError where nothing of it can be used."""
    name = str(file)
    text = read_text(file)
    try:
        composer = _Composer(name, yaml.parse(text, Loader=_LOADER))
        root = composer.document()
    except yaml.YAMLError as error:
        raise UserError(syntax_problem(name, error, text)) from None
    return Document(name, root, composer.problems)


class _Composer:
    """Builds nodes from the parser's events, which still know anchors, aliases and tags."""

    def __init__(self, name: str, events: Iterator[Any]) -> None:
        self.name = name
        self.events = events
        self.problems: list[Problem] = []

    def document(self) -> Node:
        """The one document of the file; UserError where there is none."""
        next(self.events)  # start of the stream
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise UserError(Problem(self.name, "is empty", mend="Write at least the key id"))
        root = self.node(next(self.events), 1)
        next(self.events)  # end of the document
        after = next(self.events)
        if isinstance(after, yaml.DocumentStartEvent):
            self.refuse(
                after, "a second document begins here", mend="Keep one per file, without ---"
            )
            for _ in self.events:  # a syntax error further down is found, too
                pass
        return root

    def refuse(self, event: Any, what: str, why: str = "", mend: str = "") -> Broken:
        place = position(event.start_mark)
        self.problems.append(Problem(f"{self.name}:{place[0]}:{place[1]}", what, why, mend))
        return Broken(place)

    def node(self, event: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            self.refuse(event, f"is nested deeper than {MAX_DEPTH} levels", mend="Flatten it")
            raise UserError(self.problems)
        if isinstance(event, yaml.AliasEvent):
            return self.refuse(
                event, f"the alias *{event.anchor} is not accepted", PLAIN, "Write the value out"
            )
        refused = self._decoration(event)
        built: Node
        if isinstance(event, yaml.MappingStartEvent):
            built = self._mapping(event, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            built = self._sequence(event, depth)
        else:
            built = _scalar(event)
        return refused or built

    def _decoration(self, event: Any) -> Broken | None:
        if event.tag is not None:
            said = event.tag.replace("tag:yaml.org,2002:", "!!")
            mend = "Put text in quotes and leave the tag out"
            return self.refuse(event, f"the tag {said} is not accepted", PLAIN, mend)
        if event.anchor is not None:
            what = f"the anchor &{event.anchor} is not accepted"
            self.refuse(event, what, PLAIN, "Leave it out, and write values out where needed")
        return None

    def _sequence(self, event: Any, depth: int) -> Node:
        node = Sequence(position(event.start_mark))
        while not isinstance(item := next(self.events), yaml.SequenceEndEvent):
            built = self.node(item, depth + 1)
            if isinstance(built, Scalar) and built.value is None:
                built = self._nothing(item, "an item", built)
            node.items.append(built)
        return node

    def _mapping(self, event: Any, depth: int) -> Node:
        node = Mapping(position(event.start_mark))
        while not isinstance(key_event := next(self.events), yaml.MappingEndEvent):
            key = self._key(key_event, node, depth)
            value_event = next(self.events)
            value = self.node(value_event, depth + 1)
            if key is None:
                continue
            if isinstance(value, Scalar) and value.value is None:
                value = self._nothing(key_event, f"`{key}`", value)
            node.keys[key] = position(key_event.start_mark)
            node.values[key] = value
        return node

    def _key(self, event: Any, mapping: Mapping, depth: int) -> str | None:
        """The key as text, or None where it is refused and its value is skipped."""
        node = self.node(event, depth + 1)
        if isinstance(node, Broken):
            return None
        if not isinstance(node, Scalar):
            self.refuse(event, "a key must be a single word", PLAIN)
            return None
        if node.text == "<<":
            self.refuse(event, "the merge key << is not accepted", PLAIN, "Write the keys out")
            return None
        if not isinstance(node.value, str):
            mend = f'Put it in quotes: "{node.text}"'
            self.refuse(event, f"the key `{node.text}` is {reading(node)}, not text", mend=mend)
            return None
        if node.text in mapping.keys:
            line = mapping.keys[node.text][0]
            why = "Only one of the two would count"
            mend = "Keep one of them"
            self.refuse(
                event, f"the key `{node.text}` is given twice, first on line {line}", why, mend
            )
            return None
        return node.text

    def _nothing(self, event: Any, what: str, node: Scalar) -> Broken:
        if node.text:
            return self.refuse(
                event,
                f"{what} is `{node.text}`, which YAML reads as no value",
                mend=f'Put it in quotes if the word is meant: "{node.text}"; else leave it out',
            )
        return self.refuse(event, f"{what} has no value", mend="Give it one, or leave it out")


def _scalar(event: Any) -> Scalar:
    """Dates stay text: what is written is what is meant, and fields that want dates read them."""
    text = event.value
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, event.implicit)
    kind = tag.rpartition(":")[2]
    value: Any = text
    if kind == "null":
        value = None
    elif kind in ("int", "float", "bool"):
        try:
            value = _CONSTRUCTOR.construct_object(yaml.ScalarNode(tag, text))
        except (ValueError, OverflowError):
            value = text  # `0b_`: looks like a number, and is none
    return Scalar(position(event.start_mark), text, value)


def reading(node: Scalar) -> str:
    """How YAML reads an unquoted value: `read by YAML as the number 64`."""
    value = node.value
    if isinstance(value, bool):
        return f"read by YAML as {'true' if value else 'false'}"
    if value is None:
        return "read by YAML as no value"
    note = ""
    if isinstance(value, int) and ":" in node.text:
        note = " (parts are counted in sixties)"
    elif isinstance(value, int) and node.text.lstrip("+-").startswith("0") and value:
        note = " (a leading zero starts another number system)"
    return f"read by YAML as the number {value}{note}"
