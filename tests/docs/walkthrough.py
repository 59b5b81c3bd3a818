"""Follow a page as a reader does: write its files, change them, run its commands, compare.

What a fenced block does is said after its language:

    ```yaml title="PATH"         the block is the file (any language)
    ```yaml title="add to PATH"  the block is added to the end of the file
    ```diff title="PATH"         lines with - are replaced by those with +; a line with neither stays
    ```console                   `$ command`, and below it what it prints

A command that ends with `# exit 1` must give that exit code, any other one 0. A line `...` stands
for any number of lines of the output, and `...` at the end of a line for the rest of it. Only
`qi-checker`, `mkdir` and `cp -r` are commands here.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from qi_checker.cli import main

_FENCE = re.compile(
    r"^```(\w+)(?: title=\"(add to )?(\S+)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
_COMMAND = re.compile(r"^\$ (.*?)(?:  # exit (\d+))?$")


@dataclass(frozen=True)
class Command:
    """One command of the page: what is typed, what it must print, and what it printed."""

    line: str
    exit: int
    expected: str
    printed: str
    code: int

    @property
    def holds(self) -> bool:
        """Whether it did what the page says."""
        return self.code == self.exit and matches(self.expected, self.printed)


def matches(expected: str, printed: str) -> bool:
    """Whether an output is as the page shows it, with `...` for any lines."""
    lines = [_pattern(line) for line in expected.splitlines()]
    return re.fullmatch("".join(lines), printed) is not None


def _pattern(line: str) -> str:
    if line == "...":
        return r"(?:.*\n)*"
    rest = ".*" if line.endswith(" ...") else ""
    return f"{re.escape(line.removesuffix('...') if rest else line)}{rest}\n"


def follow(page: str, folder: Path) -> list[Command]:
    """Do everything that a page says, in order, in a folder."""
    done: list[Command] = []
    for language, more, file, body in _FENCE.findall(page):
        if file:
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            there = target.read_text("utf-8") if more or language == "diff" else ""
            text = changed(there, body) if language == "diff" else there + body
            target.write_text(text, encoding="utf-8")
        elif language == "console":
            done += [_run(*command, folder) for command in commands(body)]
    return done


def commands(body: str) -> Iterator[tuple[str, int, str]]:
    """Line, exit code and output of every command of a console block."""
    for part in re.split(r"^(?=\$ )", body, flags=re.MULTILINE):
        first, _, output = part.partition("\n")
        found = _COMMAND.match(first)
        if found:
            yield found[1].strip(), int(found[2] or 0), output
        elif part:
            raise ValueError(f"output without a command: {first}")


def changed(text: str, body: str) -> str:
    """A text with a change; ValueError unless what it replaces is there exactly once."""
    marks = [(line[:1], line[1:].removeprefix(" ")) for line in body.splitlines()]
    old, new = (
        "".join(f"{rest}\n" for mark, rest in marks if mark != other) for other in ("+", "-")
    )
    places = [m.start() for m in re.finditer(rf"^{re.escape(old)}", text, re.MULTILINE)]
    if len(places) != 1:
        raise ValueError(f"these lines are there {len(places)} times, not once:\n{old}")
    return text[: places[0]] + new + text[places[0] + len(old) :]


def _run(line: str, exit: int, expected: str, folder: Path) -> Command:
    words = shlex.split(line)
    printed = io.StringIO()
    with contextlib.chdir(folder), _width(80):
        code = _programs[words[0]](words[1:], printed)
    return Command(line, exit, expected, printed.getvalue(), code)


@contextlib.contextmanager
def _width(columns: int) -> Iterator[None]:
    """A terminal of that width, as a reader of the page has one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(columns))
        yield


def _qi_checker(words: list[str], printed: io.StringIO) -> int:
    """The program in this process; what it says of errors stands where it was said."""
    target = words[words.index(">") + 1] if ">" in words else None
    output = io.StringIO() if target else printed
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(printed):
        try:
            code = main(words[: words.index(">")] if target else words)
        except SystemExit as wrong_words:  # argparse
            code = int(wrong_words.code or 0)
    if target:
        Path(target).write_text(output.getvalue(), encoding="utf-8")
    return code


def _mkdir(words: list[str], printed: io.StringIO) -> int:
    for word in words:
        os.mkdir(word)
    return 0


def _copy(words: list[str], printed: io.StringIO) -> int:
    option, source, target = words
    assert option == "-r"
    shutil.copytree(source, target)
    return 0


_programs: dict[str, Callable[[list[str], io.StringIO], int]] = {
    "qi-checker": _qi_checker,
    "mkdir": _mkdir,
    "cp": _copy,
}


def rewritten(page: str, done: list[Command]) -> str:
    """The page with the outputs as they are; those that hold stay as they are written."""
    left = iter(done)

    def block(found: re.Match[str]) -> str:
        if found[1] != "console":
            return found[0]
        parts = []
        for _ in commands(found[4]):
            command = next(left)
            ending = f"  # exit {command.code}" if command.code else ""
            output = command.expected if command.holds else command.printed
            parts.append(f"$ {command.line}{ending}\n{output}")
        return f"```console\n{''.join(parts)}```"

    return _FENCE.sub(block, page)


@dataclass(frozen=True)
class Walk:
    """A page that is followed by its tests.

    With QI_CHECKER_GOLDEN=write its outputs are written anew in the place of being compared.
    """

    file: Path

    @property
    def page(self) -> str:
        return self.file.read_text(encoding="utf-8")

    @property
    def lines(self) -> list[str]:
        """Every command as the page has it, without its exit code."""
        return re.findall(r"^\$ (.*?)(?:  # exit \d+)?$", self.page, re.MULTILINE)

    def follow(self, folder: Path) -> list[Command]:
        """Follow the page once: each step needs the ones before it."""
        page = self.page
        done = follow(page, folder)
        if _writes():
            self.file.write_text(rewritten(page, done), encoding="utf-8")
        return done

    @staticmethod
    def check(command: Command, line: str) -> None:
        """Assert that a command was the one of that line and did what the page says."""
        assert command.line == line
        if not _writes():
            assert command.holds, f"exit {command.code}\n{command.printed}"


def _writes() -> bool:
    return os.environ.get("QI_CHECKER_GOLDEN") == "write"
