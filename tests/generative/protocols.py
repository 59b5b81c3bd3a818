"""Hypothesis strategies for protocols, sites and moments: everything that the language can say."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.site import Site
from tests.helpers.protocols import CATALOGUE, bundle

KINDS = ("imaging", "imaging", "imaging", "therapy")  # mostly imaging: it has the most criteria
MODALITIES, REGIONS = ("CT", "MR", "PT", "US"), ("liver", "abdomen", "chest", "head")
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


def sometimes(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Half of the time nothing."""
    return st.none() | strategy


def rarely(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly nothing: what would otherwise leave no case or no event to say more about."""
    return st.integers(0, 4).flatmap(lambda n: strategy if n == 4 else st.none())


def some_of(words: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    """At least one of the words."""
    return st.lists(st.sampled_from(words), min_size=1, max_size=3, unique=True)


def a_list() -> st.SearchStrategy[dict[str, str]]:
    """A list of imaging codes."""
    return st.sampled_from(("liver-ct-codes", "biopsy-codes")).map(lambda name: {"in": name})


def _duration(units: dict[str, tuple[int, int]]) -> st.SearchStrategy[str]:
    return st.one_of(
        *(st.integers(*bounds).map(f"{{}} {unit}".format) for unit, bounds in units.items())
    )


LIMITS = {"days": (0, 45), "weeks": (0, 6), "months": (0, 3), "years": (0, 1)}
STRICT_LIMITS = {unit: (max(1, low), high) for unit, (low, high) in LIMITS.items()}
windows = st.one_of(
    _duration(LIMITS).map(lambda limit: {"before": "surgery", "at_most": limit}),
    _duration(STRICT_LIMITS).map(lambda limit: {"before": "surgery", "less_than": limit}),
    st.just({"before": "surgery"}),
)
lead_times = st.integers(0, 8).map("{} working days".format)
selectors = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(KINDS),
        "modality": sometimes(some_of(MODALITIES)),
        "region": sometimes(some_of(REGIONS)),
        "codes": rarely(a_list()),
        "not_codes": rarely(a_list()),
    }
)
advice = st.fixed_dictionaries(
    {
        "id": st.just("check"),
        "title": st.just("Have a look."),
        "when": st.one_of(
            some_of(("MRCP", "without contrast")).map(lambda words: {"description": words}),
            a_list().map(lambda codes: {"codes": codes}),
            st.just({"role": "warns"}),
        ),
    }
)


def requirement(id: str) -> st.SearchStrategy[dict[str, Any]]:
    """A requirement with every setting that a protocol can give it."""
    return st.fixed_dictionaries(
        {
            "id": st.just(id),
            "title": st.just(f"Study {id}"),
            "event": selectors,
            "window": windows,
            "owner": st.sampled_from(("CT desk", "MRI desk")),
        },
        optional={
            "same_day": st.sampled_from(("unknown", "allow", "refuse")),
            "pet_ct": st.sampled_from(("refuse", "allow")),
            "lead_time": lead_times,
            "warn": advice.map(lambda one: [one]),
        },
    )


conditions = st.recursive(
    st.one_of(
        st.just({"procedure": {"in": "liver-resection"}}),
        st.just({"diagnosis": {"in": "liver-metastasis"}}),
        some_of(("elective", "urgent", "emergency")).map(lambda words: {"urgency": words}),
        some_of(("North", "South")).map(lambda words: {"site": words}),
        some_of(("S1", "S2")).map(lambda words: {"surgeon": words}),
        some_of(("A", "B")).map(lambda words: {"column": {"name": "ward", "in": words}}),
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda many: {"all_of": many}),
        st.lists(inner, min_size=1, max_size=3).map(lambda many: {"any_of": many}),
    ),
    max_leaves=4,
)
# Most cases should be asked something, so most populations are wide.
EVERYBODY = {"any_of": [{"procedure": {"in": "liver-resection"}}, {"site": ["North", "South"]}]}
populations = rarely(conditions).map(lambda condition: condition or EVERYBODY)
exclusions = st.lists(conditions, min_size=1, max_size=2).map(
    lambda many: [{"id": f"x{n}", "title": "Not these", "when": c} for n, c in enumerate(many)]
)
policies = st.fixed_dictionaries(
    {"reasons": some_of(REASONS)}, optional={"at_most": _duration(STRICT_LIMITS)}
)


@st.composite
def members(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Up to four requirements, some of them gathered in groups, and groups in groups."""
    names = [f"r{n}" for n in range(draw(st.integers(1, 4)))]
    found = [draw(requirement(name)) for name in names]
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
            "sensitivity": draw(st.lists(_duration(STRICT_LIMITS), max_size=2, unique=True)),
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
            st.dates(DAYS[0] - timedelta(days=9), DAYS[-1] + timedelta(days=9)), max_size=9
        ),
        "lead_time": lead_times,
        "feeds": st.dictionaries(
            st.sampled_from(("imaging", "therapy")), _duration({"days": (0, 9)}), min_size=1
        ),
        "midnight_is_date": st.booleans(),
    },
).map(Site.model_validate)
