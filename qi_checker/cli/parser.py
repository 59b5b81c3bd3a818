"""The commands. Each is declared in a module of its kind, and has help with an example."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from qi_checker import __version__
from qi_checker.cli.command import EXITS


def build_parser(argv: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Build the parser; only the command in `argv` gets its options: all commands take 10 ms."""
    parser = argparse.ArgumentParser(
        prog="qi-checker",
        description="Check every scheduled operation against a quality protocol.",
        epilog="example:\n  qi-checker audit --data export --as-of 2026-02-01 --out audit\n\n"
        f"{EXITS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"qi-checker {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    typed = argv[0] if argv else ""
    for add in [_COMMANDS[typed]] if typed in _COMMANDS else _COMMANDS.values():
        add(commands)
    return parser


def _in(module: str, function: str) -> Callable[[Any], None]:
    """Return a function that adds a command; the module that declares it is loaded when needed."""

    def add(commands: Any) -> None:
        getattr(import_module(f"qi_checker.cli.{module}"), function)(commands)

    return add


_COMMANDS: dict[str, Callable[[Any], None]] = {  # in the order of --help
    "audit": _in("cases_parser", "add_audit"),
    "checklist": _in("cases_parser", "add_checklist"),
    "check": _in("cases_parser", "add_check"),
    "sheets": _in("cases_parser", "add_sheets"),
    "what-if": _in("cases_parser", "add_what_if"),
    "report": _in("reports_parser", "add_report"),
    "study": _in("reports_parser", "add_study"),
    "digest": _in("reports_parser", "add_digest"),
    "nightly": _in("nightly_parser", "add_nightly"),
    "healthcheck": _in("nightly_parser", "add_healthcheck"),
    "serve": _in("serving_parser", "add_serve"),
    "accounts": _in("serving_parser", "add_accounts"),
    "rules": _in("rules_parser", "add_rules"),
    "inspect": _in("imports_parser", "add_inspect"),
    "import": _in("imports_parser", "add_import"),
    "demo": _in("imports_parser", "add_demo"),
}
