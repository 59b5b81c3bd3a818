"""The compiled queries run inside PostgreSQL, on tables or views where the records already are."""

from qi_checker.engines.postgres.evaluation import evaluate, evaluate_rulebook

__all__ = ["evaluate", "evaluate_rulebook"]
