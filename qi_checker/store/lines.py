"""The rows of a night as lines for the store, made by DuckDB: only those that changed leave it.

A line is a key and the text of a row. A seal is the SHA-256 of all lines of one case: where it is
that of the night before, nothing of the case is fetched, and nothing is compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from qi_checker.cases.actions import ACTION_COLUMNS
from qi_checker.engines.duckdb.values import quote
from qi_checker.engines.duckdb.values import text as quoted
from qi_checker.protocol.records import CASE_COLUMNS, FINDING_COLUMNS
from qi_checker.store.rows import ARRANGE, ESCAPE, IN_TIME, ITSELF, LATE, START, TODAY, Line

_TABLES = {
    "findings": ("case_id", "requirement", "status", "act_by", "row"),
    "cases": ("case_id", "seal", "row"),
    "schedules": ("case_id", "row"),
    "evidence": ("case_id", "row"),
    "actions": ("case_id", "requirement", "position", "act_by", "row"),
}


@dataclass(frozen=True)
class Sources:
    """Queries for what a night keeps.

    `findings` and `cases` have the columns of the contract, cases also `window_opens` of what is to
    be done next. `schedules` has `case_id` and `surgery_at`, as the records say it that night;
    `evidence` has `case_id` and `sha256` of the records that the findings of the case rest on.
    `actions` has the columns of actions.csv, and `number`, by which they are in order; "" for none.
    """

    findings: str
    cases: str
    schedules: str
    evidence: str
    actions: str = ""


@dataclass(frozen=True)
class Lines:
    """The lines of one night: tables of the connection, until the next night is made with it."""

    con: duckdb.DuckDBPyConnection

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, sources: Sources, as_of: str) -> Lines:
        """Raises ValueError where a row comes twice, or is of no case of the night."""
        finding = marked_sql(row_sql(FINDING_COLUMNS), as_of)
        case = marked_sql(row_sql(CASE_COLUMNS), as_of)
        con.execute(f"""
            CREATE OR REPLACE TEMP VIEW night_findings AS
            SELECT case_id, requirement, status, coalesce(CAST(act_by AS VARCHAR), '') AS act_by,
                   {finding} AS row FROM ({sources.findings})""")
        con.execute(f"""
            CREATE OR REPLACE TEMP VIEW night_plain AS
            SELECT case_id, {case} AS row FROM ({sources.cases})""")
        con.execute(f"""
            CREATE OR REPLACE TEMP VIEW night_schedules AS
            SELECT case_id, surgery_at AS row FROM ({sources.schedules})""")
        # The one that is costly to ask twice.
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE night_evidence AS
            SELECT case_id, sha256 AS row FROM ({sources.evidence})""")
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE night_actions AS
            SELECT case_id, requirement, CAST(act_by AS VARCHAR) AS act_by,
                   format('{{:03d}}', row_number() OVER (PARTITION BY case_id ORDER BY number))
                   AS position, replace({row_sql(ACTION_COLUMNS)}, '{ESCAPE}', '{ESCAPE}{ITSELF}') AS row
            FROM ({sources.actions or _NO_ACTIONS})""")
        con.execute(_SEALS)
        con.execute("""
            CREATE OR REPLACE TEMP VIEW night_cases AS
            SELECT case_id, seal, row FROM night_plain JOIN night_seals USING (case_id)""")
        _check(con)
        return cls(con)

    def seals(self) -> list[tuple[str, str]]:
        """Every case of the night with its seal, by case."""
        return self.con.execute("SELECT case_id, seal FROM night_seals ORDER BY 1").fetchall()

    def of_cases(self, kind: str, cases: Sequence[str]) -> list[Line]:
        """The lines of some cases, given in order. `kind`: findings, cases, schedules or evidence."""
        if not cases:
            return []
        names = ", ".join(_TABLES[kind])
        query = f"""
            SELECT {names} FROM night_{kind}
            WHERE case_id BETWEEN ? AND ? AND case_id IN (SELECT unnest(?::VARCHAR[]))
            ORDER BY {names}"""
        return self.con.execute(query, [cases[0], cases[-1], list(cases)]).fetchall()


_NO_ACTIONS = f"""
    SELECT 0 AS number, {", ".join(f"NULL AS {quote(name)}" for name in ACTION_COLUMNS)} WHERE false"""

# Texts of JSON hold no separator, and the number of findings says where the schedule begins.
_SEALS = """
    CREATE OR REPLACE TEMP TABLE night_seals AS
    WITH found AS (
        SELECT case_id, count(*) AS number, count(DISTINCT requirement) AS asked,
               array_to_string(list_sort(list(row)), chr(30)) AS rows
        FROM night_findings GROUP BY case_id),
    todo AS (
        SELECT case_id, count(*) AS number, 'actions' || chr(30)
               || string_agg(position || row, chr(30) ORDER BY position) AS rows
        FROM night_actions GROUP BY case_id)
    SELECT c.case_id, f.number, f.asked, s.row IS NOT NULL AS planned, e.row IS NOT NULL AS shown,
           t.number AS actions,
           sha256(concat_ws(chr(30), c.row, coalesce(e.row, '-'), coalesce(f.number, 0), f.rows,
                            s.row, t.rows)) AS seal
    FROM night_plain c
    LEFT JOIN found f USING (case_id)
    LEFT JOIN night_evidence e USING (case_id)
    LEFT JOIN night_schedules s USING (case_id)
    LEFT JOIN todo t USING (case_id)"""


def _check(con: duckdb.DuckDBPyConnection) -> None:
    ids, cases, asked, *joined = (
        con.execute("""
        SELECT count(*), count(DISTINCT case_id), coalesce(sum(asked), 0), coalesce(sum(number), 0),
               count(*) FILTER (planned), count(*) FILTER (shown), coalesce(sum(actions), 0)
        FROM night_seals""").fetchone()
        or (0,) * 7
    )
    if ids > cases or joined[0] > asked:
        raise ValueError("a row of the night is there twice")
    given = (
        con.execute("""
        SELECT (SELECT count(*) FROM night_findings), (SELECT count(*) FROM night_schedules),
               (SELECT count(*) FROM night_evidence), (SELECT count(*) FROM night_actions)""").fetchone()
        or ()
    )
    if tuple(joined) != tuple(given):
        raise ValueError("a row of the night is of a case that is not there")


def row_sql(columns: tuple[str, ...]) -> str:
    """The same in SQL: the text of a row with these columns."""
    cells = ", ".join(f"{quoted(name)}: {quote(name)}" for name in columns)
    return f"CAST(to_json({{{cells}}}) AS VARCHAR)"


def marked_sql(row: str, as_of: str) -> str:
    """SQL of the text `row` with its marks; beside it are the dates `window_opens` and `act_by`."""
    today = quoted(as_of[:10])
    opens, act_by = (
        f"CASE WHEN {name} BETWEEN DATE '1000-01-01' AND DATE '9999-12-31' "
        f"THEN CAST({name} AS VARCHAR) END"
        for name in ("window_opens", "act_by")
    )
    start = f"'between ' || greatest({today}, coalesce({opens}, {today})) || ' and'"
    mark = f"'between ' || coalesce({quoted(START)} || {opens}, {quoted(TODAY)}) || ' and'"
    late = f"{act_by} < {today}"
    arrange = f"CASE WHEN {late} THEN {_around(LATE, act_by)} ELSE {_around(IN_TIME, act_by)} END"
    plain = f"replace({row}, '{ESCAPE}', '{ESCAPE}{ITSELF}')"
    begun = f"replace({plain}, {start}, {mark})"
    return f"coalesce(replace({begun}, {arrange}, {quoted(ARRANGE)} || {act_by}), {begun})"


def _around(words: str, day: str) -> str:
    before, after = words.split("{}")
    return f"{quoted(before)} || {day} || {quoted(after)}"
