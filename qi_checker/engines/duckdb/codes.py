"""Code lists and imaging codes as small tables, and what each text of codes holds of them.

Texts of codes repeat: a million events share a few hundred. Each distinct text is taken apart
once, and everything else joins on the text.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from qi_checker.compiler.tables import CODE_TEXTS, NEVER_TEXTS
from qi_checker.engines.duckdb.values import BLANKS
from qi_checker.protocol.codes import DOTLESS, PUNCTUATION, SYSTEM_ALIASES, Catalogue


def fill(
    con: duckdb.DuckDBPyConnection,
    name: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
) -> None:
    """A temporary table of texts from Python rows, in one statement."""
    names = ", ".join(f"unnest(?::VARCHAR[]) AS {c}" for c in columns)
    values = [[row[i] for row in rows] for i in range(len(columns))]
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {names}", values)


def _system_and_code(item: str) -> tuple[str, str]:
    """SQL of the canonical system and code of `SYSTEM:CODE` (protocol/codes.py in SQL)."""
    system = f"lower(rtrim(trim(regexp_extract({item}, '^(.*):[^:]*$', 1), {BLANKS}), '/'))"
    code = f"upper(trim(regexp_extract({item}, '^.*:([^:]*)$', 1), {BLANKS}))"
    return system, code


def take_apart(con: duckdb.DuckDBPyConnection, texts: str, catalogue: Catalogue) -> None:
    """Tables `code_items` (text, system, code), `code_texts` and `imaging_facts` of `texts`.

    `texts` is a query of one column `text`.
    """
    fill(con, "system_aliases", ("alias", "name"), list(SYSTEM_ALIASES.items()))
    system, code = _system_and_code("item")
    dotless = ", ".join(f"'{s}'" for s in sorted(DOTLESS))
    bare = f"regexp_replace(code, '[{PUNCTUATION.replace('-', '')}-]', '', 'g')"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE code_items AS
        WITH items AS (SELECT text, unnest(string_split(text, ';')) AS item FROM ({texts})),
        parts AS (SELECT text, {system} AS alias, {code} AS code FROM items),
        named AS (SELECT text, coalesce(name, upper(alias)) AS system, code
                  FROM parts LEFT JOIN system_aliases USING (alias)
                  WHERE alias <> '' AND code <> '')
        SELECT DISTINCT text, system,
               CASE WHEN system IN ({dotless}) THEN {bare} ELSE code END AS code FROM named""")
    members = [
        (name, row.system, row.code) for name, one in catalogue.lists.items() for row in one.rows
    ]
    fill(con, "list_items", ("list", "system", "code"), members)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE {CODE_TEXTS} AS
        SELECT DISTINCT text, list FROM code_items JOIN list_items l USING (system)
        WHERE {_matches("code_items.code", "l.code")}""")


def _matches(code: str, entry: str) -> str:
    """A code list entry that ends with `*` stands for all codes that begin with it."""
    starred = f"{entry} LIKE '%*' AND starts_with({code}, rtrim({entry}, '*'))"
    return f"({code} = {entry} OR ({starred}))"


def imaging_facts(con: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
    """What the codes of each text say by themselves: modalities, regions, never, warns."""
    rows = [(c.system, c.code, c.modality, c.region, c.role) for c in catalogue.imaging]
    fill(con, "imaging_items", ("system", "code", "modality", "region", "role"), rows)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE imaging_facts AS
        SELECT text, bool_or(role = 'never') AS never, bool_or(role = 'warns') AS warns,
               list_distinct(flatten(list({words("modality", "upper")}))) AS modalities,
               list_distinct(flatten(list({words("region", "lower")}))) AS regions
        FROM code_items JOIN imaging_items i USING (system)
        WHERE {_matches("code_items.code", "i.code")} GROUP BY text""")


def never_texts(con: duckdb.DuckDBPyConnection, lists: Sequence[str]) -> None:
    """Table `never_texts`: texts that hold a code of role never outside a code list."""
    fill(con, "allowing", ("list",), [(name,) for name in lists])
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE {NEVER_TEXTS} AS
        SELECT DISTINCT c.text, a.list
        FROM code_items c JOIN imaging_items i USING (system) CROSS JOIN allowing a
        WHERE i.role = 'never' AND {_matches("c.code", "i.code")} AND NOT EXISTS (
            SELECT 1 FROM list_items l
            WHERE l.list = a.list AND l.system = c.system AND {_matches("c.code", "l.code")})""")


def words(column: str, change: str) -> str:
    """SQL of the words of a `;`-list as an array, in upper or lower case."""
    split = f"string_split(coalesce({column}, ''), ';')"
    trimmed = f"list_transform({split}, lambda w: {change}(trim(w, {BLANKS})))"
    return f"list_filter({trimmed}, lambda w: w <> '')"
