"""What can be typed. Every command has help with an example."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from qi_checker import __version__

Run = Callable[[argparse.Namespace], int]
_EXITS = """exit codes: 0 done; 1 done, and --fail-on matched; 2 the input, the configuration or a
rule is wrong; 3 the program or an evaluation failed; 130 interrupted"""


def _later(module: str, function: str) -> Run:
    """A command whose module is loaded when it is run."""

    def run(arguments: argparse.Namespace) -> int:
        return int(getattr(import_module(f"qi_checker.cli.{module}"), function)(arguments))

    return run


def _command(commands: Any, name: str, run: Run, summary: str, example: str) -> Any:
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"example:\n  {example}\n\n{_EXITS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def _records(parser: Any) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="DIR",
                        help="folder with cases and events, as .csv, .parquet or .xlsx")  # fmt: skip
    parser.add_argument("--as-of", required=True, metavar="DATE",
                        help="the moment to judge for: 2026-02-01 (its end) or 2026-02-01T07:30")  # fmt: skip
    parser.add_argument("--protocol", type=Path, metavar="PATH",
                        help="protocol folder or file (default: the shipped liver protocol)")  # fmt: skip
    parser.add_argument("--site", type=Path, metavar="FILE",
                        help="site settings (default: site.yaml in the data folder)")  # fmt: skip


def _format(parser: Any) -> None:
    parser.add_argument("--format", choices=("text", "json", "html"), default="text",
                        help="how to print it (default: text)")  # fmt: skip


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="qi-checker",
        description="Check every scheduled operation against a quality protocol.",
        epilog="example:\n  qi-checker audit --data export --as-of 2026-02-01 --out audit\n\n"
        f"{_EXITS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"qi-checker {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _audit(commands)
    _checklist(commands)
    _check(commands)
    _what_if(commands)
    _rules(commands)
    _import(commands)
    _demo(commands)
    return parser


def _audit(commands: Any) -> None:
    parser = _command(
        commands, "audit", _later("audits", "audit"),
        "evaluate all cases and write findings and pages",
        "qi-checker audit --data export --as-of 2026-02-01 --out audit",
    )  # fmt: skip
    _records(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR",
                        help="folder to write; an earlier audit there is replaced in one step")  # fmt: skip
    parser.add_argument("--fail-on", default="", metavar="VERDICT",
                        help="exit with 1 if a case has this verdict (several with commas)")  # fmt: skip
    parser.add_argument("--engine", default="duckdb", help="where to evaluate (default: duckdb)")
    parser.add_argument("--pages", type=int, default=5000, metavar="N",
                        help="write at most N case pages (default: 5000)")  # fmt: skip


def _checklist(commands: Any) -> None:
    parser = _command(
        commands, "checklist", _later("audits", "checklist"),
        "list upcoming cases, the most urgent action first",
        "qi-checker checklist --data export --as-of 2026-02-01 --days 30",
    )  # fmt: skip
    _records(parser)
    parser.add_argument("--days", type=int, default=60, metavar="N",
                        help="look ahead so many days (default: 60)")  # fmt: skip
    _format(parser)


def _check(commands: Any) -> None:
    parser = _command(
        commands, "check", _later("audits", "check"),
        "show one case: every requirement, every candidate event, each criterion",
        "qi-checker check C-0042 --data export --as-of 2026-02-01",
    )  # fmt: skip
    parser.add_argument("case_id", metavar="CASE_ID")
    _records(parser)
    _format(parser)


def _what_if(commands: Any) -> None:
    parser = _command(
        commands, "what-if", _later("audits", "what_if"),
        "show what moving an operation would change, and how far it may move",
        "qi-checker what-if C-0042 --move-to 2026-03-12 --data export --as-of 2026-02-01",
    )  # fmt: skip
    parser.add_argument("case_id", metavar="CASE_ID")
    parser.add_argument("--move-to", required=True, metavar="DATE", help="the new date of surgery")
    _records(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text",
                        help="how to print it (default: text)")  # fmt: skip


def _rules(commands: Any) -> None:
    rules = _command(
        commands, "rules", lambda arguments: 0, "tools for rule authors",
        "qi-checker rules validate my-rules/my-protocol",
    )  # fmt: skip
    tools = rules.add_subparsers(required=True, metavar="TOOL")
    validate = _command(
        tools, "validate", _later("rules", "validate"), "check protocols, examples and code lists",
        "qi-checker rules validate rules",
    )  # fmt: skip
    test = _command(
        tools, "test", _later("rules", "test"), "run the examples of protocols",
        "qi-checker rules test rules/hepatic-metastasectomy-imaging",
    )  # fmt: skip
    for parser in (validate, test):
        parser.add_argument("paths", type=Path, nargs="*", metavar="PATH",
                            help="protocols, or folders of protocols (default: the shipped rules)")  # fmt: skip
    test.add_argument("--engine", choices=("duckdb", "reference"), default="duckdb")
    render = _command(
        tools, "render", _later("rules", "render"), "write a protocol as a page of plain English",
        "qi-checker rules render rules/hepatic-metastasectomy-imaging --out protocol.html",
    )  # fmt: skip
    render.add_argument("--out", type=Path, metavar="FILE", help="file to write (default: print)")
    sql = _command(
        tools, "sql", _later("rules", "sql"), "print the SQL that a protocol is compiled to",
        "qi-checker rules sql rules/hepatic-metastasectomy-imaging --as-of 2026-02-01",
    )  # fmt: skip
    sql.add_argument("--as-of", required=True, metavar="DATE")
    sql.add_argument("--dialect", choices=("duckdb",), default="duckdb")
    for parser in (render, sql):
        parser.add_argument("path", type=Path, nargs="?", metavar="PATH",
                            help="protocol folder or file (default: the shipped liver protocol)")  # fmt: skip
    _command(
        tools, "schema", _later("rules", "schema"), "print the JSON Schema of protocols for editors",
        "qi-checker rules schema > protocol.schema.json",
    )  # fmt: skip


def _import(commands: Any) -> None:
    imports = _command(
        commands, "import", lambda arguments: 0, "turn another system's records into ours",
        "qi-checker import omop cdm.duckdb --concepts concepts.csv --out export",
    )  # fmt: skip
    sources = imports.add_subparsers(required=True, metavar="SOURCE")
    omop = _command(
        sources, "omop", _later("imports", "omop"), "read an OMOP common data model, 5.3 or 5.4",
        "qi-checker import omop cdm.duckdb --concepts concepts.csv --out export",
    )  # fmt: skip
    omop.add_argument("path", type=Path, metavar="PATH", help="DuckDB file or folder of tables")
    omop.add_argument("--out", type=Path, required=True, metavar="DIR")
    omop.add_argument("--concepts", type=Path, required=True, metavar="FILE",
                      help="CSV of concepts: which are operations and which are events")  # fmt: skip
    omop.add_argument("--schema", default="", help="schema of the tables (default: the only one)")
    omop.add_argument("--force", action="store_true", help="replace what is in --out")


def _demo(commands: Any) -> None:
    parser = _command(
        commands, "demo", _later("imports", "demo"), "write a year of made-up records to try it on",
        "qi-checker demo --out demo-data",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
