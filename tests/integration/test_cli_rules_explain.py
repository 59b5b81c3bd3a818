"""`rules explain`: on the terminal and as JSON; the finding is always that of the audit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from qi_checker.authoring.explain import explain
from qi_checker.cases.one import one_case
from qi_checker.cases.rows import DuckDBRows
from qi_checker.cli import main
from qi_checker.engines.duckdb import evaluate
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.examples import Example, load_examples
from qi_checker.protocol.load import load_protocol, load_site
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.vocabulary import Reason, Status
from qi_checker.sources.files import read_folder
from qi_checker.sources.memory import from_rows
from tests.helpers.commands import AS_OF
from tests.helpers.records import case, mr_scan, scan
from tests.integration.conftest import WriteFolder

PROTOCOLS = sorted(path.parent for path in rules_dir().glob("*/protocol.yaml"))


def run(case_id: str, data: Path, *more: str) -> int:
    return main(["rules", "explain", case_id, "--data", str(data), "--as-of", AS_OF, *more])


def told_apart() -> Iterator[tuple[Bundle, Example]]:
    """The first example of each protocol, and one for each status and reason that is new."""
    seen: set[tuple[Status, Reason | None]] = set()
    for protocol in PROTOCOLS:
        bundle = load_protocol(protocol)
        for number, example in enumerate(load_examples(protocol, bundle)):
            expected = {(e.status, e.reason) for e in example.expect.requirements.values()}
            if number == 0 or expected - seen:
                yield bundle, example
            seen |= expected


@pytest.mark.parametrize(
    ("bundle", "example"),
    [pytest.param(*pair, id=f"{pair[0].protocol.id}-{pair[1].id}") for pair in told_apart()],
)
def test_it_explains_what_an_example_expects(bundle: Bundle, example: Example) -> None:
    records = from_rows(example.tables)
    one = one_case(bundle, records, example.as_of, example.site, example.case_id)
    found = explain(bundle, one.trace, one.origin)
    by_id = {r.id: r for r in found.requirements}
    for id, expected in example.expect.requirements.items():
        assert (by_id[id].status, bool(by_id[id].decided_by.path)) == (expected.status, True)


def test_every_case_of_a_hospital_is_explained(demo: Path) -> None:
    """What is explained is what an audit says, and every requirement names the clause that decided."""
    site = load_site(demo / "site.yaml")
    bundle = load_protocol(rules_dir() / "hepatic-metastasectomy-imaging")
    evaluation = evaluate(bundle, read_folder(demo, site), AsOf.parse(AS_OF), site)
    rows = DuckDBRows(evaluation)
    keys = [row[0] for row in evaluation.con.execute("SELECT case_key FROM ready_cases").fetchall()]
    traces = list(rows.traces(keys))
    findings = sorted(
        (f for t in traces for f in t.findings), key=lambda f: (f["case_id"], f["requirement"])
    )
    assert findings == evaluation.findings()
    explained = [explain(bundle, trace, rows.origin) for trace in traces[::32]]
    assert len(explained) > 5
    assert all(line.decided_by.path for found in explained for line in found.requirements)


@pytest.fixture
def data(folder: WriteFolder) -> Path:
    return folder(
        cases=[case("C1", "2026-02-23T08:00", patient_id="P1", urgency="elective")],
        events=[
            scan("2026-02-10", "E1", patient_id="P1"),
            mr_scan("2026-01-23", "E2", patient_id="P1"),
        ],
    )


def test_the_clause_that_decided(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("C1", data) == 0
    said = capsys.readouterr().out
    file = rules_dir() / "hepatic-metastasectomy-imaging" / "protocol.yaml"
    lines = file.read_text("utf-8").splitlines()
    line = [n for n, text in enumerate(lines, 1) if "window:" in text][1]
    column = lines[line - 1].index("at_most") + 1
    mri = said[said.index("MRI of the liver (mri): Expired") :]
    assert f"decided by window.at_most: 30 days\n  at {file}:{line}:{column}\n" in mri
    flat = " ".join(mri.split())
    assert "status 8 of 9: too late" in flat
    assert f"counts from 2026-01-24 [protocol.yaml:{line}:{column}]" in flat
    assert "surgery: 2026-02-23 08:00" in flat
    assert "E2 (events.csv, row 3): completed, 2026-01-23, decides" in flat
    assert "window failed: too old" in flat


def test_json_says_the_same_as_check(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("C1", data, "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert main(["check", "C1", "--data", str(data), "--as-of", AS_OF, "--format", "json"]) == 0
    sheet = json.loads(capsys.readouterr().out)
    assert found["verdict"] == sheet["verdict"]
    for mine, theirs in zip(found["requirements"], sheet["requirements"], strict=True):
        for key in ("id", "status", "reason", "sentence", "window_opens", "window_closes"):
            assert mine[key] == theirs[key]
    assert found["applies_to"]["parts"][0]["found"] == "ICD-10-PCS:0FB00ZZ"


def test_a_narrow_terminal(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert run("C1", data) == 0
    lines = [s for s in capsys.readouterr().out.splitlines() if "/protocol.yaml:" not in s]
    assert max(map(len, lines)) <= 40


def test_a_case_that_is_not_there(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("C9", data) == 2
    assert "there is no case C9 among 1 case" in capsys.readouterr().err
    assert run("C1", data / "nowhere") == 2
    assert "there is no such folder" in capsys.readouterr().err


def test_a_case_whose_row_was_rejected(
    folder: WriteFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    data = folder(cases=[case("C1", "soon", patient_id="P1")], events=[])
    assert run("C1", data) == 2
    assert "column surgery_at: the case was rejected" in capsys.readouterr().err


def test_a_broken_protocol(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "protocol.yaml"
    broken.write_text("id: x\n", "utf-8")
    assert run("C1", data, "--protocol", str(broken)) == 2
    assert "protocol.yaml:1:1: the key `title` is missing" in capsys.readouterr().err
