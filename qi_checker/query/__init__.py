"""Compile a protocol to the queries that every command runs.

`Compiled` and its builders are loaded on first use: table names and the explanation of one case
need no query builder.
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
