"""The folder of reports: the audit of the night, and the previous month's report.

That report is written once, by the first night after the end of the month.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from qi_checker.audit.folder import write_audit, write_rulebook
from qi_checker.engines.duckdb import Evaluation, evaluate
from qi_checker.engines.duckdb.moved import mark_moved, too_old
from qi_checker.monthly.cases import first_day, last_day, months_on
from qi_checker.monthly.folder import write_monthly
from qi_checker.monthly.protected import protect_monthly
from qi_checker.monthly.protected_files import write_protected_monthly
from qi_checker.monthly.rejudged import earlier
from qi_checker.monthly.report import compared_with, judged_then, monthly
from qi_checker.monthly.views import Monthly
from qi_checker.nightly.load import Settings
from qi_checker.plausibility import AHEAD, PlausibilityChecks
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.records import Records
from qi_checker.protocol.report_settings import NO_SETTINGS, LoadedSettings, load_report_settings
from qi_checker.statistics.small_numbers import PROFILES
from qi_checker.store import Store


def audit_folder(settings: Settings) -> Path:
    return settings.reports / "audit"


def write_reports(settings: Settings, each: Iterator[Evaluation], label: dict[str, Any]) -> None:
    """Write the audit of one or every protocol; replace it in one step, labelled with its runs."""
    out, pages = audit_folder(settings), settings.config.pages
    if settings.rulebook:
        write_rulebook(each, out, pages, label=label)
        return
    for evaluation in each:
        write_audit(evaluation, out, pages, label=label)


def write_months(
    settings: Settings, store: Store, records: Records, as_of: AsOf, accept: Sequence[str] = ()
) -> list[str]:
    """Write the monthly reports that are missing; raise UserError as `report` does.

    Where small numbers are withheld, there is one report in 12 months: two reports whose 12 months
    overlap can be subtracted from each other, which reveals single months. Returns a sentence for
    each report that is left out for this reason.

    An existing report is not changed, because a committee has it. Remove its folder to have it
    written again.
    """
    month = months_on(f"{as_of.date:%Y-%m}", -1)
    left_out = []
    loaded: LoadedSettings | None = None
    for bundle in settings.bundles:
        out = _month_folder(settings, bundle, month)
        if (out / "manifest.json").is_file():
            continue
        loaded = loaded or _report_settings(settings)
        profile = PROFILES[loaded.settings.small_numbers]
        other = _overlapping(settings, bundle, month) if profile.largest else None
        if other is not None:
            left_out.append(
                f"The monthly report {out.relative_to(settings.reports)} was not written: small "
                f"numbers are suppressed, and its 12 months overlap those of "
                f"{other.relative_to(settings.reports)}. See docs/small-numbers.md."
            )
            continue
        span = first_day(month), last_day(month)
        checks = PlausibilityChecks(settings.site.checks, accept, AHEAD, period=span)
        view = _report(settings, store, bundle, records, as_of, month, loaded, checks)
        if profile.largest:
            write_protected_monthly(protect_monthly(view, profile), out, "html")
        else:
            write_monthly(view, out, "html")
    return left_out


def _month_folder(settings: Settings, bundle: Bundle, month: str) -> Path:
    out = settings.reports / f"report-{month}"
    return out / bundle.protocol.id if settings.rulebook else out


def _overlapping(settings: Settings, bundle: Bundle, month: str) -> Path | None:
    """Return the folder of a protected report whose 12 months overlap those of `month`."""
    for number in range(-11, 12):
        folder = _month_folder(settings, bundle, months_on(month, number))
        file = folder / "manifest.json"
        if number and file.is_file() and '"small_numbers"' in file.read_text("utf-8"):
            return folder
    return None


def _report_settings(settings: Settings) -> LoadedSettings:
    file = settings.data / "report.yaml"
    return load_report_settings(file) if file.is_file() else NO_SETTINGS


def _report(
    settings: Settings,
    store: Store,
    bundle: Bundle,
    records: Records,
    as_of: AsOf,
    month: str,
    loaded: LoadedSettings,
    checks: PlausibilityChecks,
) -> Monthly:
    then = compared_with(month)
    first = evaluate(bundle, records, AsOf(then), settings.site)
    before = earlier(then, judged_then(first, month))
    now = evaluate(bundle, records, as_of, settings.site, checks=checks)
    # Earlier schedules distinguish `too_old` from `expired_by_reschedule`.
    days = store.earlier_schedules(bundle.protocol.id, str(as_of), too_old(now))
    mark_moved(now, days)
    return monthly(now, month, loaded, "", before)
