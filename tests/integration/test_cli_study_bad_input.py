"""`study`: what it refuses, and how it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from qi_checker.cli import main
from qi_checker.demo.study import COMMAND

PERIODS = COMMAND.split()
PLAIN = ("--before", "2026-01-01..2026-01-31", "--after", "2026-02-01..2026-02-28")


@pytest.mark.parametrize(
    ("periods", "words"),
    [
        (
            ("--before", "2026-01", "--after", "x..y"),
            ["--before: is not a period", "--after: is not a"],
        ),
        (("--before", "2026-02-01..2026-01-01", *PLAIN[2:]), ["--before: ends before it begins"]),
        (("--before", "2026-01-01..2026-02-10", *PLAIN[2:]), ["--after: the periods overlap"]),
        (
            ("--before", PLAIN[3], "--after", PLAIN[1]),
            ["--after: the periods are the wrong way round"],
        ),
        (
            (*PLAIN, "--as-of", "2026-02-20"),
            ["--after: ends on 2026-02-28, after --as-of 2026-02-20"],
        ),
        ((*PLAIN, "--as-of", "2026-01-20"), ["--before: ends on", "--after: ends on"]),
        (("--before", "2026-01-01..2026-01-32", *PLAIN[2:]), ["--before: is not a date"]),
    ],
)
def test_periods_that_cannot_be_compared(
    periods: tuple[str, ...],
    words: list[str],
    cohort: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["study", "--data", str(cohort), *periods, "--out", str(tmp_path / "x")]) == 2
    lines = [line.removeprefix("qi-checker: ") for line in capsys.readouterr().err.splitlines()]
    assert len(lines) == len(words)
    assert all(line.startswith(begin) for line, begin in zip(lines, words, strict=True)), lines
    assert not (tmp_path / "x").exists()


def test_mistakes_of_published_yaml_are_told_with_their_lines(
    cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in cohort.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "published.yaml").write_text(
        "source: x\nfigures:\n  - {title: x, figure: before.case, printed: some}\n", "utf-8"
    )
    assert main(["study", "--data", str(tmp_path), *PERIODS, "--out", str(tmp_path / "x")]) == 2
    err = capsys.readouterr().err
    assert "published.yaml:3:24: `before.case` is not a figure" in err
    assert "published.yaml:3:46: `some` is not a printed number" in err
