"""What the plausibility checks find, and how it warns or refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from qi_checker.errors import Exit, Problem, UserError, did_you_mean
from qi_checker.protocol.plausible import CHECKS, Level


@dataclass(frozen=True)
class Finding:
    """The result of a check: `count` of `of` rows of a column, and its effect on the run."""

    check: str
    table: str
    column: str
    count: int
    of: int
    level: Level
    message: str

    def as_dict(self) -> dict[str, Any]:
        """Return the entry for the manifest."""
        return asdict(self) | {"level": str(self.level)}

    def without_numbers(self) -> Finding:
        """Return the finding without counts, for readers who must not see small numbers."""
        check = CHECKS[self.check]
        message = f"Seen: {check.sees}. {check.do}."
        return replace(self, column="", count=0, of=0, message=message)


@dataclass(frozen=True)
class CheckResult:
    """Findings about one evaluation, the accepted ones, and counts for later nights."""

    findings: tuple[Finding, ...] = ()
    accepted: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...]:
        """Return the messages for people, the worst first."""
        return tuple(f.message for f in self.findings)


UNCHECKED = CheckResult()


def accepted(findings: Iterable[Finding], accept: Iterable[str]) -> tuple[Finding, ...]:
    """Return the findings; refusals accepted for this run become warnings that say so."""
    names = set(accept)
    return tuple(
        replace(
            f, level=Level.WARN, message=f"{f.message} Accepted for this run: --accept {f.check}."
        )
        if f.level is Level.REFUSE and f.check in names
        else f
        for f in findings
    )


def check_accepted(names: Iterable[str]) -> None:
    """Raise UserError for a name that is not a check."""
    problems = [
        Problem("--accept", f"{name} is not a check", "", did_you_mean(name, CHECKS))
        for name in names
        if name not in CHECKS
    ]
    if problems:
        raise UserError(problems)


class Refused(UserError):
    """The records are not plausible; nothing was written, and the last results stay in force."""

    exit_code = Exit.INPUT

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(
            Problem(
                f"plausibility: {f.check}",
                f.message,
                "",
                f"If the records are correct: --accept {f.check}",
            )
            for f in self.findings
            if f.level is Level.REFUSE
        )
