"""rules validate."""

from __future__ import annotations

import argparse

from qi_checker.cli.common import warn
from qi_checker.cli.rule_files import protocol_files
from qi_checker.errors import Exit, Problem, UserError
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir


def validate(arguments: argparse.Namespace) -> int:
    """Check protocols and examples; every problem of every file at once."""
    from qi_checker.protocol.examples import load_examples
    from qi_checker.protocol.lint import lint, lint_rulebook

    problems: list[Problem] = []
    for path in protocol_files(arguments.paths):
        try:
            bundle = load_protocol(path)
            examples = bundle.path.with_name("examples.yaml")
            number = len(load_examples(examples, bundle)) if examples.is_file() else 0
        except UserError as error:
            problems += error.problems
            continue
        for problem in lint(bundle):
            warn(str(problem))
        print(f"{bundle.path}: {bundle.protocol.id} is valid, {number} examples")
    for folder in [p for p in arguments.paths if (p / "codelists").is_dir()] or (
        [] if arguments.paths else [rules_dir()]
    ):
        for problem in lint_rulebook(folder):
            warn(str(problem))
    if problems:
        raise UserError(problems)
    return Exit.DONE
