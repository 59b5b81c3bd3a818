"""Exceptions: requested by one person, approved by another, revoked, reconfirmed after a move."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from qi_checker.errors import Problem, UserError
from qi_checker.judging.values import When
from qi_checker.protocol import people
from qi_checker.protocol.site import Site
from qi_checker.store.binding import bound
from qi_checker.store.models import ExceptionRequest, ExceptionStep
from qi_checker.store.schedules import planned
from qi_checker.store.trail import Trail
from qi_checker.store.transaction import reading, writing

APPROVER = "approver"  # the role that may approve, reconfirm and refuse
# The same for accounts of the web application: people who read the scans or own the protocol.
APPROVERS = frozenset({APPROVER, "radiologist", "quality_lead"})
REQUESTED, APPROVED, REFUSED = "requested", "approved", "refused"
RECONFIRMED, REVOKED = "reconfirmed", "revoked"
RECONFIRM = "reconfirm"  # the state of an exception that was approved for another date of surgery
_ID = "qi-{}"  # the ids in the input table `exceptions`
_TYPED = re.compile(r"(?:qi-)?([0-9]{1,18})", re.IGNORECASE)  # as people write it

# Marks of an exception in a list, beside its state.
AFTER_SURGERY = "requested after surgery"
CLOCK_SET_BACK = "dated before an earlier step: a clock was wrong"


@dataclass(frozen=True)
class Waiver:
    """An exception in its current state. `state`: requested, approved, refused, revoked or
    reconfirm.

    `reconfirm`: it was approved for another date of surgery, and counts only after an authorised
    person has reviewed it.
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
    surgery_day: date | None  # day for which it was approved or requested
    requested_at: datetime
    marks: tuple[str, ...] = ()  # warnings for every reader; a list shows them

    @property
    def number(self) -> int:
        return number_of(self.exception_id)


@dataclass(frozen=True)
class Person:
    """A person who acts: the login, and the role of the action."""

    login: str
    role: str

    def check(self) -> None:
        """Raise UserError for a login that may imitate somebody else's."""
        if people.mixes_alphabets(self.login):
            raise _refused(
                "the login mixes letters of two alphabets", "Write it in the letters of one"
            )


