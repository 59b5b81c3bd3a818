"""Pictures of every kind of page for the documentation: `make pictures`.

Each is a screenshot, in headless Chromium, of a page that a command makes of the demonstration's records;
those of the web application are drawn from `serve --demo`. Beside them `pages.sha256` says what a page
looked like then, by the hash of the sample page that the tests keep. A test compares it with today's, so
that an outdated picture is noticed without running every command.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser

from qi_checker.cli import main as run
from qi_checker.protocol.paths import reports_dir, rules_dir
from tests.helpers.browser import chromium
from tests.helpers.web import free_port
from tests.unit.test_reporting_context import RENDER
from tests.unit.test_reporting_golden import PAGES, made

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
HASHES = FOLDER / "pages.sha256"
AS_OF = "2026-03-02"
LIVER = "hepatic-metastasectomy-imaging"
# The kinds of pages, and how much of each is shown: pixels of a window 1,000 wide.
KINDS = {
    "audit": 900,
    "checklist": 620,
    "case": 900,
    "monthly": 1500,
    "monthly_protected": 700,
    "study": 1200,
    "study_protected": 700,
    "digest": 620,
    "sheets": 420,
    "rulebook": 1000,
    "rule": 900,
    "rule_diff": 620,
    "elements": 900,
}
WIDTHS = {"digest": 720}  # a mail is narrow
# The template of each page that is not named like its kind.
TEMPLATES = {
    "monthly_protected": "monthly/protected.html.j2",
    "study_protected": "study/protected.html.j2",
    "rule_diff": "authoring/diff.html.j2",
    "elements": "style/elements.html.j2",
}

# Pages of the web application: login, address, shown height of a window 1,280 wide, and template.
WEB = {
    "web_list": ("coordinator", "/", 560, "worklist"),
    "web_case": ("coordinator", "/cases/SYN-C-0191?to=2026-04-28", 900, "case"),
    "web_month": ("quality-lead", "/month", 860, "report"),
}


def sample_of(kind: str) -> str:
    """Return the sample page of a kind."""
    return made(kind) if kind in PAGES else RENDER[TEMPLATES[kind]]()


def drawn_pages(folder: Path) -> dict[str, Path]:
    """Write the page of every kind into an empty folder, made of the demonstration's records."""
    records, study = folder / "records", folder / "study-records"
    _run("demo", "--out", records)
    _run("demo", "--study", "--out", study)
    for version in ("rules", "new"):
        shutil.copytree(rules_dir(), folder / version)
    changed = folder / "new" / LIVER / "protocol.yaml"
    text = changed.read_text("utf-8").replace("at_most: 30 days", "at_most: 28 days")
    changed.write_text(text, encoding="utf-8")
    (folder / "elements.html").write_text(sample_of("elements"), encoding="utf-8")
    data = ("--data", records, "--as-of", AS_OF)
    month = ("report", "--month", "2026-02", *data)
    spans = ("--before", "2021-01-01..2022-12-31", "--after", "2023-01-01..2023-12-31")
    both = ("study", *spans, "--data", study)
    html, withheld = ("--format", "html"), ("--small-numbers", "nhs")
    earlier = folder / "earlier"
    _run("audit", "--data", records, "--as-of", "2026-02-27", "--pages", 0, "--out", earlier)
    commands: dict[str, tuple[object, ...]] = {
        "audit": ("audit", *data, "--pages", 0),
        "checklist": ("checklist", *data, "--days", 14, *html),
        "case": ("check", "SYN-C-0171", *data, *html),
        "monthly": month,
        "monthly_protected": (*month, *withheld),
        "study": both,
        "study_protected": (*both, *withheld),
        "digest": ("digest", folder / "audit", "--since", earlier, *html),
        "sheets": ("sheets", *data, "--days", 14, *html),
        "rulebook": ("audit", *data, "--protocol", rules_dir(), "--pages", 0),
        "rule": ("rules", "render", rules_dir() / LIVER),
        "rule_diff": ("rules", "diff", f"rules/{LIVER}", f"new/{LIVER}", *data, *html),
    }
    files = {"checklist", "case", "digest", "rule", "rule_diff"}
    made_pages = {"elements": folder / "elements.html"}
    for kind, command in commands.items():
        out = folder / (f"{kind}.html" if kind in files else kind)
        with contextlib.chdir(folder):  # a page that names a path names no folder of this machine
            _run(*command, "--out", out)
        made_pages[kind] = out if kind in files else out / "index.html"
    return made_pages


def _run(*arguments: object) -> None:
    """Run a command of the program, without its output."""
    with contextlib.redirect_stdout(io.StringIO()):
        if code := run([str(a) for a in arguments]):
            raise SystemExit(code)


def sha256_of(kind: str) -> str:
    """Return the hash of a sample page; for a page of the web application, of its templates."""
    if kind not in WEB:
        return hashlib.sha256(sample_of(kind).encode()).hexdigest()
    web = reports_dir() / "templates" / "web"
    own = sorted(web.glob(f"{WEB[kind][3]}*.html.j2"))  # worklist_rows is a part of worklist
    drawn_by = (web / "base.html.j2", *own, reports_dir() / "web.css")
    return hashlib.sha256(b"".join(file.read_bytes() for file in drawn_by)).hexdigest()


def kept() -> dict[str, str]:
    """Return the recorded hash of each picture's page, by kind."""
    lines = HASHES.read_text(encoding="utf-8").splitlines() if HASHES.exists() else []
    return {kind: sha256 for sha256, kind in (line.split() for line in lines)}


@contextmanager
def served_demo() -> Iterator[str]:
    """Serve the synthetic hospital; yield its address."""
    port = free_port()
    command = [sys.executable, "-m", "qi_checker", "serve", "--demo", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if not any("work list is at" in line for line in process.stdout):
            raise SystemExit("serve --demo did not start")
        try:
            yield f"http://localhost:{port}"
        finally:
            process.send_signal(signal.SIGINT)


def draw_web(browser: Browser, kinds: list[str]) -> None:
    """Sign in for each picture and draw it."""
    with served_demo() as url:
        for kind in kinds:
            login, path, height, _ = WEB[kind]
            page = browser.new_page(viewport={"width": 1280, "height": height})
            page.goto(f"{url}/sign-in")
            page.get_by_label("Login").fill(login)
            page.get_by_label("Password").fill(login)
            page.get_by_role("button", name="Sign in").click()
            page.goto(url + path)
            page.screenshot(path=str(FOLDER / f"{kind}.png"))
            page.close()


def main() -> None:
    """Draw the pictures of the pages that changed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    drawn, hashes = kept(), {kind: sha256_of(kind) for kind in (*KINDS, *WEB)}
    changed = [
        kind
        for kind, sha256 in hashes.items()
        if drawn.get(kind) != sha256 or not (FOLDER / f"{kind}.png").exists()
    ]
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        pages = drawn_pages(Path(name)) if set(changed) & set(KINDS) else {}
        for kind in (kind for kind in changed if kind in KINDS):
            page = browser.new_page(
                viewport={"width": WIDTHS.get(kind, 1000), "height": KINDS[kind]}
            )
            page.goto(pages[kind].as_uri())
            page.screenshot(path=str(FOLDER / f"{kind}.png"))
            page.close()
        if web := [kind for kind in changed if kind in WEB]:
            draw_web(browser, web)
    lines = [f"{sha256}  {kind}\n" for kind, sha256 in hashes.items()]
    HASHES.write_text("".join(lines), encoding="utf-8")
    print(f"{len(changed)} pictures in {FOLDER}")


if __name__ == "__main__":
    main()
