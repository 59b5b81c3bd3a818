"""Check scheduled operations against a quality protocol: a scan in time, not just a scan.

The public API. `load_protocol`, `load_rulebook` and `load_site` read rules and settings from YAML.
`evaluate` (one protocol) and `evaluate_rulebook` (several, over records that are read once) take and
give DataFrames. `judge` takes one case as plain dicts and returns everything that decided about it, in
under a millisecond and without a database. `UserError` says what is wrong with any of them. Every
command of `qi-checker` does the same with files. What is not named here may change without notice.

    import pandas as pd
    import qi_checker

    protocol = qi_checker.load_protocol("rules/hepatic-metastasectomy-imaging")
    site = qi_checker.load_site("export/site.yaml")
    cases = pd.read_csv("export/cases.csv", dtype=str)
    events = pd.read_csv("export/events.csv", dtype=str)
    result = qi_checker.evaluate(protocol, cases, events, "2026-02-01", site=site)
    print(result.rate, result.cases["verdict"].value_counts())
    print(result.why(result.cases["case_id"][0]))
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qi_checker.api import (
        Result,
        evaluate,
        evaluate_rulebook,
        judge,
        load_protocol,
        load_rulebook,
        load_site,
    )
    from qi_checker.errors import UserError

__version__ = "0.1.0"
__all__ = [
    "Result",
    "UserError",
    "__version__",
    "evaluate",
    "evaluate_rulebook",
    "judge",
    "load_protocol",
    "load_rulebook",
    "load_site",
]

_WHERE = {
    "Result": "qi_checker.api",
    "UserError": "qi_checker.errors",
    "evaluate": "qi_checker.api",
    "evaluate_rulebook": "qi_checker.api",
    "judge": "qi_checker.api",
    "load_protocol": "qi_checker.api",
    "load_rulebook": "qi_checker.api",
    "load_site": "qi_checker.api",
}


def __getattr__(name: str) -> Any:
    """Load a part of the API when it is first asked for, so that the import costs nothing."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
