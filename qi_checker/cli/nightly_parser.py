"""What can be typed after `nightly`, and `healthcheck`.

`nightly --config FILE` runs the night; a tool may stand behind it, and `--config` before or after
the tool.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from qi_checker.cli.command import command, later
from qi_checker.cli.night_people_parser import add_people

_NIGHTS = """nightly: 1 also where the night is done and the digest could not be sent (it waits in the
outbox); 75 another run is at work"""


def add_nightly(commands: Any) -> None:
    """The scheduled job and what belongs to it."""
    nightly = command(
        commands,
        "nightly",
        later("nights", "nightly"),
        "run the scheduled job: evaluate, keep, report, tell",
        "qi-checker nightly --config nightly.yaml",
    )
    nightly.epilog += f"\n{_NIGHTS}"
    nightly.add_argument("--config", type=Path, metavar="FILE", help="settings of the job")
    nightly.add_argument(
        "--as-of",
        metavar="DATE",
        help="the moment to judge for (default: now, in the time zone of the site)",
    )
    nightly.add_argument(
        "--from",
        dest="first",
        metavar="DATE",
        help="with --to: keep every night of a span of past dates",
    )
    nightly.add_argument("--to", dest="last", metavar="DATE", help="the last date, included")
    tools = nightly.add_subparsers(required=False, metavar="TOOL")
    _tool(tools, "check-config", "try sources, store, folders and mail server, and send nothing")
    runs = _tool(tools, "runs", "list the nights that are kept, the latest first")
    show = _tool(tools, "show", "print the findings of a kept night, byte for byte", "show 12 ")
    show.add_argument("number", type=int, metavar="RUN", help="number of the run")
    runs.add_argument(
        "--format", choices=("text", "json"), default="text", help="how to print it (default: text)"
    )
    _tool(tools, "verify", "verify the audit trail")
    changes = _tool(tools, "changes", "print what changed in a kept night, and why", "changes 12 ")
    changes.add_argument("number", type=int, metavar="RUN", help="number of the run")
    add_people(tools)
    _privacy(tools)
    _tool(tools, "schema", "print the JSON Schema of the settings, for editors", config=False)


def _privacy(tools: Any) -> None:
    purge = _tool(tools, "purge", "remove nights that are older than the retention")
    purge.add_argument(
        "--before", metavar="DATE", help="remove the nights before this day (default: by retention)"
    )
    export = _tool(
        tools, "export", "print everything that is kept of a case, as JSON", "export C-0042 "
    )
    hide = _tool(
        tools,
        "pseudonymise",
        "replace the ids of a case in everything that is kept",
        "pseudonymise C-0042 --key-file key ",
    )
    for parser in (export, hide):
        parser.add_argument("case_id", metavar="CASE_ID")
    hide.add_argument(
        "--key-file",
        type=Path,
        required=True,
        metavar="FILE",
        help="secret of the hospital: the same key gives the same new id",
    )
    backup = _tool(
        tools, "backup", "copy an SQLite store while it is in use", "backup copy.sqlite3 "
    )
    backup.add_argument("path", type=Path, metavar="FILE", help="the copy")


def add_healthcheck(commands: Any) -> None:
    """For monitoring."""
    health = command(
        commands,
        "healthcheck",
        later("nights", "healthcheck"),
        "say whether the nightly job is well: exit code 0, or 1",
        "qi-checker healthcheck --config nightly.yaml",
    )
    health.add_argument(
        "--config", type=Path, required=True, metavar="FILE", help="settings of the job"
    )
    health.add_argument(
        "--format", choices=("text", "json"), default="text", help="how to print it (default: text)"
    )


def _tool(tools: Any, name: str, summary: str, typed: str = "", config: bool = True) -> Any:
    typed = typed or f"{name} "
    ending = "--config nightly.yaml" if config else "> nightly.schema.json"
    kept = ("changes", "purge", "export", "pseudonymise", "backup")
    module = "night_store" if name in kept else "night_tools"
    run = later(module, name.replace("-", "_"))
    parser = command(tools, name, run, summary, f"qi-checker nightly {typed}{ending}")
    if config:
        # Not written again where it stood before the tool.
        parser.add_argument(
            "--config",
            type=Path,
            metavar="FILE",
            default=argparse.SUPPRESS,
            help="settings of the job",
        )
    return parser
