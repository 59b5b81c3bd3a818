"""Whether a column that a person names is one that the records have."""

from __future__ import annotations

from collections.abc import Iterable

from qi_checker.errors import did_you_mean
from qi_checker.protocol.complaints import Complaints
from qi_checker.protocol.records import CASES, Table
from qi_checker.protocol.yaml_nodes import Steps


def check_column(
    table: Table,
    column: str,
    path: Steps,
    complaints: Complaints,
    own: Iterable[str] = (),
    free: Iterable[Table] = (CASES,),
) -> None:
    """`free` tables may have any column, but hardly one that looks like a misspelt one."""
    import difflib  # takes longer than reading a protocol, and few sites map columns

    known = (*table.names, *own)
    any_other = table in free and not difflib.get_close_matches(column, known, cutoff=0.8)
    if column not in known and not any_other:
        what = f"`{table.name}` has no column `{column}`"
        complaints.add(path, what, mend=did_you_mean(column, known), key=True)
