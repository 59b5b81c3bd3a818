"""A protocol in plain English, to be signed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qi_checker.authoring.definitions import statuses
from qi_checker.authoring.rule_page import CODES_SHOWN, rule_page, rule_sheet
from qi_checker.protocol.codes import CodeList, CodeRow
from qi_checker.protocol.models import Protocol
from tests.helpers import sheets
from tests.helpers.pages import read_page
from tests.helpers.protocols import CATALOGUE, ct, liver, protocol_with
from tests.helpers.rich_rules import rich

SHEET = rule_sheet(sheets.rule_bundle(), sheets.rule_examples())
PAGE = read_page(rule_page(SHEET))
RICH = read_page(rule_page(rule_sheet(rich())))


@pytest.mark.parametrize(
    "words",
    [
        "Version 2.0, in force from Mon 1 Jan 2024",
        "Version 1.0, in force from Wed 1 Jan 2020 to Sun 31 Dec 2023",
        "The version in force on the day of surgery applies.",
        (
            "Who Operations where a procedure code is in the list liver-resection and a diagnosis "
            "code is in the list liver-metastasis."
        ),
        "Left out Emergency surgery: if urgency is emergency.",
        "Required CT or MRI (CT of the liver or MRI of the liver) and Visit of the anaesthetist.",
        "Window for surgery on Tue 31 Mar 2026: Sun 1 Mar 2026 to Tue 31 Mar 2026.",
        "Window for surgery on Tue 31 Mar 2026: Wed 4 Mar 2026 to Tue 31 Mar 2026.",
        "On the day of surgery counts, unless the clock times show the wrong order.",
        "PET/CT the CT of a PET/CT does not count.",
        "Advice No contrast (the description holds plain).",
        "Time to arrange it 5 working days.",
        "Arranged by MRI desk.",
        (
            "contraindication-mri, other; approved by someone other than the requester, for at most "
            "90 days."
        ),
        "What the rate would be with 14 days, 30 days as the limit.",
        "Exceptions None is accepted.",
        "A CT ten days before surgery is enough.",
        "urgency elective; E1: modality CT, at Tue 10 Feb 2026; X1: requirement mri, reason other",
        "case: Compliant; ct: Met, in window, event E1; mri: Exempt",
        (
            "Unless an example says otherwise, cases have surgery_at 2026-02-23, status performed; "
            "the evaluation is as of 2026-03-01."
        ),
        "liver-resection (2 codes) ICD-10-PCS: 0FB0*. CCI: 1OA87LA.",
        "Met a completed event fulfils every criterion, window included.",
        "less than 4 weeks means 0 to 27 days.",
        "Evidence: none.",
        "approve protocol liver-imaging, version 2.0, as it is written here.",
        f"SHA-256 {'0' * 64}",
        "Name Role Date Signature",
    ],
)
def test_the_page_says(words: str) -> None:
    assert words in PAGE.all("main")[0].words


@pytest.mark.parametrize(
    "words",
    [
        "On the day of History and physical or discharge",
        "Advice shown if there was a drain (completed drain event) between it and History",
        "A biopsy (a code of the list biopsy-codes).",
        "Low dose (a code with the role warns).",
        "for admission on Tue 31 Mar 2026 at 10:00: Tue 31 Mar 2026 10:00 to before Wed 1 Apr 2026 10:00",
        "A window counted from another requirement is counted from the event found for it.",
        "Working days are Monday to Friday",
        "one month before 31 March is 28 or 29 February",
        "Minutes and hours need clock times",
        "missing records are not enough",
        "far enough from it",
        "window included; where there must be no event: no such event in the window.",
        "biopsy-codes (2 codes)",
        "liver-ct-codes (2 codes)",
    ],
)
def test_the_page_of_every_key_says(words: str) -> None:
    assert words in RICH.all("main")[0].words


def test_only_what_the_protocol_uses_is_defined() -> None:
    plain = read_page(rule_page(rule_sheet(liver()))).words
    for words in ("Working days", "28 or 29 February", "clock times;", "silence", "Less than"):
        assert words not in plain, words
    assert "within 30 days means 0 to 30 days" in plain


def test_the_glossary_has_the_statuses_that_can_be() -> None:
    assert [s for s, _ in statuses(liver().protocol)] == [
        "not_applicable",
        "met",
        "booked",
        "unknown",
        "due",
        "expired",
        "missing",
    ]
    forbidden = protocol_with(ct(forbidden=True), exceptions={"reasons": ["other"]})
    assert [s for s, _ in statuses(forbidden.protocol)] == [
        "not_applicable",
        "met",
        "exempt",
        "unknown",
        "due",
        "missing",
    ]
    assert ("met", "no such event in the window") in statuses(forbidden.protocol)


def test_newest_version_first_and_no_word_about_unused_lists() -> None:
    assert [v.version for v in SHEET.versions] == ["2.0", "1.0"]
    assert [c.name for c in SHEET.code_lists] == ["liver-metastasis", "liver-resection"]


def test_links_are_dois_and_addresses_only() -> None:
    bundle = sheets.rule_bundle()
    source = {"citation": "A", "level": "b", "doi": "10.1000/182", "url": "https://example.org/a"}
    protocol = Protocol.model_validate(
        bundle.protocol.model_dump(mode="json", by_alias=True, exclude_none=True)
        | {"source": [source]}
    )
    page = read_page(
        rule_page(rule_sheet(type(bundle)(protocol, bundle.catalogue, "0", bundle.path)))
    )
    links = [a.attributes["href"] for a in page.all("a")]
    assert links == ["https://doi.org/10.1000/182", "https://example.org/a"]


def test_a_long_code_list_is_cut_and_names_its_file() -> None:
    rows = tuple(CodeRow("CCI", f"1OA87{n:03}") for n in range(CODES_SHOWN + 20))
    lists = CATALOGUE.lists | {"liver-resection": CodeList("liver-resection", rows)}
    long = replace(sheets.rule_bundle(), catalogue=replace(CATALOGUE, lists=lists))
    page = read_page(rule_page(rule_sheet(long)))
    words = "liver-resection (120 codes, the first 100 shown; liver-resection.csv has every one)"
    assert words in page.words
    assert "1OA87099" in page.words
    assert "1OA87100" not in page.words


def test_site_settings_of_an_example_read_as_words() -> None:
    example = sheets.rule_examples()[0]
    given = example.given.model_copy(update={"site": {"feeds": {"imaging": "3 days"}}})
    shown = rule_sheet(sheets.rule_bundle(), [replace(example, given=given)]).examples[0]
    assert "site feeds: imaging 3 days" in shown.given


def test_an_example_without_anything_says_so() -> None:
    example = sheets.rule_examples()[0]
    nothing = replace(
        example,
        given=type(example.given)(),
        tables=example.tables
        | {
            "events": [],
            "exceptions": [],
        },
    )
    assert rule_sheet(sheets.rule_bundle(), [nothing]).examples[0].given == ("no event",)


def test_a_title_begins_a_heading_with_a_capital() -> None:
    page = read_page(rule_page(rule_sheet(protocol_with(ct(title="examination")))))
    assert page.all("h3")[0].words == "Examination (ct)"
