"""What a protocol is compiled to: the same text every time, literals only, known tables only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest
from sqlglot import exp

from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.site import Site
from qi_checker.query import Compiled, compile_protocol, tables
from qi_checker.query.scope import by_number
from qi_checker.query.sql import col, lit
from tests.helpers import case, ct, group, liver, mri, protocol_with, run, scan
from tests.helpers.engines import on_duckdb
from tests.helpers.protocols import LIVER_OPERATION, bundle, version

SITE = Site(timezone="America/Toronto")
AS_OF = AsOf.parse("2026-06-30")
READY = {
    tables.READY_CASES,
    tables.READY_EVENTS,
    tables.EVENT_DOUBTS,
    tables.EVENT_PROFILES,
    tables.CODE_TEXTS,
    tables.READY_EXCEPTIONS,
    tables.CALENDAR,
}
FEEDS = tables.Feeds({"imaging": date(2026, 6, 1)})
FILLED = {
    tables.POPULATION,
    tables.EXCEPTIONS,
    tables.ROWS,
    tables.FACTS,
    tables.VERDICTS,
    tables.FINDINGS,
    tables.CASES,
    tables.JUDGED,
}


def queries(compiled: Compiled) -> Iterator[tuple[str, exp.Expr]]:
    """Every query of a protocol by name."""
    for name in ("population", "dated", "case_lines", "rate", "per_requirement"):
        yield name, getattr(compiled, name)()
    for scope in compiled.scopes:
        yield f"facts {scope.index}", compiled.facts(scope, FEEDS)
        for name in ("exceptions", "failed", "outside", "cases", "verdicts_outside", "worded"):
            yield f"{name} {scope.index}", getattr(compiled, name)(scope)
        if scope.version.sensitivity:
            yield f"sensitivity {scope.index}", compiled.sensitivity(scope)


def texts(rule: Bundle, as_of: AsOf = AS_OF) -> dict[str, str]:
    compiled = compile_protocol(rule, as_of, SITE)
    return {name: query.sql(dialect="duckdb") for name, query in queries(compiled)}


def shipped() -> Bundle:
    return load_protocol(rules_dir() / "hepatic-metastasectomy-imaging")


def nested() -> Bundle:
    inner = group("any_of", mri(), group("all_of", ct(id="ct-2"), mri(id="mri-2")))
    return bundle(
        version(ct(), inner, start="2020-01-01", sensitivity=["14 days", "4 weeks"]),
        version(ct(), start="2026-01-01", version="2.0"),
    )


RULES = {"shipped": shipped, "nested, two versions": nested, "simple": liver}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_compiling_twice_gives_the_same_text(rule: Any) -> None:
    assert texts(rule()) == texts(rule())


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_query_is_not_changed_by_printing_it(rule: Any) -> None:
    for _, query in queries(compile_protocol(rule(), AS_OF, SITE)):
        first = query.sql(dialect="duckdb", copy=False)
        assert query.sql(dialect="duckdb", copy=False) == first


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_queries_read_only_the_tables_that_are_documented(rule: Any) -> None:
    for name, query in queries(compile_protocol(rule(), AS_OF, SITE)):
        steps = [cte.alias for cte in query.find_all(exp.CTE)]
        assert len(steps) == len(set(steps)), f"{name}: two steps of one name"
        read = {t.name for t in query.find_all(exp.Table)} - set(steps)
        assert read <= READY | FILLED, name


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_no_query_asks_for_the_time_or_for_chance(rule: Any) -> None:
    asking = re.compile(r"current_|now\(|today\(|random\(|uuid\(|get_current|localtime", re.I)
    for name, text in texts(rule()).items():
        assert not asking.search(text), name


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_query_is_one_statement_of_duckdb(rule: Any) -> None:
    con = duckdb.connect()
    for name, text in texts(rule()).items():
        assert len(con.extract_statements(text)) == 1, name
        assert con.extract_statements(text)[0].type == duckdb.StatementType.SELECT


def test_as_of_is_in_the_query_and_changes_nothing_else() -> None:
    first = texts(liver(), AsOf.parse("2026-06-30"))
    second = texts(liver(), AsOf.parse("2026-07-01"))
    assert first != second
    replaced = {name: text.replace("2026-06-30", "2026-07-01") for name, text in first.items()}
    assert replaced == second


HOSTILE = 'it\'s "x" -- %s {0} \\ ; DROP TABLE ready_cases; /*'


def test_texts_of_a_protocol_are_only_texts() -> None:
    """Titles, owners, values and column names come through as they were written."""
    rule = protocol_with(
        ct(title=HOSTILE, owner=HOSTILE),
        exclude=[
            {"id": "x", "title": HOSTILE, "when": {"surgeon": [HOSTILE]}},
            {"id": "y", "title": "Y", "when": {"column": {"name": HOSTILE, "in": [HOSTILE]}}},
        ],
    )
    rows = [case("C1"), case("C2", surgeon=HOSTILE), case("C3", **{HOSTILE: HOSTILE})]
    cases = [row | {"patient_id": row["case_id"]} for row in rows]
    seen = run(on_duckdb, rule, cases=cases)
    assert [c["verdict"] for c in seen.cases] == [
        "not_compliant",
        "not_applicable",
        "not_applicable",
    ]
    assert seen.finding("ct")["owner"] == HOSTILE
    assert [seen.finding("ct", c)["reason"] for c in ("C2", "C3")] == ["excluded", "excluded"]


def test_ids_of_records_are_only_texts() -> None:
    row = case(HOSTILE, patient_id=HOSTILE)
    seen = run(on_duckdb, cases=[row], events=[scan("2026-05-20", HOSTILE, patient_id=HOSTILE)])
    assert seen.finding("ct", HOSTILE)["event_id"] == HOSTILE


def test_a_column_that_the_data_lacks_matches_nothing() -> None:
    rule = protocol_with(
        ct(), exclude=[{"id": "w", "title": "W", "when": {"column": {"name": "ward", "in": ["a"]}}}]
    )
    assert compile_protocol(rule, AS_OF, SITE).case_columns == {"ward"}
    seen = run(on_duckdb, rule, events=[scan("2026-05-20")])
    assert seen.case()["verdict"] == "compliant"


def test_columns_of_nested_conditions_are_all_known() -> None:
    inner = {
        "any_of": [{"site": ["A"]}, {"all_of": [{"urgency": ["elective"]}, {"surgeon": ["S"]}]}]
    }
    rule = protocol_with(ct(), applies_to={"all_of": [LIVER_OPERATION, inner]})
    assert compile_protocol(rule, AS_OF, SITE).case_columns == {"site", "urgency", "surgeon"}


def test_thirty_requirements_are_no_burden() -> None:
    members = [ct(id=f"ct-{n}", title=f"CT number {n}") for n in range(30)]
    pairs = [group("any_of", *members[n : n + 2]) for n in range(0, 30, 2)]
    fives = [group("all_of", *pairs[n : n + 5]) for n in range(0, 15, 5)]
    seen = run(on_duckdb, protocol_with(group("any_of", *fives)), events=[scan("2026-05-20")])
    assert seen.case()["verdict"] == "compliant"
    assert len(seen.findings) == 30


def test_deep_groups_grow_by_a_little_each() -> None:
    """Where GREATEST is written as CASE, its arguments are copied, and depth makes them explode."""

    def nested(depth: int) -> str:
        member: dict[str, Any] = group("any_of", ct(id="a"), ct(id="b"))
        for n in range(depth):
            member = group("any_of" if n % 2 else "all_of", member, ct(id=f"c{n}"))
        compiled = compile_protocol(protocol_with(member), AS_OF, SITE)
        return compiled.cases(compiled.scopes[0]).sql(dialect="duckdb")

    assert len(nested(20)) < 20 * len(nested(4))


def test_a_value_that_several_requirements_have_is_written_once() -> None:
    values = {0: lit(5), 1: lit(6), 2: lit(5)}
    said = by_number(values, col("n")).sql(dialect="duckdb")
    assert said == 'CASE WHEN "n" IN (0, 2) THEN 5 WHEN "n" = 1 THEN 6 ELSE NULL END'
    assert by_number({0: lit(5), 1: lit(5)}, col("n")).sql(dialect="duckdb") == "5"
