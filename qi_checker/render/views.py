"""Values of several pages: the source of their numbers, and a rate with its parts.

The typed values of a single page are in its room: `cases/views.py`, `audit/views.py` ...
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qi_checker.protocol.plausible_findings import Finding


@dataclass(frozen=True)
class Provenance:
    """Where a page's numbers come from."""

    program_version: str
    protocol_id: str
    protocol_title: str
    protocol_version: str
    protocol_sha256: str
    data_sha256: str
    as_of: str
    timezone: str
    engine: str = "duckdb"
    organisation: str = ""  # from the site settings
    # Shown before anything else: warnings of the plausibility checks, the worst first.
    plausibility: tuple[Finding, ...] = ()
    no_data: tuple[str, ...] = ()  # requirements without any event of their kind in the records
    rests_on: str = (
        ""  # "247 operations (77 planned) and 1,470 events": the records behind the page
    )

    def without_numbers(self) -> Provenance:
        """Return the same for readers who may not see small numbers."""
        findings = tuple(finding.without_numbers() for finding in self.plausibility)
        return replace(self, plausibility=findings, rests_on="")


@dataclass(frozen=True, repr=False)
class Rate:
    """A rate with its parts. None without a denominator."""

    compliant: int
    eligible: int
    with_exception: int
    undetermined: int
    rate: float | None
    low: float | None  # Wilson 95%
    high: float | None
    worst: float | None  # every undetermined case counted as not compliant
    best: float | None  # ... as compliant
    raw: float | None  # exceptions ignored: compliant / eligible

    def __repr__(self) -> str:
        if self.rate is None or self.low is None or self.high is None:
            return "no eligible cases"
        interval = f"95% CI {self.low:.1%}–{self.high:.1%}"
        return (
            f"{self.compliant}/{self.eligible - self.with_exception} = {self.rate:.1%} ({interval})"
        )
