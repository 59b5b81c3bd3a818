"""A word outside a vocabulary may be a patient's name: only the person at the screen sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qi_checker.demo import write_demo
from tests.helpers.commands import AS_OF, audit, on_terminal, run
from tests.helpers.nights import FIRST, settings

NAME = "Zyxwvut-Quandary"


@pytest.fixture
def shifted(tmp_path: Path) -> Path:
    """The demo data with a name shifted into two columns, in four rows."""
    data = tmp_path / "data"
    write_demo(data)
    lines = (data / "events.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    changed = [line.replace(",CT,", f",{NAME},", 1) for line in lines[1:40]]
    changed = [line.replace(",liver,", f",{NAME},", 1) for line in changed]
    (data / "events.csv").write_text("".join([lines[0], *changed, *lines[40:]]), encoding="utf-8")
    return data


def test_no_file_and_no_pipe_gets_the_word(shifted, tmp_path):
    ran = audit(shifted, tmp_path / "out")
    assert ran.code == 0
    for text in (ran.out, ran.err):
        assert NAME.lower() not in text.lower()
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    said = [p for p in manifest["problems"] if "outside the vocabulary" in p]
    assert [p.partition(":")[0] for p in said] == ["modality", "region"]
    assert all("(1 different word)" in p for p in said)
    for name, text in _texts(tmp_path / "out").items():
        if not name.startswith("cases/"):  # a case sheet shows the patient's own events as recorded
            assert NAME.lower() not in text.lower(), name


def _texts(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8", "replace")
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_terminal_shows_the_word_to_map(shifted, tmp_path):
    seen = on_terminal("audit", "--data", shifted, "--as-of", AS_OF, "--out", tmp_path / "out")
    assert f"events.modality: {NAME.upper()} is outside the vocabulary" in seen
    assert f"events.region: {NAME.lower()} is outside the vocabulary" in seen


@pytest.mark.parametrize("command", ["checklist", "report"])
def test_lists_and_reports_do_not_have_it(shifted, tmp_path, command):
    if command == "checklist":
        ran = run("checklist", "--data", shifted, "--as-of", AS_OF)
        assert ran.code == 0 and NAME.lower() not in (ran.out + ran.err).lower()
        return
    out = tmp_path / "report"
    ran = run("report", "--month", "2026-02", "--data", shifted, "--as-of", AS_OF, "--out", out)
    assert ran.code == 0, ran.err
    for name, text in _texts(out).items():
        assert NAME.lower() not in text.lower(), name


def test_neither_has_the_store_nor_anything_of_the_night(tmp_path):
    file = settings(tmp_path)
    events = tmp_path / "data" / "events.csv"
    text = events.read_text(encoding="utf-8")
    assert ",CT,liver," in text
    events.write_text(text.replace(",CT,liver,", f",{NAME},liver,", 2), encoding="utf-8")
    ran = run("nightly", "--config", file, "--as-of", FIRST)
    assert ran.code == 0, ran.err
    for name, text in _texts(tmp_path).items():
        if not name.startswith("data/") and "/cases/" not in name:
            assert NAME.lower() not in text.lower(), name
