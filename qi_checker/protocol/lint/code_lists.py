"""Code lists that a protocol uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qi_checker.protocol.checks.parts import code_list_names, mappings, requirement_parts
from qi_checker.protocol.codes import Catalogue
from qi_checker.protocol.lint.finding import Finding


def empty_lists(catalogue: Catalogue, data: Any) -> Iterator[Finding]:
    """An empty code list matches nothing: a population without cases, a rule without events."""
    for path, name in code_list_names(data):
        if not catalogue.lists[name].rows:
            yield path, f"the code list `{name}` is empty", "It matches nothing"


def unsourced_lists(catalogue: Catalogue, data: Any) -> Iterator[Finding]:
    """Where absence is the good news, a code that was forgotten is never noticed.

    A list with a source for every code can be compared with that source.
    """
    for version_path, version in mappings(data, "versions"):
        for path, requirement in requirement_parts(version, version_path):
            asked = list(mappings(requirement, "none_between", path))
            if requirement.get("forbidden") is True:
                asked.append((path, requirement))
            for inner, holder in asked:
                codes = {"codes": holder["event"].get("codes")}
                for where, name in code_list_names(codes, (*inner, "event")):
                    rows = catalogue.lists[name].rows
                    bare = [row.code for row in rows if not row.source]
                    if bare:
                        what = f"`{name}` gives no source for {len(bare)} of its {len(rows)} codes"
                        why = "Events with a code that was forgotten would not be found"
                        yield where, what, why
