"""The arguments of `rules`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qi_checker.cli.command import command, later, mapping, records


def add_rules(commands: Any) -> None:
    """Add the tools of a rule author."""
    rules = command(
        commands,
        "rules",
        lambda arguments: 0,
        "tools for rule authors",
        "qi-checker rules validate my-rules/my-protocol",
    )
    tools = rules.add_subparsers(required=True, metavar="TOOL")
    _validate_and_test(tools)
    _coverage(tools)
    _diff(tools)
    _explain(tools)
    _render_and_sql(tools)
    _schema(tools)


def _validate_and_test(tools: Any) -> None:
    validate = command(
        tools,
        "validate",
        later("rules", "validate"),
        "check protocols, examples and code lists",
        "qi-checker rules validate rules",
    )
    test = command(
        tools,
        "test",
        later("rule_tools", "test"),
        "run the examples of protocols",
        "qi-checker rules test rules/hepatic-metastasectomy-imaging",
    )
    for parser in (validate, test):
        _paths(parser)
    validate.add_argument(
        "--site",
        type=Path,
        metavar="FILE",
        help="site settings; also checks the feeds of forbidden events",
    )
    _test_options(test)


def _render_and_sql(tools: Any) -> None:
    render = command(
        tools,
        "render",
        later("rule_pages", "render"),
        "write a protocol as a page of plain English",
        "qi-checker rules render rules/hepatic-metastasectomy-imaging --out protocol.html",
    )
    render.add_argument("--format", choices=("html", "pdf"), default="html")
    render.add_argument(
        "--out", type=Path, metavar="FILE", help="file to write (default: standard output)"
    )
    sql = command(
        tools,
        "sql",
        later("rule_pages", "sql"),
        "print the SQL that a protocol is compiled to",
        "qi-checker rules sql rules/hepatic-metastasectomy-imaging --as-of 2026-02-01",
    )
    sql.add_argument("--as-of", required=True, metavar="DATE")
    sql.add_argument(
        "--dialect", default="duckdb", choices=("duckdb", "postgres", "spark", "tsql", "snowflake")
    )
    for parser in (render, sql):
        parser.add_argument(
            "path",
            type=Path,
            nargs="?",
            metavar="PATH",
            help="protocol folder or file (default: the shipped liver protocol)",
        )


def _schema(tools: Any) -> None:
    schema = command(
        tools,
        "schema",
        later("rule_pages", "schema"),
        "print the JSON Schema of a file that people write, for editors",
        "qi-checker rules schema > protocol.schema.json",
    )
    schema.add_argument(
        "what",
        nargs="?",
        choices=("protocol", "examples", "mapping", "exam-names", "translation"),
        default="protocol",
        help="which file (default: protocol)",
    )


def _paths(parser: Any) -> None:
    parser.add_argument(
        "paths",
        type=Path,
        nargs="*",
        metavar="PATH",
        help="protocols, or folders of protocols (default: the shipped rules)",
    )


def _test_options(test: Any) -> None:
    test.add_argument(
        "--engine",
        choices=("judging", "duckdb"),
        default="judging",
        help="case by case, or with the query of audits (default: judging)",
    )
    test.add_argument(
        "--format",
        choices=("text", "junit"),
        default="text",
        help="text, or XML for build servers (default: text)",
    )
    test.add_argument(
        "--out", type=Path, metavar="FILE", help="file to write (default: standard output)"
    )
    test.add_argument(
        "-k",
        default="",
        metavar="WORD",
        help="only examples with this word in their id or sentence",
    )


def _diff(tools: Any) -> None:
    diff = command(
        tools,
        "diff",
        later("rule_cases", "diff"),
        "show which cases another version of a rule would change, and why",
        "qi-checker rules diff rules/my-protocol new/my-protocol --data export --format html "
        "--out diff.html",
    )
    diff.add_argument("old", type=Path, metavar="OLD", help="the current protocol folder or file")
    diff.add_argument("new", type=Path, metavar="NEW", help="the changed protocol folder or file")
    diff.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder with cases and events, as .csv, .parquet or .xlsx",
    )
    diff.add_argument(
        "--as-of",
        metavar="DATE",
        help="the moment of the evaluation (default: the latest day of the records)",
    )
    diff.add_argument(
        "--site",
        type=Path,
        metavar="FILE",
        help="site settings (default: site.yaml in the data folder)",
    )
    mapping(diff)
    diff.add_argument(
        "--format",
        choices=("text", "json", "html"),
        default="text",
        help="output format (default: text)",
    )
    diff.add_argument(
        "--out", type=Path, metavar="FILE", help="file to write (default: standard output)"
    )
    diff.add_argument(
        "--limit",
        type=int,
        default=20,
        metavar="N",
        help="number of cases in the text (default: 20)",
    )
    diff.add_argument(
        "--fail-on-change", action="store_true", help="exit with code 1 if a case changes"
    )


def _coverage(tools: Any) -> None:
    coverage = command(
        tools,
        "coverage",
        later("rule_tools", "coverage"),
        "name the statuses and window edges that no example reaches",
        "qi-checker rules coverage rules/hepatic-metastasectomy-imaging --fail-under 90%",
    )
    _paths(coverage)
    coverage.add_argument(
        "--format", choices=("text", "json"), default="text", help="output format (default: text)"
    )
    coverage.add_argument(
        "--fail-under",
        default="0",
        metavar="PERCENT",
        help="exit with code 1 if the examples of a protocol cover less",
    )


def _explain(tools: Any) -> None:
    explain = command(
        tools,
        "explain",
        later("rule_cases", "explain"),
        "show which clause of the protocol decided about a case",
        "qi-checker rules explain C-0042 --data export --as-of 2026-02-01",
    )
    explain.add_argument("case_id", metavar="CASE")
    records(explain, checks=False)
    explain.add_argument(
        "--format", choices=("text", "json"), default="text", help="output format (default: text)"
    )
