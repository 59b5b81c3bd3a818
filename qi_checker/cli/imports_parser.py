"""The arguments of commands that read or write records: inspect, import, demo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qi_checker.cli.command import command, later, mapping


def add_inspect(commands: Any) -> None:
    """Add `inspect`."""
    parser = command(
        commands,
        "inspect",
        later("inspects", "inspect"),
        "read an export, propose mapping.yaml, show the resulting records",
        "qi-checker inspect export > export/mapping.yaml",
    )
    parser.add_argument(
        "target",
        metavar="EXPORT",
        help="folder, workbook, text or Parquet file, or address of a database",
    )
    parser.add_argument(
        "--like",
        metavar="NAME",
        help="give the shipped mapping for an export of this shape: epic-ehi, epic-clarity, "
        "epic-caboodle, oracle-health, meditech, synthea-csv, nhs-waiting-list",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="show twenty records next to the export, unmapped values, the join, and the "
        "plausibility checks",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="file to write (default: print it; on a terminal mapping.yaml beside the export)",
    )
    parser.add_argument("--force", action="store_true", help="replace an existing file")
    parser.add_argument("--site", type=Path, metavar="FILE", help="site settings, for --dry-run")
    parser.add_argument(
        "--as-of",
        metavar="DATE",
        help="the moment that --dry-run checks for (default: the last day of the records)",
    )
    parser.add_argument(
        "--protocol",
        type=Path,
        metavar="PATH",
        help="protocol that --dry-run checks with (default: the shipped liver protocol)",
    )
    mapping(parser)


def add_import(commands: Any) -> None:
    """Add `import`."""
    imports = command(
        commands,
        "import",
        lambda arguments: 0,
        "convert another system's records",
        "qi-checker import omop cdm.duckdb --concepts concepts.csv --out export",
    )
    sources = imports.add_subparsers(required=True, metavar="SOURCE")
    _import_mapped(sources)
    _import_omop(sources)


def add_demo(commands: Any) -> None:
    """Add `demo`."""
    parser = command(
        commands,
        "demo",
        later("imports", "demo"),
        "write a year of synthetic records, to try qi-checker",
        "qi-checker demo --out demo-data",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--study",
        action="store_true",
        help="write records that give the figures of the published study",
    )
    which.add_argument(
        "--exports",
        action="store_true",
        help="write three exports to practise mapping.yaml",
    )


def _import_mapped(sources: Any) -> None:
    """Add `import files` and `import sql`, which convert records with a mapping."""
    files = command(
        sources,
        "files",
        later("imports", "files"),
        "convert an export to records with a mapping",
        "qi-checker import files export --out records --format parquet",
    )
    files.add_argument("folder", type=Path, metavar="FOLDER", help="the export")
    mapping(files)
    sql = command(
        sources,
        "sql",
        later("imports", "sql"),
        "convert tables and queries of a database to records with a mapping",
        "qi-checker import sql postgresql://reader@host/clarity --mapping mapping.yaml --out records",
    )
    sql.add_argument(
        "url", metavar="URL", help="address without a password: postgresql://reader@host/name"
    )
    sql.add_argument(
        "--mapping",
        type=Path,
        required=True,
        metavar="FILE",
        help="file that maps tables to records",
    )
    for parser in (files, sql):
        parser.add_argument("--out", type=Path, required=True, metavar="DIR")
        parser.add_argument(
            "--format", choices=("csv", "parquet"), default="csv", help="(default: csv)"
        )
        parser.add_argument("--site", type=Path, metavar="FILE", help="site settings")
        parser.add_argument("--force", action="store_true", help="replace the files in --out")


def _import_omop(sources: Any) -> None:
    omop = command(
        sources,
        "omop",
        later("imports", "omop"),
        "read an OMOP common data model, 5.3 or 5.4",
        "qi-checker import omop cdm.duckdb --concepts concepts.csv --out export",
    )
    omop.add_argument("path", type=Path, metavar="PATH", help="DuckDB file or folder of tables")
    omop.add_argument("--out", type=Path, required=True, metavar="DIR")
    omop.add_argument(
        "--concepts",
        type=Path,
        required=True,
        metavar="FILE",
        help="CSV of concepts: which are operations and which are events",
    )
    omop.add_argument("--schema", default="", help="schema of the tables (default: the only one)")
    omop.add_argument("--force", action="store_true", help="replace the files in --out")
