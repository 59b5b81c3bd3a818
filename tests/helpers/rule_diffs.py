"""A comparison of two rules with every feature of its page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from qi_checker.audit.rates import rate
from qi_checker.authoring.diff import (
    CaseChange,
    Flip,
    InWindow,
    RequirementRates,
    RuleDiff,
    RuleSide,
)
from qi_checker.authoring.diff_keys import KeyChange
from tests.helpers.sheets import CASE

_RATE = {"compliant": 6, "eligible": 9, "with_exception": 1, "undetermined": 1}
OLD = RuleSide("old/protocol.yaml", ("1.0",), rate(_RATE), (), CASE.provenance)
NEW = replace(OLD, path="new/protocol.yaml", failures=("version 1.0: Error",))
FLIP = Flip("mri", "MRI", "met", "in_window", "In time.", "expired", "too_old", "Too old.")
DIFF = RuleDiff(
    old=OLD,
    new=NEW,
    as_of_told=False,
    keys=(KeyChange("owner", "A", "", "new/protocol.yaml:3:1"),),
    requirements=(
        RequirementRates("mri", "MRI", InWindow(5, 9, 0.27, 0.81), InWindow(0, 0, None, None)),
        RequirementRates("us", "Ultrasound", None, InWindow(1, 2, 0.09, 0.91)),
    ),
    only_old=("ct",),
    only_new=("us",),
    verdicts=(("compliant", "not_compliant", 1),),
    total=9,
    unchanged=7,
    other_reason=1,
    cases=(
        CaseChange("C1", date(2026, 2, 3), "compliant", "not_compliant", (FLIP,)),
        CaseChange(
            "C2",
            date(2026, 2, 4),
            "compliant",
            "pending",
            (replace(FLIP, old_status="", old_reason="", old_sentence=""),),
        ),
        CaseChange("C3", date(2026, 2, 4), "not_compliant", "compliant", ()),
    ),
)
