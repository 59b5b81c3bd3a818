"""The public API: DataFrames in, DataFrames out, the same as the commands say."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

import qi_checker
from qi_checker import UserError
from qi_checker.audit.folder import write_audit
from qi_checker.demo import write_demo
from qi_checker.errors import PlausibilityWarning
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.records import CASE_COLUMNS, FINDING_COLUMNS, REJECT_COLUMNS
from tests.helpers.commands import csv_rows, environment
from tests.helpers.protocols import liver
from tests.helpers.records import case, event, exception, mr_scan, scan

SITE = {"timezone": "America/Toronto"}
AS_OF = "2026-06-30"


def frame(*rows: Any) -> pd.DataFrame:
    return pd.DataFrame(list(rows), dtype="object")


CASES = frame(case(), case("C2", "2026-06-10", patient_id="P2"), case("C3", "soon"))
EVENTS = frame(scan("2026-05-20"), mr_scan("2026-05-21"), event("2026-05-01", "E3"))


@cache
def usual() -> Any:
    """The result for the records above, which no test changes."""
    return judged(CASES.copy())


def judged(cases: Any = CASES, events: Any = EVENTS, **more: Any) -> Any:
    if cases is CASES and events is EVENTS and not more:
        return usual()
    as_of = more.pop("as_of", AS_OF)
    return qi_checker.evaluate(liver(), cases, events, as_of, **{"site": SITE} | more)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder)
    return folder


def test_the_api_is_what_its_page_names() -> None:
    names = [
        "Result",
        "UserError",
        "__version__",
        "evaluate",
        "evaluate_rulebook",
        "judge",
        "load_protocol",
        "load_rulebook",
        "load_site",
    ]
    assert qi_checker.__all__ == names
    assert all(hasattr(qi_checker, name) for name in names)
    assert set(names) <= set(dir(qi_checker))
    with pytest.raises(AttributeError, match="has no attribute 'evaluates'"):
        qi_checker.evaluates  # noqa: B018


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, qi_checker; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True
    )
    loaded = set(done.stdout.split())
    heavy = {"pandas", "numpy", "duckdb", "sqlglot", "pydantic", "yaml", "jinja2", "rich"}
    assert not heavy & loaded
    assert {m for m in loaded if m.startswith("qi_checker")} == {"qi_checker"}


def test_the_example_of_the_page_runs(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rules").symlink_to(rules_dir())
    (tmp_path / "export").symlink_to(demo)
    monkeypatch.chdir(tmp_path)
    text = qi_checker.__doc__ or ""
    code = "\n".join(line[4:] for line in text.splitlines() if line.startswith("    "))
    exec(compile(code, "example", "exec"), {})
    assert "compliant" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore:Check the records first")
def test_columns_and_types_are_those_of_the_files(demo: Path) -> None:
    for result in (judged(), judged(CASES.head(0), EVENTS.head(0))):
        assert list(result.findings) == list(FINDING_COLUMNS)
        assert list(result.cases) == list(CASE_COLUMNS)
        assert list(result.rejects) == list(REJECT_COLUMNS)
        dates = {c for c in result.findings if result.findings[c].dtype == "datetime64[us]"}
        assert dates == {
            "event_date",
            "window_opens",
            "window_closes",
            "valid_through",
            "act_by",
        }
        numbers = {c for c in result.findings if result.findings[c].dtype == "Int64"}
        assert numbers == {"days_before", "slack_days"}
        assert result.rejects["row"].dtype == "Int64"
        assert result.cases["case_id"].dtype == "str"


def test_findings_say_what_the_protocol_says() -> None:
    result = judged()
    found = result.findings.set_index(["case_id", "requirement"])
    assert found.loc[("C1", "ct"), ["status", "event_id", "days_before"]].tolist() == [
        "met",
        "E1",
        11,
    ]
    assert found.loc[("C2", "mri"), "reason"] == "never_ordered"
    assert found.loc[("C2", "mri"), "event_id"] is not found.loc[("C1", "ct"), "event_id"]
    assert pd.isna(found.loc[("C2", "mri"), "event_id"])
    assert result.cases["verdict"].tolist() == ["compliant", "not_compliant"]


def test_rejected_rows_are_numbered_from_2_as_under_a_header() -> None:
    rejects = judged().rejects.to_dict("records")
    assert rejects == [
        {
            "table": "cases",
            "file": "cases",
            "row": 4,
            "column": "surgery_at",
            "id": "C3",
            "reason": "unreadable date",
        }
    ]


def test_the_manifest_accounts_for_every_row_and_is_plain_json() -> None:
    manifest = judged().manifest
    assert json.loads(json.dumps(manifest)) == manifest
    files = {f["table"]: (f["read"], f["used"], f["rejected"]) for f in manifest["data"]["files"]}
    assert files == {"cases": (3, 2, 1), "events": (3, 3, 0)}
    assert manifest["population"]["cases"] == 2
    assert manifest["failures"] == []


def test_the_frames_given_stay_as_they_are() -> None:
    cases, events = CASES.copy(), EVENTS.copy()
    judged(cases, events)
    pd.testing.assert_frame_equal(cases, CASES)
    pd.testing.assert_frame_equal(events, EVENTS)


def test_the_same_frames_give_the_same_result() -> None:
    first, second = judged(CASES.copy()), judged(CASES.copy())
    pd.testing.assert_frame_equal(first.findings, second.findings)
    assert first.manifest == second.manifest


def test_exceptions_may_be_given() -> None:
    waived = frame(exception(expires_on="2026-06-30", case_id="C1"))
    rule = liver(exceptions={"reasons": ["contraindication-mri"], "at_most": "90 days"})
    events = EVENTS.head(1)
    result = qi_checker.evaluate(rule, CASES, events, AS_OF, exceptions=waived, site=SITE)
    assert result.findings["status"].tolist()[:2] == ["met", "exempt"]
    assert result.manifest["exceptions"]["active"] == 1


def test_dates_may_be_dates() -> None:
    texts = frame(case("C1", "2026-05-31"))
    typed = texts.assign(surgery_at=pd.to_datetime(texts["surgery_at"]))
    objects = texts.assign(surgery_at=pd.Series([date(2026, 5, 31)], dtype="object"))
    found = [judged(cases).findings for cases in (texts, typed, objects)]
    pd.testing.assert_frame_equal(found[0], found[1])
    pd.testing.assert_frame_equal(found[0], found[2])


def test_as_of_may_be_text_a_date_or_a_datetime() -> None:
    toronto = ZoneInfo("America/Toronto")
    given: list[Any] = [
        "2026-05-20T10:00",
        datetime(2026, 5, 20, 10),
        datetime(2026, 5, 20, 10, tzinfo=toronto),
        datetime(2026, 5, 20, 14, tzinfo=ZoneInfo("UTC")),
        pd.Timestamp("2026-05-20 10:00"),
    ]
    assert {judged(as_of=moment).manifest["as_of"] for moment in given} == {"2026-05-20T10:00:00"}
    assert judged(as_of=date(2026, 5, 20)).manifest["as_of"] == "2026-05-20"


def test_without_a_site_utc_is_used_and_told() -> None:
    with pytest.warns(UserWarning, match="dates are counted in UTC") as raised:
        result = judged(site=None)
    assert raised[0].filename == __file__, "the warning points to who forgot it"
    assert result.manifest["site"]["timezone"] == "UTC"


def test_a_result_says_its_rate_and_why() -> None:
    result = judged()
    assert repr(result) == (
        "<liver-imaging as of 2026-06-30: 2 cases, 1/2 = 50.0% (95% CI 9.5%–90.5%)>"
    )
    assert (result.rate.compliant, result.rate.eligible) == (1, 2)
    assert result.why("C2").of("mri").reason == "never_ordered"
    row = result.findings.set_index(["case_id", "requirement"]).loc[("C1", "ct")]
    assert result.why("C1").of("ct").finding["sentence"] == row["sentence"]
    with pytest.raises(KeyError):
        result.why("C9")
    assert "finding_rows" in result.sql and "SELECT" in result.sql
    assert result.context.delivered == {"imaging"}


def test_a_wrong_type_is_told() -> None:
    with pytest.raises(UserError) as raised:
        judged(cases=[case()], events=[scan("2026-05-20")])
    assert str(raised.value).splitlines() == [
        "cases: is of type list. Give a DataFrame.",
        "events: is of type list. Give a DataFrame.",
    ]
    with pytest.raises(UserError, match="protocol: is of type dict"):
        qi_checker.evaluate({}, CASES, EVENTS, AS_OF, site=SITE)  # type: ignore[arg-type]


WRONG = {
    "a time zone": ({"timezone": "Toronto"}, "site.timezone: is not a time zone"),
    "no time zone": ({}, "site.timezone"),
    "a key": ({"timezone": "UTC", "zone": "x"}, "site.zone: is not a setting"),
}


@pytest.mark.parametrize(("site", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_site_is_told(site: dict[str, str], words: str) -> None:
    with pytest.raises(UserError) as raised:
        judged(site=site)
    assert words in str(raised.value)


def test_a_wrong_date_is_told_by_its_name() -> None:
    with pytest.raises(UserError):
        judged(as_of="yesterday")


def test_missing_columns_of_all_frames_are_told_at_once() -> None:
    with pytest.raises(UserError) as raised:
        judged(CASES.drop(columns="patient_id"), EVENTS.drop(columns="kind"))
    assert "patient_id" in str(raised.value) and "kind" in str(raised.value)


def test_ids_that_lost_their_zeros_are_refused() -> None:
    numbers = CASES.assign(patient_id=[1, 2, 3])
    with pytest.raises(UserError) as raised:
        judged(numbers.astype({"patient_id": "float64"}))
    assert "patient_id" in str(raised.value)


def test_columns_of_a_local_export_are_mapped_by_the_site() -> None:
    local = CASES.rename(columns={"surgery_at": "OP_DATE"})
    site = SITE | {"columns": {"cases": {"surgery_at": "OP_DATE"}}}
    pd.testing.assert_frame_equal(judged(local, site=site).findings, judged().findings)


def test_it_says_what_the_files_of_an_audit_say(demo: Path, tmp_path: Path) -> None:
    from qi_checker.engines.duckdb import evaluate
    from qi_checker.protocol.as_of import AsOf
    from qi_checker.sources.files import read_folder

    protocol = qi_checker.load_protocol(rules_dir() / "hepatic-metastasectomy-imaging")
    site = qi_checker.load_site(demo / "site.yaml")
    done = evaluate(protocol, read_folder(demo, site), AsOf.parse("2026-03-02"), site)
    write_audit(done, tmp_path / "audit", pages=0)
    tables = [pd.read_csv(demo / f"{n}.csv", dtype=str) for n in ("cases", "events", "exceptions")]
    result = qi_checker.evaluate(
        protocol, tables[0], tables[1], "2026-03-02", exceptions=tables[2], site=site
    )
    for name, found in (("findings", result.findings), ("cases", result.cases)):
        shown = found.astype("object").where(found.notna(), "").astype(str)
        rows = [
            {k: v.removesuffix(" 00:00:00") for k, v in row.items()}
            for row in shown.to_dict("records")
        ]
        assert rows == csv_rows(tmp_path / "audit" / f"{name}.csv")
    assert (
        result.manifest["rate"]
        == json.loads((tmp_path / "audit" / "manifest.json").read_bytes())["rate"]
    )


@pytest.mark.filterwarnings("ignore:Check the records first")
def test_a_rulebook_gives_what_each_protocol_gives(demo: Path) -> None:
    """By id, in the order of the folders, from frames that are read once."""
    protocols = qi_checker.load_rulebook(rules_dir())[:3]
    cases, events = (pd.read_csv(demo / f"{n}.csv", dtype=str) for n in ("cases", "events"))
    given: Any = (cases, events, "2026-03-02")
    found = qi_checker.evaluate_rulebook(protocols, *given, site=SITE)
    assert list(found) == [p.protocol.id for p in protocols]
    for protocol in protocols:
        one, alone = found[protocol.protocol.id], qi_checker.evaluate(protocol, *given, site=SITE)
        for name in ("findings", "cases", "rejects"):
            pd.testing.assert_frame_equal(getattr(one, name), getattr(alone, name))
        assert one.manifest == alone.manifest


def test_a_rulebook_may_be_the_path_of_its_folder(tmp_path: Path) -> None:
    name = "hepatic-metastasectomy-imaging"
    shutil.copytree(rules_dir() / name, tmp_path / name)
    shutil.copytree(rules_dir() / "codelists", tmp_path / "codelists")
    found = qi_checker.evaluate_rulebook(str(tmp_path), CASES, EVENTS, AS_OF, site=SITE)
    (alone,) = qi_checker.evaluate_rulebook(
        [tmp_path / name], CASES, EVENTS, AS_OF, site=SITE
    ).values()
    pd.testing.assert_frame_equal(found[name].findings, alone.findings)


def test_a_rulebook_without_a_site_is_warned_of_here() -> None:
    with pytest.warns(UserWarning, match="dates are counted in UTC") as raised:
        qi_checker.evaluate_rulebook([liver()], CASES, EVENTS, AS_OF)
    assert raised[0].filename == __file__


def test_records_that_are_not_plausible_are_warned_of(demo: Path) -> None:
    """In Python nothing is refused; what would be is a warning, and in the manifest."""
    cases, events = (pd.read_csv(demo / f"{n}.csv", dtype=str) for n in ("cases", "events"))
    events["patient_id"] = events["patient_id"].str.replace("-", "")
    shipped = qi_checker.load_protocol(rules_dir() / "hepatic-metastasectomy-imaging")
    with pytest.warns(PlausibilityWarning) as raised:
        result = qi_checker.evaluate(shipped, cases, events, "2026-03-02", site=SITE)
    assert raised[0].filename == __file__
    assert any("another spelling of their id" in str(one.message) for one in raised)
    levels = {line["check"]: line["level"] for line in result.manifest["plausibility"]}
    assert levels["spelling"] == "refuse"
