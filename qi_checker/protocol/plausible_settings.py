"""The key `plausibility` of site.yaml: the limits of each check at a site."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from qi_checker.errors import did_you_mean
from qi_checker.protocol.plausible import CHECKS, OFF, Check, Limits

_PERCENT = re.compile(r"(100|[0-9]{1,2}(\.[0-9]+)?) ?%")
_KEYS = {
    "warn": "Above this the check warns: the finding comes first, and the exit code stays 0.",
    "refuse": "Above this the check refuses: exit code 2, and nothing is written.",
}


class Complaint(NamedTuple):
    """An error at a path below `plausibility`; `key`: it concerns the key, not its value."""

    path: tuple[str, ...]
    what: str
    advice: str
    key: bool = False


@dataclass(frozen=True)
class Settings:
    """The limits of each check at a site; `on` is False for `plausibility: off`."""

    on: bool
    limits: Mapping[str, Limits]

    def of(self, check: str) -> Limits:
        return self.limits[check] if self.on else OFF


def read_settings(given: Any) -> tuple[Settings, list[Complaint]]:
    """Read `plausibility` of site.yaml: `off`, or limits for each check."""
    limits = {name: check.default for name, check in CHECKS.items()}
    if given is False or given == "off":  # YAML makes False of `off`; Python passes the word
        return Settings(False, limits), []
    wrong: list[Complaint] = []
    if given is None:
        return Settings(True, limits), wrong
    if not isinstance(given, Mapping):
        what = "is neither off nor a set of checks"
        wrong.append(Complaint((), what, "Write {rejected: 5%}, or off"))
        return Settings(True, limits), wrong
    for name, value in given.items():
        if name not in CHECKS:
            advice = did_you_mean(str(name), CHECKS)
            what = f"`{name}` is not a check of plausibility"
            wrong.append(Complaint((str(name),), what, advice, key=True))
            continue
        wrong += [
            found._replace(path=(name, *found.path))
            for found in _limits(CHECKS[name], value, limits)
        ]
    return Settings(True, limits), wrong


def _limits(check: Check, value: Any, limits: dict[str, Limits]) -> Iterator[Complaint]:
    """Put the limits of one check into `limits`; a single value is the limit for a warning."""
    if value is False:
        limits[check.name] = OFF
        return
    given = value if isinstance(value, Mapping) else {"warn": value}
    known = limits[check.name]
    for key, text in given.items():
        path = (str(key),) if isinstance(value, Mapping) else ()
        if key not in _KEYS:
            advice = did_you_mean(str(key), _KEYS)
            yield Complaint(path, f"`{key}` is not a key of a check", advice, key=True)
            continue
        limit = None if text is False else _limit(check, text)
        if text is not False and limit is None:
            meant, how = _meant(check)
            yield Complaint(path, f"`{text}` is not {meant}", f"Write {how}, or off")
            continue
        known = replace(known, **{key: limit})
    if not isinstance(value, Mapping) and None not in (known.warn, known.refuse):
        known = replace(known, refuse=max(known.warn or 0, known.refuse or 0))
    limits[check.name] = known


def _limit(check: Check, text: Any) -> float | None:
    if check.unit == "share":
        matches = isinstance(text, str) and _PERCENT.fullmatch(text)
        return float(text.rstrip(" %")) / 100 if matches else None
    if isinstance(text, bool) or not isinstance(text, int | float) or text < 0:
        return None
    return float(text)


def _meant(check: Check) -> tuple[str, str]:
    if check.unit == "share":
        return "a percentage", "it with its sign, such as 5%"
    return "a number", "it in digits, such as 14"


def settings_schema() -> dict[str, Any]:
    """Return the JSON Schema of `plausibility`: names of the checks, and the form of a limit."""
    limit: dict[str, Any] = {
        "anyOf": [
            {"type": "string", "pattern": f"^{_PERCENT.pattern}$"},
            {"type": "number", "minimum": 0},
            {"const": False},
        ]
    }
    keys = {key: limit | {"description": about} for key, about in _KEYS.items()}
    both = {"type": "object", "properties": keys, "additionalProperties": False}
    checks = {
        "type": "object",
        "propertyNames": {"enum": list(CHECKS)},
        "additionalProperties": {"anyOf": [*limit["anyOf"], both]},
    }
    return {"anyOf": [{"const": False}, checks]}
