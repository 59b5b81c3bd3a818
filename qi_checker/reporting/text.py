"""The same pages for a terminal: tables that wrap instead of cutting, readable when piped.

What a coordinator types every morning must start at once, so rich is imported only when something
is printed. Nothing is marked by colour alone: the words are the same without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from qi_checker.audit.views import (
    AuditPage,
    Candidate,
    CaseSheet,
    Checklist,
    RequirementSheet,
    RulebookPage,
)
from qi_checker.reporting import candidates, rates, words
from qi_checker.reporting.urgency import UrgencyGroup, by_urgency

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from qi_checker.audit.what_if import WhatIf

_ACTIONS_SHOWN = 3  # of the audit, so that its summary stays on one screen of 24 lines
_STYLES = {"good": "green", "concern": "bold red", "neutral": ""}
# A description from another system may hold escape sequences, or turn the direction of the line.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_PLAIN = str.maketrans({"–": "-", "−": "-", "→": "->", "←": "<-", "…": "..."})


def open_console(stream: TextIO | None = None, width: int | None = None) -> Console:
    """A console for these tables. Colour only on a terminal, and not where NO_COLOR is set."""
    from rich.console import Console

    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def _safe(console: Console, text: str) -> str:
    """Text that this console can print: no control characters, nothing outside its encoding."""
    text = _UNPRINTABLE.sub(" ", text)
    if _unicode(console):
        return text
    return text.translate(_PLAIN).encode(console.encoding, "replace").decode(console.encoding)


def _unicode(console: Console) -> bool:
    return console.encoding.lower().replace("-", "").startswith("utf")


def _print(console: Console, shown: str | Table, style: str = "") -> None:
    """Print; what is piped is often pasted into a mail, so there without blanks at line ends."""
    if console.is_terminal:
        console.print(shown, style=style or None, overflow="fold")
        return
    with console.capture() as printed:
        console.print(shown, overflow="fold")
    for line in printed.get().splitlines():
        console.out(line.rstrip(), highlight=False)


def _say(console: Console, text: str = "", style: str = "") -> None:
    _print(console, _safe(console, text), style)


def _table(console: Console, headings: Iterable[str], widths: Iterable[int]) -> Table:
    """A table whose columns are so wide, 0 being what is left; lines only on a terminal."""
    from rich import box
    from rich.table import Table

    lines = box.SIMPLE_HEAD if console.is_terminal and _unicode(console) else None
    table = Table(
        box=lines, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold"
    )
    for heading, width in zip(headings, widths, strict=True):
        table.add_column(heading, overflow="fold", width=width or None, ratio=None if width else 1)
    return table


def _row(console: Console, table: Table, *cells: str) -> None:
    from rich.text import Text

    table.add_row(*(Text(_safe(console, cell)) for cell in cells))


def _stated(word: str, meaning: str) -> str:
    return f"{words.label(word)} ({meaning})"


def _tone(word: str) -> str:
    return _STYLES[words.SIGNS[word].tone]


def case_text(sheet: CaseSheet, console: Console) -> None:
    """Everything about one case."""
    verdict = _stated(sheet.verdict, words.VERDICTS[sheet.verdict])
    _say(console, f"Case {sheet.case_id}: {verdict}", _tone(sheet.verdict))
    surgery = f"{words.day(sheet.surgery_date)} {sheet.surgery_time}".rstrip()
    _say(console, f"Surgery {surgery} ({sheet.case_status}), patient {sheet.patient_id}")
    _say(console, f"As of {words.moment(sheet.provenance.as_of)}; {sheet.source}")
    _say(console, "; ".join(f"{name}: {value}" for name, value in sheet.facts))
    _say(console)
    if sheet.next_action:
        _say(console, f"Next action: {sheet.next_action}", "bold")
        owner = sheet.owner or "not named"
        _say(console, f"Until: {words.day(sheet.act_by)}. Who: {owner}.")
    elif sheet.upcoming:
        _say(console, "Next action: nothing to arrange.")
    else:
        _say(console, "Next action: none; nothing can be arranged any more.")
    if sheet.upcoming and sheet.latest_surgery_date:
        latest = words.day(sheet.latest_surgery_date)
        _say(console, f"Surgery may slip until {latest} and everything still holds.")
    for requirement in sheet.requirements:
        _requirement(requirement, console)
    _say(console)
    for problem in sheet.problems:
        _say(console, f"Data problem: {problem}")
    _provenance(sheet, console)


def _requirement(requirement: RequirementSheet, console: Console) -> None:
    status = _stated(requirement.status, words.REASONS[requirement.reason])
    _say(console)
    _say(console, f"{requirement.title}: {status}", _tone(requirement.status))
    group = f" ({requirement.group})" if requirement.group else ""
    _say(console, f"Required{group}: {requirement.asks}")
    _say(console, requirement.sentence)
    if requirement.window_closes:
        opens = requirement.window_opens
        first = words.day(opens) if opens else "any day"
        _say(console, f"Window: {first} to {words.day(requirement.window_closes)}")
    if requirement.exception:
        _say(console, f"Exception: {requirement.exception}")
    if not requirement.candidates:
        _say(console, "No event of this patient was looked at for it.")
        return
    _say(console)
    table = _table(console, ("Event", "Date", "Result and criteria"), (18, 14, 0))
    for candidate in requirement.candidates:
        _row(console, table, _event(candidate), candidates.when(candidate), _judged(candidate))
    _print(console, table)


def _event(candidate: Candidate) -> str:
    parts = [candidate.event_id, candidate.source, candidate.description]
    return "\n".join(part for part in parts if part)


def _judged(candidate: Candidate) -> str:
    """The result, then a line for each criterion."""
    decides = ", and decides" if candidate.chosen else ""
    lines = [candidates.result(candidate).words + decides]
    for criterion in candidate.criteria:
        seen = candidates.judged(candidate, criterion.name)
        seen = "" if seen in criterion.why else seen
        why = "; ".join(part for part in (seen, criterion.why) if part)
        outcome = words.OUTCOMES[criterion.outcome]
        lines.append(f"{criterion.name} {outcome}" + (f": {why}" if why else ""))
    return "\n".join([*lines, *(f"Note: {line}" for line in candidate.advice)])


def checklist_text(checklist: Checklist, console: Console) -> None:
    """The coordinator's morning, most urgent first."""
    _say(console, f"Checklist for {words.moment(checklist.provenance.as_of)}", "bold")
    _say(console, words.day_list(checklist))
    for group in by_urgency(checklist):
        _group(group, console)
    _say(console)
    for problem in checklist.problems:
        _say(console, f"Data problem: {problem}")
    _provenance(checklist, console)


