"""The arguments of `serve` and `accounts`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from qi_checker.cli.command import command, later

_ROLES = ("coordinator", "surgeon", "radiologist", "quality_lead", "administrator")


def add_serve(commands: Any) -> None:
    """serve"""
    parser = command(
        commands,
        "serve",
        later("serving", "serve"),
        "the coordinator's web application",
        "qi-checker serve --demo",
    )
    _config(parser)
    parser.add_argument(
        "--listen", metavar="WHERE", help="HOST:PORT or unix:FILE (default: web.listen)"
    )
    parser.add_argument(
        "--demo", action="store_true", help="serve a synthetic hospital, on this machine only"
    )
    parser.add_argument(
        "--port", type=int, default=8400, metavar="N", help="port of --demo (default: 8400)"
    )
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="keep the hospital of --demo in this folder"
    )


def add_accounts(commands: Any) -> None:
    """Add `accounts add`, `accounts list` and `accounts password`."""
    summary = "accounts of the web application"
    parser = commands.add_parser("accounts", help=summary, description=f"{summary.capitalize()}.")
    parser.epilog = "example:\n  qi-checker accounts list --config nightly.yaml"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    tools = parser.add_subparsers(metavar="TOOL", required=True)
    example = "qi-checker accounts {} --config nightly.yaml"

    add = command(
        tools,
        "add",
        later("serving", "add_account"),
        "create an account; prompt for its password, or read it from standard input",
        example.format("add ash --role coordinator"),
    )
    add.add_argument("login", metavar="LOGIN", help="name to sign in with")
    add.add_argument(
        "--role", action="append", required=True, choices=_ROLES, help="role of the account"
    )
    add.add_argument("--site", default="", metavar="SITE", help="only for this site (default: all)")
    add.add_argument("--name", default="", metavar="NAME", help="name of the person")
    _config(add)

    listed = command(
        tools,
        "list",
        later("serving", "list_accounts"),
        "list accounts and their roles",
        example.format("list"),
    )
    _config(listed)

    other = command(
        tools,
        "password",
        later("serving", "set_password"),
        "give an account another password and unlock it",
        example.format("password ash"),
    )
    other.add_argument("login", metavar="LOGIN", help="name to sign in with")
    _config(other)


def _config(parser: Any) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings: nightly.yaml")
