"""The folder of an audit: data files, the page for a person, and one page per case.

The folder of a rulebook contains one audit folder per protocol, and a page about all of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from qi_checker.audit.files import write_files
from qi_checker.audit.overview import audit_page
from qi_checker.audit.pages import audit_page as audit_html
from qi_checker.audit.pages import rulebook_page as rulebook_html
from qi_checker.audit.provenance import manifest
from qi_checker.audit.rulebook import rulebook_document, rulebook_line, rulebook_page
from qi_checker.audit.views import AuditPage, RulebookLine, RulebookPage
from qi_checker.cases.evaluated import actions_in
from qi_checker.cases.pages import case_page
from qi_checker.cases.rows import ahead
from qi_checker.cases.sheets import case_sheets, keys_of
from qi_checker.cases.twice import judge_twice
from qi_checker.engines.duckdb import Evaluation
from qi_checker.protocol.paths import is_device
from qi_checker.query.tables import VERDICTS
from qi_checker.render.atomic import folder_refused, replaced_folder, write_new

PAGES = 5_000  # maximum number of case pages; cases that need somebody's attention come first
# What an audit writes, and may replace: docs/commands.md names every file.
OURS = (
    "findings.json",
    "findings.csv",
    "findings.parquet",
    "cases.csv",
    "actions.csv",
    "rejects.csv",
    "manifest.json",
    "index.html",
    "cases/*.html",
    "rulebook.json",
    "run.json",
    "findings/part-*.parquet",
    "cases/part-*.parquet",
    "rejects/part-*.parquet",
)
_BATCH = 500
_ATTENTION = "verdict NOT IN ('compliant', 'not_applicable')"
Progress = Callable[[str, int, int], None]
Label = Mapping[str, Any]


_PLAIN = re.compile("[A-Z0-9_-][A-Z0-9._-]{0,79}")


def page_name(case_id: str, ending: str = "html") -> str:
    """Return a file name for a case: readable if its id is plain, and always unique.

    Windows and macOS treat A.html and a.html as one file, and Windows has no file CON.html or
    con.x.html: the part before the first dot is a device there, whatever follows it.
    """
    if _PLAIN.fullmatch(case_id) and not is_device(case_id):
        return f"{case_id}.{ending}"
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", case_id)[:80]
    if is_device(plain):
        plain = f"_{plain}"
    return f"{plain.lstrip('.')}-{hashlib.sha256(case_id.encode()).hexdigest()[:12]}.{ending}"


def write_audit(
    evaluation: Evaluation,
    out: Path,
    pages: int = PAGES,
    progress: Progress = lambda phase, done, total: None,
    label: Label | None = None,
) -> AuditPage:
    """Write everything of an audit into `out`, replacing an earlier audit in one step.

    `label` is the content of run.json, which names the night.
    """
    with replaced_folder(out, OURS) as folder, disk_of(out):
        page = _fill(evaluation, folder, pages, progress)
        _write_label(folder, label)
    return page


def write_rulebook(
    evaluations: Iterable[Evaluation],
    out: Path,
    pages: int = PAGES,
    progress: Progress = lambda phase, done, total: None,
    label: Label | None = None,
) -> RulebookPage:
    """Write the audit of every protocol into a folder of its id, and index.html about all of them.

    Each is used before the next is requested. `pages` is the maximum for one protocol. Everything
    is replaced in one step, or nothing. `label` as in `write_audit`; it is read at the end.
    """
    lines: list[RulebookLine] = []
    with replaced_folder(out, OURS) as folder, disk_of(out):
        for evaluation in evaluations:
            name = evaluation.compiled.bundle.protocol.id
            (folder / name).mkdir()
            last = _fill(evaluation, folder / name, pages, progress)
            lines.append(rulebook_line(last, f"{name}/index.html"))
        page = rulebook_page(lines, last)
        (folder / "index.html").write_text(rulebook_html(page), encoding="utf-8")
        document = json.dumps(rulebook_document(page), indent=2, ensure_ascii=False) + "\n"
        (folder / "rulebook.json").write_text(document, encoding="utf-8")
        _write_label(folder, label)
    return page


def _write_label(folder: Path, label: Label | None) -> None:
    if label is not None:
        text = json.dumps(label, indent=2, ensure_ascii=False) + "\n"
        (folder / "run.json").write_text(text, encoding="utf-8")


@contextmanager
def disk_of(out: Path) -> Iterator[None]:
    """Turn DuckDB's disk errors into errors with the message of the system."""
    try:
        yield
    except duckdb.IOException as error:
        raise folder_refused(out, _why(error)) from None


def _fill(evaluation: Evaluation, folder: Path, pages: int, progress: Progress) -> AuditPage:
    """Write everything of one audit."""
    keys = page_keys(evaluation, pages)
    judge_twice(evaluation, keys)
    _hold_few(evaluation)
    chosen = {
        str(r[0])
        for r in evaluation.con.execute(
            "SELECT case_id FROM ready_cases WHERE case_key IN (SELECT unnest(?::INTEGER[]))",
            [keys],
        ).fetchall()
    }
    progress("writing findings", 0, 0)
    actions_in(evaluation)
    write_files(evaluation, manifest(evaluation), folder)
    page = audit_page(evaluation, lambda c: f"cases/{page_name(c)}" if c in chosen else "")
    (folder / "index.html").write_text(audit_html(page), encoding="utf-8")
    (folder / "cases").mkdir()
    drawn = ((s.case_id, case_page(s, "../index.html")) for s in case_sheets(evaluation, keys))
    for done, (case_id, document) in enumerate(ahead(drawn), start=1):
        write_new(f"{folder}/cases/{page_name(case_id)}", document.encode())
        if done % _BATCH == 0 or done == len(keys):
            progress("writing case pages", done, len(keys))
    return page


def page_keys(evaluation: Evaluation, pages: int) -> list[int]:
    """Return the keys of cases with a page; cases that need somebody's attention come first."""
    first = keys_of(evaluation, _ATTENTION, pages)
    more = keys_of(evaluation, f"NOT ({_ATTENTION})", pages - len(first))
    return [*first, *more]


# Some forty queries read findings as sentences, and DuckDB plans the sentences again for each
# query. An audit of the demonstration's 249 cases took 2.6 s of processor time, and takes 1.7 s if
# the sentences are stored first; for three cases 1.1 s and 0.65 s. For a million cases they would
# fill the memory.
_FEW = 20_000


def _hold_few(evaluation: Evaluation) -> None:
    """Store the sentences of findings if there are few cases."""
    ((cases,),) = evaluation.con.execute(f"SELECT count(*) FROM {VERDICTS}").fetchall()
    if cases <= _FEW:
        evaluation.hold()


def _why(error: duckdb.IOException) -> str:
    """Return the system's message for errors such as a full disk; DuckDB gives the number."""
    number = re.search(r'"errno":"([0-9]+)"', str(error))
    return os.strerror(int(number[1])) if number else "input/output error"
