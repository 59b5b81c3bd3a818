"""Evaluate what many tests ask at once: an evaluation of a few rows is nearly all planning.

Measured: a protocol costs DuckDB 0.25 s and Spark 5 s however few rows there are, a further
requirement of the same protocol 0.03 s. So the requirements of many tests become one protocol, and
their rows one set of records. `Recorder` runs the tests once on the reference, where an evaluation
costs a millisecond, and notes each question and which parts of the answer the test reads. `Plan` puts
together what can be, and `Batched` answers a test from the evaluation of its batch.

Tests must not influence each other. Ids of rows get the name of their question in front, and so do
requirements, so that a test sees its own rows only. What depends on all of the records or on all of
the protocol decides what can be together:

- moment, site settings and everything of a version but its requirements are equal in a batch;
- so are the kinds of events and the extra columns that a question mentions and does not hold;
- where a test reads lines of cases, each requirement applies to the cases of its own tests only;
- numbers of a report, feeds, several versions and torn rows are evaluated alone.

`tests/spec/test_batches.py` shows for every question that its batch says what it says alone.
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
TEST = "test"  # the column of cases that says whose they are, where it matters
# The reference judges every requirement for every case, so a batch must not be too wide.
WIDEST = 40
_KINDS, _COLUMNS = "kind ", "column "


@dataclass
class Question:
    """One evaluation that a test asks for."""

    bundle: Bundle
    tables: dict[str, Any]
    as_of: AsOf
    site: Site
    torn: dict[str, Any]
    read: set[str] = field(default_factory=set)  # parts of the answer that are looked at
    silent: bool = False  # whether a finding says that no such records were delivered

    @cached_property
    def protocol(self) -> str:
        """The protocol with its code lists, as text."""
        dumped = self.bundle.protocol.model_dump_json(by_alias=True)
        return f"{dumped} {id(self.bundle.catalogue)} {self.bundle.sha256}"

    @cached_property
    def key(self) -> str:
        """The whole question as text: equal for equal questions."""
        rest = [self.tables, str(self.as_of), self.site.model_dump_json(), self.torn]
        return self.protocol + json.dumps(rest, sort_keys=True)

    def ask(self, engine: Engine) -> Seen:
        return engine(self.bundle, self.tables, self.as_of, self.site, self.torn)

    @property
    def alone(self) -> bool:
        """Whether the answer depends on what else is in the records or in the protocol."""
        numbered = any("_row" in row for rows in self.tables.values() for row in rows)
        several = len(self.bundle.protocol.versions) > 1
        by_feed = self.site.feeds or self.site.completeness
        # Events are there, but none that counts as delivered, and in a batch others might.
        no_such = self.silent and self.tables["events"]
        return bool(
            "numbers" in self.read or self.torn or numbered or several or by_feed or no_such
        )

    @cached_property
    def facts(self) -> frozenset[str]:
        """Kinds of events and extra columns of the records."""
        found = {_KINDS + (row.get("kind") or "") for row in self.tables["events"]}
        for table in TABLES.values():
            rows = self.tables.get(table.name, [])
            found |= {_COLUMNS + name for row in rows for name in row if name not in table.names}
        return frozenset(found)

    def cells_with_an_id(self, row: Row) -> set[str]:
        """The columns of a row that hold the id of a patient with an operation."""
        known = {case.get("patient_id") for case in self.tables["cases"]} - {None}
        return {name for name, value in row.items() if value and value.strip() in known}

    def lacks(self, facts: frozenset[str]) -> frozenset[str]:
        """Which of these facts the protocol mentions and the records do not have."""
        mentioned = {fact for fact in facts if f'"{fact.split(" ", 1)[1]}"' in self.protocol}
        return frozenset(mentioned - self.facts)


class Recorder:
    """An engine that answers from the reference, and notes what it is asked."""

    def __init__(self, reference: Engine) -> None:
        self.reference = reference
        self.questions: dict[str, Question] = {}
        self.asked: list[Question] = []  # since the last test began

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
        self.asked.append(question)
        answer = question.ask(self.reference)
        question.silent |= any(line["reason"] == "no_such_records" for line in answer.findings)

        def part(name: str) -> Any:
            question.read.add(name)
            return getattr(answer, name)

        return Seen(part)


def recorded(items: Sequence[pytest.Item], reference: Engine) -> dict[str, list[Question]]:
    """What each test with the fixture `engine` asks, by its id; found by running it.

    A test that fails on the reference has asked what it asked until then. It fails again, and
    visibly, when it is run in earnest.
    """
    recorder = Recorder(reference)
    found: dict[tuple[Any, ...], list[Question]] = {}
    by_id = {}
    for item in items:
        if not isinstance(item, pytest.Function) or "engine" not in item.fixturenames:
            continue
        given = {k: v for k, v in item.callspec.params.items() if k != "engine"}
        same = (item.function, *(f"{k} {v!r}" for k, v in sorted(given.items())))
        if same not in found:
            recorder.asked = []
            with suppress(Exception, pytest.fail.Exception):
                item.function(engine=recorder, **given)
            found[same] = recorder.asked
        by_id[item.nodeid] = found[same]
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
        """How many requirements there are, with those of another question."""
        every = {q.protocol: q.bundle for q in (*self.questions.values(), *more)}
        return sum(len(bundle.protocol.versions[0].leaves) for bundle in every.values())

    @property
    def read(self) -> set[str]:
        """The parts of the answer that a test looks at."""
        return {part for question in self.questions.values() for part in question.read}

    @property
    def whole(self) -> Question:
        """All of it as one question."""
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
        """What was seen of all of it, by the keys of the questions."""
        found = {}
        start = dict.fromkeys(TABLES, 0)
        for name, question in self.questions.items():
            rows = {table: len(question.tables.get(table, [])) for table in TABLES}
            share = _Share(f"{name}~", f"{self.protocols[question.protocol]}-", dict(start), rows)
            found[question.key] = share.of(seen)
            start = {table: start[table] + rows[table] for table in TABLES}
        return found


@dataclass(frozen=True)
class _Share:
    """Whose rows and requirements these are, and after how many rows of each table they begin."""

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
        raise AssertionError("numbers are of all the records: they are never seen of a batch")

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
    """Which questions are evaluated together."""

    def __init__(self, asked: Sequence[Question]) -> None:
        questions = list({question.key: question for question in asked}.values())
        self.alone = [question for question in questions if question.alone]
        together = [question for question in questions if not question.alone]
        facts = frozenset(fact for question in together for fact in question.facts)
        self.batches: list[Batch] = []
        last: dict[tuple[Any, ...], Batch] = {}
        for question in sorted(together, key=lambda q: q.protocol):
            apart = "cases" in question.read
            kind = (apart, *_alike(question), question.lacks(facts))
            batch = last.get(kind)
            if batch is None or batch.width(question) > WIDEST:
                batch = last[kind] = Batch(apart)
                self.batches.append(batch)
            batch.add(question)
        self.batch_of = {q.key: b for b in self.batches for q in b.questions.values()}

    def in_the_largest(self, questions: Iterable[Question]) -> bool:
        """Whether all of them are in the batch of the most questions; so are none at all."""
        largest = max(self.batches, key=lambda batch: len(batch.questions), default=None)
        return all(self.batch_of.get(q.key) is largest for q in questions)

    def size(self, question: Question) -> int:
        """How many questions are evaluated together with this one, itself included."""
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
        asked = Question(bundle, tables, as_of, site, torn)
        batch = self.plan.batch_of.get(asked.key)
        if batch is None:
            return asked.ask(self.engine)
        if asked.key not in self.answers:
            seen = batch.whole.ask(self.engine)
            self.answers |= batch.answers(seen.only(batch.read))
        return self.answers[asked.key]


def differences(right: Seen, seen: Seen, parts: Collection[str]) -> list[str]:
    """Where an answer is not the right one, in these parts of it."""
    return [
        f"{name}: {getattr(seen, name)}, should be {getattr(right, name)}"
        for name in PARTS
        if name in parts and getattr(right, name) != getattr(seen, name)
    ]


def _alike(question: Question) -> tuple[str, ...]:
    """What is the same for every question of a batch."""
    rest = _dumped(question.bundle)
    del rest["requirements"]
    site = question.site.model_dump_json()
    titles = {name: words.title for name, words in question.bundle.protocol.columns.items()}
    whole = json.dumps([rest, titles])
    return (str(question.as_of), site, whole, str(id(question.bundle.catalogue)))


def _dumped(bundle: Bundle) -> dict[str, Any]:
    version = bundle.protocol.versions[0]
    found: dict[str, Any] = version.model_dump(mode="json", by_alias=True, exclude_none=True)
    return found


def _marked(value: str | None, mark: str) -> str | None:
    """The mark in front, but after blanks, which are trimmed; an empty id stays empty."""
    if value is None or not value.strip():
        return value
    return re.sub(r"^\s*", lambda blanks: blanks.group() + mark, value, count=1)


def _renamed(member: Any, name: str, apart: bool) -> Any:
    """A requirement or a group with the name of its protocol before every id of a requirement."""
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
