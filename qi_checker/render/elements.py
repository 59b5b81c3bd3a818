"""The page that shows every element of the style sheet: `python -m qi_checker.render.elements`."""

from __future__ import annotations

from typing import NamedTuple

from qi_checker.render.html import environment
from qi_checker.render.words import SIGNS, VERDICTS


class Elements(NamedTuple):
    """The contents of the page: the word of each verdict's sign, and its meaning."""

    signs: list[tuple[str, str]]


def elements_page() -> str:
    """Return the page: chips of verdicts, figures, actions, blocks and tables, synthetic."""
    signs = [(word, VERDICTS[word]) for word in SIGNS if word in VERDICTS]
    return environment().get_template("style/elements.html.j2").render(shown=Elements(signs))


if __name__ == "__main__":
    print(elements_page())
