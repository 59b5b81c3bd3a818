"""DuckDB, embedded: the default engine. `evaluate` runs a compiled protocol over records."""

from qi_checker.engines.duckdb.evaluation import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
