"""Sketches of examples that would reach what no example reaches yet.

A sketch starts from an example that is there, and its dates are computed. Several are tried; only
one that the naive evaluator confirms is shown, with what came of it as the expectation. Whether
that is what the protocol should say is for the author to judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import islice
from typing import Any

from qi_checker.authoring.charts import chart_of
from qi_checker.authoring.coverage import DayPoint, EdgePoint, Point, StatusPoint, reaches
from qi_checker.authoring.coverage_edges import place
from qi_checker.authoring.coverage_recipes import Scene, moved, scenes_for
from qi_checker.errors import UserError
from qi_checker.judging import evaluate
from qi_checker.judging.charts import Chart
from qi_checker.judging.judged import judge_all
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.examples import Defaults, Example, Given, tables_of
from qi_checker.protocol.models import Requirement

_BASES = 8  # examples that are tried as the start of a sketch
_TRIES = 400  # sketches that are tried from each of them


@dataclass(frozen=True)
class Sketch:
    """What is given, as it is written, and what came of it."""

    id: str
    why: str
    given: Mapping[str, Any]
    verdict: str
    requirements: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Base:
    """An example to start from, with its chart."""

    example: Example
    chart: Chart


def sketches(
    points: Sequence[Point], bundle: Bundle, defaults: Defaults, bases: Sequence[Base]
) -> list[Sketch | None]:
    """A sketch for each of the points, each with an id of its own.

    `bases` are all examples that could be evaluated.
    """
    taken = {base.example.id for base in bases}
    found: list[Sketch | None] = []
    for point in points:
        made = _sketch(point, bundle, defaults, bases)
        if made is not None:
            made = replace(made, id=_unused(made.id, taken))
            taken.add(made.id)
        found.append(made)
    return found


def _unused(name: str, taken: set[str]) -> str:
    names = (name, *(f"{name}-{n}" for n in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def _sketch(
    point: Point, bundle: Bundle, defaults: Defaults, bases: Sequence[Base]
) -> Sketch | None:
    """An example that reaches the point; None where none of those that were tried does."""
    for base in islice(_fit(point, bases), _BASES):
        for scene in islice(_scenes(point, base, bases), _TRIES):
            found = _try(point, scene, bundle, defaults, base)
            if found is not None:
                return found
    return None


def _fit(point: Point, bases: Sequence[Base]) -> Iterator[Base]:
    """Examples of the protocol's population, those first where the requirement is decided."""
    asked = [b for b in bases if b.chart.case.ruled_out is None]
    if isinstance(point, DayPoint):
        yield from asked
        return
    known = [b for b in asked if _question(point, b) is not None]
    if isinstance(point, EdgePoint):
        known = [b for b in known if _can_be_placed(point, b)]
    simple = sorted(known, key=lambda base: _size(base.example.given))
    yield from (b for b in simple if _fitting(point.requirement, b) is not None)
    yield from (b for b in simple if _fitting(point.requirement, b) is None)


def _size(given: Given) -> int:
    """How much is written in an example; the shorter ones make the clearer sketches."""
    rows = (*given.events, *given.exceptions, *given.other_cases)
    return 3 * (len(rows) + len(given.site)) + len(given.case)


def _can_be_placed(point: EdgePoint, base: Base) -> bool:
    """Whether the example is of the version, and has the clock times that the edge needs."""
    if base.chart.case.version.version != point.version:
        return False
    stretches = _question(point, base).stretches
    return place(point.edge, stretches[point.edge.span]) is not None


def _leaf(requirement: str, base: Base) -> Requirement | None:
    return next((r for r in base.chart.case.version.leaves if r.id == requirement), None)


def _question(point: StatusPoint | EdgePoint, base: Base) -> Any:
    decision = base.chart.decided.get(point.requirement)
    return decision.question if decision is not None else None


def _right_events(requirement: str, base: Base) -> list[int]:
    """The numbers of the example's events that are of the right sort, whenever they were."""
    decision = base.chart.decided.get(requirement)
    if decision is None or decision.question is None:
        return []
    judged = judge_all(decision.question, base.chart)
    rows = base.example.tables["events"]
    right = {j.event.id for j in judged if j.right_study}
    return [n for n, row in enumerate(rows) if row.get("event_id", "").strip() in right]


