"""The source of all numbers: the manifest of an audit and the footer of every page."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qi_checker import __version__
from qi_checker.audit.problems import problems
from qi_checker.cases.actions import count_actions
from qi_checker.errors import count
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.records import Joined, RawTable
from qi_checker.protocol.site import Site
from qi_checker.protocol.time_zones import RULES
from qi_checker.protocol.vocabulary import Reason
from qi_checker.query.tables import CASES, EVENT_PROFILES, EXCEPTIONS, FINDINGS, POPULATION
from qi_checker.render.views import Provenance

if TYPE_CHECKING:
    from qi_checker.engines.inputs.results import Results


def data_sha256(tables: Mapping[str, RawTable]) -> str:
    """Return the SHA-256 of the names and hashes of the input files, independent of their order."""
    lines = sorted(f"{t.name} {t.sha256}" for t in tables.values() if not t.absent)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def provenance(evaluation: Results) -> Provenance:
    """Return the footer of a page."""
    compiled = evaluation.compiled
    plain = footer(compiled.bundle, evaluation.records.tables, compiled.as_of, compiled.site)
    return replace(
        plain,
        plausibility=evaluation.checked.findings,
        no_data=no_data(evaluation),
        rests_on=rests_on(evaluation),
    )


def footer(bundle: Bundle, tables: Mapping[str, RawTable], as_of: AsOf, site: Site) -> Provenance:
    """Return the footer of a page about one case, without numbers of rows."""
    protocol = bundle.protocol
    version = protocol.in_force(as_of.date) or protocol.versions[-1]
    return Provenance(
        program_version=__version__,
        protocol_id=protocol.id,
        protocol_title=protocol.title,
        protocol_version=version.version,
        protocol_sha256=bundle.sha256,
        data_sha256=data_sha256(tables),
        as_of=str(as_of),
        timezone=site.timezone,
        organisation=site.organisation,
    )


def no_data(evaluation: Results) -> tuple[str, ...]:
    """Return the titles of requirements whose kind of event does not occur in the records.

    They cannot be evaluated: a rate of 0% would be read as a failure of the ward.
    """
    kinds = {row["kind"] for row in evaluation.rows(f"SELECT DISTINCT kind FROM {EVENT_PROFILES}")}
    leaves = {leaf.id: leaf for scope in evaluation.compiled.scopes for leaf in scope.leaves}
    return tuple(
        leaf.title
        for leaf in leaves.values()
        if not leaf.forbidden and leaf.event.kind not in kinds
    )


def rests_on(evaluation: Results) -> str:
    """Describe the rows behind a page, so that an empty list, 0% and 100% can be judged."""
    census = evaluation.prepared.census
    ahead, own = evaluation.rows(
        "SELECT count(*) FILTER (WHERE upcoming) AS ahead, "
        f"count(*) FILTER (WHERE upcoming AND not_applicable IS NULL) AS own FROM {POPULATION}"
    )[0].values()
    planned = f"{ahead:,} planned, {own:,} of them of this protocol" if ahead else "none planned"
    return (
        f"{count(census['cases'].used, 'operation')} ({planned}) and "
        f"{count(census['events'].used, 'event')}"
    )


def manifest(evaluation: Results) -> dict[str, Any]:
    """Return everything that is needed to trace a number and account for every row."""
    from qi_checker.engines.observers import JudgedTwice  # not for the sheet of one case

    compiled = evaluation.compiled
    summary = evaluation.summary()
    prepared = evaluation.prepared
    return {
        "program": {"name": "qi-checker", "version": __version__},
        "protocol": {
            "id": compiled.bundle.protocol.id,
            "title": compiled.bundle.protocol.title,
            "versions": [v.version for v in compiled.bundle.protocol.versions],
            "sha256": compiled.bundle.sha256,
        },
        "titles": {
            leaf.id: leaf.title
            for version in compiled.bundle.protocol.versions
            for leaf in version.leaves
        },
        "as_of": str(compiled.as_of),
        "time_zone_rules": RULES,
        "site": compiled.site.model_dump(mode="json"),
        "data": {"sha256": data_sha256(evaluation.records.tables), "files": _files(evaluation)},
        "left_out": prepared.left_out,
        "population": population(evaluation),
        "statuses": _statuses(evaluation),
        "verdicts": _counts(evaluation, f"SELECT verdict, count(*) FROM {CASES} GROUP BY 1"),
        "rate": {
            k: summary[k] for k in ("compliant", "eligible", "with_exception", "undetermined")
        },
        "present": dict(sorted(summary["present"].items())),
        "in_window": dict(sorted(summary["in_window"].items())),
        "sensitivity": summary["sensitivity"],
        "exceptions": _exceptions(evaluation),
        **_actions(evaluation),
        "plausibility": [finding.as_dict() for finding in evaluation.checked.findings],
        "accepted": list(evaluation.checked.accepted),
        "counts": dict(sorted(evaluation.checked.counts.items())),
        "judged_twice": (evaluation.twice or JudgedTwice()).as_dict(),
        "failures": evaluation.failures,
        "problems": list(problems(evaluation)),
    }


def _actions(evaluation: Results) -> dict[str, Any]:
    """Return the number of actions by urgency, if there are actions."""
    made = getattr(evaluation, "actions", None)
    return {} if made is None else {"actions": count_actions(made).facts}


def _files(evaluation: Results) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for name, table in evaluation.records.tables.items():
        census = evaluation.prepared.census[name]
        line = {
            "table": name,
            "file": table.file,
            "sha256": table.sha256,
            "read": census.read,
            "used": census.used,
            "rejected": census.rejected + census.torn,
        }
        if table.joined is not None:
            lines += _both_places(evaluation, line, table.joined)
        elif not table.absent:
            lines.append(line)
    return lines


def _both_places(
    evaluation: Results, line: dict[str, Any], joined: Joined
) -> Iterator[dict[str, Any]]:
    """Yield a line for the file, if there is one, and a line for the rows beside it."""
    counts = evaluation.rows(f"""
        SELECT (SELECT count(*) FROM raw_{line["table"]} WHERE _row < 0) AS read,
               (SELECT count(*) FROM rejected_{line["table"]} WHERE _row < 0) AS rejected""")[0]
    beside = counts | {"used": counts["read"] - counts["rejected"]}
    if joined.file:
        rest = {key: line[key] - number for key, number in beside.items()}
        yield line | {"file": joined.file, "sha256": joined.sha256} | rest
    yield line | {"file": joined.place, "sha256": joined.place_sha256} | beside


def _counts(evaluation: Results, query: str) -> dict[str, int]:
    counts = {str(name): int(number) for name, number in map(dict.values, evaluation.rows(query))}
    return dict(sorted(counts.items()))


def population(evaluation: Results) -> dict[str, Any]:
    """Count cases = not applicable + upcoming + eligible + error; excluded cases by their title.

    A past case whose window is still open (such as a follow-up) is counted as upcoming.
    """
    outside = "'error', 'not_applicable'"
    counts = evaluation.rows(f"""
        SELECT count(*) AS cases,
               count(*) FILTER (WHERE verdict = 'error') AS error,
               count(*) FILTER (WHERE verdict = 'not_applicable') AS not_applicable,
               count(*) FILTER (WHERE verdict NOT IN ({outside}) AND still_open) AS upcoming,
               count(*) FILTER (WHERE verdict NOT IN ({outside}) AND NOT still_open) AS eligible
        FROM {CASES}""")[0]
    reasons = (
        f"SELECT coalesce(not_applicable, '{Reason.CONDITION_NOT_MET}'), count(*) FROM {CASES} "
        "WHERE verdict = 'not_applicable' GROUP BY 1"
    )
    titles = f"SELECT excluded_by, count(*) FROM {CASES} WHERE excluded_by IS NOT NULL GROUP BY 1"
    return {
        **counts,
        "not_applicable_by_reason": _counts(evaluation, reasons),
        "excluded_by": _counts(evaluation, titles),
    }


def _statuses(evaluation: Results) -> dict[str, dict[str, int]]:
    rows = evaluation.rows(
        f"SELECT id, status, count(*) AS number FROM {FINDINGS} GROUP BY 1, 2 ORDER BY 1, 2"
    )
    by_requirement: dict[str, dict[str, int]] = {}
    for row in rows:
        by_requirement.setdefault(row["id"], {})[row["status"]] = row["number"]
    return by_requirement


def _exceptions(evaluation: Results) -> dict[str, Any]:
    counts = evaluation.rows(f"""
        SELECT count(*) AS active,
               count(*) FILTER (WHERE f.status IS DISTINCT FROM 'exempt') AS unused
        FROM {EXCEPTIONS} x LEFT JOIN {FINDINGS} f
             ON f.case_key = x.case_key AND f.id = x.requirement
        WHERE x.ignored IS NULL""")[0]
    table = evaluation.records.tables["exceptions"]
    joined = evaluation.joined_exceptions() if table.joined else frozenset()
    ignored = [
        {"exception_id": i, "why": why, "file": _file_of(table, i in joined)}
        for i, why in evaluation.ignored_exceptions()
    ]
    return {**counts, "ignored": ignored}


def _file_of(table: RawTable, beside: bool) -> str:
    if table.joined is None:
        return table.file
    return table.joined.place if beside else table.joined.file
