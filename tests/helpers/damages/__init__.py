"""Realistic damages of an export, applied to good records one by one.

Each is something that was seen, or can easily happen, between a hospital's systems and a file: a
format, a spreadsheet, a join, a feed. `heard` is what the run must do where verdicts change:
refuse, warn, or nothing, if one file cannot show it (docs/plausibility.md names these).
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.helpers.damages import codes, columns, dates, feeds, ids, mistaken, rows, times, words
from tests.helpers.damages.base import DAMAGES, REFUSE, UNSEEN, WARN, Damage, Tables

__all__ = ["DAMAGES", "KINDS", "REFUSE", "UNSEEN", "WARN", "Damage", "Tables", "of_kind"]
# Each adds its own to DAMAGES.
KINDS = (dates, times, ids, words, codes, columns, rows, feeds, mistaken)


def of_kind(kind: str) -> Iterator[Damage]:
    return (damage for damage in DAMAGES if damage.kind == kind)
