"""Time zones: one source of rules, whatever a database knows of them."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest

from qi_checker.engines.duckdb import evaluate
from qi_checker.engines.duckdb.database import DuckDB
from qi_checker.engines.inputs.offsets import differing
from qi_checker.engines.inputs.reading import judge, latest_day
from qi_checker.protocol import time_zones
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.site import Site
from qi_checker.sources.memory import from_rows
from tests.helpers import case, ct_rule, scan

ZONE = "America/Vancouver"
SITE = Site(timezone=ZONE)
OLD = "America/Los_Angeles"  # what Vancouver's clocks were until November 2026
# By the rules since then each is of the next day; by the old ones the last two are not.
STUDIES = {"E1": "2026-06-15T07:30Z", "E2": "2026-11-15T07:30Z", "E3": "2027-02-15T07:30Z"}
LOCAL = {"E1": "2026-06-15", "E2": "2026-11-15", "E3": "2027-02-15"}


@pytest.fixture
def old_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that has not heard of the change."""
    known = DuckDB.local
    monkeypatch.setattr(
        DuckDB, "local", lambda db, zone, at: known(db, OLD if zone == ZONE else zone, at)
    )


def days(site: Site = SITE) -> tuple[dict[str, str], list[str]]:
    """The local day of each study, and the notes."""
    tables = {
        "cases": [case("C", "2027-03-01", patient_id="P")],
        "events": [scan(at, id, patient_id="P") for id, at in STUDIES.items()],
    }
    done = evaluate(ct_rule(), from_rows(tables), AsOf.parse("2027-06-01"), site)
    rows = done.rows("SELECT event_id, CAST(lo AS VARCHAR) AS day FROM ready_events")
    return {row["event_id"]: row["day"] for row in rows}, done.prepared.notes


def test_a_database_with_other_rules_gives_the_days_of_tzdata_and_says_so(old_rules: None) -> None:
    found, notes = days()
    assert found == LOCAL
    (note,) = notes
    assert f"rules of {ZONE} are not those of {time_zones.RULES}" in note


def test_a_database_with_the_same_rules_is_taken_at_its_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[str] = []
    once = judge

    def counted(db, rows, conditions):
        read.append(rows.table.name)
        return once(db, rows, conditions)

    monkeypatch.setattr("qi_checker.engines.inputs.prepare.judge", counted)
    assert days() == (LOCAL, [])
    assert read == ["cases", "events", "exceptions"]


def test_the_spans_that_differ_have_the_offset_of_tzdata(old_rules: None) -> None:
    db = DuckDB(from_rows({}).con)
    found = differing(db, ZONE, datetime(2020, 1, 1), datetime(2027, 1, 1))
    assert {o.ahead for o in found} == {timedelta(hours=-7)}
    wrong = datetime(2026, 11, 1, 9)  # the old rules put the clocks back
    assert found[0].since <= wrong and found[-1].until >= datetime(2027, 1, 1)
    assert differing(db, ZONE, datetime(2010, 1, 1), datetime(2026, 6, 1)) == []


@pytest.mark.parametrize("zone", ["Africa/Casablanca", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_clocks_change_to_the_second(zone: str) -> None:
    where = time_zones.zone(zone)
    since, until = datetime(1980, 1, 1), datetime(2030, 1, 1)
    spans = list(time_zones.spans(where, since, until))
    assert (spans[0][0], spans[-1][1]) == (since, until)
    for (_, end, before), (begin, _, after) in itertools.pairwise(spans):
        assert end == begin and before != after
        assert time_zones.offset(end - timedelta(seconds=1), where) == before
        assert time_zones.offset(end, where) == after


@pytest.mark.parametrize(
    "name", ["", "Mars/Base", "../UTC", "/etc/localtime", "Factory", "zone.tab"]
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(KeyError):
        time_zones.zone(name)


def test_every_zone_has_rules() -> None:
    known = time_zones.names()
    assert len(known) > 400
    assert all(time_zones.zone(name).key == name for name in known if name != "Factory")


def test_the_latest_day_of_the_records_is_a_local_one() -> None:
    """half past one in the night of 13 March UTC is 12 March in Toronto."""
    site = Site(timezone="America/Toronto")
    tables = {
        "cases": [case(surgery_at="2026-03-13T01:30Z", status="performed")],
        "events": [scan("2026-03-12T09:00")],
    }
    found = latest_day(DuckDB(from_rows(tables).con), site)
    assert str(found) == "2026-03-12"
