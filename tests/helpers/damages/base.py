"""What a damage is, and the changes that several damages make."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

Row = dict[str, Any]
Item = TypeVar("Item")
Change = Callable[["Tables"], None]
REFUSE, WARN, UNSEEN = "refuse", "warn", ""


@dataclass
class Tables:
    """Rows of each table, and torn rows of events."""

    cases: list[Row]
    events: list[Row]
    exceptions: list[Row]
    as_of: date
    torn: list[Row] = field(default_factory=list)

    def copy(self) -> Tables:
        return deepcopy(self)

    def as_rows(self) -> dict[str, list[Row]]:
        tables = {"cases": self.cases, "events": self.events}
        return tables | ({"exceptions": self.exceptions} if self.exceptions else {})


@dataclass(frozen=True)
class Damage:
    """One damage. `unseen_in`: records that do not reveal it; `history`: only earlier nights do."""

    name: str
    kind: str
    change: Change
    heard: str
    unseen_in: tuple[str, ...] = ()
    history: bool = False

    def done_to(self, tables: Tables) -> Tables:
        damaged = tables.copy()
        self.change(damaged)
        return damaged


DAMAGES: list[Damage] = []


def damage(
    kind: str, heard: str, *unseen_in: str, history: bool = False
) -> Callable[[Change], Change]:
    def add(change: Change) -> Change:
        name = change.__name__.removeprefix("_")
        DAMAGES.append(Damage(name, kind, change, heard, unseen_in, history))
        return change

    return add


def change_each(rows: list[Row], column: str, change: Callable[[str], str | None]) -> None:
    for row in rows:
        if row.get(column):
            row[column] = change(row[column])


def day_in(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def years_later(years: int) -> Callable[[str], str]:
    def change(text: str) -> str:
        return f"{int(text[:4]) + years}{text[4:]}" if day_in(text) else text

    return change


def some_of(rows: list[Item], share: float, seed: int = 7) -> list[Item]:
    chance = random.Random(seed)
    return [row for row in rows if chance.random() < share]


def imaging(t: Tables) -> list[Row]:
    return [row for row in t.events if row.get("kind") == "imaging"]


def day_of(row: Row) -> date | None:
    return day_in(row.get("at") or "")


def keep_events(t: Tables, keep: Callable[[Row], bool]) -> None:
    t.events[:] = [row for row in t.events if keep(row)]


def from_row(rows: list[Row], share: float) -> list[Row]:
    """Return the rows of a file from some row on."""
    return rows[int(len(rows) * share) :]


def completed(t: Tables) -> list[Row]:
    return [row for row in t.events if row["status"] == "completed"]


def mri(t: Tables) -> list[Row]:
    return [row for row in imaging(t) if row.get("modality") == "MR"]


def mri_done(t: Tables) -> list[Row]:
    return [row for row in mri(t) if row["status"] == "completed"]
