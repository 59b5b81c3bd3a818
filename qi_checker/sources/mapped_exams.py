"""Complete the columns of events by the meaning of their exam names (`exam_name` of a mapping)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from qi_checker.errors import count
from qi_checker.protocol.exam_names import ExamList
from qi_checker.protocol.mapping import TableMapping
from qi_checker.sources.exams import codes_of, look_up
from qi_checker.sources.expressions import Expressions
from qi_checker.sources.layout import plain
from qi_checker.sources.raw import quoted

if TYPE_CHECKING:
    import duckdb

EXAM = "_exam"  # the column of the given exam name
# Condition for a looked up exam name that the list does not know.
UNREAD = (
    "coalesce(role, '') <> 'never' AND coalesce(kind, 'imaging') = 'imaging' "
    "AND (modality IS NULL OR region IS NULL)"
)


def look_up_exams(
    con: duckdb.DuckDBPyConnection,
    rows: str,
    expressions: Expressions,
    exam_name: str,
    exams: ExamList,
    into: str,
) -> None:
    """Make the table `into` of the distinct exam names of rows, with their meanings.

    rows: a FROM clause. exam_name: the column of the export.
    """
    # The few distinct names are trimmed after counting, not a million rows before.
    alias, column = expressions.columns[plain(exam_name)].split(".")
    counted = f"SELECT {alias}.{column}, count(*) AS number FROM {rows} GROUP BY 1"
    given_name = expressions.given(exam_name)
    names = f"SELECT {given_name} AS name, {alias}.number FROM ({counted}) {alias}"
    look_up(con, names, exams, into)


def exam_columns(block: TableMapping, described: bool) -> dict[str, str]:
    """Return the SQL of each column that an exam name completes, if it is still empty.

    `p` has the row of the contract, `e` the looked up name. described: the export has a column of
    descriptions.
    """
    columns = {
        "kind": "coalesce(p.kind, e.kind, 'imaging')",
        "modality": "coalesce(nullif(p.modality, ''), e.modality)",
        "region": "coalesce(nullif(p.region, ''), e.region)",
        "provenance": "coalesce(nullif(p.provenance, ''), e.provenance)",
        "codes": codes_of("p.codes", "e"),
    }
    if block.outside_dates == "reading":
        outside = "e.provenance = 'external' AND lower(trim(p.status)) = 'completed'"
        columns["at"] = f"CASE WHEN {outside} THEN NULL ELSE p.at END"
    if not described:
        columns["description"] = f"p.{EXAM}"
    return columns


def completed(body: str, columns: dict[str, str], looked_up: str) -> str:
    """Return the query `body` with its columns completed by the table `looked_up`."""
    changes = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in columns.items())
    return (
        f"SELECT p.* EXCLUDE ({EXAM}) REPLACE ({changes}) FROM ({body}) p "
        f"LEFT JOIN {looked_up} e ON e.name = p.{EXAM}"
    )


def exam_notes(
    con: duckdb.DuckDBPyConnection, looked_up: str, block: TableMapping
) -> Iterator[str]:
    """Yield notes with counts only: a value in the column may be a patient's name."""
    names, unread, rows, outside = con.execute(f"""
        SELECT count(*), count(*) FILTER (WHERE {UNREAD}),
               coalesce(sum(number) FILTER (WHERE {UNREAD}), 0),
               coalesce(sum(number) FILTER (WHERE provenance = 'external'), 0)
        FROM {looked_up}""").fetchall()[0]
    if unread:
        yield (
            f"the list knows no modality or no region for {unread} of {count(names, 'exam name')}, "
            f"in {count(rows, 'row')}; qi-checker inspect --dry-run names them"
        )
    if outside and block.outside_dates == "reading":
        yield (
            f"{count(outside, 'reading')} of examinations made elsewhere: the date of a reading is "
            "not used as the date of the examination"
        )
