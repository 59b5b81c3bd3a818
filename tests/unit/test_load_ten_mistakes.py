"""The ten likeliest mistakes of a new user: each message alone leads to the fixed file.

`fix` knows nothing of protocols. It does what a message says, word by word.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qi_checker.errors import UserError
from qi_checker.protocol.load import load_protocol

FOLDER = Path(__file__).parents[1] / "bad_input" / "ten_mistakes"
CASES = sorted(f for f in FOLDER.iterdir() if f.is_dir())
PLACE = re.compile(r"(?P<file>[^:]+):(?P<line>\d+):(?P<column>\d+): (?P<said>.*)")
PROPOSED = re.compile(r"(?:Did you mean (.+)\?|Write it in brackets: (.+)\.|in quotes: (.+)\.)$")


def text(case: Path, name: str) -> str:
    return (case / name).read_text(encoding="utf-8")


def fix(broken: str, message: str) -> str:
    """The file after doing what the message says, at the place that it names."""
    place = PLACE.fullmatch(message)
    assert place, message
    lines = broken.splitlines(keepends=True)
    row, column = int(place["line"]) - 1, int(place["column"]) - 1
    line = lines[row]
    begin = re.search(r"start it in column (\d+)", place["said"])
    proposed = PROPOSED.search(place["said"])
    if begin:
        assert column == len(line) - len(line.lstrip(" "))
        lines[row] = " " * (int(begin[1]) - 1) + line.lstrip(" ")
    elif "Indent with spaces" in place["said"]:
        beside = lines[row + 1]
        lines[row] = " " * (len(beside) - len(beside.lstrip(" "))) + line.lstrip("\t ")
    else:
        assert proposed, f"nothing to do is named: {message}"
        quoted = re.search(r"`([^`]+)`", place["said"])
        assert quoted and line[column:].startswith(quoted[1]), (
            "the place is not that of the mistake"
        )
        new = next(filter(None, proposed.groups()))
        lines[row] = line[:column] + new + line[column + len(quoted[1]) :]
    return "".join(lines)


def test_there_are_ten() -> None:
    assert len(CASES) == 10


@pytest.mark.parametrize("case", CASES, ids=lambda f: f.name)
def test_the_message_is_the_one_that_is_promised(case: Path) -> None:
    with pytest.raises(UserError) as caught:
        load_protocol(case / "broken.yaml")
    assert str(caught.value).replace(f"{case}/", "") + "\n" == text(case, "message.txt")


@pytest.mark.parametrize("case", CASES, ids=lambda f: f.name)
def test_doing_what_it_says_mends_the_file(case: Path) -> None:
    message = text(case, "message.txt").strip()
    assert fix(text(case, "broken.yaml"), message) == text(case, "fixed.yaml")
    load_protocol(case / "fixed.yaml")


@pytest.mark.parametrize("case", CASES, ids=lambda f: f.name)
def test_the_two_files_differ_in_the_line_that_is_named(case: Path) -> None:
    broken, fixed = (text(case, f"{name}.yaml").splitlines() for name in ("broken", "fixed"))
    different = [n for n, (a, b) in enumerate(zip(broken, fixed, strict=True), 1) if a != b]
    place = PLACE.fullmatch(text(case, "message.txt").strip())
    assert place and different == [int(place["line"])]
