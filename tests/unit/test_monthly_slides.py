"""The month as slides: what they say is what the report says, in charts that can be edited."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from qi_checker.monthly import words as said
from qi_checker.monthly.folder import as_json, write_monthly
from qi_checker.monthly.slides import write_slides
from qi_checker.monthly.views import Monthly
from qi_checker.render import words
from qi_checker.render.plots import Cause
from qi_checker.render.slides import Box, Line, fitted
from tests.helpers import monthly

pptx = pytest.importorskip("pptx")
VIEW = monthly.report(monthly.typical(), "2026-02", monthly.FULL, by="surgeon")


def written(folder: Path, view: Monthly = VIEW) -> Any:
    write_slides(folder / "report.pptx", view)
    return pptx.Presentation(str(folder / "report.pptx"))


def texts(slide: Any) -> str:
    return "\n".join(s.text_frame.text for s in slide.shapes if s.has_text_frame)


def charts(slide: Any) -> list[Any]:
    return [s.chart for s in slide.shapes if s.has_chart]


def test_three_wide_slides_each_with_a_title(tmp_path: Path) -> None:
    made = written(tmp_path)
    assert len(made.slides) == 3
    assert made.slide_width / made.slide_height == pytest.approx(16 / 9, rel=1e-3)
    titles = [s.shapes.title.text_frame.text for s in made.slides]
    assert titles[:2] == [said.head(VIEW), VIEW.trend.title]
    inside = [
        (s.left >= 0, s.left + s.width <= made.slide_width, s.top + s.height <= made.slide_height)
        for slide in made.slides
        for s in slide.shapes
        if not s.has_table
    ]
    assert all(all(x) for x in inside)


def test_the_first_slide_has_the_figures_of_the_page(tmp_path: Path) -> None:
    slide_texts = texts(written(tmp_path).slides[0])
    lead = json.loads(as_json(VIEW))["standards"][0]
    month, year = lead["month"], lead["year"]
    assert f"({year['part']} of {year['whole']})" in slide_texts
    assert f"February 2026: {month['part']} of {month['whole']}" in slide_texts
    for figure in said.figures(VIEW):
        assert all(text in slide_texts for text in (figure.number, figure.first, figure.second))
    assert "Comment. Made-up records." in slide_texts
    assert "not for judging individuals" in slide_texts


def test_charts_are_native_and_have_the_numbers_of_the_report(tmp_path: Path) -> None:
    trend, causes = charts(written(tmp_path).slides[1])
    report = json.loads(as_json(VIEW))
    points = report["trend"]["points"]
    assert list(trend.plots[0].categories) == [words.month(p["month"]) for p in points]
    rates, centre, target = trend.plots[0].series
    assert list(rates.values) == [p["events"] / p["cases"] if p["cases"] else None for p in points]
    assert list(centre.values) == report["trend"]["centre"]
    assert list(target.values) == [p["target"] for p in points]
    found = report["causes"]["causes"]
    assert list(causes.plots[0].categories) == [c["words"] for c in found]
    assert list(causes.plots[0].series[0].values) == [c["count"] for c in found]


def test_a_month_without_an_operation_is_a_gap(tmp_path: Path) -> None:
    first = replace(VIEW.trend.points[0], cases=0, events=0)
    view = replace(VIEW, trend=replace(VIEW.trend, points=(first, *VIEW.trend.points[1:])))
    trend, _ = charts(written(tmp_path, view).slides[1])
    assert trend.plots[0].series[0].values[0] is None


def test_the_rest_of_many_causes_is_counted(tmp_path: Path) -> None:
    many = tuple(Cause(f"cause {n}", "x", 20 - n) for n in range(9))
    view = replace(VIEW, causes=replace(VIEW.causes, causes=many))
    _, causes = charts(written(tmp_path, view).slides[1])
    assert list(causes.plots[0].categories)[-1] == "3 other causes"
    assert causes.plots[0].series[0].values[-1] == 14 + 13 + 12


def test_decisions_and_actions_are_those_of_the_page(tmp_path: Path) -> None:
    slide = written(tmp_path).slides[2]
    slide_texts = texts(slide)
    assert VIEW.decisions
    assert all(d.ask in slide_texts and said.rests_on(d) in slide_texts for d in VIEW.decisions)
    (table,) = [s.table for s in slide.shapes if s.has_table]
    rows = [tuple(c.text for c in row.cells) for row in table.rows]
    assert rows[0] == ("Action", "Owner", "Due", "State")
    assert ("Reserve two MRI slots a week", "Radiology", "Sat 31 Jan 2026", "overdue") in rows
    assert len(rows) == 1 + len(VIEW.actions)


def test_nothing_to_decide_and_nothing_failed_are_said(tmp_path: Path) -> None:
    none = replace(VIEW.causes, causes=(), title="No requirement failed in 2026")
    made = written(tmp_path, replace(VIEW, causes=none, decisions=(), actions=()))
    assert "No requirement failed in 2026" in texts(made.slides[1])
    assert len(charts(made.slides[1])) == 1
    assert said.NOTHING_ASKED in texts(made.slides[2]) and said.NO_ACTION in texts(made.slides[2])


def test_an_empty_month_has_slides_too(tmp_path: Path) -> None:
    empty = monthly.report(monthly.Records(), "2026-02")
    made = written(tmp_path, empty)
    assert said.head(empty) == made.slides[0].shapes.title.text_frame.text


def test_every_chart_says_what_it_shows(tmp_path: Path) -> None:
    shapes = written(tmp_path).slides[1].shapes
    descriptions = [s._element.nvGraphicFramePr.cNvPr.get("descr") for s in shapes if s.has_chart]
    assert descriptions == [VIEW.trend.description, VIEW.causes.title]


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    nasty = '=HYPERLINK("http://x")<a>&\x00\ud800'
    view = replace(
        VIEW,
        header=replace(VIEW.header, comment=nasty, organisation=nasty, title=nasty),
        causes=replace(VIEW.causes, title=nasty, causes=(Cause(nasty, nasty, 3),)),
        actions=(replace(VIEW.actions[0], action=nasty, owner=nasty),),
    )
    made = written(tmp_path, view)
    _, causes = charts(made.slides[1])
    shown = '=HYPERLINK("http://x")<a>&��'
    assert list(causes.plots[0].categories) == [shown]
    blob = causes.part.chart_workbook.xlsx_part.blob
    rows = CalamineWorkbook.from_filelike(io.BytesIO(blob)).get_sheet_by_index(0).to_python()
    assert rows == [["", "Failed requirements"], [shown, 3.0]]
    with zipfile.ZipFile(io.BytesIO(blob)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "hyperlink" not in sheet


def ends(slide: Any) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of each shape, in inches; of a table with rows as high as allowed."""
    found = []
    for s in slide.shapes:
        wide, high = s.width, s.height
        if s.has_table:
            wide = sum(c.width for c in s.table.columns)
            high = max(high, 5 * 914400)
        found.append((s.left, s.top, s.left + wide, s.top + high))
    return [tuple(x / 914400 for x in box) for box in found]


