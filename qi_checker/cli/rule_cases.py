"""rules diff and explain: the effect of a rule on the cases of a hospital."""

from __future__ import annotations

import argparse
from io import StringIO
from pathlib import Path

from qi_checker.cli.common import read_site
from qi_checker.cli.rule_files import as_json, write_or_print
from qi_checker.cli.streams import console
from qi_checker.errors import EvaluationError, Exit, Problem, UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.load import load_protocol
from qi_checker.sources.files import read_folder


def diff(arguments: argparse.Namespace) -> int:
    """Show which cases another version of a rule would change, and why."""
    from qi_checker.authoring.diff import rule_diff
    from qi_checker.authoring.diff_page import rule_diff_page, rule_diff_text
    from qi_checker.render.terminal import open_console

    if arguments.limit < 0:
        advice = "Give the maximum number of cases, 0 for none"
        raise UserError(Problem("--limit", f"{arguments.limit} is not possible", "", advice))
    as_of = AsOf.parse(arguments.as_of) if arguments.as_of is not None else None
    old, new = _both(arguments.old, arguments.new)
    site = read_site(arguments)
    records = read_folder(arguments.data, site, mapping=arguments.mapping)
    view = rule_diff(old, new, records, as_of, site)
    limit = arguments.limit
    if arguments.format == "json":
        write_or_print(as_json(view), arguments.out)
    elif arguments.format == "html":
        write_or_print(rule_diff_page(view), arguments.out)
    elif arguments.out is None:
        rule_diff_text(view, console(), limit)
    else:
        written = StringIO()
        rule_diff_text(view, open_console(written, width=100), limit)
        write_or_print(written.getvalue(), arguments.out)
    failures = [*view.old.failures, *view.new.failures]
    if failures:
        raise EvaluationError(Problem(f, "could not be evaluated") for f in failures)
    return Exit.FAILED_ON if arguments.fail_on_change and view.cases else Exit.DONE


def _both(old: Path, new: Path) -> tuple[Bundle, Bundle]:
    """Load both rules; report the problems of both together."""
    bundles: list[Bundle] = []
    problems: list[Problem] = []
    for path in (old, new):
        try:
            bundles.append(load_protocol(path))
        except UserError as error:
            problems += [p for p in error.problems if p not in problems]
    if problems:
        raise UserError(problems)
    return bundles[0], bundles[1]


def explain(arguments: argparse.Namespace) -> int:
    """Show which clause decided about one case."""
    from qi_checker.authoring.explain import explain as build
    from qi_checker.authoring.explain_text import explanation_text
    from qi_checker.cli.one_case import find_case

    case = find_case(arguments)
    view = build(case.judge.bundle, case.trace, case.origin)
    if arguments.format == "json":
        write_or_print(as_json(view), None)
    else:
        explanation_text(view, console())
    return Exit.DONE