def _group(group: UrgencyGroup, console: Console) -> None:
    _say(console)
    style = "bold red" if group.key in ("overdue", "today") else "bold"
    _say(console, f"{group.heading} ({words.count(len(group.items))}): {group.meaning}", style)
    _say(console)
    table = _table(console, ("Last day", "Next action and owner", "Case and surgery"), (14, 0, 18))
    for item in group.items:
        last = "\n".join(t for t in (words.day(item.act_by), words.days_left(item.days_left)) if t)
        statuses = (_lacking(*status) for status in item.statuses)
        owner = f"Owner: {item.owner}" if item.owner else ""
        what = "\n".join(t for t in (item.next_action, owner, *statuses) if t)
        case = [item.case_id, words.day(item.surgery_date), words.label(item.verdict)]
        if item.latest_surgery_date:
            case.append(f"may slip until\n{words.day(item.latest_surgery_date)}")
        _row(console, table, last, what, "\n".join(case))
    _print(console, table)


def _lacking(title: str, status: str, reason: str) -> str:
    """A requirement in a line, with the reason where it lacks something."""
    why = "" if status in ("met", "booked") else f", {words.REASONS[reason]}"
    return f"{title}: {words.label(status).lower()}{why}"


def what_if_text(view: WhatIf, console: Console) -> None:
    """What moving an operation would change, the outcome first."""
    now, moved = view.now, view.moved
    dates = f"{words.day(now.surgery_date)} to {words.day(moved.surgery_date)}"
    _say(console, f"Case {now.case_id}: surgery moved from {dates}", "bold")
    if now.verdict == moved.verdict:
        outcome = f"The verdict stays {words.label(now.verdict).lower()}"
    else:
        before, after = words.label(now.verdict).lower(), words.label(moved.verdict).lower()
        outcome = f"The verdict changes from {before} to {after}"
    meaning = words.VERDICTS[moved.verdict]
    _say(console, f"{outcome}: {meaning}.", _tone(moved.verdict))
    if view.latest:
        _say(
            console, f"Everything that is there counts for surgery until {words.day(view.latest)}."
        )
    if moved.next_action:
        _say(console, f"Next action after the move: {moved.next_action}", "bold")
        owner = moved.owner or "not named"
        _say(console, f"Until: {words.day(moved.act_by)}. Who: {owner}.")
    _say(console)
    table = _table(console, ("Now", "After the move", "Why"), (14, 14, 0))
    for flip in view.flips:
        same = "unchanged: " if not flip.changes else ""
        after = f"{same}{words.label(flip.after).lower()}"
        _row(console, table, words.label(flip.before), after, f"{flip.title}: {flip.sentence}")
    _print(console, table)
    _say(console)
    _provenance(now, console)


