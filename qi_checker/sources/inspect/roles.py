"""Recognise the role of each column by its name and values, and what a table contains.

Both count; a name alone counts less than fitting values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from qi_checker.protocol.date_format import fold
from qi_checker.sources.inspect.code_systems import (
    OF_DIAGNOSES,
    OF_PROCEDURES,
    codes_in_text,
    codes_of,
)
from qi_checker.sources.inspect.export_words import known_words, name_score, share_known
from qi_checker.sources.inspect.profiles import Profile, dates_of, is_birth, may_be_id

CASE_ROLES = (
    "case_id",
    "patient_id",
    "surgery_at",
    "started_at",
    "status",
    "procedures",
    "diagnoses",
    "surgeon",
    "urgency",
    "admitted_at",
    "site",
)
EVENT_ROLES = (
    "event_id",
    "patient_id",
    "status",
    "at",
    "ordered_at",
    "exam_name",
    "modality",
    "region",
    "codes",
)


@dataclass
class Table:
    """A table of an export with the likely roles of its columns."""

    title: str
    columns: list[Profile]
    exam_share: dict[str, float] = field(default_factory=dict)  # column -> share of exam names

    def column(self, name: str) -> Profile:
        return next(c for c in self.columns if c.name == name)

    def roles(self, wanted: Sequence[str]) -> dict[str, tuple[Profile, float]]:
        """Return the best column for each role, with its score; no column has two roles."""
        scored = [
            (self._score(column, role), -column.place, role, column)
            for role in wanted
            for column in self.columns
        ]
        result: dict[str, tuple[Profile, float]] = {}
        taken: set[int] = set()
        for score, _, role, column in sorted(scored, key=lambda s: s[:2], reverse=True):
            if score >= 0.5 and role not in result and column.place not in taken:
                result[role] = (column, score)
                taken.add(column.place)
        return result

    def _score(self, column: Profile, role: str) -> float:
        """Score name and values together; below 0 if the values cannot have the role."""
        name = name_score(column, role)
        if not column.filled:
            return 0.3 * name
        fits = self._fits(column, role)
        return -1 if fits < 0 else name + fits

    def _fits(self, column: Profile, role: str) -> float:
        """Score how well the values fit a role: 0 if inconclusive, below 0 if they do not fit."""
        if role in ("surgery_at", "started_at", "admitted_at", "at", "ordered_at"):
            return 0.3 if dates_of(column).share > 0.6 and not is_birth(column) else -1
        if role == "status":
            words = known_words()
            known = max(share_known(column, w) for w in (words.case_status, words.event_status))
            # The same word in every row tells less than any other status.
            constant = 0.3 if column.distinct == 1 and column.filled > 5 else 0
            return -1 if column.distinct > 60 else 0.6 * known - constant
        if role in ("procedures", "diagnoses", "codes"):
            return self._codes(column, role)
        if role == "modality":
            return 0.8 * share_known(column, known_words().modality) - 0.2
        if role == "exam_name":
            return 0.9 * self.exam_share.get(column.name, 0) - 0.1
        if role in ("case_id", "event_id", "patient_id"):
            return self._id(column, role)
        return -1 if dates_of(column).share > 0.6 else 0

    def _codes(self, column: Profile, role: str) -> float:
        codes = codes_of(column)
        if codes is None:
            return 0.2 if codes_in_text(column, role) else -1
        diagnosis, procedure = codes.system in OF_DIAGNOSES, codes.system in OF_PROCEDURES
        fits = {"diagnoses": diagnosis, "procedures": procedure, "codes": not diagnosis}
        return 0.5 if fits[role] else 0.0 if codes.system in ("", "SNOMED") else -1

    def _id(self, column: Profile, role: str) -> float:
        if not may_be_id(column):
            return -1
        if role == "event_id":
            return 0.2 if column.distinct >= 0.98 * column.filled else -0.3
        if role == "case_id":
            return 0.2 if column.distinct >= 0.3 * column.filled else -0.4
        return 0.1 if column.distinct >= 0.1 * column.filled else -0.3


def kind_of(table: Table) -> tuple[str, float]:
    """Return `cases`, `events` or nothing, and how certain that is: from 0 to 1."""
    words = " ".join(re.sub(r"[^a-z]+", " ", fold(table.title)).split())
    cases = _strength(
        table.roles(CASE_ROLES), ("case_id", "surgery_at", "procedures", "diagnoses", "surgeon")
    )
    events = _strength(table.roles(EVENT_ROLES), ("event_id", "exam_name", "modality", "at"))
    if max(table.exam_share.values(), default=0) > 0.5:
        events += 1
    if re.search(
        r"\b(or|op|surg\w*|operat\w*|case|cases|theatre|bloc|interventions?|eingriff\w*|waiting)\b",
        words,
    ):
        cases += 0.7
    if re.search(
        r"\b(rad\w*|ris|pacs|exam\w*|imag\w*|untersuch\w*|order\w*|events?|chemo\w*|onko\w*|onco\w*)\b",
        words,
    ):
        events += 0.7
    best = max(cases, events)
    if best < 1.2:
        return "", 0
    return ("cases" if cases > events else "events"), min(0.95, abs(cases - events) / 2 + best / 6)


def _strength(roles: dict[str, tuple[Profile, float]], telling: Sequence[str]) -> float:
    return sum(min(score, 1) for role, (_, score) in roles.items() if role in telling)
