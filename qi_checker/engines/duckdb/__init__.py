"""DuckDB, embedded: the default engine. `evaluate` runs a compiled protocol over records,
`evaluate_rulebook` several of them over records that are read once."""

from qi_checker.engines.duckdb.evaluation import (
    Evaluation,
    evaluate,
    evaluate_rulebook,
    prepared,
)

__all__ = ["Evaluation", "evaluate", "evaluate_rulebook", "prepared"]
