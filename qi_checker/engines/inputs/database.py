"""What making the ready tables needs of a database: its words where databases differ, its tables.

Whatever is written the same everywhere stands in the modules beside this one. A `bool`, a text or an
array below is a piece of SQL that has such a value.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from sqlglot import exp


Kind = Literal["TEXT", "INTEGER", "DATE"]

BLANKS = " \t\r\n\u00a0"  # what people and spreadsheets leave around a value


def quote(name: str) -> str:
    """A column or table name, safe inside SQL."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A literal, safe inside SQL."""
    return "'" + value.replace("'", "''") + "'"


class Database(ABC):
    """One connection with tables `raw_<name>` and `torn_<name>`, and temporary ones made of them."""

    TEXT = "VARCHAR"  # the type of a text of any length
    FENCE = ""  # ends a query whose columns must be computed once, however often they are read
    KEEPS_MOST: int | None = None  # more events than this are read again instead of kept
    FINDS_PADDED = (
        True  # reading without trimming is cheaper, so ids are trimmed only if one needs it
    )
    ERRORS: tuple[type[Exception], ...] = ()  # what it raises for a query that it cannot do

    # ---- tables ----------------------------------------------------------------------------------

    @abstractmethod
    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Every row of a query that has few."""

    def row(self, query: str) -> tuple[Any, ...]:
        """The only row of a query."""
        return self.rows(query)[0]

    @abstractmethod
    def columns(self, table: str) -> dict[str, str]:
        """Columns of a table with their types, in DuckDB's words; texts are VARCHAR."""

    @abstractmethod
    def table(self, name: str, query: str) -> None:
        """Make a temporary table, in the place of an earlier one."""

    def view(self, name: str, query: str) -> None:
        """The same without keeping the rows, where there are more than `KEEPS_MOST`."""
        self.table(name, query)

    @abstractmethod
    def add(self, name: str, query: str) -> None:
        """Add rows to a table that `table` made; columns by their order."""

    @abstractmethod
    def drop(self, name: str) -> None:
        """Remove a temporary table that is not needed any more."""

    def empty(self, name: str, kinds: Mapping[str, str]) -> None:
        """Make a temporary table without rows; `kinds`: the type of each column."""
        none = ", ".join(f"CAST(NULL AS {kind}) AS {column}" for column, kind in kinds.items())
        self.table(name, f"SELECT n.* FROM (SELECT {none}) n WHERE false")

    @abstractmethod
    def leave_out(self, raw: str, rows: str) -> None:
        """Take the rows of which the table `rows` holds the `_row` out of a raw table, for good."""

    def count(self, name: str) -> int:
        """How many rows a table has."""
        return int(self.row(f"SELECT count(*) FROM {name}")[0])

    def index(self, name: str, column: str) -> None:  # noqa: B027
        """Make a column of a table quick to look up, where a database does not do that itself."""

    # ---- compiled queries ------------------------------------------------------------------------

    @abstractmethod
    def store(self, name: str, query: exp.Query, number: int) -> None:
        """Put the rows of a query into a table of results: part 0 makes it, later ones add to it.

        Columns are matched by their names.
        """

    @abstractmethod
    def show(self, name: str, queries: Sequence[exp.Query], read_often: bool = False) -> None:
        """Make a view of the rows of several queries, matched by the names of their columns.

        read_often: several later steps read it, so that its rows may be worth keeping.
        """

    @abstractmethod
    def fill(self, name: str, columns: Mapping[str, Kind], rows: Iterable[Sequence[Any]]) -> None:
        """Make a temporary table of values that Python holds."""

    def repeats(self, table: str, key: str, number: int) -> bool:
        """Whether one of `number` keys that are not NULL may be there twice; never a wrong no."""
        distinct = f"SELECT count(DISTINCT {self.hashed(key)}) FROM {table} WHERE {key} IS NOT NULL"
        return bool(self.row(distinct)[0] < number)

    # ---- names and texts -------------------------------------------------------------------------

    def quote(self, name: str) -> str:
        return quote(name)

    def text(self, value: str) -> str:
        return text(value)

    def as_text(self, column: str) -> str:
        """The value of a column of any type as text."""
        return f"CAST({column} AS {self.TEXT})"

    def trim(self, value: str) -> str:
        """A text without the blanks around it."""
        return f"trim(BOTH {self.text(BLANKS)} FROM {value})"

    def clean(self, column: str) -> str:
        """The trimmed text of a column, NULL where nothing is left."""
        return f"nullif({self.trim(self.as_text(column))}, '')"

    def blank(self, column: str) -> str:
        """bool: whether a column of text holds nothing but blanks, or no value; never NULL."""
        return f"({self.clean(column)} IS NULL)"

    @abstractmethod
    def padded(self, column: str) -> str:
        """bool: whether a text begins or ends with a blank; never NULL."""

    @abstractmethod
    def matches(self, value: str, pattern: str) -> str:
        """bool: whether all of a text is what a regular expression says."""

    @abstractmethod
    def part(self, value: str, pattern: str) -> str:
        """The group of a pattern; empty or NULL where it does not match."""

    def replace(self, value: str, pattern: str, by: str) -> str:
        """The first match of a pattern replaced; groups are `\\1`, `\\2`."""
        return f"regexp_replace({value}, {self.text(pattern)}, {self.text(by)})"

    def without(self, value: str, pattern: str) -> str:
        """A text without any match of a pattern."""
        return f"regexp_replace({value}, {self.text(pattern)}, '', 'g')"

    def starts(self, value: str, prefix: str) -> str:
        return f"starts_with({value}, {prefix})"

    # ---- dates -----------------------------------------------------------------------------------

    def cast(self, value: str, kind: str) -> str:
        """A text that can be read as DATE, TIMESTAMP or TIMESTAMPTZ (or is NULL), so read."""
        return f"CAST({value} AS {kind})"

    def micros(self, value: str) -> str:
        """A text of a time without what is finer than microseconds, where a cast would round it."""
        return self.replace(value, "([.][0-9]{6})[0-9]+", r"\1")

    def local(self, zone: str, instant: str) -> str:
        """The time of day of an instant in a time zone."""
        return f"timezone({self.text(zone)}, {instant})"

    def days(self, later: str, earlier: str) -> str:
        """Whole days between two dates."""
        return f"({later} - {earlier})"

    # ---- arrays of words -------------------------------------------------------------------------

    @abstractmethod
    def words(self, column: str, change: Literal["upper", "lower"]) -> str:
        """array: the trimmed words of a `;`-list, in upper or lower case; empty for NULL."""

    @abstractmethod
    def set_of(self, value: str, where: str) -> str:
        """array: the distinct values of a group where a condition holds, in order; NULL for none."""

    @abstractmethod
    def array(self, values: Sequence[str]) -> str:
        """array: these texts."""

    @abstractmethod
    def pieces(self, value: str) -> str:
        """One row for each piece of a `;`-list; stands in a select list."""

    @abstractmethod
    def size(self, array: str) -> str:
        """How many there are."""

    @abstractmethod
    def has(self, array: str, word: str) -> str:
        """bool: whether a word is in it."""

    @abstractmethod
    def within(self, array: str, known: str) -> str:
        """bool: whether every one of an array is in another."""

    # ---- rows ------------------------------------------------------------------------------------

    def number(self, order: str) -> str:
        """A number of its own for each row, from 1; in this order where the rows have no other."""
        return f"CAST(row_number() OVER (ORDER BY {order}) AS INTEGER)"

    def same(self, one: str, other: str) -> str:
        """bool: equal, or both NULL; what tables are joined by."""
        return f"{one} IS NOT DISTINCT FROM {other}"

    def hashed(self, value: str) -> str:
        """A number that equal texts share, and others hardly ever."""
        return value

    def record(self, columns: Sequence[str]) -> str:
        """Several columns as one value that can be compared."""
        return f"row({', '.join(columns)})"
