"""A source that delivers less than usual: nothing is called missing while half of it is not there."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from tests.helpers import case, ct_rule, event, expect, run, scan
from tests.helpers.engines import on_duckdb, on_reference

UPCOMING = [case(status="scheduled")]
TODAY = date(2026, 5, 20)
HALF = {"completeness": {"imaging.CT": "50 %"}}
SILENT = "unknown feed_stale -"
DUE = "due never_ordered -"


def spans(*counts, modality="CT"):
    """So many studies of other patients in each 28 days; the first count is of the last 28."""
    return [
        scan(
            str(TODAY - timedelta(days=28 * n + k % 28)),
            f"{modality}{n}-{k}",
            patient_id="P9",
            modality=modality,
        )
        for n, count in enumerate(counts)
        for k in range(count)
    ]


def seen(engine, events, **site):
    return run(engine, ct_rule(), cases=UPCOMING, events=events, as_of=str(TODAY), **(site or HALF))


# The first study ever must be old enough that a span lies wholly after it: one study 196 days ago.
FIRST = scan(str(TODAY - timedelta(days=195)), "first", patient_id="P9")


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((5, 10, 10, 10, 10, 10, 10), DUE),
        ((4, 10, 10, 10, 10, 10, 10), SILENT),
        ((4, 10, 10, 10, 0, 0, 0), DUE),  # the median of 10, 10, 10, 0, 0 and 1 is 5.5
        ((2, 10, 10, 10, 0, 0, 0), SILENT),
        ((0, 1, 1, 1, 1, 1, 0), SILENT),
        ((0, 0, 0, 0, 0, 0, 0), DUE),
    ],
)
def test_less_than_that_share_of_the_median_is_half_empty(engine, counts, expected):
    expect(seen(engine, [*spans(*counts), FIRST]), ct=expected)


@pytest.mark.parametrize(("days", "expected"), [(111, SILENT), (110, DUE)])
def test_three_whole_spans_after_the_first_study_are_needed(engine, days, expected):
    """Days 28 to 111 before: three times 28. Before that nobody knows what is usual."""
    first = scan(str(TODAY - timedelta(days=days)), "first", patient_id="P9")
    expect(seen(engine, [*spans(1, 10, 10, 8), first]), ct=expected)


@pytest.mark.parametrize(("stopped", "expected"), [(20, SILENT), (2, SILENT)])
def test_a_feed_that_broke_off_long_ago_is_not_compared_with_its_own_silence(
    engine, stopped, expected
):
    """Twenty months without a study: the six before it are the usual ones, not the last six."""
    first = scan(str(TODAY - timedelta(days=28 * 40)), "first", patient_id="P9")
    expect(seen(engine, [*spans(*[0] * stopped, 10, 10, 10, 10, 10, 10), first]), ct=expected)


@pytest.mark.parametrize("feed", ["imaging", "imaging.CT"])
def test_a_feed_that_delivered_nothing_is_empty(engine, feed):
    """Also if other modalities and kinds came; what is there is still told."""
    others = [*spans(3, 3, modality="MR"), event("2026-05-01", "L1", kind="lab", patient_id="P9")]
    share = {"completeness": {feed: "50 %"}}
    expect(seen(engine, [], **share), ct=SILENT)
    if feed == "imaging.CT":
        expect(seen(engine, others, **share), ct=SILENT)
    expect(seen(engine, others, completeness={"imaging.PT": "50 %"}), ct=DUE)


def test_only_the_modality_that_is_asked_for_matters(engine):
    few_mr = [*spans(10, 10, 10, 10, 10), *spans(1, 10, 10, 10, 10, modality="MR"), FIRST]
    expect(seen(engine, few_mr, completeness={"imaging.MR": "50 %"}), ct=DUE)
    few_ct = [*spans(1, 10, 10, 10, 10), *spans(10, 10, 10, 10, 10, modality="MR"), FIRST]
    expect(seen(engine, few_ct, completeness={"imaging.MR": "50 %"}), ct=DUE)
    expect(seen(engine, few_ct, completeness={"imaging.CT": "50 %"}), ct=SILENT)
    expect(seen(engine, few_ct, completeness={"imaging": "50 %"}), ct=DUE)
    expect(seen(engine, few_ct, completeness={"imaging": "90 %"}), ct=SILENT)
    expect(seen(engine, few_ct, completeness={"lab": "90 %"}), ct=DUE)


def test_only_studies_that_were_made_and_are_known_count(engine):
    usual = [*spans(0, 10, 10, 10, 10), FIRST]
    for more in (
        {"status": "booked"},
        {"status": "cancelled"},
        {"status": "entered-in-error"},
        {"recorded_at": "2026-05-21"},
        {"at": "2026-05-21"},
        {"kind": "lab"},
    ):
        new = [scan("2026-05-19", f"N{k}", patient_id="P9") | more for k in range(9)]
        expect(seen(engine, [*usual, *new]), ct=SILENT)
    expect(
        seen(engine, [*usual, *(scan("2026-05", f"N{k}", patient_id="P9") for k in range(9))]),
        ct=DUE,
    )


def test_what_is_there_does_not_need_the_feed(engine):
    usual = [*spans(0, 10, 10, 10, 10), FIRST]
    expect(seen(engine, [*usual, scan("2026-05-05")]), ct="met")
    booked = scan("2026-05-25", status="booked")
    expect(seen(engine, [*usual, booked]), ct="booked")


def test_a_window_that_closed_before_is_decided(engine):
    """What came to a halt later hides no study of an operation in April."""
    usual = [*spans(0, 10, 10, 10, 10), FIRST]
    for day, expected in (("2026-04-22", "missing never_ordered -"), ("2026-04-23", SILENT)):
        past = [case(surgery_at=f"{day}T08:00")]
        expect(
            run(engine, ct_rule(), cases=past, events=usual, as_of=str(TODAY), **HALF), ct=expected
        )


def test_codes_say_the_modality_where_the_column_is_empty(engine):
    """As everywhere; imaging.csv knows this code as a CT."""
    usual = [*spans(0, 10, 10, 10, 10), FIRST]
    coded = [
        event("2026-05-19", f"N{k}", patient_id="P9", codes="LOCAL:CT-LIVER") for k in range(9)
    ]
    expect(seen(engine, [*usual, *coded]), ct=DUE)


@pytest.mark.parametrize("series", [12, pytest.param(60, marks=pytest.mark.thorough)])
def test_both_evaluators_agree_on_any_series(series):
    """Random counts per span, limits and kinds: the same findings from both."""
    chance = random.Random(20260520)
    verdicts = set()
    for _ in range(series):
        counts = [chance.randint(0, 9) for _ in range(chance.randint(1, 8))]
        share = {chance.choice(("imaging", "imaging.CT")): f"{chance.randint(20, 100)} %"}
        found = [
            seen(engine, spans(*counts), completeness=share).finding("ct")
            for engine in (on_reference, on_duckdb)
        ]
        assert found[0] == found[1], (counts, share)
        verdicts.add(found[0]["reason"])
    assert verdicts == {"feed_stale", "never_ordered"}
