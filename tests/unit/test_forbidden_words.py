"""What pages say of something that must not happen: that it was not there, never that it is required."""

from __future__ import annotations

import pytest

from qi_checker.audit.views import RequirementTotals
from qi_checker.audit.words import _in_time
from qi_checker.protocol.models import Requirement
from qi_checker.protocol.words import heading, structure_words
from tests.helpers import ct, mri, protocol_with

WARFARIN = ct(id="warfarin", title="warfarin", forbidden=True)


def totals(title: str, forbidden: bool) -> RequirementTotals:
    return RequirementTotals(title, title, 50, 36, 36, (), (), forbidden=forbidden)


def test_what_is_required_is_that_there_is_none() -> None:
    """On the page that a committee signs."""
    version = protocol_with(ct(), WARFARIN).protocol.versions[0]
    assert structure_words(version) == "CT of the liver and no warfarin"
    assert [heading(leaf) for leaf in version.leaves] == ["CT of the liver", "No warfarin"]


@pytest.mark.parametrize(
    ("requirements", "said"),
    [
        ((("CT", False),), "had CT in time"),
        ((("CT", False), ("MRI", False)), "had both in time"),
        ((("No warfarin", True),), "had no warfarin where there must be none"),
        ((("CT", False), ("No warfarin", True)), "met both requirements"),
        ((("CT", False),) * 5 + (("No warfarin", True),), "met all 6 requirements"),
    ],
)
def test_nothing_forbidden_is_had_in_time(
    requirements: tuple[tuple[str, bool], ...], said: str
) -> None:
    """In the sentence of the audit."""
    assert _in_time([totals(*each) for each in requirements]) == said


def test_the_groups_of_a_version_stay_as_they_are() -> None:
    """Only what is forbidden says no."""
    leaves = protocol_with(ct(), mri()).protocol.versions[0].leaves
    assert all(isinstance(leaf, Requirement) and heading(leaf) == leaf.title for leaf in leaves)
