"""The generated data reaches everything that an engine may do; else agreement would say little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from qi_checker import judging as reference
from qi_checker.judging.spans import ClockLimit, Outcome
from qi_checker.judging.values import When
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import Reason, Status, Verdict
from tests.generative.coverage import language, settings_of
from tests.generative.protocols import moments, protocols, sites
from tests.generative.records import Generator

# An evaluation does not fail by itself; a reschedule is known only from an earlier evaluation.
NEVER = {"status error", "reason evaluation_error", "reason expired_by_reschedule", "verdict error"}
OFTEN = 50  # what a few hits would not test
REJECTED = (
    "missing value",
    "unknown word",
    "unreadable date",
    "external study without an acquisition date",
    "duplicate id",
    "duplicate id, same content",
    "too few cells",
)
IGNORED = (
    "not known yet",
    "unknown case",
    "unknown requirement",
    "not approved",
    "approved after as_of",
    "no requester",
    "approved by the requester",
    "a name mixes letters of two alphabets",
    "revoked",
    "reason not allowed",
    "no validity dates",
    "span longer than allowed",
    "not valid on the day",
)
# What statuses and reasons alone do not show: how features meet.
PAIRS = (
    "due anchor_unknown",
    "unknown anchor_unknown",
    "unknown condition_unknown",
    "missing forbidden_event",
    "due forbidden_event",
    "due window_not_closed",
    "due event_between",
    "missing event_between",
    "due too_few",
    "missing too_few",
    "expired too_few",
    "missing too_close",
    "unknown untimed",
    "due too_old",
    "due too_early",
)


def expected_words() -> set[str]:
    """Every status, reason and verdict, every fault of a row and of an exception."""
    words = {f"status {s}" for s in Status} | {f"reason {r}" for r in Reason}
    words |= {f"verdict {v}" for v in Verdict}
    words |= {f"reject {reason}" for reason in REJECTED}
    words |= {f"exception {why}" for why in IGNORED}
    words |= {f"pair {pair}" for pair in PAIRS}
    return words - NEVER


def edges_of(limit: ClockLimit, at: When) -> Iterator[str]:
    """Whether a moment is exactly at a limit in minutes or hours, and by which clock."""
    anchor = limit.anchor
    if anchor.instant and at.instant:
        if abs(anchor.instant - at.instant) == limit.length:
            yield "edge of instants"
    elif anchor.clock and at.clock and abs(anchor.clock - at.clock) == limit.length:
        yield "edge of local clocks"


@pytest.mark.thorough
def test_every_word_and_every_setting_is_generated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted over a fixed sample, on the naive evaluator alone."""
    seen: Counter[str] = Counter()
    outcome = ClockLimit.outcome

    def counted(limit: ClockLimit, at: When) -> Outcome:
        seen.update(edges_of(limit, at))
        return outcome(limit, at)

    monkeypatch.setattr(ClockLimit, "outcome", counted)

    # Constants of our own modules steer what is drawn, so any change may draw others: with room.
    @settings(max_examples=640, phases=[Phase.generate], derandomize=True, database=None)
    @given(protocols, moments, sites, st.integers(0, 2**32))
    def count(bundle: Bundle, as_of: AsOf, site: Site, seed: int) -> None:
        tables = Generator(seed, bundle, as_of).records(40)
        result = reference.evaluate(bundle, tables, as_of, site, {"events": tables["torn"]})
        for found in result.findings:
            seen.update([f"status {found['status']}", f"reason {found['reason']}"])
            seen[f"pair {found['status']} {found['reason']}"] += 1
        seen.update(f"verdict {line['verdict']}" for line in result.cases)
        seen.update(f"reject {line['reason']}" for line in result.rejects)
        seen.update(f"exception {why}" for _, why in result.ignored_exceptions)
        versions = bundle.protocol.versions
        seen.update({*settings_of(versions), *settings_of(site)})
        for one, following in pairwise(v.in_force for v in versions):
            assert one.to is not None
            seen["gap between versions"] += (following.from_ - one.to).days > 1

    count()
    missing = (expected_words() | language()) - set(+seen)
    assert not missing, f"never generated: {sorted(missing)}"
    assert min(seen["edge of instants"], seen["edge of local clocks"]) > OFTEN
