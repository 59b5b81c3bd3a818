"""nightly sign-off and sign-offs: who stands for a case as it was, and whether it still is that."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from qi_checker.cli.night_people import free_text, person, print_rows
from qi_checker.cli.night_tools import kept
from qi_checker.cli.nights import settings_of, time_of_day
from qi_checker.errors import Exit, Problem, UserError, did_you_mean
from qi_checker.nightly.asking import check_case


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
    with kept(arguments) as store:
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
    with kept(arguments) as store:
        found = store.sign_offs(arguments.case_id)
    if arguments.format == "json":
        print_rows([asdict(one) | {"void": one.void} for one in found])
        return Exit.DONE
    for one in found:
        at = one.at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        state = f"void, changed since: {', '.join(one.changed)}" if one.void else "holds"
        print(
            f"{one.sign_off_id:6}  {one.case_id}  {one.protocol}  {at} by {one.by} as {one.role}: "
            f"{state}"
        )
    if not found:
        print("There is no sign-off.")
    return Exit.DONE
