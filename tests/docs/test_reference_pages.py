"""docs/commands.md and docs/records.md: every example runs, and nothing is left out."""

from __future__ import annotations

import argparse
import csv
import re
import shlex
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from qi_checker.cli import main, night_people, nights
from qi_checker.cli.parser import build_parser
from qi_checker.demo import write_demo
from qi_checker.demo.exports import write_exports
from qi_checker.protocol.records import CASE_COLUMNS, FINDING_COLUMNS, REJECT_COLUMNS, TABLES
from qi_checker.protocol.site import Site
from tests.docs.test_documentation import EVERY, ROOT, blocks
from tests.helpers.demo import few_cases

COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
RECORDS = (ROOT / "docs" / "records.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^    (qi-checker .*)$", COMMANDS, re.MULTILINE)
# An example evaluates a rulebook: three protocols do.
RULEBOOK = {"hepatic-metastasectomy-imaging", "antibiotic", "hip-function"}
# The made-up hospital has no case C-0042, one night that is kept, and is no OMOP database.
CASE = {"C-0042": "SYN-C-0171", "12": "1"}
NIGHTLY = "{site: export/site.yaml, data: export, state: state, pages: 0, retention: 3 years}"
# The application serves until it is stopped, and accounts ask for a password: tests/web runs them.
# Either sets Django up for its whole process, which these commands share.
CLOCKS = (nights, night_people)  # where commands read the time
PARSED_ONLY = ("qi-checker import", "qi-checker serve", "qi-checker accounts")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the examples name: an export, and rules of one's own."""
    folder = tmp_path_factory.mktemp("commands")
    write_demo(folder / "whole")
    (folder / "export").mkdir()
    few_cases(folder / "whole", folder / "export", every=5)  # with the case that is named
    write_exports(folder / "exports")
    mapping = folder / "exports" / "german" / "mapping.yaml"
    assert main(["inspect", str(mapping.parent), "--out", str(mapping)]) == 0
    shipped = [path.parent.name for path in (ROOT / "rules").glob("*/protocol.yaml")]
    others = shutil.ignore_patterns(*(name for name in shipped if name not in RULEBOOK))
    for name in ("rules", "draft"):
        shutil.copytree(ROOT / "rules", folder / name, ignore=others)
    (folder / "nightly.yaml").write_text(NIGHTLY, encoding="utf-8")
    (folder / "key").write_text("made up for the tests only", encoding="utf-8")
    night = ["nightly", "--config", str(folder / "nightly.yaml"), "--as-of", "2026-03-02"]
    assert main(night) == 0
    with pytest.MonkeyPatch.context() as patch:
        at(patch, datetime(2026, 3, 2, 8, tzinfo=UTC))
        _asked(folder)
    for name, day in (("audit-yesterday", "2026-01-31"), ("audit-today", "2026-02-01")):
        # two audits that an example compares: each example is run by itself, in any order
        audit = ["audit", "--data", str(folder / "export"), "--as-of", day, "--pages", "0"]
        assert main([*audit, "--out", str(folder / name)]) == 0
    return folder


def _asked(folder: Path) -> None:
    """An exception for each example that decides on one: qi-1 to qi-4, of which two are approved."""
    config = ["--config", str(folder / "nightly.yaml")]
    wanted = [
        "C-0042",
        "mri",
        "--reason",
        "other",
        "--valid-from",
        "2026-03-01",
        "--expires-on",
        "2026-04-30",
        "--by",
        "elm",
        "--role",
        "coordinator",
    ]
    for _ in range(4):
        steps = ["nightly", "exceptions", "request", *(CASE.get(word, word) for word in wanted)]
        assert main([*steps, *config]) == 0
    for name in ("qi-3", "qi-4"):
        decided = ["nightly", "exceptions", "approve", name, "--by", "oak", "--role", "approver"]
        assert main([*decided, *config]) == 0