@dataclass(frozen=True)
class Exceptions:
    """The exceptions of one store. Times have a time zone; every step is recorded in the trail.

    `site` has the time zone of a day of surgery.
    """

    alias: str
    site: Site

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
        """Request a waiver; return its id. The evaluation decides if the protocol allows it."""
        if expires_on < valid_from:
            raise _refused("it ends before it starts", "Give a later last day")
        by.check()
        if not people.identity(by.login):
            raise _refused("it has no requester", "Name the requester")
        with writing(self.alias):
            waiver_row = ExceptionRequest.objects.using(self.alias).create(
                case_id=case_id,
                requirement=requirement,
                reason=reason,
                note=note,
                valid_from=valid_from,
                expires_on=expires_on,
            )
            self._step(waiver_row, REQUESTED, by, at, "")
        return _ID.format(waiver_row.id)

    def approve(self, exception_id: str, *, by: Person, at: datetime) -> Waiver:
        """Approve it for the known date of surgery."""
        return self._decide(exception_id, APPROVED, by, at, frozenset({REQUESTED}))

    def refuse(self, exception_id: str, *, by: Person, at: datetime, why: str) -> Waiver:
        """Refuse a request."""
        return self._decide(exception_id, REFUSED, by, at, frozenset({REQUESTED}), why)

    def reconfirm(self, exception_id: str, *, by: Person, at: datetime) -> Waiver:
        """Confirm an approved exception for the new date of surgery."""
        return self._decide(exception_id, RECONFIRMED, by, at, frozenset({APPROVED, RECONFIRM}))

    def revoke(self, exception_id: str, *, by: Person, at: datetime, why: str) -> Waiver:
        """End it; it no longer counts from this day on. The requester may end it, too."""
        by.check()
        with writing(self.alias):
            waiver_row = self._row_of(exception_id)
            _expect(self._waivers([waiver_row])[0], frozenset({REQUESTED, APPROVED, RECONFIRM}))
            return self._step(waiver_row, REVOKED, by, at, why)

    def all(self, case_id: str | None = None) -> list[Waiver]:
        """Return every exception, or those of a case, in the order of the requests."""
        every = ExceptionRequest.objects.using(self.alias).order_by("id")
        if case_id is not None:
            every = every.filter(case_id=case_id)
        return self._waivers(every.prefetch_related("steps"))

    def table(
        self, days: Mapping[str, date] | None = None, until: datetime | None = None
    ) -> list[dict[str, str]]:
        """Return rows of the input table `exceptions` (docs/records.md), in the order of their ids.

        days: the planned days of surgery tonight, by case; default: the last days in the store.
            An exception that was approved for another day is given without its approval.
        until: later steps are left out, for a night that is repeated afterwards.
        """
        return [table_row(w) for w in self.standing(days, until) if w.state != REFUSED]

    def standing(
        self, days: Mapping[str, date] | None = None, until: datetime | None = None
    ) -> list[Waiver]:
        """Return every exception in its state then; `days` and `until` as in `table`."""
        every = ExceptionRequest.objects.using(self.alias).order_by("id")
        return self._waivers(every.prefetch_related("steps"), days, until)

    def case_ids(self) -> list[str]:
        """Return the cases for which somebody requested an exception."""
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
    ) -> Waiver:
        by.check()
        with writing(self.alias):
            waiver_row = self._row_of(exception_id)
            waiver = self._waivers([waiver_row])[0]
            _expect(waiver, states)
            name = waiver.exception_id
            if by.role not in APPROVERS:
                raise _refused(
                    f"the role {by.role} may not decide on {name}",
                    f"Ask somebody with the role {APPROVER}",
                )
            if people.identity(by.login) in ("", people.identity(waiver.requested_by)):
                raise _refused(f"the requester of {name} cannot decide on it", "Ask somebody else")
            return self._step(waiver_row, action, by, at, why)

    def _step(
        self, waiver_row: ExceptionRequest, action: str, by: Person, at: datetime, why: str
    ) -> Waiver:
        """Store a step, and return the exception in its new state."""
        name = _ID.format(waiver_row.id)
        last = max((step.at for step in waiver_row.steps.all()), default=at)
        if at < last:
            raise _refused(
                f"the clock shows {_shown(at)}, but the step of {name} before is of {_shown(last)}",
                "Check the clock of this machine",
            )
        when = planned(self.alias, [waiver_row.case_id], self.site).get(waiver_row.case_id)
        step = ExceptionStep.objects.using(self.alias).create(
            exception=waiver_row,
            action=action,
            at=at,
            by=by.login,
            role=by.role,
            surgery_day=when.lo if when else None,
            why=why,
        )
        payload = {
            "exception": name,
            "case": waiver_row.case_id,
            "role": by.role,
            "requirement": waiver_row.requirement,
        }
        new = (waiver_row, step) if action == REQUESTED else (step,)
        Trail(self.alias).append(at, by.login, f"exception_{action}", payload, bound(*new))
        return self._waivers([waiver_row])[0]

    def _row_of(self, exception_id: str) -> ExceptionRequest:
        number = number_of(exception_id)
        found: ExceptionRequest | None = (
            ExceptionRequest.objects.using(self.alias).filter(id=number).first()
        )
        if found is None:
            raise _refused("there is no such exception", "Look for its id in the list")
        return found

    def _waivers(
        self,
        rows: Iterable[ExceptionRequest],
        days: Mapping[str, date] | None = None,
        until: datetime | None = None,
    ) -> list[Waiver]:
        with reading(self.alias):
            every = list(rows)
            if not every:  # true for most cases: the steps of all others need not be read
                return []
            now = planned(self.alias, {one.case_id for one in every}, self.site)
            if days is None:
                days = {case_id: when.lo for case_id, when in now.items()}
            backward = dated_backward(ExceptionStep.objects.using(self.alias))
            return [
                _waiver(one, steps, days.get(one.case_id), self._marks(one, steps, now, backward))
                for one, steps in _each(every, until)
            ]

    def _marks(
        self,
        one: ExceptionRequest,
        steps: Sequence[ExceptionStep],
        now: Mapping[str, When],
        backward: frozenset[int],
    ) -> tuple[str, ...]:
        requested = steps[0].at.astimezone(self.site.zone).replace(tzinfo=None)
        surgery = now.get(one.case_id)
        found = []
        if surgery is not None and requested > surgery.last_moment:
            found.append(AFTER_SURGERY)
        if any(step.id in backward for step in steps):
            found.append(CLOCK_SET_BACK)
        return tuple(found)


def dated_backward(steps: QuerySet[Any]) -> frozenset[int]:
    """Return the rows (with `id` and `at`) that a clock dated before an earlier row."""
    latest: datetime | None = None
    found = set()
    for number, at in steps.order_by("id").values_list("id", "at"):
        if latest is not None and at < latest:
            found.add(number)
        latest = at if latest is None else max(latest, at)
    return frozenset(found)


def number_of(exception_id: str) -> int:
    """Return the number of an exception written as `qi-3` or `3`; for other text 0, never used.

    Ids are compared only here: they are numbers.
    """
    found = _TYPED.fullmatch(exception_id.strip())
    return int(found[1]) if found else 0


def _each(
    every: Iterable[ExceptionRequest], until: datetime | None
) -> Iterator[tuple[ExceptionRequest, list[ExceptionStep]]]:
    """Yield the exceptions with their steps in order, up to then."""
    for one in every:
        done = [s for s in one.steps.all() if not until or s.at <= until]
        if done:
            yield one, sorted(done, key=lambda s: int(s.id))


def _waiver(
    one: ExceptionRequest,
    steps: Sequence[ExceptionStep],
    today: date | None,
    marks: tuple[str, ...],
) -> Waiver:
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
        requested_at=steps[0].at,
        marks=marks,
    )


def table_row(waiver: Waiver) -> dict[str, str]:
    """Return the row of the input table `exceptions`, not approved if it must be reconfirmed."""
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
        "requested_at": when(waiver.requested_at),
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


def _shown(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _refused(what: str, advice: str) -> UserError:
    return UserError(Problem("exceptions", what, "", advice))
