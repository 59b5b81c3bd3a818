"""The interface to a database for making the ready tables: its dialect, and its tables.

SQL that is the same everywhere is in the neighbouring modules. A `bool`, a text or an array below
is a piece of SQL with such a value.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from qi_checker.query.plan import Query


Kind = Literal["TEXT", "INTEGER", "DATE"]

BLANKS = " \t\r\n\u00a0"  # blanks that people and spreadsheets leave around a value


def quote(name: str) -> str:
    """Quote a column or table name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """Quote text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


class Database(ABC):
    """One connection with tables `raw_<name>` and `torn_<name>`, and temporary ones made of them."""

    TEXT = "VARCHAR"  # the type of text of any length
    FENCE = ""  # ends a query whose columns must be computed only once, however often they are read
    KEEPS_MOST: int | None = None  # above this number events are read again instead of kept
    FINDS_PADDED = (
        True  # reading without trimming is cheaper, so ids are trimmed only if one needs it
    )
    ERRORS: tuple[type[Exception], ...] = ()  # raised for a query that fails

    # ---- tables ----------------------------------------------------------------------------------

    @abstractmethod
    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return all rows of a query with few rows."""

    def row(self, query: str) -> tuple[Any, ...]:
        """Return the only row of a query."""
        return self.rows(query)[0]

    @abstractmethod
    def columns(self, table: str) -> dict[str, str]:
        """Return the columns of a table with their types, in DuckDB's terms; texts are VARCHAR."""

    @abstractmethod
    def table(self, name: str, query: str) -> None:
        """Make a temporary table, replacing an earlier one."""

    def view(self, name: str, query: str) -> None:
        """Do the same without keeping the rows, if there are more than `KEEPS_MOST`."""
        self.table(name, query)

    @abstractmethod
    def add(self, name: str, query: str) -> None:
        """Add rows to a table made by `table`; columns are matched by order."""

    @abstractmethod
    def drop(self, name: str) -> None:
        """Drop a temporary table that is no longer needed."""

    def empty(self, name: str, kinds: Mapping[str, str]) -> None:
        """Make a temporary table without rows; `kinds`: the type of each column."""
        none = ", ".join(f"CAST(NULL AS {kind}) AS {column}" for column, kind in kinds.items())
        self.table(name, f"SELECT n.* FROM (SELECT {none}) n WHERE false")

    @abstractmethod
    def leave_out(self, raw: str, rows: str) -> None:
        """Permanently remove from a raw table the rows whose `_row` is in the table `rows`."""

    def count(self, name: str) -> int:
        """Return the number of rows of a table."""
        return int(self.row(f"SELECT count(*) FROM {name}")[0])

    def index(self, name: str, column: str) -> None:  # noqa: B027
        """Index a column of a table, if the database does not do that itself."""

    # ---- compiled queries ------------------------------------------------------------------------

    @abstractmethod
    def store(self, name: str, query: Query, number: int) -> None:
        """Put the rows of a query into a result table: part 0 creates it, later parts add to it.

        Columns are matched by name.
        """

    @abstractmethod
    def show(self, name: str, queries: Sequence[Query], read_often: bool = False) -> None:
        """Make a view of the rows of several queries, with columns matched by name.

        read_often: several later steps read it, so that its rows may be worth keeping.
        """

    @abstractmethod
    def fill(self, name: str, columns: Mapping[str, Kind], rows: Iterable[Sequence[Any]]) -> None:
        """Make a temporary table of values from Python."""

    def repeats(self, table: str, key: str, number: int) -> bool:
        """Whether any of `number` non-NULL keys may be duplicated; never a false no."""
        distinct = f"SELECT count(DISTINCT {self.hashed(key)}) FROM {table} WHERE {key} IS NOT NULL"
        return bool(self.row(distinct)[0] < number)

    # ---- names and texts -------------------------------------------------------------------------

    def quote(self, name: str) -> str:
        return quote(name)

    def text(self, value: str) -> str:
        return text(value)

    def as_text(self, column: str) -> str:
        """Return the value of a column of any type as text."""
        return f"CAST({column} AS {self.TEXT})"

    def trim(self, value: str) -> str:
        """Return a text without surrounding blanks."""
        return f"trim(BOTH {self.text(BLANKS)} FROM {value})"

    def clean(self, column: str) -> str:
        """Return the trimmed text of a column, NULL if empty."""
        return f"nullif({self.trim(self.as_text(column))}, '')"

    def blank(self, column: str) -> str:
        """bool: whether a text column is NULL or contains only blanks; never NULL."""
        return f"({self.clean(column)} IS NULL)"

    @abstractmethod
    def padded(self, column: str) -> str:
        """bool: whether a text begins or ends with a blank; never NULL."""

    @abstractmethod
    def matches(self, value: str, pattern: str) -> str:
        """bool: whether a whole text matches a regular expression."""

    @abstractmethod
    def part(self, value: str, pattern: str) -> str:
        """Return the group of a pattern; empty or NULL if it does not match."""

    def replace(self, value: str, pattern: str, by: str) -> str:
        """Replace the first match of a pattern; groups are `\\1`, `\\2`."""
        return f"regexp_replace({value}, {self.text(pattern)}, {self.text(by)})"

    def without(self, value: str, pattern: str) -> str:
        """Return a text without any match of a pattern."""
        return f"regexp_replace({value}, {self.text(pattern)}, '', 'g')"

    def starts(self, value: str, prefix: str) -> str:
        return f"starts_with({value}, {prefix})"

    # ---- dates -----------------------------------------------------------------------------------

    def cast(self, value: str, kind: str) -> str:
        """Cast a text that is valid as DATE, TIMESTAMP or TIMESTAMPTZ, or NULL."""
        return f"CAST({value} AS {kind})"

    def micros(self, value: str) -> str:
        """Truncate the text of a time to microseconds, if a cast would round it."""
        return self.replace(value, "([.][0-9]{6})[0-9]+", r"\1")

    def local(self, zone: str, instant: str) -> str:
        """Return the clock time of an instant in a time zone."""
        return f"timezone({self.text(zone)}, {instant})"

    def days(self, later: str, earlier: str) -> str:
        """Return the whole days between two dates."""
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
        """Return one row for each piece of a `;`-list; used in a select list."""

    @abstractmethod
    def size(self, array: str) -> str:
        """Return the number of elements."""

    @abstractmethod
    def has(self, array: str, word: str) -> str:
        """bool: whether a word is in it."""

    @abstractmethod
    def within(self, array: str, known: str) -> str:
        """bool: whether every element of an array is in another."""

    # ---- rows ------------------------------------------------------------------------------------

    def number(self, order: str) -> str:
        """Number the rows uniquely from 1; in this order if the rows have no other."""
        return f"CAST(row_number() OVER (ORDER BY {order}) AS INTEGER)"

    def same(self, one: str, other: str) -> str:
        """bool: equal, or both NULL; for joining tables."""
        return f"{one} IS NOT DISTINCT FROM {other}"

    def hashed(self, value: str) -> str:
        """Return a hash: a number that equal texts share, and others hardly ever."""
        return value

    def record(self, columns: Sequence[str]) -> str:
        """Return several columns as one comparable value."""
        return f"row({', '.join(columns)})"
