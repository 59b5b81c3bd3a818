"""Every damage that changes a verdict is heard, at the level that it should be."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.helpers.damages import DAMAGES, REFUSE, UNSEEN, WARN, of_kind
from tests.helpers.plausible import demo, look, study

RECORDS = {"demo": demo, "study": study}
KINDS = sorted({damage.kind for damage in DAMAGES})
# A louder answer than expected is right, a quieter one is not.
_LOUD = {UNSEEN: 0, WARN: 1, REFUSE: 2}


@pytest.fixture(scope="module", params=RECORDS)
def records(request):
    return request.param


@pytest.fixture(scope="module")
def undamaged(records):
    return look(RECORDS[records]())


# Every third damage in a usual run, always the same.
@pytest.mark.parametrize("share", [3, pytest.param(1, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_damage_that_changes_verdicts_is_heard(records, undamaged, kind, share):
    """Harm is measured in verdicts that are others than without the damage."""
    tables, unheard = RECORDS[records](), []
    every = list(of_kind(kind))
    for damage in every[::share]:
        damaged = damage.done_to(tables)
        if damaged == tables:
            continue  # the records have nothing that it could damage
        seen = look(damaged)
        cases = {*seen.verdicts, *undamaged.verdicts}
        harm = sum(seen.verdicts.get(c) != undamaged.verdicts.get(c) for c in cases)
        expected = UNSEEN if records in damage.unseen_in else damage.heard
        if harm and _LOUD[seen.level] < _LOUD[expected]:
            unheard.append((damage.name, harm, seen.level, sorted(seen.checks)))
    assert unheard == []


def test_the_undamaged_records_are_silent(undamaged):
    assert undamaged.looked.findings == ()


def test_there_are_damages_of_every_kind():
    counts = Counter(damage.kind for damage in DAMAGES)
    kinds = {"dates", "ids", "words", "codes", "columns", "rows", "feeds", "times"}
    assert set(counts) == kinds
    assert len(DAMAGES) >= 60 and min(counts.values()) >= 5
    assert len({damage.name for damage in DAMAGES}) == len(DAMAGES)


def test_damages_do_harm():
    """At least 60 of them change verdicts of the demonstration; how many is in the documentation."""
    before = look(demo()).verdicts
    harmful = 0
    for damage in DAMAGES[::6]:
        after = look(damage.done_to(demo())).verdicts
        harmful += any(after.get(c) != before.get(c) for c in {*after, *before})
    assert harmful * 6 >= 60
