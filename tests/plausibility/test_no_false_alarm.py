"""Records in which nothing is wrong are passed over in silence."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from qi_checker.demo import write_demo
from qi_checker.engines.duckdb import evaluate_rulebook
from qi_checker.plausibility import PlausibilityChecks
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_rulebook
from qi_checker.protocol.paths import rules_dir
from qi_checker.sources.files import read_folder
from tests.helpers.damages import Tables
from tests.helpers.hospitals import everyday, tiny, untidy
from tests.helpers.plausible import DEFAULTS, SITE, demo, demo_before, run_checks, study


def said(tables: Tables, **more) -> list[str]:
    return [f"{f.check}: {f.message}" for f in run_checks(tables, **more).checked.findings]


def often(usual: int, thorough: int) -> list:
    """Numbers from 0, the first ones in every run."""
    rest = [pytest.param(n, marks=pytest.mark.thorough) for n in range(usual, thorough)]
    return [*range(usual), *rest]


@pytest.mark.parametrize("turn", often(5, 30))
def test_the_demonstration_on_evenings_of_its_year(turn):
    """Also when an older moment is judged, as a replay does."""
    weeks = 7 * turn % 30
    assert said(demo(), as_of=date(2026, 3, 2) - timedelta(weeks=weeks)) == []


@pytest.mark.parametrize("as_of", [date(2022, 12, 31), date(2023, 12, 31)])
def test_the_records_of_the_study(as_of):
    assert said(study(), as_of=as_of) == []


@pytest.mark.parametrize("seed", often(6, 40))
def test_a_tiny_hospital_with_an_operation_a_month(seed):
    as_of = date(2026, 3, 2) + timedelta(days=9 * seed)
    assert said(tiny(seed, as_of, months=6 + 5 * seed % 30)) == []


@pytest.mark.parametrize("seed", often(2, 12))
def test_an_untidy_hospital(seed):
    """Strangers, nights, late reports, months without a day, bookings that nobody closed."""
    as_of = date(2026, 3, 2) + timedelta(days=23 * seed)
    assert said(untidy(seed, as_of, weekly=4 + 3 * (seed % 5))) == []


@pytest.mark.parametrize("seed", often(3, 20))
def test_a_hospital_in_which_much_only_looks_like_an_error(seed):
    """About 40 operations of a small hospital, and up to 2,000 of a large one."""
    as_of = date(2026, 3, 2) + timedelta(days=23 * seed)
    assert said(everyday(seed, as_of, weekly=(1, 5, 35)[seed % 3])) == []


def test_a_first_night_without_history_and_the_night_after_it():
    assert said(demo()) == []
    assert said(demo(), history=demo_before(nights=1)) == []
    assert said(demo(), history=demo_before(nights=28)) == []


def test_a_rulebook_of_protocols_for_operations_that_the_hospital_does_not_do(tmp_path):
    """Nobody is told that a protocol has no case; what asks for events that nobody has is told."""
    write_demo(tmp_path)
    records = read_folder(tmp_path, SITE)
    checks = PlausibilityChecks(DEFAULTS, alone=False)
    each = evaluate_rulebook(
        load_rulebook(rules_dir()), records, AsOf(date(2026, 3, 2)), SITE, checks=checks
    )
    found = {
        done.compiled.bundle.protocol.id: [f.check for f in done.checked.findings] for done in each
    }
    records.con.close()
    assert found["hepatic-metastasectomy-imaging"] == []
    assert {check for checks in found.values() for check in checks} == {"kinds"}
