"""What the sentence of a finding says: in the unit of the limit, and of the anchor that is meant.

Surgery is on 31 May 2026 at 08:00.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from qi_checker.protocol.models import Protocol
from tests.helpers import case, ct_rule, event, run, scan

HOUR = {"before": "surgery", "at_most": "60 minutes"}
THREE_HOURS = {"before": "surgery", "less_than": "3 hours"}
SIX_HOURS_AFTER = {"after": "surgery", "at_most": "6 hours"}
BORN = {"after": {"column": "born_on"}, "at_least": "30 days"}
DISCHARGED = {"after": {"column": "discharged_at"}, "at_most": "7 days"}
TITLES = {"seen_at": {"title": "the first visit"}}

LENGTHS = [
    (HOUR, "2026-05-31T05:30", "150 minutes before surgery", "90 minutes too old."),
    (HOUR, "2026-05-31T06:59", "61 minutes before surgery", "1 minute too old."),
    (HOUR, "2026-05-31T06:59:30", "60 minutes before surgery", "Too old."),
    (HOUR, "2026-05-31T07:59:40", "less than a minute before surgery", ""),
    (HOUR, "2026-05-01", "30 days before surgery", "29 days too old."),
    (THREE_HOURS, "2026-05-31T03:30", "4 hours 30 minutes before", "1 hour 30 minutes too old."),
    (THREE_HOURS, "2026-05-31T05:00", "3 hours before surgery", "Too old."),
    (SIX_HOURS_AFTER, "2026-05-31T08:00", "0 minutes before surgery", ""),
    (SIX_HOURS_AFTER, "2026-05-31T18:01", "10 hours 1 minute after surgery", "Too late."),
    (SIX_HOURS_AFTER, "2026-05-31T12:00-04:00", "4 hours after surgery", ""),
]


def test_lengths_are_said_in_the_unit_of_the_limit(engine):
    """By the clocks where both are known; else in days."""
    for window, at, distance, excess in LENGTHS:
        said = run(engine, ct_rule(window=window), events=[scan(at)]).finding("ct")["sentence"]
        assert f"is {distance}" in said and excess in said
        assert ("too old" in said.lower()) == ("too old" in excess.lower())


def test_nothing_is_zero_or_fewer_days_too_old(engine):
    """Another span than the one before surgery keeps it out: how many days is not said."""
    window = {"before": "surgery", "at_most": "365 days", "and": [BORN]}
    born = case(born_on="2026-03-25")
    found = run(engine, ct_rule(window=window), cases=[born], events=[scan("2026-04-01")])
    assert found.finding("ct")["sentence"].endswith("30 days after date of birth. Too old.")


def test_the_anchor_that_is_meant_is_named(engine):
    """Not surgery, where the window is counted from something else."""
    before = {"before": {"column": "born_on"}, "at_most": "30 days"}
    table = [
        (DISCHARGED, {}, [], "counted from (discharge) is not known."),
        (
            {"before": "surgery", "at_most": "30 days", "and": [{"after": "admission"}]},
            {},
            [],
            "counted from (admission) is not known.",
        ),
        (
            before,
            {"born_on": "2026-03-25"},
            [scan("2026-03-25")],
            "may be on the wrong side of date of birth: no usable clock time.",
        ),
        (
            SIX_HOURS_AFTER,
            {},
            [scan("2026-05-31")],
            "may be on the wrong side of surgery: no usable clock time.",
        ),
    ]
    for window, columns, events, words in table:
        rule = ct_rule(window=window)
        said = run(engine, rule, cases=[case(**columns)], events=events).finding("ct")["sentence"]
        assert said.endswith(words)


def test_columns_are_called_by_their_titles(engine):
    """Those of the protocol; of a few usual columns by names of our own."""
    window = {"before": {"column": "seen_at"}, "at_most": "30 days"}
    for titles, words in ((TITLES, "the first visit"), ({}, "seen at")):
        rule = ct_rule(window=window)
        written = rule.protocol.model_dump(by_alias=True, mode="json", exclude_none=True)
        rule = replace(rule, protocol=Protocol.model_validate(written | {"columns": titles}))
        seen = run(engine, rule, cases=[case(seen_at="2026-05-20")], events=[scan("2026-05-10")])
        assert f"10 days before {words} on 2026-05-20" in seen.finding("ct")["sentence"]


def test_what_is_not_recorded_is_named(engine):
    """A code, where codes are asked for; modality and region, where these are."""
    codes = {"kind": "imaging", "codes": {"in": "liver-resection"}}
    column = {"kind": "imaging", "columns": [{"name": "ward_round", "in": ["yes"]}]}
    table = [
        ({}, "its modality or region is not recorded.", "Have modality and region recorded"),
        ({"event": codes, "forbidden": True}, "its code is not recorded.", "Have code recorded"),
        ({"event": column}, "its ward round is not recorded.", "Have ward round recorded"),
    ]
    for keys, found, todo in table:
        for status, words in (("performed", (found,)), ("scheduled", (found, todo))):
            said = run(
                engine,
                ct_rule(**keys),
                cases=[case(status=status)],
                events=[event("2026-05-10")],
                as_of="2026-05-20" if status == "scheduled" else "2026-06-30",
            ).finding("ct")["sentence"]
            assert all(part in said for part in words)


@pytest.mark.parametrize(
    ("window", "status", "todo"),
    [
        (
            {"before": "surgery", "at_most": "30 days"},
            "booked",
            "Move it, or surgery to a day after 2026-06-27, or request an exception;",
        ),
        (
            {"after": "admission", "at_most": "60 days"},
            "booked",
            "Move it or request an exception;",
        ),
        (
            {"before": "surgery", "at_most": "30 days"},
            "completed",
            "Move surgery to a day after 2026-06-14 or request an exception;",
        ),
        ({"after": "admission", "at_most": "60 days"}, "completed", "Request an exception;"),
    ],
)
def test_what_to_do_about_something_forbidden(engine, window, status, todo):
    """What was done cannot be moved; surgery helps only where the window hangs on it."""
    at = "2026-05-28" if status == "booked" else "2026-05-15"
    operation = case(status="scheduled", admitted_at="2026-05-01")
    rule = ct_rule(window=window, forbidden=True)
    seen = run(
        engine, rule, cases=[operation], events=[scan(at, status=status)], as_of="2026-05-20"
    )
    assert todo in seen.finding("ct")["sentence"]
