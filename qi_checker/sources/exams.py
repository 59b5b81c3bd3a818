"""Look up exam names in an ordered list of patterns, each distinct name once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qi_checker.protocol.exam_names import GIVEN, NEVER, ExamList, Pattern
from qi_checker.sources.raw import literal, quoted, replace

if TYPE_CHECKING:
    import duckdb

_PLAIN = "[^a-z0-9]+"


def look_up(con: duckdb.DuckDBPyConnection, names: str, exams: ExamList, into: str) -> None:
    """Make the table `into`: each name with its meaning, and how often it occurs.

    `names` is a query of `name` and `number` (how often it occurs); a name may be repeated. `into`
    has name, number, kind, modality, region, role, provenance and codes; values that no pattern
    gives are NULL.
    """
    folded = (
        "replace(replace(replace(lower(strip_accents(name)), 'ß', 'ss'), 'œ', 'oe'), 'æ', 'ae')"
    )
    padded = f"' ' || trim(regexp_replace({folded}, '{_PLAIN}', ' ', 'g')) || ' '"
    given = ", ".join(f"{_first(exams.patterns, key)} AS {quoted(key)}" for key in GIVEN)
    replace(
        con,
        "TABLE",
        into,
        f"""AS
        WITH counted AS (SELECT name, sum(number)::BIGINT AS number FROM ({names}) n
                         WHERE name IS NOT NULL GROUP BY name),
        folded AS (SELECT *, {padded} AS whole FROM counted),
        cut AS (SELECT *, {_head(exams)} AS head FROM folded)
        SELECT name, number, {given} FROM cut""",
    )


def _head(exams: ExamList) -> str:
    """Return the SQL of a name up to the word before the reason: CT chest, *hx liver metastasis*.

    The first word of a name never counts as one.
    """
    if not exams.region_ends_at:
        return "whole"
    words = "|".join(
        word.replace("*", "[a-z0-9]*").replace("_", " ") for word in exams.region_ends_at
    )
    return f"regexp_replace(whole, {literal(f'^( [a-z0-9]+.*?) (?:{words}) .*$')}, '\\1 ')"


def _first(patterns: tuple[Pattern, ...], key: str) -> str:
    """Return the SQL of the value from the first matching pattern that gives this key."""
    text = "head" if key == "region" else "whole"
    whens = [
        f"WHEN {' AND '.join(_tests(pattern, text))} THEN nullif({literal(pattern.gives[key])}, '')"
        for pattern in patterns
        if key in pattern.gives
    ]
    return f"CASE {' '.join(whens)} END" if whens else "NULL::VARCHAR"


def _tests(pattern: Pattern, text: str) -> list[str]:
    return [
        f"{'NOT ' if term.absent else ''}regexp_matches({text}, {literal(term.pattern)})"
        for term in pattern.terms
    ]


def codes_of(codes: str, exam: str) -> str:
    """Return the SQL of an event's codes and those of its exam name; `exam` is a lookup table."""
    never = f"CASE WHEN {exam}.role = 'never' THEN {literal(NEVER)} END"
    return f"nullif(concat_ws(';', nullif({codes}, ''), {exam}.codes, {never}), '')"
