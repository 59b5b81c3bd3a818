"""What changed since the night before."""

from __future__ import annotations

from typing import Any

from qi_checker.digest.changes import Change
from qi_checker.store import Store
from tests.helpers.store import finding, night


def nights(store: Store, *each: Any) -> tuple[Change, ...]:
    """Keep these nights, and give what changed in the last; as it was told and as it is kept."""
    stored = [store.keep(one) for one in each]
    assert store.changes(stored[-1].run_id) == stored[-1].changes
    return stored[-1].changes


def described(changes: tuple[Change, ...]) -> list[tuple[str, str, str]]:
    return [(c.case_id, str(c.kind), str(c.cause)) for c in changes]


def test_the_first_night_changes_nothing(store: Store) -> None:
    assert nights(store, night(finding(status="missing"))) == ()


def test_a_problem_is_new_then_resolved_then_open_again(store: Store) -> None:
    statuses = ["due", "missing", "met", "missing"]
    found = [
        described(nights(store, night(finding(status=status), as_of=f"2026-03-0{n}", data=f"d{n}")))
        for n, status in enumerate(statuses, start=1)
    ]
    kinds = [[kind for _, kind, _ in each] for each in found]
    assert kinds == [[], ["new"], ["resolved"], ["reopened"]]


def test_what_was_overdue_once_is_open_again(store: Store) -> None:
    def due(act_by: str) -> Any:
        return finding(status="due", act_by=act_by, sentence=act_by)

    found = [
        described(nights(store, night(row, as_of=f"2026-03-0{n}", data=f"d{n}")))
        for n, row in enumerate(
            [
                due("2026-03-01"),
                due("2026-03-01"),
                due("2026-03-09"),
                due("2026-03-09"),
                finding(status="missing"),
            ],
            start=1,
        )
    ]
    kinds = [[kind for _, kind, _ in each] for each in found]
    assert kinds == [[], ["new"], ["resolved"], [], ["reopened"]]


def test_a_move_of_surgery_has_both_dates(store: Store) -> None:
    before = night(finding(status="met", event_id="E1"))
    after = night(
        finding(status="expired", reason="too_old", event_id="E1"),
        as_of="2026-03-02",
        surgery="2026-04-20",
        data="d2",
    )
    (change,) = nights(store, before, after)
    assert (change.kind, change.cause) == ("rescheduled", "reschedule")
    assert change.after_reason == "expired_by_reschedule"
    assert (str(change.before_surgery), str(change.after_surgery)) == ("2026-03-20", "2026-04-20")


def test_a_correction_is_compared_with_the_night_before_it(store: Store) -> None:
    first = night(finding(status="due"))
    wrong = night(finding(status="missing"), as_of="2026-03-02", data="d2")
    right = night(finding(status="met"), as_of="2026-03-02", data="d3")
    assert described(nights(store, first, wrong)) == [("C1", "new", "data")]
    assert nights(store, right) == ()  # due, now met: the ordinary course


def test_a_new_rule_and_a_case_that_is_gone(store: Store) -> None:
    before = night(finding("C1"), finding("C2"), surgery="2026-02-20")
    after = night(
        finding("C1", status="missing"), as_of="2026-03-02", surgery="2026-02-20", rules="r2"
    )
    assert described(nights(store, before, after)) == [
        ("C1", "rejudged", "protocol"),
        ("C2", "case_gone", "data"),
    ]


def test_a_repeated_night_tells_the_same_again(store: Store) -> None:
    first, second = (
        night(finding(status="due")),
        night(finding(status="missing"), as_of="2026-03-02"),
    )
    once = nights(store, first, second)
    assert once
    assert nights(store, second) == once
