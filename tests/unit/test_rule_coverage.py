"""Coverage: what can be reached, what is, and where the rest stands in the protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qi_checker.authoring.coverage import EdgePoint, StatusPoint, gaps, left_out, points
from qi_checker.authoring.coverage_statuses import impossible
from qi_checker.authoring.coverage_view import coverage
from qi_checker.judging.edges import edges
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.examples import Defaults, Example, load_examples
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.models import Protocol
from qi_checker.protocol.vocabulary import Status
from qi_checker.protocol.yaml_read import read_document
from tests.helpers.protocols import ct, ct_rule, protocol_with

RULE = """
id: scan
title: A scan in time
statement: Everybody has a scan in time.
source: [{{citation: Invented, level: none}}]
owner: Committee
versions:
  - version: "1.0"
    in_force: {{from: 2020-01-01, to: 2023-12-31}}
    applies_to: {{urgency: [elective]}}
    requirements:
      - {requirement}
    exceptions: {{reasons: [other], at_most: 90 days}}
  - version: "2.0"
    in_force: {{from: 2024-01-01}}
    applies_to: {{urgency: [elective]}}
    requirements:
      - {requirement}
"""
SCAN = "{{id: scan, title: Scan, owner: Desk, event: {{kind: imaging, modality: [CT]}}, {}}}"
HEAD = """
defaults:
  as_of: "2026-04-01"
  case: {status: performed, surgery_at: "2026-02-23T08:00", admitted_at: "2026-02-20T10:00",
         urgency: elective}
  event: {kind: imaging, status: completed, modality: CT}
examples:
  - id: in-time
    why: W.
    given: {events: [{at: %s}]}
    expect: {verdict: compliant}
  - id: of-old
    why: W.
    given: {as_of: "2023-04-01", case: {surgery_at: "2023-02-23T08:00", admitted_at: "2023-02-20T10:00"}}
    expect: {verdict: not_compliant}
