"""Errors for people: where, what, why, and how to fix it; and the exit codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the commands (contract, section 4)."""

    DONE = 0
    FAILED_ON = 1  # done, and --fail-on matched
    INPUT = 2  # the input, the configuration or a rule is wrong
    INTERNAL = 3  # the program or an evaluation failed
    BUSY = 75  # another run of the nightly job is at work
    INTERRUPTED = 130  # Ctrl-C, as shells expect it


@dataclass(frozen=True)
class Problem:
    """Describe one error.

    where: file:line:column, file and row, or the option
    what, why: sentences without the final full stop
    advice: what to do, as a sentence in the imperative
    """

    where: str
    what: str
    why: str = ""
    advice: str = ""

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.what}" if self.where else self.what, self.why, self.advice]
        return " ".join(p if p.endswith((".", "?", "!")) else p + "." for p in parts if p)


class UserError(Exception):
    """Report all errors in the user's input together; exit code 2.

    The text never contains a value of a record, because messages go to logs and mails. It names
    files, rows and columns instead.
    """

    exit_code = Exit.INPUT

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class EvaluationError(UserError):
    """The evaluation itself failed; exit code 3."""

    exit_code = Exit.INTERNAL


# The extra that installs each module. Django belongs to two: `nightly` brings it without the web
# application, so a command of the application names its own extra.
EXTRAS = {
    "adbc_driver_manager": "postgres",
    "adbc_driver_postgresql": "postgres",
    "argon2": "web",
    "axes": "web",
    "babel": "web",
    "csp": "web",
    "django": "nightly",
    "gunicorn": "web",
    "icalendar": "web",
    "mozilla_django_oidc": "web",
    "ninja": "web",
    "pptx": "pptx",
    "psycopg": "postgres",
    "pyspark": "spark",
    "sqlalchemy": "sql",
    "weasyprint": "pdf",
    "whitenoise": "web",
}


def not_installed(module: str, extra: str | None = None) -> UserError:
    """Return the error for a missing module, in one line that names its extra.

    `extra` is that of EXTRAS unless it is given.
    """
    extra = extra or EXTRAS[module]
    what = f"this command needs the extra `{extra}`; the Python package {module} is not installed"
    return UserError(Problem("", what, "", f'Install it: pip install "qi-checker[{extra}]"'))


class PlausibilityWarning(UserWarning):
    """A check of the records as a whole has found something (docs/plausibility.md)."""


def count(number: int, noun: str = "", plural: str = "") -> str:
    """Write a number with its noun: `1 case`, `1,200 cases`."""
    if not noun:
        return f"{number:,}"
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the nearest known word, or list them where nothing is near."""
    import difflib  # only an error needs it

    choices = sorted(known)
    near = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]}?"
    return "Known: " + ", ".join(choices) + "." if choices else ""
