"""The night of a real evaluation is kept and comes back as its findings.json."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from qi_checker.audit.files import write_files
from qi_checker.audit.provenance import manifest
from qi_checker.demo import write_demo
from qi_checker.engines.duckdb import Evaluation, evaluate
from qi_checker.protocol.as_of import AsOf
from qi_checker.sources.files import read_folder
from qi_checker.store import Store
from qi_checker.store.evaluated import night_of
from tests.helpers.folders import CASE_1, CASES, EVENT_1, EVENTS, SITE, csv_text, write_csv
from tests.helpers.protocols import liver

START = datetime(2026, 3, 2, 4, tzinfo=UTC)


def evaluated(folder: Path, as_of: str) -> Evaluation:
    return evaluate(liver(), read_folder(folder, SITE), AsOf.parse(as_of), SITE)


def written(evaluation: Evaluation, folder: Path) -> bytes:
    """The file of the night."""
    folder.mkdir()
    write_files(evaluation, manifest(evaluation), folder)
    return (folder / "findings.json").read_bytes()


def test_nights_of_the_demonstration_come_back_byte_for_byte(store: Store, tmp_path: Path) -> None:
    write_demo(tmp_path / "demo")
    files = []
    for day in ("2026-03-02", "2026-03-03", "2026-03-09", "2026-03-05"):
        evaluation = evaluated(tmp_path / "demo", day)
        stored = store.keep(night_of(evaluation, START))
        assert store.keep(night_of(evaluation, START)).repeated
        files.append((stored.run_id, written(evaluation, tmp_path / day)))
    for run_id, file in files:
        assert b"".join(store.findings_json(run_id)) == file


def test_a_quiet_night_adds_next_to_nothing(store: Store, tmp_path: Path) -> None:
    write_demo(tmp_path / "demo")
    first = store.keep(night_of(evaluated(tmp_path / "demo", "2026-03-02"), START))
    second = store.keep(night_of(evaluated(tmp_path / "demo", "2026-03-03"), START))
    assert first.counts["findings"] > 400
    assert sum(second.counts.values()) < 10


HOSTILE = "=1+1;\u0001\u001f\"\\u001f'<b>\u2028\ue000\ue002 ﷽"


def test_text_that_is_no_text_comes_back_as_it_was(store: Store, tmp_path: Path) -> None:
    cases = csv_text(CASES, (f'"{HOSTILE.replace(chr(34), chr(34) * 2)}"', *CASE_1[1:])).encode()
    events = csv_text(EVENTS, EVENT_1).encode()
    evaluation = evaluated(write_csv(tmp_path, cases, events), "2026-06-30")
    stored = store.keep(night_of(evaluation, START))
    file = written(evaluation, tmp_path / "audit")
    assert b"".join(store.findings_json(stored.run_id)) == file
    assert {row["case_id"] for row in store.findings(stored.run_id)} == {HOSTILE}
    assert store.export_case(HOSTILE)["schedules"][0]["row"] == "2026-05-31T08:00"


@pytest.mark.parametrize(
    ("change", "changes"),
    [
        ({"at": "2026-05-21"}, True),  # the event that decided, on another day
        ({"description": "CT of the liver"}, True),  # or with another text
        ({}, False),
    ],
)
def test_evidence_is_what_the_findings_rest_on(
    store: Store, tmp_path: Path, change: dict[str, str], changes: bool
) -> None:
    event = dict(zip(EVENTS, EVENT_1, strict=True))
    other = tuple({**event, "event_id": "E9", "patient_id": "P9"}.values())
    for folder, events in (("a", (EVENT_1,)), ("b", (other, tuple({**event, **change}.values())))):
        (tmp_path / folder).mkdir()
        write_csv(
            tmp_path / folder, csv_text(CASES, CASE_1).encode(), csv_text(EVENTS, *events).encode()
        )
    seen = [
        night_of(evaluated(tmp_path / folder, "2026-06-30"), START).lines.of_cases(
            "evidence", ["C1"]
        )
        for folder in ("a", "b")
    ]
    assert [case_id for case_id, _ in seen[0]] == ["C1"]
    assert (seen[0] != seen[1]) is changes
