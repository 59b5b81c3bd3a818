"""What can be typed after `nightly` that somebody answers for: exceptions and sign-offs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from qi_checker.cli.command import command, later

_ENDING = "--by LOGIN --role"
_APPROVES = "--by oak --role approver --config nightly.yaml"
_NOTE = "{} (never a name of a patient); - reads it from the input"


def add_people(tools: Any) -> None:
    """`exceptions`, `sign-off` and `sign-offs`."""
    group = command(
        tools,
        "exceptions",
        lambda arguments: 0,
        "ask for, decide on and list exceptions of the store",
        "qi-checker nightly exceptions list --config nightly.yaml",
    )
    _config(group)
    _exceptions(group.add_subparsers(required=True, metavar="STEP"))
    sign = command(
        tools,
        "sign-off",
        later("night_sign_offs", "sign_off"),
        "sign a case off as the latest night has it",
        "qi-checker nightly sign-off C-0042 --protocol hepatic-metastasectomy-imaging "
        "--by ash --role surgeon --config nightly.yaml",
    )
    sign.add_argument("case_id", metavar="CASE_ID")
    sign.add_argument("--protocol", required=True, metavar="ID", help="for which protocol")
    sign.add_argument("--note", default="", metavar="TEXT", help=_NOTE.format("what to keep of it"))
    _who(sign)
    _config(sign)
    signed = command(
        tools,
        "sign-offs",
        later("night_sign_offs", "sign_offs"),
        "list sign-offs, and which are void because something changed",
        "qi-checker nightly sign-offs C-0042 --config nightly.yaml",
    )
    signed.add_argument("case_id", nargs="?", metavar="CASE_ID", help="of one case only")
    _format(signed)
    _config(signed)


def _exceptions(steps: Any) -> None:
    listed = _step(
        steps,
        "list",
        "list_exceptions",
        "list exceptions as they stand",
        "--state reconfirm --config nightly.yaml",
    )
    listed.add_argument("--case", metavar="CASE_ID", help="of one case only")
    listed.add_argument(
        "--state", metavar="STATE", help="requested, approved, refused, revoked or reconfirm"
    )
    _format(listed)
    _request(steps)
    for name, summary, why in (
        ("approve", "approve what somebody else asked for, for the date of surgery known now", ""),
        ("refuse", "refuse what somebody else asked for", "why it is refused"),
        ("reconfirm", "let an approved exception hold for the date surgery was moved to", ""),
        ("revoke", "end an exception from today on", "why it ends"),
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
    asked = _step(
        steps,
        "request",
        "request",
        "ask for an exception from a requirement of a case",
        "C-0042 mri --reason contraindication-mri --expires-on 2026-04-30 --by ash "
        "--role coordinator --config nightly.yaml",
    )
    asked.add_argument("case_id", metavar="CASE_ID")
    asked.add_argument("requirement", metavar="REQUIREMENT", help="its id in the protocol")
    asked.add_argument(
        "--reason", required=True, metavar="WORD", help="a reason that the protocol accepts"
    )
    asked.add_argument("--valid-from", metavar="DATE", help="the first day (default: today)")
    asked.add_argument("--expires-on", required=True, metavar="DATE", help="the last day, included")
    asked.add_argument(
        "--note", default="", metavar="TEXT", help=_NOTE.format("what to keep of it")
    )
    _who(asked)


def _step(steps: Any, name: str, function: str, summary: str, typed: str) -> Any:
    run = later("night_exceptions", function)
    parser = command(steps, name, run, summary, f"qi-checker nightly exceptions {name} {typed}")
    _config(parser)
    return parser


def _who(parser: Any) -> None:
    parser.add_argument("--by", required=True, metavar="LOGIN", help="who does it")
    parser.add_argument(
        "--role",
        required=True,
        metavar="ROLE",
        help="in which role; to decide on an exception: approver",
    )


def _format(parser: Any) -> None:
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how to print it (default: text)"
    )


def _config(parser: Any) -> None:
    """Not written again where it stood before the tool."""
    parser.add_argument(
        "--config", type=Path, metavar="FILE", default=argparse.SUPPRESS, help="settings of the job"
    )
