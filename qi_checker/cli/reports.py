"""report."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from qi_checker.cli.common import Request, checks_of, progress, read_request, warn
from qi_checker.engines.duckdb import evaluate
from qi_checker.errors import EvaluationError, Exit, Problem, UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.report_settings import NO_SETTINGS, LoadedSettings, load_report_settings

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_FIRST_YEAR, _LAST_YEAR = 1901, 2200


def report(arguments: argparse.Namespace) -> int:
    """Evaluate the records and write the folder of a monthly report."""
    from qi_checker.monthly.cases import first_day, last_day
    from qi_checker.monthly.folder import OURS, write_monthly
    from qi_checker.monthly.rejudged import earlier
    from qi_checker.monthly.report import check_month, compared_with, judged_then, monthly
    from qi_checker.render.atomic import check_replaceable
    from qi_checker.render.pdf import check_pdf
    from qi_checker.render.slides import check_slides
    from qi_checker.statistics.small_numbers import PROFILES

    month = _month(arguments.month)
    as_of = AsOf.parse(arguments.as_of or last_day(month))
    check_month(month, as_of)
    check_replaceable(arguments.out, OURS)
    if arguments.format in ("pdf", "all"):
        check_pdf()
    arguments.as_of = str(as_of)
    settings = _settings(arguments)
    if arguments.format == "pptx":
        _check_whole(settings)
        check_slides()
    _warn_of_by(arguments.by, settings.settings.small_numbers)
    request: Request = read_request(arguments)
    with progress() as shown:
        then = AsOf(compared_with(month))
        shown.head = "a month ago: "
        first = evaluate(request.bundle, request.records, then, request.site, progress=shown.phase)
        before = earlier(then.date, judged_then(first, month))
        shown.head = ""
        period = first_day(month), last_day(month)
        from qi_checker.plausibility import AHEAD

        checks = checks_of(arguments, request.site, AHEAD, period=period)
        evaluation = evaluate(*request, progress=shown.phase, checks=checks)
        view = monthly(evaluation, month, settings, arguments.by, before)
        profile = PROFILES[settings.settings.small_numbers]
        if profile.largest:
            from qi_checker.monthly.protected import protect_monthly
            from qi_checker.monthly.protected_files import write_protected_monthly

            shielded = protect_monthly(view, profile)
            page = write_protected_monthly(shielded, *_where(arguments))
        else:
            page = write_monthly(view, *_where(arguments))
    print(page.finding)
    print(f"Report: {arguments.out / page.main_file}")
    if evaluation.failures:
        raise EvaluationError([Problem(f, "could not be evaluated") for f in evaluation.failures])
    return Exit.DONE


def _warn_of_by(by: str | None, profile: str) -> None:
    if by and profile != "none":
        what = f"surgeons and sites are not compared where small numbers are withheld ({profile})"
        warn(f"--by: {what}.")


def _check_whole(settings: LoadedSettings) -> None:
    """Refuse slides where small numbers are withheld: they show single months and causes."""
    profile = settings.settings.small_numbers
    if profile != "none":
        what = f"slides are not made where small numbers are withheld ({profile})"
        why = "They show single months, causes and actions, which such a report leaves out"
        advice = "Choose html, pdf or xlsx, or give --small-numbers none for readers inside"
        raise UserError(Problem("--format pptx", what, why, advice))


def _where(arguments: argparse.Namespace) -> tuple[Path, str, str]:
    return arguments.out, arguments.format, arguments.paper


def _month(text: str) -> str:
    year = int(text[:4]) if _MONTH.fullmatch(text) else 0
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        advice = "Write year and month, such as 2026-02"
        raise UserError(Problem("--month", f"{text} is not a month", "", advice))
    return text


def _settings(arguments: argparse.Namespace) -> LoadedSettings:
    """Load the settings from `--settings` or beside the records; options take precedence."""
    from dataclasses import replace

    loaded = NO_SETTINGS
    if arguments.settings is not None:
        loaded = load_report_settings(arguments.settings)
    elif (arguments.data / "report.yaml").is_file():
        loaded = load_report_settings(arguments.data / "report.yaml")
    if arguments.small_numbers:
        changed = loaded.settings.model_copy(update={"small_numbers": arguments.small_numbers})
        loaded = replace(loaded, settings=changed)
    return loaded
