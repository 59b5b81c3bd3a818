"""The languages of sentences: the names in a table of templates, and how templates are filled.

Nightly results, files written by the query, and output of commands are in English. The web
application shows sentences in the language of its reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Protocol

from qi_checker.protocol import english
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.vocabulary import Reason

PLACEHOLDER = re.compile(r"\{(\w+)(?::(\w+))?\}")


class Words(Protocol):
    """The table of a language: a module with these names. `protocol/english.py` explains them."""

    FOUND: dict[Reason, str]
    BEFORE: str
    AFTER: str
    LIMIT: str
    NO_LIMIT: str
    COUNTS_WHEN: str
    ANY_TIME_BEFORE: str
    UNTIL: str
    YET: str
    ASKED_LATE: str
    LASTS: str
    EXCESS: str
    TOO_OLD: str
    LESS_THAN_A_MINUTE: str
    SIDE_OF_SURGERY: str
    SIDE: str
    WINDOW: str
    ANY_DAY: str
    UNKNOWN_DAY: str
    CHECK: str
    SINCE: str
    PERHAPS_SINCE: str
    SPAN: str
    ARRANGE: str
    ARRANGE_LATE: str
    BOOK: str
    OR_BOOK: str
    ONLY_VERIFY: str
    CLOSED: str
    CLOSED_FOR_GOOD: str
    CALL_OFF: str
    CALL_OFF_ONLY: str
    WAIT: str
    WAIVE: str
    VERIFY: dict[Reason, str]
    WITHIN: str
    AT_MOST: str
    LESS_THAN: str
    AT_LEAST: str
    MORE_THAN: str
    AT_ANY_TIME: str
    COUNTED_BACK: str
    COUNTED_ON: str
    AROUND: str
    ALSO: str
    ANCHORS: dict[str, str]
    NAMED: str
    COLUMNS: dict[str, str]
    AND: str
    OR: str
    CRITERIA: dict[str, str]
    KINDS: dict[str, str]
    REGIONS: dict[str, str]
    UNITS: dict[str, tuple[str, str]]
    ZERO_IS_ONE: bool
    THOUSANDS: str
    MONTHS: tuple[str, ...]
    ACTIONS: dict[str, str]
    NOT_COUNTED: dict[Reason, str]
    FAULTS: dict[str, str]

    def day(self, value: date, /) -> str:
        """Format a day of a finding."""

    def day_of_month(self, value: date, /) -> str:
        """Format the day of a month."""


ENGLISH: Words = english
LANGUAGES = ("en", "fr")


def words_of(language: str) -> Words:
    """Return the table of a language."""
    if language == "fr":
        from qi_checker.protocol import french  # only the web application needs it

        return french
    return ENGLISH


def filled(template: str, value_of: Callable[[str, str], str]) -> str:
    """Fill a template; `value_of` gets the name of a placeholder, and its format or ""."""
    return PLACEHOLDER.sub(lambda found: value_of(found[1], found[2] or ""), template)


def plainly(template: str, **texts: str) -> str:
    """Fill a template with texts."""
    return filled(template, lambda name, _: texts[name])


def many(number: int, unit: str, words: Words, thousands: bool = False) -> str:
    """Format `1 day`, `2 days`; with `thousands` `1,200 days`."""
    one, several = words.UNITS[unit]
    single = number == 1 or (number == 0 and words.ZERO_IS_ONE)
    written = f"{number:,}".replace(",", words.THOUSANDS if thousands else "")
    return f"{written} {one if single else several}"


def length_words(length: Duration, words: Words) -> str:
    """Format `30 days`."""
    return many(length.amount, length.unit, words)


def short_day(value: date, today: date, words: Words) -> str:
    """Format `4 Mar`; with the year if it is not the current one."""
    year = f" {value.year}" if value.year != today.year else ""
    return f"{words.day_of_month(value)} {words.MONTHS[value.month - 1]}{year}"
