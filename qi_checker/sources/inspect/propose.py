"""Propose a first mapping.yaml for an export, with a question for each doubt.

Certain values are written; if two readings are possible the mapping contains both or a `?`, and is
refused until a person has answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from qi_checker.protocol.vocabulary import CASE_STATUSES, EVENT_STATUSES
from qi_checker.sources.inspect.block import Block
from qi_checker.sources.inspect.code_columns import add_codes
from qi_checker.sources.inspect.code_tables import about_joined_codes, join_codes
from qi_checker.sources.inspect.date_columns import add_date
from qi_checker.sources.inspect.export_words import known_words
from qi_checker.sources.inspect.operations import group_rows
from qi_checker.sources.inspect.patient_ids import Side, about_ids, about_ids_of_feed
from qi_checker.sources.inspect.proposal import OPEN, Doubt, Part, Proposal
from qi_checker.sources.inspect.roles import kind_of
from qi_checker.sources.inspect.tables import InspectedTable
from qi_checker.sources.inspect.word_columns import add_modality, add_status, add_words

if TYPE_CHECKING:
    import duckdb


def propose(
    con: duckdb.DuckDBPyConnection, tables: Sequence[InspectedTable], url: str = ""
) -> Proposal:
    """Propose a mapping for the given tables; `url` is the address of their database."""
    proposal = Proposal()
    if url:
        proposal.mapping["database"] = {"url": url}
    sides: dict[str, list[Side]] = {"cases": [], "events": []}
    kinds = [(inspected, *kind_of(inspected.table)) for inspected in tables]
    for inspected, kind, sure in sorted(kinds, key=lambda item: -item[2]):
        part = Part(inspected.table.title, _rows(inspected), kind, sure, torn=inspected.torn)
        proposal.parts.append(part)
        if not kind or (kind == "cases" and sides["cases"] and sure < 0.4):
            part.kind = ""
            continue
        if kind == "cases" and sides["cases"]:
            main, mapping = sides["cases"][0]
            if used := join_codes(con, main, mapping, inspected):
                part.kind = f"codes of {main.table.title}"
                columns = inspected.table.columns
                part.unused = [c.name for c in columns if c.name not in used and c.filled]
                proposal.doubts += about_joined_codes(mapping, inspected)
                continue
        block = Block(con, inspected, kind, (kind, len(sides[kind])))
        (_add_cases if kind == "cases" else _add_events)(block)
        block.finish()
        sides[kind].append((inspected, block.mapping))
        proposal.doubts += block.doubts
        part.unused = block.unused
    for kind, parts in sides.items():
        _put_parts(proposal, kind, [mapping for _, mapping in parts])
    if sides["cases"] and sides["events"]:
        proposal.doubts += _about_patients(con, proposal, sides["cases"][0], sides["events"])
    return proposal


def _rows(inspected: InspectedTable) -> int:
    columns = inspected.table.columns
    return columns[0].rows if columns else 0


def _put_parts(proposal: Proposal, kind: str, parts: list[dict[str, Any]]) -> None:
    """Put the parts of a table into the mapping: a single one by itself, several as a list."""
    if len(parts) > 1:
        proposal.mapping[kind] = parts
    elif parts:
        proposal.mapping[kind] = parts[0]
        for doubt in proposal.doubts:
            if doubt.path[:2] == (kind, 0):
                doubt.path = (kind, *doubt.path[2:])


def _about_patients(
    con: duckdb.DuckDBPyConnection, proposal: Proposal, cases: Side, feeds: Sequence[Side]
) -> Iterator[Doubt]:
    """Ask whether operations and events name their patients alike."""
    # Most patients have examinations; of the other feeds, fewer may.
    largest = max(
        range(len(feeds)), key=lambda n: ("exam_name" in feeds[n][1], _rows(feeds[n][0]), -n)
    )
    yield from about_ids(con, proposal, cases, feeds[largest], largest)
    for number, feed in enumerate(feeds):
        if number != largest:
            yield from about_ids_of_feed(con, proposal, cases, feed, number)


def _add_cases(block: Block) -> None:
    """Map the columns of cases."""
    block.add_id("case_id", ("patient_id", "surgery_at"))
    block.add("patient_id")
    add_date(block, "surgery_at", required=True)
    add_date(block, "started_at")
    add_status(block, known_words().case_status, CASE_STATUSES)
    for role in ("procedures", "diagnoses"):
        add_codes(block, role)
    add_words(block, "urgency", known_words().urgency, ("elective", "urgent", "emergency"))
    add_date(block, "admitted_at")
    for role in ("surgeon", "site"):
        block.add(role, optional=True)
    group_rows(block)


def _add_events(block: Block) -> None:
    """Map the columns of events."""
    block.add_id("event_id", ("patient_id", "exam_name", "at"))
    block.add("patient_id")
    exam_share = block.table.exam_share
    if "exam_name" in block.roles and exam_share.get(block.roles["exam_name"][0].name, 0):
        block.mapping["exam_name"] = block.use("exam_name")
    else:
        _add_kind(block)
    add_status(block, known_words().event_status, EVENT_STATUSES)
    add_date(block, "at", required=True)
    add_modality(block)
    block.add("region", optional=True)
    add_codes(block, "codes")
    add_date(block, "ordered_at")


def _add_kind(block: Block) -> None:
    """Give all events the kind imaging if they have a modality, or ask for it."""
    imaging = "modality" in block.roles
    block.columns["kind"] = {"constant": "imaging" if imaging else OPEN}
    if not imaging:
        answers = [(word, {"constant": word}) for word in ("imaging", "therapy", "visit", "lab")]
        block.ask("kind", f"What are the rows of {block.title}?", answers)
