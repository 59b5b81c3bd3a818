"""Charts: what is drawn is what is in the rows, and any person and any page can take it."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qi_checker.render.charts import canvas, draw, pictures
from qi_checker.render.plot_files import write_plot_csv
from qi_checker.render.plots import Plot
from tests.helpers import plots

NS = {"s": "http://www.w3.org/2000/svg"}
EACH = plots.one_of_each()
KEYS = [p.key for p in EACH]


def parsed(plot: Plot, narrow: bool = False) -> ElementTree.Element:
    return ElementTree.fromstring(draw(plot, narrow))


def texts(root: ElementTree.Element) -> list[str]:
    return ["".join(t.itertext()) for t in root.iterfind(".//s:text", NS)]


def drawn(root: ElementTree.Element, id: str) -> list[tuple[float, float]]:
    """Where the marks of a group are; none where there is no such group."""
    return [
        (float(u.get("x", "")), float(u.get("y", "")))
        for u in root.iterfind(f".//s:g[@id='{id}']//s:use", NS)
    ]


# ---- for every kind -----------------------------------------------------------------------------


@pytest.mark.parametrize("plot", EACH, ids=KEYS)
def test_the_title_is_the_finding_and_the_drawing_is_silent(plot: Plot) -> None:
    root = parsed(plot)
    assert root.get("role") == "img"
    title, desc, inner = root
    assert (title.tag, desc.tag) == (f"{{{NS['s']}}}title", f"{{{NS['s']}}}desc")
    assert (title.text, desc.text) == (plot.title, plot.description)
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert inner.get("aria-hidden") == "true"


@pytest.mark.parametrize("plot", EACH, ids=KEYS)
def test_it_grows_with_the_page_and_fetches_nothing(plot: Plot) -> None:
    root, text = parsed(plot), draw(plot)
    assert root.get("width") is None and root.get("height") is None
    assert root.get("viewBox", "").startswith("0 0 600 ")
    assert "<style" not in text and "<script" not in text and "<metadata" not in text
    assert " style=" not in text  # the policy of the web application forbids it
    assert set(re.findall(r'(?:href|src)="([^#"])', text)) == set()
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]
    assert "'DejaVu Sans'" in text and "sans-serif" in text


def test_several_fit_on_one_page() -> None:
    """Ids are unique over all charts of a screen and a phone, and what points to an id finds it."""
    page = "".join(map(pictures, EACH))
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', page)) <= set(ids)
    named = " ".join(re.findall(r' aria-labelledby="([^"]+)"', page)).split()
    assert set(named) <= set(ids) and len(named) == 4 * len(EACH)


def test_letters_are_never_small() -> None:
    """9 points at least, where the width of 600 is a printed page of 170 mm or more."""
    for plot in EACH:
        sizes = [float(s) for s in re.findall(r'font-size="([\d.]+)"', pictures(plot))]
        assert sizes and min(sizes) >= canvas.SMALL


def test_the_same_bytes_in_every_process_and_no_drawing_library() -> None:
    """Also where hashes are salted otherwise; loading a library took longer than the whole report."""
    script = (
        "import sys; from tests.helpers import plots; from qi_checker.render.charts import draw\n"
        "sys.stdout.buffer.write(''.join(map(draw, plots.one_of_each())).encode())\n"
        "assert not {'matplotlib', 'numpy'} & set(sys.modules)"
    )
    root = Path(__file__).parents[2]
    env = {"PYTHONHASHSEED": "1", "PATH": "", "TZ": "Asia/Tokyo", "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, env=env, check=True)
    here = "".join(map(draw, EACH)).encode()
    assert (done.stdout == here, done.stderr) == (True, b"")


HOSTILE = [
    "<script>alert(1)</script>",
    "a & b ]]> \" ' <!-- x",
    "</title></svg><b>",
    "$\\frac{1}{2}$ 5 $",
    "\x00\x1b[31m\ud800 x",
    "患者の検査 🩻 مريض",
    "{{ 7*7 }} %s %(x)s",
    "W" * 400,
    "two\nlines\r\n",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_is_text(text: str) -> None:
    for plot in plots.hostile(text):
        root = parsed(plot)
        clean = re.sub("[\x00\x1b\ud800]", "\ufffd", text).replace("\r\n", "\n").replace("\r", "\n")
        assert (root[0].text or "").replace("\r", "\n") in (clean, text.replace("\r", "\n"))
        names = {e.tag.rpartition("}")[2] for e in root.iter()}
        assert names <= {
            "svg",
            "title",
            "desc",
            "g",
            "defs",
            "path",
            "use",
            "text",
            "rect",
        }


@pytest.mark.parametrize("plot", plots.empty())
def test_without_a_number_nothing_is_drawn(plot: Plot) -> None:
    assert draw(plot) == ""


@pytest.mark.parametrize(
    "plot",
    [
        plots.trend(1),
        plots.trend(120),
        plots.intervals(1),
        plots.intervals(2000),
        plots.gaps(1),
        plots.gaps(300),
        plots.cusum(1),
        plots.cusum(2000),
        plots.funnel(1),
        plots.funnel(60),
    ],
)
def test_tiny_and_huge(plot: Plot) -> None:
    assert len(draw(plot)) < 600_000
    names = [t for t in texts(parsed(plot)) if t]
    assert names and not any("nan" in name or "None" in name for name in names)


def contrast(color: str) -> float:
    """With white, by WCAG 2.2."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05)


