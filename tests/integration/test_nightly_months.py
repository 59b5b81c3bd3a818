"""The monthly report of the scheduled job: once, by the first night of a month."""

from __future__ import annotations

import json
from pathlib import Path

from tests.helpers.commands import contents, run
from tests.helpers.demo import few_cases


def night(file: Path, day: str) -> None:
    ran = run("nightly", "--config", file, "--as-of", day)
    assert (ran.code, ran.err) == (0, ""), ran.err


def test_the_month_before_is_reported_once_and_as_the_command_reports_it(
    few: Path, tmp_path: Path
) -> None:
    file = tmp_path / "nightly.yaml"
    text = f"site: {few}/site.yaml\ndata: {few}\nstate: state\npages: 0\nmonthly: true\n"
    file.write_text(text, encoding="utf-8")
    night(file, "2026-03-02")
    reports = tmp_path / "state" / "reports"
    out = tmp_path / "by-hand"
    ran = run("report", "--month", "2026-02", "--data", few, "--as-of", "2026-03-02", "--out", out)
    assert ran.code == 0
    assert contents(reports / "report-2026-02") == contents(out)
    written = (reports / "report-2026-02" / "index.html").stat().st_mtime_ns
    night(file, "2026-03-03")
    assert (reports / "report-2026-02" / "index.html").stat().st_mtime_ns == written
    assert {f.name for f in reports.iterdir()} == {
        "audit",
        "digest",
        "report-2026-02",
    }


def test_without_the_setting_there_is_none(few: Path, tmp_path: Path) -> None:
    file = tmp_path / "nightly.yaml"
    text = f"site: {few}/site.yaml\ndata: {few}\nstate: state\npages: 0\n"
    file.write_text(text, encoding="utf-8")
    night(file, "2026-03-02")
    assert {f.name for f in (tmp_path / "state" / "reports").iterdir()} == {"audit", "digest"}


def test_small_numbers_are_withheld_and_reports_do_not_overlap(demo: Path, tmp_path: Path) -> None:
    """The settings hold for the job as for the command; the next report follows after 12 months."""
    data = tmp_path / "data"
    data.mkdir()
    few_cases(demo, data, every=5)  # five nights
    (data / "report.yaml").write_text("small_numbers: lt5\n", encoding="utf-8")
    file = tmp_path / "nightly.yaml"
    file.write_text(
        "site: data/site.yaml\ndata: data\nstate: state\npages: 0\nmonthly: true\n",
        encoding="utf-8",
    )
    night(file, "2026-03-02")
    reports = tmp_path / "state" / "reports"
    written = reports / "report-2026-02"
    assert {f.name for f in written.iterdir()} == {
        "index.html",
        "report.json",
        "manifest.json",
        "standards.csv",
    }
    assert json.loads((written / "manifest.json").read_text("utf-8"))["small_numbers"] == "lt5"
    written.rename(reports / "report-2025-03")  # 11 months before: one month is in both
    warned = run("nightly", "--config", file, "--as-of", "2026-03-03")
    said = (
        "The monthly report report-2026-02 was not written: small numbers are suppressed, and its "
        "12 months overlap those of report-2025-03. See docs/small-numbers.md."
    )
    assert warned.code == 0 and said in " ".join(warned.err.split())
    night(file, "2026-03-03")  # says it no more
    status = json.loads((tmp_path / "state" / "status.json").read_text("utf-8"))
    assert status["left_out"] == [said] and status["warnings"] == []
    assert not written.exists()
    (reports / "report-2025-03").rename(reports / "report-2025-02")
    night(file, "2026-03-04")
    assert (written / "standards.csv").is_file()


def test_settings_of_the_report_that_are_wrong_spoil_the_report_only(
    demo: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for name in ("cases.csv", "events.csv", "site.yaml"):
        (data / name).write_bytes((demo / name).read_bytes())
    (data / "report.yaml").write_text("organization: X\n", encoding="utf-8")
    file = tmp_path / "nightly.yaml"
    file.write_text(
        "site: data/site.yaml\ndata: data\nstate: state\npages: 0\nmonthly: true\n",
        encoding="utf-8",
    )
    ran = run("nightly", "--config", file, "--as-of", "2026-03-02")
    assert ran.code == 2
    assert "report.yaml:1:" in ran.err
    assert ": run 1" in ran.out
    assert {f.name for f in (tmp_path / "state" / "reports").iterdir()} == {"audit", "digest"}
