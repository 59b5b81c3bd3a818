"""Names and values as DuckDB writes them."""

from __future__ import annotations

from qi_checker.engines.inputs.database import BLANKS, quote, text

__all__ = ["clean", "quote", "text"]


def clean(column: str) -> str:
    """The trimmed text of a column, NULL where nothing is left."""
    return f"nullif(trim(CAST({column} AS VARCHAR), {text(BLANKS)}), '')"
