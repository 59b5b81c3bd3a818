"""Check the outcome of an evaluation for results that no hospital has or that lack data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from qi_checker.engines.inputs.results import Results
from qi_checker.plausibility.judged import Judge, few_of_by_chance, parts
from qi_checker.plausibility.measures import Measures
from qi_checker.plausibility.rows import check_kinds
from qi_checker.protocol.codes import SYSTEM_ALIASES, canonical_system
from qi_checker.protocol.plausible import Level
from qi_checker.protocol.plausible_findings import Finding
from qi_checker.protocol.vocabulary import Reason, Status, Verdict
from qi_checker.query import Compiled
from qi_checker.query.tables import EXCEPTIONS, POPULATION, ROWS, VERDICTS

_RECENT = 4  # weeks, plus everything in the future
_FEW = 10
_UNLIKELY = 0.0005
# Reasons of requirements without any event of the right sort, whatever its date.
_NO_SUCH = {
    Reason.NEVER_ORDERED,
    Reason.WINDOW_NOT_OPEN,
    Reason.WRONG_REGION,
    Reason.WRONG_MODALITY,
    Reason.EXCLUDED_CODE,
    Reason.WRONG_PROVENANCE,
    Reason.WRONG_VALUE,
}
# Reasons of requirements whose nearest event is of the wrong sort.
_OTHER = {Reason.WRONG_REGION, Reason.WRONG_MODALITY, Reason.EXCLUDED_CODE}
_NOT_JUDGED = (Status.NOT_APPLICABLE, Status.EXEMPT, Status.ERROR)
# Exceptions ignored for good reason: of another protocol, or later than a past evaluated moment.
_NOT_WRONG = ("not known yet", "approved after as_of", "unknown requirement")
_SAYS_NOTHING = {
    (Status.UNKNOWN, reason)
    for reason in (Reason.REJECTED_RECORD, Reason.EXTERNAL_UNDATED, Reason.FEED_STALE)
}
_MEANINGS = {reason.value: reason.meaning for reason in Reason}


@dataclass(frozen=True)
class Outcome:
    """The outcome of an evaluation, in counts."""

    population: Counter[tuple[int, str]]  # operations by week and reason for exclusion, or ""
    statuses: Counter[tuple[str, str, str]]  # requirement, status and reason
    verdicts: Counter[str]
    exceptions: tuple[int, int] = (0, 0)  # ignored, and all

    @property
    def applies(self) -> int:
        """Count operations that the protocol applies to."""
        return sum(n for (_, why), n in self.population.items() if not why)

    @property
    def no_such_event(self) -> dict[str, int]:
        """Return requirements that no event of any patient could meet -> number of operations."""
        applicable: Counter[str] = Counter()
        without: Counter[str] = Counter()
        for (requirement, status, reason), number in self.statuses.items():
            if (status, reason) not in _SAYS_NOTHING and status not in _NOT_JUDGED:
                applicable[requirement] += number
                without[requirement] += number if reason in _NO_SUCH else 0
        return {name: number for name, number in applicable.items() if without[name] == number}


def outcome(results: Results) -> Outcome:
    """Count the result tables."""
    today = results.compiled.as_of.date
    population: Counter[tuple[int, str]] = Counter()
    for (day, why), number in _counted(
        results,
        f"SELECT anchor, coalesce(not_applicable, '') AS why, count(*) AS n FROM {POPULATION} "
        "GROUP BY 1, 2",
    ).items():
        population[(today - day).days // 7, why] += number
    statuses: Counter[tuple[str, str, str]] = Counter()
    for (version, leaf, status, reason), number in _counted(
        results,
        f"SELECT version, number, status, reason, count(*) AS n FROM {ROWS} GROUP BY 1, 2, 3, 4",
    ).items():
        requirement = results.compiled.scopes[version].leaves[leaf].id
        statuses[requirement, status, reason] += number
    verdicts = _counted(results, f"SELECT verdict, count(*) AS n FROM {VERDICTS} GROUP BY 1")
    by_verdict = Counter({key[0]: n for key, n in verdicts.items()})
    ((ignored, all_exceptions),) = (
        row.values()
        for row in results.rows(
            f"SELECT count(*) FILTER (WHERE ignored IS NOT NULL) AS ignored, count(*) AS n "
            f"FROM {EXCEPTIONS} WHERE coalesce(ignored, '') NOT IN {_NOT_WRONG}"
        )
    )
    return Outcome(population, statuses, by_verdict, (int(ignored), int(all_exceptions)))


def _counted(results: Results, query: str) -> Counter[Any]:
    result: Counter[Any] = Counter()
    for row in results.rows(query):
        *key, number = row.values()
        result[tuple(key)] = int(number)
    return result


def check_outcome(o: Outcome, m: Measures, judge: Judge, compiled: Compiled) -> Iterator[Finding]:
    """Judge the outcome of one protocol, and whether the records contain what it reads."""
    read = {leaf.event.kind for scope in compiled.scopes for leaf in scope.questions}
    needed = {leaf.event.kind for scope in compiled.scopes for leaf in scope.leaves}
    found = [
        *check_kinds(m, judge, read, needed),
        *_population(o, m, judge, compiled),
        *_results(o, judge),
    ]
    # Each of these explains the next one, and is reported alone.
    first_cause = next(
        (c for c in ("kinds", "requirement", "rate") if c in {f.check for f in found}), ""
    )
    for finding in found:
        if finding.check in ("requirement", "rate") and finding.check != first_cause:
            continue
        named = f"protocol {compiled.bundle.protocol.id}: {finding.message}"
        yield replace(finding, message=named[:1].upper() + named[1:])


def _unlisted(m: Measures, compiled: Compiled) -> str:
    """Return the systems of procedures if none of them is in the protocol's code lists."""
    listed = {row.system for one in compiled.bundle.catalogue.lists.values() for row in one.rows}
    given = {canonical_system(c.system) for c in m.codes if c.column == "procedures" and c.system}
    known = sorted(given & {*SYSTEM_ALIASES.values()})  # another word may be anything
    return "" if given & listed else ", ".join(known)


