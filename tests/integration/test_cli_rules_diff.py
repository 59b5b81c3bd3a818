"""`rules diff`: which cases a change of the rule flips, why, and the rates before and after."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qi_checker.cli import main
from qi_checker.protocol.paths import rules_dir
from tests.helpers.pages import read_page
from tests.helpers.records import case, mr_scan, scan
from tests.integration.conftest import WriteFolder

SHIPPED = rules_dir() / "hepatic-metastasectomy-imaging"
Rule = Callable[..., Path]


@pytest.fixture
def rule(tmp_path: Path) -> Rule:
    """Writes the shipped protocol with changes, each one a text and what stands in its place."""

    def write(*changes: tuple[str, str], name: str = "new", **lists: str) -> Path:
        text = (SHIPPED / "protocol.yaml").read_text("utf-8")
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        folder = tmp_path / name / "rule"
        folder.mkdir(parents=True)
        (folder / "protocol.yaml").write_text(text, "utf-8")
        for list_name, content in lists.items():
            codes = folder.parent / "codelists"
            codes.mkdir(exist_ok=True)
            (codes / f"{list_name.replace('_', '-')}.csv").write_text(content, "utf-8")
        return folder

    return write


@pytest.fixture
def data(folder: WriteFolder) -> Path:
    """C1 has both scans, the MRI of 25 days ago; C2 has a CT only; C3 has everything of late."""
    return folder(
        cases=[
            case("C3", "2026-02-12T08:00", patient_id="P3"),
            case("C1", "2026-02-10T08:00", patient_id="P1"),
            case("C2", "2026-02-11T08:00", patient_id="P2"),
        ],
        events=[
            scan("2026-02-01", "E1", patient_id="P1"),
            mr_scan("2026-01-16", "E2", patient_id="P1"),
            scan("2026-02-01", "E3", patient_id="P2"),
            scan("2026-02-02", "E4", patient_id="P3"),
            mr_scan("2026-02-03", "E5", patient_id="P3"),
        ],
    )


TO_21_DAYS = ("at_most: 30 days}\n        same_day", "at_most: 21 days}\n        same_day")


def diff(new: Path, data: Path, *more: str, old: Path = SHIPPED) -> int:
    return main(["rules", "diff", str(old), str(new), "--data", str(data), *more])


def as_json(
    new: Path, data: Path, capsys: pytest.CaptureFixture[str], *more: str, old: Path = SHIPPED
) -> dict[str, Any]:
    assert diff(new, data, "--format", "json", *more, old=old) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_who_flips_and_why(rule: Rule, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(rule(TO_21_DAYS), data, capsys)
    (changed,) = found["cases"]
    assert (changed["case_id"], changed["old_verdict"], changed["new_verdict"]) == (
        "C1",
        "compliant",
        "not_compliant",
    )
    (flip,) = changed["flips"]
    assert (flip["requirement"], flip["old_status"], flip["old_reason"]) == (
        "mri",
        "met",
        "in_window",
    )
    assert (flip["new_status"], flip["new_reason"]) == ("expired", "too_old")
    assert "the limit is 30 days" in flip["old_sentence"]
    assert "the limit is 21 days. 4 days too old." in flip["new_sentence"]
    assert (found["total"], found["unchanged"], found["other_reason"]) == (3, 2, 0)
    assert found["verdicts"] == [["compliant", "not_compliant", 1]]


def test_rates_before_and_after(rule: Rule, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(rule(TO_21_DAYS), data, capsys)
    sides = [found[side]["rate"] for side in ("old", "new")]
    assert [(s["compliant"], s["eligible"]) for s in sides] == [(2, 3), (1, 3)]
    assert sides[1]["low"] == pytest.approx(0.0615, abs=1e-4)  # Wilson, 1 of 3
    assert sides[1]["high"] == pytest.approx(0.7923, abs=1e-4)
    rates = {r["id"]: r for r in found["requirements"]}
    assert (rates["mri"]["old"]["met"], rates["mri"]["new"]["met"]) == (2, 1)
    assert rates["ct"]["old"] == rates["ct"]["new"]


def test_the_keys_that_differ_with_their_place(
    rule: Rule, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = rule(TO_21_DAYS, ("book: CT booking desk", "book: CT desk"))
    keys = {k["path"]: k for k in as_json(new, data, capsys)["keys"]}
    assert list(keys) == [
        "versions[1.0].requirements[ct].window.at_most",
        "versions[1.0].requirements[ct].owner.book",
        "versions[1.0].requirements[mri].window.at_most",
    ]
    owner = keys["versions[1.0].requirements[ct].owner.book"]
    assert (owner["old"], owner["new"]) == ("CT booking desk", "CT desk")
    file, line, column = owner["where"].rsplit(":", 2)
    written = Path(file).read_text("utf-8").splitlines()[int(line) - 1]
    assert written[int(column) - 1 :] == "CT desk"


def test_a_new_version_is_compared_with_the_one_before_it(
    rule: Rule, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An author copies a version and changes a limit: only that is told, with its place."""
    text = (SHIPPED / "protocol.yaml").read_text("utf-8")
    first = text[text.index('  - version: "1.0"') :]
    begin = 'in_force: {from: "2020-01-01"'
    closed = first.replace(begin, begin + ', to: "2026-03-31"')
    second = first.replace('version: "1.0"', 'version: "2.0"').replace("2020-01-01", "2026-04-01")
    at = second.index("at_most: 30 days")
    second = f"{second[:at]}at_most: 28 days{second[at + 16 :]}"
    second = second.replace("        lead_time: 5 working days\n", "", 1)
    keys = {k["path"]: k for k in as_json(rule((first, closed + second)), data, capsys)["keys"]}
    assert {path: (k["old"], k["new"]) for path, k in keys.items()} == {
        "versions[1.0].in_force.to": ("", "2026-03-31"),
        "versions[2.0]": ("", "added; compared with version 1.0 below"),
        "versions[2.0].in_force.from": ("2020-01-01", "2026-04-01"),
        "versions[2.0].in_force.to": ("2026-03-31", ""),
        "versions[2.0].requirements[ct].window.at_most": ("30 days", "28 days"),
        "versions[2.0].requirements[ct].lead_time": ("5 working days", ""),
    }
    for path, shown in (("window.at_most", "28 days"), ("lead_time", "5 working days")):
        where = keys[f"versions[2.0].requirements[ct].{path}"]["where"]
        file, line, column = where.rsplit(":", 2)
        written = Path(file).read_text("utf-8").splitlines()[int(line) - 1]
        assert written[int(column) - 1 :].startswith(shown)