"""


def written(tmp_path: Path, keys: str, at: str = "2026-02-20") -> tuple[Bundle, Path]:
    folder = tmp_path / "scan"
    folder.mkdir()
    text = RULE.format(requirement=SCAN.format(keys))
    (folder / "protocol.yaml").write_text(text, "utf-8")
    (folder / "examples.yaml").write_text(HEAD % at, "utf-8")
    return load_protocol(folder), folder / "examples.yaml"


def defaults(file: Path) -> Defaults:
    return Defaults.model_validate(read_document(file).data["defaults"])


def missing(bundle: Bundle, examples: list[Example]) -> set[str]:
    """The gaps in a form that is easily written."""
    found = set()
    for point in gaps(bundle, examples)[1]:
        if isinstance(point, StatusPoint):
            found.add(str(point.status))
        elif isinstance(point, EdgePoint):
            found.add(f"{point.version} {point.edge.key or 'anchor'} {point.edge.side}")
        else:
            found.add(point.day.isoformat())
    return found


WINDOWS = [
    "window: {before: surgery, at_most: 30 days}",
    "window: {before: surgery, less_than: 4 weeks, at_least: 2 days}",
    "window: {before: surgery, at_most: 1 month, more_than: 5 working days}",
    "window: {before: surgery, at_most: 120 minutes}",
    "window: {before: surgery, less_than: 2 hours}",
    "window: {after: surgery, at_least: 3 days, at_most: 10 days}",
    "window: {after: surgery, less_than: 24 hours}",
    "window: {after: surgery}",
    (
        "window: {before: admission, at_most: 30 days, or_after: {at_most: 24 hours}, "
        "and: [{before: surgery}]}"
    ),
    "window: {before: surgery, at_most: 30 days}, forbidden: true",
    "window: {before: surgery, at_most: 90 days}, count: 2, apart: {at_least: 42 days}",
]


@pytest.mark.parametrize("keys", WINDOWS)
def test_every_gap_has_its_place(keys: str, tmp_path: Path) -> None:
    bundle, file = written(tmp_path, keys)
    found = coverage(bundle, load_examples(file, bundle))
    assert found.gaps and found.reached == found.points - len(found.gaps)
    for gap in found.gaps:
        path, line, _ = gap.where.rsplit(":", 2)
        assert Path(path).read_text("utf-8").splitlines()[int(line) - 1].strip()


def test_what_is_reached_is_no_gap(tmp_path: Path) -> None:
    bundle, file = written(tmp_path, WINDOWS[0], at="2026-01-24")
    assert missing(bundle, load_examples(file, bundle)) == {
        "exempt",
        "booked",
        "unknown",
        "due",
        "expired",
        "not_applicable",
        "1.0 at_most inside",
        "1.0 at_most outside",
        "1.0 anchor inside",
        "1.0 anchor outside",
        "2.0 at_most outside",
        "2.0 anchor inside",
        "2.0 anchor outside",
        "2020-01-01",
        "2019-12-31",
        "2023-12-31",
        "2024-01-01",
    }


@pytest.mark.parametrize(
    ("event", "reached"),
    [
        ("at: 2026-01-24", True),
        ("at: 2026-01-25", False),
        ("at: 2026-01-24, modality: MR", False),  # another study shows nothing about the window
        ("at: 2026-01-24, status: cancelled", False),
        ("at: 2026-01", False),
        ("at: 2026-01-24, patient_id: P2", False),
    ],
)
def test_only_the_right_event_at_the_right_day_hits_an_edge(
    event: str, reached: bool, tmp_path: Path
) -> None:
    bundle, file = written(tmp_path, WINDOWS[0])
    file.write_text((HEAD % "x").replace("{at: x}", f"{{{event}}}"), "utf-8")
    found = missing(bundle, load_examples(file, bundle))
    assert ("2.0 at_most inside" not in found) is reached


@pytest.mark.parametrize(
    ("at", "side"),
    [
        ("2026-02-23T06:00", "inside"),
        ("2026-02-23T06:00:59", "inside"),
        ("2026-02-23T05:59", "outside"),
        ("2026-02-23T05:58:59", ""),
        ("2026-02-23T06:01", ""),
        ("2026-02-23", ""),
    ],
)
def test_edges_of_a_clock_are_minutes(at: str, side: str, tmp_path: Path) -> None:
    bundle, file = written(tmp_path, WINDOWS[3], at=at)
    found = missing(bundle, load_examples(file, bundle))
    hit = {s for s in ("inside", "outside") if f"2.0 at_most {s}" not in found}
    assert hit == ({side} if side else set())


CANNOT: list[tuple[dict[str, Any], set[str]]] = [
    ({}, set()),
    ({"forbidden": True}, {"booked", "expired"}),
    ({"event": {"kind": "visit", "status": ["completed", "booked"]}}, {"booked"}),
    ({"window": {"after": "surgery", "at_most": "30 days"}}, {"expired"}),
    ({"window": {"after": "surgery"}}, {"expired", "missing"}),
    ({"window": {"after": "surgery"}, "forbidden": True}, {"booked", "expired", "met"}),
    ({"window": {"before": "surgery"}}, {"expired"}),
    ({"window": {"before": "surgery", "and": [{"after": "admission"}]}}, set()),
]


@pytest.mark.parametrize(("keys", "statuses"), CANNOT)
def test_what_cannot_occur_is_left_out(keys: dict[str, Any], statuses: set[str]) -> None:
    rule = ct_rule(**keys).protocol
    left_out_statuses = {str(left.status) for left in left_out(rule)}
    assert left_out_statuses == statuses | {"exempt"}  # the version has no exceptions
    status_points = {p.status for p in points(rule) if isinstance(p, StatusPoint)}
    assert left_out_statuses & set(map(str, status_points)) == set()
    assert (
        len(left_out_statuses) + len(status_points) == len(Status) - 1
    )  # error is a failure of the program


def test_exceptions_make_exempt_possible() -> None:
    rule = protocol_with(ct(), exceptions={"reasons": ["other"]})
    version = rule.protocol.versions[0]
    assert impossible(version.leaves[0], version) == {}


def test_every_limit_has_two_edges() -> None:
    rule: Protocol = ct_rule(
        window={
            "before": "surgery",
            "at_most": "30 days",
            "or_after": {"less_than": "2 days"},
            "and": [{"after": "admission", "more_than": "1 hour"}, {"before": "surgery"}],
        }
    ).protocol
    found = edges(rule.versions[0].leaves[0].window)
    keys = {(e.span, e.key) for e in found}
    assert keys == {(0, "at_most"), (0, "or_after.less_than"), (1, "more_than"), (2, "")}
    assert len(found) == 2 * len(keys)


@pytest.mark.parametrize(
    ("surgery", "reached"), [("2026-02-23T08:00", True), ("2026-02-21T08:00", False)]
)
def test_inside_one_limit_but_kept_out_by_another_shows_nothing(
    surgery: str, reached: bool, tmp_path: Path
) -> None:
    """A day after admission counts, but not after the operation."""
    bundle, file = written(tmp_path, WINDOWS[8], at="2026-02-21T10:00")
    text = file.read_text("utf-8").replace("2026-02-23T08:00", surgery)
    file.write_text(text, "utf-8")
    found = missing(bundle, load_examples(file, bundle))
    assert ("2.0 or_after.at_most inside" not in found) is reached
