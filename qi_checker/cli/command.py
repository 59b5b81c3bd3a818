"""How a command is declared: a summary, an example, and a module loaded when it is run."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import Any

Run = Callable[[argparse.Namespace], int]
EXITS = """exit codes: 0 done; 1 done, and --fail-on matched; 2 the input, the configuration or a
rule is wrong; 3 the program or an evaluation failed; 130 interrupted"""


def later(module: str, function: str) -> Run:
    """A command whose module is loaded when it is run."""

    def run(arguments: argparse.Namespace) -> int:
        return int(getattr(import_module(f"qi_checker.cli.{module}"), function)(arguments))

    return run


def command(commands: Any, name: str, run: Run, summary: str, example: str) -> Any:
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"example:\n  {example}\n\n{EXITS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser
