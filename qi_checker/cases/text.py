"""The same pages for a terminal: tables that wrap instead of cutting, readable when piped.

A command that a coordinator types every morning must start at once, so rich is imported only when
text is printed. Colour is never the only sign: the words are the same without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qi_checker.cases import words as case_words
from qi_checker.cases.grouping import LineGroup, grouped
from qi_checker.cases.views import (
    Candidate,
    CaseSheet,
    Checklist,
    ChecklistItem,
    RequirementSheet,
)
from qi_checker.protocol.vocabulary import Verdict
from qi_checker.render import words
from qi_checker.render.terminal import add_row, new_table, put, say, say_first

if TYPE_CHECKING:
    from datetime import date

    from rich.console import Console

    from qi_checker.cases.what_if import WhatIf

_STYLES = {"good": "green", "wait": "green", "warn": "bold red", "bad": "bold red"}


def _stated(word: str, meaning: str) -> str:
    return f"{words.label(word)} ({meaning})"


def _tone(word: str) -> str:
    return _STYLES.get(words.SIGNS[word].tone, "")


def case_text(sheet: CaseSheet, console: Console) -> None:
    """Print everything about one case."""
    say_first(console, sheet.provenance.plausibility)
    verdict = _stated(sheet.verdict, words.VERDICTS[sheet.verdict])
    say(console, f"Case {sheet.case_id}: {verdict}", _tone(sheet.verdict))
    surgery = f"{words.day(sheet.surgery_date)} {sheet.surgery_time}".rstrip()
    say(console, f"Surgery {surgery} ({sheet.case_status}), patient {sheet.patient_id}")
    say(console, f"As of {words.moment(sheet.provenance.as_of)}; {sheet.source}")
    say(console, "; ".join(f"{name}: {value}" for name, value in sheet.facts))
    say(console)
    if sheet.next_action:
        say(console, f"Next action: {sheet.next_action}", "bold")
        owner = sheet.owner or "not named"
        say(console, f"Until: {words.day(sheet.act_by)}. Who: {owner}.")
        for text, act_by, owner in sheet.also:
            say(console, f"Also: {text}. Until: {words.day(act_by)}. Who: {owner}.")
    elif sheet.upcoming or sheet.verdict == Verdict.PENDING:
        say(console, "Next action: nothing to arrange.")
    else:
        say(console, "Next action: none; nothing can be arranged any more.")
    if sheet.upcoming and sheet.latest_surgery_date:
        latest = words.day(sheet.latest_surgery_date)
        say(console, f"Surgery may slip until {latest} and everything still holds.")
    for requirement in sheet.requirements:
        _requirement(requirement, console)
    say(console)
    for problem in sheet.problems:
        say(console, f"Data problem: {problem}")
    _provenance(sheet, console)


def _requirement(requirement: RequirementSheet, console: Console) -> None:
    status = _stated(requirement.status, words.REASONS[requirement.reason])
    say(console)
    say(console, f"{requirement.title}: {status}", _tone(requirement.status))
    group = f" ({requirement.group})" if requirement.group else ""
    say(console, f"Required{group}: {requirement.asks}")
    say(console, requirement.sentence)
    if requirement.window_closes:
        opens = requirement.window_opens
        first = words.day(opens) if opens else "any day"
        say(console, f"Window: {first} to {words.day(requirement.window_closes)}")
    if requirement.exception:
        say(console, f"Exception: {requirement.exception}")
    if not requirement.candidates:
        say(console, "No event of this patient was looked at for it.")
        return
    say(console)
    table = new_table(console, ("Event", "Date", "Result and criteria"), (18, 14, 0))
    for candidate in requirement.candidates:
        add_row(console, table, _event(candidate), case_words.when(candidate), _judged(candidate))
    put(console, table)


def _event(candidate: Candidate) -> str:
    parts = [candidate.event_id, candidate.source, candidate.description]
    return "\n".join(part for part in parts if part)


def _judged(candidate: Candidate) -> str:
    """Return the result, then a line for each criterion."""
    decides = ", and decides" if candidate.chosen else ""
    lines = [case_words.result(candidate).words + decides]
    distance = case_words.days_apart(candidate)
    for criterion in candidate.criteria:
        seen = case_words.judged(candidate, criterion.name, distance)
        seen = "" if seen in criterion.why else seen
        why = "; ".join(part for part in (seen, criterion.why) if part)
        outcome = words.OUTCOMES[criterion.outcome]
        lines.append(f"{criterion.name} {outcome}" + (f": {why}" if why else ""))
    return "\n".join([*lines, *(f"Note: {line}" for line in candidate.advice)])


def checklist_text(checklist: Checklist, console: Console) -> None:
    """Print the coordinator's morning, most urgent first."""
    say_first(console, checklist.provenance.plausibility)
    say(console, f"Checklist for {words.moment(checklist.provenance.as_of)}", "bold")
    say(console, case_words.day_list(checklist))
    for group in grouped(checklist):
        _group(group, checklist.today, console)
    say(console)
    if len(checklist.problems) == 1:
        say(console, f"Data problem: {checklist.problems[0]}")
    elif checklist.problems:
        found = words.label(checklist.data_words)
        say(console, f"{found} may change what is listed; --format html or json lists them.")
    _provenance(checklist, console)


