"""Add the flaws of real exports: broken rows, invalid exceptions, late records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from qi_checker.demo.ledger import AS_OF, CT, MRI, Case, Hospital

TOMORROW = AS_OF + timedelta(days=1)


def add_flaws(h: Hospital, complete: Sequence[Case]) -> None:
    """Add flaws to past cases that have both scans, so that no rate depends on a flaw."""
    past = [c for c in complete if c.lead < -60]
    _cases(h, past)
    _events(h, past)
    _exceptions(h, past)


def _cases(h: Hospital, past: Sequence[Case]) -> None:
    # One operation from before the protocol, one that nobody closed, two rows that cannot be used.
    old = Case("SYN-C-9001", past[0].patient_id, past[0].day.replace(year=2019))
    common = {
        "procedures": "CCI:1.OA.87.LA",
        "diagnoses": "ICD-10:C78.7",
        "site": "Synthetic General",
    }
    h.cases.append(
        {
            "case_id": old.case_id,
            "patient_id": old.patient_id,
            "surgery_at": old.day.isoformat(),
            "status": "performed",
            **common,
        }
    )
    forgotten = next(row for row in h.cases if row["case_id"] == past[1].case_id)
    forgotten["status"] = "scheduled"
    forgotten.pop("started_at", None)
    h.cases.append(
        {
            "case_id": "SYN-C-9002",
            "patient_id": "SYN-P-9002",
            "surgery_at": "to be announced",
            "status": "scheduled",
            **common,
        }
    )
    h.cases.append(dict(h.cases[4], surgeon="Synthetic surgeon B, again"))  # a duplicate id


def _events(h: Hospital, past: Sequence[Case]) -> None:
    first = next(row for row in h.events if row["patient_id"] == past[2].patient_id)
    h.events.append(dict(first))  # delivered twice
    h.events.append(dict(first, description="the same number for something else", kind="visit"))
    h.scan(past[3], CT[0], past[3].back(9), status="done")
    h.scan(past[4], CT[0], past[4].back(9), at="31/02/2026 ca.")
    h.scan(past[5], MRI[0], past[5].back(9), patient_id="")
    h.scan(past[6], MRI[0], past[6].back(9), status="entered-in-error")
    # Not known on the evening of the evaluation.
    for case in past[7:9]:
        h.scan(case, MRI[0], case.back(2), recorded_at=f"{TOMORROW.isoformat()}T08:00")
    h.scan(past[9], CT[0], TOMORROW, status="completed", recorded_at="")


def _exceptions(h: Hospital, past: Sequence[Case]) -> None:
    """Add two exceptions that were not needed, and one for each reason to ignore an exception."""
    start = {c.case_id: c.back(12) for c in past}
    cases = iter(past[10:])

    def enter(**columns: str) -> None:
        case = next(cases)
        requirement = columns.pop("requirement", "mri")
        h.exception(
            columns.pop("case_id", case.case_id), requirement, start[case.case_id], **columns
        )

    enter()
    enter(reason="patient-declined")
    enter(recorded_at=TOMORROW.isoformat())
    enter(case_id="SYN-C-0000")
    enter(requirement="ultrasound")
    enter(approved_by="", approved_at="")
    enter(approved_at=TOMORROW.isoformat())
    enter(requested_by="")
    enter(approved_by="synthetic surgeon a")
    enter(reason="inconvenient")
    enter(valid_from="", expires_on="")
    last = next(cases)
    early = start[last.case_id] - timedelta(days=100)
    h.exception(last.case_id, "mri", early, expires_on=last.day.isoformat())
    expired = next(cases)
    h.exception(expired.case_id, "mri", expired.back(90), expires_on=expired.back(40).isoformat())
    revoked = next(cases)
    h.exception(revoked.case_id, "mri", revoked.back(12), revoked_at=revoked.back(3).isoformat())
