"""Stored nights with their checks, and the protocols with the changes of each version."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from qi_checker.authoring.diff_keys import value_changes
from qi_checker.nightly.status import read_status
from qi_checker.protocol.language import words_of
from qi_checker.protocol.models import Version
from qi_checker.store.past import PastRun
from qi_checker.web import i18n
from qi_checker.web.i18n import gettext
from qi_checker.web.night import last_night, warnings
from qi_checker.web.pages import render
from qi_checker.web.runtime import runtime, store
from qi_checker.web.translations import Localised, localised
from qi_checker.web.words import verdict_words

_SHOWN = 60


@dataclass(frozen=True)
class RunLine:
    """One night of one protocol."""

    number: int
    protocol: str
    as_of: str
    started: str
    correction: int
    in_force: bool


@dataclass(frozen=True)
class RunsPage:
    """The last nights, and the result of the last start of the job."""

    runs: tuple[RunLine, ...]
    state: str
    finished: str
    problems: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class RunPage:
    """One night: its counts, feeds, checks and changes."""

    run: RunLine
    counts: tuple[tuple[str, str], ...]
    verdicts: tuple[tuple[str, int], ...]
    feeds: tuple[tuple[str, str, str, str], ...]
    checks: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str], ...]
    changes: int


@dataclass(frozen=True)
class VersionView:
    """One version of a protocol, and its differences from the version before."""

    version: str
    since: str
    until: str
    in_force: bool
    requirements: tuple[tuple[str, str, str], ...]  # title, requirement, owner
    changes: tuple[tuple[str, str, str], ...]  # key, before, after
    first: bool


@dataclass(frozen=True)
class ProtocolView:
    """A protocol of the nightly job."""

    id: str
    title: str
    statement: str
    owner: str
    sha256: str
    judged: str  # the version of the last night: the same, another, none yet
    language: str  # of its text, if it differs from that of the page
    review: str  # whether a native reader has reviewed their translation
    versions: tuple[VersionView, ...]


@dataclass(frozen=True)
class ProtocolsPage:
    """Every protocol, with the version in force today."""

    protocols: tuple[ProtocolView, ...]


def runs(request: HttpRequest) -> HttpResponse:
    """Show the last nights."""
    status = read_status(runtime().settings.status)
    page = RunsPage(
        runs=tuple(_line(run) for run in store().runs()[:_SHOWN]),
        state=str(status.get("state", "")),
        finished=_moment(status.get("finished_at")),
        problems=tuple(map(str, status.get("problems") or [])),
        warnings=tuple(map(str, status.get("warnings") or [])),
    )
    return render(request, "runs", page, messages=warnings(last_night()))


def _moment(text: object) -> str:
    """Format a moment of `status.json` in the time of the site; "" if it is missing."""
    return i18n.clock(datetime.fromisoformat(str(text))) if text else ""


def _line(run: PastRun) -> RunLine:
    at = i18n.clock(run.started_at)
    return RunLine(
        run.run_id, run.protocol, i18n.planned(run.as_of), at, run.correction, run.in_force
    )


def run(request: HttpRequest, number: int) -> HttpResponse:
    """Show one night."""
    held = next((r for r in store().runs() if r.run_id == number), None)
    if held is None:
        raise Http404
    documents = store().documents(number)
    manifest = documents["manifest"]
    page = RunPage(
        run=_line(held),
        counts=tuple(_flat(manifest.get("counts") or {})),
        verdicts=tuple(
            (verdict_words(str(v)), int(n))
            for v, n in sorted((manifest.get("verdicts") or {}).items())
        ),
        feeds=tuple(
            (str(f["feed"]), gettext(str(f["state"])), str(f["until"] or "–"), str(f["limit"]))
            for f in documents["feeds"]
        ),
        checks=tuple(
            (str(c.get("level", "")), str(c.get("message", "")))
            for c in manifest.get("plausibility") or []
        ),
        files=tuple(
            (str(f.get("file", "")), str(f.get("sha256", ""))) for f in documents["inputs"]
        ),
        changes=len(store().changes(number)),
    )
    return render(request, "run", page)


def _flat(counts: dict[str, Any], before: str = "") -> list[tuple[str, str]]:
    pairs = []
    for name, value in counts.items():
        title = f"{before} {name}".strip().replace("_", " ")
        pairs += _flat(value, title) if isinstance(value, dict) else [(title, str(value))]
    return pairs


def protocols(request: HttpRequest) -> HttpResponse:
    """Show every protocol with its versions, to everybody who is signed in."""
    night = last_night()
    judged = {known.protocol: known.sha256 for known in night.known}
    views = []
    for bundle in runtime().settings.bundles:
        there = localised(bundle)
        protocol = there.bundle.protocol
        states = {None: gettext("not yet"), bundle.sha256: gettext("this version")}
        of = judged.get(protocol.id)
        views.append(
            ProtocolView(
                id=protocol.id,
                title=protocol.title,
                statement=protocol.statement,
                owner=protocol.owner,
                sha256=bundle.sha256,
                language="" if there.translation or i18n.current() == "en" else "en",
                review=_review(there),
                judged=states.get(of, gettext("another version; the file has changed since")),
                versions=_versions(list(protocol.versions), protocol.in_force(night.day)),
            )
        )
    return render(request, "protocols", ProtocolsPage(tuple(views)))


def _review(there: Localised) -> str:
    """Describe the review of a protocol's translation."""
    if there.translation is None:
        english = i18n.current() == "en"
        return "" if english else gettext("This protocol has not been translated.")
    readers = there.translation.words.reviewed_by
    if not readers:
        return gettext("No native reader has reviewed the translation of this protocol yet.")
    return gettext("Translation reviewed by: %s.") % ", ".join(readers)


def _versions(every: list[Version], now: Version | None) -> tuple[VersionView, ...]:
    words = words_of(i18n.current())
    ordered = sorted(every, key=lambda v: v.in_force.from_)
    views = []
    for number, version in enumerate(ordered):
        before = ordered[number - 1] if number else None
        changes = tuple(value_changes(_plain(before), _plain(version))) if before else ()
        views.append(
            VersionView(
                version=version.version,
                since=i18n.day(version.in_force.from_, "long"),
                until=i18n.day(version.in_force.to, "long"),
                in_force=version is now,
                requirements=tuple(
                    (leaf.title, leaf.window.words(version.titles, words), ", ".join(leaf.owners))
                    for leaf in version.leaves
                ),
                changes=changes,
                first=before is None,
            )
        )
    return tuple(reversed(views))


def _plain(version: Version) -> Any:
    document = json.loads(version.model_dump_json(by_alias=True, exclude_defaults=True))
    return {k: v for k, v in document.items() if k not in ("version", "in_force")}
