"""Every protocol that comes with the program: it loads, nothing is suspicious, its examples hold on
every engine, and they stand on both sides of every limit that the source states.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from qi_checker.authoring.examples import Rows, run_examples
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.durations import shift_months
from qi_checker.protocol.examples import Example, load_examples
from qi_checker.protocol.lint import lint
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import Reason, Status
from tests.helpers.engines import Engine, on_reference
from tests.helpers.in_spark import on_spark
from tests.helpers.spark import needs_java

PUBLISHED = {
    "hp": "within 30 days before, or within 24 hours after, admission, and before surgery",
    "hp-update": "within 24 hours after admission, and before surgery",
    "lung-ct": "less than 4 weeks before surgery",
    "pancreas-ct": "within 25 days before surgery",
    "tips-imaging": "within 1 month before surgery",
    "antibiotic": "within 120 minutes before surgery",
    "chemo-free": "within 6 weeks before surgery",
    "hip-function": "at least 300 days and at most 425 days after surgery",
}
LIVER = "hepatic-metastasectomy-imaging"
SHIPPED = sorted(p.parent.name for p in rules_dir().glob("*/protocol.yaml"))


@cache
def bundle_of(name: str) -> Bundle:
    return load_protocol(rules_dir() / name)


@cache
def examples_of(name: str) -> tuple[Example, ...]:
    return tuple(load_examples(rules_dir() / name, bundle_of(name)))


# ---- Every protocol ------------------------------------------------------------------------------


def test_all_published_protocols_are_shipped() -> None:
    assert set(SHIPPED) == {*PUBLISHED, LIVER}


@pytest.mark.parametrize("name", SHIPPED)
def test_its_folder_has_its_name_and_nothing_is_suspicious(name: str) -> None:
    assert bundle_of(name).protocol.id == name
    assert [str(problem) for problem in lint(bundle_of(name))] == []


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("file", ["protocol", "examples"])
def test_an_editor_finds_the_schema(name: str, file: str) -> None:
    text = (rules_dir() / name / f"{file}.yaml").read_text(encoding="utf-8")
    assert text.startswith(f"# yaml-language-server: $schema=../{file}.schema.json\n")


@pytest.mark.parametrize("name", SHIPPED)
def test_every_source_says_where_it_can_be_read(name: str) -> None:
    for source in bundle_of(name).protocol.source:
        assert source.doi or source.url, source.citation


def failing(name: str, examples: Sequence[Example], engine: Engine) -> dict[str, Sequence[str]]:
    """The examples that do not hold on an engine, and how they differ."""

    def evaluate(
        bundle: Bundle, tables: dict[str, list[dict[str, str]]], as_of: AsOf, site: Site
    ) -> tuple[Rows, Rows]:
        seen = engine(bundle, tables, as_of, site, {})
        return seen.findings, seen.cases

    results = run_examples(bundle_of(name), examples, evaluate)
    assert len(results) == len(examples) >= 8
    return {r.example.id: r.differences for r in results if not r.passed}


@pytest.mark.parametrize("name", SHIPPED)
def test_examples_hold(name: str) -> None:
    """On the reference. `qi-checker rules test`, a command of the README, runs them on DuckDB."""
    assert failing(name, examples_of(name), on_reference) == {}


@pytest.mark.thorough
@pytest.mark.parametrize("name", SHIPPED)
def test_examples_hold_in_postgresql(name: str, in_postgres: Engine) -> None:
    assert failing(name, examples_of(name), in_postgres) == {}


@pytest.mark.thorough
@pytest.mark.spark
@needs_java
@pytest.mark.parametrize("name", SHIPPED)
def test_examples_hold_on_spark(name: str) -> None:
    assert failing(name, examples_of(name), on_spark) == {}


def at_one_moment(name: str) -> list[Example]:
    """As many examples as possible that are one evaluation: of one moment and one site."""
    moments = Counter((str(e.as_of), e.site.model_dump_json()) for e in examples_of(name))
    ((moment, _),) = moments.most_common(1)
    return [e for e in examples_of(name) if (str(e.as_of), e.site.model_dump_json()) == moment]


def test_most_examples_of_the_liver_hold_in_postgresql(in_postgres: Engine) -> None:
    """In every run, whatever share of the others is taken."""
    examples = at_one_moment(LIVER)
    assert len(examples) > len(examples_of(LIVER)) / 2
    assert failing(LIVER, examples, in_postgres) == {}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_example_expects_all_there_is(name: str) -> None:
    """Status and reason of every requirement, so that none is right by accident."""
    for example in examples_of(name):
        expected_ids = {leaf.id for v in bundle_of(name).protocol.versions for leaf in v.leaves}
        assert set(example.expect.requirements) == expected_ids, example.id
        assert example.expect.verdict is not None, example.id
        for expected in example.expect.requirements.values():
            assert expected.reason is not None, example.id


# ---- The eight, and the edges of their windows ---------------------------------------------------


@pytest.mark.parametrize(("name", "words"), PUBLISHED.items())
def test_the_window_is_the_published_one(name: str, words: str) -> None:
    assert bundle_of(name).protocol.versions[-1].leaves[-1].window.words() == words


@pytest.mark.parametrize("name", PUBLISHED)
def test_examples_reach_every_kind_of_answer(name: str) -> None:
    found = {r.status for e in examples_of(name) for r in e.expect.requirements.values()}
    wanted = {Status.MET, Status.UNKNOWN, Status.DUE, Status.MISSING, Status.NOT_APPLICABLE}
    version = bundle_of(name).protocol.versions[-1]
    if not any(leaf.forbidden for leaf in version.leaves):
        wanted |= {Status.BOOKED, Status.EXPIRED}
    if version.exceptions is not None:
        wanted |= {Status.EXEMPT}
    assert wanted <= found
    waived = [e for e in examples_of(name) if e.given.exceptions]
    assert waived, "an exception that is used, or that is ignored"


@dataclass(frozen=True)
class Seen:
    """An event of an example beside a date of its case, and what is expected of it."""

    example: str
    requirement: str
    status: Status
    event: str  # when, as written; so is the anchor
    anchor: str
    timezone: str

    @property
    def chosen(self) -> tuple[datetime, datetime]:
        """Local times of the event and of the anchor; a date is its first minute."""
        zone = ZoneInfo(self.timezone)
        event, anchor = (datetime.fromisoformat(t) for t in (self.event, self.anchor))
        return (
            event if event.tzinfo else event.replace(tzinfo=zone),
            anchor if anchor.tzinfo else anchor.replace(tzinfo=zone),
        )

    @property
    def days(self) -> int:
        """Days from the anchor to the event, on the calendar of the site."""
        zone = ZoneInfo(self.timezone)
        event, anchor = (moment.astimezone(zone).date() for moment in self.chosen)
        return (event - anchor).days

    @property
    def minutes(self) -> float | None:
        """Minutes from the anchor to the event; None without both clock times."""
        if "T" not in self.event or "T" not in self.anchor:
            return None
        event, anchor = self.chosen
        return (event.timestamp() - anchor.timestamp()) / 60


def seen_in(name: str, requirement: str, anchor: str) -> Iterator[Seen]:
    """Whole dates of events that an example expects to decide a requirement."""
    for example in examples_of(name):
        case = example.tables["cases"][0]
        at = (anchor == "surgery_at" and case.get("started_at")) or case.get(anchor)
        expected = example.expect.requirements[requirement]
        for row in example.tables["events"]:
            absent = expected.reason is Reason.NONE_FOUND
            chosen = absent or expected.event == row["event_id"]
            mine = row["patient_id"] == case["patient_id"]
            written = row.get("at", "")
            if at and chosen and mine and len(written) >= 10 and written != "2026-02-31":
                zone = example.site.timezone
                yield Seen(example.id, requirement, expected.status, written, at, zone)


DAY, HOUR = 1440, 60
# Protocol, requirement, anchor; distances in the unit, negative before: the last one that is inside
# the window, the first one that is not.
EDGES = [
    ("hp", "hp", "admitted_at", "days", -30, -31),
    ("hp", "hp", "admitted_at", "minutes", 24 * HOUR, 24 * HOUR + 1),
    ("hp-update", "update", "admitted_at", "minutes", 0, -1),
    ("hp-update", "update", "admitted_at", "minutes", 24 * HOUR, 24 * HOUR + 1),
    ("lung-ct", "ct", "surgery_at", "days", -27, -28),
    ("pancreas-ct", "ct", "surgery_at", "days", -25, -26),
    ("antibiotic", "antibiotic", "surgery_at", "minutes", -120, -121),
    ("antibiotic", "antibiotic", "surgery_at", "minutes", -1, 0),
    ("chemo-free", "chemo-free", "surgery_at", "days", -42, -43),
    ("hip-function", "preoperative", "surgery_at", "days", -90, -91),
    ("hip-function", "follow-up", "surgery_at", "days", 300, 299),
    ("hip-function", "follow-up", "surgery_at", "days", 425, 426),
]


@pytest.mark.parametrize(("name", "requirement", "anchor", "unit", "inside", "outside"), EDGES)
def test_examples_stand_on_both_sides_of_an_edge(
    name: str, requirement: str, anchor: str, unit: str, inside: int, outside: int
) -> None:
    found: dict[int, set[Status]] = {inside: set(), outside: set()}
    for seen in seen_in(name, requirement, anchor):
        if getattr(seen, unit) in found:
            found[getattr(seen, unit)].add(seen.status)
    forbidden = name == "chemo-free"
    assert (Status.MET in found[outside if forbidden else inside]) is True
    assert found[inside if forbidden else outside] & {Status.EXPIRED, Status.MISSING}
    assert Status.MET not in found[inside if forbidden else outside]


def test_examples_stand_on_both_sides_of_a_calendar_month() -> None:
    inside, outside = set(), set()
    for requirement in ("ultrasound", "ct", "mri"):
        for seen in seen_in("tips-imaging", requirement, "surgery_at"):
            opens = shift_months(date.fromisoformat(seen.anchor[:10]), -1)
            if seen.event[:10] == opens.isoformat():
                inside.add((seen.status, seen.anchor[5:10]))
            if seen.event[:10] == (opens - timedelta(days=1)).isoformat():
                outside.add((seen.status, seen.anchor[5:10]))
    assert {(Status.MET, "02-23"), (Status.MET, "03-31")} <= inside
    assert {(Status.EXPIRED, "02-23"), (Status.EXPIRED, "03-31")} <= outside
    assert {status for status, _ in inside} == {Status.MET}
    assert {status for status, _ in outside} == {Status.EXPIRED}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_leap_day_and_a_clock_change_lie_in_a_window(name: str) -> None:
    leaf = bundle_of(name).protocol.versions[-1].leaves[-1]
    requirements = [r.id for v in bundle_of(name).protocol.versions for r in v.leaves]
    anchor = "admitted_at" if leaf.id in ("hp", "update") else "surgery_at"
    over = [s for r in requirements for s in seen_in(name, r, anchor)]
    leap = date(2024, 2, 29)
    assert any(min(d) <= leap <= max(d) for d in ([m.date() for m in s.chosen] for s in over))
    assert any(a.utcoffset() != b.utcoffset() for a, b in (s.chosen for s in over))
