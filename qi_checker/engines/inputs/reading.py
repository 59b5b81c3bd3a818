"""Convert raw rows to typed rows, and reject some with a reason (docs/evaluation.md, 1 and 2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from qi_checker.engines.inputs.database import Database
from qi_checker.engines.inputs.offsets import Offset
from qi_checker.engines.inputs.values import NO_VALUES, Moment, staged
from qi_checker.protocol.records import EVENTS, EXCEPTIONS, Table
from qi_checker.protocol.site import Site
from qi_checker.query.population import own_column
from qi_checker.query.profiles import own_event_column

UNREADABLE = "unreadable date"
DUPLICATE = "duplicate id"
BY_PROFILE = ("kind", "status", "modality", "region", "codes", "provenance")  # of events


@dataclass(frozen=True)
class Reading:
    """A raw table and how it is read: `query` gives trimmed words, moments and other columns."""

    db: Database
    table: Table
    raw: str
    query: str
    extra: tuple[str, ...]  # columns outside the contract that are read
    trimmed: bool
    dates: dict[str, str] = field(default_factory=dict)  # own date columns -> names of moments
    moments: tuple[str, ...] = ()  # names of all date columns, as they are read

    def instants(self) -> str:
        """Return the SQL of the first and last moment with an offset, in UTC."""
        found = [f"{name}_utc" for name in self.moments]
        if len(found) < 2:
            one = found[0] if found else "CAST(NULL AS TIMESTAMP)"
            return f"min({one}), max({one})"
        listed = ", ".join(found)
        return f"min(least({listed})), max(greatest({listed}))"

    def fault(self) -> str:
        """Return the SQL of the first reason to reject a row, `column|reason`; NULL if usable."""
        db = self.db
        branches = [
            f"WHEN {_given(db, self.table, c)} IS NULL THEN {db.text(c + '|missing value')}"
            for c in self.table.needed
        ]
        for column in self.table.columns:
            if column.words:
                known = ", ".join(db.text(w) for w in column.words)
                reason = db.text(column.name + "|unknown word")
                branches.append(f"WHEN {db.quote(column.name)} NOT IN ({known}) THEN {reason}")
        branches += [
            f"WHEN {c.name}_bad THEN {db.text(c.name + '|' + UNREADABLE)}"
            for c in self.table.columns
            if c.kind.startswith("when")
        ]
        if self.table is EVENTS:
            external = db.text("at|external study without an acquisition date")
            branches.append(
                "WHEN at_lo IS NULL AND status = 'completed' AND provenance = 'external' "
                f"THEN {external}"
            )
            branches.append(
                "WHEN at_lo IS NULL AND status IN ('booked', 'completed') THEN 'at|missing value'"
            )
        return f"CASE {' '.join(branches)} END"


def _given(db: Database, table: Table, column: str) -> str:
    name = db.quote(column)
    return db.clean(name) if table[column].kind.startswith("when") else name


def reading(
    db: Database,
    table: Table,
    site: Site,
    raw: str = "",
    trim: bool = False,
    own: frozenset[str] = frozenset(),
    own_dates: tuple[str, ...] = (),
    offsets: Sequence[Offset] = (),
) -> Reading:
    """Decide how each column is read, by the types of the raw table.

    Ids are trimmed only with `trim`, since trimming millions takes seconds and hardly any needs it.
    Events are joined to their profiles, which contain the words that many events share. `own` are
    the required columns outside the contract, `own_dates` those with dates.
    """
    name = raw or f"raw_{table.name}"
    types = db.columns(name)
    if table is EXCEPTIONS and not db.count(name):
        # Most records have none. To read the texts of six dates is a query of 15,000 characters, and
        # to plan it took a twentieth of a small evaluation.
        types |= {c.name: NO_VALUES for c in table.columns if c.kind.startswith("when")}
    dates = {c: f"own_date_{n}" for n, c in enumerate(own_dates) if c in types}
    moments = _moments(db, table, types, site, dates, offsets)
    extra = tuple(sorted(c for c in own if c in types and c not in table.names))
    called = own_event_column if table is EVENTS else own_column
    renamed = [f"{db.quote(c)} AS {db.quote(called(c))}" for c in extra]
    renamed += [f"{db.quote(c)} AS {alias}" for c, alias in dates.items()]
    source = ", ".join([*(db.quote(c) for c in ("_row", *table.names)), *renamed])
    rows = staged(db, f"(SELECT {source} FROM {db.quote(name)})", moments)
    columns = _columns(db, table, types, trim) + [
        column
        for moment in moments
        for column in (
            db.quote(moment.name),
            *(f"{moment.name}_{part}" for part in ("lo", "hi", "clock", "utc", "bad")),
        )
    ]
    if table is EVENTS:
        query = _with_profiles(db, columns, rows, [called(c) for c in extra])
    else:
        columns += [f"{db.clean(db.quote(called(c)))} AS {db.quote(called(c))}" for c in extra]
        query = f"SELECT {', '.join(columns)} FROM ({rows}{db.FENCE}) r"
    names = tuple(m.name for m in moments)
    return Reading(db, table, name, query, extra, trim, {} if table is EVENTS else dates, names)


def _moments(
    db: Database,
    table: Table,
    types: dict[str, str],
    site: Site,
    own: dict[str, str],
    offsets: Sequence[Offset],
) -> list[Moment]:
    """Return the date columns of the contract, and the hospital's own ones under other names."""
    result = [
        Moment(db, c.name, types[c.name], site, offsets, c.kind == "when-or-part")
        for c in table.columns
        if c.kind.startswith("when")
    ]
    return result + [Moment(db, name, types[c], site, offsets) for c, name in own.items()]


