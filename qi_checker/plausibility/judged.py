"""Turn a count into a finding: its level by the limits of the site, and its sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, lgamma, log, log1p

from qi_checker.protocol.plausible import CHECKS, Level
from qi_checker.protocol.plausible_findings import Finding
from qi_checker.protocol.plausible_settings import Settings


@dataclass(frozen=True)
class Judge:
    """The limits of a site, and the readable name of each table."""

    settings: Settings
    files: dict[str, str]

    def file(self, table: str) -> str:
        return self.files.get(table) or table

    def share(
        self, check: str, table: str, column: str, count: int, of: int, words: str, least: int = 2
    ) -> Iterator[Finding]:
        """Judge `count` of `of` rows. A single row, or fewer than `least`, is not evidence."""
        if of and count >= least:
            yield from self.number(check, table, column, count, of, count / of, words)

    def number(
        self, check: str, table: str, column: str, count: int, of: int, value: float, words: str
    ) -> Iterator[Finding]:
        """Judge a value against the limits of the check."""
        level = self.settings.of(check).level(value)
        if level is not None:
            yield self.finding(check, table, column, count, of, level, words)

    def finding(
        self, check: str, table: str, column: str, count: int, of: int, level: Level, words: str
    ) -> Finding:
        place = self.file(table) + (f", {column}" if column else "") if table else ""
        message = f"{place}: {words}" if place else words[:1].upper() + words[1:]
        return Finding(check, table, column, count, of, level, f"{message}. {CHECKS[check].do}.")


def parts(count: int, of: int) -> str:
    """Format `1,466 of 1,479 (99%)`."""
    return f"{count:,} of {of:,} ({_percent(count, of)})"


def _percent(count: int, of: int) -> str:
    share = 100 * count / of
    if 0 < share < 1 or 99 < share < 100:
        return f"{share:.1f}%"
    return f"{share:.0f}%"


def few_by_chance(count: int, expected: float) -> float:
    """Return the probability of `count` or fewer events if `expected` are expected (Poisson)."""
    if expected <= 0:
        return 1.0
    return min(
        1.0, sum(exp(k * log(expected) - expected - lgamma(k + 1)) for k in range(count + 1))
    )


def few_of_by_chance(count: int, of: int, share: float) -> float:
    """Return the probability of `count` or fewer of `of`, each with this share (binomial)."""
    if share >= 1:
        return 1.0 if count >= of else 0.0
    if share <= 0:
        return 1.0
    return min(1.0, sum(_exactly(k, of, share) for k in range(count + 1)))


def many_of_by_chance(count: int, of: int, share: float) -> float:
    """Return the probability of `count` or more of `of`, each with this share (binomial)."""
    return min(1.0, sum(_exactly(k, of, share) for k in range(count, of + 1)))


def _exactly(k: int, of: int, share: float) -> float:
    ways = lgamma(of + 1) - lgamma(k + 1) - lgamma(of - k + 1)
    return exp(ways + k * log(share) + (of - k) * log1p(-share))
