"""Whether records can be right: nothing wrong passes unheard.

Rows can be well-formed and wrong together: an id that lost its zeros, a feed that stopped, a word that
changed. What looks at rows is SQL (`measure`); what the counts mean is decided in plain Python:

    measure            counts of the records, in the database that they are in
    rows               rows that cannot be used, words and codes that nobody knows
    dates              dates that are impossible together, clocks, heaps
    join               whether operations and events belong together
    times              how far the records reach, what has stopped
    result             what an evaluation came to
    history            tonight beside the nights before
    judged             limits, levels and sentences

docs/plausibility.md lists every check; `protocol/plausible.py` has their names and limits.
"""

from __future__ import annotations

from qi_checker.plausibility.history import History, PastNight
from qi_checker.plausibility.look import AHEAD, Looking, record_findings

__all__ = ["AHEAD", "History", "Looking", "PastNight", "record_findings"]
