"""Where the packaged rules and report templates are: in a checkout, and in an installed wheel.

And which names of files one system or another does not take.
"""

from __future__ import annotations

import re
from pathlib import Path

_DEVICE = re.compile(r"(CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9]|CONIN\$|CONOUT\$) *(\.|$)", re.IGNORECASE)

_PACKAGE = Path(__file__).resolve().parents[1]


def _shipped(name: str) -> Path:
    """The wheel carries the folders as `qi_checker/_data`; a checkout has them beside it."""
    packed = _PACKAGE / "_data" / name
    return packed if packed.is_dir() else _PACKAGE.parent / name


def rules_dir() -> Path:
    """The folder with one folder per protocol and `codelists`."""
    return _shipped("rules")


def reports_dir() -> Path:
    """The folder with the templates of reports."""
    return _shipped("reports")


def is_device(name: str) -> bool:
    """Whether Windows takes a name of a file for a device (`aux`, `CON.html`, `com1.old`)."""
    return _DEVICE.match(name) is not None
