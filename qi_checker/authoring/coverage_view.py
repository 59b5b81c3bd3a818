"""The coverage of a protocol for display: what is reached, and each gap with its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qi_checker.authoring.coverage import (
    DayPoint,
    EdgePoint,
    LeftOut,
    Point,
    StatusPoint,
    gaps,
    left_out,
)
from qi_checker.authoring.places import Places
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.examples import Example


@dataclass(frozen=True)
class Gap:
    """A point that no example reaches. `kind`: status, edge or day."""

    kind: str
    version: str  # empty for a status, which may occur in any version
    requirement: str  # empty for a day
    words: str
    where: str  # file:line:column of the clause


@dataclass(frozen=True)
class Coverage:
    """The share of a protocol's points that its examples reach."""

    path: str
    protocol: str
    examples: int
    points: int
    gaps: tuple[Gap, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def reached(self) -> int:
        return self.points - len(self.gaps)


def coverage(bundle: Bundle, examples: Sequence[Example]) -> Coverage:
    """Judge the examples and find what they do not cover."""
    every, missing = gaps(bundle, examples)
    places = Places(bundle) if missing else None
    return Coverage(
        str(bundle.path),
        bundle.protocol.id,
        len(examples),
        len(every),
        tuple(_gap(point, places) for point in missing if places is not None),
        tuple(left_out(bundle.protocol)),
    )


def _gap(point: Point, places: Places) -> Gap:
    if isinstance(point, DayPoint):
        words = f"no surgery on {point.day.isoformat()}, {point.words}"
        where = places.version(point.version, "in_force").where
        return Gap("day", point.version, "", words, where)
    if isinstance(point, StatusPoint):
        version = places.versions_with(point.requirement)[0]
        words = f"never {point.status}: {point.status.meaning}"
        where = places.requirement(version, point.requirement).where
        return Gap("status", "", point.requirement, words, where)
    return _edge_gap(point, places)


def _edge_gap(point: EdgePoint, places: Places) -> Gap:
    leaf = places.leaf(point.version, point.requirement)
    words = f"no event on {point.edge.words(leaf.window, places.titles(point.version))}"
    where = places.requirement(point.version, point.requirement, *point.edge.steps()).where
    return Gap("edge", point.version, point.requirement, words, where)
