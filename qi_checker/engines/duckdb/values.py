"""Reading values in DuckDB: texts to dates, words and codes (docs/evaluation.md, section 1)."""

from __future__ import annotations

from qi_checker.protocol.records import FIRST_YEAR, LAST_YEAR

BLANKS = "' \t\r\n\u00a0'"  # what people and spreadsheets leave around a value
_BLANKS = ("' '", "'\t'", "'\r'", "'\n'", "'\u00a0'")
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?"
_OFFSET = "([zZ]| ?[+-](0[0-9]|1[0-3])(:?[0-5][0-9])?| ?[+-]14(:?00)?)"


def quote(name: str) -> str:
    """A column or table name, safe inside SQL."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A literal, safe inside SQL."""
    return "'" + value.replace("'", "''") + "'"


def blank_at_an_end(column: str) -> str:
    """Whether a text begins or ends with a blank; cheaper than to trim millions of clean ids."""
    ends = " OR ".join(f"suffix({column}, {blank})" for blank in _BLANKS)
    return f"coalesce(ascii({column}) <= 32 OR ascii({column}) = 160 OR {ends}, false)"


def clean(column: str) -> str:
    """The trimmed text of a column, NULL where nothing is left."""
    return f"nullif(trim(CAST({column} AS VARCHAR), {BLANKS}), '')"


class Moment:
    """How one date column is read, in three steps of columns that build on one another.

    The last step leaves `<name>_lo`, `_hi` (first and last possible local date), `_clock`
    (local), `_utc` (only where an offset was given) and `_bad` (a value that cannot be read).
    """

    def __init__(
        self, name: str, kind: str, zone: str, parts: bool, midnight_is_date: bool
    ) -> None:
        self.name = name
        self.steps: list[dict[str, str]] = []
        column = quote(name)
        if kind == "DATE":
            self._typed(column, "NULL::TIMESTAMP", "NULL::TIMESTAMP")
        elif kind == "TIMESTAMP WITH TIME ZONE":
            local = f"timezone({text(zone)}, {column})"
            self._typed(f"{local}::DATE", local, f"timezone('UTC', {column})")
        elif kind.startswith("TIMESTAMP"):
            clock = f"CASE WHEN {column}::TIME <> TIME '00:00:00' THEN {column}::TIMESTAMP END"
            self._typed(f"{column}::DATE", clock, "NULL::TIMESTAMP")
        else:
            self._from_text(zone, parts, midnight_is_date)

    def _bounded(self, given: str) -> None:
        """A year that can only be a typing error makes the value unreadable."""
        name = self.name
        self.steps.append(
            {f"{name}_fits": f"year({name}_first) BETWEEN {FIRST_YEAR} AND {LAST_YEAR}"}
        )
        parts = {"lo": "first", "hi": "last", "clock": "time", "utc": "instant_utc"}
        self.steps.append(
            {
                f"{name}_{to}": f"CASE WHEN {name}_fits THEN {name}_{part} END"
                for to, part in parts.items()
            }
            | {f"{name}_bad": f"{given} IS NOT NULL AND NOT coalesce({name}_fits, false)"}
        )

    def _typed(self, day: str, clock: str, utc: str) -> None:
        name = self.name
        self.steps.append(
            {f"{name}_first": day, f"{name}_last": day, f"{name}_time": clock,
             f"{name}_instant_utc": utc}
        )  # fmt: skip
        self._bounded(quote(name))

    def _from_text(self, zone: str, parts: bool, midnight_is_date: bool) -> None:
        name = self.name
        value, stamp, instant = f"{name}_text", f"{name}_stamp", f"{name}_instant"
        self.steps.append({value: clean(quote(name))})
        # `+05` and `-0500` are read as `+05:00`; a blank before the offset is dropped.
        parted = f"regexp_replace(upper({value}), ' ?([+-][0-9]{{2}}):?([0-9]{{2}})?$', '\\1:\\2')"
        plain = f"regexp_replace({parted}, ':$', ':00')"

        def when(pattern: str, shown: str, kind: str) -> str:
            found = f"regexp_full_match({value}, '{pattern}')"
            return f"TRY_CAST(CASE WHEN {found} THEN {shown} END AS {kind})"

        read = {
            f"{name}_day": when(_DATE, value, "DATE"),
            stamp: when(f"{_DATE}[T ]{_TIME}", value, "TIMESTAMP"),
            instant: when(f"{_DATE}[T ]{_TIME}{_OFFSET}", plain, "TIMESTAMPTZ"),
        }
        if parts:
            read[f"{name}_month"] = when("[0-9]{4}-[0-9]{2}", f"{value} || '-01'", "DATE")
            read[f"{name}_year"] = when("[0-9]{4}", f"{value} || '-01-01'", "DATE")
        self.steps.append(read)
        local = f"timezone({text(zone)}, {instant})"
        timed = stamp
        if midnight_is_date:
            timed = f"CASE WHEN {stamp}::TIME <> TIME '00:00:00' THEN {stamp} END"
        one = f"coalesce({name}_day, {stamp}::DATE, {local}::DATE)"
        lo = hi = one
        if parts:
            hi = f"coalesce({one}, last_day({name}_month), make_date(year({name}_year), 12, 31))"
            lo = f"coalesce({one}, {name}_month, {name}_year)"
        self.steps.append(
            {
                f"{name}_first": lo,
                f"{name}_last": hi,
                f"{name}_time": f"coalesce({timed}, {local})",
                f"{name}_instant_utc": f"timezone('UTC', {instant})",
            }
        )
        self._bounded(value)


def staged(source: str, moments: list[Moment]) -> str:
    """A query over `source` with the columns of all moments beside its own."""
    query = f"SELECT * FROM {source}"
    for step in range(max((len(m.steps) for m in moments), default=0)):
        added = [
            f"{sql} AS {name}" for m in moments if step < len(m.steps)
            for name, sql in m.steps[step].items()
        ]  # fmt: skip
        query = f"SELECT *, {', '.join(added)} FROM ({query})"
    return query
