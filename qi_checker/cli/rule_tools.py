"""rules test and coverage: run the examples of protocols, and list what they do not reach."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from qi_checker.cli.common import warn
from qi_checker.cli.rule_files import ENGINES, Loaded, load_all, write_or_print
from qi_checker.cli.streams import console
from qi_checker.errors import Exit, Problem, UserError, did_you_mean
from qi_checker.protocol.yaml_read import read_document

if TYPE_CHECKING:
    from qi_checker.authoring.tests_text import Suite
    from qi_checker.protocol.examples import Example


def test(arguments: argparse.Namespace) -> int:
    """Run the examples of protocols and print how failed examples differ."""
    loaded, problems = load_all(arguments.paths)
    _some_examples(loaded, problems)
    selected = [(one, _selected(one, arguments.k)) for one in loaded if one.examples]
    if not problems and not any(examples for _, examples in selected):
        raise UserError(_no_match(loaded, arguments.k))
    suites = (_suite(one, examples, arguments.engine) for one, examples in selected)
    if arguments.format == "text" and arguments.out is None:
        failed = _show(suites)
    else:
        failed = _write(list(suites), problems, arguments)
    if problems:
        raise UserError(problems)
    return Exit.FAILED_ON if failed else Exit.DONE


def coverage(arguments: argparse.Namespace) -> int:
    """Print what no example of the protocols reaches."""
    from qi_checker.authoring.coverage_text import coverage_json, coverage_text
    from qi_checker.authoring.coverage_view import coverage as build

    least = _percent(arguments.fail_under)
    loaded, problems = load_all(arguments.paths)
    coverages = [build(one.bundle, one.examples) for one in loaded]
    if arguments.format == "json":
        print(coverage_json(coverages), end="")
    else:
        shown = console()
        for one in coverages:
            coverage_text(one, shown)
    if problems:
        raise UserError(problems)
    below = [one for one in coverages if 100 * one.reached < least * one.points]
    return Exit.FAILED_ON if below else Exit.DONE


def _percent(text: str) -> float:
    """`90`, `90%` or `90%`."""
    try:
        number = float(text.strip().removesuffix("%"))
        if not 0 <= number <= 100:
            raise ValueError
    except ValueError:
        problem = Problem("--fail-under", f"`{text}` is not a percentage", advice="Write it as 90%")
        raise UserError(problem) from None
    return number


def _selected(one: Loaded, word: str) -> list[Example]:
    """Return the examples with a word in their id or sentence."""
    part = word.lower()
    return [e for e in one.examples if part in e.id.lower() or part in e.why.lower()]


def _suite(one: Loaded, selected: Sequence[Example], engine: str) -> Suite:
    from qi_checker.authoring.examples import run_examples
    from qi_checker.authoring.tests_text import Suite

    results = run_examples(one.bundle, selected, ENGINES[engine])
    left_out = len(one.examples) - len(selected)
    return Suite(one.bundle.protocol.id, read_document(one.file), tuple(results), left_out)


def _show(suites: Iterable[Suite]) -> bool:
    """Print each result when it is ready; return whether an example failed.

    Many protocols take a minute.
    """
    from qi_checker.authoring.tests_text import suite_text

    failed = False
    for suite in suites:
        suite_text(suite, console())
        failed |= bool(suite.failed)
    return failed


def _write(
    suites: Sequence[Suite], problems: Sequence[Problem], arguments: argparse.Namespace
) -> bool:
    """Write all results together; return whether an example failed."""
    from qi_checker.authoring.tests_text import junit, suite_text
    from qi_checker.render.terminal import open_console

    if arguments.format == "junit":
        text = junit(suites, problems)
    else:
        written = StringIO()
        for suite in suites:
            suite_text(suite, open_console(written, width=100))
        text = written.getvalue()
    write_or_print(text, arguments.out)
    return any(suite.failed for suite in suites)


def _some_examples(loaded: Sequence[Loaded], problems: Sequence[Problem]) -> None:
    """Warn of protocols without examples; raise UserError if there is nothing to run."""
    without = [one for one in loaded if not one.examples]
    advice = "Write some beside it, in examples.yaml"
    if loaded and len(without) == len(loaded) and not problems:
        raise UserError(
            Problem(str(one.bundle.path), "has no examples.yaml", advice=advice) for one in without
        )
    for one in without:
        warn(f"{one.bundle.path}: has no examples.yaml")


def _no_match(loaded: Sequence[Loaded], word: str) -> Problem:
    ids = [example.id for one in loaded for example in one.examples]
    hint = did_you_mean(word, ids)
    advice = hint if hint.startswith("Did you mean") else "Give a part of an id or of a sentence"
    return Problem("-k", f"no example has `{word}` in its id or its sentence", advice=advice)