def test_colours_can_be_seen() -> None:
    """All but white and the decoration have 4.5:1, which text needs and 3:1 for marks includes."""
    used = {c.lower() for p in EACH for c in re.findall(r"#[0-9a-fA-F]{6}", draw(p))}
    decoration = {"#ffffff", "#d9dde1", "#e6e8ea"}
    assert {"#005eb8", "#b34700", "#0072b2", "#666666"} <= used
    assert {c: contrast(c) for c in used - decoration if contrast(c) < 4.5} == {}


def test_a_row_for_every_plotted_number(tmp_path: Path) -> None:
    for plot in EACH:
        name = write_plot_csv(plot, tmp_path)
        with (tmp_path / name).open(encoding="utf-8", newline="") as file:
            header, *lines = csv.reader(file)
        assert tuple(header) == plot.columns
        assert lines == [["" if c is None else str(c) for c in row] for row in plot.rows()]


def test_a_cell_cannot_become_a_formula(tmp_path: Path) -> None:
    write_plot_csv(plots.pareto(1, words='=HYPERLINK("x")'), tmp_path)
    assert "'=HYPERLINK" in (tmp_path / "causes.csv").read_text("utf-8")


# ---- kind by kind -------------------------------------------------------------------------------


@settings(max_examples=12)
@given(st.integers(1, 30), st.integers(0, 9), st.sampled_from([3, 5, 40, 130]))
def test_trend_marks_and_counts_are_its_rows(months: int, seed: int, most: int) -> None:
    plot = plots.trend(months, seed, most)
    rows, root = list(plot.rows()), parsed(plot)
    marks = drawn(root, "trend-months")
    rates = [r[3] for r in rows if isinstance(r[3], float)]
    assert len(marks) == len(rates)
    assert in_order(marks, rates)
    counts = [t for t in texts(root) if re.fullmatch(r"\d+/\d+", t)]
    assert counts == [f"{r[1]}/{r[2]}" for r in rows if r[3] is not None]
    assert texts(root).count("–") == sum(r[2] == 0 for r in rows)


def in_order(marks: list[tuple[float, float]], values: list[float]) -> bool:
    """Higher values stand higher, and equal ones level (SVG counts from the top)."""
    heights = [(-y, v) for (_, y), v in zip(marks, values, strict=True)]
    return all((a[0] < b[0]) == (a[1] < b[1]) for a in heights for b in heights if a[1] != b[1])


def test_trend_months_without_cases_keep_their_slot() -> None:
    xs = [x for x, _ in drawn(parsed(plots.trend(14)), "trend-months")]
    steps = {round(b - a, 1) for a, b in pairwise(xs)}
    assert len(steps) == 2 and max(steps) == pytest.approx(2 * min(steps), abs=0.2)


def test_trend_says_target_baseline_events_and_signals() -> None:
    root = parsed(plots.trend(14))
    said = texts(root)
    for words in ("target 90%", "target 95%", "baseline 83%", "1, 2", "C", "I"):
        assert words in said
    assert root.find(".//s:g[@id='trend-event-1']", NS) is not None
    assert len(drawn(root, "trend-concern-2024-08")) == 1


@pytest.mark.parametrize("cases", [1, 40, 700, 2000])
def test_intervals_one_mark_for_each_case(cases: int) -> None:
    plot = plots.intervals(cases)
    root, rows = parsed(plot), list(plot.rows())
    at = plot.columns.index("inside")
    for kind in ("inside", "outside", "none"):
        assert len(drawn(root, f"intervals-{kind}")) == sum(r[at] == kind for r in rows)
    assert len(drawn(root, "intervals-signals")) == sum(r[-1] == "yes" for r in rows)
    assert len(drawn(root, "intervals-oldest")) == sum(r[4] is not None for r in rows)
    said = texts(root)
    assert "window 30 days" in said and "mean 24.1" in said and "upper limit 78.2" in said
    assert not any("lower" in words for words in said)  # below 0: no day can be there


def test_intervals_inside_lies_under_the_line_and_outside_over_it() -> None:
    root = parsed(plots.intervals(80))
    path = root.find(".//s:g[@id='intervals-window']/s:path", NS)
    assert path is not None
    line = float(re.findall(r"[\d.]+", path.get("d", ""))[1])
    assert all(y >= line - 0.001 for _, y in drawn(root, "intervals-inside"))
    assert all(y < line - 0.1 for _, y in drawn(root, "intervals-outside"))


