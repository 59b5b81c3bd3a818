"""Every kind of page as PDF/UA-1: checked by a library, and by what it does not look at.

`pdfua` implements 16 of the 106 rules that a machine can check. veraPDF, which has them all, is a
Java program that no registry of ours offers. What is added here: a title that is shown, headings that
do not skip a level, header cells with a scope, fonts that are embedded and can be read as text,
pictures with words, and a tab order that is that of the structure.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pdfua
import pytest
from pypdf import PdfReader

from qi_checker.render.pdf import pdf_of
from tests.helpers.pdf import needs_pango
from tests.unit.test_reporting_golden import PAGES
from tests.unit.test_reporting_golden import made as page

pytestmark = needs_pango
# The mail is no page to print; the others are variants of pages that are here.
KINDS = [
    n
    for n in PAGES
    if not n.startswith("digest")
    and n in {"case", "audit", "rulebook", "checklist", "rule", "study", "monthly", "sheets"}
]
# A fault of pdfua 0.1.3 itself: it asks an array whether it is a number.
_NOT_EVALUATED = {"UA-14-001"}


@pytest.fixture(scope="module", params=KINDS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("ua") / f"{request.param}.pdf"
    file.write_bytes(pdf_of(page(request.param)))
    return file


def tags(reader: PdfReader) -> Iterator[dict[str, Any]]:
    """Every element of the structure, in the order in which it is read."""

    def walk(item: Any) -> Iterator[dict[str, Any]]:
        item = item.get_object()
        if isinstance(item, list):
            for one in item:
                yield from walk(one)
        elif isinstance(item, dict) and "/S" in item:
            yield item
            if "/K" in item and not isinstance(item["/K"], int):
                yield from walk(item["/K"])

    root: Any = reader.root_object
    yield from walk(root["/StructTreeRoot"]["/K"])


def test_a_checker_of_pdf_ua_finds_nothing(made: Path) -> None:
    outcomes = pdfua.validate(str(made)).outcomes
    assert len(outcomes) >= 12
    assert {o.rule_id for o in outcomes if o.skipped_reason} <= _NOT_EVALUATED
    assert [f"{f}" for o in outcomes for f in o.findings] == []


def test_the_document_says_what_it_is(made: Path) -> None:
    root: Any = PdfReader(made).root_object
    assert root["/MarkInfo"]["/Marked"].value
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value
    assert root["/Lang"] == "en"
    assert b"pdfuaid:part" in root["/Metadata"].get_object().get_data()


def test_headings_do_not_skip_a_level(made: Path) -> None:
    levels = [
        int(str(t["/S"])[2:])
        for t in tags(PdfReader(made))
        if str(t["/S"])[2:].isdigit() and str(t["/S"]).startswith("/H")
    ]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))


def test_header_cells_have_a_scope_and_pictures_have_words(made: Path) -> None:
    found = list(tags(PdfReader(made)))
    heads = [t for t in found if t["/S"] == "/TH"]
    assert heads or made.stem == "case"
    assert all(t["/A"].get_object().get("/Scope") in ("/Column", "/Row") for t in heads)
    assert all(str(t.get("/Alt", "")).strip() for t in found if t["/S"] == "/Figure")


def test_fonts_are_embedded_and_can_be_read_as_text(made: Path) -> None:
    pages: list[Any] = list(PdfReader(made).pages)
    fonts = {
        id(font): font
        for page in pages
        for font in (f.get_object() for f in page["/Resources"].get("/Font", {}).values())
    }
    assert fonts
    for font in fonts.values():
        below = [f.get_object() for f in font.get("/DescendantFonts", [font])]
        described = [f["/FontDescriptor"].get_object() for f in below]
        assert all({"/FontFile", "/FontFile2", "/FontFile3"} & set(d) for d in described)
        assert "/ToUnicode" in font


def test_tab_follows_the_structure(made: Path) -> None:
    assert all(page.get("/Tabs") == "/S" for page in PdfReader(made).pages if "/Annots" in page)


def test_a_plain_pdf_is_found_out(tmp_path: Path) -> None:
    """The checker can fail."""
    import weasyprint

    file = tmp_path / "plain.pdf"
    weasyprint.HTML(string="<p>Hello</p>").write_pdf(str(file))
    assert [f for o in pdfua.validate(str(file)).outcomes for f in o.findings]
    assert "/StructTreeRoot" not in PdfReader(io.BytesIO(file.read_bytes())).root_object
