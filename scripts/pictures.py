"""Pictures of every kind of page for the documentation: `make pictures`.

Each is a screenshot of the sample page that the tests keep, in headless Chromium. Beside them
`pages.sha256` says what each was made from; a test compares it with today's pages, so that a picture
of yesterday's page is noticed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.helpers.browser import chromium
from tests.unit.test_reporting_context import RENDER
from tests.unit.test_reporting_golden import PAGES, made

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
HASHES = FOLDER / "pages.sha256"
# The kinds of pages, and how much of each is shown: pixels of a window 1,000 wide.
KINDS = {
    "audit": 900,
    "checklist": 620,
    "case": 900,
    "monthly": 1500,
    "monthly_protected": 700,
    "study": 1200,
    "study_protected": 700,
    "digest": 520,
    "sheets": 420,
    "rulebook": 420,
    "rule": 900,
    "rule_diff": 620,
    "elements": 900,
}
# The template of each page that is not named like its kind.
TEMPLATES = {
    "monthly_protected": "monthly/protected.html.j2",
    "study_protected": "study/protected.html.j2",
    "rule_diff": "authoring/diff.html.j2",
    "elements": "style/elements.html.j2",
}


def page_of(kind: str) -> str:
    """Return the sample page of a kind."""
    return made(kind) if kind in PAGES else RENDER[TEMPLATES[kind]]()


def sha256_of(kind: str) -> str:
    return hashlib.sha256(page_of(kind).encode()).hexdigest()


def kept() -> dict[str, str]:
    """Return the hash of the page that each picture shows, by kind."""
    lines = HASHES.read_text(encoding="utf-8").splitlines() if HASHES.exists() else []
    return {kind: sha256 for sha256, kind in (line.split() for line in lines)}


def main() -> None:
    """Draw the pictures of the pages that changed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    drawn, hashes = kept(), {kind: sha256_of(kind) for kind in KINDS}
    changed = [
        kind
        for kind in KINDS
        if drawn.get(kind) != hashes[kind] or not (FOLDER / f"{kind}.png").exists()
    ]
    with chromium() as browser:
        for kind in changed:
            page = browser.new_page(viewport={"width": 1000, "height": KINDS[kind]})
            page.set_content(page_of(kind))
            page.screenshot(path=str(FOLDER / f"{kind}.png"))
            page.close()
    lines = [f"{sha256}  {kind}\n" for kind, sha256 in hashes.items()]
    HASHES.write_text("".join(lines), encoding="utf-8")
    print(f"{len(changed)} pictures in {FOLDER}")


if __name__ == "__main__":
    main()
