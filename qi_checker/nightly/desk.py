"""The step that puts a night on the desk: every open case with its rows, judged one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from itertools import islice
from typing import Any

from qi_checker.audit.problems import problems, unknown_words
from qi_checker.cases.rows import CaseRows, DuckDBRows
from qi_checker.digest.changes import Change
from qi_checker.engines.duckdb import Evaluation
from qi_checker.protocol.records import EVENTS
from qi_checker.store import Store
from qi_checker.store.desk.reading import FileRows, asked_kinds, ids_of, narrowed, relevant
from qi_checker.store.desk.rewriting import DeskNight, Entry, Rewritten, rewrite
from qi_checker.store.desk.work import evidence_of, item_of
from qi_checker.store.trail import canonical

KEPT = 30  # days after surgery until which a case stays on the desk: ultrasound is entered there
_PROBLEMS = 200  # data problems that the page lists
_OPEN = """
    SELECT case_key FROM cases_full
    WHERE verdict <> 'not_applicable' AND (upcoming OR anchor >= CAST(? AS DATE))
    ORDER BY case_id"""


def put_on_desk(
    store: Store,
    evaluation: Evaluation,
    run_id: int,
    changes: Sequence[Change],
    feeds: Sequence[Mapping[str, Any]],
) -> Rewritten:
    """Rewrite the desk of the protocol of an evaluation, in one transaction."""
    bundle, as_of = evaluation.compiled.bundle, evaluation.compiled.as_of
    since = as_of.date - timedelta(days=KEPT)
    keys = [key for (key,) in evaluation.con.execute(_OPEN, [str(since)]).fetchall()]
    rows = DuckDBRows(evaluation)
    desk = _Desk(store, evaluation, rows)
    entries = list(desk.entries(keys))
    context = narrowed(rows.context, frozenset(desk.patients), frozenset(desk.ids))
    known = {
        "as_of": str(as_of),
        "sha256": bundle.sha256,
        "context": canonical(context.to_json()),
        "origin": canonical(_origin(evaluation)),
        "feeds": json.dumps(list(feeds), default=str),
        "warnings": json.dumps([finding.as_dict() for finding in evaluation.checked.findings]),
        "upcoming": desk.upcoming,
        "problems": json.dumps(list(islice(problems(evaluation), _PROBLEMS)), ensure_ascii=False),
    }
    by_case: dict[str, list[dict[str, Any]]] = {}
    for change in changes:
        by_case.setdefault(change.case_id, []).append(asdict(change))
    details = {case_id: json.dumps(each, default=str) for case_id, each in by_case.items()}
    return rewrite(store.alias, DeskNight(bundle.protocol.id, run_id, known, entries, details))


class _Desk:
    """Makes the entries of one protocol, and collects the context that they need."""

    def __init__(self, store: Store, evaluation: Evaluation, rows: DuckDBRows) -> None:
        self.store, self.evaluation, self.rows = store, evaluation, rows
        self.kinds = asked_kinds(evaluation.compiled.bundle)
        self.outside = {(column, word) for column, word, _ in unknown_words(evaluation)}
        self.shared = rows.context.shared_ids.get(EVENTS.name, {})
        self.patients: set[str] = set()
        self.ids: set[str] = set()
        self.upcoming = 0

    def entries(self, keys: Sequence[int]) -> Iterator[Entry]:
        for case_rows in self.rows.of_cases(keys):
            yield self._entry(case_rows)

    def _entry(self, case_rows: CaseRows) -> Entry:
        rows = self._narrow(case_rows)
        # Judged from all rows here; the desk gives the same result from fewer rows
        # (tests/generative/test_desk).
        trace = self.rows.judged(case_rows, self._earlier(case_rows))
        self.patients.add(trace.case.patient)
        self.ids.update(ids_of(rows))
        self.upcoming += trace.case.upcoming
        evidence = rows.evidence
        bundle = self.evaluation.compiled.bundle
        known = evidence_of(evidence, bundle.sha256)
        item, todo = item_of(trace, bundle.protocol, known, self.rows.origin.row)
        return Entry(trace.case.id, rows.to_json(), evidence, item, todo)

    def _narrow(self, rows: CaseRows) -> FileRows:
        events = [self._masked(row) for row in relevant(rows.events, self.kinds)]
        return FileRows(rows.case, events, rows.exceptions)

    def _masked(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """Replace a word outside the vocabulary with `?`: it may be a name from a shifted column.

        Both count as not recorded. A row whose id other patients also have is left unchanged: its
        text shows which of them was the first.
        """
        if not self.outside or str(row["event_id"]).strip() in self.shared:
            return row
        changed = {}
        for column, normal in (("modality", str.upper), ("region", str.lower)):
            words = [word.strip() for word in str(row.get(column) or "").split(";")]
            if any((column, normal(word)) in self.outside for word in words):
                words_kept = ("?" if (column, normal(w)) in self.outside else w for w in words)
                changed[column] = ";".join(words_kept)
        return {**row, **changed}

    def _earlier(self, rows: CaseRows) -> list[date]:
        compiled, case_id = self.evaluation.compiled, str(rows.case["case_id"]).strip()
        found = self.store.earlier_schedules(
            compiled.bundle.protocol.id, str(compiled.as_of), [case_id]
        )
        return [day for _, day in found]


def _origin(evaluation: Evaluation) -> dict[str, Any]:
    """Return the source of each table; a joined table has two."""
    origins: dict[str, Any] = {}
    for name, table in evaluation.records.tables.items():
        joined = table.joined
        origins[name] = [table.file] if joined is None else [joined.file, joined.place]
    return origins
