"""Check whether records can be right, so that no error passes unnoticed.

Rows can be well-formed and wrong together: an id that lost its zeros, a feed that stopped, a word
that changed. Rows are counted in SQL (`measure`); the meaning of the counts is decided in plain
Python:

    measure            counts of the records, in their own database, with count_events,
                       count_operations, count_patients, count_mistaken; measures: what is counted
    rows               rows that cannot be used, unknown words and codes
    dates              dates that are impossible together, clocks, heaps
    join               whether operations and events belong together
    mistaken           rows that are something else: results, plans, another day
    times              how far the records reach, what has stopped
    result             the outcome of an evaluation
    history            tonight compared with earlier nights
    judged             limits, levels and sentences

docs/plausibility.md lists every check; `protocol/plausible.py` has their names and limits,
`protocol/plausible_findings.py` what they return.
"""

from __future__ import annotations

from qi_checker.plausibility.checks import AHEAD, PlausibilityChecks, record_findings
from qi_checker.plausibility.history import History, PastNight

__all__ = ["AHEAD", "History", "PastNight", "PlausibilityChecks", "record_findings"]
