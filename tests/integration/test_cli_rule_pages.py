"""`rules render` and `rules sql` as a person types them, for every protocol that is shipped."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot

from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.site import Site
from qi_checker.protocol.words import requirement_sentence, titles_of
from qi_checker.query import compile_protocol
from qi_checker.query.dialects import NOT_RUN
from qi_checker.query.printed import script, statements
from tests.helpers.commands import run, start
from tests.helpers.pages import read_page
from tests.helpers.pdf import needs_pango

PROTOCOLS = sorted(file.parent for file in rules_dir().glob("*/protocol.yaml"))
# One with two scans, one with hours; the others in `make test-thorough`.
USUAL = [
    pytest.param(
        folder,
        id=folder.name,
        marks=() if folder.name in ("hp-update", "antibiotic") else pytest.mark.thorough,
    )
    for folder in PROTOCOLS
]
WITHOUT = "import sys; sys.modules['weasyprint'] = None"


@pytest.mark.parametrize("folder", USUAL)
def test_page_and_sql_of_a_shipped_protocol_say_the_same(folder: Path) -> None:
    bundle = load_protocol(folder)
    ran = run("rules", "render", folder)
    assert ran.code == 0, ran.err
    page = read_page(ran.out).words
    sql = script(compile_protocol(bundle, AsOf.parse("2026-02-01"), Site(timezone="UTC")), "duckdb")
    for version in bundle.protocol.versions:
        for leaf in version.leaves:
            sentence = requirement_sentence(leaf, titles_of(version))
            assert sentence in page
            assert f": {sentence}\n" in sql
    for name in bundle.catalogue.lists:
        assert f"{name} (" in page
    assert bundle.sha256 in page


@pytest.mark.parametrize("dialect", NOT_RUN)
@pytest.mark.parametrize("folder", USUAL)
def test_sql_of_a_shipped_protocol_can_be_read(folder: Path, dialect: str) -> None:
    """By sqlglot, as there is no such database here; what is printed for the others is what they run."""
    compiled = compile_protocol(
        load_protocol(folder), AsOf.parse("2026-02-01"), Site(timezone="UTC")
    )
    text = script(compiled, dialect)
    assert len(sqlglot.parse(text, dialect=dialect)) == len(list(statements(compiled)))
    assert "an intermediate step" not in text


def test_a_file_is_written_and_named(tmp_path: Path) -> None:
    out = tmp_path / "rule.html"
    ran = run("rules", "render", "--out", out)
    assert (ran.code, ran.out) == (0, f"{out}\n")
    assert out.read_text(encoding="utf-8") == run("rules", "render").out


@needs_pango
def test_pdf_goes_to_a_file_or_a_pipe(tmp_path: Path) -> None:
    out = tmp_path / "rule.pdf"
    ran = run("rules", "render", "--format", "pdf", "--out", out)
    assert (ran.code, ran.err) == (0, "")
    assert out.read_bytes().startswith(b"%PDF-1.7")
    with start("rules", "render", "--format", "pdf") as process:
        piped, _ = process.communicate(timeout=120)
    assert piped == out.read_bytes()


@pytest.mark.parametrize("format", ["html", pytest.param("pdf", marks=needs_pango)])
def test_a_file_that_cannot_be_written_is_told(tmp_path: Path, format: str) -> None:
    ran = run("rules", "render", "--format", format, "--out", tmp_path / "no" / "file")
    assert ran.code == 2
    assert "cannot be written: no such file or directory" in ran.err


def test_without_weasyprint_one_is_told_what_to_install(tmp_path: Path) -> None:
    out = tmp_path / "rule.pdf"
    ran = run("rules", "render", "--format", "pdf", "--out", out, code=WITHOUT)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert 'pip install "qi-checker[pdf]"' in ran.err
    assert not out.exists()
    assert run("rules", "render", "--out", out, code=WITHOUT).code == 0
