"""The moment of a night on the clocks of the site, also in the hour that they show twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qi_checker.nightly.moments import instant, moment, now_here
from qi_checker.protocol.as_of import AsOf

# Half an hour on Lord Howe, at midnight in Havana, whole hours elsewhere, never in Tokyo.
ZONES = ("America/Toronto", "Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Asia/Tokyo")
TORONTO = ZoneInfo("America/Toronto")


@pytest.mark.parametrize(
    ("utc", "shown"),
    [
        ("2026-11-01T05:30", "2026-11-01T01:30:00"),  # the first time that it is half past one
        ("2026-11-01T06:30", "2026-11-01T01:59:59"),  # the second time
        ("2026-11-01T06:59", "2026-11-01T01:59:59"),
        ("2026-11-01T07:00", "2026-11-01T02:00:00"),
        ("2026-03-08T06:59", "2026-03-08T01:59:00"),  # and in spring an hour is left out
        ("2026-03-08T07:00", "2026-03-08T03:00:00"),
    ],
)
def test_the_hour_that_a_clock_shows_twice(utc: str, shown: str) -> None:
    now = datetime.fromisoformat(f"{utc}:00+00:00")
    assert str(now_here(now, TORONTO)) == shown


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)),
    st.timedeltas(timedelta(0), timedelta(hours=3)),
)
def test_time_goes_on(zone: str, start: datetime, later: timedelta) -> None:
    """A later night is never an earlier moment, and what was done before a night is known in it."""
    place = ZoneInfo(zone)
    first, second = (at.replace(tzinfo=UTC) for at in (start, start + later))
    early, late = now_here(first, place), now_here(second, place)
    assert moment(str(early)) <= moment(str(late))
    assert instant(late, place) > second - timedelta(minutes=1)


@given(st.sampled_from(ZONES), st.dates(datetime(2024, 1, 1).date(), datetime(2028, 1, 1).date()))
def test_a_date_is_its_end(zone: str, day: object) -> None:
    place = ZoneInfo(zone)
    end = instant(AsOf.parse(str(day)), place)
    after = (end.astimezone(UTC) + timedelta(microseconds=1)).astimezone(place)
    assert str(end.date()) == str(day) and after.date() > end.date()
