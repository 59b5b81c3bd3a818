"""study."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from qi_checker.cli.common import checks_of, progress, read_request
from qi_checker.engines.duckdb import evaluate
from qi_checker.errors import EvaluationError, Exit, Problem, UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.published import load_published
from qi_checker.sources.files import read_ious
from qi_checker.statistics.small_numbers import PROFILES
from qi_checker.study.cases import Span, check_spans


def study(arguments: argparse.Namespace) -> int:
    """Compare two periods and write the folder of the study."""
    from qi_checker.render.atomic import check_replaceable
    from qi_checker.render.pdf import check_pdf
    from qi_checker.study.comparison import study as build
    from qi_checker.study.folder import OURS, write_study
    from qi_checker.study.ious import read_registry

    spans = _spans(arguments)
    as_of = AsOf.parse(arguments.as_of or max(span.last for span in spans))
    check_spans(*spans, as_of)
    check_replaceable(arguments.out, OURS)
    if arguments.format in ("pdf", "all"):
        check_pdf()  # before the work, not after it
    arguments.as_of = str(as_of)
    request = read_request(arguments)
    raw = read_ious(arguments.data, request.site, request.records, arguments.mapping)
    entered = _entered(arguments.config) if arguments.config is not None else []
    beside = arguments.data / "published.yaml"
    printed = load_published(beside) if beside.is_file() else None
    with progress() as shown:
        period = min(span.first for span in spans), max(span.last for span in spans)
        from qi_checker.plausibility import AHEAD

        checks = checks_of(arguments, request.site, AHEAD, period=period)
        evaluation = evaluate(*request, progress=shown.phase, checks=checks)
        ids = [r["case_id"] for r in evaluation.rows("SELECT case_id FROM ready_cases")]
        registry = read_registry(evaluation.con, raw, ids, entered)
        view = build(evaluation, spans, registry, printed)
        profile = PROFILES[arguments.small_numbers]
        if profile.largest:
            from qi_checker.study.protected import protect_study
            from qi_checker.study.protected_files import write_protected

            page = write_protected(
                protect_study(view, profile), arguments.out, arguments.format, arguments.paper
            )
        else:
            page = write_study(view, arguments.out, arguments.format, arguments.paper)
    print(page.finding)
    print(f"Report: {arguments.out / page.main_file}")
    if evaluation.failures:
        raise EvaluationError([Problem(f, "could not be evaluated") for f in evaluation.failures])
    return Exit.DONE


def _entered(config: Path) -> list[tuple[int, dict[str, str]]]:
    """Read the ultrasound entries of the web application from the store that the settings name."""
    from qi_checker.nightly.database import opened
    from qi_checker.nightly.load import load_settings
    from qi_checker.store.people.reads import ious_rows

    store = opened(load_settings(config))
    try:
        return ious_rows(store.alias)
    finally:
        store.close()


def _spans(arguments: argparse.Namespace) -> tuple[Span, Span]:
    """Return both periods; raise UserError with the problems of both."""
    problems: list[Problem] = []
    spans: list[Span] = []
    for option, text in (("--before", arguments.before), ("--after", arguments.after)):
        try:
            spans.append(_span(text, option))
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(problems)
    return spans[0], spans[1]


def _span(text: str, option: str) -> Span:
    first, dots, last = text.partition("..")
    days: list[date] = []
    for part in (first, last):
        moment = AsOf.parse(part, option) if dots and len(part.strip()) == 10 else None
        if moment is None:
            advice = "Write both dates, included, as 2024-01-01..2024-12-31"
            raise UserError(Problem(option, "is not a period", "", advice))
        days.append(moment.date)
    return Span(days[0], days[1])