@pytest.mark.parametrize("words_of_a_long_text", [1, 300])
def test_nothing_lies_outside_or_on_something_else(
    tmp_path: Path, words_of_a_long_text: int
) -> None:
    long = (
        "Reserve " + "slots for the Hochleistungsmagnetresonanztomographie " * words_of_a_long_text
    )
    view = replace(
        VIEW,
        header=replace(VIEW.header, comment=long, organisation=long),
        causes=replace(VIEW.causes, title=long, causes=()),
        trend=replace(VIEW.trend, title=long),
        decisions=tuple(replace(d, ask=long) for d in VIEW.decisions),
        actions=tuple(replace(VIEW.actions[0], action=long, owner=long) for _ in range(12)),
    )
    made = written(tmp_path, view)
    wide, high = made.slide_width / 914400, made.slide_height / 914400
    for slide in made.slides:
        boxes = ends(slide)
        assert all(x[0] >= 0 and x[1] >= 0 and x[2] <= wide and x[3] <= high for x in boxes)
        for a, b in combinations(boxes, 2):
            apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
            assert apart or min(a[3] - b[1], b[3] - a[1], a[2] - b[0], b[2] - a[0]) < 0.001


@pytest.mark.parametrize(
    ("text", "size"), [("Met", 30), ("word " * 40, 12), ("word " * 900, 10), ("x" * 3000, 10)]
)
def test_a_text_is_smaller_then_cut_until_it_fits(text: str, size: int) -> None:
    box = Box(0, 0, 5, 1)
    (line,) = fitted([Line(text, 30, bold=True)], box)
    assert line.size == size
    assert line.text == text if size > 10 else line.text.endswith(" …")
    # Half the size is the mean width of a letter of Arial.
    assert len(line.text) * 0.5 * line.size / 72 <= 4.8 * int(0.9 / (line.size * 1.2 / 72))


def test_the_same_month_gives_the_same_bytes_whatever_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    for name, seconds in (("a", 1_000_000_000.0), ("b", 1_700_000_000.0)):
        monkeypatch.setattr(time, "time", lambda seconds=seconds: seconds)
        write_slides(tmp_path / name, VIEW)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with zipfile.ZipFile(tmp_path / "a") as book:
        assert {entry.date_time for entry in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = book.read("docProps/core.xml").decode()
        inner = [book.read(n) for n in book.namelist() if n.endswith(".xlsx")]
    day = VIEW.provenance.as_of[:10]
    assert core.count(f"{day}T") == 2
    for blob in inner:
        with zipfile.ZipFile(io.BytesIO(blob)) as book:
            assert book.read("docProps/core.xml").decode().count(f"{day}T") == 2


def test_slides_are_written_only_where_they_are_asked_for(tmp_path: Path) -> None:
    only_slides = write_monthly(VIEW, tmp_path / "asked", "pptx")
    assert only_slides.main_file == "report.pptx" and (tmp_path / "asked" / "report.pptx").is_file()
    assert not (tmp_path / "asked" / "index.html").exists()
    write_monthly(VIEW, tmp_path / "other", "xlsx")
    assert not (tmp_path / "other" / "report.pptx").exists()
