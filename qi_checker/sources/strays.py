"""Files of a data folder with unknown names: what they seem to contain.

A folder without a mapping is read by the names of its files. A file with another name is not read,
and this must be reported: it may contain the examinations, or the exceptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qi_checker.errors import UserError
from qi_checker.protocol.records import ALL_TABLES
from qi_checker.sources.inspect.roles import kind_of
from qi_checker.sources.inspect.tables import InspectedTable, read_tables
from qi_checker.sources.layout import plain
from qi_checker.sources.raw import connect

ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".parquet")
_LOOKED_INTO = 5_000_000  # bytes; a larger file is named but not opened
_COLUMNS = 3  # contract columns that identify a table


def strays(folder: Path, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return each unread file that may contain a table, with the table it seems to contain.

    The table is empty if that is unclear.
    """
    result = []
    for name in names:
        path = folder / name
        known = path.stem in ALL_TABLES or name.startswith((".", "~$"))
        if known or path.suffix.lower() not in ENDINGS or not path.is_file():
            continue
        result.append((name, _table(path)))
    return result


def _table(path: Path) -> str:
    if not 0 < path.stat().st_size <= _LOOKED_INTO:
        return ""
    con = connect()
    try:
        seen, _ = read_tables(con, str(path))
    except (UserError, OSError):
        return ""
    finally:
        con.close()
    kinds = [kind for one in seen if (kind := _kind(one))]
    return " and ".join(dict.fromkeys(kinds))


def _kind(inspected: InspectedTable) -> str:
    given = {plain(column.name) for column in inspected.table.columns}
    shared = {name: len(given & set(table.names)) for name, table in ALL_TABLES.items()}
    best = max(shared, key=lambda name: shared[name])
    return best if shared[best] >= _COLUMNS else kind_of(inspected.table)[0]


def in_words(name: str, table: str) -> str:
    """Describe a stray file: `ris.csv seems to contain events`."""
    return f"{name} seems to contain {table}" if table else name
