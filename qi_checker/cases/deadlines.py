"""The last days of a checklist's actions as a calendar file (RFC 5545). Ids of cases only."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, time, timedelta

from qi_checker.cases.grouping import lines_of
from qi_checker.cases.views import Checklist
from qi_checker.errors import Problem, UserError
from qi_checker.protocol.as_of import AsOf


def calendar_of(checklist: Checklist) -> str:
    """Make an all-day entry for each action on its last day. Raise UserError without `icalendar`.

    The file depends only on the checklist: the time stamp of an entry is the moment of the
    evaluation.
    """
    try:
        from icalendar import Calendar, Event
    except ImportError:
        advice = "Install it: pip install 'qi-checker[web]'"
        raise UserError(
            Problem("--format ics", "needs the package icalendar", "", advice)
        ) from None
    made = Calendar()
    made.add("prodid", "-//qi-checker//deadlines//EN")
    made.add("version", "2.0")
    made.add("x-wr-calname", checklist.desk or checklist.provenance.protocol_title)
    as_of = AsOf.parse(checklist.provenance.as_of)
    stamp = (as_of.clock or datetime.combine(as_of.date, time.max)).replace(microsecond=0)
    for line in (line for item in checklist.items for line in lines_of(item)):
        if line.act_by is not None:
            key = f"{checklist.provenance.protocol_id} {line.case_id} {line.requirement}"
            entry = Event()
            entry.add("uid", hashlib.sha256(key.encode()).hexdigest()[:32] + "@qi-checker")
            entry.add("dtstamp", stamp.replace(tzinfo=UTC))
            entry.add("summary", f"{line.next_action}: case {line.case_id}")
            entry.add("dtstart", line.act_by)
            entry.add("dtend", line.act_by + timedelta(days=1))
            entry.add("class", "PRIVATE")
            entry.add("transp", "TRANSPARENT")
            made.add_component(entry)
    text: bytes = made.to_ical()
    return text.decode()
