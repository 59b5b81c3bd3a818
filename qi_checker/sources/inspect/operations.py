"""Ask whether several rows make one operation, and which of their times of surgery counts."""

from __future__ import annotations

from collections.abc import Sequence

from qi_checker.sources.inspect.block import Block
from qi_checker.sources.inspect.profiles import Profile
from qi_checker.sources.inspect.proposal import OPEN, Doubt
from qi_checker.sources.layout import BLANKS
from qi_checker.sources.raw import literal


def group_rows(block: Block) -> None:
    """Group rows with the same id of an operation, if there are any."""
    given = block.columns["case_id"]
    if given == OPEN:
        return
    names = [given] if isinstance(given, str) else given["columns"]
    keys = [block.table.column(name) for name in names]
    rows, operations = _counts(block, keys)
    if rows == operations:
        return
    value = names[0] if len(names) == 1 else names
    block.mapping["group_by"] = value
    block.doubts.append(
        Doubt(
            (*block.path, "group_by"),
            f"{rows} rows have {operations} values of {' and '.join(names)}: is each of "
            "them one operation with several rows, such as one for each procedure?",
            (("yes, one operation", value), ("no, each row is an operation", None)),
            0,
        )
    )
    if conflicting := _conflicting(block, keys):
        block.ask(
            "surgery_at",
            f"The rows of {conflicting} operations have several values for the time of surgery: "
            "which one counts? Without an answer these operations are rejected",
            [("the earliest", {"pick": "earliest"}), ("the latest", {"pick": "latest"})],
        )


def _filled(block: Block, column: Profile) -> str:
    """Return the SQL of a column's cells, with merged cells filled from above."""
    cell = f"nullif(trim(k{column.place - 1}, {literal(BLANKS)}), '')"
    if column.name not in block.inspected.merged:
        return cell
    return f"last_value({cell} IGNORE NULLS) OVER (ORDER BY _row)"


def _keyed(block: Block, keys: Sequence[Profile], value: str) -> str:
    """Return a query of `k`, which identifies operations, and a value of each row."""
    parts = ", ".join(_filled(block, key) for key in keys)
    return f"SELECT concat_ws('/', {parts}) AS k, {value} AS v FROM {block.inspected.grid}"


def _counts(block: Block, keys: Sequence[Profile]) -> tuple[int, int]:
    """Count rows with an id, and distinct ids."""
    keyed = _keyed(block, keys, "0")
    query = f"SELECT count(*), count(DISTINCT k) FROM ({keyed}) g WHERE k <> ''"
    rows, operations = block.con.execute(query).fetchall()[0]
    return int(rows), int(operations)


def _conflicting(block: Block, keys: Sequence[Profile]) -> int:
    """Count operations whose rows disagree about the time of surgery."""
    given = block.columns.get("surgery_at")
    if given is None or given == OPEN:
        return 0
    source = {"column": given} if isinstance(given, str) else given
    names = [source["column"]] if "column" in source else source.get("columns", [])
    parts = [f"coalesce({_filled(block, block.table.column(name))}, '')" for name in names]
    keyed = _keyed(block, keys, " || ".join(parts))
    query = (
        f"SELECT count(*) FROM (SELECT k FROM ({keyed}) r WHERE k <> '' GROUP BY k "
        "HAVING count(DISTINCT v) > 1) g"
    )
    return int(block.con.execute(query).fetchall()[0][0])
