"""Data that the tests of the commands share: the demo, its audit, and a few small folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import pytest

from qi_checker.protocol.records import CASES, EVENTS, EXCEPTIONS
from tests.helpers import commands
from tests.helpers.demo import few_cases
from tests.helpers.nights import FIRST, settings, small_protocol
from tests.helpers.records import SITE, case, mr_scan, scan
from tests.helpers.shared import made_once


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A year of one made-up hospital, written by the command."""
    return made_once(tmp_path_factory, "demo", _demo)


def _demo(folder: Path, *more: object) -> None:
    assert commands.run("demo", *more, "--out", folder).code == 0


@pytest.fixture(scope="session")
def audited(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The audit of the demo, written by the command."""

    def make(out: Path) -> None:
        ran = commands.audit(demo, out)
        assert (ran.code, ran.err) == (0, "")

    return made_once(tmp_path_factory, "audited", make)


@pytest.fixture(scope="session")
def few(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """21 operations of the demo, where their number does not matter: half the time of the demo."""

    def make(folder: Path) -> None:
        folder.mkdir()
        few_cases(demo, folder, every=12)

    return made_once(tmp_path_factory, "few", make)


@pytest.fixture(scope="session")
def large(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 10,000 operations."""
    return made_once(tmp_path_factory, "large", lambda folder: repeated(demo, folder, 41))


def repeated(demo: Path, folder: Path, times: int) -> None:
    """Write the demo many times, each time of other patients."""
    folder.mkdir()
    for name in ("cases", "events", "exceptions"):
        rows = commands.csv_rows(demo / f"{name}.csv")
        many = [_again(row, number) for number in range(times) for row in rows]
        commands.write_rows(folder / f"{name}.csv", tuple(rows[0]), many)
    (folder / "site.yaml").write_bytes((demo / "site.yaml").read_bytes())


def _again(row: dict[str, str], number: int) -> dict[str, str]:
    ids = {"case_id", "patient_id", "event_id", "exception_id"}
    return {k: f"{v}-{number}" if k in ids and v else v for k, v in row.items()}


class WriteFolder(Protocol):
    """Write a data folder; without `cases`, the three of `three_cases`."""

    def __call__(
        self,
        cases: list[dict[str, Any]] | None = None,
        events: list[dict[str, Any]] = ...,
        exceptions: list[dict[str, Any]] | None = None,
        site: str | None = SITE,
        name: str = "data",
    ) -> Path: ...


def three_cases() -> list[dict[str, Any]]:
    """One past case with both scans, one past without, one upcoming without an MRI."""
    return [
        case("C1", "2026-02-10T08:00", patient_id="P1"),
        case("C2", "2026-02-12T08:00", patient_id="P2"),
        case("C3", "2026-03-20T08:00", patient_id="P3", status="scheduled"),
    ]


def three_events() -> list[dict[str, Any]]:
    return [
        scan("2026-02-01", "E1", patient_id="P1"),
        mr_scan("2026-02-02", "E2", patient_id="P1"),
        scan("2026-03-01", "E3", patient_id="P3"),
    ]


@pytest.fixture
def folder(tmp_path: Path) -> WriteFolder:
    """Writes data folders below the temporary folder of the test."""

    def write(
        cases: list[dict[str, Any]] | None = None,
        events: list[dict[str, Any]] | None = None,
        exceptions: list[dict[str, Any]] | None = None,
        site: str | None = SITE,
        name: str = "data",
    ) -> Path:
        data = tmp_path / name
        data.mkdir()
        rows = {
            CASES: three_cases() if cases is None else cases,
            EVENTS: three_events() if events is None else events,
            EXCEPTIONS: exceptions,
        }
        for table, given in rows.items():
            if given is not None:
                commands.write_rows(data / f"{table.name}.csv", table.names, given)
        if site is not None:
            (data / "site.yaml").write_text(site, encoding="utf-8")
        return data

    return write


@pytest.fixture(scope="session")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nightly.yaml, and with the state that its first night left."""

    def make(folder: Path) -> None:
        file = settings(folder, protocols=small_protocol(folder), pages=0)
        assert commands.run("nightly", "--config", file, "--as-of", FIRST).code == 0

    return made_once(tmp_path_factory, "first-night", make)


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records that give the published figures, written by the command."""
    return made_once(tmp_path_factory, "cohort", lambda folder: _demo(folder, "--study"))