def _group(group: LineGroup, today: date, console: Console) -> None:
    say(console)
    style = "bold red" if group.key in ("overdue", "today") else "bold"
    meaning = f": {group.meaning}" if group.meaning else ""
    say(console, f"{group.heading} ({words.count(len(group.items))}){meaning}", style)
    say(console)
    table = new_table(
        console, ("Last day", "Next action and owner", "Case and surgery"), (14, 0, 18)
    )
    for item in group.items:
        days = words.days_left(item.days_left)
        last = "\n".join([words.planned(item.act_by, today), days] if item.act_by else [])
        surgery = f"{words.planned(item.surgery_date, today)} {item.surgery_time}".rstrip()
        shown = (f"{words.label(name)}: {value}" for name, value in item.shown)
        case = [item.case_id, surgery, *shown, *([item.place] if item.place else [])]
        add_row(console, table, last, _what(item, today), "\n".join(case))
    put(console, table)


def _what(item: ChecklistItem, today: date) -> str:
    """Describe the action, its owner and reason; without an action, what the operation lacks."""
    if item.next_action:
        owner = f"Owner: {item.owner}." if item.owner else ""
        why = f"{words.label(words.REASONS[item.reason])}." if item.reason else ""
        new = "New since the earlier audit." if item.new else ""
        below = " ".join(part for part in (owner, why, new) if part)
        return "\n".join(part for part in (item.next_action, below) if part)
    lines = [f"{words.label(item.verdict)}."]
    if item.latest_surgery_date:
        lines.append(f"Surgery may slip until {words.planned(item.latest_surgery_date, today)}.")
    lines += [f"{title}: {words.REASONS[reason]}." for title, _, reason in item.lacking]
    return " ".join(lines)


def what_if_text(view: WhatIf, console: Console) -> None:
    """Print what moving an operation would change, the outcome first."""
    now, moved = view.now, view.moved
    dates = f"{words.day(now.surgery_date)} to {words.day(moved.surgery_date)}"
    say(console, f"Case {now.case_id}: surgery moved from {dates}", "bold")
    if now.verdict == moved.verdict:
        outcome = f"The verdict stays {words.label(now.verdict).lower()}"
    else:
        before, after = words.label(now.verdict).lower(), words.label(moved.verdict).lower()
        outcome = f"The verdict changes from {before} to {after}"
    meaning = words.VERDICTS[moved.verdict]
    say(console, f"{outcome}: {meaning}.", _tone(moved.verdict))
    if view.latest:
        say(console, f"Everything on record counts for surgery until {words.day(view.latest)}.")
    if moved.next_action:
        say(console, f"Next action after the move: {moved.next_action}", "bold")
        owner = moved.owner or "not named"
        say(console, f"Until: {words.day(moved.act_by)}. Who: {owner}.")
    say(console)
    table = new_table(console, ("Now", "After the move", "Why"), (14, 14, 0))
    for flip in view.flips:
        same = "unchanged: " if not flip.changes else ""
        after = f"{same}{words.label(flip.after).lower()}"
        add_row(console, table, words.label(flip.before), after, f"{flip.title}: {flip.sentence}")
    put(console, table)
    say(console)
    _provenance(now, console)


def _provenance(shown: CaseSheet | Checklist, console: Console) -> None:
    p = shown.provenance
    say(
        console,
        f"Protocol {p.protocol_id} {p.protocol_version} ({p.protocol_sha256[:12]}), "
        f"time zone {p.timezone}, qi-checker {p.program_version}. Not a medical device.",
    )
