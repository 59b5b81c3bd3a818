"""Every damage that changes a verdict is heard, at the level that it should be."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.helpers.damages import DAMAGES, REFUSE, UNSEEN, WARN, of_kind
from tests.helpers.plausible import RECORDS, damaged, undamaged
from tests.plausibility.test_every_check import SEEN_BY

KINDS = sorted({damage.kind for damage in DAMAGES})
# A louder answer than expected is right, a quieter one is not.
_LOUD = {UNSEEN: 0, WARN: 1, REFUSE: 2}


# In a usual run those that the test of every check has looked at, and of the study every sixth.
USUAL = {"demo": [*SEEN_BY], "study": [damage.name for damage in DAMAGES[::6]]}


def harm_of(records, name):
    """How many verdicts are others than without the damage; None where nothing is damaged."""
    seen, right = damaged(records, name), undamaged(records).verdicts
    if seen is None:
        return None
    return sum(seen.verdicts.get(c) != right.get(c) for c in {*seen.verdicts, *right})


@pytest.mark.parametrize("records", RECORDS)
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_damage_that_changes_verdicts_is_heard(records, kind, every):
    unheard = []
    for damage in of_kind(kind):
        if not every and damage.name not in USUAL[records]:
            continue
        harm, seen = harm_of(records, damage.name), damaged(records, damage.name)
        expected = UNSEEN if records in damage.unseen_in else damage.heard
        if harm and seen and _LOUD[seen.level] < _LOUD[expected]:
            unheard.append((damage.name, harm, seen.level, sorted(seen.checks)))
    assert unheard == []


@pytest.mark.parametrize("records", RECORDS)
def test_the_undamaged_records_are_silent(records):
    assert undamaged(records).checked.findings == ()


def test_there_are_damages_of_every_kind():
    counts = Counter(damage.kind for damage in DAMAGES)
    kinds = {"dates", "ids", "words", "codes", "columns", "rows", "feeds", "times", "mistaken"}
    assert set(counts) == kinds
    assert len(DAMAGES) >= 60 and min(counts.values()) >= 5
    assert len({damage.name for damage in DAMAGES}) == len(DAMAGES)


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.thorough)])
def test_damages_do_harm(every):
    """At least 60 of them change verdicts of the demonstration; how many is in the documentation."""
    names = [damage.name for damage in DAMAGES] if every else USUAL["demo"]
    harmful = sum(bool(harm_of("demo", name)) for name in names)
    assert harmful * len(DAMAGES) >= 60 * len(names)
