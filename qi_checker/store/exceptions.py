"""Exceptions: asked for by one person, approved by another, revoked, reconfirmed after a move."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from qi_checker.errors import Problem, UserError
from qi_checker.store.models import ExceptionRequest, ExceptionStep
from qi_checker.store.schedules import current_days
from qi_checker.store.trail import Trail
from qi_checker.store.transaction import reading, writing

APPROVER = "approver"  # the role that may approve, reconfirm and refuse
REQUESTED, APPROVED, REFUSED = "requested", "approved", "refused"
RECONFIRMED, REVOKED = "reconfirmed", "revoked"
RECONFIRM = "reconfirm"  # the state of one that was approved for another date of surgery
_ID = "qi-{}"  # how the input table `exceptions` calls them


@dataclass(frozen=True)
class Waiver:
    """An exception as it stands. `state`: requested, approved, refused, revoked or reconfirm.

    `reconfirm`: it was approved for another date of surgery, and counts only once somebody who may
    has looked at it again.
    """

    exception_id: str
    case_id: str
    requirement: str
    reason: str
    note: str
    valid_from: date
    expires_on: date
    state: str
    requested_by: str
    approved_by: str
    approved_at: datetime | None
    revoked_at: datetime | None
    surgery_day: date | None  # what it was approved for, or requested for

    @property
    def number(self) -> int:
        return int(self.exception_id.removeprefix(_ID.format("")))


@dataclass(frozen=True)
class Person:
    """Who does something: a login, and the role in which it is done."""

    login: str
    role: str


@dataclass(frozen=True)
class Exceptions:
    """The exceptions of one store. Times have a time zone; every step is told in the trail."""

    alias: str

    def request(
        self,
        case_id: str,
        requirement: str,
        reason: str,
        *,
        valid_from: date,
        expires_on: date,
        by: Person,
        at: datetime,
        note: str = "",
    ) -> str:
        """Ask for a waiver; gives its id. Whether the protocol allows it, the evaluation decides."""
        if expires_on < valid_from:
            raise _refused("it ends before it begins", "Give a later last day")
        if not by.login.strip():
            raise _refused("nobody asks for it", "Say who does")
        with writing(self.alias):
            asked = ExceptionRequest.objects.using(self.alias).create(
                case_id=case_id,
                requirement=requirement,
                reason=reason,
                note=note,
                valid_from=valid_from,
                expires_on=expires_on,
            )
            self._step(asked, REQUESTED, by, at, "")
        return _ID.format(asked.id)

    def approve(self, exception_id: str, *, by: Person, at: datetime) -> None:
        """Approve it, for the date of surgery that is known now."""
        self._decide(exception_id, APPROVED, by, at, frozenset({REQUESTED}))

    def refuse(self, exception_id: str, *, by: Person, at: datetime, why: str) -> None:
        """Refuse what was asked for."""
        self._decide(exception_id, REFUSED, by, at, frozenset({REQUESTED}), why)

    def reconfirm(self, exception_id: str, *, by: Person, at: datetime) -> None:
        """Let an approved one hold for the date that surgery was moved to."""
        self._decide(exception_id, RECONFIRMED, by, at, frozenset({APPROVED, RECONFIRM}))

    def revoke(self, exception_id: str, *, by: Person, at: datetime, why: str) -> None:
        """End it; it counts no more from this day on. Who asked for it may end it too."""
        with writing(self.alias):
            asked = self._asked(exception_id)
            _expect(self._waivers([asked])[0], frozenset({REQUESTED, APPROVED, RECONFIRM}))
            self._step(asked, REVOKED, by, at, why)

    def all(self, case_id: str | None = None) -> list[Waiver]:
        """Every exception, or those of a case, in the order they were asked for."""
        every = ExceptionRequest.objects.using(self.alias).order_by("id")
        if case_id is not None:
            every = every.filter(case_id=case_id)
        return self._waivers(every.prefetch_related("steps"))

    def table(
        self, days: Mapping[str, date] | None = None, until: datetime | None = None
    ) -> list[dict[str, str]]:
        """Rows of the input table `exceptions` (docs/records.md), in the order of their ids.

        days: what surgery is planned for tonight, by case; without it what the store knows last.
            One that was approved for another day is given without its approval.
        until: what was done later is left out, for a night that is repeated afterwards.
        """
        return [table_row(w) for w in self.standing(days, until) if w.state != REFUSED]

    def standing(
        self, days: Mapping[str, date] | None = None, until: datetime | None = None
    ) -> list[Waiver]:
        """Every exception as it stood then; `days` and `until` as in `table`."""
        every = ExceptionRequest.objects.using(self.alias).order_by("id")
        return self._waivers(every.prefetch_related("steps"), days, until)

    def case_ids(self) -> list[str]:
        """The cases that somebody asked for an exception of."""
        every = ExceptionRequest.objects.using(self.alias).order_by("case_id")
        with reading(self.alias):
            return list(every.values_list("case_id", flat=True).distinct())

    def _decide(
        self,
        exception_id: str,
        action: str,
        by: Person,
        at: datetime,
        states: frozenset[str],
        why: str = "",
    ) -> None:
        with writing(self.alias):
            asked = self._asked(exception_id)
            waiver = self._waivers([asked])[0]
            _expect(waiver, states)
            if by.role != APPROVER:
                raise _refused(
                    f"the role {by.role} may not decide on {exception_id}",
                    f"Ask somebody with the role {APPROVER}",
                )
            if not by.login.strip() or _same_person(by.login, waiver.requested_by):
                raise _refused(
                    f"who asked for {exception_id} cannot decide on it", "Ask somebody else"
                )
            self._step(asked, action, by, at, why)

    def _step(
        self, asked: ExceptionRequest, action: str, by: Person, at: datetime, why: str
    ) -> None:
        day = current_days(self.alias, [asked.case_id]).get(asked.case_id)
        ExceptionStep.objects.using(self.alias).create(
            exception=asked,
            action=action,
            at=at,
            by=by.login,
            role=by.role,
            surgery_day=day,
            why=why,
        )
        told = {
            "exception": _ID.format(asked.id),
            "case": asked.case_id,
            "role": by.role,
            "requirement": asked.requirement,
        }
        Trail(self.alias).append(at, by.login, f"exception_{action}", told)

    def _asked(self, exception_id: str) -> ExceptionRequest:
        number = exception_id.removeprefix(_ID.format(""))
        found: ExceptionRequest | None = None
        if number.isdecimal():
            found = ExceptionRequest.objects.using(self.alias).filter(id=int(number)).first()
        if found is None:
            raise _refused("there is no such exception", "Look for its id in the list")
        return found

    def _waivers(
        self,
        asked: Iterable[ExceptionRequest],
        days: Mapping[str, date] | None = None,
        until: datetime | None = None,
    ) -> list[Waiver]:
        with reading(self.alias):
            every = list(asked)
            if days is None:
                days = current_days(self.alias, {one.case_id for one in every})
            return list(_each(every, days, until))


def _each(
    every: list[ExceptionRequest], days: Mapping[str, date], until: datetime | None
) -> Iterator[Waiver]:
    for one in every:
        steps = [
            s for s in sorted(one.steps.all(), key=lambda s: s.id) if not until or s.at <= until
        ]
        if steps:
            yield _waiver(one, steps, days.get(one.case_id))


def _waiver(one: ExceptionRequest, steps: list[ExceptionStep], today: date | None) -> Waiver:
    last = {step.action: step for step in steps}
    approved, revoked = last.get(APPROVED), last.get(REVOKED)
    decided = last.get(RECONFIRMED) or approved
    state = steps[-1].action
    if state in (APPROVED, RECONFIRMED):
        day = decided.surgery_day if decided else None
        state = RECONFIRM if day and today and day != today else APPROVED
    return Waiver(
        exception_id=_ID.format(one.id),
        case_id=one.case_id,
        requirement=one.requirement,
        reason=one.reason,
        note=one.note,
        valid_from=one.valid_from,
        expires_on=one.expires_on,
        state=state,
        requested_by=steps[0].by,
        approved_by=approved.by if approved else "",
        approved_at=approved.at if approved else None,
        revoked_at=revoked.at if revoked else None,
        surgery_day=(decided or steps[0]).surgery_day,
    )


def table_row(waiver: Waiver) -> dict[str, str]:
    """The row of the input table `exceptions`; one to be reconfirmed is not approved there."""
    approved = waiver.state in (APPROVED, REVOKED)

    def when(at: datetime | None) -> str:
        return at.isoformat(timespec="seconds") if at else ""

    return {
        "exception_id": waiver.exception_id,
        "case_id": waiver.case_id,
        "requirement": waiver.requirement,
        "reason": waiver.reason,
        "note": waiver.note,
        "requested_by": waiver.requested_by,
        "approved_by": waiver.approved_by if approved else "",
        "approved_at": when(waiver.approved_at) if approved else "",
        "valid_from": waiver.valid_from.isoformat(),
        "expires_on": waiver.expires_on.isoformat(),
        "revoked_at": when(waiver.revoked_at),
        "recorded_at": "",
    }


def _expect(waiver: Waiver, states: frozenset[str]) -> None:
    if waiver.state not in states:
        raise _refused(f"{waiver.exception_id} is {waiver.state}", "Ask for a new one")


def _same_person(one: str, other: str) -> bool:
    """As the evaluation compares them: without blanks around, and without case."""
    return one.strip().casefold() == other.strip().casefold()


def _refused(what: str, mend: str) -> UserError:
    return UserError(Problem("exceptions", what, "", mend))
