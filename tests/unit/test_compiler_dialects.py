"""Queries in the words of other databases.

None of them but DuckDB is asked here. What each spelling means is tried on DuckDB all the same: the
tree that is printed for another database, printed for DuckDB, must give the same rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from typing import Any

import pytest
import sqlglot
from sqlglot import ErrorLevel, exp

from qi_checker.engines.duckdb import Evaluation, evaluate
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.durations import Duration
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.site import Site
from qi_checker.query import Compiled, compile_protocol, dialects
from qi_checker.query.dialects import DIALECTS, NAMES, NOT_RUN, portable
from qi_checker.query.sql import (
    Expr,
    all_of,
    before,
    case,
    cast,
    col,
    lit,
    minus,
    named,
    overlaps,
    plus,
    select,
)
from qi_checker.query.tables import EXCEPTIONS, POPULATION, Feeds
from qi_checker.sources.memory import from_rows
from tests.generative.records import Generator
from tests.helpers.protocols import liver
from tests.helpers.rich_rules import rich

AS_OF = AsOf.parse("2026-06-30T12:00")
SITE = Site(timezone="America/Toronto")
OTHERS = [d for d in DIALECTS if d != "duckdb"]


def shipped() -> Bundle:
    return load_protocol(rules_dir() / "hepatic-metastasectomy-imaging")


RULES: dict[str, Callable[[], Bundle]] = {"shipped": shipped, "rich": rich, "simple": liver}
# One has every feature of the language; what the others add is in `make test-thorough`.
USUAL = [
    "rich",
    *(pytest.param(name, marks=pytest.mark.thorough) for name in ("shipped", "simple")),
]


def queries(compiled: Compiled) -> Iterator[tuple[str, exp.Query]]:
    feeds = Feeds({"imaging": date(2026, 6, 1)}, {}, frozenset({"therapy"}))
    for name in ("population", "dated", "case_lines", "rate", "per_requirement"):
        yield name, getattr(compiled, name)()
    for scope in compiled.scopes:
        for name in ("facts",):
            yield name, getattr(compiled, name)(scope, feeds)
        for name in ("exceptions", "failed", "cases", "worded"):
            yield name, getattr(compiled, name)(scope)
        if scope.version.sensitivity:
            yield "sensitivity", compiled.sensitivity(scope)


@cache
def printed(rule: str, dialect: str) -> dict[str, str]:
    compiled = compile_protocol(RULES[rule](), AS_OF, SITE)
    return {
        name: portable(query, dialect).sql(
            dialect=dialect, identify=True, unsupported_level=ErrorLevel.RAISE
        )
        for name, query in queries(compiled)
    }


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("rule", USUAL)
def test_every_query_is_one_statement_of_its_dialect(rule: str, dialect: str) -> None:
    for name, text in printed(rule, dialect).items():
        read = sqlglot.parse(text, dialect=dialect)
        assert len(read) == 1, name
        assert isinstance(read[0], exp.Select), name


# What the database does not know, or reads as something else.
UNKNOWN = {
    "postgres": r"STRUCT|ANY_VALUE|COUNT_IF|EXCEPT ?\(|EXCLUDE|MAX\(\"upcoming\"|ROW\(",
    "spark": r"&&|EXCEPT ?\(|EXCLUDE|INTERVAL '1 |SAFE_",
    "snowflake": r"&&|STRUCT|OBJECT_CONSTRUCT",
    "tsql": r"&&|STRUCT|ANY_VALUE|EXCEPT ?\(|EXCLUDE|INTERVAL|ARRAY|\bTRUE\b|\bFALSE\b|AS FLOAT"
    r"|VARCHAR\)|NULLS (FIRST|LAST)|\(1 = [10]\) AS",
}


@pytest.mark.parametrize("dialect", OTHERS)
@pytest.mark.parametrize("rule", USUAL)
def test_nothing_stays_that_the_database_does_not_know(rule: str, dialect: str) -> None:
    for name, text in printed(rule, dialect).items():
        without_texts = re.sub(r"N?'(?:[^']|'')*'", "''", text)
        assert not (found := re.search(UNKNOWN[dialect], without_texts)), (name, found)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (
            overlaps(col("modalities"), ["CT"]),
            {
                "spark": "ARRAYS_OVERLAP(`modalities`, ARRAY('CT'))",
                "tsql": "EXISTS(SELECT 1 FROM STRING_SPLIT([modalities], ';') WHERE [value] IN ('CT'))",
                "postgres": """"modalities" && ARRAY['CT']""",
                "snowflake": """ARRAYS_OVERLAP("modalities", ['CT'])""",
            },
        ),
        (
            minus(col("anchor"), lit(30)),
            {
                "spark": "(DATE_ADD(`anchor`, -30))",
                "tsql": "(DATEADD(DAY, -30, [anchor]))",
                "postgres": '("anchor" - 30)',
            },
        ),
        (plus(col("anchor"), lit(1)), {"tsql": "(DATEADD(DAY, 1, [anchor]))"}),
        (
            minus(col("anchor"), col("lo")),
            {"spark": "(DATEDIFF(`anchor`, `lo`))", "tsql": "(DATEDIFF(DAY, [lo], [anchor]))"},
        ),
        (minus(col("rank"), lit(1)), {"spark": "(`rank` - 1)", "tsql": "([rank] - 1)"}),
        (
            before(col("anchor"), Duration.parse("1 month")),
            {
                "tsql": "CAST(DATEADD(MONTH, -1, [anchor]) AS DATE)",
                "spark": "CAST(`anchor` - INTERVAL '1' MONTH AS DATE)",
            },
        ),
        (cast(col("anchor"), "VARCHAR"), {"tsql": "CAST([anchor] AS NVARCHAR(MAX))"}),
        (lit("Müller"), {"tsql": "N'Müller'", "postgres": "'Müller'"}),
        (
            exp.AnyValue(this=col("upcoming")),
            {
                "postgres": 'BOOL_OR("upcoming")',
                "snowflake": 'BOOLOR_AGG("upcoming")',
                "tsql": "MAX(CAST([upcoming] AS INTEGER))",
            },
        ),
        (exp.AnyValue(this=col("anchor")), {"postgres": 'MAX("anchor")', "tsql": "MAX([anchor])"}),
        (
            all_of(col("upcoming"), exp.true()),
            {
                "tsql": "CASE WHEN [upcoming] = 1 AND (1 = 1) THEN 1 "
                "WHEN NOT ([upcoming] = 1 AND (1 = 1)) THEN 0 ELSE NULL END"
            },
        ),
        (
            case((col("upcoming"), exp.true()), default=exp.false()),
            {"tsql": "CASE WHEN [upcoming] = 1 THEN 1 ELSE 0 END"},
        ),
        (exp.IntDiv(this=col("rank"), expression=lit(64)), {"tsql": "[rank] / 64"}),
        (col("event_id") > col("reason"), {"postgres": """"event_id" COLLATE "C" > "reason\""""}),
    ],
)
def test_how_a_value_is_spelt(value: Expr, words: dict[str, str]) -> None:
    for dialect, said in words.items():
        query = select([named(value.copy(), "x")], "t")
        text = portable(query, dialect).sql(dialect=dialect, identify=True)
        assert said in text, dialect


