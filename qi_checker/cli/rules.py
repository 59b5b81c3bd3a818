"""rules validate and test."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from qi_checker.cli.common import warn
from qi_checker.errors import Exit, Problem, UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.site import Site


def _protocols(paths: list[Path]) -> list[Path]:
    """The protocol files under the given paths; the shipped rules without one."""
    found: list[Path] = []
    for path in paths or [rules_dir()]:
        if path.is_file() or (path / "protocol.yaml").is_file():
            found.append(path)
        else:
            found += sorted(p.parent for p in path.glob("*/protocol.yaml"))
    if not found:
        raise UserError(
            Problem(", ".join(map(str, paths)), "there is no protocol", "",
                    "Give a folder with protocol.yaml, or a folder of such folders")
        )  # fmt: skip
    return found


def validate(arguments: argparse.Namespace) -> int:
    """Check protocols and examples; every problem of every file at once."""
    from qi_checker.protocol.examples import load_examples
    from qi_checker.protocol.lint import lint, lint_rulebook

    problems: list[Problem] = []
    good = 0
    for path in _protocols(arguments.paths):
        try:
            bundle = load_protocol(path)
            examples = bundle.path.with_name("examples.yaml")
            number = len(load_examples(examples, bundle)) if examples.is_file() else 0
        except UserError as error:
            problems += error.problems
            continue
        good += 1
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


def _on_duckdb(bundle: Bundle, tables: dict[str, Any], as_of: AsOf, site: Site) -> Any:
    from qi_checker.engines.duckdb import evaluate
    from qi_checker.sources.memory import from_rows

    evaluation = evaluate(bundle, from_rows(tables), as_of, site)
    return evaluation.findings(), evaluation.cases()


def _on_reference(bundle: Bundle, tables: dict[str, Any], as_of: AsOf, site: Site) -> Any:
    from qi_checker.engines.reference import evaluate

    result = evaluate(bundle, tables, as_of, site)
    return result.findings, result.cases


def test(arguments: argparse.Namespace) -> int:
    """Run the examples of protocols and say how those that fail differ."""
    from qi_checker.audit.rule_examples import run_examples
    from qi_checker.protocol.examples import load_examples

    engine = _on_reference if arguments.engine == "reference" else _on_duckdb
    failed = total = 0
    for path in _protocols(arguments.paths):
        bundle = load_protocol(path)
        file = bundle.path.with_name("examples.yaml")
        if not file.is_file():
            warn(f"{bundle.path}: has no examples.yaml")
            continue
        results = run_examples(bundle, load_examples(file, bundle), engine)
        wrong = [r for r in results if not r.passed]
        for result in wrong:
            print(f"{file}: {result.example.id}: {result.example.why}")
            for difference in result.differences:
                print(f"    {difference}")
        failed, total = failed + len(wrong), total + len(results)
        print(f"{file}: {len(results) - len(wrong)} of {len(results)} examples hold")
    return Exit.FAILED_ON if failed else Exit.DONE
