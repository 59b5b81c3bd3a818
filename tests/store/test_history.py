"""Nights are kept as history, and every one of them comes back as it was."""

from __future__ import annotations

from typing import Any

import pytest

from qi_checker.errors import UserError
from qi_checker.store import Store
from qi_checker.store.models import CaseRow, Document, FindingRow, Run, TrailEntry
from tests.helpers.store import case, document, finding, night

BOOK = "Book MRI between {} and 2026-03-19; arrange it by 2026-03-12."


def rows(store: Store) -> int:
    models = (FindingRow, CaseRow)
    return sum(model.objects.using(store.alias).count() for model in models)


def rebuilt(store: Store, run_id: int) -> bytes:
    return b"".join(store.findings_json(run_id))


def test_every_night_is_rebuilt_byte_for_byte(store: Store) -> None:
    nights = [
        night(finding("C1"), finding("C2", status="due")),
        night(finding("C1"), finding("C2", status="missing"), as_of="2026-03-02"),
        night(finding("C1"), as_of="2026-03-03"),
        night(finding("C1"), finding("C2"), finding("Ä3 ﷽"), as_of="2026-03-04"),
        night(as_of="2026-03-05"),
    ]
    stored = [store.keep(one) for one in nights]
    for one, run in zip(nights, stored, strict=True):
        assert rebuilt(store, run.run_id) == document(one)
        assert store.manifest(run.run_id) == one.manifest
        assert store.documents(run.run_id)["feeds"] == one.feeds
        assert list(store.findings(run.run_id)) == list(one.findings)
        assert list(store.cases(run.run_id)) == list(one.cases)


def test_rows_come_in_the_order_of_their_bytes_whatever_the_database_speaks(store: Store) -> None:
    ids = sorted(["a", "B", "b", "A", "ä", "Z", "_", "10", "9"])
    stored = store.keep(night(*(finding(i) for i in ids)))
    assert [row["case_id"] for row in store.findings(stored.run_id)] == ids


def test_the_day_of_the_night_makes_no_row(store: Store) -> None:
    nights = [
        night(finding(status="due", sentence=BOOK.format(day)), as_of=day)
        for day in ("2026-03-01", "2026-03-02", "2026-03-03")
    ]
    stored = [store.keep(one) for one in nights]
    assert rows(store) == 2
    assert [rebuilt(store, k.run_id) for k in stored] == [document(one) for one in nights]


@pytest.mark.parametrize("opens", [None, "2026-03-02", "2026-03-03"])
def test_a_window_that_opens_and_a_last_day_that_passes_make_no_row(
    store: Store, opens: str | None
) -> None:
    nights = []
    for n in (1, 2, 3, 4):
        day = f"2026-03-0{n}"
        late = "the last day to arrange it was 2026-03-02: do it today."
        said = late if day > "2026-03-02" else "arrange it by 2026-03-02."
        sentence = f"Book MRI between {max(opens or day, day)} and 2026-03-19; {said}"
        row = finding(status="due", sentence=sentence, window_opens=opens, act_by="2026-03-02")
        nights.append(night(row, as_of=day))
    stored = [store.keep(one) for one in nights]
    assert [k.counts["findings"] for k in stored] == [1, 0, 0, 0]
    assert [rebuilt(store, k.run_id) for k in stored] == [document(one) for one in nights]
    # A problem all the same, from the day after.
    assert [[str(c.kind) for c in k.changes] for k in stored] == [[], [], ["new"], []]


def test_other_words_of_another_version_are_a_row(store: Store) -> None:
    words = ("arrange it by 2026-03-12.", "do it before 2026-03-13.", "do it before 2026-03-13.")
    nights = [
        night(
            finding(status="due", sentence=f"Book MRI; {said}", act_by="2026-03-12"),
            as_of=f"2026-03-0{n}",
        )
        for n, said in enumerate(words, start=1)
    ]
    stored = [store.keep(one) for one in nights]
    assert [k.counts["findings"] for k in stored] == [1, 1, 0]
    assert [rebuilt(store, k.run_id) for k in stored] == [document(one) for one in nights]


@pytest.mark.parametrize("what", ["finding", "case", "schedule", "evidence"])
def test_whatever_changes_of_a_case_breaks_its_seal(store: Store, what: str) -> None:
    changed: dict[str, tuple[Any, dict[str, Any]]] = {
        "finding": (finding(event_id="E2"), {}),
        "case": (finding(), {"cases": [case(owner="ward"), case("C2")]}),
        "schedule": (finding(), {"surgery": "2026-03-27"}),
        "evidence": (finding(), {"evidence": "e2"}),
    }
    store.keep(night(finding(), finding("C2")))
    row, more = changed[what]
    second = night(row, finding("C2"), as_of="2026-03-02", **more)
    stored = store.keep(second)
    assert rebuilt(store, stored.run_id) == document(second)
    assert sum(stored.counts.values()) == {"schedule": 4, "evidence": 2}.get(what, 1)


