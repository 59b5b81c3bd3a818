"""One screen after an audit: the finding, what needs action, where the report is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qi_checker.audit import words as sentences
from qi_checker.audit.views import AuditPage, RulebookPage
from qi_checker.render import rates, words
from qi_checker.render.terminal import add_row, new_table, put, say, say_first

if TYPE_CHECKING:
    from rich.console import Console

_ACTIONS_SHOWN = 3  # so that the summary stays on one screen of 24 lines


def audit_summary_text(page: AuditPage, console: Console, report: str) -> None:
    """Print one screen after an audit: the finding, what needs action, where the report is."""
    say_first(console, page.provenance.plausibility)
    say(console, f"{sentences.finding(page)} {sentences.against_target(page)}".rstrip(), "bold")
    say(console)
    _actions(page, console)
    say(console)
    sizes = sentences.list_sizes(page)
    parts = [
        words.count(sizes["failed"]) + " not compliant",
        words.count(sizes["undetermined"]) + " undetermined",
        words.count(sizes["exempt"]) + " covered by an exception",
    ]
    say(console, "Past operations: " + ", ".join(parts) + ".")
    _reconciliation(page.reconciliation, console)
    if page.problems:
        say(console, f"{words.count(len(page.problems), 'data problem')}: see the report.")
    say(console, f"Report: {report}")


def rulebook_summary_text(page: RulebookPage, console: Console, report: str) -> None:
    """Print the rate of every protocol after the audit of a rulebook, and where the report is."""
    say_first(console, page.plausibility)
    table = new_table(console, ("Protocol", "Compliant in time", "Needs action"), (0, 34, 12))
    for line in page.lines:
        rate, action = (
            rates.rate_words(line.rate, line.provenance.no_data),
            words.count(line.action),
        )
        add_row(console, table, line.provenance.protocol_id, rate, action)
    put(console, table)
    say(console)
    _reconciliation(page.reconciliation, console)
    say(console, f"Report: {report}")


def _reconciliation(files: Iterable[tuple[str, int, int, int]], console: Console) -> None:
    for file, read, used, rejected in files:
        counts = f"{read:,} read = {used:,} used + {rejected:,} rejected"
        say(console, f"{file}: {counts}.", "bold red" if rejected else "")


def _actions(page: AuditPage, console: Console) -> None:
    total = sentences.list_sizes(page)["action"]
    if not total:
        say(console, sentences.nothing_to_do(page))
        return
    say(console, f"{page.actions.words} {page.actions.later_words}".rstrip(), "bold")
    table = new_table(console, ("Last day", "Next action and owner", "Case"), (14, 0, 18))
    for line in page.action[:_ACTIONS_SHOWN]:
        owner = f"\nOwner: {line.owner}" if line.owner else ""
        add_row(console, table, words.day(line.act_by), line.sentence + owner, line.case_id)
    put(console, table)
