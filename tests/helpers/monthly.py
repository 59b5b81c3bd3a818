"""Monthly reports of a few synthetic operations, without files or the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pandas as pd

from qi_checker.engines.duckdb import evaluate
from qi_checker.monthly.rejudged import earlier
from qi_checker.monthly.report import compared_with, judged_then, monthly
from qi_checker.monthly.views import Monthly
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.report_settings import LoadedSettings, ReportSettings
from qi_checker.protocol.site import Site
from qi_checker.sources.memory import from_frames
from tests.helpers.records import Row, case, exception, mr_scan, scan

SHIPPED = rules_dir() / "hepatic-metastasectomy-imaging"


@dataclass
class Records:
    """Rows of the tables, operation by operation."""

    cases: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    exceptions: list[Row] = field(default_factory=list)

    def add(
        self,
        day: str | date,
        ct: int | None = 10,
        mri: int | None = 10,
        *,
        waived: bool = False,
        partial: bool = False,
        recorded: str = "",
        **columns: str,
    ) -> str:
        """Add one operation with scans this many days before; return its id.

        `partial`: only the month of the MRI is known. `recorded`: when both scans became known.
        """
        day = date.fromisoformat(str(day))
        id = f"C{len(self.cases) + 1:04}"
        patient = {"patient_id": f"P-{id}"}
        known = {"recorded_at": recorded} if recorded else {}
        self.cases.append(case(id, f"{day}T08:00", **patient, **columns))
        if ct is not None:
            at = f"{day - timedelta(days=ct)}"
            self.events.append(scan(at, f"{id}-ct", **patient, **known))
        if mri is not None:
            at = f"{day - timedelta(days=mri)}"
            self.events.append(mr_scan(at[:7] if partial else at, f"{id}-mri", **patient, **known))
        if waived:
            self.exceptions.append(
                exception(
                    f"X-{id}",
                    case_id=id,
                    approved_at=f"{day}",
                    valid_from=f"{day}",
                    expires_on=f"{day + timedelta(days=1)}",
                )
            )
        return id


def settings(**keys: Any) -> LoadedSettings:
    return LoadedSettings(ReportSettings.model_validate(keys))


def report(
    records: Records,
    month: str,
    loaded: LoadedSettings | None = None,
    *,
    as_of: str = "",
    by: str = "",
    protocol: Any = None,
) -> Monthly:
    """Make the report as the command does, compared with a month ago.

    It takes two evaluations, so each report is made once for all tests of a process; none changes
    it.
    """
    key = repr((records, month, loaded, as_of, by, protocol))
    if key not in _MADE:
        _MADE[key] = _report(records, month, loaded, as_of, by, protocol)
    return _MADE[key]


_MADE: dict[str, Monthly] = {}


def _report(
    records: Records,
    month: str,
    loaded: LoadedSettings | None,
    as_of: str,
    by: str,
    protocol: Any,
) -> Monthly:
    from qi_checker.monthly.cases import last_day

    site = Site(timezone="America/Toronto")
    bundle = load_protocol(protocol or SHIPPED)
    frames = {"cases": _frame(records.cases, case()), "events": _frame(records.events, scan(""))}
    if records.exceptions:
        frames["exceptions"] = _frame(records.exceptions, exception())
    raw = from_frames(frames, site=site)
    try:
        then = evaluate(bundle, raw, AsOf(compared_with(month)), site)
        before = earlier(compared_with(month), judged_then(then, month))
        now = evaluate(bundle, raw, AsOf.parse(as_of or str(last_day(month))), site)
        return monthly(now, month, loaded or settings(), by, before)
    finally:
        raw.con.close()


def _frame(rows: Sequence[Row], like: Row) -> pd.DataFrame:
    return pd.DataFrame(list(rows)) if rows else pd.DataFrame(columns=list(like))


def typical() -> Records:
    """Make three operations a month, January 2025 to February 2026, with a bit of everything."""
    made = Records()
    for n in range(14):
        year, month = 2025 + n // 12, n % 12 + 1
        first = date(year, month, 3)
        made.add(first, surgeon="Adams", site="North")
        made.add(
            first + timedelta(days=7), mri=None if n % 2 else 45, surgeon="Baker", site="North"
        )
        made.add(first + timedelta(days=14), ct=20, mri=5, surgeon="Adams", site="South")
    made.add("2026-02-20", waived=True, mri=None, surgeon="Baker", site="South")
    made.add("2026-02-21", partial=True, mri=25, surgeon="Baker", site="South")
    made.add("2025-12-20", recorded="2026-02-10", surgeon="Adams", site="North")
    made.add("2026-02-22", urgency="emergency", surgeon="Adams", site="North")
    return made


FULL = settings(
    organisation="Synthetic General Hospital (made up)",
    contact="quality@example.org",
    reference="QI-2026-07",
    comment="Made-up records.",
    baseline={"first": "2025-01", "last": "2025-06"},
    targets=[{"from": "2025-01-01", "target": "80%"}, {"from": "2026-02-01", "target": "90%"}],
    happened=[{"date": "2025-07-15", "what": "MRI slots reserved on Tuesdays"}],
    actions=[
        {"action": "Reserve two MRI slots a week", "owner": "Radiology", "due": "2026-01-31"},
        {"action": "Add the rule to the order set", "owner": "Surgery", "due": "2026-05-01"},
        {
            "action": "Show the checklist in the huddle",
            "owner": "Surgery",
            "due": "2025-12-01",
            "done": "2025-11-20",
        },
    ],
)
