"""What commands have in common that somebody answers for: who it is, and what they write."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date
from typing import Any

from qi_checker.errors import Problem, UserError
from qi_checker.store.exceptions import Person

_LONGEST_NAME, _LONGEST_TEXT = 150, 2_000  # characters


def person(arguments: argparse.Namespace) -> Person:
    """Who does it, and in which role. UserError where a name is empty or is none."""
    problems = [
        Problem(option, "is not a name", "", "Write one line of letters and digits")
        for option, text in (("--by", arguments.by), ("--role", arguments.role))
        if not text.strip() or not text.isprintable() or len(text) > _LONGEST_NAME
    ]
    if problems:
        raise UserError(problems)
    return Person(arguments.by.strip(), arguments.role.strip())


def free_text(given: str) -> str:
    """What somebody writes; `-` reads it from the input, so that no list of processes shows it."""
    text = (sys.stdin.read() if given == "-" else given).strip()
    if len(text) > _LONGEST_TEXT:
        raise UserError(Problem("", f"the text is longer than {_LONGEST_TEXT:,} characters"))
    return text


def print_rows(rows: Sequence[dict[str, Any]]) -> None:
    """Rows as JSON; dates and moments as ISO text."""

    def plain(value: Any) -> str:
        if isinstance(value, date):
            return value.isoformat()
        raise TypeError(type(value).__name__)

    print(json.dumps(rows, default=plain, indent=2, ensure_ascii=False))
