"""Checks that the page of a case agrees with its finding, for every status and reason."""

from __future__ import annotations

from qi_checker.cases.rows import Origin
from qi_checker.cases.sheets import Sheets
from qi_checker.cases.views import RequirementSheet
from qi_checker.judging import CaseTrace
from qi_checker.protocol.records import TABLES, RawTable
from qi_checker.protocol.vocabulary import Reason, Status
from tests.helpers import sheets as made_up

_SHEETS = Sheets(
    Origin({name: RawTable(name, f"{name}.csv", (), "") for name in TABLES}), made_up.PROVENANCE, ()
)
# Reasons that come from the first criterion that the deciding event does not pass.
OF_A_CRITERION = {
    Reason.EXCLUDED_CODE,
    Reason.WRONG_MODALITY,
    Reason.WRONG_REGION,
    Reason.WRONG_PROVENANCE,
    Reason.WRONG_VALUE,
    Reason.ORDERED_NOT_BOOKED,
    Reason.CANCELLED,
    Reason.BOOKING_PASSED,
    Reason.BOOKED_OUTSIDE_WINDOW,
    Reason.AFTER_SURGERY,
    Reason.TOO_OLD,
    Reason.TOO_EARLY,
    Reason.TOO_LATE,
    Reason.PARTIAL_DATE,
    Reason.SAME_DAY_UNTIMED,
    Reason.UNTIMED,
    Reason.UNDATED,
}
_REASONS = {str(reason): reason for reason in Reason}
_PASSING = {Reason.IN_WINDOW, Reason.BOOKED_IN_WINDOW, Reason.FORBIDDEN_EVENT}


def check_page(trace: CaseTrace) -> None:
    """Assert that the sheet of a case agrees with its findings, down to the criterion."""
    sheet = _SHEETS.sheet(trace)
    assert sheet.verdict == trace.verdict
    for shown, finding in zip(sheet.requirements, trace.findings, strict=True):
        values = (shown.id, shown.status, shown.reason, shown.sentence, shown.event_id or None)
        names = ("requirement", "status", "reason", "sentence", "event_id")
        assert values == tuple(finding[name] for name in names)
        _check_event(shown)


def _check_event(shown: RequirementSheet) -> None:
    """Assert that the deciding event is shown, and fails for the reason of the finding."""
    reason, chosen = _REASONS[shown.reason], [c for c in shown.candidates if c.chosen]
    assert len(chosen) <= 1
    if not shown.event_id or shown.status == Status.EXEMPT:
        return
    assert [c.event_id for c in chosen] == [shown.event_id], shown
    open_criteria = [c.why for c in chosen[0].criteria if c.outcome != "pass"]
    if reason in OF_A_CRITERION and shown.reason != "rejected_record":
        assert open_criteria[:1] == [reason.meaning], shown
    if reason in _PASSING:
        assert not open_criteria, shown
