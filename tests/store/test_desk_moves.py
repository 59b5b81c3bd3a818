"""The planned time on the desk: it is shown, and a what-if moves it to another day of the site."""

from __future__ import annotations

import pytest

from qi_checker import judge
from qi_checker.judging.values import read_when
from qi_checker.protocol.site import Site
from qi_checker.store.desk.work import item_of
from tests.helpers import case, liver

PLANNED = [
    ("Pacific/Auckland", "2026-03-12T19:00Z", "2026-03-13T08:00:00"),
    ("America/Toronto", "2026-03-13T01:30Z", "2026-03-12T21:30:00"),
    ("America/Toronto", "2026-03-12T08:00-04:00", "2026-03-12T08:00:00"),
    ("Asia/Kolkata", "2026-03-12 20:00:00+00", "2026-03-13T01:30:00"),
    ("Pacific/Auckland", "2026-03-13 08:00", "2026-03-13 08:00"),
    ("Pacific/Auckland", "2026-03-13", "2026-03-13"),
]


@pytest.mark.parametrize(("zone", "written", "shown"), PLANNED)
def test_an_operation_moves_to_the_day_that_was_asked_for(
    zone: str, written: str, shown: str
) -> None:
    """Whatever the offset, its day and time on the desk are those of the site."""
    site = Site(timezone=zone)
    row = case(surgery_at=written, status="scheduled")
    trace = judge(liver(), row, [], "2026-03-01", site=site)
    item, _ = item_of(trace, liver().protocol, "")
    assert item["surgery_at"] == shown
    assert item["surgery_day"].isoformat() == shown[:10]
    moved = read_when(f"2026-09-20{item['surgery_at'][10:]}", site)
    before = read_when(written, site)
    assert moved.lo.isoformat() == "2026-09-20"
    assert bool(moved.clock) == bool(before.clock)
    if moved.clock and before.clock:
        assert moved.clock.time() == before.clock.time()
