"""The reader of pages itself: what a page says wrongly is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.walkthrough import changed, commands, follow, matches, rewritten

SCHEMA = "```console\n$ qi-checker rules schema\n{\n...\n}\n```\n"


def test_a_page_that_is_right(tmp_path: Path) -> None:
    page = (
        '```text title="a/b.txt"\nx\ny\n```\n```diff title="a/b.txt"\n  x\n- y\n+ z\n```\n' + SCHEMA
    )
    page += '```text title="add to a/b.txt"\nv\n```\n'
    assert [command.holds for command in follow(page, tmp_path)] == [True]
    assert (tmp_path / "a" / "b.txt").read_text(encoding="utf-8") == "x\nz\nv\n"


@pytest.mark.parametrize(
    "page",
    [
        SCHEMA.replace("{\n", "[\n"),
        SCHEMA.replace("...\n", ""),
        SCHEMA.replace("schema\n", "schema  # exit 1\n"),
        "```console\n$ qi-checker rules validate nowhere\n```\n",
    ],
    ids=["another line", "a line too few", "another exit code", "an error nobody told of"],
)
def test_a_page_that_is_wrong(page: str, tmp_path: Path) -> None:
    done = follow(page, tmp_path)
    assert [command.holds for command in done] == [False]
    better = follow(rewritten(page, done), tmp_path)
    assert [command.holds for command in better] == [True]


@pytest.mark.parametrize("text", ["x\nx\n", "y\n"], ids=["twice", "not there"])
def test_a_change_must_fit_once(text: str) -> None:
    with pytest.raises(ValueError, match="times, not once"):
        changed(text, "- x\n+ z\n")


def test_a_change_keeps_indentation() -> None:
    assert (
        changed("a:\n  b: 1\n  c: 2\n", "    b: 1\n-   c: 2\n+   c: 3\n") == "a:\n  b: 1\n  c: 3\n"
    )


def test_output_needs_a_command() -> None:
    with pytest.raises(ValueError, match="without a command"):
        list(commands("nothing typed\n$ qi-checker\n"))


def test_an_ellipsis_stands_for_no_line_or_several() -> None:
    assert matches("a\n...\nb\n", "a\nb\n") and matches("a\n...\nb\n", "a\nx\ny\nb\n")
    assert matches("a: ...\nb\n", "a: x, y\nb\n") and not matches("a: ...\nb\n", "a: x\ny\nb\n")
    assert not matches("a\n...\nb\n", "a\nx\n") and not matches("a.c\n", "abc\n")
