"""The records contract: its tables, their columns, and the values that each may contain.

Sources deliver every value as text, as written in the file; engines interpret it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import duckdb

from qi_checker.protocol.vocabulary import CASE_STATUSES, EVENT_STATUSES, NO, PLAN_CHANGES, YES

Kind = Literal["id", "text", "when", "when-or-part", "word", "words", "codes", "count"]


@dataclass(frozen=True)
class Column:
    """One column: `needed` means that a row without a value is rejected."""

    name: str
    kind: Kind = "text"
    needed: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table of the contract; further columns of a file are kept as text."""

    name: str
    columns: tuple[Column, ...]
    required: bool = False
    key: str = ""

    def __getitem__(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    @property
    def needed(self) -> tuple[str, ...]:
        """Return the columns that the file itself must have."""
        return tuple(c.name for c in self.columns if c.needed)


CASES = Table(
    "cases",
    (
        Column("case_id", "id", needed=True),
        Column("patient_id", "id", needed=True),
        Column("surgery_at", "when", needed=True),
        Column("started_at", "when"),
        Column("status", "word", needed=True, words=CASE_STATUSES),
        Column("procedures", "codes"),
        Column("diagnoses", "codes"),
        Column("urgency", "word"),
        Column("admitted_at", "when"),
        Column("surgeon"),
        Column("site"),
    ),
    required=True,
    key="case_id",
)
EVENTS = Table(
    "events",
    (
        Column("event_id", "id", needed=True),
        Column("patient_id", "id", needed=True),
        Column("kind", "word", needed=True),
        Column("status", "word", needed=True, words=EVENT_STATUSES),
        Column("at", "when-or-part"),  # needed for booked and completed, see docs/evaluation.md
        Column("modality", "words"),
        Column("region", "words"),
        Column("codes", "codes"),
        Column("description"),
        Column("provenance", "word"),
        Column("ordered_at", "when"),
        Column("recorded_at", "when"),
    ),
    required=True,
    key="event_id",
)
EXCEPTIONS = Table(
    "exceptions",
    (
        Column("exception_id", "id", needed=True),
        Column("case_id", "id", needed=True),
        Column("requirement", "word", needed=True),
        Column("reason", "word", needed=True),
        Column("note"),
        Column("requested_by"),
        Column("requested_at", "when"),
        Column("approved_by"),
        Column("approved_at", "when"),
        Column("valid_from", "when"),
        Column("expires_on", "when"),
        Column("revoked_at", "when"),
        Column("recorded_at", "when"),
    ),
    key="exception_id",
)
IOUS = Table(
    "ious",
    (
        Column("case_id", "id", needed=True),
        Column("performed", "word", needed=True, words=(*YES, *NO)),
        Column("plan_recorded_before", "word", words=(*YES, *NO)),
        Column("plan_change", "words", words=PLAN_CHANGES),
        Column("lesions_preop", "count"),
        Column("lesions_new", "count"),
        Column("lesions_not_confirmed", "count"),
        Column("new_within_planned_resection", "word", words=(*YES, *NO)),
        Column("operator"),
        Column("contrast", "word", words=(*YES, *NO)),
        Column("histology_confirmed", "word", words=(*YES, *NO)),
    ),
    key="case_id",
)
TABLES = {t.name: t for t in (CASES, EVENTS, EXCEPTIONS)}  # the input of an evaluation
ALL_TABLES = TABLES | {IOUS.name: IOUS}  # with the table that only a study reads

FIRST_YEAR, LAST_YEAR = 1900, 2199  # a year outside is a typing error and breaks date arithmetic

REJECT_COLUMNS = ("table", "file", "row", "column", "id", "reason")
FINDING_COLUMNS = (
    "case_id",
    "requirement",
    "status",
    "reason",
    "event_id",
    "event_date",
    "days_before",
    "window_opens",
    "window_closes",
    "valid_through",
    "slack_days",
    "act_by",
    "owner",
    "sentence",
)
CASE_COLUMNS = (
    "case_id",
    "verdict",
    "surgery_date",
    "next_action",
    "act_by",
    "owner",
    "latest_surgery_date",
)

THE_STORE = "the store"  # instead of a file: rows from the store of past nights


@dataclass(frozen=True)
class Joined:
    """Marks a table with rows from two places: a `_row` below 0, such as -3, is row 3 of `place`.

    `file` and `sha256` are those of the table as delivered, empty if it was not delivered.
    """

    file: str
    sha256: str
    place: str
    place_sha256: str


# Row numbers of a table's second file start here, those of the third file at twice this number.
ROWS_OF_A_PLACE = 1_000_000_000


@dataclass(frozen=True)
class Place:
    """A file, sheet or query of an export from which rows of a table were read.

    `columns` are the contract's columns with their names in the export.
    """

    name: str
    sha256: str
    columns: tuple[tuple[str, str], ...] = ()


@dataclass
class RawTable:
    """A table as a source delivered it: `raw_<name>` in the connection.

    Every contract column is present (NULL if the file lacks it), as text or with its Parquet type,
    plus `_row`: the row as a spreadsheet counts it, the header being row 1. Structurally broken
    rows are in `torn_<name>` (`_row` BIGINT, `id`, `patient_id`, `why`, text).
    """

    name: str
    file: str
    columns: tuple[str, ...]
    sha256: str
    absent: bool = False
    joined: Joined | None = None
    places: tuple[Place, ...] = ()  # if a mapping made the table from an export

    def where(self, row: int) -> str:
        """Return file and row of a `_row`: `or_cases.csv, row 12`."""
        if row < 0 and self.joined is not None:
            return f"{self.joined.place}, row {-row}"
        if self.places:
            place, number = divmod(row, ROWS_OF_A_PLACE)
            return f"{self.places[place].name}, row {number}"
        return f"{self.joined.file if self.joined else self.file}, row {row}"


@dataclass(frozen=True)
class TextTable:
    """A small table in memory, by column: every column that it has, and `_row`.

    Cells are text as written in the file, None if there is no value.
    """

    raw: RawTable
    cells: Mapping[str, Sequence[str | None]]

    def column(self, name: str) -> Sequence[str | None]:
        """Return the cells of a column in file order; all None if the table lacks the column."""
        return self.cells.get(name) or (None,) * len(self)

    def row(self, at: int) -> dict[str, str | None]:
        """Return a row, counted from 0, as column -> cell; columns that it lacks are None."""
        absent = dict.fromkeys(ALL_TABLES[self.raw.name].names)
        return absent | {name: cells[at] for name, cells in self.cells.items()}

    def __len__(self) -> int:
        return len(next(iter(self.cells.values()), ()))


@dataclass
class Records:
    """The input of an engine: raw tables in one DuckDB connection, and their origin."""

    con: duckdb.DuckDBPyConnection
    tables: dict[str, RawTable] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
