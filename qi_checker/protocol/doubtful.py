"""Rows of events that cannot be taken at their word, and what is said of them.

docs/evaluation.md, section 2: a row without a patient's id of which another column holds one, and a
row whose kind is misspelt. Neither is used; both may be evidence.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

NAMELESS = "patient_id is empty; another column holds the id of a patient"
MISSPELT = "kind: a misspelt word; is {} meant?"
MISSPELT_BEGINS, MISSPELT_ENDS = MISSPELT.split("{}")
MOST_KINDS = 1_000  # the most frequent ones; a column with more different words holds no kinds
_RARE = 10  # a misspelt kind is at most every tenth of the kind that is meant
_SIMILAR = 0.8  # of difflib: one letter of five


def misspelt(counts: Mapping[str, int]) -> dict[str, str]:
    """Give the kind that is meant for each that is nearly one which far more events have.

    `counts`: how many events have each kind. A kind is any word, so that a word of a hospital's own is
    none that is misspelt: it has as many rows as others. Where every row is misspelt, nothing of the
    kind is left, which is told elsewhere.
    """
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:MOST_KINDS]
    meant = {}
    for word, number in ranked:
        usual = [other for other, more in ranked if more >= number * _RARE]
        near = difflib.get_close_matches(word, usual, n=1, cutoff=_SIMILAR)
        if near:
            meant[word] = near[0]
    return meant
