"""Read values: texts to local dates and clock times (docs/evaluation.md, section 1)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from qi_checker.engines.inputs.database import Database
from qi_checker.engines.inputs.offsets import Offset, local_time
from qi_checker.protocol.records import FIRST_YEAR, LAST_YEAR
from qi_checker.protocol.site import Site

# Valid days; years of other millennia are not readable (FIRST_YEAR). A matching text can be cast in
# any database; databases without a cast that may fail need this.
_LEAP = "([0-9][0-9](0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29"
_MONTHS = (
    "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    "|02-(0[1-9]|1[0-9]|2[0-8]))"
)
_DATE = f"([12][0-9][0-9][0-9]-{_MONTHS}|{_LEAP})"
_MONTH = "[12][0-9][0-9][0-9]-(0[1-9]|1[0-2])"
_YEAR = "[12][0-9][0-9][0-9]"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?"
NO_VALUES = ""  # the kind of a column that has none
_OFFSET = "([zZ]| ?[+-](0[0-9]|1[0-3])(:?[0-5][0-9])?| ?[+-]14(:?00)?)"


class Moment:
    """The reading of one date column, in steps of columns that build on each other.

    The last step gives `<name>_lo`, `_hi` (first and last possible local date), `_clock` (local),
    `_utc` (only if an offset was given) and `_bad` (a value that cannot be read).
    """

    def __init__(
        self,
        db: Database,
        name: str,
        kind: str,
        site: Site,
        offsets: Sequence[Offset] = (),
        parts: bool = False,
    ) -> None:
        """kind: the type of the column; parts: whether a month or a year is also a value."""
        self.db = db
        self._local = partial(local_time, db, site.timezone, offsets=offsets)
        self.name = name
        self.steps: list[dict[str, str]] = []
        column = db.quote(name)
        none = "CAST(NULL AS TIMESTAMP)"
        if kind == NO_VALUES:
            self._typed("CAST(NULL AS DATE)", none, none)
        elif kind == "DATE":
            self._typed(column, none, none)
        elif kind == "TIMESTAMP WITH TIME ZONE":
            local = self._local(column)
            self._typed(f"CAST({local} AS DATE)", local, db.local("UTC", column))
        elif kind.startswith("TIMESTAMP"):
            stamp = f"CAST({column} AS TIMESTAMP)"
            self._typed(f"CAST({column} AS DATE)", _not_midnight(stamp), none)
        else:
            self._from_text(parts, site.midnight_is_date)

    def _bounded(self, given: str) -> None:
        """Treat a value as unreadable if its year can only be a typing error."""
        name = self.name
        year = f"extract(year FROM {name}_first)"
        self.steps.append({f"{name}_fits": f"{year} BETWEEN {FIRST_YEAR} AND {LAST_YEAR}"})
        parts = {"lo": "first", "hi": "last", "clock": "time", "utc": "instant_utc"}
        self.steps.append(
            {
                f"{name}_{to}": f"CASE WHEN {name}_fits THEN {name}_{part} END"
                for to, part in parts.items()
            }
            | {f"{name}_bad": f"({given} IS NOT NULL AND NOT coalesce({name}_fits, false))"}
        )

    def _typed(self, day: str, clock: str, utc: str) -> None:
        name = self.name
        self.steps.append(
            {
                f"{name}_first": day,
                f"{name}_last": day,
                f"{name}_time": clock,
                f"{name}_instant_utc": utc,
            }
        )
        self._bounded(self.db.quote(name))

    def _from_text(self, parts: bool, midnight_is_date: bool) -> None:
        name, db = self.name, self.db
        value, stamp, instant = f"{name}_text", f"{name}_stamp", f"{name}_instant"
        self.steps.append({value: db.clean(db.quote(name))})
        short = db.micros(value)
        # `+05` and `-0500` are read as `+05:00`; a blank before the offset is dropped.
        parted = db.replace(f"upper({short})", " ?([+-][0-9]{2}):?([0-9]{2})?$", r"\1:\2")
        plain = db.replace(parted, ":$", ":00")

        def when(pattern: str, shown: str, kind: str) -> str:
            return db.cast(f"CASE WHEN {db.matches(value, pattern)} THEN {shown} END", kind)

        read = {
            f"{name}_day": when(_DATE, value, "DATE"),
            stamp: when(f"{_DATE}[T ]{_TIME}", short, "TIMESTAMP"),
            instant: when(f"{_DATE}[T ]{_TIME}{_OFFSET}", plain, "TIMESTAMPTZ"),
        }
        if parts:
            read[f"{name}_month"] = when(_MONTH, f"{value} || '-01'", "DATE")
            read[f"{name}_year"] = when(_YEAR, f"{value} || '-01-01'", "DATE")
        self.steps.append(read)
        local = self._local(instant)
        timed = _not_midnight(stamp) if midnight_is_date else stamp
        one = f"coalesce({name}_day, CAST({stamp} AS DATE), CAST({local} AS DATE))"
        lo = hi = one
        if parts:
            hi = f"coalesce({one}, {_last(name, 'month')}, {_last(name, 'year')})"
            lo = f"coalesce({one}, {name}_month, {name}_year)"
        self.steps.append(
            {
                f"{name}_first": lo,
                f"{name}_last": hi,
                f"{name}_time": f"coalesce({timed}, {local})",
                f"{name}_instant_utc": db.local("UTC", instant),
            }
        )
        self._bounded(value)


def _not_midnight(stamp: str) -> str:
    """Return the clock time of a timestamp; NULL at midnight, which means a date only."""
    return f"CASE WHEN {stamp} <> CAST(CAST({stamp} AS DATE) AS TIMESTAMP) THEN {stamp} END"


def _last(name: str, unit: str) -> str:
    """Return the last day of the month or year that starts on `<name>_<unit>`."""
    return f"CAST({name}_{unit} + INTERVAL '1' {unit.upper()} - INTERVAL '1' DAY AS DATE)"


def staged(db: Database, source: str, moments: list[Moment]) -> str:
    """Return a query on `source` with the columns of all moments added."""
    query = f"SELECT * FROM {source} s"
    for step in range(max((len(m.steps) for m in moments), default=0)):
        added = [
            f"{sql} AS {name}"
            for m in moments
            if step < len(m.steps)
            for name, sql in m.steps[step].items()
        ]
        query = f"SELECT *, {', '.join(added)} FROM ({query}{db.FENCE}) s{step}"
    return query
