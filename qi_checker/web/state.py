"""The state of a case behind a form, so that nothing is decided on an outdated page.

A form carries it signed. If the case has changed when the form comes back, nothing is written: the
page is shown again with the typed values and the changes; a second submission is accepted.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.core import signing

from qi_checker.store.desk.models import WorkItem
from qi_checker.store.people.reads import Thread
from qi_checker.web import i18n
from qi_checker.web.i18n import gettext
from qi_checker.web.runtime import store
from qi_checker.web.words import verdict_words

_SALT = "qi.seen"


@dataclass(frozen=True)
class State:
    """The facts behind a decision about a case."""

    surgery: dict[str, str]  # by protocol: as in the records
    verdicts: dict[str, str]
    evidence: dict[str, str]
    exceptions: dict[str, str]  # id and state
    waits: dict[str, int]  # by protocol: the number of the last wait
    ious: int  # the last ultrasound entry

    def signed(self) -> str:
        """Sign the state for a hidden field."""
        return str(signing.dumps(asdict(self), salt=_SALT, compress=True))


def state_of(items: list[WorkItem], thread: Thread) -> State:
    """Return the current state of the case."""
    case_id = items[0].case_id if items else ""
    waits: dict[str, int] = {}
    for wait in reversed(thread.waits):
        waits[wait.protocol] = wait.id
    return State(
        surgery={i.protocol: i.surgery_at for i in items},
        verdicts={i.protocol: i.verdict for i in items},
        evidence={i.protocol: i.evidence for i in items},
        exceptions={x.exception_id: x.state for x in store().exceptions.all(case_id)},
        waits=waits,
        ious=thread.ious[0].id if thread.ious else 0,
    )


def differences(seen: str, now: State) -> list[str]:
    """Describe the changes since a page was shown; an unreadable state counts as outdated."""
    try:
        then: dict[str, Any] = signing.loads(seen, salt=_SALT)
        old = State(**then)
    except (signing.BadSignature, TypeError):
        return [gettext("This page is out of date.")]
    return [*_surgery(old, now), *_judged(old, now), *_decided(old, now)]


def _surgery(old: State, now: State) -> list[str]:
    pairs = {(old.surgery.get(p, ""), at) for p, at in now.surgery.items()}
    moved = sorted((a, b) for a, b in pairs if a != b)
    text = gettext("Surgery was moved from %(before)s to %(after)s.")
    return [text % {"before": i18n.planned(a) or "–", "after": i18n.planned(b)} for a, b in moved]


def _judged(old: State, now: State) -> list[str]:
    changes = []
    for protocol, verdict in now.verdicts.items():
        before = old.verdicts.get(protocol)
        if before != verdict:
            text = gettext("The case was “%(before)s” and is now “%(after)s”.")
            words = {"before": verdict_words(before or "–"), "after": verdict_words(verdict)}
            changes.append(text % words)
        elif old.evidence.get(protocol) != now.evidence[protocol]:
            changes.append(gettext("The records of the case have changed."))
    return changes


def _decided(old: State, now: State) -> list[str]:
    changes = []
    for name, standing in sorted(now.exceptions.items()):
        if old.exceptions.get(name) != standing:
            text = gettext("Exception %(name)s is now: %(state)s.")
            changes.append(text % {"name": name, "state": gettext(standing)})
    if old.waits != now.waits:
        changes.append(gettext("Somebody changed how long the case waits."))
    if old.ious != now.ious:
        changes.append(gettext("Somebody entered or corrected the ultrasound."))
    return changes
