"""`study`: the reconstructed cohort, what it must say, and what it refuses."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from qi_checker.cli import main
from qi_checker.demo.study import COMMAND
from qi_checker.protocol.records import IOUS
from qi_checker.study import words as said
from tests.helpers import commands
from tests.helpers.pages import Element, read_page
from tests.helpers.records import case, mr_scan, scan
from tests.integration.conftest import WriteFolder

PERIODS = COMMAND.split()
PLAIN = ("--before", "2026-01-01..2026-01-31", "--after", "2026-02-01..2026-02-28")


@pytest.fixture(scope="module")
def out(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study of the cohort, written by the command."""
    folder = tmp_path_factory.mktemp("study") / "study"
    ran = commands.run("study", "--data", cohort, *PERIODS, "--out", folder)
    assert (ran.code, ran.err) == (0, "")
    assert "22/27 (81%" in ran.out
    return folder


@pytest.fixture(scope="module")
def view(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "study.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def page(out: Path) -> Element:
    return read_page((out / "index.html").read_text("utf-8"))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_file_of_the_cohort_says_that_it_is_made_up(cohort: Path) -> None:
    for file in cohort.iterdir():
        text = file.read_text("utf-8")
        assert "made up" in text or "synthetic" in text, file.name
    assert {f.name for f in cohort.iterdir()} == {
        "cases.csv",
        "events.csv",
        "ious.csv",
        "site.yaml",
        "published.yaml",
        "README.md",
    }


def test_the_cohort_gives_every_printed_figure_but_the_two_that_do_not_follow(
    view: dict[str, Any],
) -> None:
    agrees = {r["figure"]: r["agrees"] for r in view["published"]["rows"]}
    assert len(agrees) == 19
    assert {figure for figure, yes in agrees.items() if not yes} == {
        "plan_change.chi_squared",
        "plan_change.p",
    }


@pytest.mark.parametrize(
    "words",
    [
        "14/39 (36%, 95% CI 23–52)",
        "10/39 (26%, 95% CI 15–41)",
        "5/27 (19%, 95% CI 8–37)",
        "−7.1 points (−25.7 to +14.2)",
        "Not all 27 operations after can have been in the window",
        "At most 26 of 27 were.",
        "The published 1.405 does not follow from the counts 10/39 and 5/27.",
        "Pearson 0.461; N-1 0.454; Yates 0.145. (With one degree of freedom 1.405 gives p 0.236.)",
        "Pearson 0.497; N-1 0.500; Yates 0.704; Fisher 0.563.",
        "in 11% of all repetitions; for 80% it takes 529 operations in each period",
        "These records are synthetic.",
        "Not targets; definitions differ; a lower rate is not necessarily better.",
    ],
)
def test_what_the_page_must_say(page: Element, words: str) -> None:
    assert words in page.words


def test_nobody_would_take_39_for_all_in_time(page: Element) -> None:
    """Only of a period with every study present it is said that not all were in time."""
    assert "Not all 39" not in page.words


def test_numbers_of_csv_and_json_and_page_are_the_same(
    out: Path, view: dict[str, Any], page: Element
) -> None:
    by_key = {r["key"]: r for r in [*view["rates"], view["plan_change"]["rate"]]}
    written = rows(out / "rates.csv")
    assert [r["key"] for r in written] == list(by_key)
    shown = page.by_id("rates").words + page.by_id("plan").words
    for row in written:
        rate = by_key[row["key"]]
        for side in ("before", "after"):
            assert [row[f"{side}_{c}"] for c in ("part", "whole", "low", "high")] == [
                str(rate[side][c]) for c in ("part", "whole", "low", "high")
            ]
            assert f"{row[f'{side}_part']}/{row[f'{side}_whole']} (" in shown
        assert row["fisher_p"] == str(rate["fisher"])
        assert said.p_value(rate["fisher"]).replace("\u00a0", " ") in shown
    for row, interval in zip(rows(out / "days.csv"), view["intervals"], strict=True):
        for side in ("before", "after"):
            for name, value in interval[side].items():
                assert row[f"{side}_{name}"] == str(value)
            assert said.number(interval[side]["sd"]) in page.by_id("days").words


def test_the_chart_draws_what_the_table_and_the_csv_hold(
    out: Path, view: dict[str, Any], page: Element
) -> None:
    written = rows(out / "intervals.csv")
    assert [r["newest"] for r in written] == [str(p["newest"]) for p in view["points"]]
    drawn = page.by_id("days").all("svg")[0]
    inside, outside = (heights(drawn, f"chart_days-{kind}") for kind in ("inside", "outside"))
    limit = view["intervals"][0]["limit"]
    assert limit == 30
    assert len(inside) == sum(int(r["newest"]) <= limit for r in written) == 38
    assert len(outside) == sum(int(r["newest"]) > limit for r in written) == 28
    table = page.by_id("operations").all("tbody")[0]
    assert [tr.all("td")[2].words for tr in table.all("tr")] == [r["newest"] for r in written]
    days = [int(r["newest"]) for r in written if int(r["newest"]) <= limit]
    for (y, d), (v, e) in pairwise(zip(inside, days, strict=True)):
        assert (d < e) == (y > v) and (d == e) == (y == v)


def heights(svg: Element, id: str) -> list[float]:
    """Where the marks of one kind are, from the top, in the order drawn."""
    group = next(g for g in svg.all("g") if g.attributes.get("id") == id)
    return [float(use.attributes["y"]) for use in group.all("use")]


def test_who_was_operated_adds_up_in_both_periods(
    out: Path, view: dict[str, Any], page: Element
) -> None:
    written = rows(out / "traits.csv")
    for at, side in enumerate(("before", "after")):
        eligible = view["periods"][at]["eligible"]
        for group in ("Urgency", "Verdict"):
            assert sum(int(r[side]) for r in written if r["group"] == group) in (eligible, 0)
    assert [int(r["before"]) for r in written if r["what"] == "compliant"] == [6]
    assert "Verdict: Not compliant 33/39 (85%)" in page.by_id("rates").words


def test_limits_come_from_the_earlier_period_alone(out: Path, view: dict[str, Any]) -> None:
    """The formula anew: mean ± 3 · (mean moving range) / 1.128 of the operations before."""
    written = rows(out / "chart_days.csv")
    assert [r["days"] for r in written] == [str(p["newest"]) for p in view["points"]]
    before = [p["newest"] for p in view["points"] if p["period"] == "before"]
    mean = sum(before) / len(before)
    moved = sum(abs(b - a) for a, b in pairwise(before)) / (len(before) - 1)
    series = view["series"]
    assert series["centre"] == pytest.approx(mean)
    assert series["upper"] == pytest.approx(mean + 3 * moved / 1.128)
    assert {(r["centre"], r["upper"]) for r in written} == {
        (str(series["centre"]), str(series["upper"]))
    }
    after = [p["newest"] for p in view["points"] if p["period"] == "after"]
    assert series["later_below"] == sum(d < mean for d in after) == 24
    assert series["beyond"] == [0, 0]
    assert {r["signal"] for r in written} == {""}


@pytest.mark.parametrize(
    "words",
    [
        "24 of the 27 later operations are below that mean",
        "a shift against the earlier period.",
        "secular change",
        "regression to the mean",
    ],
)
def test_the_days_are_told_as_a_series_too(page: Element, words: str) -> None:
    assert words in page.by_id("days").words


def test_rates_beside_published_ones_are_those_of_the_csv(out: Path, page: Element) -> None:
    drawn = page.by_id("plan").all("svg")[0]
    said_there = [text.words for text in drawn.all("text")]
    for row in rows(out / "chart_rates.csv"):
        assert (row["count"] or f"{float(row['rate']):.0%}") in said_there


def test_every_picture_has_a_title_and_hides_its_drawing(page: Element) -> None:
    pictures = [s for s in page.all("svg") if s.attributes.get("role") == "img"]
    wide = [svg for svg in pictures if svg.attributes["class"] == "chart"]
    assert (len(pictures), len(wide)) == (4, 2)  # each is drawn again for a phone
    for svg in wide:
        assert svg.all("title")[0].words and svg.all("desc")[0].words
        assert svg.all("g")[0].attributes["aria-hidden"] == "true"
        title, desc = svg.attributes["aria-labelledby"].split()
        assert svg.all("title")[0].attributes["id"] == title
        assert svg.all("desc")[0].attributes["id"] == desc


def test_the_appendix_has_18_headings_and_fills_in_what_the_data_give(page: Element) -> None:
    lines = page.by_id("squire").all("tbody")[0].all("tr")
    texts = {int(tr.all("td")[0].words): tr.all("td")[1].words for tr in lines}
    assert list(texts) == list(range(1, 19))
    assert "rows read" in texts[10] and "10/39" in texts[13]
    assert texts[12] == "To be written by you."


def test_benchmarks_are_computed_from_their_counts(out: Path) -> None:
    found = {
        r["count"]: (round(float(r["low"]), 3), round(float(r["high"]), 3))
        for r in rows(out / "benchmarks.csv")
    }
    assert found["69/418"] == (0.133, 0.204)
    assert found["140/515"] == (0.235, 0.312)
    assert found["35/117"] == (0.224, 0.387)
    assert found["171/721"] == (0.208, 0.270)


def test_a_second_run_writes_the_same_bytes(cohort: Path, out: Path, tmp_path: Path) -> None:
    assert main(["study", "--data", str(cohort), *PERIODS, "--out", str(tmp_path / "s")]) == 0
    assert commands.contents(tmp_path / "s") == commands.contents(out)


def test_json_leaves_the_page_out(cohort: Path, out: Path, tmp_path: Path) -> None:
    target = tmp_path / "s"
    arguments = ["study", "--data", str(cohort), *PERIODS, "--out", str(target), "--format", "json"]
    assert main(arguments) == 0
    assert set(commands.contents(target)) == set(commands.contents(out)) - {"index.html"}
    assert (target / "study.json").read_bytes() == (out / "study.json").read_bytes()


def test_a_folder_of_something_else_is_not_replaced(cohort: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert main(["study", "--data", str(cohort), *PERIODS, "--out", str(tmp_path)]) == 2
    assert (tmp_path / "notes.txt").read_text() == "mine"


# ---- other records ------------------------------------------------------------------------------

Compare = Callable[..., tuple[dict[str, Any], Element]]


@pytest.fixture
def compare(folder: WriteFolder, tmp_path: Path) -> Compare:
    """Writes a folder with three operations (two before, one after) and compares."""

    def run(
        ious: list[dict[str, Any]] | None = None, periods: tuple[str, ...] = PLAIN, extra: str = ""
    ) -> tuple[dict[str, Any], Element]:
        data = folder(
            cases=[
                case("C1", "2026-01-10T08:00", patient_id="P1"),
                case("C2", "2026-01-20T08:00", patient_id="P2"),
                case("C3", "2026-02-12T08:00", patient_id="P3"),
                case("C4", "2026-02-13T08:00", patient_id="P4", status="cancelled"),
            ],
            events=[
                scan("2026-01-01", "E1", patient_id="P1"),
                mr_scan("2025-12-01", "E2", patient_id="P1"),
                scan("2026-02-02", "E4", patient_id="P3"),
                mr_scan("2026-02-03", "E5", patient_id="P3"),
            ],
        )
        if ious is not None:
            commands.write_rows(data / "ious.csv", IOUS.names, ious)
        if extra:
            (data / "published.yaml").write_text(extra, "utf-8")
        target = tmp_path / "out"
        assert main(["study", "--data", str(data), *periods, "--out", str(target)]) == 0
        return json.loads((target / "study.json").read_text("utf-8")), read_page(
            (target / "index.html").read_text("utf-8")
        )

    return run


def test_newest_and_oldest_are_apart(compare: Compare) -> None:
    view, page = compare()
    assert [(p["case_id"], p["newest"], p["oldest"]) for p in view["points"]] == [
        ("C1", 9, 40),
        ("C2", None, None),
        ("C3", 9, 10),
    ]
    assert "nothing to count from" in page.by_id("days").words
    assert view["series"] is None
    assert "With fewer than 12 earlier operations" in page.by_id("days").words
    assert "There is no file of intraoperative ultrasound" in page.by_id("plan").words


def test_the_flow_adds_up_and_small_numbers_have_no_percentage(compare: Compare) -> None:
    view, page = compare()
    for period in view["periods"]:
        first, *taken, last = [number for _, number in period["flow"]]
        assert first - sum(taken) == last == period["eligible"]
    assert "%" not in page.by_id("rates").all("tbody")[2].words.replace("95%", "")
    assert "0/2" in page.by_id("rates").words


def test_a_period_without_cases_says_so(compare: Compare) -> None:
    periods = ("--before", "2025-01-01..2025-01-31", *PLAIN[2:])
    view, page = compare(periods=periods)
    assert view["periods"][0]["eligible"] == 0
    assert "no eligible cases" in page.by_id("rates").words
    assert "There are no eligible cases before, so the periods cannot be compared." in page.words
    assert not re.search(r"\b0/0\b|nan|None", page.words)


def test_both_periods_empty(compare: Compare) -> None:
    periods = ("--before", "2024-01-01..2024-01-31", "--after", "2025-01-01..2025-01-31")
    view, page = compare(ious=[], periods=periods)
    assert view["points"] == []
    assert "There are no eligible cases before and after" in page.words
    assert not re.search(r"\b0/0\b|nan|None", page.words)


GOOD = {"performed": "yes", "plan_recorded_before": "yes", "plan_change": "no_change"}


def test_who_is_counted_for_the_change_of_plan(compare: Compare) -> None:
    """C1 has no plan from before; of C2 the new lesion lay inside the planned resection."""
    view, page = compare(
        [
            GOOD | {"case_id": "C1", "plan_recorded_before": "no", "plan_change": "abandoned"},
            GOOD | {"case_id": "C2", "lesions_new": "2", "new_within_planned_resection": "yes"},
            GOOD | {"case_id": "C3", "plan_change": "Changed_Margin; additional_ablation"},
        ]
    )
    change = view["plan_change"]
    assert [
        (r["part"], r["whole"]) for r in (change["rate"]["before"], change["rate"]["after"])
    ] == [
        (0, 1),
        (1, 1),
    ]
    assert change["inside"] == [1, 0]
    assert [word for word, _, after in change["kinds"] if after] == [
        "additional_ablation",
        "changed_margin",
    ]
    flow = change["flow"]
    for at in (1, 2):
        assert flow[0][at] - sum(line[at] for line in flow[1:-1]) == flow[-1][at]
    assert "Outcome, not compliance." in page.by_id("plan").words


def test_published_figures_of_what_is_not_there(compare: Compare) -> None:
    text = """
source: "An <b>author</b>"
figures:
  - {title: Change, figure: plan_change.p, printed: "0.5"}
  - {title: PET, figure: before.present.pet, printed: "10%"}
  - {title: Cases, figure: before.cases, printed: "3"}
"""
    view, page = compare(extra=text)
    assert [r["agrees"] for r in view["published"]["rows"]] == [None, None, False]
    assert "cannot be compared" in page.by_id("published").words
    assert "An <b>author</b>" in page.by_id("published").words
