"""Run the compiled queries on Spark, in this process or on a cluster, on Parquet in place."""

from qi_checker.engines.spark.evaluation import SparkEvaluation, evaluate
from qi_checker.engines.spark.session import check_installed, failed, open_session
from qi_checker.engines.spark.shown import shown_cases
from qi_checker.engines.spark.source import find

__all__ = [
    "SparkEvaluation",
    "check_installed",
    "evaluate",
    "failed",
    "find",
    "open_session",
    "shown_cases",
]
