"""Names and values in DuckDB's SQL."""

from __future__ import annotations

from qi_checker.engines.inputs.database import BLANKS, quote, text

__all__ = ["clean", "quote", "text"]


def clean(column: str) -> str:
    """Return the SQL of a column's trimmed text, NULL if empty."""
    return f"nullif(trim(CAST({column} AS VARCHAR), {text(BLANKS)}), '')"
