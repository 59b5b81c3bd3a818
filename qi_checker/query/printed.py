"""The SQL of a protocol as a person reads it: every step says what it decides, and for what.

The sentence of a requirement and the words of its clauses come from `words.py`, which speaks of the
same objects that the SQL beside them is compiled from.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from textwrap import indent

from sqlglot import exp

from qi_checker.protocol.models import Requirement, Version
from qi_checker.query import Compiled, tables
from qi_checker.query.annotated import annotate, one_line
from qi_checker.query.dialects import NAMES, NOT_RUN, portable
from qi_checker.query.scope import Scope
from qi_checker.query.sql import STAR, select
from qi_checker.query.steps import described
from qi_checker.query.words import (
    Titles,
    exclusion_words,
    population_words,
    requirement_sentence,
    titles_of,
    window_words,
)

_NOTES = {
    "tsql": "Arrays (modalities, regions) are texts with ; between the words, truth values are 1"
    " and 0.",
    "snowflake": "Every name is in quotes and in lower case; create the tables likewise.",
}


@dataclass(frozen=True)
class Statement:
    """A query with the table that its rows are."""

    title: str
    fills: str
    query: exp.Query
    scope: Scope | None = None


def script(compiled: Compiled, dialect: str) -> str:
    """Every statement of a protocol, in the order in which they need each other.

    Each is a SELECT whose rows are a table that later ones read; `dialect` is one of `DIALECTS`.
    """
    parts = [_head(compiled, dialect)]
    parts += [_printed(statement, compiled, dialect) for statement in statements(compiled)]
    return "\n".join(parts)


def _head(compiled: Compiled, dialect: str) -> str:
    protocol = compiled.bundle.protocol
    ready = inspect.cleandoc(tables.__doc__ or "").split("\n\n", 2)[-1]
    lines = [
        f"{protocol.id}: {protocol.title}",
        protocol.statement,
        f"SHA-256 {compiled.bundle.sha256}, as of {compiled.as_of}, {NAMES[dialect]}",
        *(
            [f"not run here: printed for {NAMES[dialect]}, never tried on one"]
            if dialect in NOT_RUN
            else []
        ),
        *([_NOTES[dialect]] if dialect in _NOTES else []),
        "",
        "It reads these tables, which have to be made out of the records (docs/evaluation.md):",
    ]
    text = "\n".join(map(one_line, lines)) + "\n" + ready
    return _comment(text) + "\n"


def statements(compiled: Compiled) -> Iterator[Statement]:
    """What an engine runs, in order; no source is taken to be stale or silent."""
    who = "who the protocol is for, and which version"
    yield Statement(who, tables.POPULATION, compiled.population())
    for scope in compiled.scopes:
        exceptions, facts = compiled.exceptions(scope), compiled.facts(scope, tables.Feeds())
        version = f"version {scope.version.version}"
        yield Statement(f"{version}: which exceptions hold", tables.EXCEPTIONS, exceptions, scope)
        yield Statement(
            f"{version}: status and reason of every requirement", tables.ROWS, facts, scope
        )
    until = "the same with the last day to arrange what is wanted"
    yield Statement(until, tables.JUDGED, compiled.dated(), compiled.scopes[-1])
    every = "the same, and below it the cases that the protocol is not for"
    yield Statement(every, tables.FACTS, select([STAR.copy()], tables.JUDGED), compiled.scopes[-1])
    for scope in compiled.scopes:
        version = f"version {scope.version.version}"
        verdicts, worded = compiled.cases(scope), compiled.worded(scope)
        outside = f"{version}: cases that it is not for"
        yield Statement(outside, tables.FACTS, compiled.outside(scope), scope)
        yield Statement(
            f"{version}: what it adds up to for a case", tables.VERDICTS, verdicts, scope
        )
        yield Statement(outside, tables.VERDICTS, compiled.verdicts_outside(scope), scope)
        yield Statement(f"{version}: the same in words", tables.FINDINGS, worded, scope)


# ---- one statement -------------------------------------------------------------------------------


def _printed(statement: Statement, compiled: Compiled, dialect: str) -> str:
    query = portable(statement.query, dialect)
    annotate(query, statement.scope, compiled.bundle.protocol)
    rule = "-" * 96
    head = [statement.title, f"Its rows are the table {statement.fills}."]
    if statement.scope is None:
        head += [line for v in compiled.bundle.protocol.versions for line in _population(v)]
    lines = [rule, _comment("\n".join(map(one_line, head)))]
    with_ = query.args.get("with_")
    if with_ is None:
        return "\n".join([*lines, f"{_sql(query, dialect)};", ""])
    lines.append("WITH")
    steps = with_.expressions
    for step in steps:
        lines.append(_comment("\n".join(_of_step(step.alias, statement.scope))))
        name = exp.to_identifier(step.alias, quoted=True).sql(dialect=dialect)
        comma = "," if step is not steps[-1] else ""
        lines.append(f"{name} AS (\n{indent(_sql(step.this, dialect), '  ')}\n){comma}")
    query.set("with_", None)
    return "\n".join([*lines, f"{_sql(query, dialect)};", ""])


def _population(version: Version) -> list[str]:
    out = [f"  without {title}: {when}" for title, when in exclusion_words(version)]
    return [f"Version {version.version} is for {population_words(version)}", *out]


_LISTED: dict[str, Callable[[Requirement, Titles], str]] = {
    "requirements": requirement_sentence,
    "pairs": lambda leaf, titles: window_words(leaf.window, titles),
}


def _of_step(name: str, scope: Scope | None) -> list[str]:
    """What a step decides, and where it decides by requirement, the words of each."""
    base, words = described(name)
    lines = [f"{name}: {words}"]
    if scope is not None and base in _LISTED:
        titles = titles_of(scope.version)
        lines += [f"  {leaf.title}: {_LISTED[base](leaf, titles)}" for leaf in scope.leaves]
    return [one_line(line) for line in lines]


def _sql(query: exp.Expr, dialect: str) -> str:
    return query.sql(dialect=dialect, pretty=True, identify=dialect != "duckdb")


def _comment(text: str) -> str:
    return "\n".join(f"-- {line}".rstrip() for line in text.splitlines())
