"""A store of the program before cases had seals is opened, and goes on as if nothing had happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections

from qi_checker.store import Database, Store, open_store
from qi_checker.store.exceptions import Person
from qi_checker.store.manifests import save_parts
from qi_checker.store.models import CaseRow, EvidenceRow, FindingRow, Run, ScheduleRow
from qi_checker.store.rows import row_text
from tests.helpers.store import AT, Written, action, document, finding, night

NURSE = Person("ash", "coordinator")
SAID = "Book MRI between {} and 2026-03-19; {}"
IN_TIME = "arrange it by 2026-03-12."


def evening(as_of: str) -> Written:
    """C1: its window opens on 10 March; C2: it is open; C3: nothing is to be done."""
    late = "the last day to arrange it was 2026-03-12: do it today."
    arrange = late if as_of > "2026-03-12" else IN_TIME
    rows = []
    for case_id, opens in (("C1", "2026-03-10"), ("C2", "2026-02-01")):
        sentence = SAID.format(max(opens, as_of), arrange)
        rows.append(
            finding(
                case_id, status="due", sentence=sentence, act_by="2026-03-12", window_opens=opens
            )
        )
    return night(*rows, finding("C3"), as_of=as_of)


def marked_before(row: dict[str, Any], as_of: str) -> str:
    """The text of a row as the earlier program kept it."""
    text = row_text(row).replace("\ue000", "\ue000\ue001")
    return text.replace(f"between {as_of} and", "between \ue000\ue002 and")


def kept_before(store: Store, before_upgrade: Written) -> None:
    """The rows that the earlier program wrote for a first night."""
    alias, manifest = store.alias, dict(before_upgrade.manifest)
    parts = save_parts(
        alias, {"manifest": manifest, "feeds": list(before_upgrade.feeds), "inputs": []}
    )
    run = Run.objects.using(alias).create(
        protocol=before_upgrade.protocol,
        as_of=before_upgrade.as_of,
        started_at=AT,
        actor="nightly",
        parts=parts,
        digest="0" * 64,
    )
    same = {"protocol": before_upgrade.protocol, "from_run": run.id}
    for row in before_upgrade.findings:
        FindingRow.objects.using(alias).create(
            **same,
            case_id=row["case_id"],
            requirement=row["requirement"],
            status=row["status"],
            act_by=row["act_by"] or "",
            row=marked_before(row, before_upgrade.as_of),
        )
    for row in before_upgrade.cases:
        case_id = row["case_id"]
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "INSERT INTO qi_store_caserow (protocol, from_run, case_id, row) "
                "VALUES (%s, %s, %s, %s)",
                [
                    before_upgrade.protocol,
                    run.id,
                    case_id,
                    marked_before(row, before_upgrade.as_of),
                ],
            )
        ScheduleRow.objects.using(alias).create(**same, case_id=case_id, row="2026-03-20T08:00")
        EvidenceRow.objects.using(alias).create(**same, case_id=case_id, row="e1")


@pytest.fixture
def older(empty: Database) -> Iterator[Store]:
    store = open_store(empty)
    call_command("migrate", "qi_store", "0002", database=store.alias, verbosity=0)
    kept_before(store, evening("2026-03-01"))
    store.sign_off("C1", "liver", by=NURSE, at=AT)
    yield store
    store.close()


def rebuilt(store: Store, run_id: int) -> bytes:
    return b"".join(store.findings_json(run_id))


def test_an_older_store_shows_its_nights_and_goes_on(older: Store) -> None:
    before = rebuilt(older, 1)
    older.migrate()
    assert rebuilt(older, 1) == before == document(evening("2026-03-01"))
    days = ("2026-03-02", "2026-03-10", "2026-03-11", "2026-03-12", "2026-03-13", "2026-03-14")
    counts = [older.keep(evening(day)).counts["findings"] for day in days]
    # Rows of the earlier program say the same until a window opens (it kept the first day of that
    # of C1), and until a last day has passed (C2). The new rows say both by themselves.
    assert counts == [0, 0, 1, 0, 1, 0]
    for run_id, day in enumerate(("2026-03-01", *days), start=1):
        assert rebuilt(older, run_id) == document(evening(day))


def test_a_sign_off_of_before_holds_until_its_rows_are_others(older: Store) -> None:
    older.migrate()
    older.keep(evening("2026-03-02"))
    assert not older.sign_offs("C1")[0].void
    older.keep(evening("2026-03-11"))
    assert older.sign_offs("C1")[0].changed == ("findings",)


def test_a_case_is_sealed_once_its_rows_are_of_this_program(older: Store) -> None:
    def sealed() -> list[str]:
        rows = CaseRow.objects.using(older.alias).filter(to_run=None).exclude(seal="")
        return sorted(rows.values_list("case_id", flat=True))

    older.migrate()
    assert sealed() == []
    older.keep(evening("2026-03-02"))
    assert sealed() == ["C3"]
    older.keep(evening("2026-03-13"))
    assert sealed() == ["C1", "C2", "C3"]


def test_nights_of_before_actions_were_kept_stay_as_they_were(empty: Database) -> None:
    """They have the first action of each case; from the next night on all are kept."""
    store = open_store(empty)
    store.migrate()
    first = evening("2026-03-01")
    counted = dict(first.manifest) | {"actions": {"overdue": 0, "today": 0, "soon": 1, "later": 1}}
    store.keep(replace(first, manifest=counted))
    before = rebuilt(store, 1)
    call_command("migrate", "qi_store", "0004", database=store.alias, verbosity=0)
    store.migrate()
    assert store.verify().faults == ()
    assert rebuilt(store, 1) == before and list(store.actions(1)) == []
    todo = [action(requirement="ct"), action(), action("C2")]
    second = night(*first.findings, as_of="2026-03-02", actions=todo)
    assert store.keep(second).counts["actions"] == len(todo)
    assert (rebuilt(store, 1), rebuilt(store, 2)) == (before, document(second))
    assert [one["requirement"] for one in store.actions(2)] == ["ct", "mri", "mri"]
    assert store.verify().faults == ()
    store.close()


def test_seals_of_an_earlier_version_are_forgotten(empty: Database) -> None:
    """They were made of other texts: the next night compares these cases, and seals them anew."""
    store = open_store(empty)
    store.migrate()
    first = night(finding(), finding("C2"))
    store.keep(first)
    seals = dict(CaseRow.objects.using(store.alias).values_list("case_id", "seal"))
    call_command("migrate", "qi_store", "0006", database=store.alias, verbosity=0)
    CaseRow.objects.using(store.alias).update(seal="0" * 64)
    store.migrate()
    assert store.verify().faults == ()
    second = store.keep(night(finding(), finding("C2"), as_of="2026-03-02"))
    assert not any(second.counts.values())
    assert dict(CaseRow.objects.using(store.alias).values_list("case_id", "seal")) == seals
    assert store.verify().faults == ()
    store.close()
