"""One part of a proposed mapping while it is made: its columns, and the questions about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qi_checker.sources.inspect.clocks import date_source
from qi_checker.sources.inspect.export_words import name_score
from qi_checker.sources.inspect.profiles import Profile, dates_of, is_birth, may_be_id
from qi_checker.sources.inspect.proposal import OPEN, Doubt, Path
from qi_checker.sources.inspect.roles import CASE_ROLES, EVENT_ROLES
from qi_checker.sources.inspect.tables import InspectedTable

if TYPE_CHECKING:
    import duckdb

ASKED = {
    "case_id": "the id of the operation",
    "event_id": "the id of the examination",
    "patient_id": "the id of the patient",
    "surgery_at": "the day of surgery",
    "at": "the time of the examination",
}


class Block:
    """The mapping of one table to cases or events, column by column."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, inspected: InspectedTable, kind: str, path: Path
    ) -> None:
        self.con, self.inspected, self.kind, self.path = con, inspected, kind, path
        self.table, self.title = inspected.table, inspected.table.title
        self.roles = self.table.roles(CASE_ROLES if kind == "cases" else EVENT_ROLES)
        self.columns: dict[str, Any] = {}  # by column of the contract
        self.mapping: dict[str, Any] = dict(inspected.place)
        self.doubts: list[Doubt] = []
        self.used: set[str] = set()

    def finish(self) -> None:
        """Put the columns into the mapping, and what the columns that are used need."""
        if any(c.marked and c.name in self.used for c in self.table.columns):
            self.mapping["text_marks"] = True
        if merged := [name for name in self.inspected.merged if name in self.used]:
            self.mapping["fill_down"] = merged
        self.mapping["columns"] = self.columns

    @property
    def unused(self) -> list[str]:
        """Return the columns with values that the mapping does not use."""
        return [c.name for c in self.table.columns if c.name not in self.used and c.filled]

    @property
    def with_role(self) -> set[str]:
        """Return the columns whose role was recognised."""
        return {column.name for column, _ in self.roles.values()}

    def ask(
        self,
        role: str,
        question: str,
        answers: Sequence[tuple[str, Any]],
        usual: int | None = None,
        *below: str,
    ) -> None:
        """Ask about a column of the contract, or what lies `below` it in the mapping."""
        path = (*self.path, "columns", role, *below)
        self.doubts.append(Doubt(path, question, tuple(answers), usual))

    def dated(self, column: Profile) -> dict[str, Any]:
        """Return how a date column is read, with the time of day beside it."""
        return date_source(column, self.table.columns, self.used)

    def use(self, role: str) -> str:
        """Return the name of the column with a role, which is used from now on."""
        name = self.roles[role][0].name
        self.used.add(name)
        return name

    def add(self, role: str, optional: bool = False) -> None:
        """Map a column as it is; an optional one only if its role is certain."""
        if role in self.roles and not (optional and self.roles[role][1] < 0.7):
            self.columns[role] = self.use(role)
        elif not optional:
            self.missing(role)

    def missing(self, role: str) -> None:
        """Ask for a required column that was not recognised in the export."""
        self.columns[role] = OPEN
        columns = [c for c in self.table.columns if c.filled and c.name not in self.used]
        if role in ("surgery_at", "at"):
            columns = [c for c in columns if dates_of(c).share > 0.6 and not is_birth(c)] or columns
        columns.sort(key=lambda c: -name_score(c, role))  # what the name suggests comes first
        self.ask(
            role,
            f"Which column of {self.title} is {ASKED[role]}?",
            [(c.name, self.dated(c) if dates_of(c).share > 0.6 else c.name) for c in columns[:20]],
        )

    def add_id(self, role: str, otherwise: Sequence[str]) -> None:
        """Map an id; if there is none, build it from columns that identify a row."""
        if role in self.roles:
            self.columns[role] = self.use(role)
            return
        unique = [
            c.name
            for c in self.table.columns
            if c.distinct == c.filled == c.rows > 1 and may_be_id(c)
            if c.name not in self.with_role
        ]
        if unique:
            self.used.add(unique[0])
            self.columns[role] = unique[0]
            self.ask(
                role,
                f"{unique[0]} is different in every row of {self.title}: is it the {role}?",
                [("yes", unique[0]), *((f"no, {name}", name) for name in unique[1:4])],
                0,
            )
            return
        names = [self.roles[other][0].name for other in otherwise if other in self.roles]
        if len(names) < 2:
            self.missing(role)
            return
        self.columns[role] = {"columns": names, "join_with": "/"}
        self.ask(
            role,
            f"No column of {self.title} numbers its rows: is a row identified by "
            f"{' and '.join(names)}?",
            [("yes", self.columns[role]), ("no: the mapping is refused until one is named", OPEN)],
            0,
        )