def _fitting(requirement: str, base: Base) -> dict[str, str] | None:
    """The row of an event of the right sort, without its id and its dates."""
    numbers = _right_events(requirement, base)
    if not numbers:
        return None
    row = base.example.given.events[numbers[0]]
    dates = ("event_id", "at", "recorded_at", "ordered_at", "status", "patient_id")
    return {k: v for k, v in row.items() if k not in dates}


def _scenes(point: Point, base: Base, bases: Sequence[Base]) -> Iterator[Scene]:
    start = Scene.of(base.example, base.chart.case.day)
    if isinstance(point, DayPoint):
        yield moved(start, point.day - base.chart.case.day)
        return
    leaf = _leaf(point.requirement, base)
    if leaf is None:
        return
    kept = set(range(len(start.events))) - set(_right_events(leaf.id, base))
    fitting = _fitting(leaf.id, base) or next(
        (row for b in bases if (row := _fitting(leaf.id, b)) is not None), None
    )
    event = _made_up(leaf) if fitting is None else fitting
    bare = replace(start, events=tuple(start.events[n] for n in sorted(kept)))
    question = _question(point, base)
    if isinstance(point, StatusPoint):
        yield from scenes_for(point.status, bare, event, leaf, question, base.chart)
        return
    where = place(point.edge, question.stretches[point.edge.span])
    if where is not None:
        yield from _at_an_edge(bare, event, where.isoformat()[:16], base.chart.case.day)


def _at_an_edge(scene: Scene, event: Mapping[str, str], at: str, day: date) -> Iterator[Scene]:
    """The event alone at the edge, then beside what else the example has."""
    seen = max(AsOf.parse(at[:10]).date, scene.as_of.date, day) + timedelta(days=7)
    for as_of in (scene.as_of, AsOf(seen)):
        yield scene.with_event({**event, "at": at}).seen(as_of)


def _made_up(leaf: Requirement) -> dict[str, str]:
    """An event of the right sort, from what the requirement asks."""
    wanted = leaf.event
    row = {"kind": wanted.kind}
    if wanted.modality:
        row["modality"] = wanted.modality[0]
    if wanted.region:
        row["region"] = wanted.region[0]
    if wanted.provenance:
        row["provenance"] = wanted.provenance[0]
    return row | {column.name: column.in_[0] for column in wanted.columns or []}


def _try(
    point: Point, scene: Scene, bundle: Bundle, defaults: Defaults, base: Base
) -> Sketch | None:
    given = scene.given()
    tables: Any = tables_of(defaults, Given.model_validate(given))
    case_id, site = tables["cases"][0]["case_id"], base.example.site
    chart = chart_of(bundle, tables, scene.as_of, site, case_id)
    if not reaches(point, chart):
        return None
    try:
        result = evaluate(bundle, tables, scene.as_of, site)
    except UserError:
        return None
    case = next(c for c in result.cases if c["case_id"] == case_id)
    findings = [f for f in result.findings if f["case_id"] == case_id]
    expected = {f["requirement"]: _expected(f) for f in findings}
    return Sketch(_name(point), _why(point), given, case["verdict"], expected)


def _expected(finding: Mapping[str, Any]) -> dict[str, str]:
    event = {"event": finding["event_id"]} if finding["event_id"] else {}
    return {"status": finding["status"], "reason": finding["reason"], **event}


def _name(point: Point) -> str:
    if isinstance(point, StatusPoint):
        return f"{point.requirement[:40].rstrip('-')}-{point.status.replace('_', '-')}"
    if isinstance(point, DayPoint):
        return f"surgery-on-{point.day.isoformat()}"
    edge = point.edge
    key = (edge.key or "anchor").replace("_", "-").replace(".", "-")
    number = f"-{edge.span + 1}" if edge.span else ""
    return f"{point.requirement[:30].rstrip('-')}{number}-{key}-{edge.side}"


def _why(point: Point) -> str:
    if isinstance(point, StatusPoint):
        return f"Say here why {point.requirement} is {point.status} for these records."
    if isinstance(point, DayPoint):
        return f"Say here why version {point.version} does or does not apply on this day."
    return f"Say here why an event on this day counts, or does not count, for {point.requirement}."
