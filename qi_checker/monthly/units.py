"""By surgeon or site: exact funnel, pseudonyms, no ranking. Shown only on request."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from qi_checker.monthly.cases import MonthlyCase
from qi_checker.render.plots import Funnel, FunnelCurve, Unit
from qi_checker.statistics.limits import limits, power, side

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DOUBLE = 2.0


def pseudonym(number: int) -> str:
    """Return A, B ... Z, AA, AB ..."""
    name = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        name = _LETTERS[letter] + name
    return name


def units(
    cases: Sequence[MonthlyCase], kind: str, fewest: int, target: float | None, protocol: str
) -> tuple[Funnel | None, str]:
    """Compare units of `fewest` cases or more with exact limits; also say what is not shown.

    Pseudonyms are ordered by a hash, so that a letter reveals neither the rate nor the name.
    Without a target the pooled rate takes its place.
    """
    counted = [c for c in cases if c.counts]
    named: dict[str, list[MonthlyCase]] = {}
    for case in counted:
        named.setdefault(case.unit, []).append(case)
    unnamed = len(named.pop("", []))
    order = sorted(named, key=lambda name: sha256(f"{protocol}\0{kind}\0{name}".encode()).digest())
    shown = [name for name in order if len(named[name]) >= fewest]
    few = [name for name in order if len(named[name]) < fewest]
    why = _left_out(kind, fewest, len(few), sum(len(named[n]) for n in few), unnamed)
    if not shown:
        return None, f"No {kind} has {fewest} cases in these 12 months. {why}".strip()
    pooled = sum(c.complied for c in counted) / len(counted)
    middle = target if target is not None else pooled
    if not 0 < middle < 1:
        return None, f"A funnel needs a target between 0 and 100%. {why}".strip()
    compared = []
    for n, name in enumerate(shown):
        events, number = sum(c.complied for c in named[name]), len(named[name])
        compared.append(
            Unit(pseudonym(n), events, number, side(events, number, limits(number, middle)))
        )
    most = max(u.cases or 0 for u in compared)
    curve = []
    for number in range(1, most + 6):
        at = limits(number, middle)
        curve.append(FunnelCurve(number, at.lower_998, at.lower_95, at.upper_95, at.upper_998))
    beyond = [u.name for u in compared if u.side]
    title = (
        f"{', '.join(beyond)} beyond the 95% limits"
        if beyond
        else f"No {kind} lies beyond the 95% limits"
    )
    return Funnel(
        title=title,
        description=f"Compliant cases of each {kind} in 12 months against exact binomial limits (95 "
        f"and 99.8%) around {100 * middle:.0f}%"
        f"{'' if target is not None else ', the rate of all'}. {_power(compared, middle)}",
        units=tuple(compared),
        target=middle,
        curve=tuple(curve),
    ), why


def _power(found: Sequence[Unit], middle: float) -> str:
    """Describe how often a true doubling of failures would be seen at the size of the units."""
    worse = max(0.0, 1 - _DOUBLE * (1 - middle))
    sizes = sorted(u.cases or 0 for u in found)
    low, high = (power(n, middle, worse) for n in (sizes[0], sizes[-1]))
    return (
        f"With twice as many failures a unit of {sizes[0]} cases would lie below the outer limit in "
        f"{100 * low:.0f}% of years, one of {sizes[-1]} in {100 * high:.0f}%: to lie inside proves "
        "little."
    )


def _left_out(kind: str, fewest: int, few: int, cases: int, unnamed: int) -> str:
    sentences = []
    if few:
        sentences.append(
            f"Not shown: {few} with fewer than {fewest} cases, {_cases(cases)} together."
        )
    if unnamed:
        sentences.append(f"Without a recorded {kind}: {_cases(unnamed)}.")
    return " ".join(sentences)


def _cases(number: int) -> str:
    return f"{number:,} case{'' if number == 1 else 's'}"
