"""A night for the pages and mails of the digest."""

from __future__ import annotations

from qi_checker.digest.contents import Digest, digest
from tests.helpers.snapshots import NIGHT_1, NIGHT_2, audit, found, line

ACTION = "Book an MRI between 2026-03-02 and 2026-03-12; arrange it by 2026-03-05."


def night(cases: int = 1, changed: int = 1) -> Digest:
    """Make a digest of `cases` cases at risk, and of `changed` changes of each kind."""
    now = [
        found(f"R{i:03}", status="due", reason="never_ordered", act_by="2026-03-05")
        for i in range(cases)
    ]
    before = list(now)
    for i in range(changed):
        before.append(found(f"N{i:03}", status="due", reason="never_ordered"))
        now.append(found(f"N{i:03}", status="unknown", reason="feed_stale"))
        before.append(found(f"S{i:03}", status="missing", reason="never_ordered"))
        now.append(found(f"S{i:03}", status="met", reason="in_window", event_id="E"))
    ids = sorted({f["case_id"] for f in now})
    risk = {
        "verdict": "action_needed",
        "next_action": ACTION,
        "act_by": "2026-03-05",
        "owner": "MRI desk",
    }
    lines = tuple(line(i, "2026-03-12", **(risk if i.startswith("R") else {})) for i in ids)
    earlier = audit(*before, as_of=NIGHT_1, surgery="2026-03-12")
    return digest(audit(*now, as_of=NIGHT_2, data="d2", cases=lines), earlier)
