"""--profile: where the time went. It changes nothing of what a command writes."""

from __future__ import annotations

import json
from pathlib import Path

from qi_checker.protocol.paths import rules_dir
from tests.helpers.commands import AS_OF, audit, contents, run

STEPS = {
    "read events",
    "codes and words",
    "prepare cases",
    "population",
    "exceptions",
    "facts",
    "verdicts",
    "judged twice",
    "words, pages, files",
}


def test_an_audit_says_where_its_time_went_and_writes_the_same(
    demo: Path, audited: Path, tmp_path: Path
) -> None:
    ran = audit(demo, tmp_path / "out", "--profile")
    assert ran.code == 0
    assert contents(tmp_path / "out") == contents(audited)
    table = ran.err.splitlines()
    assert max(map(len, table)) < 80
    for step in STEPS:
        assert any(line.startswith(f"  {step} ") for line in table), step
    shares = [float(line.split("%")[0].split()[-1]) for line in table if "%" in line]
    assert abs(sum(shares) - 100) < 1


def test_a_rulebook_is_profiled_for_each_protocol(few: Path, tmp_path: Path) -> None:
    file = tmp_path / "profile.json"
    options = ("--protocol", rules_dir(), "--pages", "0", "--profile", file)
    ran = audit(few, tmp_path / "out", *options)
    assert (ran.code, ran.err) == (0, "")
    profile = json.loads(file.read_bytes())
    protocols = {path.name for path in (tmp_path / "out").iterdir() if path.is_dir()}
    assert {p["protocol"] for p in profile["steps"]} == {"", *protocols}
    each = [(p["protocol"], p["step"]) for p in profile["steps"]]
    assert len(each) == len(set(each))
    assert abs(sum(p["share"] for p in profile["steps"]) - 1) < 0.01
    rows = {p["rows"] for p in profile["steps"] if p["step"] == "verdicts"}
    assert len(rows) == 1  # every case has a verdict of every protocol


def test_a_checklist_is_profiled_beside_its_list(few: Path) -> None:
    plain = run("checklist", "--data", few, "--as-of", AS_OF)
    ran = run("checklist", "--data", few, "--as-of", AS_OF, "--profile")
    assert ran.out == plain.out
    assert "facts" in ran.err and "facts" not in plain.err


def test_a_profile_that_cannot_be_written_is_told(few: Path, tmp_path: Path) -> None:
    ran = run("checklist", "--data", few, "--as-of", AS_OF, "--profile", tmp_path / "no" / "p.json")
    assert ran.code == 2
    assert "cannot be written" in ran.err
