"""From a hospital's export to the records contract: `mapping.yaml`.

A mapping says for each table where its rows are, how the text is written, which rows count, and
where each column of the contract comes from. Columns that it does not name are not imported.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    Tag,
)

from qi_checker.protocol.date_format import DateFormat
from qi_checker.protocol.exam_names import ExamName
from qi_checker.protocol.fields import CharacterRange, KindWord, Strict, Text, Word

Encoding = Literal[
    "utf-8", "utf-16", "windows-1252", "windows-1250", "iso-8859-1", "iso-8859-15", "cp850"
]
LEADING_ZEROS, TRAILING_ZERO, ALL_BLANKS = "leading zeros", ".0", "blanks"


def _is_list(value: Any) -> str:
    return "many" if isinstance(value, list) else "one"


def _has_keys(value: Any) -> str:
    return "keys" if not isinstance(value, str) and not isinstance(value, int | float) else "name"


def _date_format(text: str) -> str:
    DateFormat.parse(text)
    return text


Texts = Annotated[
    Annotated[Text, Tag("one")] | Annotated[list[Text], Tag("many")], Discriminator(_is_list)
]
FormatText = Annotated[Text, AfterValidator(_date_format)]
Formats = Annotated[
    Annotated[FormatText, Tag("one")] | Annotated[list[FormatText], Tag("many")],
    Discriminator(_is_list),
]
# A word of an export may be mapped to no value.
Replacement = Annotated[str, StringConstraints(strict=True, strip_whitespace=True)]

Prefix = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=40)]


def many(value: str | list[str] | None) -> tuple[str, ...]:
    """Return the values of a key that takes one text or a list."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


class Source(Strict):
    """Where the value of a column comes from, and how it is read."""

    column: Text | None = Field(None, description="The column of the export.")
    columns: list[Text] | None = Field(
        None, min_length=2, description="Several columns, joined in turn: [OP_DATE, OP_TIME]."
    )
    first_of: list[Text] | None = Field(
        None, min_length=2, description="The first of these columns that is not empty."
    )
    constant: Text | None = Field(None, description="This text for every row.")
    join_with: Annotated[str, StringConstraints(strict=True, max_length=10)] = Field(
        " ", description="Text between the joined columns (default: a blank)."
    )
    date: Formats | None = Field(
        None, description="How the dates are written: DD.MM.YYYY HH:mm, excel, epoch."
    )
    strip: Texts | None = Field(
        None,
        description='Texts to take out of an id, also "leading zeros", "blanks", and ".0" at its end.',
    )
    pad: StrictInt | None = Field(
        None, ge=2, le=40, description="Add leading zeros to an id up to this many characters."
    )
    prefix: Prefix | None = Field(None, description="Put in front of every id: RAD-.")
    list_: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=5)] | None = (
        Field(
            None, alias="list", description='What separates the items of a list in the export: ",".'
        )
    )
    system: Word | None = Field(None, description="Code system of codes without one: CPT.")
    system_column: Text | None = Field(
        None, description="The column that names the code system of the row."
    )
    in_text: StrictBool = Field(
        False, description="Take the codes of `system` out of a text: Liver metastasis [C78.7]."
    )
    words: dict[str, Replacement] = Field(
        {}, description="Value of the export -> word of the contract; empty text for no value."
    )
    pick: Literal["first", "last", "earliest", "latest"] | None = Field(
        None, description="With group_by: which value counts where the rows of a case disagree."
    )

    @property
    def sources(self) -> tuple[str, ...]:
        """Return the columns of the export that its value comes from."""
        named = (self.column,) if self.column is not None else ()
        return (*named, *(self.columns or ()), *(self.first_of or ()))

    @property
    def every(self) -> tuple[str, ...]:
        """Return the same columns, plus the column of the code system."""
        return (*self.sources, *((self.system_column,) if self.system_column else ()))

    @property
    def formats(self) -> tuple[DateFormat, ...]:
        return tuple(DateFormat.parse(text) for text in many(self.date))


ColumnFrom = Annotated[
    Annotated[Text, Tag("name")] | Annotated[Source, Tag("keys")], Discriminator(_has_keys)
]


class RowsThat(Strict):
    """A condition on the rows to read; exactly one of the keys beside column."""

    column: Text = Field(description="The column of the export.")
    is_: Texts | None = Field(None, alias="is", description="The values of the rows to read.")
    is_not: Texts | None = Field(None, description="The values of the rows to leave out.")
    begins_with: Texts | None = Field(
        None, description="The beginnings of values of the rows to read."
    )
    empty: Literal["no", "yes"] | None = Field(
        None, description='"no" leaves out rows without a value, "yes" those with one.'
    )

    @property
    def test(self) -> tuple[str, tuple[str, ...]]:
        """Return the key that is given, and its values."""
        found = {"is": self.is_, "is_not": self.is_not, "begins_with": self.begins_with}
        given = [(name, many(value)) for name, value in found.items() if value is not None]
        return given[0] if given else ("empty", many(self.empty))


