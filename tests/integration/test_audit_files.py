"""The folder of an audit: its files, their columns, and numbers that can be reconciled."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from qi_checker.cases.actions import ACTION_COLUMNS
from qi_checker.protocol.vocabulary import Reason, Status, Verdict
from tests.helpers.commands import csv_rows
from tests.helpers.demo import NOT_FROM_DATA
from tests.helpers.pages import Element, read_page

FINDINGS = [
    "case_id",
    "requirement",
    "status",
    "reason",
    "event_id",
    "event_date",
    "days_before",
    "window_opens",
    "window_closes",
    "valid_through",
    "slack_days",
    "act_by",
    "owner",
    "sentence",
]
CASES = [
    "case_id",
    "verdict",
    "surgery_date",
    "next_action",
    "act_by",
    "owner",
    "latest_surgery_date",
]
REJECTS = ["table", "file", "row", "column", "id", "reason"]
# What no record can produce: a fault of the program, a source that went silent (the demo names no
# feed), and an earlier schedule (nothing is stored between two audits).


@pytest.fixture(scope="module")
def manifest(audited: Path) -> dict[str, Any]:
    return json.loads((audited / "manifest.json").read_bytes())


@pytest.fixture(scope="module")
def document(audited: Path) -> dict[str, Any]:
    return json.loads((audited / "findings.json").read_bytes())


@pytest.fixture(scope="module")
def index(audited: Path) -> Element:
    return read_page((audited / "index.html").read_text(encoding="utf-8"))


def _header(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()[0].split(",")


def _as_text(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows]


def test_every_file_of_the_contract_is_there_and_no_other(audited: Path) -> None:
    assert sorted(p.name for p in audited.iterdir()) == [
        "actions.csv",
        "cases",
        "cases.csv",
        "findings.csv",
        "findings.json",
        "findings.parquet",
        "index.html",
        "manifest.json",
        "rejects.csv",
    ]
    assert not any(p.name.startswith(".") for p in audited.parent.iterdir())


def test_columns_are_those_of_the_contract_in_its_order(
    audited: Path, document: dict[str, Any]
) -> None:
    assert _header(audited / "findings.csv") == FINDINGS
    assert _header(audited / "cases.csv") == CASES
    assert _header(audited / "rejects.csv") == REJECTS
    assert _header(audited / "actions.csv") == list(ACTION_COLUMNS)
    assert pq.read_schema(audited / "findings.parquet").names == FINDINGS
    assert list(document) == ["manifest", "findings", "cases", "actions"]
    assert all(list(row) == FINDINGS for row in document["findings"])
    assert all(list(row) == CASES for row in document["cases"])


def test_csv_json_and_parquet_hold_the_same_rows(audited: Path, document: dict[str, Any]) -> None:
    assert csv_rows(audited / "findings.csv") == _as_text(document["findings"])
    assert csv_rows(audited / "cases.csv") == _as_text(document["cases"])
    assert csv_rows(audited / "actions.csv") == _as_text(document["actions"])
    parquet = pq.read_table(audited / "findings.parquet").to_pylist()
    assert _as_text(parquet) == _as_text(document["findings"])


def test_the_actions_are_sorted_counted_and_the_first_is_that_of_its_case(
    document: dict[str, Any],
) -> None:
    actions, counts = document["actions"], document["manifest"]["actions"]
    days = [action["act_by"] for action in actions]
    assert days == sorted(days) and days
    now = [a for a in actions if a["when"] in ("overdue", "today", "soon")]
    assert counts["now"] == len(now) == counts["overdue"] + counts["today"] + counts["soon"]
    assert counts["operations"] == len({a["case_id"] for a in now})
    assert counts["now"] + counts["later"] == len(actions)
    first: dict[str, Any] = {}
    for action in actions:
        first.setdefault(action["case_id"], action)
    assert {c["case_id"] for c in document["cases"] if c["next_action"]} == set(first)
    for line in document["cases"]:
        if line["next_action"]:
            mine = first[line["case_id"]]
            assert line["next_action"] == mine["text"]
            assert (line["act_by"], line["owner"]) == (mine["act_by"], mine["owner"])


def test_parquet_keeps_dates_and_numbers_as_such(audited: Path) -> None:
    kinds = {f.name: str(f.type) for f in pq.read_schema(audited / "findings.parquet")}
    dates = {"event_date", "window_opens", "window_closes", "valid_through", "act_by"}
    assert {name for name, kind in kinds.items() if kind.startswith("date")} == dates
    assert {name for name, kind in kinds.items() if kind.startswith("int")} == {
        "days_before",
        "slack_days",
    }


def test_findings_are_sorted_by_case_and_requirement(document: dict[str, Any]) -> None:
    keys = [(f["case_id"], f["requirement"]) for f in document["findings"]]
    assert all(a < b for a, b in pairwise(keys))
    ids = [c["case_id"] for c in document["cases"]]
    assert all(a < b for a, b in pairwise(ids))
    assert sorted({key[0] for key in keys}) == ids


def test_findings_json_carries_the_manifest(
    manifest: dict[str, Any], document: dict[str, Any]
) -> None:
    assert document["manifest"] == manifest
    assert manifest["as_of"] == "2026-03-02"
    assert manifest["program"]["name"] == "qi-checker"
    assert manifest["protocol"]["id"] == "hepatic-metastasectomy-imaging"
    hashes = [manifest["protocol"]["sha256"], manifest["data"]["sha256"]]
    assert all(len(h) == 64 for h in hashes)


def test_rows_read_are_rows_used_plus_rows_rejected(
    demo: Path, audited: Path, manifest: dict[str, Any]
) -> None:
    rejected = Counter(row["file"] for row in csv_rows(audited / "rejects.csv"))
    assert rejected["cases.csv"] > 0 < rejected["events.csv"]
    for file in manifest["data"]["files"]:
        assert file["read"] == file["used"] + file["rejected"]
        assert file["read"] == len(csv_rows(demo / file["file"]))
        assert file["rejected"] == rejected[file["file"]]
    assert len(csv_rows(audited / "cases.csv")) == manifest["data"]["files"][0]["used"]


def test_a_reject_names_the_row_that_a_spreadsheet_shows(demo: Path, audited: Path) -> None:
    for reject in csv_rows(audited / "rejects.csv"):
        row = csv_rows(demo / reject["file"])[int(reject["row"]) - 2]
        assert row[f"{reject['table'].removesuffix('s')}_id"] == reject["id"]
        assert reject["column"] in row and reject["reason"]


def test_the_population_adds_up(manifest: dict[str, Any], document: dict[str, Any]) -> None:
    found = manifest["population"]
    parts = ("not_applicable", "upcoming", "eligible", "error")
    assert found["cases"] == sum(found[part] for part in parts) == len(document["cases"])
    assert found["not_applicable"] == sum(found["not_applicable_by_reason"].values())
    assert found["not_applicable_by_reason"]["excluded"] == sum(found["excluded_by"].values())
    assert manifest["rate"]["eligible"] == found["eligible"]


def test_counts_of_the_manifest_are_those_of_the_rows(
    manifest: dict[str, Any], document: dict[str, Any]
) -> None:
    assert manifest["verdicts"] == Counter(c["verdict"] for c in document["cases"])
    for requirement, counts in manifest["statuses"].items():
        of_it = [f for f in document["findings"] if f["requirement"] == requirement]
        assert counts == Counter(f["status"] for f in of_it)


def test_every_status_verdict_and_reason_that_the_demo_promises_occurs(
    document: dict[str, Any],
) -> None:
    assert {f["status"] for f in document["findings"]} == {*Status} - {Status.ERROR}
    assert {f["reason"] for f in document["findings"]} == {*Reason} - NOT_FROM_DATA
    assert {c["verdict"] for c in document["cases"]} == {*Verdict} - {Verdict.ERROR}


def test_the_lists_of_the_page_hold_every_case_once(
    index: Element, manifest: dict[str, Any]
) -> None:
    lists = ("action", "not-compliant", "undetermined", "exempt", "others")
    listed = {key: [a.words for a in index.by_id(key).all("a")] for key in lists}
    listed["action"] = list(dict.fromkeys(listed["action"]))  # a case may need several things
    cases = [case for key in lists for case in listed[key]]
    assert len(cases) == len(set(cases)) == manifest["population"]["cases"]
    sizes = {key: len(listed[key]) for key in lists}
    verdicts = manifest["verdicts"]
    assert sizes["exempt"] == manifest["rate"]["with_exception"]
    assert sizes["undetermined"] == manifest["rate"]["undetermined"]
    open_ones = ("not_compliant", "undetermined", "action_needed")
    lacking = sizes["action"] + sizes["not-compliant"] + sizes["undetermined"]
    assert lacking == sum(verdicts[v] for v in open_ones)


def test_the_page_says_the_numbers_of_the_manifest(
    index: Element, manifest: dict[str, Any]
) -> None:
    rate = manifest["rate"]
    counted = rate["eligible"] - rate["with_exception"]
    assert f"{rate['compliant']} of {counted} eligible operations" in index.words
    for key in ("not-compliant", "undetermined"):
        shown = index.by_id(key)
        assert shown.words.startswith(f"{len(shown.all('a'))} cases.")
    for file in manifest["data"]["files"]:
        cells = f"{file['file']} {file['read']:,} {file['used']:,} {file['rejected']:,}"
        assert cells in index.by_id("data").words


def test_every_link_leads_to_a_page_and_back(audited: Path, index: Element) -> None:
    links = {a.attributes["href"] for a in index.all("a")}
    inner = {link.removeprefix("#") for link in links if link.startswith("#")}
    assert inner <= {e.attributes.get("id") for e in index.everything()}
    pages = {link for link in links if not link.startswith("#")}
    written = {f"cases/{p.name}" for p in (audited / "cases").iterdir()}
    assert pages == written
    for page in written:
        path = audited / page
        back = [a.attributes["href"] for a in read_page(path.read_text("utf-8")).all("a")]
        assert "../index.html" in back
        assert all((path.parent / link).is_file() for link in back if not link.startswith("#"))


def test_a_case_page_is_about_its_case(audited: Path, document: dict[str, Any]) -> None:
    for row in document["cases"][::25]:
        page = read_page((audited / "cases" / f"{row['case_id']}.html").read_text("utf-8"))
        mine = [f for f in document["findings"] if f["case_id"] == row["case_id"]]
        assert row["case_id"] in page.words
        assert all(" ".join(f["sentence"].split()) in page.words for f in mine)
