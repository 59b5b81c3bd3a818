"""The state of a worker: nightly.yaml with its protocols, read once, and again after changes."""

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
DEMO = "QI_CHECKER_DEMO"  # set if all data is synthetic, and every page says so


@dataclass(frozen=True)
class Runtime:
    """The settings of the application. `web` is always set: without it nothing is served."""

    settings: Settings
    web: Web
    demo: bool

    @property
    def zone(self) -> ZoneInfo:
        return self.settings.site.zone

    @property
    def secure(self) -> bool:
        """Whether people use https; without it only this machine is accepted."""
        return self.web.url.startswith("https://")


@cache
def runtime() -> Runtime:
    """Load the settings of the variable. Raise UserError with all their problems."""
    named = os.environ.get(VARIABLE)
    if not named:
        raise UserError(Problem(VARIABLE, "names no settings", "", "Start `qi-checker serve`"))
    settings = load_settings(Path(named))
    if settings.config.web is None:
        advice = "Add `web: {url: https://...}`: docs/web.md"
        raise UserError(Problem(named, "`web` is missing", "", advice))
    return Runtime(settings, settings.config.web, bool(os.environ.get(DEMO)))


def store() -> Store:
    """Return the store, on the connection of this thread."""
    return Store("default", runtime().settings.site)


def held() -> dict[str, Bundle]:
    """Return every protocol as last read, by its id."""
    return {b.protocol.id: b for b in runtime().settings.bundles} | _bundles


_lock = Lock()
_bundles: dict[str, Bundle] = {}


def bundle(protocol: str, sha256: str) -> Bundle | None:
    """Return the protocol of the night; None if the files have changed since.

    A worker lives for weeks. If the night has another version than the loaded one, the
    files are read again, once.
    """
    loaded = _bundles.get(protocol)
    if loaded is None or loaded.sha256 != sha256:
        with _lock:
            _read_again()
        loaded = _bundles.get(protocol)
    return loaded if loaded is not None and loaded.sha256 == sha256 else None


def _read_again() -> None:
    try:
        bundles = load_settings(runtime().settings.file).bundles
    except UserError:
        return  # somebody is editing them; the loaded ones stay
    _bundles.update({b.protocol.id: b for b in bundles})