def _population(o: Outcome, m: Measures, judge: Judge, compiled: Compiled) -> Iterator[Finding]:
    counts: Counter[str] = Counter()
    for (_, why), number in o.population.items():
        counts[why] += number
    standing = sum(counts.values()) - counts[Reason.CANCELLED_CASE]
    coded = sum(max(w.procedures, w.diagnoses) for w in m.cases)
    if not counts[""] and standing and coded:
        text = f"the protocol applies to none of {standing:,} operations"
        if systems := _unlisted(m, compiled):
            text += (
                f"; its code lists have no code of {systems} (docs/codes.md says how to add them)"
            )
        yield from judge.number("population", "cases", "procedures", 0, standing, standing, text)
    meant = counts[""] + counts[Reason.EXCLUDED]
    if meant >= _FEW and counts[Reason.EXCLUDED]:
        text = f"{parts(counts[Reason.EXCLUDED], meant)} operations are excluded by the protocol"
        yield from judge.share("excluded", "cases", "", counts[Reason.EXCLUDED], meant, text)
    now, before = Counter[bool](), Counter[bool]()
    for (week, why), number in o.population.items():
        if why not in (Reason.CANCELLED_CASE, Reason.NOT_IN_FORCE):
            (now if week < _RECENT else before)[why == ""] += number
    found, of = now[True], now.total()
    usual, usual_of = before[True], before.total()
    if of >= _FEW and usual_of >= 2 * _FEW and usual:
        share = usual / usual_of
        if found * 2 < share * of and few_of_by_chance(found, of, min(share, 0.995)) < _UNLIKELY:
            text = (
                f"the protocol applies to {parts(found, of)} recent and planned operations; "
                f"before that to {parts(usual, usual_of)}"
            )
            level = Level.WARN if judge.settings.of("population").warn is not None else None
            if level:
                yield judge.finding("population", "cases", "procedures", found, of, level, text)


def _results(o: Outcome, judge: Judge) -> Iterator[Finding]:
    for requirement, number in o.no_such_event.items():
        text = f"no event of any patient could meet the requirement {requirement} of {number:,} operations"
        yield from judge.number("requirement", "events", "", 0, number, number, text)
    ignored, every = o.exceptions
    if ignored:
        text = f"{parts(ignored, every)} exceptions are ignored"
        yield from judge.share("exceptions", "exceptions", "", ignored, every, text, least=5)
    failed = o.verdicts[Verdict.NOT_COMPLIANT]
    if failed and not o.verdicts[Verdict.COMPLIANT]:
        text = f"none of {failed:,} operations is compliant"
        yield from judge.number("rate", "", "", 0, failed, failed, text)
    applicable = {key: n for key, n in o.statuses.items() if key[1] != Status.NOT_APPLICABLE}
    of = sum(applicable.values())
    after = sum(n for key, n in applicable.items() if key[2] == Reason.AFTER_SURGERY)
    if after:
        text = f"{parts(after, of)} requirements have an event only after surgery"
        yield from judge.share("after_surgery", "cases", "surgery_at", after, of, text, _FEW)
    inside = sum(n for key, n in applicable.items() if key[2] == Reason.BOOKED_IN_WINDOW)
    outside = sum(n for key, n in applicable.items() if key[2] == Reason.BOOKED_OUTSIDE_WINDOW)
    if outside >= _FEW:
        every = inside + outside
        text = f"{parts(outside, every)} appointments are outside the window of their operation"
        yield from judge.share("booked_outside", "events", "at", outside, every, text)
    for name in sorted({key[0] for key in applicable}):
        own = {key: n for key, n in applicable.items() if key[0] == name}
        wrong = sum(n for key, n in own.items() if key[2] in _OTHER)
        if wrong >= _FEW:
            every = sum(own.values())
            text = f"for {parts(wrong, every)} operations the nearest event of {name} has "
            text += "another region, modality or code"
            yield from judge.share("other_events", "events", "", wrong, every, text)
    unknown = sum(n for key, n in applicable.items() if key[1] == Status.UNKNOWN)
    if unknown >= _FEW:
        reasons = Counter[str]()
        for (_, status, reason), n in applicable.items():
            reasons[reason] += n if status == Status.UNKNOWN else 0
        reason, number = reasons.most_common(1)[0]
        text = f"{parts(unknown, of)} requirements cannot be decided"
        text += f"; {number:,} of them: {_MEANINGS[reason]}"
        yield from judge.share("undecided", "", "", unknown, of, text)
