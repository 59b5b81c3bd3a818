"""All that is known of one case, and what has been decided about its requirements so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from qi_checker.judging.cases import Case
from qi_checker.judging.questions import Question
from qi_checker.judging.records import Event, History, Setting
from qi_checker.protocol.vocabulary import Reason, Status


@dataclass(frozen=True)
class Decision:
    """A status, its reason, and the event that it was decided by.

    `last` is the event that makes it hold no longer: of several that are counted the oldest.
    `question` is what was asked, None where nothing was asked or an anchor is not known.
    """

    status: Status
    reason: Reason
    event: Event | None = None
    last: Event | None = None
    question: Question | None = None


@dataclass
class Chart:
    """A case with its patient's events; `excepted` are the requirements with an exception."""

    case: Case
    history: History
    excepted: frozenset[str]
    setting: Setting
    decided: dict[str, Decision] = field(default_factory=dict)

    @property
    def events(self) -> list[Event]:
        """What is known to have happened to the patient, or to be planned."""
        return self.history.events.get(self.case.patient, [])

    @property
    def evidence(self) -> list[Event]:
        """The patient's rows that could not be used."""
        return self.history.evidence.get(self.case.patient, [])

    def live(self, question: Question) -> bool:
        """Whether there is still time."""
        closes, case = question.closes, self.case
        if closes and self.setting.as_of.date > closes:
            return False
        return case.upcoming or closes is None or closes > case.day
