"""The shipped list of exam names, on names that were written after public conventions."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from qi_checker.protocol.exam_names import ExamList, ExamNames, terms
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.load_mapping import EXAM_NAMES, load_exam_names, load_mapping, vocabularies
from qi_checker.protocol.paths import rules_dir
from qi_checker.sources.exams import look_up
from qi_checker.sources.raw import connect
from tests.docs.test_documentation import ROOT, blocks

GOLDEN = Path(__file__).parents[1] / "golden" / "exam_names.csv"
KEYS = ("modality", "region", "role", "provenance")
COVER_LIVER = {"liver", "abdomen", "abdomen-pelvis", "chest-abdomen-pelvis"}
with GOLDEN.open(encoding="utf-8", newline="") as file:
    NAMES = list(csv.DictReader(file))


def read(names: Sequence[str], exams: ExamList) -> dict[str, tuple[str, ...]]:
    """Modality, region, role and provenance of each name; empty where the list does not say."""
    con = connect()
    con.execute("CREATE TABLE given (name VARCHAR)")
    con.executemany("INSERT INTO given VALUES (?)", [[name] for name in names])
    look_up(con, "SELECT name, 1 AS number FROM given", exams, "said")
    rows = con.execute(f"SELECT name, {', '.join(KEYS)} FROM said").fetchall()
    return {row[0]: tuple(value or "" for value in row[1:]) for row in rows}


@pytest.fixture(scope="module")
def shipped() -> ExamList:
    names, _ = load_exam_names(rules_dir() / EXAM_NAMES, vocabularies())
    return ExamList.of([names])


@pytest.fixture(scope="module")
def readings(shipped: ExamList) -> dict[str, tuple[str, ...]]:
    return read([row["name"] for row in NAMES], shipped)


def test_there_are_many_names_of_each_language() -> None:
    assert len({row["name"] for row in NAMES}) == len(NAMES) > 500
    sources = [row["source"] for row in NAMES]
    assert all(sources.count(source) > 50 for source in set(sources) if source != "no examination")


@pytest.mark.parametrize("row", NAMES, ids=[row["name"] for row in NAMES])
def test_a_name_is_read_as_expected(
    row: dict[str, str], readings: dict[str, tuple[str, ...]]
) -> None:
    assert readings[row["name"]] == tuple(row[key] for key in KEYS)


def test_most_names_say_something_and_some_say_nothing(
    readings: dict[str, tuple[str, ...]],
) -> None:
    whole = [name for name, (modality, region, *_) in readings.items() if modality and region]
    assert 0.75 < len(whole) / len(readings) < 1


REASONS = (
    "for liver cancer",
    "hx of liver mets",
    "bei Lebermetastasen",
    "pour cancer du foie",
    "Z.n. Leberresektion",
)


@pytest.mark.parametrize("reason", REASONS)
def test_the_reason_for_an_examination_is_no_region(reason: str, shipped: ExamList) -> None:
    """A chest CT for liver metastases must not become a CT of the liver."""
    found = read(
        [f"{exam} {reason}" for exam in ("CT chest", "MRT Schädel", "IRM pelvienne")], shipped
    )
    assert not any(COVER_LIVER & set(region.split(";")) for _, region, *_ in found.values())


@pytest.mark.parametrize(
    "word",
    [
        "guided",
        "biopsy",
        "gesteuerte Punktion",
        "ponction",
        "drainage",
        "ablation",
        "intraoperative",
    ],
)
def test_guidance_never_counts_whatever_else_the_name_says(word: str, shipped: ExamList) -> None:
    names = [f"{word} {row['name']}" for row in NAMES if not row["role"]]
    assert {role for *_, role, _ in read(names, shipped).values()} == {"never"}


def test_the_order_of_words_and_their_case_do_not_matter(shipped: ExamList) -> None:
    names = [row["name"] for row in NAMES if len(row["name"].split()) == 2]
    turned = [" ".join(reversed(name.upper().split())) for name in names]
    one, other = read(names, shipped), read(turned, shipped)
    assert [one[a] for a in names] == [other[b] for b in turned]


def test_a_code_that_never_counts_is_known_to_every_protocol() -> None:
    bundle = load_protocol(rules_dir() / "hepatic-metastasectomy-imaging")
    roles = {(c.system, c.code): c.role for c in bundle.catalogue.imaging}
    assert roles["LOCAL", "EXAM-NEVER"] == "never"


def test_a_hospitals_names_go_before_the_shipped_ones(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "exam-names.md").read_text(encoding="utf-8")
    shown = blocks(page, 'yaml title="names"')[0]
    part = {"file": "x.csv", "columns": dict.fromkeys(("event_id", "patient_id", "status"), "X")}
    text = shown + yaml.safe_dump({"events": part | {"exam_name": "EXAM"}})
    (tmp_path / "mapping.yaml").write_text(text, encoding="utf-8")
    exams = load_mapping(tmp_path / "mapping.yaml").exams
    expected = {
        "Staging Protocol 4": ("CT", "chest-abdomen-pelvis", "", ""),
        "MRT Primovist": ("MR", "liver", "", ""),
        "MRCP Hospital North": ("MR", "liver", "", ""),
        "BX clip check": ("", "", "counts", ""),
        "CT Leber": ("CT", "liver", "", ""),
    }
    assert read(list(expected), exams) == expected


TERMS = [
    ("CT Ab", [" (?:ct) ", " (?:ab) "]),
    ("hepat*", [" (?:hepat[a-z0-9]*) "]),
    ("*sono|us", [" (?:[a-z0-9]*sono|us) "]),
    ("x_ray", [" (?:x ray) "]),
    ("{a}", [" (?:one|two three) "]),
    ("Übersicht", [" (?:ubersicht) "]),
]


@pytest.mark.parametrize(("name", "patterns"), TERMS)
def test_a_pattern_is_read_as_the_page_says(name: str, patterns: list[str]) -> None:
    found = terms(name, {"a": ["one", "two three"]})
    assert [term.pattern for term in found] == patterns
    assert all(re.compile(term.pattern) for term in found)


def test_a_hospital_adds_words_to_a_group_of_the_shipped_list(tmp_path: Path) -> None:
    mine = ExamNames.model_validate({"words": {"ct": ["kt"]}})
    names, _ = load_exam_names(rules_dir() / EXAM_NAMES, vocabularies())
    assert read(["KT Abdomen"], ExamList.of([names])) == {"KT Abdomen": ("", "abdomen", "", "")}
    assert read(["KT Abdomen"], ExamList.of([mine, names])) == {
        "KT Abdomen": ("CT", "abdomen", "", "")
    }
