"""rules validate."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from qi_checker.cli.common import warn
from qi_checker.cli.rule_files import protocol_files
from qi_checker.errors import Exit, Problem, UserError
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.load import load_protocol, load_site, read_rulebook
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.site import Site


def validate(arguments: argparse.Namespace) -> int:
    """Check protocols and examples; report every problem of every file together."""
    site = load_site(arguments.site) if arguments.site is not None else None
    paths = arguments.paths or [rules_dir()]
    protocol_files(paths)  # a path without a protocol is reported first
    problems: dict[Problem, None] = {}
    warnings: dict[Problem, None] = {}
    for path in paths:
        for bundle, wrong, suspicious in _checked(path, site):
            problems |= dict.fromkeys(wrong)
            warnings |= dict.fromkeys(suspicious)
            if bundle is not None:
                problems |= dict.fromkeys(_examples(bundle))
                wrong, left = _translations(bundle)
                problems |= dict.fromkeys(wrong)
                warnings |= dict.fromkeys(left)
    for suspicion in warnings:
        warn(str(suspicion))
    if problems:
        raise UserError(list(problems))
    return Exit.DONE


def _checked(
    path: Path, site: Site | None
) -> Iterator[tuple[Bundle | None, list[Problem], list[Problem]]]:
    """Yield each protocol of a path, or of a folder of protocols, with its errors and warnings."""
    from qi_checker.protocol.lint import lint, lint_loaded

    if path.is_file() or (path / "protocol.yaml").is_file():
        try:
            bundle = load_protocol(path)
        except UserError as error:
            yield None, error.problems, []
            return
        yield bundle, [], lint(bundle, site)
        return
    rulebook, wrong = read_rulebook(path)
    yield None, wrong, lint_loaded(path, rulebook, site)
    for loaded in rulebook:
        yield loaded.bundle, [], []


def _examples(bundle: Bundle) -> list[Problem]:
    """Return the problems of a protocol's examples; print that it is valid if there are none."""
    from qi_checker.protocol.examples import load_examples

    file = bundle.path.with_name("examples.yaml")
    try:
        number = len(load_examples(file, bundle)) if file.is_file() else 0
    except UserError as error:
        return error.problems
    print(f"{bundle.path}: {bundle.protocol.id} is valid, {number} examples")
    return []


def _translations(bundle: Bundle) -> tuple[list[Problem], list[Problem]]:
    """Return the errors of the translations of a protocol, and the parts left in English."""
    from qi_checker.protocol.translation import read_translation, translation_files

    wrong: list[Problem] = []
    left: list[Problem] = []
    for file in translation_files(bundle):
        try:
            left += read_translation(file, bundle.protocol).left_in_english
        except UserError as error:
            wrong += error.problems
    return wrong, left
