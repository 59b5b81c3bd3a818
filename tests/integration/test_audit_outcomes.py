"""How an audit ends: exit codes, what it says, and which moment it speaks for."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.commands import AS_OF, audit, contents, csv_rows, run
from tests.helpers.records import case, scan
from tests.integration.conftest import WriteFolder


def _manifest(out: Path) -> dict[str, Any]:
    return json.loads((out / "manifest.json").read_bytes())


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("not_compliant", 1),
        ("compliant", 1),
        ("undetermined", 0),
        ("undetermined, not_compliant", 1),
        ("error", 0),
    ],
)
def test_fail_on_a_verdict_gives_1_where_a_case_has_it(
    folder: WriteFolder, tmp_path: Path, wanted: str, code: int
) -> None:
    ran = audit(folder(), tmp_path / "out", "--fail-on", wanted)
    assert (ran.code, ran.err) == (code, "")
    assert (tmp_path / "out" / "index.html").is_file()


REFUSED = {
    "an unknown verdict": (["--fail-on", "compliannt"], ["--fail-on", "Did you mean compliant?"]),
    "several unknown verdicts": (["--fail-on", "a,b"], ["a is not", "b is not"]),
    "another engine": (["--engine", "oracle://x"], ["--engine", "unknown engine oracle://"]),
    "no such protocol": (["--protocol", "nowhere"], ["nowhere"]),
    "no such site": (["--site", "nowhere.yaml"], ["nowhere.yaml"]),
}


@pytest.mark.parametrize(("options", "words"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_option_is_refused_with_a_remedy(
    folder: WriteFolder, tmp_path: Path, options: list[str], words: list[str]
) -> None:
    ran = audit(folder(), tmp_path / "out", *options)
    assert ran.code == 2 and ran.out == ""
    assert all(word in ran.err for word in words), ran.err
    assert all(line.startswith("qi-checker: ") for line in ran.err.splitlines())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "as_of",
    [
        "",
        "yesterday",
        "02.03.2026",
        "2026-02-30",
        "2026-3-2",
        "2026-03-02T24:00",
        "2026-03-02T08:00Z",
        "0001-01-01",
        "9999-12-31",
        "２０２６-03-02",
    ],
)
def test_a_wrong_as_of_is_refused(folder: WriteFolder, tmp_path: Path, as_of: str) -> None:
    ran = audit(folder(), tmp_path / "out", as_of=as_of)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "qi-checker: --as-of: is not a date. Write it as 2026-02-01 or 2026-02-01T07:30.\n"
    )


def test_every_problem_of_the_input_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("event_id,kind,status\n")
    (tmp_path / "site.yaml").write_text("timezone: UTC\n")
    ran = audit(tmp_path, tmp_path / "out")
    assert ran.code == 2
    assert "there is no file with the cases" in ran.err
    assert "patient_id" in ran.err
    assert len(ran.err.splitlines()) == 2


def test_a_missing_data_folder_is_told(tmp_path: Path) -> None:
    ran = audit(tmp_path / "nowhere", tmp_path / "out", "--site", "site.yaml")
    assert ran.code == 2
    assert not (tmp_path / "out").exists()


def test_an_audit_of_the_past_does_not_know_what_came_later(demo: Path, tmp_path: Path) -> None:
    assert audit(demo, tmp_path / "out", "--pages", 0, as_of="2025-10-01").code == 0
    cases = csv_rows(tmp_path / "out" / "cases.csv")
    manifest = _manifest(tmp_path / "out")
    assert manifest["as_of"] == "2025-10-01"
    assert manifest["left_out"]["completed_after_as_of"] > 100
    past = [c for c in cases if c["surgery_date"] < "2025-10-01" and c["act_by"]]
    assert past == []
    found = csv_rows(tmp_path / "out" / "findings.csv")
    met = [f for f in found if f["status"] == "met"]
    assert met and max(f["event_date"] for f in met) <= "2025-10-01"


def test_as_of_may_have_a_clock_time(folder: WriteFolder, tmp_path: Path) -> None:
    data = folder(
        cases=[case("C1", "2026-03-20", patient_id="P1", status="scheduled")],
        events=[scan("2026-03-02T10:00", "E1", patient_id="P1")],
    )
    statuses = {}
    for as_of in ("2026-03-02T09:59", "2026-03-02T10:00", "2026-03-02"):
        out = tmp_path / as_of.replace(":", "")
        assert audit(data, out, as_of=as_of).code == 0
        statuses[as_of] = csv_rows(out / "findings.csv")[0]["status"]
        assert _manifest(out)["as_of"] == (f"{as_of}:00" if "T" in as_of else as_of)
    assert statuses == {
        "2026-03-02T09:59": "due",
        "2026-03-02T10:00": "met",
        "2026-03-02": "met",
    }


def test_the_summary_says_what_matters_and_where_the_report_is(
    demo: Path, audited: Path, tmp_path: Path
) -> None:
    out = tmp_path / "audit"
    ran = audit(demo, out)
    manifest = _manifest(audited)
    rate = manifest["rate"]
    text = " ".join(ran.out.split())
    counted = rate["eligible"] - rate["with_exception"]
    assert f"{rate['compliant']} of {counted} eligible operations" in text
    for file in manifest["data"]["files"]:
        counts = f"{file['read']:,} read = {file['used']:,} used + {file['rejected']:,} rejected"
        assert f"{file['file']}: {counts}" in text
    assert str(out / "index.html") in "".join(ran.out.split("\n"))


def test_paths_may_be_relative_to_any_folder(demo: Path, audited: Path, tmp_path: Path) -> None:
    """Nothing of where the data lay or where the command ran is in what it writes."""
    data = os.path.relpath(demo, tmp_path)
    ran = run("audit", "--data", data, "--as-of", AS_OF, "--out", "audit", cwd=tmp_path)
    assert ran.code == 0 and "audit/index.html" in ran.out
    assert contents(tmp_path / "audit") == contents(audited)
