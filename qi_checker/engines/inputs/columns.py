"""Columns of a table in a source: their names, and the mapping of their words.

For sources that only an engine reads; `sources/layout.py` and `sources/mapped.py` do it for files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qi_checker.engines.inputs.database import Database
from qi_checker.errors import Problem, did_you_mean
from qi_checker.protocol.records import Table
from qi_checker.protocol.site import Site

ROW = "_row"  # numbers the rows, if a table has it
_BLANKS = " \t\r\n\v\f\u00a0\ufeff\u200b"  # around the name of a column
_LISTED = ("words", "codes")  # kinds of columns that contain items separated by `;`


def called(
    where: str, table: Table, site: Site, names: Sequence[str]
) -> tuple[dict[str, str], list[Problem]]:
    """Return each contract column and each own column with its name there, and the problems."""
    problems: list[Problem] = []
    there: dict[str, str] = {}
    for name in names:
        plain = name.strip(_BLANKS).lower()
        if plain in there:
            what = f"the column {plain} exists more than once"
            problems.append(Problem(where, what, "", "Keep one"))
        there[plain] = name
    mapped = {
        n: local.strip(_BLANKS).lower() for n, local in site.columns.get(table.name, {}).items()
    }
    columns = {}
    for name, local in mapped.items():
        if local in there:
            columns[name] = there[local]
        else:
            what = f"there is no column {local}, which site.yaml maps to {name}"
            problems.append(Problem(where, what, "", did_you_mean(local, there)))
    for plain, name in there.items():
        if plain and plain not in (ROW, *mapped.values()) and plain not in columns:
            known = plain in table.names
            columns[plain if known else name.strip(_BLANKS)] = name
    for name in table.needed:
        if name not in columns and name not in mapped:
            advice = f"Map it under columns in site.yaml: {{{table.name}: {{{name}: its name}}}}"
            problems.append(Problem(where, f"there is no column {name}", "", advice))
    return columns, problems


def mapped(
    db: Database,
    table: Table,
    column: str,
    text: str,
    site: Site,
    each_item: Callable[[str, Callable[[str], str]], str],
) -> str:
    """Return the SQL of a text after the site's value mapping; lists also item by item.

    each_item: gives the SQL of a `;`-list, NULL for NULL, with a piece of SQL applied to each item.
    """
    mapping = site.values.get(f"{table.name}.{column}")
    if not mapping:
        return text
    otherwise = text
    if column in table.names and table[column].kind in _LISTED:
        otherwise = each_item(text, lambda item: _case(db, item, mapping, item))
    return _case(db, text, mapping, otherwise)


def _case(db: Database, text: str, mapping: dict[str, str], otherwise: str) -> str:
    whens = " ".join(
        f"WHEN {db.text(local.strip().lower())} THEN {db.text(word)}"
        for local, word in mapping.items()
    )
    return f"CASE lower(trim(coalesce({text}, ''))) {whens} ELSE {otherwise} END"
