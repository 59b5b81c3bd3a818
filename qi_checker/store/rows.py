"""Rows as text: exactly as findings.json has them, with a mark for the day of the night.

What a coordinator may still do is told "between <tonight> and ...", so the sentences of open cases
change every night while nothing happens. They are kept with a mark in the place of that day, and
the day of the run is put back when it is read: the same bytes, without a row a night.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

# Two characters that nobody writes; where somebody does they are kept apart from the mark.
_ESCAPE, _ITSELF, _DAY = "\ue000", "\ue001", "\ue002"
_CODED = re.compile(f"{_ESCAPE}([{_ITSELF}{_DAY}])")
_ESCAPED = re.compile(r"\\(u00[01][0-9a-f]|.)")


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return str(value)
    raise TypeError(f"a row cannot hold a {type(value).__name__}")


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)


def row_text(row: Mapping[str, Any]) -> str:
    """One row as DuckDB writes it into JSON."""
    text = _ENCODER.encode(row)
    return _ESCAPED.sub(_upper, text) if "\\u00" in text else text


def _upper(found: re.Match[str]) -> str:
    return "\\u" + found[1][1:].upper() if len(found[1]) > 1 else found[0]


def marked(text: str, as_of: str) -> str:
    """The text with a mark in the place of the day of the night."""
    if _ESCAPE in text:
        text = text.replace(_ESCAPE, _ESCAPE + _ITSELF)
    return text.replace(f"between {as_of[:10]} and", f"between {_ESCAPE}{_DAY} and")


def unmarked(text: str, as_of: str) -> str:
    """What `marked` was given."""
    if _ESCAPE not in text:
        return text
    return _CODED.sub(lambda m: _ESCAPE if m[1] == _ITSELF else as_of[:10], text)
