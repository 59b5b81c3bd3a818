"""Compare tonight with earlier nights, for errors that one file cannot show.

A count that fell, an operation that is gone, findings of long past operations that changed. The
caller provides the nights; each has the counts that its own checks wrote into the manifest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from statistics import median
from typing import Any

from qi_checker.engines.inputs.database import Database
from qi_checker.engines.inputs.results import Results
from qi_checker.plausibility.judged import Judge, few_by_chance, parts
from qi_checker.plausibility.measures import USUAL_KINDS, Measures
from qi_checker.protocol.plausible import Level
from qi_checker.protocol.plausible_findings import Finding
from qi_checker.protocol.vocabulary import EVENT_STATUSES
from qi_checker.query.tables import READY_CASES, ROWS

NIGHTS = 28  # compared with
_WEEKDAYS = 2  # with this many nights of the same weekday, only these are compared
_FEW = 10  # a count below this may be chance
_UNLIKELY = 1e-4
_LISTED = 4  # counts named in the message
_RECENT = 28  # days: an export may omit older operations
_SETTLED = 7  # days after an operation, when its findings hardly change any more
OF_PROTOCOL = "operations of the protocol"
_FILLED = "filled "  # counts of columns, which warn and never refuse


@dataclass(frozen=True)
class PastNight:
    """A stored night: its moment, and the counts of its checks."""

    as_of: date
    counts: Mapping[str, int]


@dataclass(frozen=True)
class History:
    """The nights before the current one, by protocol id, the newest first.

    cases: operations of the newest night with their day. findings: of a protocol by its id and
    SHA-256, each as case_id, requirement, status, event_id, surgery_date; empty if the protocol was
    different then.
    """

    nights: Mapping[str, Sequence[PastNight]] = field(default_factory=dict)
    cases: Mapping[str, date] = field(default_factory=dict)
    findings: Callable[[str, str], Sequence[Mapping[str, Any]]] = lambda protocol, sha256: ()

    def before(self, protocol: str = "") -> Sequence[PastNight]:
        """Return the nights of a protocol, or of the first one: the records are the same."""
        return self.nights.get(protocol) or next(iter(self.nights.values()), ())


def counts_of(m: Measures) -> dict[str, int]:
    """Return counts for comparison in later nights. Only vocabulary words name counts."""
    result: Counter[str] = Counter()
    cases = [w for w in m.cases if w.status != "cancelled"]
    n = m.one_in
    result["operations"] = m.census["cases"].used
    result["cancelled operations"] = n * sum(w.number for w in m.cases if w.status == "cancelled")
    result["planned operations"] = n * sum(w.number for w in cases if w.week < 0)
    result["operations with an event"] = n * sum(w.with_event for w in m.cases)
    result["events"] = m.census["events"].used
    result["exceptions"] = m.census["exceptions"].used
    result["filled started_at"] = n * sum(w.started for w in m.cases)
    result["filled clock time of operations"] = n * sum(w.timed for w in m.cases)
    for w in m.weeks:
        kind = w.series.kind if w.series.kind in USUAL_KINDS else "other"
        if w.series.status in EVENT_STATUSES:
            result[f"{kind} events, {w.series.status}"] += n * w.number
        if w.series.status == "completed":
            if w.series.provenance == "external":
                result[f"{kind} events from another hospital"] += n * w.number
            for word in w.series.modality.split(";"):
                if word in m.modalities:
                    result[f"{kind} events, {word}"] += n * w.number
            result[f"filled clock time of {kind} events"] += n * w.timed
            result[f"filled recorded_at of {kind} events"] += n * w.recorded
    for p in m.profiles:
        result["filled codes of events"] += p.events if p.coded else 0
        result["filled region of events"] += p.events if p.regions else 0
        result["filled modality of events"] += p.events if p.modalities else 0
    for code in m.codes:
        if code.column != "codes":
            result[f"codes of {code.column}"] += code.number
    return {name: number for name, number in result.items() if number}


def check_counts(
    counts: Mapping[str, int],
    history: Sequence[PastNight],
    today: date,
    judge: Judge,
    only: str = "",
) -> Iterator[Finding]:
    """Check for counts far below those of the same weekday in the last nights."""
    nights = [n for n in history if n.counts][:NIGHTS]
    same = [n for n in nights if n.as_of.weekday() == today.weekday()]
    compared = same if len(same) >= _WEEKDAYS else nights[:7]
    fallen: dict[str, list[tuple[float, str, int, float]]] = {}
    known = {name for night in compared for name in night.counts}
    for name in sorted({only} & known if only else known - {OF_PROTOCOL}):
        usual = median(night.counts.get(name, 0) for night in compared)
        now = counts.get(name, 0)
        if usual >= _FEW and now < usual and few_by_chance(now, usual) < _UNLIKELY:
            group = _FILLED if name.startswith(_FILLED) else name.partition(",")[0].split()[-1]
            fallen.setdefault(group, []).append((1 - now / usual, name, now, usual))
    for group, found in fallen.items():
        found.sort(reverse=True)
        share, _, now, usual = found[0]
        listed = [f"{name} {n:,} (usually {u:,.0f})" for _, name, n, u in found[:_LISTED]]
        if len(found) > _LISTED:
            listed.append(f"and {len(found) - _LISTED:,} further counts")
        text = f"fewer than in earlier nights: {', '.join(listed)}"
        for finding in judge.number("history_rows", "", "", now, round(usual), share, text):
            if group == _FILLED and finding.level is Level.REFUSE:
                yield replace(finding, level=Level.WARN)
            else:
                yield finding


def check_vanished(db: Database, history: History, judge: Judge) -> Iterator[Finding]:
    """Check for recent or planned operations of the last night that are gone."""
    nights = history.before()
    if not history.cases or not nights:
        return
    last = nights[0].as_of
    ids = [(id,) for id, day in history.cases.items() if day >= last - timedelta(days=_RECENT)]
    if not ids:
        return
    db.fill("look_last", {"case_id": "TEXT"}, ids)
    (gone,) = db.row(f"""
        SELECT count(*) FROM look_last l
        WHERE NOT EXISTS (SELECT 1 FROM {READY_CASES} c WHERE c.case_id = l.case_id)""")
    if gone:
        text = f"{parts(int(gone), len(ids))} recent or planned operations of {last} are gone"
        yield from judge.share("history_vanished", "cases", "case_id", int(gone), len(ids), text, 3)


def check_changed(results: Results, history: History, judge: Judge) -> Iterator[Finding]:
    """Check for findings of long past operations whose status or event changed."""
    protocol = results.compiled.bundle.protocol
    nights = history.before(protocol.id)
    if not nights:
        return
    settled_before = nights[0].as_of - timedelta(days=_SETTLED)
    before = {
        (str(f["case_id"]), str(f["requirement"])): (f["status"], f["event_id"] or "")
        for f in history.findings(protocol.id, results.compiled.bundle.sha256)
        if f["surgery_date"] and date.fromisoformat(str(f["surgery_date"])) <= settled_before
    }
    if not before:
        return
    rows = results.rows(
        "SELECT c.case_id, r.version, r.number, r.status, r.event_id "
        f"FROM {ROWS} r JOIN {READY_CASES} c ON c.case_key = r.case_key "
        f"WHERE r.anchor <= DATE '{settled_before}'"
    )
    of = changed = 0
    for case_id, version, number, status, event_id in (row.values() for row in rows):
        then = before.get((case_id, results.compiled.scopes[version].leaves[number].id))
        if then is not None:
            of += 1
            changed += then != (status, event_id or "")
    if changed:
        text = (
            f"{parts(changed, of)} findings of operations that were over by {settled_before} have "
            "a different status or event from last night"
        )
        yield from judge.share("history_verdicts", "", "", changed, of, text, least=5)
