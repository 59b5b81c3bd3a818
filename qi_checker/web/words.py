"""Words of verdicts, statuses, reasons and actions in the language of the page.

English stands in the vocabulary of the protocols; here it is translated where it is shown. A test
(tests/web/test_languages.py) reads every word of the vocabulary and asks both languages for it.
"""

from __future__ import annotations

from qi_checker.errors import Problem
from qi_checker.protocol.vocabulary import Reason, Status, Verdict
from qi_checker.render.words import SIGNS, Sign, label
from qi_checker.web.i18n import N_, gettext

CONTACTS = {
    "tried": N_("tried, not reached"),
    "reached": N_("reached"),
    "left_message": N_("left a message"),
}
STATES = {
    "requested": N_("requested"),
    "approved": N_("approved"),
    "refused": N_("refused"),
    "revoked": N_("revoked"),
    "reconfirm": N_("needs reconfirmation"),
    "reconfirmed": N_("reconfirmed"),
}


def verdict_words(verdict: str) -> str:
    """`Action needed`."""
    return gettext(label(verdict)) if verdict in set(Verdict) else verdict


def status_words(status: str) -> str:
    """`Booked`."""
    return gettext(label(status)) if status in set(Status) else status


def reason_words(reason: str) -> str:
    """`too old`."""
    found = next((r.meaning for r in Reason if r.value == reason), "")
    return gettext(found) if found else reason


def sign_of(word: str) -> Sign:
    """The symbol and tone of a status or verdict."""
    return SIGNS.get(word, SIGNS["not_applicable"])


def problem_words(problem: Problem) -> str:
    """What is wrong and what to do, for beside a field: the field says where."""
    return str(Problem("", problem.what, advice=problem.advice))
