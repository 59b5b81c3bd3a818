"""audit --engine spark and spark://host:port."""

from __future__ import annotations

import argparse
import logging
from typing import TYPE_CHECKING, Any

from qi_checker.cli.common import checks_of, moment_of, progress, protocol_path, read_site
from qi_checker.cli.streams import console
from qi_checker.protocol.load import load_protocol

if TYPE_CHECKING:
    from qi_checker.cases.actions import ActionCount


def audit_on_spark(arguments: argparse.Namespace) -> tuple[set[str], list[str]]:
    """Audit one protocol on Spark; return the verdicts that occur and the failures."""
    from qi_checker.audit.parquet_folder import write_parquet
    from qi_checker.cases.actions import count_actions
    from qi_checker.engines.spark import check_installed, evaluate, find, open_session
    from qi_checker.sources.raw import connect

    # Without a handler Python would print the error of Spark's bridge for an interrupted call.
    logging.getLogger().addHandler(logging.NullHandler())
    check_installed()  # before the records, so that nobody converts them to Parquet for nothing
    bundle = load_protocol(protocol_path(arguments.protocol))
    site = read_site(arguments)
    as_of = moment_of(arguments.as_of, site)
    files = find(arguments.data, site)
    with progress() as shown:
        shown.phase("starting Spark")
        session = open_session(arguments.engine)
        checks = checks_of(arguments, site)
        evaluation = evaluate(bundle, session, files, as_of, site, shown.phase, checks=checks)
        numbers = write_parquet(evaluation, arguments.out, connect(), shown.count)
    _say(numbers, count_actions(evaluation.actions), arguments)
    return set(numbers["verdicts"]), evaluation.failures


def _say(numbers: dict[str, Any], actions: ActionCount, arguments: argparse.Namespace) -> None:
    """Print one screen of numbers; the rows are in the folder."""
    from qi_checker.audit.rates import rate
    from qi_checker.render import rates

    shown = console()
    for line in numbers["plausibility"]:
        shown.print(
            f"Check the records first ({line['check']}): {line['message']}", style="bold red"
        )
    shown.print(f"Compliant in time: {rates.rate_words(rate(numbers['rate']))}", style="bold")
    shown.print(" ".join(filter(None, (actions.words, actions.later_words))), style="bold")
    for verdict, number in numbers["verdicts"].items():
        shown.print(f"{verdict.replace('_', ' ')}: {number:,}")
    for file in numbers["data"]["files"]:
        shown.print(
            f"{file['file']}: {file['read']:,} rows read = {file['used']:,} used + "
            f"{file['rejected']:,} rejected."
        )
    if numbers["problems"]:
        shown.print(f"{len(numbers['problems']):,} data problems: see manifest.json.")
    shown.print(f"Results: {arguments.out}")
