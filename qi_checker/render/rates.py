"""Rates as text: always with both numbers, and never with more certainty than they have.

No percentage is given for fewer than five cases, and 0 and 100% are printed only if they are exact:
"100%" for 999 of 1000 would hide the one that matters.
"""

from __future__ import annotations

from collections.abc import Sequence

from qi_checker.render.views import Rate

FEWEST_FOR_PERCENT = 5


def digits(value: float) -> str:
    whole = int(value * 100 + 0.5)
    if whole >= 100 and value < 1:
        return ">99"
    if whole <= 0 and value > 0:
        return "<1"
    return str(whole)


def percent(value: float) -> str:
    """`90%`."""
    return digits(value) + "%"


def share(part: int, whole: int) -> str:
    """Format `27/30 (90%)`, without the percentage if there are too few."""
    fraction = f"{part:,}/{whole:,}"
    return f"{fraction} ({percent(part / whole)})" if whole >= FEWEST_FOR_PERCENT else fraction


def counted(rate: Rate) -> int:
    """Return the denominator of the rate."""
    return rate.eligible - rate.with_exception


def with_interval(rate: Rate) -> str:
    """Format `90%, 95% CI 74–97`; "" if no percentage is given."""
    if rate.rate is None or rate.low is None or rate.high is None:
        return ""
    if counted(rate) < FEWEST_FOR_PERCENT:
        return ""
    return f"{percent(rate.rate)}, 95% CI {digits(rate.low)}–{digits(rate.high)}"


def rate_words(rate: Rate, no_data: Sequence[str] = ()) -> str:
    """Format `27/30 (90%, 95% CI 74–97)`, or `no data` if a required kind of event is missing."""
    whole = counted(rate)
    if no_data and rate.eligible and not rate.compliant:
        return f"no data ({whole:,} eligible)"
    if not rate.eligible:
        return "no eligible cases"
    if not whole:
        return "every eligible case has an exception"
    fraction, inside = f"{rate.compliant:,}/{whole:,}", with_interval(rate)
    return f"{fraction} ({inside})" if inside else fraction


def part(value: float | None, compliant: int, whole: int) -> str:
    """Format a bound or another rate of the audit, with its two numbers."""
    fraction = f"{compliant:,}/{whole:,}"
    if value is None or whole < FEWEST_FOR_PERCENT:
        return fraction
    return f"{fraction} ({percent(value)})"