class Place(Strict):
    """Where rows are, and how their text is written."""

    file: Texts | None = Field(None, description="File of the folder, or a pattern: OR_*.csv.")
    table: Text | None = Field(None, description="Table or view of the database.")
    query: Text | None = Field(None, description="A SELECT that the database runs.")
    sheet: Text | None = Field(
        None, description="Sheet of a workbook (default: the first that can be seen)."
    )
    encoding: Encoding | None = Field(None, description="Default: detected, and stated.")
    separator: Literal["comma", "semicolon", "tab", "bar"] | None = Field(
        None, description="Default: detected."
    )
    skip: StrictInt = Field(0, ge=0, le=1000, description="Rows above the header.")
    header_rows: StrictInt = Field(
        1, ge=0, le=5, description="Rows of the header; names are joined with a blank."
    )
    footer: Texts | None = Field(
        None, description="How the first cell of a totals row begins: Total, Summe."
    )
    widths: dict[str, CharacterRange] | None = Field(
        None, min_length=1, description="Fixed width: name of a column -> its characters, 1-8."
    )


class Join(Place):
    """Columns of another table, joined to the rows with the same value."""

    by: Texts = Field(description="Columns that are the same in both: OR_CASE_ID, or THIS = THAT.")
    columns: Texts = Field(description="Its columns that the mapping names.")
    prefix: Prefix | None = Field(
        None, description="Put in front of their names, to distinguish them from others: proc."
    )
    where: list[RowsThat] = Field([], description="Only rows that fulfil all of these.")

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return pairs of columns: in this table, in the joined one."""
        result = []
        for text in many(self.by):
            here, _, there = (part.strip() for part in text.partition("="))
            result.append((here, there or here))
        return tuple(result)


class TableMapping(Place):
    """How the rows of one table of the contract are made."""

    decimal: Literal["comma", "point"] = Field("point", description="Decimal separator of numbers.")
    empty: Texts | None = Field(
        None, description="Words that mean no value, beside NULL and \\N: n/a, unknown."
    )
    text_marks: StrictBool = Field(
        False, description='Values are written ="0012" or \'0012, which keeps their zeros.'
    )
    fill_down: Texts | None = Field(
        None, description="Columns whose empty cells have the value of the cell above (merged)."
    )
    join: list[Join] = Field([], description="Further tables to take columns from.")
    where: list[RowsThat] = Field([], description="Only rows that fulfil all of these are read.")
    group_by: Texts | None = Field(
        None, description="One row of the contract from all rows with the same value: OR_CASE_ID."
    )
    exam_name: Text | None = Field(
        None, description="The column whose text is looked up in the list of exam names."
    )
    outside_dates: Literal["reading", "acquisition"] = Field(
        "reading",
        description="What the date of an outside examination means: it is not that of the scan.",
    )
    columns: dict[str, ColumnFrom] = Field(
        min_length=1, description="Column of the contract -> where it comes from."
    )

    @property
    def sources(self) -> dict[str, Source]:
        """Return every column in its long form."""
        return {
            name: Source(column=given) if isinstance(given, str) else given
            for name, given in self.columns.items()
        }


class Database(Strict):
    """The database that tables and queries are read from; nothing is ever written to it."""

    url: Text = Field(description="Address without a password: postgresql://reader@host/name.")
    password_env: Text | None = Field(
        None, description="Environment variable that holds the password."
    )
    password_file: Text | None = Field(None, description="File that holds the password.")


class SiteExamNames(Strict):
    """The hospital's own names of examinations, which take precedence over the shipped list."""

    file: Text | None = Field(
        None, description="The hospital's own list, like rules/exam-names.yaml."
    )
    words: dict[KindWord, list[Text]] = Field(
        {}, description="Groups of words, beside those of the lists."
    )
    names: list[ExamName] = Field([], description="Patterns that take precedence over all others.")
    shipped: Literal["use", "ignore"] = Field(
        "use", description="ignore: do not use the list that is shipped with the program."
    )


Blocks = Annotated[
    Annotated[TableMapping, Tag("one")] | Annotated[list[TableMapping], Tag("many")],
    Discriminator(_is_list),
]


class Mapping(Strict):
    """How the tables of the contract are made from an export."""

    database: Database | None = Field(None, description="Where tables and queries are.")
    exam_names: SiteExamNames = Field(
        SiteExamNames(), description="The hospital's own names of examinations."
    )
    cases: Blocks | None = Field(None, description="One row per operation.")
    events: Blocks | None = Field(None, description="One row per scan, booking, therapy ...")
    exceptions: Blocks | None = Field(None, description="Approved waivers.")
    ious: Blocks | None = Field(None, description="What intraoperative ultrasound found.")

    def blocks(self, table: str) -> tuple[TableMapping, ...]:
        """Return the parts that make up a table of the contract; none if it is not mapped."""
        found = getattr(self, table)
        if found is None:
            return ()
        return tuple(found) if isinstance(found, list) else (found,)
