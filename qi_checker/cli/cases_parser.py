"""The arguments of commands about cases: audit, checklist, check, sheets, what-if."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qi_checker.cli.command import (
    command,
    identified,
    later,
    out_folder,
    output_format,
    paper,
    profile,
    records,
)


def add_audit(commands: Any) -> None:
    """Add `audit`."""
    parser = command(
        commands,
        "audit",
        later("audits", "audit"),
        "evaluate all cases; write findings and pages",
        "qi-checker audit --data export --as-of 2026-02-01 --out audit",
    )
    records(parser, many=True, anywhere=True)
    out_folder(parser, "an earlier audit there is replaced atomically")
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
    profile(parser)


def add_checklist(commands: Any) -> None:
    """Add `checklist`."""
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
    output_format(parser, "ics")
    profile(parser)


def add_check(commands: Any) -> None:
    """Add `check`."""
    parser = command(
        commands,
        "check",
        later("one_case", "check"),
        "show one case: every requirement, every candidate event, each criterion",
        "qi-checker check C-0042 --data export --as-of 2026-02-01",
    )
    parser.add_argument("case_id", metavar="CASE_ID")
    records(parser, checks=False)
    output_format(parser)
    identified(parser)


def add_sheets(commands: Any) -> None:
    """Add `sheets`."""
    parser = command(
        commands,
        "sheets",
        later("case_sheets", "sheets"),
        "write printable sheets of many cases",
        "qi-checker sheets --data export --as-of 2026-02-01 --days 14 --out sheets",
    )
    records(parser)
    out_folder(parser, "earlier sheets there are replaced atomically")
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
    paper(parser)
    identified(parser)


def add_what_if(commands: Any) -> None:
    """Add `what-if`."""
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