def test_a_seal_is_the_same_from_a_night_and_from_its_rows(store: Store) -> None:
    """DuckDB makes it from values, `verify` from the texts that are kept."""
    odd = 'a"b\\c/\x1f\x1e\n\t é–😀 \ue000\ue001 between 2026-03-01 and null'
    rows = [
        finding(requirement="ct", sentence=odd, act_by="2026-03-12", window_opens="2026-02-20"),
        finding(event_id=odd, days_before=-3, slack_days=0, event_date="2026-02-01", owner=""),
        finding("C2", owner=None, sentence=BOOK.format("2026-03-01")),
    ]
    cases = [case(next_action=odd, opens="2026-03-03", closes="2026-03-19"), case("C2", owner=odd)]
    stored = store.keep(night(*rows, cases=cases))
    assert list(store.findings(stored.run_id)) == rows
    assert store.verify().faults == ()
    sealed = CaseRow.objects.using(store.alias).exclude(seal="")
    assert sealed.count() == len(cases)


def test_another_day_in_a_sentence_is_no_mark(store: Store) -> None:
    sentence = "Done on 2026-03-01. " + BOOK.format("2026-03-01") + " \ue000\ue001 \ue000\ue002"
    nights = [night(finding(sentence=sentence), as_of=f"2026-03-0{n}") for n in (1, 2, 3)]
    stored = [store.keep(one) for one in nights]
    assert [rebuilt(store, k.run_id) for k in stored] == [document(one) for one in nights]


def test_the_same_night_twice_is_one_run(store: Store) -> None:
    first = store.keep(night(finding()))
    counts = [m.objects.using(store.alias).count() for m in (Run, FindingRow, Document, TrailEntry)]
    again = store.keep(night(finding()))
    assert (again.run_id, again.repeated, again.changes) == (first.run_id, True, ())
    assert counts == [
        m.objects.using(store.alias).count() for m in (Run, FindingRow, Document, TrailEntry)
    ]


def test_other_data_for_the_same_moment_is_a_correction(store: Store) -> None:
    wrong, right = night(finding(status="missing")), night(finding(), data="d2")
    first, second = store.keep(wrong), store.keep(right)
    third = store.keep(night(finding(status="missing")))  # back again: a correction as well
    assert [k.correction for k in (first, second, third)] == [0, 1, 2]
    assert [run.in_force for run in store.runs()] == [True, False, False]
    assert rebuilt(store, first.run_id) == rebuilt(store, third.run_id) == document(wrong)
    assert rebuilt(store, second.run_id) == document(right)


def test_a_night_that_is_kept_late_changes_no_other(store: Store) -> None:
    new, old = night(finding(), as_of="2026-03-09"), night(finding(status="due"))
    first, second = store.keep(new), store.keep(old)
    assert store.latest() == store.runs()[1]
    assert rebuilt(store, first.run_id) == document(new)
    assert rebuilt(store, second.run_id) == document(old)
    assert second.changes == ()


def test_a_row_that_comes_twice_stops_the_night(store: Store) -> None:
    store.keep(night(finding()))
    with pytest.raises(ValueError, match="repeated"):
        store.keep(night(finding(), finding(), as_of="2026-03-02"))
    assert len(store.runs()) == 1


def test_protocols_are_kept_apart(store: Store) -> None:
    liver, other = night(finding()), night(finding(status="due"))
    other = night(finding(status="due"), manifest={**other.manifest, "protocol": {"id": "lung"}})
    stored = [store.keep(one) for one in (liver, other)]
    assert [k.correction for k in stored] == [0, 0]
    assert [run.protocol for run in store.runs("lung")] == ["lung"]
    assert rebuilt(store, stored[0].run_id) == document(liver)


def test_a_run_that_is_not_kept_is_said(store: Store) -> None:
    with pytest.raises(UserError, match="run 7 is not stored"):
        store.manifest(7)


def test_every_date_of_surgery_is_kept(store: Store) -> None:
    for day, surgery in (("01", "20"), ("02", "20"), ("03", "27"), ("04", "20")):
        store.keep(night(finding(), as_of=f"2026-03-{day}", surgery=f"2026-03-{surgery}"))
    seen = [(s.surgery_at[8:10], s.from_run, s.to_run) for s in store.schedules("C1")]
    assert seen == [("20", 1, 3), ("27", 3, 4), ("20", 4, None)]
    days = [str(day) for _, day in store.earlier_schedules("liver", "2026-03-05", {"C1"})]
    assert sorted(set(days)) == ["2026-03-20", "2026-03-27"]
    before = store.earlier_schedules("liver", "2026-03-03", {"C1", "absent"})
    assert [str(day) for _, day in before] == ["2026-03-20"]
    assert store.earlier_schedules("liver", "2026-03-05", set()) == []
