"""The rows of a night as lines for the store, made by DuckDB: only changed rows leave DuckDB.

A line is a key and the text of a row. A seal is the SHA-256 of all values of one case: if it
equals that of the night before, nothing of the case is fetched or compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from qi_checker.cases.actions import ACTION_COLUMNS
from qi_checker.engines.duckdb.values import quote
from qi_checker.engines.duckdb.values import text as quoted
from qi_checker.protocol.records import CASE_COLUMNS, FINDING_COLUMNS
from qi_checker.store.rows import (
    ARRANGE,
    ESCAPE,
    IN_TIME,
    ITSELF,
    LATE,
    SPAN,
    START,
    TODAY,
    WHEN,
    Line,
)

_TOGETHER = 4_000  # lines fetched at once


@dataclass(frozen=True)
class Sources:
    """Queries for the data that a night stores.

    `findings` and `cases` have the columns of the contract, cases also `opens` and `closes`, the
    window of the next action. `schedules` has `case_id` and `surgery_at` as in the records of that
    night; `evidence` has `case_id` and `sha256` of the records behind the findings of the case.
    `actions` has the columns of actions.csv, and `number`, by which they are in order; "" for
    none. `horizon`: days before its last one in which an action is soon.
    """

    findings: str
    cases: str
    schedules: str
    evidence: str
    actions: str = ""
    horizon: int = 14


@dataclass(frozen=True)
class _Kind:
    """Lines of one kind: their columns as SQL, the key first, and the query that these are made
    from."""

    columns: str
    source: str
    key: int = 1

    def sql(self, those: str = "") -> str:
        """Select all lines in order, or those of a condition. Only selected rows become text."""
        order = ", ".join(str(number + 1) for number in range(self.key))
        return f"{self.view(those)} ORDER BY {order}"

    def view(self, those: str = "") -> str:
        return f"SELECT {self.columns} FROM (SELECT * FROM ({self.source}) {those})"


@dataclass(frozen=True)
class Lines:
    """The lines of one night: tables of the connection, until the next night is made with it."""

    con: duckdb.DuckDBPyConnection
    kinds: Mapping[str, _Kind]

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, sources: Sources, as_of: str) -> Lines:
        """Make the tables. Raise ValueError for a row that is repeated or has no case in the
        night."""
        kinds = _kinds(sources, as_of)
        con.execute(f"""
            CREATE OR REPLACE TEMP VIEW night_findings AS
            SELECT case_id, requirement, {marked_sql(_values_sql(FINDING_COLUMNS), as_of)} AS cells
            FROM ({sources.findings})""")
        con.execute(f"""
            CREATE OR REPLACE TEMP VIEW night_plain AS
            SELECT case_id, {_case_marked(_values_sql(CASE_COLUMNS), as_of)} AS cells
            FROM ({sources.cases})""")
        con.execute(f"CREATE OR REPLACE TEMP VIEW night_schedules AS {kinds['schedules'].view()}")
        # A table, since this query is expensive.
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE night_evidence AS
            SELECT case_id, sha256 AS row FROM ({sources.evidence})""")
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE night_actions AS
            SELECT case_id, requirement, CAST(act_by AS VARCHAR) AS act_by,
                   format('{{:03d}}', row_number() OVER (PARTITION BY case_id ORDER BY number))
                   AS position, {_action_row(as_of, sources.horizon)} AS row
            FROM ({sources.actions or _NO_ACTIONS})""")
        con.execute(_SEALS)
        _check(con)
        return cls(con, kinds)

    def seals(self) -> list[tuple[str, str]]:
        """Return every case of the night with its seal, by case."""
        return self.con.execute("SELECT case_id, seal FROM night_seals ORDER BY 1").fetchall()

    def of_cases(self, kind: str, cases: Sequence[str]) -> list[Line]:
        """Return the lines of some cases, in order; `kind` as in `every`."""
        if not cases:
            return []
        those = "WHERE case_id BETWEEN ? AND ? AND case_id IN (SELECT unnest(?::VARCHAR[]))"
        query = self.kinds[kind].sql(those)
        return self.con.execute(query, [cases[0], cases[-1], list(cases)]).fetchall()

    def every(self, kind: str) -> Iterator[list[Line]]:
        """All lines in order, some thousands at once. `kind`: findings, cases, schedules,
        evidence, actions.

        Nothing else may be asked of the connection meanwhile.
        """
        found = self.con.execute(self.kinds[kind].sql())
        while some := found.fetchmany(_TOGETHER):
            yield some


def _kinds(sources: Sources, as_of: str) -> dict[str, _Kind]:
    finding = marked_sql(row_sql(FINDING_COLUMNS), as_of)
    case = _case_marked(row_sql(CASE_COLUMNS), as_of)
    act_by = "coalesce(CAST(act_by AS VARCHAR), '') AS act_by"
    sealed = f"SELECT k.*, s.seal FROM ({sources.cases}) k JOIN night_seals s USING (case_id)"
    return {
        "findings": _Kind(
            f"case_id, requirement, status, {act_by}, {finding} AS row", sources.findings, 2
        ),
        "cases": _Kind(f"case_id, seal, {case} AS row", sealed),
        "schedules": _Kind("case_id, surgery_at AS row", sources.schedules),
        "evidence": _Kind("case_id, row", "FROM night_evidence"),
        "actions": _Kind("case_id, requirement, position, act_by, row", "FROM night_actions", 3),
    }


_NO_ACTIONS = f"""
    SELECT 0 AS number, {", ".join(f"NULL AS {quote(name)}" for name in ACTION_COLUMNS)} WHERE false"""

# JSON contains no separator, and the number of findings shows where the schedule begins. Of findings
# and cases only the values are hashed: the names of columns were half of the text, and making,
# sorting and hashing it was a third of a quiet night.
_SEALS = """
    CREATE OR REPLACE TEMP TABLE night_seals AS
    WITH found AS (
        SELECT case_id, count(*) AS number, count(DISTINCT requirement) AS asked,
               array_to_string(list_sort(list(cells)), chr(30)) AS rows
        FROM night_findings GROUP BY case_id),
    todo AS (
        SELECT case_id, count(*) AS number, 'actions' || chr(30)
               || array_to_string(list_sort(list(position || row)), chr(30)) AS rows
        FROM night_actions GROUP BY case_id)
    SELECT c.case_id, f.number, f.asked, s.row IS NOT NULL AS planned, e.row IS NOT NULL AS shown,
           t.number AS actions,
           sha256(concat_ws(chr(30), c.cells, coalesce(e.row, '-'), coalesce(f.number, 0), f.rows,
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
        raise ValueError("a row of the night is repeated")
    given = (
        con.execute("""
        SELECT (SELECT count(*) FROM night_findings), (SELECT count(*) FROM night_schedules),
               (SELECT count(*) FROM night_evidence), (SELECT count(*) FROM night_actions)""").fetchone()
        or ()
    )
    if tuple(joined) != tuple(given):
        raise ValueError("a row of the night belongs to an unknown case")


def row_sql(columns: tuple[str, ...]) -> str:
    """Return the SQL of the text of a row with these columns."""
    cells = ", ".join(f"{quoted(name)}: {quote(name)}" for name in columns)
    return f"CAST(to_json({{{cells}}}) AS VARCHAR)"


def _values_sql(columns: tuple[str, ...]) -> str:
    """Return the SQL of the values of these columns as a JSON list of texts (`rows.values_text`)."""
    cells = ", ".join(f"CAST({quote(name)} AS VARCHAR)" for name in columns)
    return f"CAST(to_json([{cells}]) AS VARCHAR)"


def marked_sql(row: str, as_of: str) -> str:
    """Return the SQL of `row` with its marks; `window_opens` and `act_by` are columns beside it."""
    today = quoted(as_of[:10])
    opens, act_by = _day("window_opens"), _day("act_by")
    start = f"'between ' || greatest({today}, coalesce({opens}, {today})) || ' and'"
    mark = f"'between ' || coalesce({quoted(START)} || {opens}, {quoted(TODAY)}) || ' and'"
    late = f"{act_by} < {today}"
    arrange = f"CASE WHEN {late} THEN {_around(LATE, act_by)} ELSE {_around(IN_TIME, act_by)} END"
    begun = f"replace({_escaped(row)}, {start}, {mark})"
    return _replaced(begun, arrange, f"{quoted(ARRANGE)} || {act_by}")


def _case_marked(row: str, as_of: str) -> str:
    """Return the SQL of the row of a case with its marks; its next action has its time."""
    return _with_span(row, "opens", "closes", as_of)


def _action_row(as_of: str, horizon: int) -> str:
    """Return the SQL of the row of an action."""
    row = _with_span(row_sql(ACTION_COLUMNS), quote("from"), quote("until"), as_of)
    today, last, soon = quoted(as_of[:10]), _day("act_by"), _day(f"(act_by - {horizon})")
    when = f"""CASE WHEN {last} < {today} THEN 'overdue' WHEN {last} = {today} THEN 'today'
                    WHEN {soon} <= {today} THEN 'soon' ELSE 'later' END"""
    key = '\'"when":"\' || '
    mark = f"{quoted(WHEN)} || {soon} || {last}"
    return _replaced(row, f"""{key} {when} || '"'""", f"""{key} {mark} || '"'""")


def _with_span(row: str, opens: str, closes: str, as_of: str) -> str:
    """Return the SQL of `row` with a mark for the days of a window, from `opens` to `closes`."""
    today = quoted(as_of[:10])
    first, last = _day(opens), _day(closes)

    def day(name: str) -> str:
        year = f"CASE WHEN year({name}) <> {as_of[:4]} THEN strftime({name}, ' %Y') ELSE '' END"
        return f"strftime({name}, '%-d %b') || {year}"

    said = f"""CASE WHEN {first} <= {today} THEN 'to be done by ' || {day(closes)}
                    WHEN {opens} = {closes} THEN 'for ' || {day(closes)}
                    ELSE 'for ' || CASE WHEN {first}[:7] = {last}[:7] THEN strftime({opens}, '%-d')
                                        ELSE {day(opens)} END || '–' || {day(closes)} END"""
    return _replaced(_escaped(row), said, f"{quoted(SPAN)} || {first} || {last}")


def _replaced(row: str, said: str, mark: str) -> str:
    """Return the SQL of `row` with a mark in place of words; unchanged if either is NULL."""
    nothing = quoted(ESCAPE + ESCAPE)  # no text has it: its characters of marks are escaped
    return f"replace({row}, coalesce({said}, {nothing}), coalesce({mark}, {nothing}))"


def _day(name: str) -> str:
    """Return the SQL of a date as ten characters; NULL if it is missing or longer."""
    between = f"{name} BETWEEN DATE '1000-01-01' AND DATE '9999-12-31'"
    return f"CASE WHEN {between} THEN CAST({name} AS VARCHAR) END"


def _escaped(row: str) -> str:
    """Return the SQL of `row` with literal characters of marks escaped."""
    return f"replace({row}, '{ESCAPE}', '{ESCAPE}{ITSELF}')"


def _around(words: str, day: str) -> str:
    before, after = words.split("{}")
    return f"{quoted(before)} || {day} || {quoted(after)}"