@pytest.mark.parametrize("count", [1, 2, 25])
def test_gaps_the_open_one_is_hollow(count: int) -> None:
    plot = plots.gaps(count)
    root = parsed(plot)
    closed = drawn(root, "gaps-gaps") + drawn(root, "gaps-improvement")
    opened = drawn(root, "gaps-gaps-open") + drawn(root, "gaps-improvement-open")
    assert (len(closed), len(opened)) == (count - 1, 1)
    signals = drawn(root, "gaps-improvement") + drawn(root, "gaps-improvement-open")
    assert len(signals) == sum(p.signal for p in plot.points) == texts(root).count("I")


def test_cusum_signals_have_shape_and_letter() -> None:
    plot = plots.cusum(120)
    root = parsed(plot)
    concern = sum(p.signal == "concern" for p in plot.points)
    better = sum(p.signal == "improvement" for p in plot.points)
    assert concern > 0
    assert len(drawn(root, "cusum-concern")) == concern == texts(root).count("C")
    assert len(drawn(root, "cusum-improvement")) == better == texts(root).count("I")
    assert texts(root).count("limit 3.5") == 2


def test_funnel_every_unit_has_its_name_and_nobody_is_ranked() -> None:
    plot = plots.funnel(12)
    root = parsed(plot)
    kinds = ("common", "concern", "concern-inner", "improvement", "improvement-inner")
    assert sum(len(drawn(root, f"funnel-{kind}")) for kind in kinds) == 12
    said = {t.removeprefix("C ").removeprefix("I ") for t in texts(root)}
    assert {u.name for u in plot.units} <= said


def test_funnel_rows_hold_the_limits_at_each_number_of_cases() -> None:
    plot = plots.funnel(6)
    at = {c.cases: c for c in plot.curve}
    for unit, row in zip(plot.units, plot.rows(), strict=True):
        curve = at[unit.cases or 0]
        assert row[4:9] == (curve.low_998, curve.low_95, plot.target, curve.high_95, curve.high_998)


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize(
    "make",
    [
        plots.trend,
        plots.intervals,
        plots.gaps,
        plots.cusum,
        plots.funnel,
        lambda _: plots.forest(words="A study with a name that is longer than others"),
    ],
)
def test_no_word_is_cut_off(make: Callable[[int], Plot], narrow: bool) -> None:
    """By the measured width of a letter, no text begins or ends outside of the picture."""
    for size in (1, 24, 36):
        root = parsed(make(size), narrow)
        width, height = map(float, root.get("viewBox", "").split()[2:])
        assert width == (canvas.PHONE if narrow else canvas.WIDTH)
        for element in root.iterfind(".//s:text", NS):
            words, x, y = element.text or "", *(float(element.get(n, "")) for n in "xy")
            assert canvas.SMALL <= y <= height - 3, (words, y, height)
            wide, place = canvas.width_of(words), element.get("text-anchor")
            if element.get("transform"):
                assert y - wide >= 0
                continue
            left = x - wide * {"middle": 0.5, "end": 1.0}.get(place or "", 0.0)
            assert left >= -2 and left + wide <= width + 8, (words, left, wide)


@pytest.mark.parametrize("plot", EACH, ids=KEYS)
def test_a_phone_has_the_same_marks_and_the_names_of_all_lines(plot: Plot) -> None:
    """Only places differ; what stands beside the axes of a wide picture is in the key."""
    wide, narrow = parsed(plot), parsed(plot, narrow=True)

    def marks(root: ElementTree.Element) -> int:
        return sum("key" not in u.get("href", "") for u in root.iterfind(".//s:use", NS))

    assert marks(wide) == marks(narrow) > 0
    said = set(texts(narrow))
    for words in texts(wide):
        if words.partition(" ")[0] in (
            "target",
            "baseline",
            "window",
            "mean",
            "upper",
            "median",
            "limit",
        ):
            assert words in said
    assert narrow.get("aria-labelledby") == wide.get("aria-labelledby")
    assert narrow.find("s:title", NS) is None


def test_what_is_not_a_plot_is_a_mistake_of_the_program() -> None:
    with pytest.raises(TypeError):
        draw("trend")  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("months", [8, 12, 24])
def test_the_words_of_an_earlier_target_cover_no_dot(months: int, seed: int) -> None:
    """By the box behind the words, in points."""
    plot = plots.trend(months, seed)
    root = parsed(plot)
    behind = [e for e in root.iterfind(".//s:rect", NS) if not e.get("stroke")]
    (box,) = [
        {name: float(e.get(name, "")) for name in ("x", "y", "width", "height")} for e in behind
    ]
    assert "target 90%" in texts(root)
    for x, y in drawn(root, "trend-months"):
        beside = not box["x"] - 3.5 < x < box["x"] + box["width"] + 3.5
        above = not box["y"] - 3.5 < y < box["y"] + box["height"] + 3.5
        assert beside or above, (x, y)
