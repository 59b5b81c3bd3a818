"""Damages of ids, and of what they join."""

from __future__ import annotations

import random
import re
from datetime import timedelta

from tests.helpers.damages.base import (
    REFUSE,
    UNSEEN,
    WARN,
    Tables,
    change_each,
    damage,
    day_of,
    some_of,
)


@damage("ids", REFUSE)
def ids_of_events_without_separators(t: Tables) -> None:
    change_each(t.events, "patient_id", lambda x: x.replace("-", ""))


@damage("ids", REFUSE)
def ids_of_cases_without_separators(t: Tables) -> None:
    change_each(t.cases, "patient_id", lambda x: x.replace("-", ""))


def _without_zeros(text: str) -> str:
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", text)


@damage("ids", REFUSE)
def ids_of_events_without_leading_zeros(t: Tables) -> None:
    change_each(t.events, "patient_id", _without_zeros)


@damage("ids", WARN)
def ids_of_one_feed_without_leading_zeros(t: Tables) -> None:
    change_each([r for r in t.events if r.get("modality") == "MR"], "patient_id", _without_zeros)


@damage("ids", REFUSE)
def ids_of_events_as_decimals(t: Tables) -> None:
    change_each(t.events, "patient_id", lambda x: f"{x}.0")


@damage("ids", REFUSE)
def ids_of_cases_in_lower_case(t: Tables) -> None:
    change_each(t.cases, "patient_id", str.lower)


@damage("ids", REFUSE)
def ids_of_events_with_a_prefix(t: Tables) -> None:
    change_each(t.events, "patient_id", lambda x: f"H01:{x}")


@damage("ids", REFUSE)
def ids_of_events_with_their_number_only(t: Tables) -> None:
    change_each(t.events, "patient_id", lambda x: re.sub("[^0-9]", "", x))


@damage("ids", REFUSE)
def ids_cut_to_eight_characters(t: Tables) -> None:
    change_each(t.events, "patient_id", lambda x: x[:8])


@damage("ids", WARN)
def last_character_of_ids_lost(t: Tables) -> None:
    change_each(t.events, "patient_id", lambda x: x[:-1])


@damage("ids", REFUSE)
def ids_in_scientific_notation(t: Tables) -> None:
    change_each(t.events, "patient_id", lambda x: f"{float('1' + re.sub('[^0-9]', '', x)):.0E}")


@damage("ids", REFUSE)
def ids_of_another_register(t: Tables) -> None:
    change_each(t.events, "patient_id", lambda x: f"X{random.Random(x).randrange(10**9)}")


@damage("ids", REFUSE)
def invisible_character_in_ids(t: Tables) -> None:
    change_each(t.events, "patient_id", lambda x: f"\u200b{x}")


@damage("ids", WARN)
def invisible_character_in_some_ids(t: Tables) -> None:
    change_each(some_of(t.cases, 0.1), "patient_id", lambda x: f"{x}\u200b")


@damage("ids", WARN, "study")
def letter_for_a_digit_in_some_ids(t: Tables) -> None:
    """Replace 0 by O, as typed or read by a scanner."""
    change_each(some_of(t.cases, 0.15), "patient_id", lambda x: x.replace("0", "O", 1))


@damage("ids", REFUSE)
def case_and_patient_exchanged(t: Tables) -> None:
    for row in t.cases:
        row["case_id"], row["patient_id"] = row["patient_id"], row["case_id"]


@damage("ids", REFUSE)
def event_id_instead_of_patient(t: Tables) -> None:
    for row in t.events:
        row["patient_id"] = row["event_id"]


@damage("ids", REFUSE)
def one_default_patient(t: Tables) -> None:
    for row in t.events:
        row["patient_id"] = "99999999"


@damage("ids", WARN)
def default_patient_in_a_quarter(t: Tables) -> None:
    for row in some_of(t.events, 0.25):
        row["patient_id"] = "99999999"


@damage("ids", REFUSE)
def patients_sorted_by_themselves(t: Tables) -> None:
    """Sort one column in a spreadsheet, but not the others."""
    ids = [row["patient_id"] for row in t.events]
    random.Random(3).shuffle(ids)
    for row, id in zip(t.events, ids, strict=True):
        row["patient_id"] = id


@damage("ids", UNSEEN, history=True)
def patients_shifted_by_a_row(t: Tables) -> None:
    """Shift rows; neighbours in a file sorted by day have operations on neighbouring days."""
    ids = [row["patient_id"] for row in t.events]
    for row, id in zip(t.events[1:], ids, strict=False):
        row["patient_id"] = id


@damage("ids", REFUSE)
def patients_lost_in_a_third(t: Tables) -> None:
    for row in some_of(t.events, 0.33):
        row["patient_id"] = ""


@damage("ids", REFUSE)
def event_ids_start_again_each_day(t: Tables) -> None:
    for number, row in enumerate(t.events):
        row["event_id"] = f"E{number % 40}"


@damage("ids", WARN, "study")
def cases_of_exceptions_without_separators(t: Tables) -> None:
    change_each(t.exceptions, "case_id", lambda x: x.replace("-", ""))


@damage("ids", UNSEEN, history=True)
def two_patients_in_one_for_some(t: Tables) -> None:
    """Merge records in radiology only."""
    ids = sorted({row["patient_id"] or "" for row in t.cases})
    kept = dict(zip(ids[1:40:2], ids[0:40:2], strict=False))
    change_each(t.events, "patient_id", lambda x: kept.get(x, x))


@damage("ids", WARN, "study")
def two_patients_in_one_in_both_tables(t: Tables) -> None:
    ids = sorted({row["patient_id"] or "" for row in t.cases})
    kept = dict(zip(ids[1::2], ids[0::2], strict=False))
    for rows in (t.cases, t.events):
        change_each(rows, "patient_id", lambda x: kept.get(x, x))


@damage("ids", UNSEEN, history=True)
def a_third_of_events_under_other_patients(t: Tables) -> None:
    """Mix two hospitals that number their patients alike."""
    ids = sorted({row["patient_id"] or "" for row in t.events})
    half = len(ids) // 2
    other = dict(zip(ids, ids[half:] + ids[:half], strict=True))
    change_each(some_of(t.events, 0.3), "patient_id", lambda x: other.get(x, x))


@damage("ids", WARN, "study")
def older_events_under_old_ids(t: Tables) -> None:
    for row in t.events:
        if (day_of(row) or t.as_of) < t.as_of - timedelta(days=180):
            row["patient_id"] = f"OLD{(row['patient_id'] or '')[::-1]}"


@damage("ids", WARN, "study")
def recent_events_under_new_ids(t: Tables) -> None:
    for row in t.events:
        if (day_of(row) or t.as_of) > t.as_of - timedelta(days=60):
            row["patient_id"] = f"NEW{(row['patient_id'] or '')[::-1]}"


@damage("ids", REFUSE)
def cyrillic_letters_in_some_ids(t: Tables) -> None:
    change_each(some_of(t.events, 0.1), "patient_id", lambda x: x.replace("P", "\u0420"))
