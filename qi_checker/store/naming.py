"""The sentences of the store that name a case, and replacing the id in them.

An id may be `20`, `0` or `null`: as a word it occurs in half of all sentences. So it is replaced
only where our sentences have ids: at the beginning, or in the list at the end.
"""

from __future__ import annotations

import re

# The sentences of a manifest that end with ids of cases (audit/problems.py).
_LISTS = (
    "Still scheduled after the date of surgery, judged as past: ",
    "Still scheduled after the date of surgery: ",
    "Urgency is not one of ",
)
_MORE = re.compile(r"^(.*?)((?: and [0-9]+ more)?\.)$", re.DOTALL)
_RECONFIRM = "Needs reconfirmation: "  # then a case, a requirement and a colon (nightly/waivers.py)


def change_renamed(words: str, case_id: str, new: str) -> str:
    """Rename the case in the sentence of a change, which begins with its id (digest/changes.py)."""
    rest = words.removeprefix(case_id)
    return new + rest if rest != words and rest[:1] in (" ", ",") else words


def problem_renamed(words: str, case_id: str, new: str) -> str:
    """Rename the case in a data problem that names it; return other sentences unchanged."""
    if words.startswith(f"{_RECONFIRM}{case_id} "):
        return f"{_RECONFIRM}{new} {words.removeprefix(f'{_RECONFIRM}{case_id} ')}"
    for head in _LISTS:
        if words.startswith(head):
            return _in_list(words, head, case_id, new)
    return words


def _in_list(words: str, head: str, case_id: str, new: str) -> str:
    """Rename in `head`, ids with commas between, number of more ids. Ids may contain commas."""
    given = words.removeprefix(head)
    if head.endswith("one of "):  # words of the vocabulary precede the ids
        known, _, given = given.partition(": ")
        head = f"{head}{known}: "
    found = _MORE.match(given)
    if found is None:
        return words
    listed = f", {found[1]}, "
    mark = f", {case_id}, "
    while mark in listed:
        listed = listed.replace(mark, f", {new}, ", 1)
    return f"{head}{listed[2:-2]}{found[2]}"
