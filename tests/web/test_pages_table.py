"""The documentation has the current table of pages and permissions.

`QI_CHECKER_GOLDEN=write python -m pytest tests/web/test_pages_table.py` rewrites it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.helpers.web import pages_of

PAGE = Path(__file__).parents[2] / "docs" / "web.md"
BLOCK = re.compile(r"(<!-- pages:.*?-->\n)(.*?)(<!-- end of pages -->)", re.DOTALL)
SCOPES = {
    "OPEN": "anybody",
    "SELF": "anyone signed in",
    "SITE": "sites",
    "ALL": "all sites only",
    "TOKEN": "token",
}


def test_the_documentation_has_the_table_of_pages(ward: Path) -> None:
    lines = [
        "\n| address | purpose | may open it | may submit it | scope |\n",
        "|---|---|---|---|---|\n",
    ]
    for page in pages_of(ward):
        path = re.sub(r"<\w+:(\w+)>", r"{\1}", page.path)
        cells = (f"`/{path}`", page.what, words(page.read), words(page.write), SCOPES[page.scope])
        lines.append("| " + " | ".join(cells) + " |\n")
    table = "".join(lines) + "\n"
    text = PAGE.read_text(encoding="utf-8")
    if os.environ.get("QI_CHECKER_GOLDEN") == "write":
        PAGE.write_text(BLOCK.sub(lambda m: m[1] + table + m[3], text), encoding="utf-8")
    found = BLOCK.search(PAGE.read_text(encoding="utf-8"))
    assert found and found[2] == table


def words(roles: tuple[str, ...]) -> str:
    named = [role.replace("_", " ") for role in roles]
    return "every role" if len(named) == 5 else ", ".join(named) or "–"
