"""A protocol as the queries that every command runs.

`Compiled` and what makes one are loaded when they are first asked for: the names of the tables and what
a person reads of one case need no query builder.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qi_checker.query.compiled import Compiled, compile_protocol, compile_rulebook

__all__ = ["Compiled", "compile_protocol", "compile_rulebook"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("qi_checker.query.compiled"), name)
    raise AttributeError(name)
