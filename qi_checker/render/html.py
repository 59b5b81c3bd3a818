"""HTML pages: one self-contained file each, without scripts, with nothing fetched.

Every page gets one typed value, and its templates decide nothing. An undefined name in a template
is an error, and all text is escaped. Each room has the functions for its own pages.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import cache, lru_cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from qi_checker.protocol.paths import reports_dir
from qi_checker.protocol.vocabulary import Status, Verdict
from qi_checker.render import rates, words

CASES_SHOWN = 200  # people read a longer list as a spreadsheet: cases.csv has every case
REJECTS_SHOWN = 50
PROBLEMS_SHOWN = 100
# A separate date, not a part of an id, a path or a moment. The look behind comes last: the search
# then skips to the next digit.
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d(?<![\w/.-].{10})(?![\w/-]|\.\w)")
_SPECIAL = re.compile("[&<>\"']")
_CODE = re.compile("`([^`<>]+)`")
LONGEST_TEXT = 160  # of informative free text, such as a study description


@lru_cache(10_000)  # case pages have the same few hundred days
def day(value: date | None) -> Markup:
    """Format a date that does not break across lines."""
    if value is None:
        return Markup("–")
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), words.day(value))


def dates(text: str) -> Markup:
    """Write the ISO dates of a sentence as people read them, without line breaks, and its code."""
    return _coded(_ISO_DATE.sub(_time, safe(text)))


def code(text: str) -> Markup:
    """Write what stands between backticks as code; everything else is escaped."""
    return _coded(safe(text))


def _coded(escaped: str) -> Markup:
    return Markup(_CODE.sub(r"<code>\1</code>", escaped) if "`" in escaped else escaped)


def _time(match: re.Match[str]) -> str:
    """Return a `<time>`; an invalid date, such as 2026-02-30, is left as written."""
    try:
        return str(day(date.fromisoformat(match[0])))
    except ValueError:
        return match[0]


def safe(text: str) -> str:
    """Escape a text like a template does; ten times as fast for the many that need nothing."""
    return str(escape(text)) if _SPECIAL.search(text) else str(text)


def clip(text: str, longest: int = LONGEST_TEXT) -> str:
    """Cut informative text that is too long."""
    return text if len(text) <= longest else text[: longest - 2].rstrip() + " …"


def _capital(text: str) -> str:
    """Capitalise our own words at the start of a line."""
    return text[:1].upper() + text[1:]


def _as_of_day(as_of: str) -> date:
    return datetime.fromisoformat(as_of).date()


def stylesheet() -> str:
    """Return the style sheet for a page, without comments and indentation."""
    text = (reports_dir() / "style.css").read_text(encoding="utf-8")
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)).strip()


@cache
def environment() -> Environment:
    """Return the templates with everything that they may call; compiled once for all pages."""
    env = Environment(
        loader=FileSystemLoader(reports_dir() / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters.update(day=day, clip=clip, code=code, dates=dates, capital=_capital)
    env.globals.update(
        css=Markup(stylesheet()),
        words=words,
        rates=rates,
        Status=Status,
        Verdict=Verdict,
        as_of_day=_as_of_day,
        cases_shown=CASES_SHOWN,
        rejects_shown=REJECTS_SHOWN,
        problems_shown=PROBLEMS_SHOWN,
    )
    return env
