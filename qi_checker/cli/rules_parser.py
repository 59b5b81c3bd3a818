"""What can be typed after `rules`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qi_checker.cli.command import command, later


def add_rules(commands: Any) -> None:
    """The tools of a rule author."""
    rules = command(
        commands, "rules", lambda arguments: 0, "tools for rule authors",
        "qi-checker rules validate my-rules/my-protocol",
    )  # fmt: skip
    tools = rules.add_subparsers(required=True, metavar="TOOL")
    validate = command(
        tools, "validate", later("rules", "validate"), "check protocols, examples and code lists",
        "qi-checker rules validate rules",
    )  # fmt: skip
    test = command(
        tools, "test", later("rules", "test"), "run the examples of protocols",
        "qi-checker rules test rules/hepatic-metastasectomy-imaging",
    )  # fmt: skip
    for parser in (validate, test):
        parser.add_argument("paths", type=Path, nargs="*", metavar="PATH",
                            help="protocols, or folders of protocols (default: the shipped rules)")  # fmt: skip
    test.add_argument("--engine", choices=("duckdb", "reference"), default="duckdb")
    render = command(
        tools, "render", later("rule_pages", "render"), "write a protocol as a page of plain English",
        "qi-checker rules render rules/hepatic-metastasectomy-imaging --out protocol.html",
    )  # fmt: skip
    render.add_argument("--format", choices=("html", "pdf"), default="html")
    render.add_argument("--out", type=Path, metavar="FILE", help="file to write (default: print)")
    sql = command(
        tools, "sql", later("rule_pages", "sql"), "print the SQL that a protocol is compiled to",
        "qi-checker rules sql rules/hepatic-metastasectomy-imaging --as-of 2026-02-01",
    )  # fmt: skip
    sql.add_argument("--as-of", required=True, metavar="DATE")
    sql.add_argument("--dialect", default="duckdb",
                     choices=("duckdb", "postgres", "spark", "tsql", "snowflake"))  # fmt: skip
    for parser in (render, sql):
        parser.add_argument("path", type=Path, nargs="?", metavar="PATH",
                            help="protocol folder or file (default: the shipped liver protocol)")  # fmt: skip
    command(
        tools, "schema", later("rule_pages", "schema"), "print the JSON Schema of protocols for editors",
        "qi-checker rules schema > protocol.schema.json",
    )  # fmt: skip