def at(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    """Set the clock of the commands: the made-up hospital ends in March 2026."""
    for module in CLOCKS:
        monkeypatch.setattr(module, "time_of_day", lambda: now)


def words(line: str) -> list[str]:
    return [CASE.get(word, word) for word in shlex.split(line.partition(" > ")[0])][1:]


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_of_the_commands_page_works(
    line: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    at(monkeypatch, datetime(2026, 3, 3, 12, tzinfo=UTC))
    if line.startswith(PARSED_ONLY):
        assert build_parser().parse_args(words(line)).run
        return
    assert main(words(line)) == 0, capsys.readouterr().err
    assert capsys.readouterr().out


TOOLS = [(name, parser) for name, parser in EVERY if name.startswith("qi-checker rules ")]


@pytest.mark.parametrize(("name", "parser"), TOOLS, ids=[name for name, _ in TOOLS])
def test_a_tool_has_a_section_that_names_its_options(
    name: str, parser: argparse.ArgumentParser
) -> None:
    title = name.removeprefix("qi-checker ")
    section = COMMANDS.partition(f"\n### {title}\n")[2].partition("\n##")[0]
    assert f"    {name} " in section
    options = [a.option_strings[-1] for a in parser._actions if a.option_strings]
    assert [o for o in options if o not in section and o != "--help"] == []
    choices = [str(word) for a in parser._actions for word in a.choices or ()]
    assert [word for word in choices if not re.search(rf"\b{word}\b", section)] == []


def helps() -> Iterator[tuple[str, str]]:
    for name, parser in EVERY:
        for line in re.findall(r"^  (qi-checker .*)$", parser.epilog or "", re.MULTILINE):
            yield name, line


@pytest.mark.parametrize(("name", "line"), list(helps()))
def test_the_example_of_a_help_is_a_command_of_that_name(name: str, line: str) -> None:
    assert line.startswith(name)
    assert build_parser().parse_args(words(line)).run


@pytest.mark.parametrize("name", list(TABLES))
def test_every_column_of_a_table_is_explained(name: str) -> None:
    section = re.split(r"^## ", RECORDS, flags=re.MULTILINE)
    about = next(part for part in section if part.startswith(f"{name}:"))
    assert [c for c in TABLES[name].names if f"`{c}`" not in about] == []


def test_every_column_of_the_output_is_explained() -> None:
    written = {*FINDING_COLUMNS, *CASE_COLUMNS, *REJECT_COLUMNS}
    assert [c for c in sorted(written) if f"`{c}`" not in RECORDS] == []


def test_every_site_setting_is_explained() -> None:
    about = RECORDS.partition("## site.yaml")[2].partition("## ")[0]
    assert [key for key in Site.model_fields if f"| `{key}`" not in about] == []


def test_an_export_that_needs_the_settings_of_the_records_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The analyst's half hour: an export with names of its own, the settings, the audit."""
    shown = next(b for b in blocks(RECORDS, "yaml") if "values:" in b)
    site = yaml.safe_load(shown)
    export = tmp_path / "export"
    export.mkdir()
    (export / "site.yaml").write_text(shown, encoding="utf-8")
    local = site["columns"]["cases"]
    case = {
        "case_id": "1",
        "patient_id": "0007",
        "surgery_at": "2026-03-12",
        "status": "scheduled",
        "procedures": "ICD-10-PCS:0FB00ZZ",
        "diagnoses": "ICD-10-CM:C78.7",
    }
    write(export / "cases.csv", [{local.get(name, name): text for name, text in case.items()}])
    study = {"patient_id": "0007", "kind": "imaging", "region": "liver"}
    events = [
        study | {"event_id": "A", "status": "Final", "at": "2026-02-20", "modality": "CAT"},
        study | {"event_id": "B", "status": "Scheduled", "at": "2026-03-05", "modality": "MRI"},
        study | {"event_id": "C", "status": "Final", "at": "last week", "modality": "MRI"},
    ]
    write(export / "events.csv", events)
    day = ["--data", str(export), "--as-of", "2026-03-02"]
    assert main(["audit", *day, "--out", str(tmp_path / "audit")]) == 0
    assert "3 read = 2 used + 1 rejected" in capsys.readouterr().out
    findings = {row["requirement"]: row["status"] for row in read(tmp_path / "audit/findings.csv")}
    assert findings == {"ct": "met", "mri": "booked"}
    assert [(r["row"], r["column"]) for r in read(tmp_path / "audit/rejects.csv")] == [("4", "at")]


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
