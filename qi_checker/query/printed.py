"""Print the SQL of a protocol for people: every step says what it decides, and for what.

The sentence of a requirement and the wording of its clauses come from `words.py`, which describes
the same objects from which the SQL beside them is compiled.
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

_NOTES = {
    "tsql": "Arrays (modalities, regions) are texts with ; between the words, truth values are 1"
    " and 0.",
    "snowflake": "Every name is in quotes and in lower case; create the tables likewise.",
}


def script(compiled: Compiled, dialect: str) -> str:
    """Return every statement of a protocol, in order of dependency.

    Each is a SELECT whose rows form a table that later ones read; `dialect` is one of `DIALECTS`.
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
            [f"not tested: printed for {NAMES[dialect]}, but never run on it"]
            if dialect in NOT_RUN
            else []
        ),
        *([_NOTES[dialect]] if dialect in _NOTES else []),
        "",
        "It reads these tables, which must be built from the records (docs/evaluation.md):",
    ]
    text = "\n".join(map(one_line, lines)) + "\n" + ready
    return _comment(text) + "\n"


def statements(compiled: Compiled) -> Iterator[tuple[Step, Part]]:
    """Yield the queries that an engine runs, in order; no source is assumed stale or silent."""
    for step in plan(compiled, tables.Feeds()):
        for part in step.parts:
            yield step, part


# ---- one statement -------------------------------------------------------------------------------


def _printed(step: Step, part: Part, compiled: Compiled, dialect: str) -> str:
    query = portable(part.query(), dialect)
    annotate(query, part.scope, compiled.bundle.protocol)
    rule = "-" * 96
    head = [part.title, f"Its rows form the table {step.fills}."]
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
    return [f"Version {version.version} applies to {population_words(version)}", *out]


_LISTED: dict[str, Callable[[Requirement, Titles], str]] = {
    "requirements": requirement_sentence,
    "pairs": lambda leaf, titles: window_words(leaf.window, titles),
}


def _of_cte(name: str, scope: Scope | None) -> list[str]:
    """Return what a step decides, and for steps by requirement the wording of each."""
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


# ---- what each step decides ----------------------------------------------------------------------

_STEPS = {
    # the population
    "numbered": "every case with the number of its version",
    "judged": "the same with whether the version applies",
    "population": "every case, with the reason if the protocol does not apply",
    # findings
    "requirements": "the requirements, one row each",
    "numbers": "numbers of the requirements",
    "profile_criteria": "criteria of events with equal properties, such as code, modality and region:"
    " 0 passes, 1 is undecided, 2 fails",
    "profiles": "the same with the number of criteria that are open, the worst, and its reason",
    "cases": "the cases, with the events that were chosen for other requirements",
    "pairs": "every event that is near a requirement, with its case: the first and last days on"
    " which it counts",
    "dated": "whether the dates of the window hold, and how far the event is from it",
    "decided": "whether status and window hold",
    "criteria": "every criterion of every event, and the reason of the first that does not pass",
    "readable_doubts": "rejected rows that can be read in part, with the days on which they would"
    " count",
    "dated_doubts": "the same with the outcome of their dates",
    "doubts": "rejected rows that could be the missing event",
    "candidates": "events and rejected rows with one number to sort them: the class, open"
    " criteria, distance, the latest first",
    "best": "the event that decides, per case and requirement",
    "done": "the next completed event, counting back, that is far enough from the last",
    "planned": "the same together with appointments",
    "bookings": "the same for appointments alone",
    "picks": "all events that were counted",
    "tally": "how many events were counted",
    "found": "the result for each requirement: its class and the event",
    "active_exceptions": "the active exceptions, the one that lasts longest",
    "remaining": "events that may still count although something came in between",
    "joined": "every requirement of every case with its result",
    "settled": "the same, with a booking instead of an event that no longer counts",
    "grounded": "the same with the reason from the records alone",
    "reasoned": "the same with status and reason",
    "facts": "status, reason and evidence; empty where not applicable",
    # cases
    "wide": "one row per case, its requirements side by side",
    "chosen": "the same with the next requirement to act on",
    "verdicts": "the verdict of every case, the next requirement, and until when it holds",
    # words
    "full": "findings with every column that sentences need",
    "pieces": "parts of several sentences: the distance, what to find out, when to arrange it",
    "worded": "the sentences of what was found, and of what to do",
    "findings": "the whole sentence",
}


def described(name: str) -> tuple[str, str]:
    """Return (step, what it decides) for a step's name, which may end in a number or a part."""
    known = [step for step in _STEPS if name == step or name.startswith(f"{step}_")]
    if not known:
        return name, "an intermediate step"
    step = max(known, key=len)
    more = " (for events in between)" if name.endswith("_between") else ""
    return step, _STEPS[step] + more
