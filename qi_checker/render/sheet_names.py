"""Names of the sheets of a workbook, from titles that know nothing of a spreadsheet's rules."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LONGEST = 31
_RESERVED = ("about", "charts", "history")  # two of ours; a word that Excel keeps for itself
_ILLEGAL = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def sheet_names(titles: Iterable[str]) -> list[str]:
    """One name for each title: legal, at most 31 characters, no two alike in whatever case."""
    taken = set(_RESERVED)
    names = []
    for title in titles:
        name = _free(" ".join(_ILLEGAL.sub(" ", title).split()).strip("'") or "Table", taken)
        taken.add(name.casefold())
        names.append(name)
    return names


def _free(name: str, taken: set[str]) -> str:
    number, found = 1, _short(name, _LONGEST)
    while found.casefold() in taken:
        number += 1
        tail = f" ({number})"
        found = _short(name, _LONGEST - len(tail)) + tail
    return found


def _short(name: str, longest: int) -> str:
    """The beginning of a name, as UTF-16 counts: a character outside of the first plane is two."""
    cut = name.encode("utf-16-le")[: 2 * longest].decode("utf-16-le", "ignore")
    return cut.rstrip(" '") or "Table"
