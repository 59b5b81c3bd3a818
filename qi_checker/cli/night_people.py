"""What somebody answers for: exceptions, asked for by one person and decided by another, and sign-offs.

What is written as a note or a reason why goes into the store only: not into the log, not into the
audit trail, and no error repeats it.
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
from qi_checker.nightly.asking import Asked, check_case, check_request
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
    """Who does it, and in which role. UserError where a name is empty or is none."""
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
    """What somebody writes; `-` reads it from the input, so that no list of processes shows it."""
    text = (sys.stdin.read() if given == "-" else given).strip()
    if len(text) > _LONGEST_TEXT:
        raise UserError(Problem("", f"the text is longer than {_LONGEST_TEXT:,} characters"))
    return text


def print_rows(rows: Sequence[dict[str, Any]]) -> None:
    """Rows as JSON; dates and moments as ISO text."""

    def plain(value: Any) -> str:
        if isinstance(value, date):
            return value.isoformat()
        raise TypeError(type(value).__name__)

    print(json.dumps(rows, default=plain, indent=2, ensure_ascii=False))


STATES = (REQUESTED, APPROVED, REFUSED, REVOKED, RECONFIRM)


def list_exceptions(arguments: argparse.Namespace) -> int:
    """Every exception as it stands, in the order they were asked for."""
    if arguments.state not in (None, *STATES):
        raise UserError(
            Problem("--state", "there is no such state", "", did_you_mean(arguments.state, STATES))
        )
    with open_store(arguments) as store:
        found = [
            waiver
            for waiver in store.exceptions.all(arguments.case)
            if arguments.state in (None, waiver.state)
        ]
    if arguments.format == "json":
        print_rows([asdict(waiver) for waiver in found])
        return Exit.DONE
    for waiver in found:
        print(_line(waiver))
    if not found:
        print("There is no such exception." if _narrowed(arguments) else "No exception is kept.")
    return Exit.DONE


def _narrowed(arguments: argparse.Namespace) -> bool:
    return arguments.case is not None or arguments.state is not None


def _line(waiver: Waiver) -> str:
    """One exception; what was written about it is in JSON only."""
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
    """What everybody who reads the line should know."""
    return "".join(f"  [{mark}]" for mark in marks)


def request(arguments: argparse.Namespace) -> int:
    """Request an exception, if it can ever count."""
    settings, by = settings_of(arguments), person(arguments)
    wanted = Asked(
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
    found = AsOf.parse(text, option)
    if found.clock is not None:
        raise UserError(Problem(option, "is a moment, not a day", "", f"Write {found.date}"))
    return found.date


def approve(arguments: argparse.Namespace) -> int:
    """Approve what somebody else asked for."""
    return _decided(arguments, APPROVED, Exceptions.approve)


def refuse(arguments: argparse.Namespace) -> int:
    """Refuse what somebody else asked for."""
    return _decided(arguments, REFUSED, Exceptions.refuse, why=free_text(arguments.why))


def reconfirm(arguments: argparse.Namespace) -> int:
    """Let an approved one hold for the date that surgery was moved to."""
    return _decided(arguments, RECONFIRMED, Exceptions.reconfirm)


def revoke(arguments: argparse.Namespace) -> int:
    """End an exception from today on."""
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
    """Sign a case off as the latest night has it."""
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
    """Every sign-off, and which are void because something changed since."""
    zone = settings_of(arguments).site.zone
    with open_store(arguments) as store:
        found = store.sign_offs(arguments.case_id)
    if arguments.format == "json":
        print_rows([asdict(one) | {"void": one.void} for one in found])
        return Exit.DONE
    for one in found:
        at = one.at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        state = f"void, changed since: {', '.join(one.changed)}" if one.void else "holds"
        print(
            f"{one.sign_off_id:6}  {one.case_id}  {one.protocol}  {at} by {one.by} as {one.role}: "
            f"{state}{_marked(one.marks)}"
        )
    if not found:
        print("There is no sign-off.")
    return Exit.DONE
