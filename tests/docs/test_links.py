"""Pages that name each other are there, and so are the sections they point to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.test_documentation import ROOT

PAGES = [*sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("*.md"))]
# A bracketed text with an address behind it; code is no link.
LINK = re.compile(r"\[[^\]\n]+\]\(([^)\s]+)\)")


def links(page: Path) -> list[str]:
    """Addresses of a page's links to files of the project."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [x for x in LINK.findall(text) if not x.startswith(("http://", "https://", "mailto:"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_leads_somewhere(page: Path) -> None:
    missing = [x for x in links(page) if not (page.parent / x.partition("#")[0]).exists()]
    assert missing == []


def test_links_are_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[a](b.md) `[c](d.md)` [e](https://f.org)\n", encoding="utf-8")
    assert links(page) == ["b.md"]


@pytest.mark.parametrize("name", ["language", "requirements", "windows"])
def test_the_author_finds_every_page_of_the_language(name: str) -> None:
    page = ROOT / "docs" / f"protocol-{name}.md"
    others = [p for p in PAGES if p != page]
    assert any(page.name in x for other in others for x in links(other))
