"""Show the effect of a changed rule on a terminal, or as a page."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from qi_checker.authoring.diff import CaseChange, Flip, InWindow, RuleDiff, RuleSide
from qi_checker.render import rates, words
from qi_checker.render.html import CASES_SHOWN, environment
from qi_checker.render.terminal import add_row, new_table, put, safe, say

if TYPE_CHECKING:
    from rich.console import Console


def rule_diff_page(view: RuleDiff) -> str:
    """Render the comparison as a page with the first cases; the JSON has them all."""
    template = environment().get_template("authoring/diff.html.j2")
    return template.render(diff=view, sentences=DiffSentences(view), shown=CASES_SHOWN)


class DiffSentences:
    """The sentences shared by the page and the terminal."""

    def __init__(self, view: RuleDiff) -> None:
        self.view = view

    @property
    def finding(self) -> str:
        """Format `15 of 412 cases change; 397 do not (3 of these for another reason, ...).`"""
        view = self.view
        if not view.total:
            return "The records contain no cases."
        changed = len(view.cases)
        verb = "changes" if changed == 1 else "change"
        of = f"{changed:,} of {words.count(view.total, 'case')} {verb}; {view.unchanged:,} do not"
        if view.other_reason:
            of += f" ({view.other_reason:,} of these for another reason, or by another event)"
        return of + "."

    @property
    def moment(self) -> str:
        """Return the moment of both evaluations, and who chose it."""
        moment = f"As of {words.moment(self.view.new.provenance.as_of)}"
        if self.view.as_of_told:
            return moment
        return f"{moment}: the latest day in the records"

    def rate(self, side: RuleSide) -> str:
        """Format `27/30 (90%, 95% CI 74–97)`."""
        return rates.rate_words(side.rate)

    def in_window(self, counted: InWindow | None) -> str:
        """Format `27/30 (90%, 95% CI 74–97)`; a dash if the rule does not have it."""
        if counted is None:
            return "not required"
        if not counted.eligible:
            return "no eligible cases"
        share = rates.share(counted.met, counted.eligible)
        if counted.low is None or counted.high is None or not share.endswith(")"):
            return share
        return f"{share[:-1]}, 95% CI {rates.digits(counted.low)}–{rates.digits(counted.high)})"

    def status(self, status: str, reason: str) -> str:
        """Format `Met (inside the window)`; "Not required" if the rule does not have it."""
        if not status:
            return "Not required"
        return f"{words.label(status)} ({words.REASONS.get(reason, reason)})"


def rule_diff_text(view: RuleDiff, console: Console, limit: int) -> None:
    """Print the result first, then changed keys, the rates, and at most `limit` cases."""
    sentences = DiffSentences(view)
    say(console, sentences.finding, "bold")
    another = "" if view.as_of_told else "; --as-of sets another"
    say(console, f"{sentences.moment}{another}.")
    for name, side in (("Old", view.old), ("New", view.new)):
        versions = ", ".join(side.versions)
        say(console, f"{name}: {side.path}, version {versions}")
    say(console)
    _keys(view, console)
    _rates(view, sentences, console)
    for old, new, number in view.verdicts:
        change = f"{words.label(old).lower()} -> {words.label(new).lower()}"
        say(console, f"{change}: {words.count(number, 'case')}")
    for case in view.cases[:limit]:
        _case(case, sentences, console)
    if len(view.cases) > limit:
        more = words.count(len(view.cases) - limit, "more case")
        say(console)
        say(console, f"and {more}: --format json has them all, --limit shows more.")


def _keys(view: RuleDiff, console: Console) -> None:
    if not view.keys:
        say(console, "The rules are identical.")
    else:
        say(console, "Changes of the rule:", "bold")
    for key in view.keys:
        where = f"{key.where}: {key.path}"
        console.print(safe(console, where), soft_wrap=True)
        _indented(console, f"old: {key.old or 'not there'}")
        _indented(console, f"new: {key.new or 'not there'}")
    for id in view.only_old:
        say(console, f"Only the old rule requires {id}.")
    for id in view.only_new:
        say(console, f"Only the new rule requires {id}.")
    say(console)


def _rates(view: RuleDiff, sentences: DiffSentences, console: Console) -> None:
    table = new_table(
        console, ("", "Before", "After"), (0, 26, 26) if console.width > 70 else (0,) * 3
    )
    add_row(console, table, "Cases that comply", sentences.rate(view.old), sentences.rate(view.new))
    for one in view.requirements:
        add_row(
            console, table, one.title, sentences.in_window(one.old), sentences.in_window(one.new)
        )
    put(console, table)
    say(console, "Eligible cases of the past; the first line leaves out those with an exception.")
    say(console)


def _case(case: CaseChange, sentences: DiffSentences, console: Console) -> None:
    verdicts = words.label(case.old_verdict).lower(), words.label(case.new_verdict).lower()
    change = f"stays {verdicts[1]}" if verdicts[0] == verdicts[1] else " -> ".join(verdicts)
    say(console)
    say(console, f"{case.case_id}, surgery {words.day(case.surgery_date)}: {change}", "bold")
    for flip in case.flips:
        _flip(flip, sentences, console)


def _flip(flip: Flip, sentences: DiffSentences, console: Console) -> None:
    old = sentences.status(flip.old_status, flip.old_reason).lower()
    new = sentences.status(flip.new_status, flip.new_reason).lower()
    _indented(console, f"{flip.title}: {old} -> {new}")
    if flip.old_sentence:
        _indented(console, f"old: {flip.old_sentence}")
    if flip.new_sentence:
        _indented(console, f"new: {flip.new_sentence}")


def _indented(console: Console, text: str) -> None:
    for line in wrap(text, max(20, console.width - 2)) or [""]:
        say(console, f"  {line}")