def _columns(db: Database, table: Table, types: dict[str, str], trim: bool) -> list[str]:
    """Return the SQL of the row's number, whether an id is padded, and all non-date columns."""
    shared = BY_PROFILE if table is EVENTS else ()
    texts = [
        c.name for c in table.columns if not c.kind.startswith("when") and c.name not in shared
    ]
    ids = [db.quote(c.name) for c in table.columns if c.kind == "id" and types[c.name] == "VARCHAR"]
    padded = " OR ".join(db.padded(c) for c in ids) or "false"
    return [
        "_row",
        f"({padded}) AS _padded",
        *(f"{_read(db, table, c, types[c], trim)} AS {db.quote(c)}" for c in texts),
    ]


def _with_profiles(db: Database, columns: list[str], rows: str, own: list[str]) -> str:
    """Return the query of events with their profile's number and frequently used words."""
    same = " AND ".join(
        db.same(db.as_text(f"r.{db.quote(c)}"), f"l.{db.quote(c)}") for c in (*BY_PROFILE, *own)
    )
    return (
        f"SELECT {', '.join(columns)}, l.profile, p.kind, p.status, "
        f"p.provenance FROM ({rows}{db.FENCE}) r JOIN looks l ON {same} JOIN event_profiles p "
        "ON p.profile = l.profile"
    )


def _read(db: Database, table: Table, column: str, type_name: str, trim: bool) -> str:
    """Return the SQL of a value: trimmed, words in lower case; codes and free text as written."""
    kind, name = table[column].kind, db.quote(column)
    if kind == "id" and type_name == "VARCHAR" and not trim:
        return f"nullif({name}, '')"
    if column == "description":
        return db.as_text(name)
    if kind == "codes":
        return f"coalesce({db.as_text(name)}, '')"
    return f"lower({db.clean(name)})" if kind == "word" else db.clean(name)


@dataclass
class Census:
    """The number of rows of a table, and of usable ones."""

    read: int
    rejected: int
    torn: int
    padded: int  # rows with a blank around an id that was read without trimming
    counted: tuple[int, ...] = ()  # of all rows read, the number for which each condition holds
    instants: tuple[datetime, datetime] | None = None  # the first and last with an offset, in UTC

    @property
    def used(self) -> int:
        return self.read - self.rejected - self.torn


