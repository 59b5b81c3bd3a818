"""Case sheets and checklists on paper: how many pages, what stands at their foot, what is left out."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pypdf import PdfReader

from qi_checker.cases.pages import case_page, checklist_page
from qi_checker.cases.views import CaseSheet, Checklist, without_patient
from qi_checker.render.paper import PAPERS, on_paper
from qi_checker.render.pdf import pdf_of
from tests.helpers import sheets
from tests.helpers.pages import read_page
from tests.helpers.pdf import needs_pango

pytestmark = needs_pango
HOSPITAL = replace(sheets.PROVENANCE, organisation="General Hospital, Department of Surgery")
CASE = replace(sheets.CASE, provenance=HOSPITAL)
SIZES = {"a4": (595, 842), "letter": (612, 792)}
EVIL = '</style></head><script>alert("x")</script>{{ 7 * 7 }}\x00\u202egpj 肝臓 <b>&amp;'


def pdf(page: str) -> PdfReader:
    return PdfReader(io.BytesIO(pdf_of(page)))


def words(reader: PdfReader, page: int | None = None) -> str:
    pages = reader.pages if page is None else [reader.pages[page]]
    # pypdf reads text of an uncommon encoding as UTF-16 in two parts; other readers do not.
    return " ".join(" ".join(p.extract_text() for p in pages).replace("\x00", "").split())


def tags(reader: PdfReader) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every element of the structure that a screen reader walks through."""
    waiting: list[Any] = [reader.root_object["/StructTreeRoot"]]
    while waiting:
        element = waiting.pop().get_object()
        if isinstance(element, list):
            waiting += element
        elif isinstance(element, dict):
            if "/S" in element:
                yield str(element["/S"]), element
            if "/K" in element and not isinstance(element["/K"], int):
                waiting.append(element["/K"])


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("sheet", [CASE, sheets.compliant_case()], ids=["expired", "compliant"])
def test_a_usual_case_is_one_page(sheet: CaseSheet, paper: str) -> None:
    """Two requirements with four events each, problems, long words: A4 and the shorter Letter."""
    reader = pdf(on_paper(case_page(sheet), paper))
    assert len(reader.pages) == 1
    assert tuple(round(float(s)) for s in reader.pages[0].mediabox[2:]) == SIZES[paper]


def test_the_sheet_has_what_a_surgeon_signs_for() -> None:
    said = words(pdf(case_page(CASE)))
    for part in (
        "Case C-1042",
        "Not compliant",
        "MRI booking desk",
        "arranged",
        "What would make it compliant",
        "Sat 24 Jan 2026 to Mon 23 Feb 2026",
        "within 30 days before surgery",
        "31 days",
        "1 day too old",
        "events.csv, row 22",
        "As of Tue 10 Feb 2026, end of the day",
        "Checked by",
        "Action arranged by",
        "Date",
        "General Hospital, Department of Surgery, as of Tue 10 Feb 2026",
        "Page 1 of 1",
        "For quality improvement",
        "a1" * 32,
    ):
        assert part in said, part


def test_a_screen_reader_hears_title_language_tables_and_what_the_pictures_show() -> None:
    reader = pdf(case_page(CASE))
    root: Any = reader.root_object
    assert reader.metadata is not None
    assert reader.metadata.title == "Case C-1042: Not compliant"
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"].value) == ("en", True)
    assert b"pdfuaid:part" in root["/Metadata"].get_data()
    found = list(tags(reader))
    kinds = [kind for kind, _ in found]
    assert kinds.count("/Table") == 2 and kinds.count("/H1") == 1
    assert {"/THead", "/TH", "/TR", "/TD"} <= set(kinds)
    said = [str(e["/Alt"]) for kind, e in found if kind == "/Figure"]
    assert sum("days before surgery on 2026-02-23" in text for text in said) == 2
    assert {"filled circle", "open circle", "open triangle", "tick box: arranged"} <= set(said)


def test_a_patient_is_named_only_where_that_is_asked_for() -> None:
    assert "P-77" in words(pdf(case_page(CASE)))
    plain = case_page(without_patient(CASE))
    assert "P-77" not in plain and "Patient" not in read_page(plain).words
    assert "C-1042" in plain


