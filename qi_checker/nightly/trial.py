"""`nightly check-config`: everything that a night needs is tried, and nothing is sent or kept."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from qi_checker.audit.folder import OURS
from qi_checker.errors import Problem, UserError
from qi_checker.nightly.disk import refused
from qi_checker.nightly.health import Check
from qi_checker.nightly.keeping import opened
from qi_checker.nightly.load import Settings
from qi_checker.nightly.reports import audit_folder
from qi_checker.nightly.smtp import tried
from qi_checker.nightly.telling import server_of
from qi_checker.render.atomic import check_replaceable
from qi_checker.sources.files import read_folder


def try_everything(settings: Settings) -> tuple[list[Check], list[Problem]]:
    """Sources, store, folders and mail server: what was looked at, and every problem."""
    checks: list[Check] = []
    problems: list[Problem] = []
    trials: tuple[tuple[str, Callable[[Settings], str]], ...] = (
        ("sources", _sources),
        ("store", _store),
        ("folders", _folders),
        ("mail server", _mail),
    )
    for name, trial in trials:
        try:
            checks.append(Check(name, True, trial(settings)))
        except UserError as error:
            problems += error.problems
            checks.append(Check(name, False, "; ".join(str(p) for p in error.problems)))
    return checks, problems


def _sources(settings: Settings) -> str:
    records = read_folder(settings.data, settings.site)
    try:
        counts = [
            f"{name} {(records.con.execute(f'SELECT count(*) FROM raw_{name}').fetchone() or (0,))[0]}"
            for name, table in sorted(records.tables.items())
            if not table.absent
        ]
    finally:
        records.con.close()
    return "rows read: " + ", ".join(counts)


def _store(settings: Settings) -> str:
    store = opened(settings)
    runs = len(store.runs())
    store.close()
    return f"{runs} runs are kept"


def _folders(settings: Settings) -> str:
    check_replaceable(audit_folder(settings), OURS)
    folders = [settings.state, settings.reports, settings.log.parent, settings.status.parent]
    if settings.config.prometheus is not None:
        folders.append(settings.path(settings.config.prometheus).parent)
    problems = [p for folder in dict.fromkeys(folders) for p in _unwritable(folder)]
    if problems:
        raise UserError(problems)
    return "can be written"


def _unwritable(folder: Path) -> list[Problem]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".try-")
        os.close(handle)
        os.unlink(name)
    except OSError as error:
        return refused(folder, error, "Let the user that runs the job write there").problems
    return []


def _mail(settings: Settings) -> str:
    server = server_of(settings)
    if server is None:
        return "none: the digest is written as files only"
    problem = tried(server)
    if problem is not None:
        raise UserError(problem)
    return f"{server} answers" + (", and lets the user in" if server.user else "")
