"""How numbers, dates and findings read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from qi_checker.audit import words as audit_words
from qi_checker.cases import words as candidates
from qi_checker.cases import words as case_words
from qi_checker.cases.grouping import grouped
from qi_checker.protocol.vocabulary import Reason, Status, Verdict
from qi_checker.render import rates, words
from qi_checker.render.views import Rate
from tests.helpers import sheets


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0%"),
        (0.001, "<1%"),
        (0.004, "<1%"),
        (0.005, "1%"),
        (0.9, "90%"),
        (0.999, ">99%"),
        (0.995, ">99%"),
        (1 - 1e-16, ">99%"),
        (1.0, "100%"),
    ],
)
def test_nothing_and_everything_only_where_exact(value: float, text: str) -> None:
    assert rates.percent(value) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(3, 4, "3/4"), (4, 5, "4/5 (80%)"), (999, 1000, "999/1,000 (>99%)")],
)
def test_no_percentage_of_fewer_than_five(part: int, whole: int, text: str) -> None:
    assert rates.share(part, whole) == text


def _rate(compliant: int, eligible: int, exempt: int = 0) -> Rate:
    whole = eligible - exempt
    if not whole:
        return Rate(compliant, eligible, exempt, 0, None, None, None, None, None, None)
    return Rate(compliant, eligible, exempt, 0, 0.9, 0.7438, 0.9654, 0.9, 0.9, None)


@pytest.mark.parametrize(
    ("rate", "requirements", "sentence"),
    [
        (_rate(27, 30), 2, "27 of 30 eligible operations had both in time (90%, 95% CI 74–97)."),
        (
            _rate(27, 32, 2),
            2,
            (
                "27 of 30 eligible operations without an exception had both in time "
                "(90%, 95% CI 74–97)."
            ),
        ),
        (
            _rate(27, 30),
            1,
            ("27 of 30 eligible operations had CT of the liver in time (90%, 95% CI 74–97)."),
        ),
        (_rate(27, 30), 3, "27 of 30 eligible operations had all 3 in time (90%, 95% CI 74–97)."),
        (_rate(3, 4), 2, "3 of 4 eligible operations had both in time (too few for a percentage)."),
        (_rate(1, 1), 2, "1 of 1 eligible operation had both in time (too few for a percentage)."),
        (_rate(0, 0), 2, "There are no eligible cases, so there is no rate."),
        (
            _rate(0, 2, 2),
            2,
            (
                "Every eligible operation (2) is covered by an approved exception, so "
                "there is no rate."
            ),
        ),
    ],
)
def test_the_finding_is_one_sentence(rate: Rate, requirements: int, sentence: str) -> None:
    totals = tuple(sheets.totals("ct", "CT of the liver", 3) for _ in range(requirements))
    assert audit_words.finding(replace(sheets.AUDIT, rate=rate, requirements=totals)) == sentence


def test_a_choice_of_studies_is_not_called_both() -> None:
    totals = tuple(replace(t, group="one is enough") for t in sheets.AUDIT.requirements)
    assert "fulfilled the protocol" in audit_words.finding(
        replace(sheets.AUDIT, requirements=totals)
    )


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("70%", "70% met"),
        ("74.38%", "% met"),
        ("95%", "includes the target"),
        ("99%", "99% not met"),
        ("", ""),
    ],
)
def test_a_target_is_met_only_where_the_interval_says_so(target: str, said: str) -> None:
    text = audit_words.against_target(replace(sheets.AUDIT, target=target))
    assert said in text
    assert bool(text) is bool(target)


def test_a_target_is_only_named_where_there_is_no_interval() -> None:
    page = replace(sheets.AUDIT, rate=_rate(3, 4))
    assert audit_words.against_target(page) == "Target: 95%."


def test_the_rate_is_said_without_a_denominator_too() -> None:
    assert rates.rate_words(_rate(0, 0)) == "no eligible cases"
    assert rates.rate_words(_rate(0, 2, 2)) == "every eligible case has an exception"
    assert rates.rate_words(_rate(27, 30)) == "27/30 (90%, 95% CI 74–97)"
    assert rates.rate_words(_rate(2, 3)) == "2/3"


def test_bounds_carry_both_numbers() -> None:
    rate = sheets.AUDIT.rate
    assert rates.part(rate.best, 28, 30) == "28/30 (93%)"
    assert rates.part(0.67, 2, 3) == "2/3"
    assert rates.part(None, 0, 0) == "0/0"


def test_dates_carry_their_weekday() -> None:
    assert words.day(date(2026, 2, 23)) == "Mon 23 Feb 2026"
    assert words.day(None) == ""
    assert words.moment("2026-02-23") == "Mon 23 Feb 2026, end of the day"
    assert words.moment("2026-02-23T07:30:00") == "Mon 23 Feb 2026 07:30"


@pytest.mark.parametrize(
    ("days", "text"),
    [(-1, "1 day overdue"), (-3, "3 days overdue"), (0, "today"), (1, "in 1 day"), (None, "")],
)
def test_days_left(days: int | None, text: str) -> None:
    assert words.days_left(days) == text


@pytest.mark.parametrize(
    ("at", "days", "text"),
    [
        ("2026-02-03", 20, "Tue 3 Feb 2026"),
        ("2026-02-03T10:20:00", 20, "Tue 3 Feb 2026 10:20"),
        ("2026-02-03 10:20", 20, "Tue 3 Feb 2026 10:20"),
        ("2026-02-04T03:30Z", 20, "Tue 3 Feb 2026, recorded as 2026-02-04T03:30Z"),
        ("", None, "no date"),
    ],
)
def test_the_date_of_an_event(at: str, days: int | None, text: str) -> None:
    assert candidates.when(sheets.candidate(1, at, days)) == text


def test_a_partial_date_shows_what_is_recorded_and_what_it_may_be() -> None:
    event = sheets.candidate(1, "2026-01", 53, last=date(2026, 1, 31))
    assert candidates.when(event) == "2026-01: 2026-01-01 to 2026-01-31"
    assert candidates.days_apart(event) == "23 to 53 days before"


@pytest.mark.parametrize("word", [*Status, *Verdict])
def test_every_word_has_a_symbol(word: str) -> None:
    assert words.SIGNS[word].symbol


def test_words_that_differ_in_meaning_differ_in_symbol_and_tone() -> None:
    for vocabulary in (Verdict, Status):
        seen = [words.SIGNS[w].symbol for w in vocabulary if w not in ("missing", "expired")]
        assert len(seen) == len(set(seen))


def test_every_reason_has_a_meaning() -> None:
    assert set(words.REASONS) == {r.value for r in Reason}


def test_the_list_is_in_the_order_of_the_day() -> None:
    groups = grouped(sheets.CHECKLIST)
    assert [g.key for g in groups] == ["overdue", "today", "soon", "later", "nothing"]
    assert [i.case_id for g in groups for i in g.items] == [
        i.case_id for i in sheets.CHECKLIST.items
    ]


@pytest.mark.parametrize(
    ("items", "sentence"),
    [
        ((), "No operation of this protocol is planned until Sat 11 Apr (60 days)."),
        ((5,), "Nothing to do: 1 operation until Sat 11 Apr (60 days), none lacks anything."),
        ((0,), "1 of 1 operation until Sat 11 Apr (60 days) needs action."),
        ((0, 1, 5), "2 of 3 operations until Sat 11 Apr (60 days) need action."),
    ],
)
def test_the_morning_in_a_few_sentences(items: tuple[int, ...], sentence: str) -> None:
    some = tuple(sheets.CHECKLIST.items[i] for i in items)
    assert case_words.day_list(replace(sheets.CHECKLIST, items=some)).endswith(sentence)
