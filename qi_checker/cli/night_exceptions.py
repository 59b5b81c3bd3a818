"""nightly exceptions: asked for by one person, approved by another, and what became of them.

What is written as a note or a reason why goes into the store only: not into the log, not into the
audit trail, and no error repeats it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from datetime import date

from qi_checker.cli.common import warn
from qi_checker.cli.night_people import free_text, person, print_rows
from qi_checker.cli.night_tools import kept
from qi_checker.cli.nights import settings_of, time_of_day
from qi_checker.errors import Exit, Problem, UserError, did_you_mean
from qi_checker.nightly.asking import Asked, check_request
from qi_checker.nightly.load import Settings
from qi_checker.protocol.as_of import AsOf
from qi_checker.store.exceptions import (
    APPROVED,
    RECONFIRM,
    RECONFIRMED,
    REFUSED,
    REQUESTED,
    REVOKED,
    Exceptions,
    Waiver,
)

STATES = (REQUESTED, APPROVED, REFUSED, REVOKED, RECONFIRM)


def list_exceptions(arguments: argparse.Namespace) -> int:
    """Every exception as it stands, in the order they were asked for."""
    if arguments.state not in (None, *STATES):
        raise UserError(
            Problem("--state", "there is no such state", "", did_you_mean(arguments.state, STATES))
        )
    with kept(arguments) as store:
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
    )


def request(arguments: argparse.Namespace) -> int:
    """Ask for an exception, if it can ever count."""
    settings, by = settings_of(arguments), person(arguments)
    asked = Asked(
        arguments.case_id,
        arguments.requirement,
        arguments.reason,
        _first(arguments, settings),
        _day(arguments.expires_on, "--expires-on"),
    )
    note = free_text(arguments.note)
    with kept(arguments) as store:
        warnings = check_request(asked, settings, store)
        exception_id = store.exceptions.request(**asdict(asked), by=by, at=time_of_day(), note=note)
    for words in warnings:
        warn(f"{exception_id} {words}")
    print(
        f"{exception_id} is requested: {asked.requirement} of {asked.case_id}, from "
        f"{asked.valid_from} to {asked.expires_on}. Somebody else must approve it."
    )
    return Exit.DONE


def _first(arguments: argparse.Namespace, settings: Settings) -> date:
    if arguments.valid_from is not None:
        return _day(arguments.valid_from, "--valid-from")
    return time_of_day().astimezone(settings.site.zone).date()


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
    arguments: argparse.Namespace, done: str, decide: Callable[..., None], **more: str
) -> int:
    by, name = person(arguments), arguments.exception_id
    with kept(arguments) as store:
        decide(store.exceptions, name, by=by, at=time_of_day(), **more)
        (waiver,) = [w for w in store.exceptions.all() if w.exception_id == name]
    held = waiver.surgery_day is not None and done in (APPROVED, RECONFIRMED)
    day = f" for surgery on {waiver.surgery_day}" if held else ""
    print(f"{name} is {done}{day}: {waiver.requirement} of {waiver.case_id}.")
    return Exit.DONE
