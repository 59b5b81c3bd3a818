"""Which events are asked for, and when: a requirement, a condition, or what lies between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from qi_checker.judging.records import Event
from qi_checker.judging.stretches import Stretch
from qi_checker.protocol.selectors import EventSelector


@dataclass(frozen=True)
class Question:
    """A selector and a window whose anchors are all known; the first stretch comes first."""

    event: EventSelector
    stretches: tuple[Stretch, ...]
    same_day: str = "unknown"
    pet_ct: str = "refuse"
    silence_decides: bool = False  # asked whether something is *not* there, or for a condition

    @cached_property
    def opens(self) -> date | None:
        """First date on which an event would count; None if nothing limits it."""
        first = max(stretch.first for stretch in self.stretches)
        return None if first == date.min else first

    @cached_property
    def closes(self) -> date | None:
        """Last date on which an event would count; None if nothing limits it."""
        last = min(stretch.last for stretch in self.stretches)
        return None if last == date.max else last

    def is_done(self, event: Event) -> bool:
        """Whether it has a status that counts; a plan may be enough."""
        return event.status in self.event.status

    def is_booking(self, event: Event) -> bool:
        """Whether it is an appointment, where an appointment is not enough."""
        return event.status == "booked" and not self.is_done(event)