def counted(conditions: Iterable[str]) -> str:
    """Return the SQL of the number of rows for which each condition holds."""
    return ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in conditions)


def judge(db: Database, rows: Reading, conditions: Iterable[str] = ()) -> Census:
    """Fill `rejected_<name>` (_row, id, col, reason, same) from `read_<name>`; count the table.

    `conditions` are counted in the same pass. Duplicates are searched only if hashes of ids repeat,
    since nearly always none do.
    """
    name, key = rows.table.name, db.quote(rows.table.key)
    total, faulty, with_id, first, last, padded, *others = db.row(
        f"SELECT count(*), count({rows.fault()}), count({key}), {rows.instants()}, "
        f"{counted(('_padded', *conditions))} FROM read_{name}"
    )
    kinds = {"_row": "BIGINT", "id": db.TEXT, "col": db.TEXT, "reason": db.TEXT, "same": "BOOLEAN"}
    db.empty(f"rejected_{name}", kinds)
    if faulty:
        db.add(
            f"rejected_{name}",
            f"SELECT _row, id, split_part(fault, '|', 1), split_part(fault, '|', 2), false "
            f"FROM (SELECT _row, {key} AS id, {rows.fault()} AS fault FROM read_{name}) f "
            "WHERE fault IS NOT NULL",
        )
    if db.repeats(f"read_{name}", key, with_id):
        _duplicates(db, rows)
    rejected, torn = db.row(
        f"SELECT (SELECT count(*) FROM rejected_{name}), (SELECT count(*) FROM torn_{name})"
    )
    instants = (first, last) if first is not None else None
    padded = 0 if rows.trimmed else padded
    return Census(total + torn, rejected, torn, padded, tuple(others), instants)


def _duplicates(db: Database, rows: Reading) -> None:
    """Reject every later row of an id, noting whether it repeats the first one."""
    name, key = rows.table.name, db.clean(db.quote(rows.table.key))
    content = db.record([f"coalesce({db.clean(db.quote(c))}, '')" for c in rows.table.names])
    db.add(
        f"rejected_{name}",
        f"""
        WITH repeated AS (SELECT {key} AS id FROM {rows.raw} GROUP BY {key} HAVING count(*) > 1
                          AND {key} IS NOT NULL),
        these AS (SELECT _row, {key} AS id, {content} AS content FROM {rows.raw}
                  WHERE {key} IN (SELECT id FROM repeated)),
        firsts AS (SELECT id, min(_row) AS first_row FROM these GROUP BY id)
        SELECT t._row, t.id, {db.text(rows.table.key)},
               CASE WHEN t.content = o.content THEN '{DUPLICATE}, same content'
                    ELSE '{DUPLICATE}' END, t.content = o.content
        FROM these t JOIN firsts f ON f.id = t.id AND t._row > f.first_row
        JOIN these o ON o._row = f.first_row AND o.id = f.id
        WHERE t._row NOT IN (SELECT _row FROM rejected_{name})""",
    )


def own_event_columns(db: Database, wanted: set[str]) -> dict[str, str]:
    """Return the hospital's own event columns that exist, with their names."""
    there = db.columns("raw_events")
    return {c: own_event_column(c) for c in sorted(wanted) if c in there}


def latest_day(db: Database, site: Site) -> date | None:
    """Return the latest local day with activity in the raw records."""
    parts = []
    for table, names, status in (
        ("cases", ("started_at", "surgery_at"), "performed"),
        ("events", ("at",), "completed"),
    ):
        types = db.columns(f"raw_{table}")
        moments = [Moment(db, name, types[name], site, parts=name == "at") for name in names]
        day = (
            f"coalesce({', '.join(f'{name}_lo' for name in names)})" if len(names) > 1 else "at_lo"
        )
        parts.append(
            f"SELECT max({day}) AS day FROM ({staged(db, f'raw_{table}', moments)}) r "
            f"WHERE lower({db.clean('status')}) = '{status}'"
        )
    found: date | None = db.row(f"SELECT max(day) FROM ({' UNION ALL '.join(parts)}) d")[0]
    return found
