"""Hypothesis strategies for protocols, sites and moments: everything that the language can say."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.site import Site
from tests.generative.lengths import (
    CALENDAR,
    at_least_one,
    lengths,
    rarely,
    some_of,
    sometimes,
)
from tests.generative.requirements import lead_times, requirement
from tests.generative.selectors import conditions
from tests.helpers.protocols import CATALOGUE, bundle

REASONS = ("contraindication", "declined", "other")
# Days on which calendars go wrong: leap days, the ends of months and years, changes of the clock.
DAYS = tuple(
    date.fromisoformat(day)
    for day in ("2024-02-29", "2024-03-31", "2025-12-31", "2026-03-08", "2026-05-15", "2026-11-01")
)
ZONES = (
    "America/Toronto",
    "Europe/London",
    "UTC",
    "Pacific/Auckland",
    "America/St_Johns",
    "Etc/GMT+5",
)


# Most cases should be asked something, so most populations are wide.
EVERYBODY = {"any_of": [{"procedure": {"in": "liver-resection"}}, {"site": ["North", "South"]}]}
populations = rarely(conditions).map(lambda condition: condition or EVERYBODY)
exclusions = st.lists(conditions, min_size=1, max_size=2).map(
    lambda many: [{"id": f"x{n}", "title": "Not these", "when": c} for n, c in enumerate(many)]
)
policies = st.fixed_dictionaries(
    {"reasons": some_of(REASONS)}, optional={"at_most": lengths(at_least_one(CALENDAR))}
)


@st.composite
def members(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Up to four requirements, some of them gathered in groups, and groups in groups."""
    found: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 4))):
        # What is forbidden has no event that anything could be counted from.
        others = tuple(r["id"] for r in found if "forbidden" not in r)
        found.append(draw(requirement(f"r{number}", others)))
    for _ in range(draw(st.integers(0, 2))):
        if len(found) > 1:
            size = draw(st.integers(2, len(found)))
            how = draw(st.sampled_from(("any_of", "any_of", "all_of")))
            found = [{how: found[:size]}, *found[size:]]
    return found


@st.composite
def versions(draw: st.DrawFn) -> list[dict[str, Any]]:
    """One to three dated versions, now and then with a gap, around the days that are used."""
    start, found = date(2020, 1, 1), []
    ends = sorted(draw(st.lists(st.sampled_from(DAYS), max_size=2, unique=True)))
    for number, end in enumerate([*ends, draw(rarely(st.sampled_from(DAYS)))]):
        if end is not None and end < start:
            break
        version = {
            "version": f"{number + 1}.0",
            "in_force": {"from": str(start)} | ({"to": str(end)} if end else {}),
            "applies_to": draw(populations),
            "exclude": draw(rarely(exclusions)) or [],
            "requirements": draw(members()),
            "sensitivity": draw(st.lists(lengths(at_least_one(CALENDAR)), max_size=2, unique=True)),
        }
        policy = draw(sometimes(policies))
        found.append(version | ({"exceptions": policy} if policy else {}))
        if end is None:
            break
        start = end + timedelta(days=draw(st.sampled_from((1, 1, 20))))
    return found


protocols: st.SearchStrategy[Bundle] = versions().map(
    lambda found: bundle(*found, catalogue=CATALOGUE)
)
moments: st.SearchStrategy[AsOf] = st.one_of(
    st.sampled_from(DAYS).map(lambda day: AsOf.parse(str(day))),
    st.sampled_from(DAYS).map(lambda day: AsOf.parse(f"{day}T08:00")),
)
sites: st.SearchStrategy[Site] = st.fixed_dictionaries(
    {"timezone": st.sampled_from(ZONES)},
    optional={
        "holidays": st.lists(
            st.builds(
                lambda day, days: day + timedelta(days=days),
                st.sampled_from(DAYS),
                st.integers(-9, 9),
            ),
            max_size=9,
            unique=True,
        ),
        "lead_time": lead_times,
        "feeds": st.dictionaries(
            st.sampled_from(("imaging", "therapy")), lengths({"days": (0, 9)}), min_size=1
        ),
        "completeness": st.dictionaries(
            st.sampled_from(("imaging", "imaging.CT", "imaging.MR", "therapy")),
            st.sampled_from(("50 %", "80%", "100 %")),
            min_size=1,
        ),
        "midnight_is_date": st.booleans(),
    },
).map(Site.model_validate)
