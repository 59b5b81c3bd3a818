"""docs/plausibility.md says every check with its limits, and every damage that one file does not show."""

from __future__ import annotations

import re

from qi_checker.protocol.plausible import CHECKS, Check
from tests.helpers.commands import PROJECT
from tests.helpers.damages import DAMAGES

PAGE = (PROJECT / "docs" / "plausibility.md").read_text(encoding="utf-8")


def written(check: Check, limit: float | None) -> str:
    if limit is None:
        return "–"
    if check.unit == "share":
        return f"{100 * limit:g}%" if limit else "any"
    if check.unit in ("times", "days"):
        return f"{limit:g} {check.unit}"
    return f"{limit:g}" if limit else "any"


def test_every_check_is_in_the_table_with_its_limits() -> None:
    rows = re.findall(r"^\| `([a-z0-9_]+)` \| (.*) \| (.*) \| (.*) \| (.*) \|$", PAGE, re.MULTILINE)
    found = {name: tuple(cells) for name, *cells in rows}
    expected = {
        check.name: (
            check.sees,
            written(check, check.default.warn),
            written(check, check.default.refuse),
            check.do,
        )
        for check in CHECKS.values()
    }
    assert found == expected


def test_what_one_file_does_not_show_is_named() -> None:
    unseen = {damage.name.replace("_", " ") for damage in DAMAGES if not damage.heard}
    part = PAGE.partition("## What cannot be seen from one file")[2].partition("\n## ")[0]
    named = set(re.findall(r"^\| ([a-z ]+) \| .* \|$", part, re.MULTILINE)) - {"damage"}
    assert named == unseen
    assert f"in {len(DAMAGES)} ways" in part
