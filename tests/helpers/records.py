"""Records for tests: one operation on 31 May 2026, and its imaging."""

from __future__ import annotations

Row = dict[str, str | None]
# Settings for few rows, made for another subject than whether they are plausible.
SITE = "timezone: America/Toronto\nplausibility: off\n"


def case(case_id: str = "C1", surgery_at: str = "2026-05-31T08:00", **columns: str | None) -> Row:
    """Make a performed resection of liver metastases of patient P1."""
    return {
        "case_id": case_id,
        "patient_id": "P1",
        "surgery_at": surgery_at,
        "status": "performed",
        "procedures": "ICD-10-PCS:0FB00ZZ",
        "diagnoses": "ICD-10-CM:C78.7",
    } | columns


def event(at: str | None, event_id: str = "E1", **columns: str | None) -> Row:
    """Make a completed imaging study of P1 without recorded modality or region."""
    return {
        "event_id": event_id,
        "patient_id": "P1",
        "kind": "imaging",
        "status": "completed",
        "at": at,
    } | columns


def scan(at: str | None, event_id: str = "E1", **columns: str | None) -> Row:
    """Make a completed CT of the liver of P1."""
    return event(at, event_id, **{"modality": "CT", "region": "liver"} | columns)


def mr_scan(at: str | None, event_id: str = "E2", **columns: str | None) -> Row:
    """Make a completed MRI of the liver of P1."""
    return event(at, event_id, **{"modality": "MR", "region": "liver"} | columns)


def therapy(at: str | None, event_id: str = "T1", **columns: str | None) -> Row:
    """Make a therapy of P1."""
    return event(at, event_id, **{"kind": "therapy"} | columns)


def exception(exception_id: str = "X1", requirement: str = "mri", **columns: str | None) -> Row:
    """Make an approved exception of case C1 that is valid on the day of surgery."""
    return {
        "exception_id": exception_id,
        "case_id": "C1",
        "requirement": requirement,
        "reason": "contraindication-mri",
        "requested_by": "Dr Adams",
        "approved_by": "Dr Baker",
        "approved_at": "2026-05-20",
        "valid_from": "2026-05-20",
        "expires_on": "2026-06-20",
    } | columns
