"""Data problems: nothing that stops an audit, everything that a person should look at."""

from __future__ import annotations

from collections.abc import Iterator

from qi_checker.compiler.tables import EXCEPTIONS, FINDINGS
from qi_checker.engines.duckdb import Evaluation
from qi_checker.protocol.vocabulary import URGENCIES

_SHOWN = 20  # ids named in one problem; the rest is counted


def problems(evaluation: Evaluation) -> Iterator[str]:
    """One sentence per problem, ids only, in a fixed order."""
    yield from evaluation.records.notes
    yield from evaluation.prepared.notes
    yield from _late_cases(evaluation)
    yield from _words(evaluation)
    yield from _contradictions(evaluation)
    yield from _missing_columns(evaluation)
    yield from _exceptions(evaluation)


def rejected_rows(evaluation: Evaluation) -> Iterator[str]:
    """One sentence per file with rejected rows; every report carries it, or a table of all."""
    for name, table in evaluation.records.tables.items():
        census = evaluation.prepared.census[name]
        rejected = census.rejected + census.torn
        if rejected:
            yield f"{table.file}: {census.read} rows read = {census.used} used + {rejected} rejected."


def _named(evaluation: Evaluation, query: str) -> str:
    """Ids of a one-column query, the first ones by name."""
    ids = [str(r[0]) for r in evaluation.con.execute(query).fetchall()]
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return ", ".join(ids[:_SHOWN]) + more if ids else ""


def _late_cases(evaluation: Evaluation) -> Iterator[str]:
    today = evaluation.compiled.as_of.date
    ids = _named(
        evaluation,
        f"SELECT case_id FROM ready_cases WHERE status = 'scheduled' AND anchor < DATE '{today}' "
        "ORDER BY case_id",
    )
    if ids:
        yield f"Still scheduled after the date of surgery, judged as past: {ids}."
    urgencies = ", ".join(f"'{u}'" for u in URGENCIES)
    ids = _named(
        evaluation,
        f"SELECT case_id FROM ready_cases WHERE urgency NOT IN ({urgencies}) ORDER BY case_id",
    )
    if ids:
        yield f"Urgency is not one of {', '.join(URGENCIES)}: {ids}."


def _words(evaluation: Evaluation) -> Iterator[str]:
    for column, said in (("modality", "said_modalities"), ("region", "said_regions")):
        rows = evaluation.con.execute(f"""
            SELECT word, sum(events)::BIGINT FROM
                (SELECT unnest({said}) AS word, events FROM event_profiles WHERE kind = 'imaging')
            WHERE word NOT IN (SELECT word FROM known_words) GROUP BY 1 ORDER BY 1""").fetchall()
        if rows:
            known = ", ".join(f"{str(w)[:30]} ({n})" for w, n in rows[:_SHOWN])
            yield (
                f"{column} holds words that are not of the vocabulary: {known}. They are read as "
                f"not recorded; map them under values in site.yaml."
            )


def _contradictions(evaluation: Evaluation) -> Iterator[str]:
    for column, said, coded in (
        ("modality", "said_modalities", "code_modalities"),
        ("region", "said_regions", "code_regions"),
    ):
        row = evaluation.con.execute(f"""
            SELECT sum(events)::BIGINT FROM event_profiles
            WHERE len({said}) > 0 AND len({coded}) > 0 AND NOT list_has_any({said}, {coded})
        """).fetchone()
        if row and row[0]:
            yield (
                f"{row[0]} events have a {column} that their code contradicts; the column decided."
            )


def _missing_columns(evaluation: Evaluation) -> Iterator[str]:
    have = evaluation.records.tables["cases"].columns
    for column in sorted(evaluation.compiled.case_columns - set(have)):
        yield f"cases has no column {column}, which the protocol reads: no case matches there."


def _exceptions(evaluation: Evaluation) -> Iterator[str]:
    joined = evaluation.records.tables["exceptions"].joined
    beside = evaluation.joined_exceptions() if joined else frozenset()
    for exception_id, why in evaluation.ignored_exceptions():
        of = f" of {joined.place}" if joined and exception_id in beside else ""
        yield f"Exception {exception_id}{of} is ignored: {why}."
    ids = _named(
        evaluation,
        f"""
        SELECT x.exception_id FROM {EXCEPTIONS} x JOIN {FINDINGS} f
               ON f.case_key = x.case_key AND f.id = x.requirement
        WHERE x.ignored IS NULL AND f.status <> 'exempt' ORDER BY 1""",
    )
    if ids:
        yield f"Exceptions that were not needed: {ids}."
