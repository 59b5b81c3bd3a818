"""Cells that come as Python values, from a workbook or a DataFrame, as the text of the contract."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

EXACT_DIGITS = 15  # a spreadsheet number keeps no more


def cell_text(value: Any) -> str | None:
    """The text of a value; None where there is none. Midnight is a date without a clock time."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return _date_time_text(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float | Decimal):
        if not math.isfinite(value):
            return None  # pandas writes a missing number as NaN
        return str(int(value)) if value == int(value) else str(value)
    return str(value)


def _date_time_text(value: datetime) -> str:
    """To the second: a spreadsheet keeps a time as a fraction of a day and rounds it."""
    rounded = value + timedelta(microseconds=500_000)
    second = rounded.replace(microsecond=0) if value.microsecond else value
    if second.tzinfo is None and second.time() == time():
        return second.date().isoformat()
    return second.isoformat()


# Systems whose codes never begin with a zero, with the digits that a code has.
_WITHOUT_ZEROS = {"SNOMED": range(6, 16), "OMOP": range(1, 16), "CPT": range(5, 6)}


def why_unfit(column: str, kind: str, value: Any, system: str = "") -> str:
    """Why a spreadsheet cell of this type cannot be a code or an id; empty if it can.

    A number is a code where that loses nothing: `system` is one whose codes never begin with a zero.
    """
    if kind not in ("codes", "id") or value is None or isinstance(value, str):
        return ""
    mend = "format the column as text"
    if isinstance(value, bool):
        return f"{column}: the cell holds true or false; {mend}"
    if isinstance(value, date | time | timedelta):
        return f"{column}: the cell holds a date or time; {mend}"
    digits = _WITHOUT_ZEROS.get(system, range(0))
    if kind == "codes" and not (value == int(value) > 0 and len(str(int(value))) in digits):
        return f"{column}: the cell holds a number; {mend}"
    if value != int(value):
        return f"{column}: the cell holds a number with decimals; {mend}"
    if abs(value) >= 10**EXACT_DIGITS:
        return f"{column}: the cell holds a number of more than {EXACT_DIGITS} digits; {mend}"
    return ""
