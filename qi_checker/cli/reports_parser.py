"""The arguments of reports: report, study, digest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qi_checker.cli.command import command, later, out_folder, paper, records


def add_report(commands: Any) -> None:
    """Add `report`."""
    parser = command(
        commands,
        "report",
        later("reports", "report"),
        "write the monthly report: rates, trend, causes, lists of cases",
        "qi-checker report --month 2026-02 --data export --out report-2026-02",
    )
    parser.add_argument("--month", required=True, metavar="YYYY-MM", help="the month of surgery")
    records(parser, as_of_default="the last day of the month")
    out_folder(parser, "an earlier report there is replaced atomically")
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
    paper(parser)


def add_study(commands: Any) -> None:
    """Add `study`."""
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
    records(parser, as_of_default="the last day of the later period")
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="nightly.yaml: also read the ultrasound entries of its web application",
    )
    out_folder(parser, "an earlier study there is replaced atomically")
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
    paper(parser)


def add_digest(commands: Any) -> None:
    """Add `digest`."""
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
