"""Rows of events that cannot be trusted, and the reasons that are reported for them.

docs/evaluation.md, section 2: a row without a patient id while another column contains one, a row
whose cells are shifted, and a row with a misspelt kind. None is used; all may be evidence.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from qi_checker.protocol.records import EVENTS

NAMELESS = "patient_id is empty; another column holds the id of a patient"
SHIFTED = "the cells are probably shifted; another column holds the id of a patient"
MISSPELT = "kind: a misspelt word; is {} meant?"
MISSPELT_BEGINS, MISSPELT_ENDS = MISSPELT.split("{}")
MOST_KINDS = (
    1_000  # the most frequent ones; a column with more distinct words does not contain kinds
)
_RARE = 10  # a misspelt kind has at most a tenth of the rows of the kind that is meant
_SIMILAR = 0.8  # difflib ratio: one letter in five differs


STATUSES = frozenset(EVENTS["status"].words)


def rare(counts: Mapping[str, int]) -> frozenset[str]:
    """Return kinds with at most a tenth of the rows of the most frequent one.

    If such a word is a status, or the id of a patient, the cells of its rows are probably shifted.
    """
    most = max(counts.values(), default=0)
    return frozenset(word for word, number in counts.items() if number * _RARE <= most)


def misspelt(counts: Mapping[str, int]) -> dict[str, str]:
    """Return misspelt kind -> kind meant: a nearly identical one that far more events have.

    `counts`: the number of events per kind. A kind is any word; a hospital's own word is not taken
    for a misspelt one, since it has as many rows as others. If every row is misspelt, no event of
    the kind remains, which is reported elsewhere.
    """
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:MOST_KINDS]
    meant = {}
    for word, number in ranked:
        usual = [other for other, more in ranked if more >= number * _RARE]
        near = difflib.get_close_matches(word, usual, n=1, cutoff=_SIMILAR)
        if near:
            meant[word] = near[0]
    return meant
