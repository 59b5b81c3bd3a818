"""The arguments of `nightly` and of `healthcheck`.

`nightly --config FILE` runs the night. A tool may follow, with `--config` before or after the name
of the tool.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from qi_checker.cli.command import command, later

_NIGHTS = """nightly: also 1 if the night is done but the digest could not be sent (it is queued in the
outbox); 75 another run is active"""
_APPROVES = "--by oak --role approver --config nightly.yaml"
_NOTE = "{} (never a patient's name); - reads it from standard input"


def add_nightly(commands: Any) -> None:
    """Add the scheduled job and its tools."""
    nightly = command(
        commands,
        "nightly",
        later("nights", "nightly"),
        "run the scheduled job: evaluate, store, report, mail",
        "qi-checker nightly --config nightly.yaml",
    )
    nightly.epilog += f"\n{_NIGHTS}"
    nightly.add_argument("--config", type=Path, metavar="FILE", help="settings of the job")
    _moments(nightly)
    nightly.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="CHECK",
        help="continue although this plausibility check refuses (docs/plausibility.md); "
        "for this night only, repeatable",
    )
    tools = nightly.add_subparsers(required=False, metavar="TOOL")
    _tool(tools, "check-config", "test sources, store, folders and mail server; send nothing")
    _stored(tools)
    _people(tools)
    _privacy(tools)
    _tool(tools, "schema", "print the JSON Schema of the settings, for editors", config=False)


def _moments(nightly: Any) -> None:
    """Add the options that choose a night or a span of past nights."""
    nightly.add_argument(
        "--as-of",
        metavar="DATE",
        help="the moment of the evaluation (default: now, in the site's time zone)",
    )
    nightly.add_argument(
        "--from",
        dest="first",
        metavar="DATE",
        help="with --to: store every night of a span of past dates",
    )
    nightly.add_argument("--to", dest="last", metavar="DATE", help="the last date, included")
    nightly.add_argument(
        "--allow-future",
        action="store_true",
        help="store a night for a day after tomorrow, for a trial; `forget` it afterwards",
    )


def _stored(tools: Any) -> None:
    """Add `runs`, `show`, `verify` and `changes`, which read the nights of the store."""
    _format(_tool(tools, "runs", "list the stored nights, latest first"))
    _run(_tool(tools, "show", "print the findings of a stored night, byte for byte", "show 12 "))
    verify = _tool(tools, "verify", "verify the audit trail and the rows bound to it")
    verify.add_argument(
        "--anchor",
        action="append",
        default=[],
        metavar="SEQUENCE:HASH",
        help="an end of the trail that was copied elsewhere, such as the one in the digest's mail; "
        "repeatable",
    )
    _run(_tool(tools, "changes", "print what changed in a stored night, and why", "changes 12 "))


def _privacy(tools: Any) -> None:
    """`purge`, `forget`, `export`, `pseudonymise` and `backup`."""
    purge = _tool(tools, "purge", "remove nights that are older than the retention")
    purge.add_argument(
        "--before", metavar="DATE", help="remove the nights before this day (default: by retention)"
    )
    _run(_tool(tools, "forget", "remove one night as if it had never been stored", "forget 12 "))
    export = _tool(
        tools, "export", "print everything that is stored about a case, as JSON", "export C-0042 "
    )
    hide = _tool(
        tools,
        "pseudonymise",
        "replace the ids of a case everywhere in the store",
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
    """Add the command for monitoring."""
    health = command(
        commands,
        "healthcheck",
        later("nights", "healthcheck"),
        "check the nightly job; exit code 0 if it is healthy, else 1",
        "qi-checker healthcheck --config nightly.yaml",
    )
    health.add_argument(
        "--config", type=Path, required=True, metavar="FILE", help="settings of the job"
    )
    _format(health)


def _tool(tools: Any, name: str, summary: str, typed: str = "", config: bool = True) -> Any:
    typed = typed or f"{name} "
    ending = "--config nightly.yaml" if config else "> nightly.schema.json"
    run = later("nights", name.replace("-", "_"))
    parser = command(tools, name, run, summary, f"qi-checker nightly {typed}{ending}")
    if config:
        _config(parser)
    return parser


def _people(tools: Any) -> None:
    """`exceptions`, `sign-off` and `sign-offs`."""
    group = command(
        tools,
        "exceptions",
        lambda arguments: 0,
        "request, decide on and list exceptions",
        "qi-checker nightly exceptions list --config nightly.yaml",
    )
    _config(group)
    _exceptions(group.add_subparsers(required=True, metavar="STEP"))
    sign = command(
        tools,
        "sign-off",
        later("night_people", "sign_off"),
        "sign off a case as the latest night evaluated it",
        "qi-checker nightly sign-off C-0042 --protocol hepatic-metastasectomy-imaging "
        "--by ash --role surgeon --config nightly.yaml",
    )
    sign.add_argument("case_id", metavar="CASE_ID")
    sign.add_argument("--protocol", required=True, metavar="ID", help="for which protocol")
    sign.add_argument("--note", default="", metavar="TEXT", help=_NOTE.format("note to store"))
    _who(sign)
    _config(sign)
    signed = command(
        tools,
        "sign-offs",
        later("night_people", "sign_offs"),
        "list sign-offs, and which are void because something has changed",
        "qi-checker nightly sign-offs C-0042 --config nightly.yaml",
    )
    signed.add_argument("case_id", nargs="?", metavar="CASE_ID", help="only this case")
    _format(signed)
    _config(signed)


def _exceptions(steps: Any) -> None:
    listed = _step(
        steps,
        "list",
        "list_exceptions",
        "list exceptions and their states",
        "--state reconfirm --config nightly.yaml",
    )
    listed.add_argument("--case", metavar="CASE_ID", help="only this case")
    listed.add_argument(
        "--state", metavar="STATE", help="requested, approved, refused, revoked or reconfirm"
    )
    _format(listed)
    _request(steps)
    for name, summary, why in (
        ("approve", "approve somebody else's request, for the known date of surgery", ""),
        ("refuse", "refuse somebody else's request", "why it is refused"),
        ("reconfirm", "confirm an approved exception for the new date of surgery", ""),
        ("revoke", "end an exception as of today", "why it ends"),
    ):
        typed = f"qi-1 {'--why TEXT ' if why else ''}{_APPROVES}".replace(
            "TEXT", "'done after all'"
        )
        parser = _step(steps, name, name, summary, typed)
        parser.add_argument("exception_id", metavar="EXCEPTION_ID")
        if why:
            parser.add_argument("--why", required=True, metavar="TEXT", help=_NOTE.format(why))
        _who(parser)


def _request(steps: Any) -> None:
    request_parser = _step(
        steps,
        "request",
        "request",
        "request an exception from a requirement of a case",
        "C-0042 mri --reason contraindication-mri --expires-on 2026-04-30 --by ash "
        "--role coordinator --config nightly.yaml",
    )
    request_parser.add_argument("case_id", metavar="CASE_ID")
    request_parser.add_argument("requirement", metavar="REQUIREMENT", help="its id in the protocol")
    request_parser.add_argument(
        "--reason", required=True, metavar="WORD", help="a reason that the protocol accepts"
    )
    request_parser.add_argument(
        "--valid-from", metavar="DATE", help="the first day (default: today)"
    )
    request_parser.add_argument(
        "--expires-on", required=True, metavar="DATE", help="the last day, included"
    )
    request_parser.add_argument(
        "--note", default="", metavar="TEXT", help=_NOTE.format("note to store")
    )
    _who(request_parser)


def _step(steps: Any, name: str, function: str, summary: str, typed: str) -> Any:
    run = later("night_people", function)
    parser = command(steps, name, run, summary, f"qi-checker nightly exceptions {name} {typed}")
    _config(parser)
    return parser


def _who(parser: Any) -> None:
    parser.add_argument("--by", required=True, metavar="LOGIN", help="login of the person")
    parser.add_argument(
        "--role",
        required=True,
        metavar="ROLE",
        help="in which role; to decide on an exception: approver",
    )


def _run(parser: Any) -> None:
    parser.add_argument("number", type=int, metavar="RUN", help="number of the run")


def _format(parser: Any) -> None:
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="output format (default: text)"
    )


def _config(parser: Any) -> None:
    """Add `--config`; its default keeps the value that was typed before the tool."""
    parser.add_argument(
        "--config", type=Path, metavar="FILE", default=argparse.SUPPRESS, help="settings of the job"
    )
