"""What the site settings say about local values, as SQL."""

from __future__ import annotations

from qi_checker.errors import Problem, UserError, did_you_mean
from qi_checker.protocol.records import ALL_TABLES, Table
from qi_checker.protocol.site import Site
from qi_checker.sources.raw import literal

LISTED = ("words", "codes")  # kinds of column that hold items separated by `;`


def check_site(site: Site) -> None:
    """Raise UserError for mappings of tables that do not exist and for contradictory ones."""
    problems = [
        Problem(f"site settings, columns: {name}", "there is no such table", "", _near(name))
        for name in site.columns
        if name not in ALL_TABLES
    ]
    for target, mapping in site.values.items():
        where = f"site settings, values: {target}"
        name, _, column = target.partition(".")
        if name not in ALL_TABLES or not column:
            why = "Write it as table.column, such as events.modality"
            problems.append(Problem(where, "there is no such table", why, _near(name)))
        if len({key.strip().lower() for key in mapping}) < len(mapping):
            what = "the same value is mapped twice"
            problems.append(Problem(where, what, "Upper and lower case are the same here"))
    if problems:
        raise UserError(problems)


def unused_values(table: Table, columns: tuple[str, ...], site: Site) -> list[str]:
    """Value mappings of this table whose column the file does not have."""
    targets = [target.partition(".") for target in site.values]
    return [column for name, _, column in targets if name == table.name and column not in columns]


def mapped(table: Table, column: str, expression: str, site: Site) -> str:
    """The SQL of a text value after the site's value mapping; lists are mapped item by item too."""
    mapping = site.values.get(f"{table.name}.{column}")
    if not mapping:
        return expression
    kind = table[column].kind if column in table.names else "text"
    otherwise = expression
    if kind in LISTED:
        item = _case("item", mapping, "item")
        otherwise = (
            f"array_to_string(list_transform(string_split({expression}, ';'), "
            f"lambda item: {item}), ';')"
        )
    return _case(expression, mapping, otherwise)


def _case(expression: str, mapping: dict[str, str], otherwise: str) -> str:
    whens = " ".join(
        f"WHEN {literal(local.strip().lower())} THEN {literal(word)}"
        for local, word in mapping.items()
    )
    return f"CASE lower(trim(coalesce({expression}, ''))) {whens} ELSE {otherwise} END"


def _near(name: str) -> str:
    return did_you_mean(name, ALL_TABLES)
