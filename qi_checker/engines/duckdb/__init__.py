"""DuckDB, embedded: the default engine. `evaluate` runs a compiled protocol over records,
`evaluate_rulebook` several of them over records that are read once, and `prepared` makes the ready
tables alone. They are loaded on first use, with the query builder."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qi_checker.engines.duckdb.evaluation import (
        Evaluation,
        evaluate,
        evaluate_rulebook,
        prepared,
    )

__all__ = ["Evaluation", "evaluate", "evaluate_rulebook", "prepared"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("qi_checker.engines.duckdb.evaluation"), name)
    raise AttributeError(name)
