"""Paths of the packaged rules and report templates, in a checkout and in an installed wheel.

Also the file names that some operating system does not accept.
"""

from __future__ import annotations

import re
from pathlib import Path

_DEVICE = re.compile(r"(CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9]|CONIN\$|CONOUT\$) *(\.|$)", re.IGNORECASE)

_PACKAGE = Path(__file__).resolve().parents[1]


def _shipped(name: str) -> Path:
    """Return a packaged folder: `qi_checker/_data` in a wheel, beside the package in a checkout."""
    packed = _PACKAGE / "_data" / name
    return packed if packed.is_dir() else _PACKAGE.parent / name


def rules_dir() -> Path:
    """Return the folder that contains one folder per protocol and `codelists`."""
    return _shipped("rules")


def reports_dir() -> Path:
    """Return the folder with the report templates."""
    return _shipped("reports")


def is_device(name: str) -> bool:
    """Whether Windows treats a file name as a device (`aux`, `CON.html`, `com1.old`)."""
    return _DEVICE.match(name) is not None
