"""Commands for exceptions and sign-offs. One person requests an exception, another decides on it.

Notes and reasons are written to the store only: not to the log, not to the audit trail, and no
error repeats them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from qi_checker.cli.clock import time_of_day
from qi_checker.cli.common import warn
from qi_checker.cli.nights import open_store, settings_of
from qi_checker.errors import Exit, Problem, UserError, did_you_mean
from qi_checker.nightly.exception_requests import RequestedException, check_case, check_request
from qi_checker.nightly.load import Settings
from qi_checker.nightly.moments import today_of
from qi_checker.protocol.as_of import AsOf
from qi_checker.store.exceptions import (
    APPROVED,
    RECONFIRM,
    RECONFIRMED,
    REFUSED,
    REQUESTED,
    REVOKED,
    Exceptions,
    Person,
    Waiver,
)

_LONGEST_NAME, _LONGEST_TEXT = 150, 2_000  # characters


def person(arguments: argparse.Namespace) -> Person:
    """Return the person who acts, with the role. Raise UserError for an invalid name."""
    problems = [
        Problem(option, "is not a name", "", "Write one line of letters and digits")
        for option, text in (("--by", arguments.by), ("--role", arguments.role))
        if not text.strip() or not text.isprintable() or len(text) > _LONGEST_NAME
    ]
    if problems:
        raise UserError(problems)
    by = Person(arguments.by.strip(), arguments.role.strip())
    by.check()
    return by


def free_text(given: str) -> str:
    """Return free text; `-` reads it from standard input, so that no process list shows it."""
    text = (sys.stdin.read() if given == "-" else given).strip()
    if len(text) > _LONGEST_TEXT:
        raise UserError(Problem("", f"the text is longer than {_LONGEST_TEXT:,} characters"))
    return text


def print_rows(rows: Sequence[dict[str, Any]]) -> None:
    """Print rows as JSON, with dates and moments as ISO text."""

    def plain(value: Any) -> str:
        if isinstance(value, date):
            return value.isoformat()
        raise TypeError(type(value).__name__)

    print(json.dumps(rows, default=plain, indent=2, ensure_ascii=False))


STATES = (REQUESTED, APPROVED, REFUSED, REVOKED, RECONFIRM)


def list_exceptions(arguments: argparse.Namespace) -> int:
    """Print every exception with its state, in the order of the requests."""
    if arguments.state not in (None, *STATES):
        raise UserError(
            Problem("--state", "there is no such state", "", did_you_mean(arguments.state, STATES))
        )
    with open_store(arguments) as store:
        exceptions = [
            waiver
            for waiver in store.exceptions.all(arguments.case)
            if arguments.state in (None, waiver.state)
        ]
    if arguments.format == "json":
        print_rows([asdict(waiver) for waiver in exceptions])
        return Exit.DONE
    for waiver in exceptions:
        print(_line(waiver))
    if not exceptions:
        print("There is no such exception." if _narrowed(arguments) else "No exception is stored.")
    return Exit.DONE


def _narrowed(arguments: argparse.Namespace) -> bool:
    return arguments.case is not None or arguments.state is not None


def _line(waiver: Waiver) -> str:
    """Format one exception; its notes are in the JSON output only."""
    state = waiver.state
    if state == RECONFIRM:
        state = f"needs reconfirmation, approved for surgery on {waiver.surgery_day}"
    elif state == APPROVED:
        state = f"approved by {waiver.approved_by}"
    return (
        f"{waiver.exception_id:6}  {waiver.case_id}  {waiver.requirement}  {waiver.reason}  "
        f"{waiver.valid_from} to {waiver.expires_on}  by {waiver.requested_by}: {state}"
        f"{_marked(waiver.marks)}"
    )


def _marked(marks: Sequence[str]) -> str:
    """Format the warnings about an exception or a sign-off."""
    return "".join(f"  [{mark}]" for mark in marks)


def request(arguments: argparse.Namespace) -> int:
    """Request an exception; refuse a request that could never have an effect."""
    settings, by = settings_of(arguments), person(arguments)
    wanted = RequestedException(
        arguments.case_id,
        arguments.requirement,
        arguments.reason,
        _first(arguments, settings),
        _day(arguments.expires_on, "--expires-on"),
    )
    note = free_text(arguments.note)
    with open_store(arguments) as store:
        warnings = check_request(wanted, settings, store)
        exception_id = store.exceptions.request(
            **asdict(wanted), by=by, at=time_of_day(), note=note
        )
    for words in warnings:
        warn(f"{exception_id} {words}")
    print(
        f"{exception_id} is requested: {wanted.requirement} of {wanted.case_id}, from "
        f"{wanted.valid_from} to {wanted.expires_on}. Somebody else must approve it."
    )
    return Exit.DONE


def _first(arguments: argparse.Namespace, settings: Settings) -> date:
    if arguments.valid_from is not None:
        return _day(arguments.valid_from, "--valid-from")
    return today_of(time_of_day(), settings)


def _day(text: str, option: str) -> date:
    moment = AsOf.parse(text, option)
    if moment.clock is not None:
        raise UserError(Problem(option, "is a moment, not a day", "", f"Write {moment.date}"))
    return moment.date


def approve(arguments: argparse.Namespace) -> int:
    """Approve an exception that somebody else requested."""
    return _decided(arguments, APPROVED, Exceptions.approve)


def refuse(arguments: argparse.Namespace) -> int:
    """Refuse an exception that somebody else requested."""
    return _decided(arguments, REFUSED, Exceptions.refuse, why=free_text(arguments.why))


def reconfirm(arguments: argparse.Namespace) -> int:
    """Reconfirm an approved exception for the new date of surgery."""
    return _decided(arguments, RECONFIRMED, Exceptions.reconfirm)


def revoke(arguments: argparse.Namespace) -> int:
    """End an exception as of today."""
    return _decided(arguments, REVOKED, Exceptions.revoke, why=free_text(arguments.why))


def _decided(
    arguments: argparse.Namespace, done: str, decide: Callable[..., Waiver], **more: str
) -> int:
    by = person(arguments)
    with open_store(arguments) as store:
        waiver = decide(store.exceptions, arguments.exception_id, by=by, at=time_of_day(), **more)
    held = waiver.surgery_day is not None and done in (APPROVED, RECONFIRMED)
    day = f" for surgery on {waiver.surgery_day}" if held else ""
    for mark in waiver.marks:
        warn(f"{waiver.exception_id}: {mark}.")
    print(f"{waiver.exception_id} is {done}{day}: {waiver.requirement} of {waiver.case_id}.")
    return Exit.DONE


def sign_off(arguments: argparse.Namespace) -> int:
    """Sign off a case as the latest night evaluated it."""
    ids = [bundle.protocol.id for bundle in settings_of(arguments).bundles]
    if arguments.protocol not in ids:
        raise UserError(
            Problem(
                "--protocol",
                "the settings name no such protocol",
                "",
                did_you_mean(arguments.protocol, ids),
            )
        )
    by, note = person(arguments), free_text(arguments.note)
    with open_store(arguments) as store:
        check_case(arguments.case_id, [arguments.protocol], store)
        signed = store.sign_off(
            arguments.case_id, arguments.protocol, by=by, at=time_of_day(), note=note
        )
    print(
        f"Sign-off {signed.sign_off_id}: {signed.case_id} ({signed.protocol}), "
        f"by {signed.by} as {signed.role}."
    )
    return Exit.DONE


def sign_offs(arguments: argparse.Namespace) -> int:
    """Print every sign-off, and which are void because something has changed since."""
    zone = settings_of(arguments).site.zone
    with open_store(arguments) as store:
        signed = store.sign_offs(arguments.case_id)
    if arguments.format == "json":
        print_rows([asdict(one) | {"void": one.void} for one in signed])
        return Exit.DONE
    for one in signed:
        at = one.at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        state = f"void, changed since: {', '.join(one.changed)}" if one.void else "holds"
        print(
            f"{one.sign_off_id:6}  {one.case_id}  {one.protocol}  {at} by {one.by} as {one.role}: "
            f"{state}{_marked(one.marks)}"
        )
    if not signed:
        print("There is no sign-off.")
    return Exit.DONE
