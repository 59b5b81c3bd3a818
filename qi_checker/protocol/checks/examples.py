"""Checks of the names in an example: ids, columns, requirements and events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qi_checker.errors import did_you_mean
from qi_checker.protocol.checks.names import check_column, own_columns
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.models import Protocol
from qi_checker.protocol.records import CASES, EVENTS, EXCEPTIONS, Table
from qi_checker.protocol.yaml_nodes import Steps

if TYPE_CHECKING:
    from qi_checker.protocol.examples import Expected


_TABLES = {"case": CASES, "other_cases": CASES, "events": EVENTS, "exceptions": EXCEPTIONS}


def check_written(data: Mapping[str, Any], protocol: Protocol, complaints: Complaints) -> None:
    """Check for unique ids, existing columns and requirements, and at least one expectation."""
    own = own_columns(protocol)

    def check_rows_of(holder: Any, key: str, table: Table, path: Steps) -> None:
        for row_path, row in _rows(holder, key, path):
            for column in row:
                check_column(
                    table, column, (*row_path, column), complaints, own.get(table.name, ())
                )

    for key, table in (("case", CASES), ("event", EVENTS), ("exception", EXCEPTIONS)):
        check_rows_of(data.get("defaults"), key, table, ("defaults",))
    requirements = {r.id for version in protocol.versions for r in version.leaves}
    seen: dict[str, Steps] = {}
    examples = data.get("examples")
    for i, example in enumerate(examples if isinstance(examples, list) else []):
        path = ("examples", i)
        _check_id(_mapping(example), path, seen, complaints)
        given = _mapping(example).get("given")
        for key, table in _TABLES.items():
            check_rows_of(given, key, table, (*path, "given"))
        _check_expect(_mapping(example), path, requirements, complaints)


def check_rows(
    tables: Mapping[str, Sequence[Mapping[str, str]]],
    expected: Mapping[str, Expected],
    path: Steps,
    complaints: Complaints,
) -> None:
    """Check that each event that is expected to be chosen is among those given."""
    events = [row["event_id"] for row in tables["events"]]
    for name, wanted in expected.items():
        if wanted.event and wanted.event not in events:
            where = (*path, "expect", "requirements", name, "event")
            advice = did_you_mean(wanted.event, events) or "The example gives no events"
            complaints.add(where, f"no event `{wanted.event}` is given", advice=advice)


def _mapping(data: Any) -> Mapping[str, Any]:
    return data if isinstance(data, dict) else {}


def _rows(holder: Any, key: str, path: Steps) -> Iterator[tuple[Steps, Mapping[str, Any]]]:
    """Yield the rows under a key: one, or a list of them."""
    value = _mapping(holder).get(key)
    if isinstance(value, dict):
        yield (*path, key), value
    for n, row in enumerate(value if isinstance(value, list) else []):
        yield (*path, key, n), _mapping(row)


def _check_id(
    example: Mapping[str, Any], path: Steps, seen: dict[str, Steps], complaints: Complaints
) -> None:
    name = example.get("id")
    if isinstance(name, str) and name in seen:
        line = complaints.document.where(seen[name]).split(":")[-2]
        what = f"the example `{name}` already exists, on line {line}"
        complaints.add((*path, "id"), what, advice="Give it another name")
    elif isinstance(name, str):
        seen[name] = (*path, "id")


def _check_expect(
    example: Mapping[str, Any], path: Steps, requirements: set[str], complaints: Complaints
) -> None:
    expect = example.get("expect")
    if not isinstance(expect, dict):
        return
    where = (*path, "expect")
    empty = not expect.get("verdict") and not expect.get("requirements")
    if empty and not complaints.spoilt_inside(where):
        advice = "Add verdict, or requirements"
        complaints.add(where, "this example expects nothing", advice=advice)
    for name in _mapping(expect.get("requirements")):
        if name not in requirements:
            what = f"the protocol has no requirement `{name}`"
            advice = did_you_mean(name, requirements)
            complaints.add((*where, "requirements", name), what, advice=advice, key=True)
