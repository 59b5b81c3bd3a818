"""Words of verdicts, statuses, reasons and actions in the language of the page.

The vocabulary of the protocols has the English words; here they are translated for display. A test
(tests/web/test_languages.py) checks every word of the vocabulary in both languages.
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
    """Translate a verdict, such as `Action needed`."""
    return gettext(label(verdict)) if verdict in set(Verdict) else verdict


def status_words(status: str) -> str:
    """`Booked`."""
    return gettext(label(status)) if status in set(Status) else status


def reason_words(reason: str) -> str:
    """Translate a reason, such as `too old`."""
    meaning = next((r.meaning for r in Reason if r.value == reason), "")
    return gettext(meaning) if meaning else reason


def sign_of(word: str) -> Sign:
    """Return the symbol and tone of a status or verdict."""
    return SIGNS.get(word, SIGNS["not_applicable"])


def problem_words(problem: Problem) -> str:
    """Describe a problem and what to do, for display beside its field."""
    return str(Problem("", problem.what, advice=problem.advice))
