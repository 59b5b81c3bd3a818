"""How a command is declared: summary, example, the module loaded when it is run, shared options."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from qi_checker.render.paper import A4, PAPERS

Run = Callable[[argparse.Namespace], int]
EXITS = """exit codes: 0 done; 1 done, and a --fail-... option matched or an example does not hold;
2 the input, the configuration or a rule is wrong; 3 the program or an evaluation failed;
130 interrupted"""


def later(module: str, function: str) -> Run:
    """Return a command whose module is loaded when it is run."""

    def run(arguments: argparse.Namespace) -> int:
        return int(getattr(import_module(f"qi_checker.cli.{module}"), function)(arguments))

    return run


def command(commands: Any, name: str, run: Run, summary: str, example: str) -> Any:
    """Add a command; return its parser."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"example:\n  {example}\n\n{EXITS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def records(
    parser: Any,
    many: bool = False,
    as_of_default: str = "",
    anywhere: bool = False,
    checks: bool = True,
) -> None:
    """Add the options that name a hospital's records; with `many`, several protocols are possible.

    `anywhere`: the records may be in a database instead of a folder. `checks`: the plausibility
    checks run on the records, so `--accept` can name one.
    """
    judged = "the moment of the evaluation: 2026-02-01 (its end), 2026-02-01T07:30 or now"
    if as_of_default:
        judged += f"; default: {as_of_default}"
    parser.add_argument(
        "--data",
        type=Path,
        required=not anywhere,
        metavar="DIR",
        help="folder with cases and events, as .csv, .parquet or .xlsx",
    )
    parser.add_argument("--as-of", required=not as_of_default, metavar="DATE", help=judged)
    parser.add_argument(
        "--protocol",
        type=Path,
        metavar="PATH",
        help="protocol folder or file"
        f"{', or a folder of protocols' if many else ''}"
        " (default: the shipped liver protocol)",
    )
    if checks:
        parser.add_argument(
            "--accept",
            action="append",
            default=[],
            metavar="CHECK",
            help="continue although this plausibility check refuses (docs/plausibility.md); "
            "for this run only, repeatable",
        )
    parser.add_argument(
        "--site",
        type=Path,
        metavar="FILE",
        help="site settings (default: site.yaml in the data folder)",
    )
    mapping(parser)


def mapping(parser: Any) -> None:
    """Add `--mapping`."""
    parser.add_argument(
        "--mapping",
        type=Path,
        metavar="FILE",
        help="file that maps an export to records (default: mapping.yaml in the data folder)",
    )


def output_format(parser: Any, *more: str) -> None:
    """Add `--format` of text, json, html, pdf and `more`, `--output` and `--paper`."""
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
    paper(parser)


def paper(parser: Any) -> None:
    """Add `--paper`."""
    parser.add_argument(
        "--paper",
        choices=PAPERS,
        default=A4,
        help="paper size of html and pdf (default: a4)",
    )


def identified(parser: Any) -> None:
    """Add `--identified`."""
    parser.add_argument(
        "--identified",
        action="store_true",
        help="show the patient's id on paper (default: only the case id)",
    )


def profile(parser: Any) -> None:
    """Add `--profile`."""
    parser.add_argument(
        "--profile",
        nargs="?",
        const="-",
        metavar="FILE",
        help="print on stderr how long each step took; with FILE, write it as JSON",
    )


def out_folder(parser: Any, replaced: str) -> None:
    """Add `--out`, a folder to write; `replaced` says what happens to the contents."""
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help=f"folder to write; {replaced}",
    )
