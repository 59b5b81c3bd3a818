"""The generated data reaches everything that an engine may do; else agreement would say little."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from qi_checker.engines import reference
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import Reason, Status, Verdict
from tests.generative.coverage import language, settings_of
from tests.generative.protocols import moments, protocols, sites
from tests.generative.records import Generator

# An evaluation does not fail by itself; a reschedule is known only from an earlier evaluation.
NEVER = {"status error", "reason evaluation_error", "reason expired_by_reschedule", "verdict error"}
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
    "revoked",
    "reason not allowed",
    "no validity dates",
    "span longer than allowed",
    "not valid on the day",
)


def expected_words() -> set[str]:
    """Every status, reason and verdict, every fault of a row and of an exception."""
    words = {f"status {s}" for s in Status} | {f"reason {r}" for r in Reason}
    words |= {f"verdict {v}" for v in Verdict}
    words |= {f"reject {reason}" for reason in REJECTED}
    words |= {f"exception {why}" for why in IGNORED}
    return words - NEVER


def test_every_word_and_every_setting_is_generated() -> None:
    """Counted over a fixed sample, on the naive evaluator alone."""
    seen: Counter[str] = Counter()

    @settings(max_examples=250, phases=[Phase.generate], derandomize=True, database=None)
    @given(protocols, moments, sites, st.integers(0, 2**32))
    def count(bundle: Bundle, as_of: AsOf, site: Site, seed: int) -> None:
        tables = Generator(seed, bundle, as_of).records(40)
        result = reference.evaluate(bundle, tables, as_of, site, {"events": tables["torn"]})
        for found in result.findings:
            seen.update([f"status {found['status']}", f"reason {found['reason']}"])
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
