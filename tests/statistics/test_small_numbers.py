"""Small numbers: what each profile prints, and that nobody gets back what it withholds."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qi_checker.statistics.small_numbers import (
    PROFILES,
    Profile,
    Shown,
    Table,
    bounds,
    is_small,
    nested,
    protect,
    rounded,
    withhold,
)
from tests.helpers.attack import MOST, limits_of, recovered

HIDING = [PROFILES[name] for name in ("lt5", "nhs", "cms11")]
COUNTS = st.one_of(st.integers(0, 3), st.integers(0, 14), st.integers(0, 60))


def one_row(*counts: int, profile: str) -> list[str]:
    table = protect([counts], PROFILES[profile])
    return [*map(str, table.cells[0]), str(table.row_totals[0])]


@pytest.mark.parametrize(
    ("profile", "counts", "printed"),
    [
        ("none", (1, 0, 30), ["1", "0", "30", "31"]),
        ("lt5", (5, 0, 30), ["5", "0", "30", "35"]),
        ("lt5", (3, 0, 30, 40), ["<5", "0", "withheld", "40", "73"]),
        ("lt5", (3, 4, 0, 40), ["<5", "<5", "0", "withheld", "47"]),
        ("nhs", (7, 0, 8, 33), ["*", "0", "10", "35", "50"]),
        ("nhs", (12, 13), ["10", "15", "25"]),
        ("cms11", (10, 0, 30, 40), ["*", "0", "*", "40", "80"]),
        ("cms11", (11, 0, 30), ["11", "0", "30", "41"]),
        ("cms11", (5, 6, 30), ["*", "*", "30", "41"]),
        ("cms11", (0, 0), ["0", "0", "0"]),
    ],
)
def test_what_a_profile_prints(profile: str, counts: tuple[int, ...], printed: list[str]) -> None:
    assert one_row(*counts, profile=profile) == printed


def test_rounding_is_to_the_nearest_five() -> None:
    assert [rounded(v, PROFILES["nhs"]) for v in (0, 8, 12, 13, 17, 18)] == [0, 10, 10, 15, 15, 20]


def printed_table(table: Table) -> dict[str, Shown]:
    found = {f"{i},{j}": c for i, row in enumerate(table.cells) for j, c in enumerate(row)}
    found |= {f"{i},+": c for i, c in enumerate(table.row_totals)}
    found |= {f"+,{j}": c for j, c in enumerate(table.column_totals)}
    return found | {"+,+": table.total}


def relations_of(rows: list[list[int]]) -> list[dict[str, int]]:
    """Row, column and grand totals, as anybody knows them."""
    height, width = range(len(rows)), range(len(rows[0]))
    lines = [{f"{i},{j}": 1 for j in width} | {f"{i},+": -1} for i in height]
    lines += [{f"{i},{j}": 1 for i in height} | {f"+,{j}": -1} for j in width]
    return [
        *lines,
        {f"{i},+": 1 for i in height} | {"+,+": -1},
        {f"+,{j}": 1 for j in width} | {"+,+": -1},
    ]


def check(
    shown: dict[str, Shown],
    cells: dict[str, int],
    relations: list[dict[str, int]],
    profile: Profile,
    unprinted: frozenset[str] = frozenset(),
) -> None:
    """No small cell is printed, and none is confined to less than its mark says."""
    limits = {
        n: (0, MOST) if n in unprinted else limits_of(c, profile.name) for n, c in shown.items()
    }
    for name, value in cells.items():
        low, high = limits[name]
        assert low <= value <= high, "what is printed is wrong"
        if not is_small(value, profile):
            assert name in unprinted or value or shown[name].value == 0, "a zero is told"
            continue
        assert shown[name].value is None
        low, high = recovered(limits, relations, name)
        assert low < high, f"{name} is {value}, and nothing else"
        if profile.whole_range and not _all_withheld(name, shown, cells, relations, unprinted):
            assert low <= 1 and high >= profile.largest, f"{name} is {low} to {high}"


def _all_withheld(
    name: str,
    shown: dict[str, Shown],
    cells: dict[str, int],
    relations: list[dict[str, int]],
    unprinted: frozenset[str],
) -> bool:
    """Whether nothing is left to withhold that a cell is connected with: only zeros are told."""
    reached = {name}
    while True:
        near = {n for r in relations if reached & set(r) for n in r}
        if any(shown[n].value and n not in unprinted for n in near):
            return False
        grown = reached | {n for n in near if cells[n]}
        if grown == reached:
            return True
        reached = grown


TABLES = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(COUNTS, min_size=width, max_size=width), min_size=1, max_size=3)
)


@settings(max_examples=40, deadline=None)
@given(rows=TABLES, profile=st.sampled_from(HIDING))
def test_nobody_gets_a_cell_of_a_table_back(rows: list[list[int]], profile: Profile) -> None:
    shown = printed_table(protect(rows, profile))
    cells = {
        name: sum(
            v
            for (i, row) in enumerate(rows)
            for j, v in enumerate(row)
            if name.split(",")[0] in ("+", str(i)) and name.split(",")[1] in ("+", str(j))
        )
        for name in shown
    }
    check(shown, cells, relations_of(rows), profile)


@settings(max_examples=25, deadline=None)
@given(
    months=st.lists(st.tuples(COUNTS, COUNTS), min_size=3, max_size=4),
    profile=st.sampled_from(HIDING),
)
def test_nor_of_months_and_rolling_totals(months: list[tuple[int, int]], profile: Profile) -> None:
    """x of n and its complement, month by month and for every three months together. What two
    periods that overlap differ by is a month, which is among the cells."""
    cells: dict[str, int] = {}
    relations: list[dict[str, int]] = []
    for i, (part, rest) in enumerate(months):
        cells |= {f"x{i}": part, f"c{i}": rest, f"n{i}": part + rest}
        relations.append({f"x{i}": 1, f"c{i}": 1, f"n{i}": -1})
    for i in range(2, len(months)):
        for kind in "xcn":
            span = [f"{kind}{j}" for j in range(i - 2, i + 1)]
            cells[f"{kind}q{i}"] = sum(cells[n] for n in span)
            relations.append(dict.fromkeys(span, 1) | {f"{kind}q{i}": -1})
    unprinted = frozenset(n for n in cells if n.startswith("c"))
    shown = withhold(cells, relations, profile, unprinted)
    assert all(shown[n].value is None for n in unprinted)
    check(shown, cells, relations, profile, unprinted)


@settings(max_examples=50, deadline=None)
@given(
    counts=st.lists(st.integers(0, 60), min_size=1, max_size=7),
    profile=st.sampled_from([PROFILES["lt5"], PROFILES["cms11"]]),
)
def test_nor_of_counts_that_are_nested(counts: list[int], profile: Profile) -> None:
    """all >= present >= in the window >= complies: each difference is a group of cases."""
    chain = sorted(counts, reverse=True)
    allowed = nested(chain, profile)
    names = [f"k{i}" for i in range(len(chain))]
    limits = {n: (v, v) if t else (0, MOST) for n, v, t in zip(names, chain, allowed, strict=True)}
    relations, values = [], dict(zip(names, chain, strict=True))
    for (a, x), (b, y) in itertools.combinations(list(values.items()), 2):
        limits[f"{a}-{b}"] = (0, MOST)
        values[f"{a}-{b}"] = x - y
        relations.append({a: 1, b: -1, f"{a}-{b}": -1})
    for name, value in values.items():
        if is_small(value, profile):
            low, high = recovered(limits, relations, name)
            assert low <= 1 and high >= profile.largest


def test_a_total_is_withheld_where_its_cells_would_follow() -> None:
    assert one_row(4, 4, profile="lt5") == ["<5", "<5", "withheld"]
    assert one_row(1, 1, 60, profile="lt5")[-1] == "62"


def test_a_cell_that_only_two_blocks_together_give_away() -> None:
    """Every row and column has two withheld cells, and one still follows from the sums of others."""
    limits = dict.fromkeys("abcde", (0, 99))
    relations: list[Any] = [
        ({"a": 1, "b": 1}, 20),
        ({"c": 1, "d": 1}, 30),
        ({"a": 1, "b": 1, "e": 1}, 23),
    ]
    assert bounds("e", limits, relations) == (3, 3)
    assert bounds("a", limits, relations) == (0, 20)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_bounds_are_those_of_trying_every_number(data: st.DataObject) -> None:
    names = list("abcd")
    truth = {n: data.draw(st.integers(0, 2000)) for n in names}
    limits = {n: (v - data.draw(st.integers(0, 4)), v + 3) for n, v in truth.items()}
    relations: list[Any] = []
    for _ in range(data.draw(st.integers(1, 3))):
        line = {n: data.draw(st.integers(-2, 2)) for n in names}
        relations.append((line, sum(f * truth[n] for n, f in line.items())))
    possible = {
        numbers[0]
        for numbers in itertools.product(*(range(low, high + 1) for low, high in limits.values()))
        if all(
            sum(f * v for f, v in zip(line.values(), numbers, strict=True)) == total
            for line, total in relations
        )
    }
    assert bounds("a", limits, relations) == (min(possible), max(possible))


def test_large_counts_are_confined_exactly() -> None:
    limits = {"a": (0, 2_000_000), "b": (0, 2_000_000), "c": (1, 7)}
    relations: list[Any] = [({"a": 1, "b": 1}, 1_500_000), ({"b": 1, "c": 1}, 400_004)]
    assert bounds("a", limits, relations) == (1_099_997, 1_100_003)


def test_relations_without_a_solution_are_refused() -> None:
    with pytest.raises(ValueError, match="contradict"):
        bounds("a", {"a": (0, 3)}, [({"a": 1}, 5)])
