"""Print the results of examples for a person, or as JUnit XML for a build server."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING
from xml.etree import ElementTree as xml

from qi_checker.authoring.example_words import in_words
from qi_checker.authoring.examples import Difference, ExampleResult
from qi_checker.errors import Problem
from qi_checker.protocol.yaml_nodes import Document
from qi_checker.render.terminal import add_row, new_table, put, safe, say
from qi_checker.render.words import in_xml

if TYPE_CHECKING:
    from rich.console import Console

_NARROW = 60  # columns; on a narrower screen expected and found are below each other


@dataclass(frozen=True)
class Suite:
    """The results of one protocol's examples, and the file that they were read from."""

    protocol: str
    document: Document
    results: tuple[ExampleResult, ...]
    left_out: int = 0  # by -k

    def where(self, result: ExampleResult) -> str:
        """Return `file:line:column` of an example."""
        return self.document.where(("examples", self._number(result.example.id)))

    def _number(self, id: str) -> int:
        written = self.document.data["examples"]
        return next(n for n, example in enumerate(written) if example["id"] == id)

    @property
    def failed(self) -> tuple[ExampleResult, ...]:
        return tuple(result for result in self.results if not result.passed)


def suite_text(suite: Suite, console: Console) -> None:
    """Print each failed example with given, expected and found values; then the count."""
    for result in suite.failed:
        _failure(suite, result, console)
    holding = len(suite.results) - len(suite.failed)
    others = f"; {suite.left_out} others were not selected" if suite.left_out else ""
    line = f"{suite.document.name}: {holding} of {len(suite.results)} examples hold{others}"
    _placed(console, line, "bold red" if suite.failed else "")


def _failure(suite: Suite, result: ExampleResult, console: Console) -> None:
    _placed(console, f"{suite.where(result)}: {result.example.id}", "bold red")
    _indented(console, result.example.why)
    for line in in_words(result.example).given:
        _indented(console, f"given {line}")
    if console.width < _NARROW:
        for difference in result.found:
            _indented(console, f"{difference.about}: expected {difference.expected}")
            _indented(console, f"{difference.about}: found {difference.found}")
    else:
        table = new_table(console, ("", "expected", "found"), (_name_width(result.found), 0, 0))
        # A wrong reason and a wrong event are two differences that look the same side by side.
        rows = {(d.about, d.expected, d.found): None for d in result.found}
        for about, expected, found in rows:
            add_row(console, table, f"  {about}", expected, found)
        put(console, table)
    for line in _explained(result):
        _indented(console, line)
    say(console)


def _explained(result: ExampleResult) -> list[str]:
    """Return the sentences of the findings; the difference as text if there is no sentence."""
    lines = [d.sentence or d.words for d in result.found if d.about != "verdict"]
    return list(dict.fromkeys(lines))


def _placed(console: Console, text: str, style: str) -> None:
    """Print a line that starts with file:line:column, without wrapping, for editors and grep."""
    console.print(safe(console, text), style=style or None, soft_wrap=True)


def _indented(console: Console, text: str) -> None:
    for line in wrap(text, max(20, console.width - 2)) or [""]:
        say(console, f"  {line}")


def _name_width(found: Sequence[Difference]) -> int:
    return min(24, max(len(difference.about) for difference in found) + 2)


def junit(suites: Sequence[Suite], problems: Sequence[Problem]) -> str:
    """Write one testsuite per protocol, one testcase per example; broken files are separate errors.

    Jenkins, GitLab and GitHub's reporters read this format. No times are given, so that two runs
    give the same file.
    """
    root = xml.Element("testsuites", name="qi-checker rules test")
    for suite in suites:
        _suite(root, suite)
    if problems:
        broken = xml.SubElement(root, "testsuite", name="files that cannot be read")
        for problem in problems:
            file, line = _place(problem.where)
            case = _case(broken, "files", problem.where, file, line)
            _told(case, "error", "file", problem.what, str(problem))
        _counts(broken)
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(root, "unicode") + "\n"


def _suite(root: xml.Element, suite: Suite) -> None:
    element = xml.SubElement(root, "testsuite", name=suite.protocol, file=suite.document.name)
    for result in suite.results:
        file, line = _place(suite.where(result))
        case = _case(element, suite.protocol, result.example.id, file, line)
        if not result.passed:
            lines = [result.example.why, *(f"given {g}" for g in in_words(result.example).given)]
            lines += [f"{d.about}: expected {d.expected}, found {d.found}" for d in result.found]
            lines += _explained(result)
            message = "; ".join(result.differences)
            _told(case, "failure", "difference", message, "\n".join(lines))
    _counts(element)


def _counts(element: xml.Element) -> None:
    element.set("tests", str(len(element)))
    for kind in ("failure", "error"):
        element.set(f"{kind}s", str(len(element.findall(f"testcase/{kind}"))))


def _case(suite: xml.Element, of: str, name: str, file: str, line: str) -> xml.Element:
    case = xml.SubElement(suite, "testcase", classname=of, name=in_xml(name), file=in_xml(file))
    if line:
        case.set("line", line)
    return case


def _told(case: xml.Element, element: str, kind: str, message: str, text: str) -> None:
    detail = xml.SubElement(case, element, type=kind, message=in_xml(message))
    detail.text = in_xml(text)


def _place(where: str) -> tuple[str, str]:
    """Return file and line of `file:line:column`; the line is empty if absent."""
    match = re.fullmatch(r"(.*):([0-9]+):[0-9]+", where)
    return (match[1], match[2]) if match else (where, "")
