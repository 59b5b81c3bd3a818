"""Tables and queries of a database as grids: read-only, and in batches.

PostgreSQL is read through ADBC, which delivers columns; SQLite through Python's own module; any
other database through SQLAlchemy and its driver. Server messages are never passed on, since they
may contain values of the records.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from qi_checker.errors import Problem, UserError
from qi_checker.protocol.mapping import Database, Place
from qi_checker.protocol.records import ROWS_OF_A_PLACE
from qi_checker.protocol.records import Place as RowsFrom
from qi_checker.sources.cells import cell_text, text_of
from qi_checker.sources.grid import Grid, Wanted, choose_columns, once, store_torn
from qi_checker.sources.layout import plain
from qi_checker.sources.raw import insert, quoted, replace

if TYPE_CHECKING:
    import duckdb

BATCH = 50_000  # rows in memory at a time
_POSTGRES = ("postgresql", "postgres")
# The statement that makes a session read-only, by SQLAlchemy's name of the database.
_READ_ONLY = {
    "postgresql": "SET TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
}


def place_of(url: str) -> str:
    """Return host and name of a database, without user and password."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


class Source(ABC):
    """A database opened for reading."""

    def __init__(self, url: str) -> None:
        self.place = place_of(url)

    def read(
        self,
        con: duckdb.DuckDBPyConnection,
        place: Place,
        wanted: Sequence[Wanted],
        name: str,
        first_place: int,
        most: int | None = None,
    ) -> Grid:
        """Read the wanted columns of a table or a query into a grid. UserError if that fails.

        `most`: the maximum number of rows.
        """
        chosen = once(wanted)
        # A line end, because a query may end with a comment.
        source = self.table(place.table) if place.table else f"({checked(place.query or '')}\n)"
        title = place.table or "a query of mapping.yaml"
        with self.errors(title):
            header = self.header(f"SELECT * FROM {source} qi_source WHERE 1 = 0")
            at = choose_columns(f"{self.place}, {title}", header, chosen)
            listed = ", ".join(self.column(header[place_]) for place_ in at)
            part = f"{name}_0"
            self.store(con, f"SELECT {listed} FROM {source} qi_source", len(at), part, most)
        grid = Grid(name, {plain(w.name): f"k{n}" for n, w in enumerate(chosen)})
        start = first_place * ROWS_OF_A_PLACE + 1
        replace(con, "VIEW", name, f"AS SELECT *, rowid + {start} AS _row FROM {part}")
        grid.places.append(RowsFrom(title, _digest(con, part, len(at))))
        store_torn(con, grid, [])
        return grid

    @abstractmethod
    def header(self, query: str) -> list[str]:
        """Return the column names of a query without fetching rows."""

    @abstractmethod
    def store(
        self,
        con: duckdb.DuckDBPyConnection,
        query: str,
        width: int,
        into: str,
        most: int | None = None,
    ) -> None:
        """Make the table `into` from the first rows of a query, as text in columns k0, k1 ..."""

    @abstractmethod
    def tables(self) -> list[str]:
        """Return the names of tables and views, with their schema if it is not the default one."""

    def column(self, name: str) -> str:
        """Return the name of a column, quoted for the database."""
        return quoted(name)

    def table(self, name: str) -> str:
        """Return the name of a table, with any schema, quoted for the database."""
        return ".".join(self.column(part) for part in name.split("."))

    @contextmanager
    def errors(self, title: str) -> Iterator[None]:
        """Translate an error of the database into our own message."""
        try:
            yield
        except UserError:
            raise
        except Exception as error:
            if not self.is_refusal(error):
                raise
            what = f"the database did not return {title}"
            advice = "Check its name or its SQL, and whether the account may read it"
            raise UserError(Problem(self.place, what, type(error).__name__, advice)) from None

    @abstractmethod
    def is_refusal(self, error: Exception) -> bool:
        """Whether an error comes from the database."""

    @abstractmethod
    def close(self) -> None:
        """End the session; nothing was changed."""


class _Rows(Source):
    """A database whose driver delivers rows."""

    @abstractmethod
    def rows(self, query: str) -> Iterator[Sequence[Sequence[Any]]]:
        """Yield batches of rows."""

    def store(
        self,
        con: duckdb.DuckDBPyConnection,
        query: str,
        width: int,
        into: str,
        most: int | None = None,
    ) -> None:
        columns = [f"k{n}" for n in range(width)]
        replace(con, "TABLE", into, f"({', '.join(f'{c} VARCHAR' for c in columns)})")
        done = 0
        for batch in self.rows(query):
            insert(con, into, columns, ([cell_text(cell) for cell in row] for row in batch))
            done += len(batch)
            if most is not None and done >= most:
                return


