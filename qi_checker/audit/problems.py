"""Data problems: they do not stop an audit, but people should look at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from qi_checker.errors import count
from qi_checker.protocol.records import RawTable
from qi_checker.protocol.vocabulary import URGENCIES
from qi_checker.query.tables import EXCEPTIONS, FINDINGS

if TYPE_CHECKING:
    from qi_checker.engines.inputs.results import Results

_SHOWN = 20  # maximum number of ids in one problem; the rest is counted


def problems(evaluation: Results) -> Iterator[str]:
    """Yield one sentence per problem, with ids only, in a fixed order."""
    yield from evaluation.prepared.apart
    yield from evaluation.records.notes
    yield from evaluation.prepared.notes
    yield from _late_cases(evaluation)
    yield from _words(evaluation)
    yield from _contradictions(evaluation)
    yield from _missing_columns(evaluation)
    yield from _exceptions(evaluation)


def rejected_rows(evaluation: Results) -> Iterator[str]:
    """Yield a sentence per file with rejected rows; every report has it, or a table of all rows."""
    census = evaluation.prepared.census
    counts = {name: (counted.read, counted.used) for name, counted in census.items()}
    return rows_not_used(evaluation.records.tables, counts)


def rows_not_used(
    tables: Mapping[str, RawTable], counts: Mapping[str, tuple[int, int]]
) -> Iterator[str]:
    """Yield the same from the numbers of rows read and used per table."""
    for name, table in tables.items():
        read, used = counts[name]
        if read > used:
            yield f"{table.file}: {count(read, 'row')} read = {used:,} used + {read - used:,} rejected."


def _named(evaluation: Results, query: str) -> str:
    """List the first ids of a query and count the rest; only these leave the database."""
    ids = [str(r["id"]) for r in evaluation.rows(f"{query} ORDER BY id LIMIT {_SHOWN + 1}")]
    if len(ids) <= _SHOWN:
        return ", ".join(ids)
    number = evaluation.rows(f"SELECT count(*) AS number FROM ({query}) q")[0]["number"]
    return f"{', '.join(ids[:_SHOWN])} and {number - _SHOWN} more"


def _late_cases(evaluation: Results) -> Iterator[str]:
    today = evaluation.compiled.as_of.date
    ids = _named(
        evaluation,
        "SELECT case_id AS id FROM ready_cases "
        f"WHERE status = 'scheduled' AND anchor < DATE '{today}'",
    )
    if ids:
        yield f"Still scheduled after the date of surgery, judged as past: {ids}."
    urgencies = ", ".join(f"'{u}'" for u in URGENCIES)
    ids = _named(
        evaluation,
        f"SELECT case_id AS id FROM ready_cases WHERE urgency NOT IN ({urgencies})",
    )
    if ids:
        yield f"Urgency is not one of {', '.join(URGENCIES)}: {ids}."


def unknown_words(evaluation: Results) -> Iterator[tuple[str, str, int]]:
    """Yield column, word and number of events for each word outside a vocabulary.

    A word may be anything, even a patient's name from a shifted column: it may be shown on the
    screen of the person who requested the audit, but not in any file, page, mail, log or store.
    """
    for column, said in (("modality", "said_modalities"), ("region", "said_regions")):
        rows = evaluation.rows(f"""
            SELECT word, CAST(sum(events) AS BIGINT) AS number FROM
                (SELECT {evaluation.each(said)} AS word, events FROM event_profiles
                 WHERE kind = 'imaging') w
            WHERE word NOT IN (SELECT word FROM known_words) GROUP BY word ORDER BY word""")
        for row in rows:
            yield column, str(row["word"]), int(row["number"])


def _words(evaluation: Results) -> Iterator[str]:
    counts: dict[str, list[int]] = {}
    for column, _, number in unknown_words(evaluation):
        counts.setdefault(column, []).append(number)
    for column, numbers in counts.items():
        different = count(len(numbers), "different word")
        yield (
            f"{column}: {count(sum(numbers), 'value')} outside the vocabulary ({different}), read as not "
            "recorded. `audit` shows the words on a terminal; map them under values in site.yaml."
        )


def _contradictions(evaluation: Results) -> Iterator[str]:
    for column, said, coded in (
        ("modality", "said_modalities", "code_modalities"),
        ("region", "said_regions", "code_regions"),
    ):
        number = evaluation.rows(
            "SELECT CAST(sum(events) AS BIGINT) AS number FROM event_profiles "
            f"WHERE {evaluation.apart(said, coded)}"
        )[0]["number"]
        if number:
            yield (
                f"{count(number, 'event')} with a {column} that the code contradicts: the column decided."
            )


def _missing_columns(evaluation: Results) -> Iterator[str]:
    have = evaluation.records.tables["cases"].columns
    for column in sorted(evaluation.compiled.case_columns - set(have)):
        yield f"cases has no column {column}, which the protocol reads: no case matches there."


def _exceptions(evaluation: Results) -> Iterator[str]:
    joined = evaluation.records.tables["exceptions"].joined
    beside = evaluation.joined_exceptions() if joined else frozenset()
    for exception_id, why in evaluation.ignored_exceptions():
        of = f" of {joined.place}" if joined and exception_id in beside else ""
        yield f"Exception {exception_id}{of} is ignored: {why}."
    ids = _named(
        evaluation,
        f"SELECT exception_id AS id FROM {EXCEPTIONS} WHERE ignored IS NULL AND asked_late > 0",
    )
    if ids:
        yield f"Exceptions that were requested after surgery: {ids}."
    ids = _named(
        evaluation,
        f"""
        SELECT x.exception_id AS id FROM {EXCEPTIONS} x JOIN {FINDINGS} f
               ON f.case_key = x.case_key AND f.id = x.requirement
        WHERE x.ignored IS NULL AND f.status <> 'exempt'""",
    )
    if ids:
        yield f"Exceptions that were not needed: {ids}."
