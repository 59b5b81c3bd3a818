"""One event held against every criterion of one question: docs/evaluation.md, section 5."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qi_checker.judging import criteria, window
from qi_checker.judging.charts import Chart
from qi_checker.judging.outcomes import Criterion, Outcome
from qi_checker.judging.questions import Question
from qi_checker.judging.records import Event, Setting
from qi_checker.protocol.vocabulary import Reason


@dataclass(frozen=True)
class Judged:
    """An event with the outcome of each criterion, in the contract's order."""

    event: Event
    what: tuple[Criterion, ...]  # code, modality, region, provenance, columns
    status: Criterion
    window: Criterion
    done: bool
    near_miss: bool
    distance: int | None  # days to the window; None without a date, which is farther than any
    in_order: bool

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        return (*self.what, self.status, self.window)

    def count(self, outcome: Outcome) -> int:
        """How many criteria came out so."""
        return sum(c.outcome is outcome for c in self.criteria)

    @property
    def passes(self) -> bool:
        return self.count(Outcome.PASS) == len(self.criteria)

    @property
    def right_study(self) -> bool:
        """Whether it is what is asked for, whatever its date and status."""
        return all(c.outcome is Outcome.PASS for c in self.what)

    @property
    def undecided(self) -> bool:
        """Whether it is a near miss that may fulfil the question, but not for certain."""
        return self.possible and self.count(Outcome.UNDECIDED) > 0

    @property
    def possible(self) -> bool:
        """Whether it is a near miss that nothing speaks against."""
        return self.near_miss and not self.count(Outcome.FAIL)

    @property
    def reason(self) -> Reason | None:
        """The reason of the first criterion that does not pass."""
        return next((c.reason for c in self.criteria if c.outcome is not Outcome.PASS), None)

    @property
    def nearness(self) -> tuple[float, int, str]:
        """Sorts the smallest distance first, then the latest day, then the lowest id."""
        distance = float("inf") if self.distance is None else self.distance
        return distance, *recency(self.event)


def recency(event: Event) -> tuple[int, str]:
    """Sorts the latest first possible day first, no date last; then the lowest id."""
    return (-event.at.lo.toordinal() if event.at else 0), event.id


def latest(events: Iterable[Event]) -> Event | None:
    """The latest first possible day, then the lowest id."""
    return min(events, key=recency, default=None)


def judge_all(question: Question, chart: Chart) -> list[Judged]:
    """Hold the events of the question's kind against it."""
    kind = question.event.kind
    return [judge(event, question, chart) for event in chart.events if event.kind == kind]


def judge(event: Event, question: Question, chart: Chart) -> Judged:
    """Hold an event of the question's kind against every criterion."""
    setting = chart.setting
    return Judged(
        event=event,
        what=(
            criteria.code(event, question, setting),
            criteria.modality(event, question, setting),
            criteria.region(event, question, setting),
            criteria.provenance(event, question),
            criteria.columns(event, question),
        ),
        status=criteria.status(event, question, chart.case, setting),
        window=window.window(event, question),
        done=question.is_done(event),
        near_miss=_near_miss(event, question, setting),
        distance=window.distance(event, question),
        in_order=window.in_order(event, question),
    )


def _near_miss(event: Event, question: Question, setting: Setting) -> bool:
    """Whether the event is worth telling: of a modality or a code that is asked, or perhaps so."""
    wanted, codes = question.event.modality, question.event.codes
    if wanted is None:
        listed = setting.catalogue.lists[codes.in_] if codes else None
        return not listed or not event.codes or any(listed.holds(*c) for c in event.codes)
    words = criteria.modalities_of(event, setting)
    if set(words) & set(wanted):
        return True
    return criteria.cannot_be_told(words, setting.catalogue.modalities)
