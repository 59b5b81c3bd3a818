"""Parsing an HTML page: whether it is well formed, and its contents."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser

from qi_checker.render.words import day

_ISO = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_VOID = frozenset({"meta", "br", "hr", "img", "input", "link"})
_INLINE = frozenset({"a", "b", "bdi", "i", "span", "time"})
_SVG_LEAVES = frozenset({"circle", "path", "rect", "use"})


@dataclass
class Element:
    """An element with its attributes, child elements and all text inside it."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, name: str) -> list[Element]:
        """Return every descendant with this name, in the order of the page."""
        elements = []
        for child in self.children:
            elements += ([child] if child.name == name else []) + child.all(name)
        return elements

    def by_id(self, id: str) -> Element:
        return next(e for e in [*self.everything()] if e.attributes.get("id") == id)

    def everything(self) -> list[Element]:
        return [self] + [e for child in self.children for e in child.everything()]

    @property
    def words(self) -> str:
        """Return the text, with single blanks."""
        return " ".join(self.text.split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("document")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        if tag not in _INLINE:
            self.handle_data(" ")
        self.open[-1].children.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _SVG_LEAVES, f"<{tag}/> is not closed in HTML"
        self.open[-1].children.append(Element(tag, {n: v or "" for n, v in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].name == tag, f"</{tag}> closes <{self.open[-1].name}>"
        self.open.pop()
        if tag not in _INLINE:
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data


def read_page(text: str) -> Element:
    """Parse the page into a tree. Raise AssertionError if its tags are not balanced."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert [e.name for e in reader.open] == ["document"], "not every element is closed"
    return reader.open[0]


def as_read(text: str) -> str:
    """Return one of our sentences as a page shows it, with ISO dates as people read them."""
    return _ISO.sub(lambda found: day(date.fromisoformat(found[0])), text)
