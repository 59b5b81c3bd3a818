"""A protocol in plain English."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qi_checker.protocol.codes import CodeList, CodeRow
from qi_checker.protocol.models import Protocol
from qi_checker.reporting import html
from qi_checker.reporting.rule_page import CODES_SHOWN, rule_sheet
from tests.helpers import sheets
from tests.helpers.pages import read_page
from tests.helpers.protocols import CATALOGUE, ct, protocol_with

SHEET = rule_sheet(sheets.rule_bundle(), sheets.rule_examples())
PAGE = read_page(html.rule_page(SHEET))


@pytest.mark.parametrize(
    "words",
    [
        "Version 2.0, in force from Mon 2024-01-01",
        "Version 1.0, in force from Wed 2020-01-01 to Sun 2023-12-31",
        (
            "All of these hold: a procedure code of the list liver-resection a diagnosis code of the "
            "list liver-metastasis"
        ),
        "Emergency surgery: urgency is emergency",
        (
            "Every one of these is needed: CT or MRI: one of these is enough: CT of the liver MRI of "
            "the liver Visit of the anaesthetist"
        ),
        "within 30 days before surgery: 0 to 30 days, both ends included",
        "less than 4 weeks before surgery",
        "an event counts, unless the clock times show that it was after the operation",
        "the CT of a PET/CT does not count as CT",
        "No contrast. Never changes a status.",
        "5 working days",
        "for at most 90 days: contraindication-mri, other.",
        "14 days, 30 days",
        "A ct is enough A CT ten days before surgery is enough.",
        (
            "surgery 2026-02-23 (performed): urgency elective E1: modality CT, at 2026-02-10 "
            "X1: requirement mri, reason other as of 2026-03-01"
        ),
        "case: Compliant ct: Met, in window, event E1 mri: Exempt",
        "liver-resection: 2 codes.",
    ],
)
def test_the_page_says(words: str) -> None:
    assert words in PAGE.all("main")[0].words


def test_newest_version_first_and_no_word_about_unused_lists() -> None:
    assert [v.version for v in SHEET.versions] == ["2.0", "1.0"]
    assert [c.name for c in SHEET.code_lists] == ["liver-metastasis", "liver-resection"]


def test_conditions_on_columns_read_as_sentences() -> None:
    where = {
        "any_of": [
            {"site": ["North", "South"]},
            {"column": {"name": "ward", "in": ["A", "B", "C"]}},
        ]
    }
    rule = rule_sheet(protocol_with(ct(), applies_to=where)).versions[0].applies_to
    assert rule.text == "At least one of these holds"
    assert [m.text for m in rule.members] == ["site is North or South", "ward is A, B or C"]


def test_links_are_dois_and_addresses_only() -> None:
    bundle = sheets.rule_bundle()
    source = {"citation": "A", "level": "b", "doi": "10.1000/182", "url": "https://example.org/a"}
    protocol = Protocol.model_validate(
        bundle.protocol.model_dump(mode="json", by_alias=True, exclude_none=True)
        | {"source": [source]}
    )
    page = read_page(
        html.rule_page(rule_sheet(type(bundle)(protocol, bundle.catalogue, "0", bundle.path)))
    )
    links = [a.attributes["href"] for a in page.all("a")]
    assert links == ["https://doi.org/10.1000/182", "https://example.org/a"]


def test_a_long_code_list_is_cut_and_names_its_file() -> None:
    rows = tuple(CodeRow("CCI", f"1OA87{n:03}") for n in range(CODES_SHOWN + 20))
    lists = CATALOGUE.lists | {"liver-resection": CodeList("liver-resection", rows)}
    long = replace(sheets.rule_bundle(), catalogue=replace(CATALOGUE, lists=lists))
    page = read_page(html.rule_page(rule_sheet(long)))
    words = "liver-resection: 120 codes, the first 100 shown; liver-resection.csv has every one."
    assert words in page.words
    assert "1OA87099" in page.words
    assert "1OA87100" not in page.words
