"""The pictures of the documentation are there, small, described, and of today's pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qi_checker.protocol.paths import reports_dir
from scripts.pictures import FOLDER, KINDS, TEMPLATES, WEB, kept, sha256_of

PAGE = "".join(
    (Path("docs") / name).read_text("utf-8") for name in ("reports.md", "style.md", "web.md")
)
MEND = "a page has changed since its picture was drawn: make pictures"


def test_every_picture_is_shown_with_words_and_there() -> None:
    shown = re.findall(r"!\[([^\]]+)\]\(pictures/([a-z_]+)\.png\)", PAGE)
    assert {name for _, name in shown} == {*KINDS, *WEB} == {f.stem for f in FOLDER.glob("*.png")}
    assert all(len(words) > 20 for words, _ in shown)


def test_every_kind_of_page_has_one() -> None:
    folder = reports_dir() / "templates"
    kinds = {template: kind for kind, template in TEMPLATES.items()}
    whole = {
        kinds.get(f.relative_to(folder).as_posix(), f.name.removesuffix(".html.j2"))
        for f in folder.rglob("*.html.j2")
        if "{% extends" in f.read_text("utf-8") and f.parent.name != "web"
    }
    assert len(whole) > 8
    assert whole <= set(KINDS)


@pytest.mark.parametrize(
    "kind", [*KINDS, *(pytest.param(kind, marks=pytest.mark.thorough) for kind in WEB)]
)
def test_a_picture_is_small_and_of_todays_page(kind: str) -> None:
    assert kept()[kind] == sha256_of(kind), MEND
    file = FOLDER / f"{kind}.png"
    assert file.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert file.stat().st_size < 250_000
