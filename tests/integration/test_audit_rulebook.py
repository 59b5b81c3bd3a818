"""`audit --protocol FOLDER`: one folder per protocol, a page over all of them, replaced whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from qi_checker.protocol.load import load_rulebook
from qi_checker.protocol.paths import rules_dir
from qi_checker.statistics.proportions import wilson
from tests.helpers.commands import audit, contents
from tests.helpers.pages import read_page

SOME = ("chemo-free", "hepatic-metastasectomy-imaging", "hp")


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rulebook of three shipped protocols."""
    folder = tmp_path_factory.mktemp("rulebook") / "rules"
    shutil.copytree(rules_dir() / "codelists", folder / "codelists")
    for name in SOME:
        shutil.copytree(rules_dir() / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def book(demo: Path, rules: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("book") / "audit"
    ran = audit(demo, out, "--protocol", rules, "--pages", 3)
    assert (ran.code, ran.err) == (0, "")
    first = [line.split(" ")[0] for line in ran.out.splitlines()]
    assert [name for name in first if name in SOME] == list(SOME)
    assert "none of 1,479 events is of the kind assessment" in " ".join(ran.out.split())
    assert f"Report: {out / 'index.html'}" in " ".join(ran.out.split())  # may be wrapped
    return out


@pytest.fixture(scope="module")
def document(book: Path) -> dict[str, Any]:
    return json.loads((book / "rulebook.json").read_bytes())


def test_there_is_a_folder_for_each_protocol_and_a_page_over_them(book: Path) -> None:
    assert sorted(p.name for p in book.iterdir()) == sorted([*SOME, "index.html", "rulebook.json"])


@pytest.mark.parametrize("name", SOME)
def test_the_folder_of_a_protocol_is_its_audit(
    name: str, book: Path, rules: Path, demo: Path, tmp_path: Path
) -> None:
    assert audit(demo, tmp_path / "one", "--protocol", rules / name, "--pages", 3).code == 0
    assert contents(book / name) == contents(tmp_path / "one")


def test_the_document_says_what_each_manifest_says(book: Path, document: dict[str, Any]) -> None:
    assert [p["id"] for p in document["protocols"]] == list(SOME)
    for line in document["protocols"]:
        manifest = json.loads((book / line["id"] / "manifest.json").read_bytes())
        rate, said = manifest["rate"], line["rate"]
        whole = rate["eligible"] - rate["with_exception"]
        assert (said["numerator"], said["denominator"]) == (rate["compliant"], whole)
        assert (said["low"], said["high"]) == wilson(rate["compliant"], whole)
        assert {v: n for v, n in line["verdicts"].items() if n} == manifest["verdicts"]
        assert line["version"] in manifest["protocol"]["versions"]
        assert line["sha256"] == manifest["protocol"]["sha256"]
        assert document["data_sha256"] == manifest["data"]["sha256"]
        assert (book / line["page"]).is_file()


def test_the_page_leads_to_each_audit(book: Path) -> None:
    page = read_page((book / "index.html").read_text(encoding="utf-8"))
    links = [a.attributes["href"] for a in page.all("a")]
    assert links == [f"{name}/index.html" for name in SOME]
    for bundle in load_rulebook(rules_dir()):
        if bundle.protocol.id in SOME:
            assert bundle.protocol.title in page.words
    assert all(th.attributes.get("scope") for th in page.all("th"))


def test_fail_on_looks_at_every_protocol(few: Path, rules: Path, tmp_path: Path) -> None:
    arguments = (few, tmp_path / "out", "--protocol", rules, "--pages", 0, "--fail-on")
    assert audit(*arguments, "not_compliant").code == 1
    assert audit(*arguments, "error").code == 0


def test_it_is_replaced_whole_and_nothing_else_is_lost(
    few: Path, rules: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    one = ("--protocol", rules / "hp", "--pages", 0)
    many = ("--protocol", rules, "--pages", 0)
    assert audit(few, out, *one).code == 0
    assert audit(few, out, *many).code == 0  # a rulebook takes the place of an audit
    assert not (out / "manifest.json").exists()
    (out / "hp" / "letter.txt").write_text("mine", encoding="utf-8")
    refused = audit(few, out, *many)
    assert (refused.code, "hp/letter.txt" in refused.err) == (2, True)
    (out / "hp" / "letter.txt").unlink()
    (out / "mine").mkdir()
    (out / "mine" / "index.html").write_text("mine", encoding="utf-8")
    assert audit(few, out, *many).code == 2
    shutil.rmtree(out / "mine")
    assert audit(few, out, *one).code == 0  # and the other way round
    assert not (out / "rulebook.json").exists()
    assert not (out / "chemo-free").exists()
    assert [p for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_run_that_fails_leaves_the_folder_as_it_was(
    few: Path, rules: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert audit(few, out, "--protocol", rules, "--pages", 0).code == 0
    before = contents(out)
    at_the_end = "from qi_checker.audit import folder; folder.rulebook_document = None"
    assert audit(few, out, "--protocol", rules, "--pages", 0, before=at_the_end).code == 3
    assert contents(out) == before


def test_two_protocols_with_one_id(few: Path, rules: Path, tmp_path: Path) -> None:
    shutil.copytree(rules, tmp_path / "rules")
    shutil.copytree(rules / "hp", tmp_path / "rules" / "hp-again")
    ran = audit(few, tmp_path / "out", "--protocol", tmp_path / "rules")
    assert ran.code == 2
    assert "the id hp is also that of" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_broken_protocols_are_all_told_at_once(few: Path, rules: Path, tmp_path: Path) -> None:
    shutil.copytree(rules, tmp_path / "rules")
    for name in ("hp", "chemo-free"):
        file = tmp_path / "rules" / name / "protocol.yaml"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("in_force:", "in_forse:", 1), encoding="utf-8")
    ran = audit(few, tmp_path / "out", "--protocol", tmp_path / "rules")
    assert ran.code == 2
    assert [name for name in SOME if f"{name}/protocol.yaml" in ran.err] == ["chemo-free", "hp"]
    assert not (tmp_path / "out").exists()


def test_what_could_not_be_evaluated_is_told_with_its_protocol(
    few: Path, rules: Path, tmp_path: Path
) -> None:
    code = """
import duckdb
from qi_checker.query import Compiled
facts = Compiled.facts
def broken(self, *arguments):
    if self.bundle.protocol.id == "hp":
        raise duckdb.Error("P-SECRET")
    return facts(self, *arguments)
Compiled.facts = broken
"""
    ran = audit(few, tmp_path / "out", "--protocol", rules, "--pages", 0, before=code)
    assert ran.code == 3
    assert ran.err.startswith("qi-checker: hp, version 1.0: Error: could not be evaluated.")
    page = json.loads((tmp_path / "out" / "rulebook.json").read_bytes())
    errors = {p["id"]: p["verdicts"].get("error", 0) for p in page["protocols"]}
    assert [name for name, number in errors.items() if number] == ["hp"]
