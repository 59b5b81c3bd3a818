"""sheets: a case sheet for many cases at once."""

from __future__ import annotations

import argparse
import csv
import io
from datetime import timedelta
from pathlib import Path

from qi_checker.cases import sheet_choice
from qi_checker.cases import words as case_words
from qi_checker.cases.sheet_folder import OURS, Printing, write_sheets
from qi_checker.cli.audits import LONGEST
from qi_checker.cli.common import checks_of, progress, read_request
from qi_checker.engines.duckdb import Evaluation, evaluate
from qi_checker.errors import EvaluationError, Exit, Problem, UserError
from qi_checker.render import words
from qi_checker.render.atomic import check_replaceable
from qi_checker.render.pdf import check_pdf
from qi_checker.render.pdf_workers import processors

_MOST_JOBS = 256


def sheets(arguments: argparse.Namespace) -> int:
    """Write the sheets of the requested cases into a folder."""
    _check(arguments)
    ids = _ids(arguments.cases) if arguments.cases else None
    check_replaceable(arguments.out, OURS)  # before minutes of work
    if arguments.format != "html":
        check_pdf()
    jobs = arguments.jobs or processors()
    how = Printing(arguments.format, arguments.paper, arguments.identified, jobs)
    request = read_request(arguments)
    with progress() as shown:
        checks = checks_of(arguments, request.site)
        evaluation = evaluate(*request, progress=shown.phase, checks=checks)
        keys, description = _chosen(evaluation, arguments, ids)
        page = write_sheets(evaluation, keys, description, arguments.out, how, shown.count)
    print(case_words.sheets(page))
    print(f"List: {arguments.out / 'index.html'}")
    if evaluation.failures:
        raise EvaluationError([Problem(f, "could not be evaluated") for f in evaluation.failures])
    return Exit.DONE


def _check(arguments: argparse.Namespace) -> None:
    """Raise UserError with every problem of `--days` and `--jobs`."""
    problems = []
    if arguments.days is not None and not 0 <= arguments.days <= LONGEST:
        advice = f"Give the number of days to look ahead, at most {LONGEST}"
        problems.append(Problem("--days", f"{arguments.days} is not possible", "", advice))
    if arguments.jobs is not None and not 1 <= arguments.jobs <= _MOST_JOBS:
        advice = f"Give the number of processes, 1 to {_MOST_JOBS}, or leave it out"
        problems.append(Problem("--jobs", f"{arguments.jobs} is not possible", "", advice))
    if problems:
        raise UserError(problems)


def _ids(path: Path) -> list[str]:
    """Read the case ids of a file: one per line, or the column case_id of a CSV file."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise UserError(Problem(str(path), f"cannot be read: {why}")) from None
    except UnicodeDecodeError:
        advice = "Save it as text with one case id in each line"
        raise UserError(Problem(str(path), "is not text in UTF-8", "", advice)) from None
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        rows = []
    if rows and "case_id" in (head := [cell.strip() for cell in rows[0]]):
        at = head.index("case_id")
        ids = [row[at].strip() for row in rows[1:] if len(row) > at]
    else:
        ids = [line.strip() for line in text.splitlines()]
    unique = list(dict.fromkeys(id for id in ids if id))
    if not unique:
        advice = "Write one case id in each line, or give a CSV file with a column case_id"
        raise UserError(Problem(str(path), "holds no case id", "", advice))
    return unique


def _chosen(
    evaluation: Evaluation, arguments: argparse.Namespace, ids: list[str] | None
) -> tuple[list[int], str]:
    """Return the keys of the cases, and a description of the choice."""
    if ids is not None:
        return sheet_choice.of_named(evaluation, ids), "the cases that were named"
    if arguments.all:
        return sheet_choice.of_all(evaluation), "every case of the records"
    last = evaluation.compiled.as_of.date + timedelta(days=arguments.days)
    until = f"{words.day(last)} ({words.count(arguments.days, 'day')})"
    return sheet_choice.of_days(evaluation, arguments.days), f"operations until {until}"
