"""Strict reading of YAML: anchors, aliases, merge keys and tags are refused.

Nobody needs them in a protocol, and without them a small file cannot grow into a huge one.
"""

from __future__ import annotations

import re
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
    """Builds nodes from the parser's events, which still contain anchors, aliases and tags."""

    def __init__(self, name: str, events: Iterator[Any]) -> None:
        self.name = name
        self.events = events
        self.problems: list[Problem] = []

    def document(self) -> Node:
        """Return the one document of the file; UserError if there is none."""
        next(self.events)  # start of the stream
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise UserError(
                Problem(self.name, "is empty", advice="Write its keys, each with a value")
            )
        root = self.node(next(self.events), 1)
        next(self.events)  # end of the document
        after = next(self.events)
        if isinstance(after, yaml.DocumentStartEvent):
            self.refuse(
                after, "a second document begins here", advice="Keep one per file, without ---"
            )
            for _ in self.events:  # so that a syntax error further down is found, too
                pass
        return root

    def refuse(self, event: Any, what: str, why: str = "", advice: str = "") -> Broken:
        place = position(event.start_mark)
        where = f"{self.name}:{place[0]}:{place[1]}"
        self.problems.append(Problem(where, one_line(what), why, one_line(advice)))
        return Broken(place)

    def node(self, event: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            self.refuse(event, f"is nested deeper than {MAX_DEPTH} levels", advice="Flatten it")
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
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            advice = "Put text in quotes and leave the tag out"
            return self.refuse(event, f"the tag {tag} is not accepted", PLAIN, advice)
        if event.anchor is not None:
            what = f"the anchor &{event.anchor} is not accepted"
            self.refuse(event, what, PLAIN, "Remove it, and write the values out")
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
        """Return the key as text, or None if it is refused and its value is skipped."""
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
            advice = f'Put it in quotes: "{node.text}"'
            self.refuse(event, f"the key `{node.text}` is {reading(node)}, not text", advice=advice)
            return None
        if node.text in mapping.keys:
            line = mapping.keys[node.text][0]
            why = "Only one of the two would count"
            advice = "Keep one of them"
            self.refuse(
                event, f"the key `{node.text}` is written twice, first on line {line}", why, advice
            )
            return None
        return node.text

    def _nothing(self, event: Any, what: str, node: Scalar) -> Broken:
        if node.text:
            return self.refuse(
                event,
                f"{what} is `{node.text}`, which YAML reads as no value",
                advice=f'Put it in quotes if you mean the word: "{node.text}"; otherwise remove the key',
            )
        return self.refuse(event, f"{what} has no value", advice="Give it one, or leave it out")


def _scalar(event: Any) -> Scalar:
    """Read a scalar. Dates stay text as written; fields of type date parse them."""
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
            value = text  # `0b_`: looks like a number but is not
    return Scalar(position(event.start_mark), text, value)


# ---- from the bytes of a file to text, and the parser's complaints in plain words ----------------


MAX_BYTES = 1_000_000
MAX_DEPTH = 30
_TAB = re.compile(r"^[ ]*\t[ \t]*(?=[^\s#])", re.MULTILINE)

# Message of the parser (libyaml or the pure one) -> what happened, and how to fix it.
_COMPLAINTS = (
    (  # the parser reads ahead and may reach its own limit before ours
        r"maximum nesting depth",
        f"is nested deeper than {MAX_DEPTH} levels",
        "Flatten it",
    ),
    (
        r"mapping values are not allowed",
        "a second `: ` in one line",
        'Put text with a colon in quotes: "like: this"',
    ),
    (
        r"expected (the )?node content",
        "a value is missing before this",
        "Write it, and close every bracket that is open",
    ),
    (
        r"found unexpected ':'",
        "nothing follows this colon",
        "Give the key a value, or put text with a colon in quotes",
    ),
    (
        r"could not find expected ':'|while scanning a simple key",
        "this line is not `key: value`",
        "Write a colon and a space after the key",
    ),
    (
        r"while scanning a quoted scalar",
        "a quotation mark is opened here and never closed",
        "Close it",
    ),
    (
        r"while parsing a flow (sequence|mapping)",
        "a bracket is opened here, and the list in it is not closed or lacks a comma",
        "Close the bracket, and separate its items with commas",
    ),
    (
        r"while scanning for the next token.*cannot start any token",
        "plain text cannot start with this character",
        "Put the text in quotes",
    ),
    (
        r"while scanning an? (alias|anchor|tag|directive)|(mapping keys) are not allowed",
        "plain text cannot start with ?, *, &, ! or %",
        "Put the text in quotes",
    ),
    (
        r"while scanning a block scalar",
        "nothing may follow | or > on the same line",
        "Start the text on the next line",
    ),
    (
        r"sequence entries are not allowed",
        "an item with a dash is not allowed here",
        "Start a new line with it, indented like the other items",
    ),
    (
        r"expected '?<document start>",
        "there is text after the end of the content",
        "Indent it like the lines it belongs to",
    ),
    (
        r"while parsing a block (mapping|collection)",
        "this line does not match the indentation above it",
        "Indent it like the lines it belongs to",
    ),
)


def one_line(message: str) -> str:
    """Return a message on one line, with quotations shortened and unprintable characters removed.

    A quoted text may be a page long, and escapes such as `\\e` could control the reader's terminal.
    """
    cut = re.sub(r"`([^`]{80})[^`]+`", r"`\1...`", " ".join(message.split()))
    return "".join(c if c.isprintable() else "?" for c in cut)


def position(mark: Any) -> tuple[int, int]:
    """Return line and column, from 1, as in editors."""
    return mark.line + 1, mark.column + 1


def _at(text: str, index: int) -> str:
    line = text.count("\n", 0, index) + 1
    return f"{line}:{index - text.rfind(chr(10), 0, index)}"


def read_bytes(file: Path) -> bytes:
    """Read a file that a person wrote, as bytes; UserError if it cannot be one."""
    try:
        content = file.read_bytes() if file.stat().st_size <= MAX_BYTES else None
    except FileNotFoundError:
        raise UserError(Problem(str(file), "does not exist")) from None
    except OSError as error:
        raise UserError(Problem(str(file), f"cannot be read: {error.strerror}")) from None
    if content is None:
        what = f"is larger than {MAX_BYTES // 1_000_000} MB"
        raise UserError(
            Problem(
                str(file),
                what,
                "No protocol is that large, so this is probably another kind of file",
            )
        )
    return content


def decode(name: str, content: bytes) -> str:
    """Decode UTF-8, with or without a byte order mark; UserError with the place of a wrong byte."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        head = content[: error.start].decode("utf-8-sig", errors="replace")
        where = f"{name}:{_at(head, len(head))}"
        problem = Problem(where, "is not UTF-8", advice="Save the file with the encoding UTF-8")
        raise UserError(problem) from None


def yaml_text(name: str, content: bytes) -> str:
    """Return the text of a YAML file; UserError with the position of an invalid character."""
    text = decode(name, content)
    control = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if control:
        what = (
            f"holds the character U+{ord(control.group()):04X}, which is not allowed in text files"
        )
        raise UserError(Problem(f"{name}:{_at(text, control.start())}", what, advice="Delete it"))
    tabs = [
        Problem(
            f"{name}:{_at(text, found.start())}",
            "this line is indented with a tab",
            "YAML counts spaces, and a tab has no width",
            "Indent with spaces",
        )
        for found in _TAB.finditer(text)
    ]
    if tabs:
        raise UserError(tabs)
    return text


def syntax_problem(name: str, error: yaml.YAMLError, text: str) -> Problem:
    """Describe a syntax error. The parser cannot read on, so no other problem is reported."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return Problem(name, f"is not YAML: {error}")
    message = " ".join(part for part in (error.context, error.problem) if part)
    mark = error.problem_mark or error.context_mark
    what, advice = f"is not YAML: {message}", ""
    for pattern, plain, remedy in _COMPLAINTS:
        if re.search(pattern, message, re.DOTALL):
            what, advice = plain, remedy
            opened = "opened here" in plain or "not `key" in plain
            if opened and error.context_mark is not None:
                mark = error.context_mark
            break
    if mark is None:
        return Problem(name, what, advice=advice)
    line, column = position(mark)
    return Problem(f"{name}:{min(line, text.count(chr(10)) + 1)}:{column}", what, advice=advice)
