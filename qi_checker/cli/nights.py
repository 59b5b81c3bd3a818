"""nightly and healthcheck. Here, and nowhere below, a command asks what time it is."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime

from qi_checker.cli.common import progress, warn
from qi_checker.errors import Exit, Problem, UserError
from qi_checker.nightly.load import Settings, load_settings
from qi_checker.protocol.as_of import AsOf


def time_of_day() -> datetime:
    """The only clock of the program: everything below is told what time it is."""
    return datetime.now(UTC)


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The settings that --config names."""
    if arguments.config is None:
        raise UserError(
            Problem("nightly", "the settings are not named", "", "Give --config nightly.yaml")
        )
    return load_settings(arguments.config)


def nightly(arguments: argparse.Namespace) -> int:
    """Run the night, or a span of past ones."""
    settings = settings_of(arguments)
    if arguments.first is not None or arguments.last is not None:
        return _replay(arguments, settings)
    from qi_checker.nightly.night import run_night

    as_of = _moment(arguments.as_of, settings)
    with progress() as shown:
        done = run_night(settings, as_of, time_of_day, shown.phase)
    for words in done.warnings:
        warn(words)
    for words in done.problems:
        print(f"qi-checker: {words}", file=sys.stderr)
    print(done.words)
    return done.code


def _moment(given: str | None, settings: Settings) -> AsOf:
    """The moment to judge for: what is given, else now on the clocks of the site."""
    if given is not None:
        return AsOf.parse(given)
    here = time_of_day().astimezone(settings.site.zone)
    return AsOf.parse(here.replace(second=0, microsecond=0))


def _replay(arguments: argparse.Namespace, settings: Settings) -> int:
    from qi_checker.nightly.replay import days, replay

    given = ("--from", arguments.first), ("--to", arguments.last)
    missing = [option for option, text in given if text is None]
    if missing or arguments.as_of is not None:
        raise UserError(Problem("--from, --to", "both are needed, without --as-of"))
    first, last = (AsOf.parse(text, option) for option, text in given)
    with progress() as shown:
        for words in replay(settings, days(first, last), time_of_day, shown.phase):
            print(words)
    return Exit.DONE


def healthcheck(arguments: argparse.Namespace) -> int:
    """Whether somebody must look."""
    from qi_checker.nightly.health import health

    checks = health(settings_of(arguments), time_of_day())
    well = all(check.ok for check in checks)
    if arguments.format == "json":
        document = {"ok": well, "checks": [asdict(check) for check in checks]}
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        for check in checks:
            print(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.words}")
    return Exit.DONE if well else Exit.FAILED_ON
