"""`rules sql`: every step and clause says in words what it decides."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import pytest
import sqlglot
from sqlglot import TokenType, exp

from qi_checker.authoring.rule_page import rule_page, rule_sheet
from qi_checker.cli.parser import build_parser
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.site import Site
from qi_checker.protocol.words import (
    event_words,
    exclusion_words,
    population_words,
    requirement_sentence,
    titles_of,
    window_words,
)
from qi_checker.query import compile_protocol, tables
from qi_checker.query.dialects import DIALECTS, NOT_RUN, portable
from qi_checker.query.printed import described, script, statements
from tests.helpers.commands import run
from tests.helpers.pages import read_page
from tests.helpers.protocols import bundle, ct, liver, protocol_with, version
from tests.helpers.rich_rules import rich

AS_OF = AsOf.parse("2026-06-30")
SITE = Site(timezone="UTC")


def sql_of(rule: Bundle, dialect: str = "duckdb") -> str:
    return script(compile_protocol(rule, AS_OF, SITE), dialect)


@cache
def rich_sql(dialect: str) -> str:
    return sql_of(rich(), dialect)


RICH = rich().protocol.versions[0]
TITLES = titles_of(RICH)


@pytest.mark.parametrize("leaf", RICH.leaves, ids=lambda leaf: leaf.id)
def test_sql_and_page_print_the_same_sentence(leaf: object) -> None:
    """The committee signs the words that stand above the query."""
    page = read_page(rule_page(rule_sheet(rich()))).words
    sentence = requirement_sentence(leaf, TITLES)  # type: ignore[arg-type]
    assert sentence in page
    for dialect in DIALECTS:
        assert f": {sentence}\n" in rich_sql(dialect)


def test_clauses_have_their_words_beside_them() -> None:
    text = rich_sql("duckdb")
    for number, leaf in enumerate(RICH.leaves):
        words = f"{leaf.title}: {event_words(leaf.event)}"
        assert f'{number} /* {words} */ AS "requirement"' in text
        window = f"{leaf.title}: {window_words(leaf.window, TITLES)}"
        assert f'"requirement" = {number} /* {window} */' in text


def test_the_population_is_said() -> None:
    text = rich_sql("postgres")
    assert f"-- Version 1.0 applies to {population_words(RICH)}\n" in text
    for title, when in exclusion_words(RICH):
        assert f"--   without {title}: {when}\n" in text
        assert f"THEN 'excluded' /* {title}: {when} */" in text


def test_numbers_of_reasons_are_words_in_comments() -> None:
    assert re.search(r"THEN \d+ /\* wrong_region \*/", rich_sql("duckdb"))


@pytest.mark.parametrize("rule", [liver, pytest.param(rich, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_comments_change_nothing(rule: Callable[[], Bundle], dialect: str) -> None:
    compiled = compile_protocol(rule(), AS_OF, SITE)
    read = sqlglot.parse(script(compiled, dialect), dialect=dialect)
    wanted = [part.query() for _, part in statements(compiled)]
    assert len(read) == len(wanted)
    for found, query in zip(read, wanted, strict=True):
        plain = portable(query, dialect).sql(dialect=dialect, identify=True)
        again = sqlglot.parse_one(plain, dialect=dialect)
        assert found is not None
        assert found.sql(dialect=dialect, comments=False, identify=True) == again.sql(
            dialect=dialect, comments=False, identify=True
        )


def test_every_step_is_described() -> None:
    for rule in (rich(), liver()):
        text = sql_of(rule)
        for _, part in statements(compile_protocol(rule, AS_OF, SITE)):
            for cte in part.query().find_all(exp.CTE):
                base, words = described(cte.alias)
                assert words != "an intermediate step", cte.alias
                assert f"-- {cte.alias}: {words}\n" in text
                assert base


def test_the_head_says_what_it_is_and_what_it_reads() -> None:
    for dialect in DIALECTS:
        head = rich_sql(dialect).split("\n\n", 1)[0]
        assert all(line.startswith("--") for line in head.splitlines())
        assert ("-- not tested" in head) is (dialect in NOT_RUN)
        assert "as of 2026-06-30" in head
        for name in (
            tables.READY_CASES,
            tables.READY_EVENTS,
            tables.EVENT_PROFILES,
            tables.CODE_TEXTS,
            tables.READY_EXCEPTIONS,
            tables.CALENDAR,
        ):
            assert f"-- `{name}`" in head


def test_a_statement_reads_what_earlier_ones_fill_or_what_the_head_names() -> None:
    known = {name for name, _ in re.findall(r"-- `(\w+)`( |\n)", rich_sql("duckdb"))}
    for step, part in statements(compile_protocol(rich(), AS_OF, SITE)):
        query = part.query()
        steps = {cte.alias for cte in query.find_all(exp.CTE)}
        read = {t.name for t in query.find_all(exp.Table)} - steps
        assert read <= known, part.title
        known.add(step.fills)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_text_of_a_protocol_ends_a_comment(dialect: str) -> None:
    hostile = "x */ DROP TABLE y; /* -- \n ' \" z"
    rule = protocol_with(
        ct(title=hostile, warn=[]),
        exclude=[{"id": "e", "title": hostile, "when": {"surgeon": [" ".join(hostile.split())]}}],
    )
    text = sql_of(rule, dialect)
    read = sqlglot.parse(text, dialect=dialect)
    assert all(isinstance(found, exp.Select) for found in read)
    assert len(read) == len(list(statements(compile_protocol(rule, AS_OF, SITE))))
    tokens = sqlglot.tokenize(text, dialect=dialect)
    assert not [t for t in tokens if t.token_type == TokenType.DROP]


def test_every_version_is_printed() -> None:
    first = version(ct(), in_force={"from": "2020-01-01", "to": "2023-12-31"})
    second = version(ct(title="Other CT"), version="2.0", in_force={"from": "2024-01-01"})
    text = sql_of(bundle(first, second))
    for words in (
        "-- version 1.0: active exceptions",
        "-- version 2.0: active exceptions",
        "-- Version 2.0 applies to operations",
        "--   Other CT: Needs a completed",
    ):
        assert words in text


def test_the_same_text_every_time() -> None:
    assert sql_of(rich(), "tsql") == sql_of(rich(), "tsql")


def test_the_command_offers_every_dialect() -> None:
    for dialect in DIALECTS:
        typed = ["rules", "sql", "--as-of", "2026-02-01", "--dialect", dialect]
        assert build_parser().parse_args(typed).dialect == dialect
    ran = run("rules", "sql", "--as-of", "2026-02-01", "--dialect", "oracle")
    assert ran.code == 2
    assert "oracle" in ran.err


def test_the_command_prints_it() -> None:
    ran = run("rules", "sql", "--as-of", "2026-02-01", "--dialect", "snowflake")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("-- hepatic-metastasectomy-imaging: CT and MRI of the liver")
    assert "-- not tested" in ran.out


def test_every_table_is_filled_before_it_is_read() -> None:
    """Cases that the protocol is not for are part of the findings, as they are in an audit."""
    ready = {
        tables.READY_CASES,
        tables.READY_EVENTS,
        tables.EVENT_DOUBTS,
        tables.EVENT_PROFILES,
        tables.CODE_TEXTS,
        tables.NEVER_TEXTS,
        tables.CALENDAR,
        tables.READY_EXCEPTIONS,
    }
    filled: list[str] = []
    for step, part in statements(
        compile_protocol(liver(), AsOf.parse("2026-06-30"), Site(timezone="UTC"))
    ):
        query = part.query()
        steps = {cte.alias for cte in query.find_all(exp.CTE)}
        read = {t.name for t in query.find_all(exp.Table)} - steps
        assert read <= ready | set(filled), part.title
        filled.append(step.fills)
    assert (filled.count(tables.FACTS), filled.count(tables.VERDICTS)) == (2, 2)
