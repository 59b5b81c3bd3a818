"""Helpers of several commands: protocol and site, JSON, progress on a terminal."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from qi_checker.cli.clock import time_of_day
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.load import load_protocol, load_site
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.records import Records
from qi_checker.protocol.site import Site
from qi_checker.sources.files import read_folder

if TYPE_CHECKING:
    from qi_checker.plausibility import PlausibilityChecks

NOW = "now"
SHIPPED = "hepatic-metastasectomy-imaging"


class Request(NamedTuple):
    """The inputs of an evaluation, as given on the command line."""

    bundle: Bundle
    records: Records
    as_of: AsOf
    site: Site


def protocol_path(path: Path | None) -> Path:
    return path if path is not None else rules_dir() / SHIPPED


def read_request(arguments: argparse.Namespace) -> Request:
    """Load protocol, site and records; raise UserError for every problem."""
    bundle, as_of, site = asked_of(arguments)
    return Request(
        bundle, read_folder(arguments.data, site, mapping=arguments.mapping), as_of, site
    )


def asked_of(arguments: argparse.Namespace) -> tuple[Bundle, AsOf, Site]:
    """Load everything but the records: the protocol, the moment and the site."""
    if arguments.as_of != NOW:
        AsOf.parse(arguments.as_of)  # before anything is read
    bundle = load_protocol(protocol_path(arguments.protocol))
    site = read_site(arguments)
    return bundle, moment_of(arguments.as_of, site), site


def moment_of(text: str, site: Site) -> AsOf:
    """Parse the requested moment; `now` is the current time at the site, read once, here."""
    if text == NOW:
        text = time_of_day().astimezone(site.zone).strftime("%Y-%m-%dT%H:%M")
    return AsOf.parse(text)


def checks_of(
    arguments: argparse.Namespace,
    site: Site,
    without: Collection[str] = (),
    alone: bool = True,
    period: tuple[date, date] | None = None,
) -> PlausibilityChecks:
    """Return the settings of a command's plausibility checks, with the checks to accept."""
    from qi_checker.plausibility import PlausibilityChecks

    return PlausibilityChecks(site.checks, arguments.accept, without, alone, period)


def is_rulebook(path: Path | None) -> bool:
    """Whether a path is a folder of protocols and not a single protocol."""
    if path is None or (path / "protocol.yaml").is_file():
        return False
    return any(path.glob("*/protocol.yaml"))


def read_site(arguments: argparse.Namespace) -> Site:
    """Load the site settings from `--site` or from beside the data; else UTC, with a warning."""
    if arguments.site is not None:
        return load_site(arguments.site)
    beside = (arguments.data or Path()) / "site.yaml"
    if arguments.data is not None and beside.is_file():
        return load_site(beside)
    what = f"no {beside}" if arguments.data is not None else "no --site"
    warn(f"{what}: dates are counted in UTC. Give the hospital's time zone with --site.")
    return Site(timezone="UTC")


def warn(words: str) -> None:
    print(f"qi-checker: warning: {words}", file=sys.stderr)


def print_json(value: Any) -> None:
    """Print a view as JSON."""
    print(as_json(value), end="")


def as_json(value: Any) -> str:
    """Format a view as JSON, with dates as ISO text."""

    def plain(item: Any) -> str:
        if isinstance(item, date):
            return item.isoformat()
        raise TypeError(type(item).__name__)

    return json.dumps(asdict(value), default=plain, ensure_ascii=False, indent=2) + "\n"


class Progress:
    """Phases and counts on a terminal; silent where stderr is not one."""

    def __init__(self, bar: Any = None) -> None:
        self._bar = bar
        self._task = bar.add_task("starting", total=None) if bar else None
        self.head = ""  # is put before each phase

    def phase(self, words: str) -> None:
        self.count(words, 0, 0)

    def count(self, words: str, done: int, total: int) -> None:
        if self._bar:
            self._bar.update(
                self._task, description=self.head + words, completed=done, total=total or None
            )


@contextmanager
def progress() -> Iterator[Progress]:
    """Show a progress bar that disappears when the work is done."""
    if not sys.stderr.isatty():
        yield Progress()
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        yield Progress(bar)
