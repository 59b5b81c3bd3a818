"""Strict reading of YAML: anchors, aliases, merge keys and tags are refused.

Nobody needs them in a protocol, and without them a small file cannot grow into a huge one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.yaml_nodes import (
    Broken,
    Document,
    Mapping,
    Node,
    Scalar,
    Sequence,
    reading,
)
from qi_checker.protocol.yaml_text import (
    MAX_DEPTH,
    one_line,
    position,
    read_bytes,
    syntax_problem,
    yaml_text,
)

PLAIN = "Only plain YAML is accepted"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER = yaml.resolver.Resolver()
_CONSTRUCTOR = yaml.constructor.SafeConstructor()


def read_document(file: Path) -> Document:
    """Read one YAML file. UserError where nothing of it can be used."""
    name = str(file)
    content = read_bytes(file)
    text = yaml_text(name, content)
    try:
        composer = _Composer(name, yaml.parse(text, Loader=_LOADER))
        root = composer.document()
    except yaml.YAMLError as error:
        raise UserError(syntax_problem(name, error, text)) from None
    return Document(name, root, composer.problems, content)


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
            raise UserError(
                Problem(self.name, "is empty", mend="Write its keys, each with a value")
            )
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
        where = f"{self.name}:{place[0]}:{place[1]}"
        self.problems.append(Problem(where, one_line(what), why, one_line(mend)))
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
    tag: str = _RESOLVER.resolve(yaml.ScalarNode, text, event.implicit)  # type: ignore[no-untyped-call]
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
