"""What each step of a query decides, in a line: the comments of `rules sql`."""

from __future__ import annotations

_STEPS = {
    # the population
    "numbered": "every case with the number of the version that speaks for it",
    "judged": "the same with what is decided from it",
    "population": "every case, with the reason why nothing is asked of it, if there is one",
    # findings
    "requirements": "what is asked for, one row each",
    "asked": "numbers of what is asked for",
    "profile_criteria": "what events that look alike fulfil, of code, modality, region and so on:"
    " 0 passes, 1 is undecided, 2 fails",
    "profiles": "the same with the number of criteria that are open, the worst, and its reason",
    "cases": "the cases, with the events that were chosen for other requirements",
    "pairs": "every event that comes near a requirement with its case: the first and last days on"
    " which it counts",
    "dated": "whether the dates of the window hold, and how far the event is from it",
    "decided": "whether status and window hold",
    "criteria": "every criterion of every event, and the reason of the first that does not pass",
    "readable_doubts": "rejected rows that can be read in part, with the days on which they would"
    " count",
    "dated_doubts": "the same with what their dates say",
    "doubts": "rejected rows that could be the event that is missing",
    "candidates": "events and rejected rows with one number to sort them by: the class, open"
    " criteria, distance, the latest first",
    "best": "the event that decides, per case and requirement",
    "done": "the next event, counted back, that is done and far enough from the last",
    "planned": "the same together with appointments",
    "bookings": "the same of appointments alone",
    "picks": "all events that were counted",
    "tally": "how many events were counted",
    "found": "what was found for each requirement: its class and the event",
    "active_exceptions": "the exceptions that hold, the one that lasts longest",
    "joined": "every requirement of every case with what was found for it",
    "settled": "the same, with a booking in the place of an event that no longer counts",
    "grounded": "the same with the reason that the records alone give",
    "reasoned": "the same with status and reason",
    "facts": "status, reason and evidence; empty where it does not apply",
    # cases
    "wide": "one row per case, its requirements side by side",
    "chosen": "the same with the requirement that is next",
    "verdicts": "the verdict of every case, what is next, and until when it holds",
    # words
    "full": "findings with every column that sentences need",
    "worded": "what was found, and what to do",
    "findings": "the whole sentence",
}


def described(name: str) -> tuple[str, str]:
    """(step, what it decides) of the name of a step, which may end in a number or a part."""
    known = [step for step in _STEPS if name == step or name.startswith(f"{step}_")]
    if not known:
        return name, "a step on the way"
    step = max(known, key=len)
    more = " (of what lies between)" if name.endswith("_between") else ""
    return step, _STEPS[step] + more
