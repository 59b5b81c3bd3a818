"""Whatever is typed into a file: it loads, or it is refused in plain words, one problem a line."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from qi_checker.errors import UserError
from qi_checker.protocol.examples import load_examples
from qi_checker.protocol.lint import lint
from qi_checker.protocol.load import load_protocol, load_site

FOLDER = Path(__file__).parents[1] / "bad_input"
BUNDLE = load_protocol(FOLDER / "good-protocol.yaml")
LOADERS: dict[str, Callable[[Path], object]] = {
    "good-protocol.yaml": lambda file: lint(load_protocol(file)),
    "good-language.yaml": lambda file: lint(load_protocol(file)),
    "good-site.yaml": load_site,
    "good-examples.yaml": lambda file: load_examples(file, BUNDLE),
}
TYPED = (
    *("null", "~", "[]", "{}", "no", "12:30", "0o7", "0b_", ".inf", ".nan", "-", "?", "|", ">"),
    *("&a", "*a", "!!int", "\t", "\n", "  ", "'", '"', "#", ":", ": ", ",", "{", "}", "[", "]"),
    *("%", "@", "`", "<<: ", "=", "2020-13-41T99", "9" * 5000, "\u2028", "\x85", "𝒳", "---\n"),
    *(
        "...\n",
        "99999 days",
        "9999 years",
        "0 days",
        "0 hours",
        "two",
        "0",
        "1",
        "-1",
        "2.5",
        "true",
        "in",
        '"\\e[31m"',
        "\ufeff",
    ),
    *("0 hours", "two", "0", "1", "-1", "2.5", "true"),
    *("{requirement: ct}", "{column: status}", "{requirement: twice}", "surgery", "and", "before"),
)
WORD = re.compile(r"[^\s{}\[\],:]+|[{}\[\]:,]")


def changed(text: str, chance: random.Random) -> str:
    """The text with a few slips: a word replaced, inserted or lost, a line doubled or lost."""
    for _ in range(chance.choice((1, 1, 2, 4))):
        start, end = chance.choice([w.span() for w in WORD.finditer(text)] or [(0, 0)])
        lines = text.splitlines(keepends=True)
        slip = chance.randrange(5)
        if slip < 3:
            typed = "" if slip == 2 else chance.choice(TYPED)
            text = text[:start] + typed + text[start if slip == 1 else end :]
        elif lines:
            line = lines.pop(chance.randrange(len(lines)))
            if slip == 3:
                lines.insert(chance.randrange(len(lines) + 1), line)
            text = "".join(lines)
    return text


@pytest.mark.parametrize("name", LOADERS)
def test_nothing_but_problems_in_plain_words(name: str, tmp_path: Path) -> None:
    good = (FOLDER / name).read_text(encoding="utf-8")
    chance = random.Random(name)
    file = tmp_path / "rules" / "x.yaml"
    file.parent.mkdir()
    for _ in range(300):
        file.write_text(changed(good, chance), encoding="utf-8", newline="")
        try:
            LOADERS[name](file)
        except UserError as error:
            for said in map(str, error.problems):
                assert said.isprintable()
                assert len(said) < 900  # all reasons there are, and where
                assert not re.search(r"Input should|Value error|Traceback|pydantic|<class", said)