# ---- what a spelling means -----------------------------------------------------------------------


@cache
def evaluation(rule: str) -> Evaluation:
    bundle = RULES[rule]()
    records = Generator(5, bundle, AS_OF).records(150)
    return evaluate(bundle, from_rows(records), AS_OF, SITE)


def rows(done: Evaluation, query: exp.Expr) -> list[tuple[Any, ...]]:
    found = done.con.execute(query.sql(dialect="duckdb", identify=True)).fetchall()
    return sorted(found, key=lambda row: [str(value) for value in row])


@cache
def wanted(rule: str) -> list[tuple[exp.Query, list[tuple[Any, ...]]]]:
    """Return queries of a protocol with the rows that they give as they are."""
    done = evaluation(rule)
    compiled = done.compiled
    found = [compiled.population(), compiled.case_lines(), compiled.rate(), compiled.dated()]
    for scope in compiled.scopes:
        found += [
            compiled.exceptions(scope),
            compiled.cases(scope),
            compiled.worded(scope),
            compiled.facts(scope, Feeds({"imaging": date(2026, 1, 1)})),
        ]
    return [(query, rows(done, query)) for query in found]


@pytest.mark.parametrize("dialect", OTHERS)
@pytest.mark.parametrize("rule", USUAL)
def test_the_other_spelling_means_the_same(
    rule: str, dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of status and reason, verdict, population and exceptions: truth as 1 and 0 equals truth."""
    # DuckDB has arrays where T-SQL has texts, and compares texts by code point as it is.
    monkeypatch.setattr(dialects, "_arrays", lambda query, dialect: None)
    monkeypatch.setattr(dialects, "_COLLATIONS", {})
    for query, right in wanted(rule):
        assert rows(evaluation(rule), _on_duckdb(portable(query, dialect))) == right


def _on_duckdb(query: exp.Query) -> exp.Query:
    """The tree of another database with what DuckDB alone spells in another way."""
    kinds = (exp.Anonymous, exp.DateAdd, exp.DateSub, exp.National, exp.DataType)
    for node in reversed(list(query.find_all(*kinds))):
        if isinstance(node, exp.Anonymous):
            if node.name == "DATEDIFF_BIG":
                unit, start, end = node.expressions
                part = exp.Literal.string(unit.name)
                node.replace(exp.Anonymous(this="date_diff", expressions=[part, start, end]))
        elif isinstance(node, exp.National):
            node.replace(exp.Literal.string(node.name))
        elif isinstance(node, exp.DataType) and node.this in exp.DataType.TEXT_TYPES:
            node.replace(exp.DataType.build("VARCHAR"))
        elif isinstance(node, exp.DateAdd | exp.DateSub) and node.text("unit") in (
            "",
            "DAY",
            "MONTH",
        ):
            node.replace(exp.cast(node.copy(), "DATE"))
    return query


def test_the_records_of_these_tests_say_something() -> None:
    for rule in RULES:
        done = evaluation(rule)
        statuses = {f["status"] for f in done.findings()}
        assert len(statuses) >= 5, (rule, statuses)
    con = evaluation("rich").con
    for name in (POPULATION, EXCEPTIONS):
        assert con.execute(f"SELECT count(*) FROM {name}").fetchone() != (0,)


def test_every_dialect_has_a_name_and_some_were_never_tried() -> None:
    assert set(NAMES) == set(DIALECTS)
    assert set(NOT_RUN) == {"tsql", "snowflake"}