class SQLite(_Rows):
    """An SQLite file, opened read-only."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url)
        path = folder / unquote(url.partition(":///")[2])
        if not path.is_file():
            raise UserError(Problem(str(path), "there is no such file", "", "Correct url"))
        # The name is escaped: `#` and `?` in it would open another file.
        self.con = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)

    def header(self, query: str) -> list[str]:
        return [str(column[0]) for column in self.con.execute(query).description]

    def rows(self, query: str) -> Iterator[Sequence[Sequence[Any]]]:
        with closing(self.con.execute(query)) as cursor:
            while batch := cursor.fetchmany(BATCH):
                yield batch

    def tables(self) -> list[str]:
        query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
        return [str(name) for (name,) in self.con.execute(query).fetchall()]

    def is_refusal(self, error: Exception) -> bool:
        return isinstance(error, sqlite3.Error)

    def close(self) -> None:
        self.con.close()


class SQLAlchemy(_Rows):
    """Any database that SQLAlchemy supports and whose driver is installed."""

    def __init__(self, url: str, password: str | None) -> None:
        super().__init__(url)
        import sqlalchemy
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
        from sqlalchemy.pool import NullPool

        self.refusals = SQLAlchemyError
        try:
            address = sqlalchemy.make_url(url)
            if password is not None:
                address = address.set(password=password)
            engine = sqlalchemy.create_engine(address, poolclass=NullPool)
        except (ArgumentError, NoSuchModuleError):
            what = f"SQLAlchemy knows no database {url.partition('://')[0]}"
            raise UserError(Problem("url", what, "", "See its list of dialects")) from None
        except ModuleNotFoundError as error:
            what = f"the driver {error.name} is not installed"
            advice = f"pip install {error.name}, or name another driver: dialect+driver://"
            raise UserError(Problem(self.place, what, "", advice)) from None
        self.preparer = engine.dialect.identifier_preparer
        try:
            self.con = engine.connect()
            if statement := _READ_ONLY.get(engine.dialect.name):
                self.con.exec_driver_sql(statement)
        except SQLAlchemyError as error:
            raise UserError(_unreached(self.place, error)) from None

    def column(self, name: str) -> str:
        return str(self.preparer.quote_identifier(name))

    def header(self, query: str) -> list[str]:
        with closing(self._run(query)) as result:
            return [str(name) for name in result.keys()]  # noqa: SIM118 - not a dictionary

    def rows(self, query: str) -> Iterator[Sequence[Sequence[Any]]]:
        with closing(self._run(query)) as result:
            yield from result.partitions(BATCH)

    def tables(self) -> list[str]:
        import sqlalchemy

        seen = sqlalchemy.inspect(self.con)
        return sorted([*seen.get_table_names(), *seen.get_view_names()])

    def _run(self, query: str) -> Any:
        # Sent verbatim: neither a colon nor a percent sign in it is a parameter.
        options = {"stream_results": True, "yield_per": BATCH, "no_parameters": True}
        return self.con.exec_driver_sql(query, execution_options=options)

    def is_refusal(self, error: Exception) -> bool:
        return isinstance(error, self.refusals)

    def close(self) -> None:
        self.con.rollback()
        self.con.close()


class PostgreSQL(Source):
    """PostgreSQL through ADBC: column by column, without any row in Python."""

    def __init__(self, url: str, password: str | None) -> None:
        super().__init__(url)
        from adbc_driver_postgresql import dbapi

        self.refusals = dbapi.Error
        options = {} if password is None else {"password": password}
        address = url
        if options:
            parts = urlsplit(url)
            user, at, host = parts.netloc.rpartition("@")
            address = parts._replace(netloc=f"{user}:{quote(password or '')}{at}{host}").geturl()
        try:
            self.con = dbapi.connect(address, autocommit=True)
            with closing(self.con.cursor()) as cursor:
                cursor.execute("SET default_transaction_read_only = on")
        except dbapi.Error as error:
            raise UserError(_unreached(self.place, error)) from None
        self.types: dict[str, str] = {}

    def header(self, query: str) -> list[str]:
        """Also record which columns ADBC supports; the others are requested as text."""
        import pyarrow as pa

        with closing(self.con.cursor()) as cursor:
            cursor.execute(query)
            schema = cursor.fetch_arrow_table().schema
        same = (
            pa.types.is_string,
            pa.types.is_integer,
            pa.types.is_floating,
            pa.types.is_date,
            pa.types.is_timestamp,
            pa.types.is_boolean,
        )
        for field in schema:
            supported = any(test(field.type) for test in same)
            name = quoted(field.name)
            self.types[field.name] = name if supported else f"CAST({name} AS text)"
        return [str(name) for name in schema.names]

    def column(self, name: str) -> str:
        return self.types.get(name, quoted(name))

    def table(self, name: str) -> str:
        return ".".join(quoted(part) for part in name.split("."))

    def tables(self) -> list[str]:
        query = (
            "SELECT CASE WHEN table_schema = 'public' THEN table_name "
            "ELSE table_schema || '.' || table_name END FROM information_schema.tables "
            "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
        )
        with closing(self.con.cursor()) as cursor:
            cursor.execute(query)
            return [str(row[0]) for row in cursor.fetchall()]

    def store(
        self,
        con: duckdb.DuckDBPyConnection,
        query: str,
        width: int,
        into: str,
        most: int | None = None,
    ) -> None:
        if most is not None:
            query = f"{query} LIMIT {most}"
        with closing(self.con.cursor()) as cursor:
            cursor.execute(query)
            reader = cursor.fetch_record_batch()
            names = [f"k{n}" for n in range(width)]
            renamed = reader.schema.names
            con.register("given_batches", reader)
            try:
                # Columns are matched by position: two may have the same name.
                described = con.execute("DESCRIBE given_batches").fetchall()
                listed = ", ".join(
                    f"{text_of(str(kind), quoted(str(column)))} AS {name}"
                    for name, (column, kind, *_) in zip(names, described, strict=True)
                )
                assert len(renamed) == width, "one column for each requested one"
                replace(con, "TABLE", into, f"AS SELECT {listed} FROM given_batches")
            finally:
                con.unregister("given_batches")

    def is_refusal(self, error: Exception) -> bool:
        return isinstance(error, self.refusals)

    def close(self) -> None:
        self.con.close()


def open_database(named: Database, folder: Path) -> Source:
    """Open the database that a mapping names. UserError if that is not possible."""
    scheme = named.url.partition(":")[0].partition("+")[0]
    password = _password(named, folder)
    if scheme == "sqlite" and "+" not in named.url.partition(":")[0]:
        return SQLite(named.url, folder)
    if named.url.partition(":")[0] in _POSTGRES:
        return PostgreSQL(named.url, password)
    return SQLAlchemy(named.url, password)


def checked(query: str) -> str:
    """Check that a query only reads, and return it. UserError for anything else, or for several.

    The session is read-only as well, if the database supports that; only a read-only account
    protects reliably.
    """
    import sqlglot
    from sqlglot import exp

    query = query.strip().rstrip(";").strip()
    changes = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Into)
    try:
        statements = sqlglot.parse(query)
        reads = len(statements) == 1 and isinstance(statements[0], exp.Query)
        reads = reads and statements[0] is not None and not any(statements[0].find_all(*changes))
    except sqlglot.errors.SqlglotError:  # syntax of one database only
        reads = query.split(maxsplit=1)[0].upper() in ("SELECT", "WITH") and ";" not in query
    if not reads:
        advice = "Write one SELECT; a database is only read"
        raise UserError(Problem("mapping.yaml, query", "this is not one SELECT", "", advice))
    return query


def _password(named: Database, folder: Path) -> str | None:
    if named.password_env is not None:
        found = os.environ.get(named.password_env)
        if not found:
            what = f"the environment variable {named.password_env} is not set"
            raise UserError(Problem("mapping.yaml, database", what, "", "Set it"))
        return found
    if named.password_file is None:
        return None
    path = folder / named.password_file
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        advice = "Let only the account that runs the program read it"
        raise UserError(Problem(str(path), "the password cannot be read", "", advice)) from None


def _unreached(place: str, error: Exception) -> Problem:
    advice = "Check host, port, name, user and password"
    return Problem(place, "the database cannot be reached", type(error).__name__, advice)


def _digest(con: duckdb.DuckDBPyConnection, table: str, width: int) -> str:
    """Hash the rows independently of their order, since a query has none."""
    cells = ", ".join(f"coalesce(k{n}, chr(0))" for n in range(width))
    query = f"SELECT count(*), sum(md5_number_lower(concat_ws(chr(31), {cells}))) FROM {table}"
    number, total = con.execute(query).fetchall()[0]
    return hashlib.sha256(f"{number}:{total}".encode()).hexdigest()
