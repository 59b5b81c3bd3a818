"""PDF of a page: tagged, titled, the same every time, and nothing fetched for it."""

from __future__ import annotations

import builtins
import io
import sys
from typing import Any

import pytest
from pypdf import PdfReader

from qi_checker.authoring.rule_page import rule_page, rule_sheet
from qi_checker.errors import UserError
from qi_checker.render.pdf import pdf_of
from tests.helpers import sheets
from tests.helpers.commands import environment, start
from tests.helpers.pdf import needs_pango
from tests.helpers.protocols import ct, protocol_with

pytestmark = needs_pango
PAGE = rule_page(rule_sheet(sheets.rule_bundle(), sheets.rule_examples()))
PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def read(page: str) -> PdfReader:
    return PdfReader(io.BytesIO(pdf_of(page)))


def test_it_is_tagged_and_has_title_and_language() -> None:
    pdf = read(PAGE)
    root: Any = pdf.root_object
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Protocol: Imaging before liver surgery"
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert root["/StructTreeRoot"]["/K"]
    assert b"pdfuaid:part" in root["/Metadata"].get_data()


def test_its_text_can_be_read_and_it_says_who_signs() -> None:
    text = " ".join("".join(page.extract_text() for page in read(PAGE).pages).split())
    for words in (
        "Every patient has both a CT and an MRI",
        "Needs a completed imaging event",
        "Name Role Date Signature",
        "0" * 64,
    ):
        assert words in text


def test_a_short_protocol_is_one_page_of_a4() -> None:
    pages = read(rule_page(rule_sheet(protocol_with(ct())))).pages
    assert len(pages) == 1
    assert [round(float(side)) for side in pages[0].mediabox[2:]] == [595, 842]


def test_the_same_page_gives_the_same_bytes() -> None:
    assert pdf_of(PAGE) == pdf_of(PAGE)


def test_another_process_gives_the_same_bytes() -> None:
    made = []
    for seed in ("1", "2"):
        env = environment(PYTHONHASHSEED=seed)
        with start("rules", "render", "--format", "pdf", env=env) as process:
            out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        made.append(out)
    assert made[0] == made[1]
    assert made[0].startswith(b"%PDF-1.7")


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/x.png",
        "https://example.org/x.png",
        "file:///etc/hostname",
        "ftp://example.org/x",
        "FILE:///etc/hostname",
    ],
)
@pytest.mark.parametrize(
    "place",
    [
        '<img alt="x" src="{}">',
        '<link rel="stylesheet" href="{}">',
        "<style>body {{ background: url({}) }}</style>",
        "<style>@import '{}';</style>",
        '<svg width="9" height="9"><image href="{}" width="9" height="9"/></svg>',
        '<object data="{}"></object>',
    ],
)
def test_nothing_is_fetched(place: str, address: str) -> None:
    page = f'<html lang="en"><title>Small</title><main>{place.format(address)}</main></html>'
    with pytest.raises(ValueError, match="an external address"):
        pdf_of(page)


def test_a_picture_inside_the_page_is_no_address() -> None:
    assert pdf_of(PAGE.replace("</main>", f'<img alt="x" src="{PIXEL}"></main>')) != pdf_of(PAGE)


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (ImportError("no module"), 'python -m pip install "qi-checker[pdf]"'),
        (OSError("cannot load library 'libpango-1.0-0'"), "apt install libpango-1.0-0"),
    ],
)
def test_what_is_missing_is_told(
    failure: Exception, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "weasyprint":
            raise failure
        return real(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match="--format pdf") as caught:
        pdf_of(PAGE)
    assert words in str(caught.value)
    assert caught.value.exit_code == 2
