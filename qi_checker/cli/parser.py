"""The arguments of all commands. Every command has help with an example."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from qi_checker import __version__
from qi_checker.cli.command import EXITS, command, later, mapping, records
from qi_checker.render.paper import A4, PAPERS


def _format(parser: Any, *more: str) -> None:
    calendar = "; ics: a calendar of the last days" if "ics" in more else ""
    parser.add_argument(
        "--format",
        choices=("text", "json", "html", "pdf", *more),
        default="text",
        help=f"output format (default: text){calendar}",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="file to write (default: standard output)"
    )
    _paper(parser)


def _paper(parser: Any) -> None:
    parser.add_argument(
        "--paper",
        choices=PAPERS,
        default=A4,
        help="paper size of html and pdf (default: a4)",
    )


def _identified(parser: Any) -> None:
    parser.add_argument(
        "--identified",
        action="store_true",
        help="show the patient's id on paper (default: only the case id)",
    )


def _profile(parser: Any) -> None:
    parser.add_argument(
        "--profile",
        nargs="?",
        const="-",
        metavar="FILE",
        help="print on stderr how long each step took; with FILE, write it as JSON",
    )


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


def _audit(commands: Any) -> None:
    parser = command(
        commands,
        "audit",
        later("audits", "audit"),
        "evaluate all cases; write findings and pages",
        "qi-checker audit --data export --as-of 2026-02-01 --out audit",
    )
    records(parser, many=True, anywhere=True)
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder to write; an earlier audit there is replaced atomically",
    )
    parser.add_argument(
        "--fail-on",
        default="",
        metavar="VERDICT",
        help="exit with code 1 if a case has this verdict (several with commas)",
    )
    parser.add_argument(
        "--engine",
        default="duckdb",
        metavar="WHERE",
        help="where to evaluate: duckdb (default); postgresql://user@host/name, on the tables "
        "of that database; spark; or a Spark cluster, spark://host:port",
    )
    parser.add_argument(
        "--pages",
        type=int,
        metavar="N",
        help="maximum number of case pages per protocol (default: 5000; none from "
        "a database or Spark)",
    )
    _profile(parser)


def _checklist(commands: Any) -> None:
    parser = command(
        commands,
        "checklist",
        later("audits", "checklist"),
        "list upcoming cases, the most urgent action first",
        "qi-checker checklist --data export --as-of 2026-02-01 --days 30",
    )
    records(parser)
    parser.add_argument(
        "--days",
        type=int,
        default=60,
        metavar="N",
        help="list operations with surgery, or an action due, within N days (default: 60)",
    )
    parser.add_argument("--desk", default="", metavar="OWNER", help="only the actions of one desk")
    parser.add_argument(
        "--surgeon", default="", metavar="NAME", help="only one surgeon's operations"
    )
    parser.add_argument(
        "--group-by",
        choices=("urgency", "desk", "surgeon", "day"),
        default="urgency",
        help="how to group the list; day: of surgery (default: urgency)",
    )
    parser.add_argument(
        "--since",
        type=Path,
        metavar="DIR",
        help="folder of an earlier audit; actions that it does not have are marked as new",
    )
    _format(parser, "ics")
    _profile(parser)


def _check(commands: Any) -> None:
    parser = command(
        commands,
        "check",
        later("one_case", "check"),
        "show one case: every requirement, every candidate event, each criterion",
        "qi-checker check C-0042 --data export --as-of 2026-02-01",
    )
    parser.add_argument("case_id", metavar="CASE_ID")
    records(parser, checks=False)
    _format(parser)
    _identified(parser)


def _sheets(commands: Any) -> None:
    parser = command(
        commands,
        "sheets",
        later("case_sheets", "sheets"),
        "write printable sheets of many cases",
        "qi-checker sheets --data export --as-of 2026-02-01 --days 14 --out sheets",
    )
    records(parser)
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder to write; earlier sheets there are replaced atomically",
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--days", type=int, metavar="N", help="the cases that a checklist of N days lists"
    )
    which.add_argument(
        "--cases",
        type=Path,
        metavar="FILE",
        help="the cases of a file: one id per line, or a CSV with a column case_id",
    )
    which.add_argument("--all", action="store_true", help="every case of the records")
    parser.add_argument(
        "--format",
        choices=("html", "pdf", "both"),
        default="both",
        help="what to write for each case (default: both)",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="number of processes that write PDF (default: one per processor)",
    )
    _paper(parser)
    _identified(parser)


def _what_if(commands: Any) -> None:
    parser = command(
        commands,
        "what-if",
        later("one_case", "what_if"),
        "show what moving an operation changes, and the latest date that still works",
        "qi-checker what-if C-0042 --move-to 2026-03-12 --data export --as-of 2026-02-01",
    )
    parser.add_argument("case_id", metavar="CASE_ID")
    parser.add_argument("--move-to", required=True, metavar="DATE", help="the new date of surgery")
    records(parser, checks=False)
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="output format (default: text)"
    )


def _report(commands: Any) -> None:
    parser = command(
        commands,
        "report",
        later("reports", "report"),
        "write the monthly report: rates, trend, causes, lists of cases",
        "qi-checker report --month 2026-02 --data export --out report-2026-02",
    )
    parser.add_argument("--month", required=True, metavar="YYYY-MM", help="the month of surgery")
    records(parser, as_of_needed=False)
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder to write; an earlier report there is replaced atomically",
    )
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="targets, baseline, events, actions (default: report.yaml in --data)",
    )
    parser.add_argument(
        "--by",
        choices=("surgeon", "site"),
        default="",
        help="also compare surgeons or sites, by pseudonym (default: neither)",
    )
    parser.add_argument(
        "--small-numbers",
        choices=("none", "lt5", "nhs", "cms11"),
        default="",
        help="how to suppress small numbers (default: as in the settings, else none)",
    )
    parser.add_argument(
        "--format",
        choices=("html", "pdf", "xlsx", "all", "pptx", "json"),
        default="html",
        help="page, PDF, workbook, all three; three slides; or json and CSV only (default: html)",
    )
    _paper(parser)


def _study(commands: Any) -> None:
    parser = command(
        commands,
        "study",
        later("studies", "study"),
        "compare the operations of two periods",
        "qi-checker study --data export --before 2025-03-01..2025-08-31 "
        "--after 2025-09-01..2026-02-28 --out study",
    )
    for option, which in (("--before", "earlier"), ("--after", "later")):
        parser.add_argument(
            option,
            required=True,
            metavar="A..B",
            help=f"dates of surgery of the {which} period, both included",
        )
    records(parser, as_of_needed=False)
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="nightly.yaml: also read the ultrasound entries of its web application",
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder to write; an earlier study there is replaced atomically",
    )
    parser.add_argument(
        "--format",
        choices=("html", "pdf", "xlsx", "all", "json"),
        default="html",
        help="what to write in addition to json and CSV; all: html, pdf and xlsx (default: html)",
    )
    parser.add_argument(
        "--small-numbers",
        choices=("none", "lt5", "nhs", "cms11"),
        default="none",
        help="suppress small numbers, for readers outside the hospital (default: none)",
    )
    _paper(parser)


def _digest(commands: Any) -> None:
    parser = command(
        commands,
        "digest",
        later("digests", "digest"),
        "summarise an audit on one screen, with changes since an earlier one",
        "qi-checker digest audit --since audit-yesterday --format eml --out digest.eml",
    )
    parser.add_argument("audit", type=Path, metavar="AUDIT_DIR", help="folder of an audit")
    parser.add_argument(
        "--since",
        type=Path,
        metavar="EARLIER_AUDIT_DIR",
        help="an earlier audit of the same protocol (default: list no changes)",
    )
    parser.add_argument(
        "--days", type=int, default=14, metavar="N", help="number of days ahead (default: 14)"
    )
    parser.add_argument(
        "--format",
        choices=("text", "html", "eml"),
        default="text",
        help="text, a page, or a mail (default: text)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="file to write (default: standard output)"
    )


def _inspect(commands: Any) -> None:
    parser = command(
        commands,
        "inspect",
        later("inspects", "inspect"),
        "read an export, propose mapping.yaml, show the resulting records",
        "qi-checker inspect export > export/mapping.yaml",
    )
    parser.add_argument(
        "target",
        metavar="EXPORT",
        help="folder, workbook, text or Parquet file, or address of a database",
    )
    parser.add_argument(
        "--like",
        metavar="NAME",
        help="give the shipped mapping for an export of this shape: epic-ehi, epic-clarity, "
        "epic-caboodle, oracle-health, meditech, synthea-csv, nhs-waiting-list",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="show twenty records next to the export, unmapped values, the join, and the "
        "plausibility checks",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="file to write (default: print it; on a terminal mapping.yaml beside the export)",
    )
    parser.add_argument("--force", action="store_true", help="replace an existing file")
    parser.add_argument("--site", type=Path, metavar="FILE", help="site settings, for --dry-run")
    parser.add_argument(
        "--as-of",
        metavar="DATE",
        help="the moment that --dry-run checks for (default: the last day of the records)",
    )
    parser.add_argument(
        "--protocol",
        type=Path,
        metavar="PATH",
        help="protocol that --dry-run checks with (default: the shipped liver protocol)",
    )
    mapping(parser)


def _import(commands: Any) -> None:
    imports = command(
        commands,
        "import",
        lambda arguments: 0,
        "convert another system's records",
        "qi-checker import omop cdm.duckdb --concepts concepts.csv --out export",
    )
    sources = imports.add_subparsers(required=True, metavar="SOURCE")
    _import_mapped(sources)
    _import_omop(sources)


def _import_mapped(sources: Any) -> None:
    """Add `import files` and `import sql`, which convert records with a mapping."""
    files = command(
        sources,
        "files",
        later("imports", "files"),
        "convert an export to records with a mapping",
        "qi-checker import files export --out records --format parquet",
    )
    files.add_argument("folder", type=Path, metavar="FOLDER", help="the export")
    mapping(files)
    sql = command(
        sources,
        "sql",
        later("imports", "sql"),
        "convert tables and queries of a database to records with a mapping",
        "qi-checker import sql postgresql://reader@host/clarity --mapping mapping.yaml --out records",
    )
    sql.add_argument(
        "url", metavar="URL", help="address without a password: postgresql://reader@host/name"
    )
    sql.add_argument(
        "--mapping",
        type=Path,
        required=True,
        metavar="FILE",
        help="file that maps tables to records",
    )
    for parser in (files, sql):
        parser.add_argument("--out", type=Path, required=True, metavar="DIR")
        parser.add_argument(
            "--format", choices=("csv", "parquet"), default="csv", help="(default: csv)"
        )
        parser.add_argument("--site", type=Path, metavar="FILE", help="site settings")
        parser.add_argument("--force", action="store_true", help="replace the files in --out")


def _import_omop(sources: Any) -> None:
    omop = command(
        sources,
        "omop",
        later("imports", "omop"),
        "read an OMOP common data model, 5.3 or 5.4",
        "qi-checker import omop cdm.duckdb --concepts concepts.csv --out export",
    )
    omop.add_argument("path", type=Path, metavar="PATH", help="DuckDB file or folder of tables")
    omop.add_argument("--out", type=Path, required=True, metavar="DIR")
    omop.add_argument(
        "--concepts",
        type=Path,
        required=True,
        metavar="FILE",
        help="CSV of concepts: which are operations and which are events",
    )
    omop.add_argument("--schema", default="", help="schema of the tables (default: the only one)")
    omop.add_argument("--force", action="store_true", help="replace the files in --out")


def _demo(commands: Any) -> None:
    parser = command(
        commands,
        "demo",
        later("imports", "demo"),
        "write a year of synthetic records, to try qi-checker",
        "qi-checker demo --out demo-data",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--study",
        action="store_true",
        help="write records that give the figures of the published study",
    )
    which.add_argument(
        "--exports",
        action="store_true",
        help="write three exports to practise mapping.yaml",
    )


def _in_module(module: str, function: str) -> Callable[[Any], None]:
    """Return a function that adds a command declared in its own module, loaded when it is typed."""

    def add(commands: Any) -> None:
        getattr(import_module(f"qi_checker.cli.{module}"), function)(commands)

    return add


_COMMANDS: dict[str, Callable[[Any], None]] = {  # in the order of --help
    "audit": _audit,
    "checklist": _checklist,
    "check": _check,
    "sheets": _sheets,
    "what-if": _what_if,
    "report": _report,
    "study": _study,
    "digest": _digest,
    "nightly": _in_module("nightly_parser", "add_nightly"),
    "healthcheck": _in_module("nightly_parser", "add_healthcheck"),
    "serve": _in_module("serving_parser", "add_serve"),
    "accounts": _in_module("serving_parser", "add_accounts"),
    "rules": _in_module("rules_parser", "add_rules"),
    "inspect": _inspect,
    "import": _import,
    "demo": _demo,
}
