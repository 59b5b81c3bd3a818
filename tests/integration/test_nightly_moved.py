"""A scan that was in time until surgery moved: the night that learns of it says so, and later ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qi_checker.protocol.records import CASES
from tests.helpers.commands import run, write_rows
from tests.helpers.nights import hospital, settings, small_protocol


def night(file: Path, day: str) -> dict[str, Any]:
    """The finding of the case that moves, in the latest run."""
    ran = run("nightly", "--config", file, "--as-of", day)
    assert (ran.code, ran.err) == (0, ""), ran.err
    number = ran.out.split("run ")[1].split()[0]
    found = json.loads(run("nightly", "show", number, "--config", file).out)["findings"]
    return next(f for f in found if f["case_id"] == "C05")


def test_a_scan_that_was_in_time_until_surgery_moved(tmp_path: Path) -> None:
    file = settings(tmp_path, protocols=small_protocol(tmp_path), pages=0)
    first = night(file, "2026-03-02")  # surgery on 2026-03-09, the CT 15 days before, 16 allowed
    assert (first["status"], first["event_date"]) == ("met", "2026-02-22")
    cases, _ = hospital()
    for row in cases:
        if row["case_id"] == "C05":
            row["surgery_at"] = "2026-03-30T08:00"
    write_rows(tmp_path / "data" / "cases.csv", CASES.names, cases)
    # there is still time for another CT, so nothing is expired yet
    assert night(file, "2026-03-03")["status"] == "due"
    for day in ("2026-03-31", "2026-04-01"):
        late = night(file, day)
        assert (late["status"], late["reason"]) == ("expired", "expired_by_reschedule")
        assert late["sentence"].startswith(
            "CT of the liver on 2026-02-22 was in time until surgery moved to 2026-03-30."
        )
    page = (tmp_path / "state" / "reports" / "audit" / "index.html").read_text("utf-8")
    assert "was in time until surgery moved" in page


def test_a_scan_that_never_was_in_time_stays_too_old(tmp_path: Path) -> None:
    file = settings(tmp_path, protocols=small_protocol(tmp_path), pages=0)
    night(file, "2026-03-02")
    ran = run("nightly", "--config", file, "--as-of", "2026-04-20")
    assert ran.code == 0
    found = json.loads(run("nightly", "show", 2, "--config", file).out)["findings"]
    old = [f for f in found if f["status"] == "expired"]
    assert old and {f["reason"] for f in old} == {"too_old"}
