"""English and French: gettext, read from `locale/*.po` at the first use, and dates by locale.

The catalogue is text that a translator edits; nothing is compiled beforehand, so a checkout and a
wheel are the same. English is the text in the program.
"""

from __future__ import annotations

import gettext as stdlib
import io
from collections.abc import Callable
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path

from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from qi_checker.judging.values import Unreadable, read_when
from qi_checker.web.runtime import runtime

FOLDER = Path(__file__).parent / "locale"
LANGUAGES = {"en": "English", "fr": "Français"}
UNREVIEWED = frozenset({"fr"})  # every page states that no native reader has reviewed it


@cache
def catalogue(language: str) -> stdlib.NullTranslations:
    """Return the messages of a language, with the program's English as fallback."""
    file = FOLDER / f"{language}.po"
    if not file.is_file():
        return stdlib.NullTranslations()
    with file.open("rb") as text:
        messages = read_po(text, locale=language)
    made = io.BytesIO()
    write_mo(made, messages)
    made.seek(0)
    return stdlib.GNUTranslations(made)


def current() -> str:
    """Return the language of this request."""
    language_code = str(translation.get_language() or "en")[:2]
    return language_code if language_code in LANGUAGES else "en"


def gettext(message: str) -> str:
    """Translate a message into the language of this request."""
    return catalogue(current()).gettext(message) if message else ""


def ngettext(one: str, many: str, number: int) -> str:
    """Translate a message that depends on a number."""
    return catalogue(current()).ngettext(one, many, number)


_ = gettext


def N_(message: str) -> str:
    """Mark a message that is translated when it is shown."""
    return message


def day(value: date | None, length: str = "short") -> str:
    """Format `Tue 3 Mar` in the language; with the year if `length` is long; "" for None."""
    return "" if value is None else _day(value, length, current())


@lru_cache(maxsize=4_096)  # a list repeats the same days, and Babel is slow
def _day(value: date, length: str, language: str) -> str:
    number = "d'er'" if language == "fr" and value.day == 1 else "d"
    year = " y" if length == "long" else ""  # both languages use the same order
    return str(format_date(value, f"EEE {number} MMM{year}", locale=language))


def planned(value: str, length: str = "long") -> str:
    """Format an ISO text as `Tue 3 Mar 2026 08:00`; return text that is not a date unchanged.

    A time with an offset is shown in the time of the site, where it may be another day.
    """
    try:
        at = read_when(value, runtime().settings.site)
    except Unreadable:
        return value
    return f"{day(at.lo, length)} {at.clock:%H:%M}" if at.clock else day(at.lo, length)


def clock(value: datetime) -> str:
    """Format `3 Mar, 06:10` in the time of the site."""
    here = value.astimezone(runtime().zone) if value.tzinfo else value
    return str(format_datetime(here, "d MMM, HH:mm", locale=current()))


def language(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: use the chosen language, else the browser's, else the site's."""

    def localised(request: HttpRequest) -> HttpResponse:
        chosen = request.user.language if request.user.is_authenticated else ""
        chosen = chosen or request.COOKIES.get("qi_language", "") or _asked(request)
        response: HttpResponse
        with translation.override(chosen if chosen in LANGUAGES else runtime().web.language):
            response = get_response(request)
            response.headers["Content-Language"] = current()
        return response

    return localised


def _asked(request: HttpRequest) -> str:
    """Return the first of the browser's languages that is available."""
    for part in request.headers.get("Accept-Language", "").lower().split(","):
        name = str(part.split(";")[0].strip()[:2])
        if name in LANGUAGES:
            return name
    return ""


def month(value: date) -> str:
    """Format `March` in the language."""
    return str(format_date(value, "LLLL", locale=current()))
