"""Records without errors, as rows, and the results of the plausibility checks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from qi_checker.demo import HOLIDAYS, SEED
from qi_checker.demo.hospital import AS_OF, build
from qi_checker.demo.study import AFTER, records
from qi_checker.engines.duckdb import evaluate
from qi_checker.plausibility import History, PastNight, PlausibilityChecks
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.plausible import CHECKS
from qi_checker.protocol.plausible_findings import CheckResult, Finding
from qi_checker.protocol.plausible_settings import Settings, read_settings
from qi_checker.protocol.site import Site
from qi_checker.sources.memory import from_rows
from tests.helpers.damages import DAMAGES, REFUSE, WARN, Tables

PROTOCOL = "hepatic-metastasectomy-imaging"
SITE = Site(timezone="America/Toronto")
DEFAULTS = read_settings(None)[0]
_ACCEPTED = "Accepted for this run"


@cache
def protocol() -> Bundle:
    """Load the shipped liver protocol."""
    return load_protocol(rules_dir() / PROTOCOL)


@cache
def demo() -> Tables:
    """Return the demonstration on its evening."""
    hospital = build(SEED, HOLIDAYS)
    return Tables(
        [dict(row) for row in hospital.cases],
        [dict(row) for row in hospital.events],
        [dict(row) for row in hospital.exceptions],
        AS_OF,
    )


@cache
def study() -> Tables:
    """Return the records of the study, at the end of its later period."""
    cases, events, _ = records()
    return Tables(cases, events, [], AFTER[1])


@dataclass(frozen=True)
class Checked:
    """Verdicts by case, findings of the checks, and the values for a later night's comparison.

    findings: empty unless requested, since their sentences are a tenth of an evaluation.
    """

    verdicts: dict[str, str]
    checked: CheckResult
    findings: list[dict[str, Any]]
    days: dict[str, date]

    @property
    def level(self) -> str:
        return level_of(self.checked.findings)

    @property
    def checks(self) -> set[str]:
        return {finding.check for finding in self.checked.findings}


def level_of(findings: Sequence[Finding]) -> str:
    """Return the level as if nobody had accepted anything."""
    if any(_ACCEPTED in finding.message for finding in findings):
        return REFUSE
    return WARN if findings else ""


def run_checks(
    tables: Tables,
    as_of: date | None = None,
    history: History | None = None,
    settings: Settings = DEFAULTS,
    findings: bool = False,
) -> Checked:
    """Evaluate and run the checks, with every refusal accepted so that there is a result."""
    given = from_rows(tables.as_rows(), {"events": tables.torn} if tables.torn else None)
    checks = PlausibilityChecks(settings, accept=tuple(CHECKS), history=history)
    moment = AsOf(as_of or tables.as_of)
    try:
        done = evaluate(protocol(), given, moment, SITE, checks=checks)
        cases = done.rows("SELECT case_id, verdict, anchor FROM cases_full")
        return Checked(
            {row["case_id"]: row["verdict"] for row in cases},
            done.checked,
            done.findings() if findings else [],
            {row["case_id"]: row["anchor"] for row in cases if row["anchor"]},
        )
    finally:
        given.con.close()


RECORDS = {"demo": demo, "study": study}


@cache
def undamaged(records: str) -> Checked:
    return run_checks(RECORDS[records]())


@cache
def damaged(records: str, name: str) -> Checked | None:
    """Return the results for one damage; None if the records have nothing that it could damage."""
    whole = RECORDS[records]()
    (damage,) = [one for one in DAMAGES if one.name == name]
    tables = damage.done_to(whole)
    return None if tables == whole else run_checks(tables)


def nights_before(tables: Tables, nights: int = 3) -> History:
    """Return the history of a store with the nights before, all with the same counts."""
    last = tables.as_of - timedelta(days=1)
    seen = run_checks(tables, as_of=last, findings=True)
    past_nights = [PastNight(last - timedelta(days=n), seen.checked.counts) for n in range(nights)]
    before = [line | {"surgery_date": seen.days.get(line["case_id"])} for line in seen.findings]
    return History({PROTOCOL: past_nights}, seen.days, lambda protocol, sha256: before)


@cache
def damaged_after_nights(name: str) -> Checked | None:
    """Return the results of the demonstration with one damage, beside the nights before it."""
    (damage,) = [one for one in DAMAGES if one.name == name]
    tables = damage.done_to(demo())
    return None if tables == demo() else run_checks(tables, history=demo_before())


@cache
def demo_before(nights: int = 3) -> History:
    """Return the nights before the demonstration."""
    return nights_before(demo(), nights)
