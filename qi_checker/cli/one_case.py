"""check and what-if: one case, judged in plain Python without loading the query builder."""

from __future__ import annotations

import argparse

from qi_checker.cases.one import OneCase, case_of_tables, one_case
from qi_checker.cases.sheets import Sheets
from qi_checker.cases.views import CaseSheet
from qi_checker.cli.common import as_json, asked_of, print_json
from qi_checker.cli.outputs import check_output, in_text, put_page, write_out
from qi_checker.cli.streams import console
from qi_checker.errors import EvaluationError, Exit, Problem
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.vocabulary import Verdict
from qi_checker.sources.files import read_folder
from qi_checker.sources.small import small_tables


def find_case(arguments: argparse.Namespace) -> OneCase:
    """Find the requested case; small and plain tables need no database for it."""
    bundle, as_of, site = asked_of(arguments)
    tables = small_tables(arguments.data, site, arguments.mapping)
    if tables is not None:
        found = case_of_tables(bundle, tables, as_of, site, arguments.case_id)
        if found is not None:
            return found
    records = read_folder(arguments.data, site, mapping=arguments.mapping)
    return one_case(bundle, records, as_of, site, arguments.case_id)


def check(arguments: argparse.Namespace) -> int:
    """Print one case with every candidate event and each criterion."""
    check_output(arguments.format, arguments.output, "--output")
    found = find_case(arguments)
    sheet = Sheets.of_one(found).sheet(found.trace)
    if arguments.format == "text":
        from qi_checker.cases.text import case_text

        in_text(arguments.output, lambda shown: case_text(sheet, shown))
    elif arguments.format == "json":
        write_out(as_json(sheet), arguments.output)
    else:
        from qi_checker.cases.pages import case_page
        from qi_checker.cases.views import without_patient

        named = arguments.format == "html" or arguments.identified
        put_page(case_page(sheet if named else without_patient(sheet)), arguments)
    _no_failure(sheet)
    return Exit.DONE


def what_if(arguments: argparse.Namespace) -> int:
    """Print what moving an operation would change."""
    from qi_checker.cases.what_if import what_if as build

    move_to = AsOf.parse(arguments.move_to, option="--move-to")
    view = build(find_case(arguments), move_to)
    if arguments.format == "json":
        print_json(view)
    else:
        from qi_checker.cases.text import what_if_text

        what_if_text(view, console())
    _no_failure(view.moved)
    return Exit.DONE


def _no_failure(sheet: CaseSheet) -> None:
    if sheet.verdict == Verdict.ERROR:
        raise EvaluationError(Problem(sheet.case_id, "could not be evaluated"))
