"""Files of the night: listed, downloaded, and, if they are pages, shown in the application's frame.

A page of the night is a file with its own style sheet; here its middle part is put into the frame,
which has the same style sheet. Downloads are recorded in the trail: some of the files name cases.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from markupsafe import Markup

from qi_checker.store.trail import Trail
from qi_checker.web import i18n
from qi_checker.web.clock import this_moment
from qi_checker.web.i18n import gettext
from qi_checker.web.night import last_night, warnings
from qi_checker.web.pages import render
from qi_checker.web.runtime import runtime
from qi_checker.web.urls_of import link

_MAIN = re.compile(r"<main[^>]*>(.*)</main>", re.DOTALL)
_MONTH = re.compile(r"report-(\d{4}-\d{2})")
_SHOWN = (
    ".html",
    ".json",
    ".csv",
    ".xlsx",
    ".pdf",
    ".parquet",
    ".svg",
    ".txt",
    ".eml",
    ".ics",
    ".pptx",
)


@dataclass(frozen=True)
class FileLine:
    """One file of the reports."""

    name: str
    url: str
    size: str
    at: str


@dataclass(frozen=True)
class FilesPage:
    """Folders of reports with their files; case pages are opened from the list instead."""

    folders: tuple[tuple[str, tuple[FileLine, ...]], ...]


@dataclass(frozen=True)
class ReportPage:
    """A report of the night in the frame; `others` are the months or studies to choose from."""

    title: str
    main: Markup
    others: tuple[tuple[str, str, bool], ...]  # address, title, here
    files: tuple[FileLine, ...]
    how: str = ""  # how to get such a report, if there is none


def files(request: HttpRequest) -> HttpResponse:
    """Show every file of the night."""
    folders = []
    root = runtime().settings.reports
    for folder in sorted(p for p in _dirs(root)):
        lines = tuple(_line(root, path) for path in _files(folder))
        if lines:
            folders.append((folder.name, lines))
    return render(request, "files", FilesPage(tuple(folders)), messages=warnings(last_night()))


def _dirs(root: Path) -> list[Path]:
    try:
        return [p for p in root.iterdir() if p.is_dir() and not p.name.startswith(".")]
    except OSError:
        return []


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and of its protocol folders, except pages of single cases."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        hidden = any(part.startswith(".") for part in inside)
        if path.is_file() and not hidden and "cases" not in inside[:-1] and path.suffix in _SHOWN:
            yield path


def _line(root: Path, path: Path) -> FileLine:
    status = path.stat()
    at = datetime.fromtimestamp(status.st_mtime, UTC)
    name = path.relative_to(root).as_posix()
    return FileLine(
        name.partition("/")[2], link("file", name), _size(status.st_size), i18n.clock(at)
    )


def _size(size: int) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size} {unit}"
        size //= 1000
    return f"{size} GB"


def file(request: HttpRequest, name: str) -> HttpResponse:
    """Download one of the files. Raise Http404 for any other path."""
    root = runtime().settings.reports
    folder = next((d for d in _dirs(root) if d.name == name.partition("/")[0]), None)
    listed = {p.relative_to(root).as_posix(): p for p in _files(folder)} if folder else {}
    path = listed.get(name)
    if path is None or not path.resolve().is_relative_to(root.resolve()):
        raise Http404
    by = request.who.person(request.page, "GET")
    details = {"file": path.relative_to(root).as_posix(), "role": by.role}
    Trail("default").append(this_moment(), by.login, "file_read", details)
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name, content_type=kind)


def month(request: HttpRequest) -> HttpResponse:
    """Show the report of a month, by default the latest."""
    how = gettext("The nightly job writes last month's report if nightly.yaml has “monthly: true”.")
    return _report(request, "month", gettext("Month"), _MONTH, how)


def study(request: HttpRequest) -> HttpResponse:
    """Show a before/after comparison, by default the latest."""
    how = gettext(
        "A comparison appears here when “qi-checker study” writes it into the reports folder as study-NAME."
    )
    return _report(request, "study", gettext("Before and after"), re.compile(r"study-(.+)"), how)


def _report(
    request: HttpRequest, name: str, title: str, pattern: re.Pattern[str], how: str
) -> HttpResponse:
    root = runtime().settings.reports
    folders = {m[1]: p for p in _dirs(root) if (m := pattern.fullmatch(p.name))}
    of = request.GET.get("of", "") or max(folders, default="")
    if folders and of not in folders:
        raise Http404
    pages = [p for p in _files(folders[of]) if p.name == "index.html"] if folders else []
    by = request.who.person(request.page, "GET")
    if pages:
        details = {"file": pages[0].relative_to(root).as_posix(), "role": by.role}
        Trail("default").append(this_moment(), by.login, "file_read", details)
    page = ReportPage(
        title=f"{title} {of}".strip(),
        main=Markup("\n").join(_middle(path) for path in pages),
        others=tuple(
            (link(name, query={"of": o}), o, o == of) for o in sorted(folders, reverse=True)
        ),
        files=tuple(_line(root, path) for path in _files(folders[of])) if folders else (),
        how="" if pages else how,
    )
    return render(request, "report", page, messages=warnings(last_night()))


def _middle(path: Path) -> Markup:
    """Return the main part of a page that the night wrote."""
    match = _MAIN.search(path.read_text(encoding="utf-8"))
    return Markup(match[1] if match else "")
