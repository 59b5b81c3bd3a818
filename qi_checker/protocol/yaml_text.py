"""From a file's bytes to YAML text, and the parser's complaints in plain words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from qi_checker.errors import Problem, UserError

MAX_BYTES = 1_000_000
MAX_DEPTH = 30
_TAB = re.compile(r"^[ ]*\t[ \t]*(?=[^\s#])", re.MULTILINE)

# What the parser says (libyaml or the pure one) -> what happened, and how to mend it.
_COMPLAINTS = (
    (  # the parser reads ahead, and may meet its own limit before ours is asked
        r"maximum nesting depth",
        f"is nested deeper than {MAX_DEPTH} levels",
        "Flatten it",
    ),
    (
        r"mapping values are not allowed",
        "a second `: ` in one line",
        'Put text that holds a colon in quotes: "like: this"',
    ),
    (
        r"expected (the )?node content",
        "a value is missing before this place",
        "Write it, and close every bracket that is open",
    ),
    (
        r"found unexpected ':'",
        "nothing follows this colon",
        "Give the key a value, or put text that holds a colon in quotes",
    ),
    (
        r"could not find expected ':'|while scanning a simple key",
        "this line is not `key: value`",
        "Write a colon and a blank after the key",
    ),
    (
        r"while scanning a quoted scalar",
        "a quotation mark is opened here and never closed",
        "Close it",
    ),
    (
        r"while parsing a flow (sequence|mapping)",
        "a bracket is opened here, and the list in it is not closed or lacks a comma",
        "Close the bracket, and part its items by commas",
    ),
    (
        r"while scanning for the next token.*cannot start any token",
        "text cannot begin with this character",
        "Put the text in quotes",
    ),
    (
        r"while scanning an? (alias|anchor|tag|directive)|(mapping keys) are not allowed",
        "text cannot begin with ?, *, &, ! or %",
        "Put the text in quotes",
    ),
    (
        r"while scanning a block scalar",
        "nothing may follow | or > in its line",
        "Begin the text on the next line",
    ),
    (
        r"sequence entries are not allowed",
        "an item with a dash cannot stand here",
        "Begin a line with it, indented like the other items",
    ),
    (
        r"expected '?<document start>",
        "the file goes on where its content has ended",
        "Indent this line like those it belongs to",
    ),
    (
        r"while parsing a block (mapping|collection)",
        "this line does not fit the lines above it",
        "Indent it like the lines it belongs to",
    ),
)


def one_line(message: str) -> str:
    """A message with what it quotes cut short and kept to printable characters of one line.

    A quoted text may be a page long, and escapes such as `\\e` could steer the reader's terminal.
    """
    cut = re.sub(r"`([^`]{80})[^`]+`", r"`\1...`", " ".join(message.split()))
    return "".join(c if c.isprintable() else "?" for c in cut)


def position(mark: Any) -> tuple[int, int]:
    """Line and column, from 1, as editors count."""
    return mark.line + 1, mark.column + 1


def _at(text: str, index: int) -> str:
    line = text.count("\n", 0, index) + 1
    return f"{line}:{index - text.rfind(chr(10), 0, index)}"


def read_bytes(file: Path) -> bytes:
    """The bytes of a file that a person wrote; UserError where it cannot be one."""
    try:
        content = file.read_bytes() if file.stat().st_size <= MAX_BYTES else None
    except FileNotFoundError:
        raise UserError(Problem(str(file), "does not exist")) from None
    except OSError as error:
        raise UserError(Problem(str(file), f"cannot be read: {error.strerror}")) from None
    if content is None:
        what = f"is larger than {MAX_BYTES // 1_000_000} MB"
        raise UserError(Problem(str(file), what, "No protocol is, so this is another kind of file"))
    return content


def decode(name: str, content: bytes) -> str:
    """UTF-8, with or without a byte order mark; UserError with the place of a wrong byte."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        head = content[: error.start].decode("utf-8-sig", errors="replace")
        where = f"{name}:{_at(head, len(head))}"
        problem = Problem(where, "is not UTF-8", mend="Save the file with the encoding UTF-8")
        raise UserError(problem) from None


def yaml_text(name: str, content: bytes) -> str:
    """The text of a YAML file; UserError for what no YAML text holds, with its place."""
    text = decode(name, content)
    control = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if control:
        what = f"holds the character U+{ord(control.group()):04X}, which text files do not have"
        raise UserError(Problem(f"{name}:{_at(text, control.start())}", what, mend="Delete it"))
    tabs = [
        Problem(
            f"{name}:{_at(text, found.start())}",
            "this line is indented with a tab",
            "YAML counts blanks, and a tab has no width",
            "Use blanks, as the lines beside it do",
        )
        for found in _TAB.finditer(text)
    ]
    if tabs:
        raise UserError(tabs)
    return text


def syntax_problem(name: str, error: yaml.YAMLError, text: str) -> Problem:
    """What the parser stumbled over. It cannot read on, so it is the only problem told."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return Problem(name, f"is not YAML: {error}")
    said = " ".join(part for part in (error.context, error.problem) if part)
    mark = error.problem_mark or error.context_mark
    what, mend = f"is not YAML: {said}", ""
    for pattern, plain, remedy in _COMPLAINTS:
        if re.search(pattern, said, re.DOTALL):
            what, mend = plain, remedy
            opened = "opened here" in plain or "not `key" in plain
            if opened and error.context_mark is not None:
                mark = error.context_mark
            break
    if mark is None:
        return Problem(name, what, mend=mend)
    line, column = position(mark)
    return Problem(f"{name}:{min(line, text.count(chr(10)) + 1)}:{column}", what, mend=mend)