def audit_summary_text(page: AuditPage, console: Console, report: str) -> None:
    """One screen after an audit: the finding, what needs action, where the report is."""
    _say(console, f"{rates.finding(page)} {rates.against_target(page)}".rstrip(), "bold")
    _say(console)
    _actions(page, console)
    _say(console)
    sizes = rates.list_sizes(page)
    parts = [
        words.count(sizes["failed"]) + " not compliant",
        words.count(sizes["undetermined"]) + " undetermined",
        words.count(sizes["exempt"]) + " covered by an exception",
    ]
    _say(console, "Past operations: " + ", ".join(parts) + ".")
    _reconciliation(page.reconciliation, console)
    if page.problems:
        _say(console, f"{words.count(len(page.problems), 'data problem')}: see the report.")
    _say(console, f"Report: {report}")


def rulebook_summary_text(page: RulebookPage, console: Console, report: str) -> None:
    """After the audit of a rulebook: the rate of every protocol, and where the report is."""
    table = _table(console, ("Protocol", "Compliant in time", "Needs action"), (0, 34, 12))
    for line in page.lines:
        rate, action = rates.rate_words(line.rate), words.count(line.action)
        _row(console, table, line.provenance.protocol_id, rate, action)
    _print(console, table)
    _say(console)
    _reconciliation(page.reconciliation, console)
    _say(console, f"Report: {report}")


def _reconciliation(files: Iterable[tuple[str, int, int, int]], console: Console) -> None:
    for file, read, used, rejected in files:
        counts = f"{read:,} read = {used:,} used + {rejected:,} rejected"
        _say(console, f"{file}: {counts}.", "bold red" if rejected else "")


def _actions(page: AuditPage, console: Console) -> None:
    total = rates.list_sizes(page)["action"]
    if not total:
        _say(console, "No upcoming operation needs action.")
        return
    verb = "needs" if total == 1 else "need"
    first = f"; the first {_ACTIONS_SHOWN}" if total > _ACTIONS_SHOWN else ""
    _say(console, f"{words.count(total, 'upcoming operation')} {verb} action now{first}:", "bold")
    table = _table(console, ("Last day", "Next action and owner", "Case"), (14, 0, 18))
    for line in page.action[:_ACTIONS_SHOWN]:
        owner = f"\nOwner: {line.owner}" if line.owner else ""
        _row(console, table, words.day(line.act_by), line.sentence + owner, line.case_id)
    _print(console, table)


def _provenance(shown: CaseSheet | Checklist, console: Console) -> None:
    p = shown.provenance
    _say(
        console,
        f"Protocol {p.protocol_id} {p.protocol_version} ({p.protocol_sha256[:12]}), "
        f"time zone {p.timezone}, qi-checker {p.program_version}. Not a medical device.",
    )
