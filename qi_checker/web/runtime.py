"""What a worker holds: nightly.yaml with its protocols, read once, and again when they change."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from zoneinfo import ZoneInfo

from qi_checker.errors import Problem, UserError
from qi_checker.nightly.config import Web
from qi_checker.nightly.load import Settings, load_settings
from qi_checker.protocol.bundle import Bundle
from qi_checker.store import Store

VARIABLE = "QI_CHECKER_CONFIG"  # the path of nightly.yaml; a worker has no command line
DEMO = "QI_CHECKER_DEMO"  # set where everything is made up, and every page says so


@dataclass(frozen=True)
class Runtime:
    """The settings of the application. `web` is there: without it nothing is served."""

    settings: Settings
    web: Web
    demo: bool

    @property
    def zone(self) -> ZoneInfo:
        return self.settings.site.zone

    @property
    def secure(self) -> bool:
        """Whether people come by https; only this machine itself may be reached without."""
        return self.web.url.startswith("https://")


@cache
def runtime() -> Runtime:
    """The settings that the variable names. Raises UserError with everything wrong in them."""
    named = os.environ.get(VARIABLE)
    if not named:
        raise UserError(Problem(VARIABLE, "names no settings", "", "Start `qi-checker serve`"))
    settings = load_settings(Path(named))
    if settings.config.web is None:
        advice = "Add `web: {url: https://...}`: docs/web.md"
        raise UserError(Problem(named, "`web` is missing", "", advice))
    return Runtime(settings, settings.config.web, bool(os.environ.get(DEMO)))


def store() -> Store:
    """The store, on the connection of this thread."""
    return Store("default", runtime().settings.site)


def held() -> dict[str, Bundle]:
    """Every protocol as it was last read, by its id."""
    return {b.protocol.id: b for b in runtime().settings.bundles} | _bundles


_lock = Lock()
_bundles: dict[str, Bundle] = {}


def bundle(protocol: str, sha256: str) -> Bundle | None:
    """The protocol as the night judged by it; None where the files say something else by now.

    A worker lives for weeks. Where the night names another version than the one that is held, the
    files are read again, once.
    """
    found = _bundles.get(protocol)
    if found is None or found.sha256 != sha256:
        with _lock:
            _read_again()
        found = _bundles.get(protocol)
    return found if found is not None and found.sha256 == sha256 else None


def _read_again() -> None:
    try:
        bundles = load_settings(runtime().settings.file).bundles
    except UserError:
        return  # somebody is editing them; what is held stays
    _bundles.update({b.protocol.id: b for b in bundles})
