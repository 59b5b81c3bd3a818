"""OMOP CDM tables, 5.3 or 5.4, in a DuckDB file or a folder of CSV or Parquet files.

Names are matched without regard to case: some exports write everything in upper case. A column
that is not there, as differs between versions, reads as NULL.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qi_checker.errors import Problem, UserError
from qi_checker.sources.raw import connect, literal, path_literal, quoted

if TYPE_CHECKING:
    import duckdb

CLINICAL = "procedure_occurrence"  # the one table without which there are no cases


class OmopTables:
    """The tables that can be read from one connection; the source itself is never written."""

    def __init__(self, path: Path, schema: str = "") -> None:
        self.con: duckdb.DuckDBPyConnection = connect()
        self.source = str(path)
        self.sql: dict[str, str] = {}  # table -> what stands after FROM
        self._columns: dict[str, set[str]] = {}
        if path.is_dir():
            self._open_folder(path)
        else:
            self._open_database(path, schema)
        if CLINICAL not in self.sql:
            mend = "Give a database or folder with the tables of the OMOP CDM"
            raise UserError(Problem(self.source, f"there is no table {CLINICAL}", "", mend))

    def column(self, table: str, name: str, alias: str) -> str:
        """The SQL of a column, NULL where this version of the CDM does not have it."""
        return f"{alias}.{quoted(name)}" if name in self._known(table) else "NULL"

    def _known(self, table: str) -> set[str]:
        if table not in self._columns:
            rows = self.con.execute(f"DESCRIBE SELECT * FROM {self.sql[table]}").fetchall()
            self._columns[table] = {str(row[0]).lower() for row in rows}
        return self._columns[table]

    def _open_database(self, path: Path, schema: str) -> None:
        import duckdb

        if not path.is_file():
            mend = "Give a DuckDB file, or a folder with one CSV or Parquet file per table"
            raise UserError(Problem(self.source, "there is no such file or folder", "", mend))
        try:
            self.con.execute(f"ATTACH {literal(str(path))} AS omop (READ_ONLY)")
        except duckdb.Error:
            what = "the file cannot be opened as a DuckDB database"
            mend = "Export the tables as CSV or Parquet into one folder and give that"
            raise UserError(Problem(self.source, what, "", mend)) from None
        found = self.con.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_catalog = 'omop' AND (? = '' OR table_schema = ?) ORDER BY ALL",
            [schema, schema],
        ).fetchall()
        schemas = {where for where, name in found if name.lower() == CLINICAL}
        if len(schemas) > 1:
            what = f"there is more than one {CLINICAL}, in {', '.join(sorted(schemas))}"
            raise UserError(Problem(self.source, what, "", "Say which schema to read"))
        for where, name in found:
            if where in schemas or name.lower() not in self.sql:
                self.sql[name.lower()] = f"omop.{quoted(where)}.{quoted(name)}"

    def _open_folder(self, folder: Path) -> None:
        for path in sorted(folder.iterdir()):
            name = path.stem.lower()
            if path.suffix.lower() == ".parquet":
                self.sql[name] = f"read_parquet({path_literal(path)}, hive_partitioning = false)"
            elif path.suffix.lower() == ".csv":
                self.sql.setdefault(
                    name,
                    f"read_csv({path_literal(path)}, header = true, all_varchar = true, "
                    "hive_partitioning = false)",
                )
