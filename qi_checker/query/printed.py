"""The SQL of a protocol as a person reads it: every step says what it decides, and for what.

The sentence of a requirement and the words of its clauses come from `words.py`, which speaks of the
same objects that the SQL beside them is compiled from.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from textwrap import indent

from sqlglot import exp

from qi_checker.protocol.models import Requirement, Version
from qi_checker.protocol.words import (
    Titles,
    exclusion_words,
    population_words,
    requirement_sentence,
    titles_of,
    window_words,
)
from qi_checker.query import Compiled, tables
from qi_checker.query.annotated import annotate, one_line
from qi_checker.query.dialects import NAMES, NOT_RUN, portable
from qi_checker.query.plan import Part, Step, plan
from qi_checker.query.scope import Scope
from qi_checker.query.steps import described

_NOTES = {
    "tsql": "Arrays (modalities, regions) are texts with ; between the words, truth values are 1"
    " and 0.",
    "snowflake": "Every name is in quotes and in lower case; create the tables likewise.",
}


def script(compiled: Compiled, dialect: str) -> str:
    """Every statement of a protocol, in the order in which they need each other.

    Each is a SELECT whose rows are a table that later ones read; `dialect` is one of `DIALECTS`.
    """
    parts = [_head(compiled, dialect)]
    parts += [_printed(step, part, compiled, dialect) for step, part in statements(compiled)]
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


def statements(compiled: Compiled) -> Iterator[tuple[Step, Part]]:
    """The queries that an engine runs, in order; no source is taken to be stale or silent."""
    for step in plan(compiled, tables.Feeds()):
        for part in step.parts:
            yield step, part


# ---- one statement -------------------------------------------------------------------------------


def _printed(step: Step, part: Part, compiled: Compiled, dialect: str) -> str:
    query = portable(part.query(), dialect)
    annotate(query, part.scope, compiled.bundle.protocol)
    rule = "-" * 96
    head = [part.title, f"Its rows are the table {step.fills}."]
    if step.fills == tables.POPULATION:
        head += [line for v in compiled.bundle.protocol.versions for line in _population(v)]
    lines = [rule, _comment("\n".join(map(one_line, head)))]
    with_ = query.args.get("with_")
    if with_ is None:
        return "\n".join([*lines, f"{_sql(query, dialect)};", ""])
    lines.append("WITH")
    for cte in with_.expressions:
        lines.append(_comment("\n".join(_of_cte(cte.alias, part.scope))))
        name = exp.to_identifier(cte.alias, quoted=True).sql(dialect=dialect)
        comma = "," if cte is not with_.expressions[-1] else ""
        lines.append(f"{name} AS (\n{indent(_sql(cte.this, dialect), '  ')}\n){comma}")
    query.set("with_", None)
    return "\n".join([*lines, f"{_sql(query, dialect)};", ""])


def _population(version: Version) -> list[str]:
    out = [f"  without {title}: {when}" for title, when in exclusion_words(version)]
    return [f"Version {version.version} is for {population_words(version)}", *out]


_LISTED: dict[str, Callable[[Requirement, Titles], str]] = {
    "requirements": requirement_sentence,
    "pairs": lambda leaf, titles: window_words(leaf.window, titles),
}


def _of_cte(name: str, scope: Scope | None) -> list[str]:
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
