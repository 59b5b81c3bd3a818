"""A night as a scheduler starts it: what is kept, reported and told, and past nights rebuilt."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from qi_checker.protocol.paths import rules_dir
from tests.helpers.commands import AS_OF, audit, contents, run, write_rows
from tests.helpers.nights import FIRST, hospital, settings, small_protocol
from tests.helpers.records import scan

NIGHTS = [FIRST + timedelta(days=n) for n in range(4)]


def shown(file: Path, number: int) -> str:
    ran = run("nightly", "show", number, "--config", file)
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def test_the_reports_are_those_of_an_audit_and_say_which_run_they_show(
    demo: Path, audited: Path, tmp_path: Path
) -> None:
    file = tmp_path / "nightly.yaml"
    file.write_text(f"site: {demo}/site.yaml\ndata: {demo}\nstate: state\n", encoding="utf-8")
    ran = run("nightly", "--config", file, "--as-of", AS_OF)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"{AS_OF}: hepatic-metastasectomy-imaging: run 1\n"
    found = contents(tmp_path / "state" / "reports" / "audit")
    label = found.pop("run.json")
    assert label and found == contents(audited)
    assert shown(file, 1) == (audited / "findings.json").read_text(encoding="utf-8")
    first = contents(tmp_path / "state" / "reports")
    again = run("nightly", "--config", file, "--as-of", AS_OF)
    assert again.out == f"{AS_OF}: hepatic-metastasectomy-imaging: run 1 (as before)\n"
    repeated = contents(tmp_path / "state" / "reports")
    assert {k for k in first if first[k] != repeated[k]} == {"audit/run.json"}  # repeated: true


def test_past_nights_equal_those_that_ran_live(tmp_path: Path) -> None:
    """What was recorded after a night is left out of it; so the order does not matter."""
    live, past = tmp_path / "live", tmp_path / "past"
    files = [settings(folder, protocols=small_protocol(folder), pages=0) for folder in (live, past)]
    _, events = hospital()
    late = scan("2026-02-20", "LATE", patient_id="P04", recorded_at=str(NIGHTS[2]))
    for day in NIGHTS:
        there = [*events, *([late] if day >= NIGHTS[2] else [])]
        columns = tuple(dict.fromkeys(k for row in [*events, late] for k in row))
        write_rows(live / "data" / "events.csv", columns, there)
        assert run("nightly", "--config", files[0], "--as-of", day).code == 0
    write_rows(past / "data" / "events.csv", columns, [*events, late])
    ran = run("nightly", "--config", files[1], "--from", NIGHTS[0], "--to", NIGHTS[-1])
    assert (ran.code, ran.err) == (0, "")
    assert len(ran.out.splitlines()) == len(NIGHTS)
    for number in range(1, len(NIGHTS) + 1):
        both = [_without_data(shown(file, number)) for file in files]
        assert both[0] == both[1]
    assert "LATE" not in shown(files[1], 2) and "LATE" in shown(files[1], 3)
    assert not (past / "state" / "reports").exists()


def _without_data(text: str) -> str:
    """findings.json but for what the manifest says of the files: tonight's hold more rows."""
    document = json.loads(text)
    for key in ("data", "left_out"):
        del document["manifest"][key]
    findings = text.partition('\n"findings": ')[2]
    return json.dumps(document["manifest"]) + findings


@pytest.mark.parametrize(
    "span",
    [
        ("--from", "2026-03-04"),
        ("--from", "2026-03-04", "--to", "2026-03-01"),
        ("--from", "2026-03-04", "--to", "2026-03-05T07:00"),
        ("--from", "2026-03-04", "--to", "2026-03-05", "--as-of", "2026-03-05"),
    ],
)
def test_a_span_that_is_none_is_told(span: tuple[str, ...], tmp_path: Path) -> None:
    file = settings(tmp_path, protocols=small_protocol(tmp_path))
    ran = run("nightly", "--config", file, *span)
    assert ran.code == 2 and ran.err.startswith("qi-checker: --from, --to")


def test_without_a_date_it_is_now_on_the_clocks_of_the_site(tmp_path: Path) -> None:
    file = settings(tmp_path, protocols=small_protocol(tmp_path), pages=0)
    ran = run("nightly", "--config", file)
    assert ran.code == 0
    assert re.match(
        r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:00: ct-before-surgery", ran.out
    )