def test_the_same_rule_changes_nothing(
    rule: Rule, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert diff(rule(), data, "--fail-on-change") == 0
    said = capsys.readouterr().out
    assert "0 of 3 cases change; 3 do not." in said and "The rules are identical." in said


def test_a_change_can_fail_a_build(
    rule: Rule, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert diff(rule(TO_21_DAYS), data, "--fail-on-change") == 1
    assert diff(rule(TO_21_DAYS, name="again"), data) == 0
    capsys.readouterr()


def test_a_requirement_that_only_one_rule_has(
    rule: Rule, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The CT is gone: C2 lacks its MRI as before, and nobody's verdict changes by the CT alone."""
    text = (SHIPPED / "protocol.yaml").read_text("utf-8")
    start, end = text.index("      - id: ct\n"), text.index("      - id: mri\n")
    codes = ("not_codes: {in: imaging-not-done}", "not_codes: {in: imaging-not-done}")
    found = as_json(rule((text[start:end], ""), codes), data, capsys)
    assert (found["only_old"], found["only_new"]) == (["ct"], [])
    assert found["cases"] == []
    assert next(r for r in found["requirements"] if r["id"] == "ct")["new"] is None
    (gone,) = found["keys"]
    assert gone["path"] == "versions[1.0].requirements[ct]" and not gone["new"]
    assert gone["where"].startswith(str(SHIPPED))


def test_how_requirements_are_combined(
    rule: Rule, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One of the two is enough: C2 complies, though each requirement has the status it had."""
    text = (SHIPPED / "protocol.yaml").read_text("utf-8")
    start, end = text.index("      - id: ct\n"), text.index("    exceptions:\n")
    inner = re.sub("(?m)^", "    ", text[start:end]).rstrip(" ")
    found = as_json(rule((text[start:end], f"      - any_of:\n{inner}")), data, capsys)
    (changed,) = found["cases"]
    assert (changed["case_id"], changed["new_verdict"], changed["flips"]) == ("C2", "compliant", [])
    assert {k["path"] for k in found["keys"]} == {
        f"versions[1.0].requirements[{name}]" for name in ("any_of", "ct", "mri")
    }


def test_another_code_list(rule: Rule, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    codes = "system,code,note,source\nICD-10-CM,C78.8,,\n"
    found = as_json(rule(liver_metastasis=codes), data, capsys)
    (change,) = found["keys"]
    assert change["path"] == "codelists/liver-metastasis.csv"
    assert "ICD-10-CM:C787" in change["old"] and change["new"] == "only here: ICD-10-CM:C788"
    assert {c["new_verdict"] for c in found["cases"]} == {"not_applicable"}
    assert [c["case_id"] for c in found["cases"]] == ["C1", "C2", "C3"]


def test_the_moment_is_the_latest_day_of_the_records(
    rule: Rule, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = rule()
    found = as_json(new, data, capsys)
    assert found["new"]["provenance"]["as_of"] == "2026-02-12" and not found["as_of_told"]
    found = as_json(new, data, capsys, "--as-of", "2026-05-01")
    assert found["new"]["provenance"]["as_of"] == "2026-05-01" and found["as_of_told"]


def test_two_runs_are_the_same(rule: Rule, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = rule(TO_21_DAYS)
    for form in ("text", "json", "html"):
        said = []
        for _ in range(2):
            assert diff(new, data, "--format", form) == 0
            said.append(capsys.readouterr().out)
        assert said[0] == said[1]


def test_the_page(rule: Rule, data: Path, tmp_path: Path) -> None:
    new = rule(TO_21_DAYS, ("title: MRI of the liver", "title: MRI <b>of</b> the liver"))
    out = tmp_path / "diff.html"
    assert diff(new, data, "--format", "html", "--out", str(out)) == 0
    text = out.read_text("utf-8")
    page = read_page(text)
    assert page.all("h1")[0].words.startswith("What the new rule would change")
    assert "1 of 3 cases changes; 2 do not." in page.words
    assert "MRI &lt;b&gt;of&lt;/b&gt; the liver" in text
    for table in page.all("table"):
        assert table.all("caption") and all(th.attributes.get("scope") for th in table.all("th"))
    assert "Content-Security-Policy" in text and "<script" not in text


def test_the_text_names_what_it_leaves_out(
    rule: Rule, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    codes = "system,code,note,source\nICD-10-CM,C78.8,,\n"
    assert diff(rule(liver_metastasis=codes), data, "--limit", "1") == 0
    said = capsys.readouterr().out
    assert "C1, surgery" in said and "C2, surgery" not in said and "and 2 more cases" in said
    assert "compliant -> not applicable: 2 cases" in said


def test_fewer_cases_than_none_are_refused(
    rule: Rule, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert diff(rule(), data, "--limit", "-1") == 2
    assert capsys.readouterr().err == (
        "qi-checker: --limit: -1 is not possible. Give the maximum number of cases, 0 for none.\n"
    )


def test_no_cases(rule: Rule, folder: WriteFolder, capsys: pytest.CaptureFixture[str]) -> None:
    empty = folder(cases=[], events=[])
    assert diff(rule(TO_21_DAYS), empty) == 2
    assert "--as-of: is required" in capsys.readouterr().err
    assert diff(rule(TO_21_DAYS, name="b"), empty, "--as-of", "2026-03-01") == 0
    said = capsys.readouterr().out
    assert "The records contain no cases." in said and "no eligible cases" in said


def test_the_problems_of_both_rules(
    rule: Rule, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = rule(("same_day: unknown", "same_day: maybe"), name="first")
    second = rule(("book: CT booking desk", "bok: CT booking desk"), name="second")
    assert diff(second, data, old=first) == 2
    said = capsys.readouterr().err
    assert "maybe" in said and "bok" in said
    assert diff(rule(), data / "nowhere") == 2
    assert "there is no such folder" in capsys.readouterr().err
    assert diff(rule(name="c"), data, "--as-of", "soon") == 2
    assert "--as-of: is not a date" in capsys.readouterr().err
