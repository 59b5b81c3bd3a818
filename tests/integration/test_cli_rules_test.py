"""`rules test`: differences that can be read, by a person and by a build server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from qi_checker.authoring import examples as rule_examples
from qi_checker.cli import main
from qi_checker.protocol.paths import rules_dir

SHIPPED = rules_dir() / "hepatic-metastasectomy-imaging"
TOO_OLD = "mri: {status: expired, reason: too_old, event: E2}"
Edit = Callable[..., Path]


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """Copies the shipped protocol into a folder, with a change to its examples."""

    def write(name: str = "mine", old: str = "", new: str = "", protocol: str = "") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        rule = (SHIPPED / "protocol.yaml").read_text("utf-8")
        (folder / "protocol.yaml").write_text(protocol or rule, "utf-8")
        text = (SHIPPED / "examples.yaml").read_text("utf-8")
        assert old in text
        (folder / "examples.yaml").write_text(text.replace(old, new, 1) if old else text, "utf-8")
        return folder

    return write


def test_all_hold(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "test", str(SHIPPED), "--engine", "judging"]) == 0
    said = capsys.readouterr()
    number = (SHIPPED / "examples.yaml").read_text("utf-8").count("\n  - id:")
    assert f"{number} of {number} examples hold" in said.out.replace("\n", " ")


def test_a_protocol_is_told_before_the_next_one_is_begun(
    edited: Edit, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many protocols take a minute: nobody should look at nothing for so long."""
    seen_lines: list[str] = []

    def watched(*given: Any) -> list[rule_examples.ExampleResult]:
        seen_lines.append(capsys.readouterr().out)
        return original(*given)

    original = rule_examples.run_examples
    monkeypatch.setattr(rule_examples, "run_examples", watched)
    folders = [str(edited(name)) for name in ("first", "second")]
    assert main(["rules", "test", *folders, "-k", "thirty-one", "--engine", "judging"]) == 0
    assert seen_lines[0] == ""
    assert "examples hold" in seen_lines[1]


def test_a_failure_is_placed_and_shown_side_by_side(
    edited: Edit, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = edited(old=TOO_OLD, new="mri: {status: met, reason: in_window, event: E1}")
    assert main(["rules", "test", str(folder), "-k", "thirty-one-days"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    lines = (folder / "examples.yaml").read_text("utf-8").splitlines()
    line = lines.index("  - id: thirty-one-days-is-too-old") + 1
    assert f"examples.yaml:{line}:5: thirty-one-days-is-too-old" in said
    assert "given E2: modality MR, region liver, at 2026-01-23" in said
    assert "expected found mri met (in_window, E1) expired (too_old, E2)" in said
    assert "is 31 days before surgery on 2026-02-23" in said
    assert "0 of 1 examples hold" in said


def test_it_fits_a_narrow_terminal(
    edited: Edit, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    folder = edited(old=TOO_OLD, new="mri: {status: met}")
    assert main(["rules", "test", str(folder), "-k", "thirty-one-days"]) == 1
    said = capsys.readouterr().out
    assert "  mri: expected met\n  mri: found expired (too_old, E2)\n" in said
    assert max(len(line) for line in said.splitlines() if "examples.yaml" not in line) <= 40


def test_one_broken_file_does_not_hide_the_rest(
    edited: Edit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = edited("failing", TOO_OLD, "mri: {status: met}")
    first = edited("first", "verdict: compliant", "verdict: complaint")
    second = edited("second", protocol="id: second\n")
    paths = [str(p) for p in (first, failing, second)]
    quick = ["--engine", "judging"]
    assert main(["rules", "test", *paths, *quick]) == 2
    said = capsys.readouterr()
    assert "thirty-one-days-is-too-old" in said.out
    assert "first/examples.yaml" in said.err and "complaint" in said.err
    assert "second/protocol.yaml" in said.err and "`title`" in said.err

    out = tmp_path / "junit.xml"
    assert main(["rules", "test", *paths, *quick, "--format", "junit", "--out", str(out)]) == 2
    root = ElementTree.parse(out).getroot()
    broken = root.findall("testsuite[@name='files that cannot be read']/testcase/error")
    assert len(broken) == int(root.get("errors", "")) == len(said.err.splitlines())


def test_junit_counts_what_the_text_counts(
    edited: Edit, capsys: pytest.CaptureFixture[str]
) -> None:
    good = edited("good")
    bad = edited("bad", TOO_OLD, "mri: {status: met}")
    written = (bad / "examples.yaml").read_text("utf-8")
    hostile = written.replace("why: Day 31 is outside;", 'why: A & <B> "C" ]]>')
    (bad / "examples.yaml").write_text(hostile, "utf-8")
    arguments = ["rules", "test", str(good), str(bad), "--engine", "judging"]
    assert main([*arguments, "--format", "junit"]) == 1
    xml = capsys.readouterr().out
    assert main([*arguments, "--format", "junit"]) == 1
    assert capsys.readouterr().out == xml
    root = ElementTree.fromstring(xml)
    number = written.count("\n  - id:")
    assert [s.tag for s in root] == ["testsuite", "testsuite"]
    for suite, failures in zip(root, (0, 1), strict=True):
        assert len(suite) == int(suite.get("tests", "")) == number
        assert len(suite.findall("testcase/failure")) == int(suite.get("failures", "")) == failures
    (failure,) = root.findall("testsuite/testcase/failure")
    assert failure.text is not None and 'A & <B> "C" ]]>' in failure.text
    assert "mri: expected met, found expired (too_old, E2)" in failure.text
    case = root.find("testsuite/testcase[@name='thirty-one-days-is-too-old']")
    assert case is not None and case.get("file") == str(good / "examples.yaml")
    lines = written.splitlines()
    assert lines[int(case.get("line", "")) - 1] == "  - id: thirty-one-days-is-too-old"


def test_a_word_that_no_example_has(edited: Edit, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "test", str(edited()), "-k", "thirty-one-day-is-too-old"]) == 2
    assert "Did you mean thirty-one-days-is-too-old?" in capsys.readouterr().err


def test_nothing_to_run_is_no_success(edited: Edit, capsys: pytest.CaptureFixture[str]) -> None:
    without = edited("without")
    (without / "examples.yaml").unlink()
    assert main(["rules", "test", str(without)]) == 2
    assert "has no examples.yaml" in capsys.readouterr().err
    assert main(["rules", "test", str(edited("with")), str(without), "-k", "thirty-one-days"]) == 0
    assert "warning" in capsys.readouterr().err


def test_a_folder_that_is_not_there(edited: Edit, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "test", str(edited()), "no-such-folder"]) == 2
    said = capsys.readouterr()
    assert "no-such-folder: there is no such file or folder" in said.err and not said.out


def test_a_file_that_cannot_be_written(edited: Edit, capsys: pytest.CaptureFixture[str]) -> None:
    folder = edited()
    out = str(folder / "no" / "file.txt")
    assert main(["rules", "test", str(folder), "-k", "thirty-one-days", "--out", out]) == 2
    assert "cannot be written" in capsys.readouterr().err
