"""Plausibility of a night's records against the stored nights, and the effect of a refusal.

A night whose records are refused stores nothing. The list of the night before stays in force: its
pages and the digest state its age, and why there is no newer list.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from qi_checker.nightly.load import Settings
from qi_checker.nightly.moments import moment
from qi_checker.nightly.reports import audit_folder
from qi_checker.plausibility import History, PastNight, PlausibilityChecks
from qi_checker.plausibility.history import NIGHTS
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.plausible_findings import Refused
from qi_checker.render.atomic import write_file
from qi_checker.store import Store

_FEWER = 7  # nights for each further protocol; they share the records of the first
_AGE = re.compile("<!-- age -->.*?<!-- /age -->", re.DOTALL)  # reports/templates/macros.html.j2


def night_checks(
    settings: Settings, store: Store, as_of: AsOf, accept: Sequence[str] = (), refuses: bool = True
) -> PlausibilityChecks:
    """Return the plausibility checks of a night. `refuses`: False for a replay, which notes."""
    history = history_of(store, settings, as_of)
    alone = len(settings.bundles) == 1
    return PlausibilityChecks(
        settings.site.checks, accept, alone=alone, history=history, refuses=refuses
    )


def history_of(store: Store, settings: Settings, as_of: AsOf) -> History:
    """Return the nights in force before a moment, for every protocol."""
    runs = {b.protocol.id: list(_before(store, b.protocol.id, as_of)) for b in settings.bundles}
    nights = {
        name: [
            PastNight(AsOf.parse(run.as_of).date, store.manifest(run.run_id).get("counts") or {})
            for run in earlier_runs[: NIGHTS if n == 0 else _FEWER]
        ]
        for n, (name, earlier_runs) in enumerate(runs.items())
        if earlier_runs
    }

    @cache
    def days(run_id: int) -> Mapping[str, date]:
        return {
            str(case["case_id"]): date.fromisoformat(case["surgery_date"])
            for case in store.cases(run_id)
            if case["surgery_date"]
        }

    def findings(protocol: str, sha256: str) -> Sequence[Mapping[str, Any]]:
        if not runs[protocol]:  # its first night
            return ()
        run = runs[protocol][0].run_id
        if store.manifest(run)["protocol"]["sha256"] != sha256:
            return ()
        planned = days(run)
        return [
            finding | {"surgery_date": planned.get(finding["case_id"])}
            for finding in store.findings(run)
        ]

    newest = next((earlier_runs[0].run_id for earlier_runs in runs.values() if earlier_runs), None)
    return History(nights, days(newest) if newest is not None else {}, findings)


def _before(store: Store, protocol: str, as_of: AsOf) -> Iterator[Any]:
    now = moment(str(as_of))
    earlier_runs = [r for r in store.runs(protocol) if r.in_force and moment(r.as_of) < now]
    yield from sorted(earlier_runs, key=lambda run: (moment(run.as_of), run.run_id), reverse=True)


def mark_age(settings: Settings, as_of: AsOf, refused: Refused) -> None:
    """Mark the pages of the last good audit as those of an earlier night, with the reason."""
    folder = audit_folder(settings)
    why = "".join(f"<li>{html.escape(finding.message)}</li>" for finding in refused.findings)
    notice = (
        '<!-- age --><div class="notice warn plausibility" role="note"><p><b>'
        f"The records of {html.escape(str(as_of))} were refused.</b> "
        "This page is of an earlier night and stays in force.</p>"
        f"<ul>{why}</ul></div><!-- /age -->"
    )
    for page in [folder / "index.html", *sorted(folder.glob("*/index.html"))]:
        if page.is_file():
            text = page.read_text(encoding="utf-8")
            write_file(page, _AGE.sub(lambda _: notice, text, count=1).encode())
