"""Shared by the tests: small protocols, small records, and both engines behind one call."""

from tests.helpers.engines import ENGINES, Seen, expect, run
from tests.helpers.protocols import LIVER as LIVER_REGIONS
from tests.helpers.protocols import bundle, ct, ct_rule, group, liver, mri, protocol_with
from tests.helpers.records import case, event, exception, mr_scan, scan, therapy
from tests.helpers.tables import expect_each, run_each

__all__ = [
    "ENGINES",
    "LIVER_REGIONS",
    "Seen",
    "bundle",
    "case",
    "ct",
    "ct_rule",
    "event",
    "exception",
    "expect",
    "expect_each",
    "group",
    "liver",
    "mr_scan",
    "mri",
    "protocol_with",
    "run",
    "run_each",
    "scan",
    "therapy",
]
