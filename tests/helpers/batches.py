"""Evaluate the questions of many tests together: for a few rows nearly all is planning.

Measured: a protocol costs DuckDB 0.25 s and Spark 5 s however few the rows, an additional
requirement of the same protocol 0.03 s. So the requirements of many tests become one protocol, and
their rows one set of records. `Recorder` runs the tests once on the reference, where an evaluation
costs a millisecond, and records each question and which parts of the answer the test reads. `Plan`
combines questions, and `Batched` answers a test from the evaluation of its batch.

Tests must not influence each other. Ids of rows are prefixed with the name of their question, and
so are requirements, so that a test sees only its own rows. Anything that depends on all records or
on all of the protocol limits which questions can be combined:

- moment, site settings and everything of a version except its requirements are equal in a batch;
- so are the kinds of events and the extra columns that a question mentions but does not contain;
- where a test reads lines of cases, each requirement applies only to the cases of its own tests;
- numbers of a report, feeds, several versions, torn and shifted rows are evaluated alone.

`tests/spec/test_batches.py` shows for every question that its batch gives the same answer as the
question alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pytest

from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.records import TABLES
from qi_checker.protocol.site import Site
from tests.helpers.engines import PARTS, Engine, Seen

Row = dict[str, Any]
IDS = {"case_id", "patient_id", "event_id", "exception_id"}
TEST = "test"  # the column of cases with the name of their test, where it matters
# The reference judges every requirement for every case, so a batch must not be too wide.
WIDEST = 40
# Spark has no code compiled for a few rows, so it takes as long for them as for planning: half as
# wide is a quarter of the findings.
WIDEST_ON_SPARK = 20
_KINDS, _COLUMNS = "kind ", "column "


@dataclass
class Question:
    """One evaluation that a test needs."""

    bundle: Bundle
    tables: dict[str, Any]
    as_of: AsOf
    site: Site
    torn: dict[str, Any]
    read: set[str] = field(default_factory=set)  # parts of the answer that the test reads
    silent: bool = False  # whether a finding states that no such records were delivered

    @cached_property
    def protocol(self) -> str:
        """Return the protocol with its code lists, as text."""
        dumped = self.bundle.protocol.model_dump_json(by_alias=True)
        return f"{dumped} {id(self.bundle.catalogue)} {self.bundle.sha256}"

    @cached_property
    def key(self) -> str:
        """Return the whole question as text, equal for equal questions."""
        rest = [self.tables, str(self.as_of), self.site.model_dump_json(), self.torn]
        return self.protocol + json.dumps(rest, sort_keys=True)

    def ask(self, engine: Engine) -> Seen:
        return engine(self.bundle, self.tables, self.as_of, self.site, self.torn)

    @cached_property
    def alike(self) -> tuple[str, ...]:
        """Return the values that are equal for every question of a batch."""
        rest = _dumped(self.bundle)
        del rest["requirements"]
        titles = {name: words.title for name, words in self.bundle.protocol.columns.items()}
        site, catalogue = self.site.model_dump_json(), str(id(self.bundle.catalogue))
        return (str(self.as_of), site, json.dumps([rest, titles]), catalogue)

    @property
    def alone(self) -> bool:
        """Whether the answer depends on other parts of the records or the protocol."""
        numbered = any("_row" in row for rows in self.tables.values() for row in rows)
        several = len(self.bundle.protocol.versions) > 1
        by_feed = self.site.feeds or self.site.completeness
        # There are events, but none counts as delivered, and in a batch others might.
        no_such = self.silent and self.tables["events"]
        # A kind may be that of a shifted row, depending on how many rows have another.
        odd = "completed", *(case.get("patient_id") for case in self.tables["cases"])
        shifted = any((row.get("kind") or "") in odd for row in self.tables["events"])
        return bool(
            "numbers" in self.read
            or self.torn
            or numbered
            or several
            or by_feed
            or no_such
            or shifted
        )

    @cached_property
    def facts(self) -> frozenset[str]:
        """Return the kinds of events and extra columns of the records."""
        names = {_KINDS + (row.get("kind") or "") for row in self.tables["events"]}
        for table in TABLES.values():
            rows = self.tables.get(table.name, [])
            names |= {_COLUMNS + name for row in rows for name in row if name not in table.names}
        return frozenset(names)

    def cells_with_an_id(self, row: Row) -> set[str]:
        """Return the columns of a row that contain the id of a patient with an operation."""
        known = {case.get("patient_id") for case in self.tables["cases"]} - {None}
        return {name for name, value in row.items() if value and value.strip() in known}

    def lacks(self, facts: frozenset[str]) -> frozenset[str]:
        """Return which of these facts the protocol mentions but the records lack."""
        mentioned = {fact for fact in facts if f'"{fact.split(" ", 1)[1]}"' in self.protocol}
        return frozenset(mentioned - self.facts)


class Recorder:
    """An engine that answers from the reference and records the questions."""

    def __init__(self, reference: Engine) -> None:
        self.reference = reference
        self.questions: dict[str, Question] = {}
        self.recorded: list[Question] = []  # since the last test began

    def __call__(
        self,
        bundle: Bundle,
        tables: dict[str, Any],
        as_of: AsOf,
        site: Site,
        torn: dict[str, Any],
    ) -> Seen:
        made = Question(bundle, tables, as_of, site, torn)
        question = self.questions.setdefault(made.key, made)
        self.recorded.append(question)
        answer = question.ask(self.reference)
        question.silent |= any(line["reason"] == "no_such_records" for line in answer.findings)

        def part(name: str) -> Any:
            question.read.add(name)
            return getattr(answer, name)

        return Seen(part)


def recorded(items: Sequence[pytest.Item], reference: Engine) -> dict[str, list[Question]]:
    """Return the questions of each test with the fixture `engine`, by test id, by running it.

    The questions of a test that fails on the reference are recorded up to the failure. It fails again,
    visibly, in the actual run.
    """
    recorder = Recorder(reference)
    recorded_questions: dict[tuple[Any, ...], list[Question]] = {}
    by_id = {}
    for item in items:
        if not isinstance(item, pytest.Function) or "engine" not in item.fixturenames:
            continue
        given = {k: v for k, v in item.callspec.params.items() if k != "engine"}
        same = (item.function, *(f"{k} {v!r}" for k, v in sorted(given.items())))
        if same not in recorded_questions:
            recorder.recorded = []
            with suppress(Exception, pytest.fail.Exception):
                item.function(engine=recorder, **given)
            recorded_questions[same] = recorder.recorded
        by_id[item.nodeid] = recorded_questions[same]
    return by_id


@dataclass
class Batch:
    """Questions that are evaluated together, each with a name for its rows.

    apart: each requirement applies to the cases of its own questions only.
    """

    apart: bool
    questions: dict[str, Question] = field(default_factory=dict)
    protocols: dict[str, str] = field(default_factory=dict)  # the text of a protocol: its name

    def add(self, question: Question) -> None:
        self.protocols.setdefault(question.protocol, f"p{len(self.protocols)}")
        self.questions[f"q{len(self.questions)}"] = question

    def width(self, *more: Question) -> int:
        """Return the number of requirements, including those of more questions."""
        every = {q.protocol: q.bundle for q in (*self.questions.values(), *more)}
        return sum(len(bundle.protocol.versions[0].leaves) for bundle in every.values())

    @property
    def read(self) -> set[str]:
        """Return the parts of the answer that a test reads."""
        return {part for question in self.questions.values() for part in question.read}

    @property
    def whole(self) -> Question:
        """Return all questions as one question."""
        first = next(iter(self.questions.values()))
        tables: dict[str, list[Row]] = {name: [] for name in TABLES}
        for name, question in self.questions.items():
            for table in tables:
                tables[table] += self._rows(name, question, table)
        return Question(self._bundle(first), tables, first.as_of, first.site, {})

    def _rows(self, name: str, question: Question, table: str) -> Iterator[Row]:
        protocol = self.protocols[question.protocol]
        for row in question.tables.get(table, []):
            ids = IDS if row.get("patient_id") else IDS | question.cells_with_an_id(row)
            marked = {k: _marked(v, f"{name}~") if k in ids else v for k, v in row.items()}
            if row.get("requirement"):
                marked["requirement"] = _marked(row["requirement"], f"{protocol}-")
            if self.apart and table == "cases":
                marked[TEST] = protocol
            yield marked

    def _bundle(self, first: Question) -> Bundle:
        version = _dumped(first.bundle)
        version["requirements"] = []
        bundles = {q.protocol: q.bundle for q in self.questions.values()}
        for text, name in self.protocols.items():
            for member in _dumped(bundles[text])["requirements"]:
                version["requirements"].append(_renamed(member, name, self.apart))
        protocol = first.bundle.protocol
        whole = protocol.model_dump(mode="json", by_alias=True, exclude_none=True)
        made = type(protocol).model_validate(whole | {"versions": [version]})
        return replace(first.bundle, protocol=made)

    def answers(self, seen: Seen) -> dict[str, Seen]:
        """Split the answer to all questions, by the keys of the questions."""
        by_key = {}
        start = dict.fromkeys(TABLES, 0)
        for name, question in self.questions.items():
            rows = {table: len(question.tables.get(table, [])) for table in TABLES}
            share = _Share(f"{name}~", f"{self.protocols[question.protocol]}-", dict(start), rows)
            by_key[question.key] = share.of(seen)
            start = {table: start[table] + rows[table] for table in TABLES}
        return by_key


@dataclass(frozen=True)
class _Share:
    """The rows and requirements of one question, and their offset in each table."""

    rows: str
    requirements: str
    start: dict[str, int]
    count: dict[str, int]

    def of(self, seen: Seen) -> Seen:
        return Seen(lambda part: getattr(self, part)(seen))

    def findings(self, seen: Seen) -> list[Row]:
        own = self.requirements
        return [
            self._plain(line)
            for line in self._cases(seen.findings)
            if line["requirement"].startswith(own)
        ]

    def cases(self, seen: Seen) -> list[Row]:
        return [self._plain(line) for line in self._cases(seen.cases)]

    def rejects(self, seen: Seen) -> list[Row]:
        found = []
        for line in seen.rejects:
            row = line["row"] - self.start[line["table"]]
            if 2 <= row < 2 + self.count[line["table"]]:
                found.append(self._plain(line) | {"row": row})
        return found

    def ignored(self, seen: Seen) -> list[tuple[str, str]]:
        return [(id.replace(self.rows, "", 1), why) for id, why in seen.ignored if self.rows in id]

    def numbers(self, seen: Seen) -> dict[str, Any]:
        raise AssertionError("numbers are of all records, so they are never read from a batch")

    def _cases(self, lines: list[Row]) -> list[Row]:
        return [line for line in lines if self.rows in line["case_id"]]

    def _plain(self, line: Row) -> Row:
        marks = {"id": self.rows, "case_id": self.rows, "event_id": self.rows} | dict.fromkeys(
            ("requirement", "next_requirement"), self.requirements
        )
        return {
            name: value.replace(marks[name], "", 1) if value and name in marks else value
            for name, value in line.items()
        }


class Plan:
    """Groups the questions that are evaluated together."""

    def __init__(self, recorded_questions: Sequence[Question], widest: int = WIDEST) -> None:
        """widest: the number of requirements in a batch."""
        questions = list({question.key: question for question in recorded_questions}.values())
        self.alone = [question for question in questions if question.alone]
        together = [question for question in questions if not question.alone]
        facts = frozenset(fact for question in together for fact in question.facts)
        self.batches: list[Batch] = []
        last: dict[tuple[Any, ...], Batch] = {}
        for question in sorted(together, key=lambda q: q.protocol):
            apart = "cases" in question.read
            kind = (apart, *question.alike, question.lacks(facts))
            batch = last.get(kind)
            if batch is None or batch.width(question) > widest:
                batch = last[kind] = Batch(apart)
                self.batches.append(batch)
            batch.add(question)
        self.batch_of = {q.key: b for b in self.batches for q in b.questions.values()}

    def in_the_largest(self, questions: Iterable[Question]) -> bool:
        """Whether all of them are in the largest batch; also true for no questions."""
        largest = max(self.batches, key=lambda batch: len(batch.questions), default=None)
        return all(self.batch_of.get(q.key) is largest for q in questions)

    def size(self, question: Question) -> int:
        """Return how many questions are evaluated together with this question, including itself."""
        batch = self.batch_of.get(question.key)
        return len(batch.questions) if batch else 1


class Batched:
    """An engine that evaluates a batch when the first of its questions is asked."""

    def __init__(self, plan: Plan, engine: Engine) -> None:
        self.plan, self.engine = plan, engine
        self.answers: dict[str, Seen] = {}

    def __call__(
        self,
        bundle: Bundle,
        tables: dict[str, Any],
        as_of: AsOf,
        site: Site,
        torn: dict[str, Any],
    ) -> Seen:
        question = Question(bundle, tables, as_of, site, torn)
        batch = self.plan.batch_of.get(question.key)
        if batch is None:
            return question.ask(self.engine)
        if question.key not in self.answers:
            seen = batch.whole.ask(self.engine)
            self.answers |= batch.answers(seen.only(batch.read))
        return self.answers[question.key]


def differences(right: Seen, seen: Seen, parts: Collection[str]) -> list[str]:
    """List the differences from the right answer in these parts."""
    return [
        f"{name}: {getattr(seen, name)}, should be {getattr(right, name)}"
        for name in PARTS
        if name in parts and getattr(right, name) != getattr(seen, name)
    ]


def _dumped(bundle: Bundle) -> dict[str, Any]:
    version = bundle.protocol.versions[0]
    dumped: dict[str, Any] = version.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dumped


def _marked(value: str | None, mark: str) -> str | None:
    """Put the mark in front, but after blanks, which are trimmed; an empty id stays empty."""
    if value is None or not value.strip():
        return value
    return re.sub(r"^\s*", lambda blanks: blanks.group() + mark, value, count=1)


def _renamed(member: Any, name: str, apart: bool) -> Any:
    """Prefix every requirement id in a requirement or group with the name of its protocol."""
    if isinstance(member, list):
        return [_renamed(item, name, apart) for item in member]
    if not isinstance(member, dict):
        return member
    renamed = {key: _renamed(value, name, False) for key, value in member.items()}
    if isinstance(member.get("requirement"), str):
        renamed["requirement"] = f"{name}-{member['requirement']}"
    if "window" in member and "id" in member:
        renamed["id"] = f"{name}-{member['id']}"
        if apart:
            own = {"column": {"name": TEST, "in": [name]}}
            given = renamed.get("applies_if")
            renamed["applies_if"] = {"all_of": [given, own]} if given else own
    for how in ("all_of", "any_of"):
        if how in member and "window" not in member:
            renamed[how] = _renamed(member[how], name, apart)
    return renamed