def test_a_late_feed_comes_first_and_nothing_is_called_missing(tmp_path: Path) -> None:
    """Nobody shall book again a scan that exists."""
    file = settings(
        tmp_path,
        protocols=small_protocol(tmp_path),
        pages=0,
        freshness={"imaging": "2 days"},
        completeness={"imaging.CT": "60%"},
    )
    _, events = hospital()
    dated = [row | {"recorded_at": "2026-02-20"} for row in events]
    usual = [
        scan(
            str(date(2026, 2, 2) - timedelta(days=n)),
            f"U{n}",
            patient_id="P99",
            recorded_at="2026-02-20",
        )
        for n in range(140)
    ]
    columns = tuple(dict.fromkeys(k for row in dated for k in row))
    write_rows(tmp_path / "data" / "events.csv", columns, [*dated, *usual])
    assert run("nightly", "--config", file, "--as-of", FIRST).code == 0
    text = (tmp_path / "state" / "reports" / "digest" / "ct-before-surgery.txt").read_text("utf-8")
    after = text[text.index("Feeds") :] if "Feeds" in text else text
    assert "The feed imaging is stale: nothing recorded since 2026-02-20." in after
    assert "The feed imaging.CT delivers less than usual since 2026-02-02." in after
    assert text.index("is stale") < text.index(", surgery ")
    found = json.loads((tmp_path / "state" / "status.json").read_bytes())
    assert {f["feed"]: f["state"] for f in found["feeds"]} == {
        "imaging": "stale",
        "imaging.CT": "half_empty",
    }
    statuses = {f["status"] for f in json.loads(shown(file, 1))["findings"]}
    assert "unknown" in statuses and not statuses & {"missing", "due"}


def test_a_rulebook_is_one_night(demo: Path, tmp_path: Path) -> None:
    file = tmp_path / "nightly.yaml"
    rules = tmp_path / "rules"
    shutil.copytree(rules_dir() / "codelists", rules / "codelists")
    for name in ("hp", "lung-ct"):
        shutil.copytree(rules_dir() / name, rules / name)
    file.write_text(
        f"site: {demo}/site.yaml\ndata: {demo}\nstate: state\nprotocols: {rules}\npages: 0\n",
        encoding="utf-8",
    )
    ran = run("nightly", "--config", file, "--as-of", AS_OF)
    assert ran.code == 0, ran.err
    out = tmp_path / "alone"
    assert audit(demo, out, "--protocol", rules, "--pages", 0).code == 0
    found = contents(tmp_path / "state" / "reports" / "audit")
    del found["run.json"]
    assert found == contents(out)
    runs = json.loads(run("nightly", "runs", "--format", "json", "--config", file).out)
    assert len(runs) == 2 and {r["as_of"] for r in runs} == {AS_OF}
    digests = list((tmp_path / "state" / "reports" / "digest").glob("*.txt"))
    assert len(digests) == 2


def test_a_tool_takes_its_settings_before_or_behind_it(tmp_path: Path) -> None:
    file = settings(tmp_path, protocols=small_protocol(tmp_path))
    for typed in (("--config", file, "runs"), ("runs", "--config", file)):
        ran = run("nightly", *typed)
        assert (ran.code, ran.out) == (0, "No night is stored yet.\n")
    nothing: tuple[tuple[str, ...], ...] = ((), ("runs",))
    for without in nothing:
        ran = run("nightly", *without)
        assert ran.code == 2 and "--config: is required. Write: --config nightly.yaml" in ran.err


def test_nobody_else_may_read_what_a_night_leaves_whatever_the_umask(tmp_path: Path) -> None:
    file = settings(tmp_path, protocols=small_protocol(tmp_path), prometheus="state/metrics.prom")
    open_to_all = "import os; os.umask(0)"
    commands = (("--as-of", FIRST), ("backup", tmp_path / "state" / "copy.db"))
    for words in commands:
        options = ("--config", file)
        words = (*options, *words) if words[0] == "--as-of" else (*words, *options)
        ran = run("nightly", *words, before=open_to_all)
        assert (ran.code, ran.err) == (0, "")
    state = tmp_path / "state"
    modes = {p.relative_to(state).as_posix(): p.stat().st_mode & 0o777 for p in state.rglob("*")}
    for_monitors = {"status.json": 0o640, "metrics.prom": 0o644}
    assert {name: modes.pop(name) for name in for_monitors} == for_monitors
    folders = {name for name in modes if (state / name).is_dir()}
    assert "reports/audit" in folders and "copy.db" in modes
    assert {name: mode for name, mode in modes.items() if mode & 0o077} == {}
    assert {modes[name] for name in folders} == {0o700}
