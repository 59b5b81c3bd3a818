"""The contents and limits of the synthetic hospital."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from qi_checker.protocol.vocabulary import Reason

# Not part of the liver protocol, or dependent on a site's feeds or an earlier night.
NOT_FROM_DATA = {
    Reason.EVALUATION_ERROR,
    Reason.FEED_STALE,
    Reason.EXPIRED_BY_RESCHEDULE,
    Reason.TOO_EARLY,
    Reason.TOO_LATE,
    Reason.WRONG_PROVENANCE,
    Reason.WRONG_VALUE,
    Reason.TOO_FEW,
    Reason.TOO_CLOSE,
    Reason.EVENT_BETWEEN,
    Reason.BETWEEN_UNKNOWN,
    Reason.NONE_FOUND,
    Reason.WINDOW_NOT_CLOSED,
    Reason.FORBIDDEN_EVENT,
    Reason.NO_SUCH_RECORDS,
    Reason.UNTIMED,
    Reason.UNDATED,
    Reason.ANCHOR_UNKNOWN,
    Reason.CONDITION_NOT_MET,
    Reason.CONDITION_UNKNOWN,
}


def few_cases(demo: Path, folder: Path, every: int = 20) -> None:
    """Write every n-th case of a demo with all events of its patients, and the demo's site.

    A file that is simply truncated is not plausible: most of its patients have no event.
    """
    chosen: set[str] = set()
    for name in ("cases", "events"):
        with (demo / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        patient = header.index("patient_id")
        if name == "cases":
            rows = rows[::every]
            chosen = {row[patient] for row in rows}
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file, lineterminator="\n")
            lines.writerows([header, *(row for row in rows if row[patient] in chosen)])
    shutil.copy(demo / "site.yaml", folder)
