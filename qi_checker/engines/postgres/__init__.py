"""Run the compiled queries inside PostgreSQL, on the tables or views with the records."""

from qi_checker.engines.postgres.evaluation import evaluate, evaluate_rulebook

__all__ = ["evaluate", "evaluate_rulebook"]
