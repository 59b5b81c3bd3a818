"""Loading: files of any kind, what makes a protocol's identity, and how fast it is."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from qi_checker.errors import UserError
from qi_checker.protocol.load import load_protocol, load_site
from qi_checker.protocol.paths import rules_dir

GOOD = Path(__file__).parents[1] / "bad_input" / "good-protocol.yaml"
PROTOCOL = "hepatic-metastasectomy-imaging"


def problem(content: bytes, tmp_path: Path, name: str = "site.yaml") -> str:
    """The one problem of a file with this content, without the name of its folder."""
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(UserError) as caught:
        load_site(file)
    assert len(caught.value.problems) == 1, caught.value
    return str(caught.value).removeprefix(f"{tmp_path}/")


@pytest.fixture
def rulebook(tmp_path: Path) -> Path:
    """A copy of the protocol and its code lists, to be changed."""
    folder = tmp_path / "rules"
    shutil.copytree(rules_dir(), folder)
    return folder


def test_a_protocol_is_named_by_its_folder_or_its_file() -> None:
    folder = rules_dir() / PROTOCOL
    by_folder, by_file = load_protocol(folder), load_protocol(str(folder / "protocol.yaml"))
    assert by_folder == by_file
    assert by_folder.protocol.id == PROTOCOL
    assert by_folder.path == folder / "protocol.yaml"


def test_dates_may_stand_without_quotes() -> None:
    first, second = load_protocol(GOOD).protocol.versions
    assert (first.in_force.from_, first.in_force.to) == (date(2020, 1, 1), date(2023, 12, 31))
    assert second.in_force.to is None


def test_the_identity_is_that_of_all_files_that_were_read(rulebook: Path) -> None:
    before = load_protocol(rulebook / PROTOCOL).sha256
    assert load_protocol(rulebook / PROTOCOL).sha256 == before
    assert load_protocol(rules_dir() / PROTOCOL).sha256 == before
    for name in ("liver-resection", "imaging", "regions", "modalities"):
        file = rulebook / "codelists" / f"{name}.csv"
        content = file.read_bytes()
        file.write_bytes(content + b"\n")
        assert load_protocol(rulebook / PROTOCOL).sha256 != before, name
        file.write_bytes(content)
    (rulebook / "codelists" / "unused.csv").write_text("system,code,note,source\n")
    assert load_protocol(rulebook / PROTOCOL).sha256 == before
    file = rulebook / PROTOCOL / "protocol.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "# a comment\n", encoding="utf-8")
    assert load_protocol(rulebook / PROTOCOL).sha256 != before


def test_a_protocol_elsewhere_finds_the_code_lists_of_the_program(tmp_path: Path) -> None:
    shutil.copytree(rules_dir() / PROTOCOL, tmp_path / PROTOCOL)
    alone = load_protocol(tmp_path / PROTOCOL)
    assert alone.sha256 == load_protocol(rules_dir() / PROTOCOL).sha256


def test_a_code_list_of_ones_own_goes_first(tmp_path: Path) -> None:
    shutil.copytree(rules_dir() / PROTOCOL, tmp_path / PROTOCOL)
    own = tmp_path / "codelists" / "liver-resection.csv"
    own.parent.mkdir()
    own.write_text("system,code,note,source\nLOCAL,LR1,ours,ours\n")
    lists = load_protocol(tmp_path / PROTOCOL).catalogue.lists
    assert lists["liver-resection"].exact == {("LOCAL", "LR1")}
    assert len(lists["liver-metastasis"].rows) > 1


def test_a_mistake_in_a_code_list_is_told_with_its_row(rulebook: Path) -> None:
    file = rulebook / "codelists" / "liver-resection.csv"
    rows = file.read_text(encoding="utf-8").count("\n") + 1
    with file.open("a", encoding="utf-8") as out:
        out.write("ICD-10-PCS,1.23E+10,,\n")
    with pytest.raises(UserError, match=rf"liver-resection.csv, row {rows}: .*spreadsheet"):
        load_protocol(rulebook / PROTOCOL)


def test_a_file_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nothing\.yaml: does not exist"):
        load_protocol(tmp_path / "nothing.yaml")


def test_a_folder_without_a_protocol(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"this folder holds no protocol\.yaml"):
        load_protocol(tmp_path)


def test_the_folder_of_all_protocols_names_them() -> None:
    with pytest.raises(UserError, match=f"Name one of its protocols: .*{PROTOCOL}"):
        load_protocol(rules_dir())


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_bytes(b"\xef\xbb\xbftimezone: Europe/Berlin\r\n")
    assert load_site(file).timezone == "Europe/Berlin"


def test_what_is_not_utf_8(tmp_path: Path) -> None:
    said = problem("# Köln\ntimezone: Zürich\n".encode("latin-1"), tmp_path)
    assert said == "site.yaml:1:4: is not UTF-8. Save the file with the encoding UTF-8."


def test_a_null_byte(tmp_path: Path) -> None:
    said = problem(b"timezone: UTC\n\x00\n", tmp_path)
    assert said.startswith("site.yaml:2:1: holds the character U+0000")


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    assert "is larger than 1 MB" in problem(b"a" * 1_000_001, tmp_path)


@pytest.mark.parametrize("opening", [b"[", b"{a: ", b"- "])
def test_deep_nesting_is_refused_before_it_hurts(opening: bytes, tmp_path: Path) -> None:
    said = problem(b"a:\n  " + opening * 100_000, tmp_path)
    assert "is nested deeper than 30 levels" in said


def test_no_billion_laughs(tmp_path: Path) -> None:
    lines = ["a0: &a0 [lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    file = tmp_path / "site.yaml"
    file.write_text("\n".join(lines))
    with pytest.raises(UserError, match="the anchor &a0 is not accepted") as caught:
        load_site(file)
    assert len(str(caught.value)) < 100_000


def test_thousands_of_mistakes_are_summed_up(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text("".join(f"key{n}: x\n" for n in range(3000)))
    with pytest.raises(UserError) as caught:
        load_site(file)
    assert len(caught.value.problems) == 101
    assert "and 2901 more problems" in str(caught.value.problems[-1])


def test_site_settings() -> None:
    site = load_site(GOOD.with_name("good-site.yaml"))
    assert site.holidays == [date(2026, 1, 1), date(2026, 12, 25)]
    assert site.midnight_is_date is True
    assert str(site.feeds["imaging"]) == "3 days"


def test_a_site_may_map_columns_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text("timezone: UTC\ncolumns: {events: {machine: Device}, cases: {ward: Unit}}\n")
    assert load_site(file).columns["events"] == {"machine": "Device"}
    file.write_text("timezone: UTC\ncolumns: {exceptions: {ward: Unit}}\n")
    with pytest.raises(UserError, match="`exceptions` has no column `ward`"):
        load_site(file)


def test_loading_imports_nothing_heavy() -> None:
    heavy = ("pandas", "duckdb", "sqlglot", "jsonschema", "jinja2", "difflib")
    code = (
        "import sys; from qi_checker.protocol.load import load_protocol; "
        f"load_protocol({str(rules_dir() / PROTOCOL)!r}); "
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