def test_a_long_case_repeats_headings_and_signs_at_the_end() -> None:
    many = tuple(sheets.candidate(n, "2026-02-03", 20) for n in range(60))
    long = replace(CASE, requirements=(replace(sheets.CT, candidates=many),))
    reader = pdf(case_page(long))
    assert len(reader.pages) == 3
    for number in range(3):
        said = words(reader, number)
        assert f"Page {number + 1} of 3" in said and "Case C-1042" in said
        assert "No. Event Date" in said
    assert "Checked by" in words(reader, 2) and "Checked by" not in words(reader, 0)


@pytest.mark.parametrize("paper", PAPERS)
def test_the_checklist_is_a_day_list_with_boxes_and_room_to_write(paper: str) -> None:
    reader = pdf(on_paper(checklist_page(sheets.CHECKLIST), paper))
    assert tuple(round(float(s)) for s in reader.pages[0].mediabox[2:]) == SIZES[paper]
    said = words(reader)
    waiting = [item for item in sheets.CHECKLIST.items if item.next_action]
    assert said.count("Note") == len(waiting)
    boxes = [e for _, e in tags(reader) if str(e.get("/Alt", "")) == "tick box: done"]
    assert len(boxes) == len(waiting) == said.count("called")
    order = [said.index(item.case_id) for item in sheets.CHECKLIST.items]
    assert order == sorted(order)
    assert "Checklist for Tue 10 Feb 2026" in words(reader, -1) and "Handed over to" in said


def long_list(number: int) -> Checklist:
    waiting = [replace(sheets.CHECKLIST.items[3], case_id=f"W-{n:02}") for n in range(number)]
    calm = [replace(sheets.CHECKLIST.items[-1], case_id=f"N-{n}") for n in range(3)]
    return replace(sheets.CHECKLIST, items=(*waiting, *calm))


def test_every_page_of_a_long_list_has_heading_date_and_number() -> None:
    reader = pdf(checklist_page(long_list(40)))
    assert len(reader.pages) >= 2
    for number in range(len(reader.pages)):
        said = words(reader, number)
        assert f"Page {number + 1} of {len(reader.pages)}" in said
        assert "Checklist for Tue 10 Feb 2026" in said
    assert "Done Next action Until Who" in words(reader, 1)


def test_twelve_operations_fit_on_the_first_page() -> None:
    said = words(pdf(checklist_page(long_list(30))), 0)
    assert sum(f"W-{n:02}" in said for n in range(30)) >= 12


def test_a_list_that_is_too_long_is_cut_at_the_calm_end_and_says_so() -> None:
    page = read_page(checklist_page(long_list(20), 15))
    assert "Only the first 15 of 23 lines are listed." in page.words
    assert "Soon (20)" in page.words
    assert "5 more of them are not listed here." in page.words
    assert "W-14" in page.words and "W-15" not in page.words and "N-0" not in page.words
    assert "20 of 23 operations" in page.words
    assert "Only the first" not in read_page(checklist_page(long_list(20), 23)).words


def test_a_hostile_text_stays_on_its_line() -> None:
    case = replace(
        CASE,
        case_id=EVIL,
        owner=EVIL,
        facts=(("Site", EVIL),),
        provenance=replace(HOSPITAL, organisation=EVIL),
    )
    page = on_paper(case_page(case), "letter")
    assert "<script" not in page and page.count("</style>") == 2
    reader = pdf(page)
    assert round(float(reader.pages[0].mediabox[3])) == 792
    assert 'alert("x")' in words(reader)
    item = replace(sheets.CHECKLIST.items[0], case_id=EVIL, next_action=EVIL * 5, owner=EVIL)
    assert len(pdf(checklist_page(replace(sheets.CHECKLIST, items=(item,)))).pages) == 1


@pytest.mark.parametrize("page", [CASE, sheets.CHECKLIST], ids=["case", "checklist"])
def test_the_same_page_gives_the_same_bytes_whatever_was_made_before(page: Any) -> None:
    make = case_page if isinstance(page, CaseSheet) else checklist_page
    first = pdf_of(make(page))
    pdf_of(case_page(replace(CASE, case_id="X" * 40, surgery_date=date(2031, 1, 1))))
    assert pdf_of(make(page)) == first
