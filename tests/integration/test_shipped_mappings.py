"""The mappings that come with the program, each on a small export of its shape, up to the verdicts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qi_checker.cli.common import SHIPPED
from qi_checker.engines.duckdb import evaluate
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.site import Site
from qi_checker.sources.files import read_folder
from qi_checker.sources.shipped import shipped_mappings, shipped_text
from tests.docs.test_documentation import ROOT
from tests.helpers.commands import run
from tests.helpers.shipped_exports import ANSWERS, AS_OF, EXPORTS, ONLY_DONE, VERDICTS

SITE = Site(timezone="UTC")


def answered(name: str) -> str:
    """The shipped mapping with what a hospital answers; only below a comment that asks for it."""
    text = shipped_text(name)
    for asked, answer in ANSWERS.get(name, {}).items():
        line = text[: text.index(asked)].count("\n")
        above = text.splitlines()[max(line - 3, 0) : line]
        assert any("YOURS" in one for one in above), f"{name}: nobody is told to change {asked}"
        text = text.replace(asked, answer)
    return text


def test_every_shipped_mapping_has_an_export() -> None:
    assert set(shipped_mappings()) == set(EXPORTS)


@pytest.mark.parametrize("name", EXPORTS)
def test_a_shipped_mapping_leads_to_the_right_verdicts(name: str, tmp_path: Path) -> None:
    EXPORTS[name](tmp_path)
    (tmp_path / "mapping.yaml").write_text(answered(name), encoding="utf-8")
    done = evaluate(
        load_protocol(rules_dir() / SHIPPED), read_folder(tmp_path, SITE), AsOf.parse(AS_OF), SITE
    )
    assert [r for r in done.rejects() if r["id"] != "L1"] == []
    verdicts = ONLY_DONE.get(name, set(VERDICTS))
    found = {str(row["case_id"]): row["verdict"] for row in done.cases()}
    assert found == {case: verdict for case, verdict in VERDICTS.items() if case in verdicts}


def test_the_mapping_of_a_known_shape_is_offered_and_given(tmp_path: Path) -> None:
    EXPORTS["synthea-csv"](tmp_path)
    ran = run("inspect", tmp_path)
    assert f"qi-checker inspect {tmp_path} --like synthea-csv" in ran.err
    ran = run("inspect", tmp_path, "--like", "synthea-csv", "--out", tmp_path / "mapping.yaml")
    assert ran.code == 0, ran.err
    assert (tmp_path / "mapping.yaml").read_text("utf-8") == shipped_text("synthea-csv")
    ran = run("inspect", tmp_path, "--like", "synthea")
    assert (
        ran.code == 2
        and "there is no shipped mapping synthea. Did you mean synthea-csv?" in ran.err
    )


def test_the_page_names_every_mapping_and_every_guess() -> None:
    page = (ROOT / "docs" / "shipped-mappings.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^## `(.*)`$", page, re.MULTILINE)) == set(EXPORTS)
    for part in page.split("\n## `")[1:]:
        assert "Documented:" in part and "A guess:" in part, part.splitlines()[0]
