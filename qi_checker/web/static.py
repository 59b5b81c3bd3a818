"""The style sheets and the one script, served by the application itself."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

from whitenoise.middleware import WhiteNoiseMiddleware

from qi_checker.protocol.paths import reports_dir

NAMES = ("style.css", "web.css", "web.js", "icon.svg")
_YEAR = 365 * 24 * 3600


@cache
def mark(name: str) -> str:
    """Return a part of the address that changes with the file, for caching over a year."""
    return hashlib.sha256((reports_dir() / name).read_bytes()).hexdigest()[:12]


def address(name: str) -> str:
    """Return the address of a file."""
    return f"/static/{mark(name)}/{name}"


class Static(WhiteNoiseMiddleware):
    """WhiteNoise with four files, read from the folder of the printed pages' files."""

    def __init__(self, get_response: Any, settings: Any = None) -> None:
        super().__init__(get_response)
        for name in NAMES:
            self.add_file_to_dictionary(address(name), str(reports_dir() / name))

    def immutable_file_test(self, path: str, url: str) -> bool:
        return True
