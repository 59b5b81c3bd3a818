"""How dates are written in an export: `DD.MM.YYYY HH:mm`, `DD/MM/YYYY HHhmm`, `excel`, `epoch`.

A format is translated to patterns for DuckDB's strptime. The time of day is optional in the data: a
value with only a date has no clock time. Seconds are accepted where the format has none, and
fractions of a second are cut off.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from qi_checker.errors import did_you_mean

EXCEL, EPOCH, EPOCH_MS, ISO = "excel", "epoch", "epoch ms", "ISO"
SPECIAL = (EXCEL, EPOCH, EPOCH_MS, ISO)
EXAMPLES = ("MM/DD/YYYY hh:mm AM", "DD.MM.YYYY HH:mm", "DD-MMM-YYYY", "YYYYMMDD", *SPECIAL)

_YEAR, _MONTH, _DAY = ("YYYY", "YY"), ("MMM", "MM", "M"), ("DD", "D")
_HOUR, _HOUR_OF_HALF, _HALF = ("HH", "H"), ("hh", "h"), ("AM", "PM")
_STRPTIME = (
    dict.fromkeys(_MONTH, "%m")  # also for MMM: names of months are replaced by numbers first
    | dict.fromkeys(_DAY, "%d")
    | dict.fromkeys(_HOUR, "%H")
    | dict.fromkeys(_HOUR_OF_HALF, "%I")
    | dict.fromkeys(_HALF, "%p")
    | {"YYYY": "%Y", "YY": "%y", "mm": "%M", "ss": "%S"}
)
_DATE = (*_YEAR, *_MONTH, *_DAY)
_PIECE = re.compile(
    r"(?P<hours>(?<=H)h(?=mm))"  # 07h30, as French writes it
    rf"|(?P<token>{'|'.join(sorted(_STRPTIME, key=len, reverse=True))})"
    r"|(?P<between>[ \t/.,:;T-]+|Uhr)|(?P<other>[A-Za-z0-9%]+|.)",
    re.DOTALL,
)
# The notation of other tools: Oracle, Java, Excel, Python.
_ELSEWHERE = (
    ("%Y", "YYYY"),
    ("%y", "YY"),
    ("%m", "MM"),
    ("%d", "DD"),
    ("%H", "HH"),
    ("%I", "hh"),
    ("%M", "mm"),
    ("%S", "ss"),
    ("%p", "AM"),
    ("HH24", "HH"),
    ("HH12", "hh"),
    ("MI", "mm"),
    ("mi", "mm"),
    ("SS", "ss"),
    ("MON", "MMM"),
    ("yyyy", "YYYY"),
    ("yy", "YY"),
    ("dd", "DD"),
    ("tt", "AM"),
)

# Names of months without accents: English, German, French.
MONTHS = (
    ("jan", "janv", "janvier", "january", "januar", "jaen"),
    ("feb", "fev", "fevr", "fevrier", "february", "februar"),
    ("mar", "mrz", "mars", "march", "maerz", "marz"),
    ("apr", "avr", "avril", "april"),
    ("may", "mai"),
    ("jun", "juin", "june", "juni"),
    ("jul", "juil", "juillet", "july", "juli"),
    ("aug", "aout", "august"),
    ("sep", "sept", "september", "septembre"),
    ("oct", "okt", "october", "oktober", "octobre"),
    ("nov", "november", "novembre"),
    ("dec", "dez", "december", "dezember", "decembre"),
)


@dataclass(frozen=True)
class DateFormat:
    """One way of writing dates. `whole` and `day` are patterns of strptime.

    `whole` is empty if the format has no time of day; both are empty for a number or ISO text.
    """

    text: str
    day: str = ""
    whole: tuple[str, ...] = ()
    named_month: bool = False
    order: str = ""  # YMD, DMY or MDY
    compact_time: bool = False  # ends with HHmm, where 730 is half past seven

    @classmethod
    def parse(cls, text: str) -> DateFormat:
        """Read a format. ValueError says what is wrong, and suggests what was meant."""
        plain = text.strip()
        for word in SPECIAL:
            if plain.lower() == word.lower():
                return cls(word)
        if " or " in plain:
            raise ValueError("is still open. Keep the format that your export uses")
        pieces = _pieces(plain.removesuffix(".SSS"))
        names = [word for word, known in pieces if known]
        _check(plain, names)
        clock = next((n for n, (w, k) in enumerate(pieces) if k and w not in _DATE), len(pieces))
        if any(known and word in _DATE for word, known in pieces[clock:]):
            raise ValueError("is not a date format: the time is before the date")
        return cls(
            plain,
            _strptime(pieces[:clock]).rstrip(" T,;-"),
            _with_seconds(_strptime(pieces)) if clock < len(pieces) else (),
            "MMM" in names,
            "".join(word[0] for word in names if word in _DATE),
            plain.endswith("HHmm"),
        )


def _pieces(text: str) -> list[tuple[str, bool]]:
    """Split into tokens (True) and the text between them (False), in order."""
    result = []
    for piece in _PIECE.finditer(text):
        if piece["other"]:
            raise ValueError(f"is not a date format: {piece['other']} is not known. {_meant(text)}")
        result.append((piece[0], bool(piece["token"])))
    return result


def _strptime(pieces: list[tuple[str, bool]]) -> str:
    return "".join(_STRPTIME[word] if known else word for word, known in pieces)


def _with_seconds(pattern: str) -> tuple[str, ...]:
    """Return a pattern, and the same pattern with seconds after the minutes."""
    if "%S" in pattern or "%M" not in pattern:
        return (pattern,)
    return (pattern, pattern.replace("%M", "%M%S" if "%H%M" in pattern else "%M:%S"))


def _check(text: str, names: list[str]) -> None:
    for part, words in (("year", _YEAR), ("month", _MONTH), ("day", _DAY)):
        given = sum(name in words for name in names)
        if given != 1:
            what = f"it has no {part}" if not given else f"it has the {part} twice"
            raise ValueError(f"is not a date format: {what}. {_meant(text)}")
    half, of_half = (any(n in words for n in names) for words in (_HALF, _HOUR_OF_HALF))
    if of_half and not half:
        raise ValueError("is not a date format: hh needs AM. Write HH for 0 to 23, or add AM")
    if half and not of_half:
        raise ValueError("is not a date format: AM needs hh. Write hh for 1 to 12")
    if "mm" in names and not of_half and not any(name in _HOUR for name in names):
        raise ValueError(f"is not a date format: it has minutes without hours. {_meant(text)}")


def _meant(text: str) -> str:
    """Suggest the format that was meant: DD.MM.YYYY for `dd.mm.yyyy`."""
    guess = text
    for there, here in _ELSEWHERE:
        guess = guess.replace(there, here)
    day, blank, clock = guess.partition(" ")
    if not any(half in clock for half in _HALF):
        clock = clock.replace("hh", "HH")
    guess = day.replace("m", "M") + blank + clock.replace("MM", "mm")
    if guess != text:
        try:
            DateFormat.parse(guess)
        except (ValueError, RecursionError):
            pass
        else:
            return f"Did you mean {guess}?"
    near = did_you_mean(text, EXAMPLES)
    return near if near.startswith("Did you mean") else f"Write it like {', '.join(EXAMPLES)}"


_CLOCK = r"(?P<time>[ T]+\d{1,2}[:h]\d{2}(?P<seconds>:\d{2}(\.\d+)?)?(?P<half> ?[AaPp]\.?[Mm]\.?)?(?P<oclock> Uhr)?)?"
_NUMBERS = re.compile(
    rf"(?P<a>\d{{1,2}})(?P<sep>[./-])(?P<b>\d{{1,2}})(?P=sep)(?P<year>\d{{4}}|\d{{2}}){_CLOCK}"
)
_YEAR_FIRST = re.compile(rf"\d{{4}}(?P<sep>[./])\d{{1,2}}(?P=sep)\d{{1,2}}{_CLOCK}")
_NAMED = re.compile(
    rf"\d{{1,2}}\.?(?P<sep>[- ./])(?P<month>[^\W\d_]{{3,9}})\.?(?P=sep)(?P<year>\d{{4}}|\d{{2}}){_CLOCK}"
)
_NAMED_FIRST = re.compile(
    rf"(?P<month>[^\W\d_]{{3,9}})\.? +\d{{1,2}}(?P<sep>,? +)(?P<year>\d{{4}}){_CLOCK}"
)
_COMPACT = re.compile(
    r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])((?P<sep>[ T]?)(?P<time>\d{4}(\d\d)?))?"
)
_NUMBER = (
    (re.compile(r"[34]\d{4}([.,]\d+)?"), EXCEL),
    (re.compile(r"1\d{9}"), EPOCH),
    (re.compile(r"1\d{12}"), EPOCH_MS),
)


def looks_like(value: str) -> tuple[str, ...]:
    """Return the formats that a value may have; two if day and month cannot be told apart."""
    text = value.strip()
    if match := _NUMBERS.fullmatch(text):
        return _day_and_month(match)
    if match := _YEAR_FIRST.fullmatch(text):
        return (match["sep"].join(("YYYY", "MM", "DD")) + _clock(match),)
    if match := _NAMED.fullmatch(text):
        known = any(fold(match["month"]) in names for names in MONTHS)
        whole = match["sep"].join(("DD", "MMM", "YYYY"[-len(match["year"]) :])) + _clock(match)
        return (whole,) if known else ()
    if match := _NAMED_FIRST.fullmatch(text):
        known = any(fold(match["month"]) in names for names in MONTHS)
        return (f"MMM DD{match['sep'].strip()} YYYY{_clock(match)}",) if known else ()
    if match := _COMPACT.fullmatch(text):
        clock = {0: "", 4: "HHmm", 6: "HHmmss"}[len(match["time"] or "")]
        return (f"YYYYMMDD{match['sep'] or ''}{clock}",)
    return next(((word,) for shape, word in _NUMBER if shape.fullmatch(text)), ())


# Forms, not an example: pages render an ISO date as a day of the week and a month, which is not
# accepted.
ACCEPTED = "YYYY-MM-DD, YYYY-MM-DDTHH:mm and the latter with an offset"


def written_as(values: Iterable[str]) -> str:
    """Return the format of most of these values; `A or B` if two fit equally well, else empty.

    One value after the 12th of a month distinguishes day and month for all of them.
    """
    found = [formats for value in values if (formats := looks_like(value))]
    counts = Counter(format for formats in found for format in formats)
    if not counts:
        return ""
    most = max(counts.values())
    return " or ".join(sorted(format for format, number in counts.items() if number == most))


def _day_and_month(match: re.Match[str]) -> tuple[str, ...]:
    """Return the formats that fit two numbers. Nobody writes the month first with dots."""
    sep, year, clock = match["sep"], "YYYY"[-len(match["year"]) :], _clock(match)
    first, second = int(match["a"]), int(match["b"])
    orders = []
    if 1 <= first <= 31 and 1 <= second <= 12:
        orders.append(f"DD{sep}MM{sep}{year}{clock}")
    if 1 <= first <= 12 and 1 <= second <= 31 and not (orders and sep == "."):
        orders.append(f"MM{sep}DD{sep}{year}{clock}")
    return tuple(orders)


def _clock(match: re.Match[str]) -> str:
    if not match["time"]:
        return ""
    seconds = ":ss" if match["seconds"] else ""
    if match["half"]:
        return f" hh:mm{seconds}{' ' if match['half'].startswith(' ') else ''}AM"
    if match["oclock"]:
        return f" HH:mm{seconds} Uhr"
    return " HHhmm" if "h" in match["time"] else f" HH:mm{seconds}"


def fold(word: str) -> str:
    """Return the word in lower case without accents, as the names of months are stored."""
    parts = unicodedata.normalize("NFD", word.lower())
    return "".join(c for c in parts if not unicodedata.combining(c))
