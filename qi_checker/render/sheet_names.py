"""Names of the sheets of a workbook, from titles without regard to the rules of spreadsheets."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LONGEST = 31
_RESERVED = ("about", "charts", "history")  # two of ours, and a word that Excel reserves
_ILLEGAL = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def sheet_names(titles: Iterable[str]) -> list[str]:
    """Return a name for each title: valid, at most 31 characters, unique ignoring case."""
    taken = set(_RESERVED)
    names = []
    for title in titles:
        name = _free(" ".join(_ILLEGAL.sub(" ", title).split()).strip("'") or "Table", taken)
        taken.add(name.casefold())
        names.append(name)
    return names


def _free(name: str, taken: set[str]) -> str:
    number, candidate = 1, _short(name, _LONGEST)
    while candidate.casefold() in taken:
        number += 1
        tail = f" ({number})"
        candidate = _short(name, _LONGEST - len(tail)) + tail
    return candidate


def _short(name: str, longest: int) -> str:
    """Cut a name as UTF-16 counts: a character outside the first plane counts as two."""
    cut = name.encode("utf-16-le")[: 2 * longest].decode("utf-16-le", "ignore")
    return cut.rstrip(" '") or "Table"
