"""A year of liver surgery in a hospital that does not exist."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from qi_checker.demo.chance import Chance
from qi_checker.demo.flaws import add_flaws
from qi_checker.demo.ledger import (
    AS_OF,
    CHEST_CT,
    CT,
    MRI,
    PET_CT,
    RECTAL_MRI,
    ULTRASOUND,
    Case,
    Hospital,
    Row,
    Study,
)
from qi_checker.demo.stories import LATER, PAST, SOON, Pair, in_window, much_too_old, too_old

__all__ = ["AS_OF", "build"]

FIRST_DAY, LAST_DAY, OPERATIONS = date(2025, 7, 2), date(2026, 6, 30), 246
# The number of operations that are not liver resections for metastases, or are excluded.
OTHERS: tuple[tuple[int, Row], ...] = (
    (3, {"procedures": "CCI:1.OA.59"}),
    (2, {"procedures": "ICD-10-PCS:0FB03ZX"}),
    (4, {"diagnoses": "ICD-10:C22.0"}),
    (3, {"urgency": "emergency"}),
    (1, {"procedures": "ICD-10-PCS:0FT10ZZ;ICD-10-PCS:0FY00Z0"}),
    (7, {"status": "cancelled"}),
)
PROCEDURES = (
    "CCI:1.OA.87.LA",
    "CCI:1.OA.87.LA",
    "CCI:1.OA.87.DA",
    "ICD-10-PCS:0FB00ZZ",
    "ICD-10-PCS:0FT10ZZ",
    "ICD-10-PCS:0DTN0ZZ;ICD-10-PCS:0FB10ZZ",
)
DIAGNOSES = (
    "ICD-10:C18.7;ICD-10:C78.7",
    "ICD-10:C20;ICD-10:C78.7",
    "ICD-10:C78.7",
    "ICD-10-CM:C78.7",
)


def build(seed: int, holidays: Sequence[date]) -> Hospital:
    """Build everything that happened, in the order of the operations."""
    h = Hospital(Chance(seed))
    cases = _operations(h, holidays)
    others = dict(zip((c.case_id for c in h.chance.shuffled(cases)), _spread(OTHERS), strict=False))
    judged = [c for c in cases if c.case_id not in others]
    pairs = _pairs(h, judged)
    for case in cases:
        pair = pairs.get(case.case_id, (in_window, in_window))
        _case(h, case, others.get(case.case_id, {}), pair)
        _background(h, case, pair)
        pair[0](h, case, "ct")
        pair[1](h, case, "mri")
        _ultrasound_in_theatre(h, case, case.case_id in others)
    complete = [c for c in judged if pairs[c.case_id] == (in_window, in_window)]
    add_flaws(h, complete)
    return h


def _spread(counted: Sequence[tuple[int, Row]]) -> list[Row]:
    return [row for count, row in counted for _ in range(count)]


def _operations(h: Hospital, holidays: Sequence[date]) -> list[Case]:
    """Plan operations on working days; some patients return for a second stage."""
    length = (LAST_DAY - FIRST_DAY).days
    days = [FIRST_DAY + timedelta(days=n) for n in range(length + 1)]
    working = [d for d in days if d.weekday() < 5 and d not in holidays]
    dates = sorted(h.chance.pick(working) for _ in range(OPERATIONS))
    cases: list[Case] = []
    returning: dict[date, str] = {}
    for n, day in enumerate(dates, start=1):
        due = next((d for d in returning if d <= day), None)
        patient = returning.pop(due) if due else f"SYN-P-{n:04d}"
        if not due and h.chance.one_in(0.05):
            returning[day + timedelta(days=35)] = patient
        cases.append(Case(f"SYN-C-{n:04d}", patient, day))
    return cases


def _pairs(h: Hospital, cases: Sequence[Case]) -> dict[str, Pair]:
    """Assign a story to each case."""
    assigned: dict[str, Pair] = {}
    special = [pair for count, pair in PAST for _ in range(count)]
    past = [c for c in cases if c.lead <= 0]
    assigned.update(zip((c.case_id for c in h.chance.shuffled(past)), special, strict=False))
    # The margins leave room for a story: one day for a booking, one day before the window opens.
    soon = [c for c in cases if 3 <= c.lead <= 30]
    later = [c for c in cases if c.lead >= 35]
    assigned.update((c.case_id, SOON[n % len(SOON)]) for n, c in enumerate(soon))
    assigned.update((c.case_id, LATER[n % len(LATER)]) for n, c in enumerate(later))
    for case in cases:
        assigned.setdefault(case.case_id, LATER[0] if case.lead > 30 else (in_window, in_window))
    return assigned


def _case(h: Hospital, case: Case, unusual: Row, pair: Pair) -> None:
    # One operation was postponed by weeks: the plan was not updated, only the start shows it.
    postponed = pair[1] is much_too_old
    planned = case.back(70) if postponed else case.day
    row = {
        "case_id": case.case_id,
        "patient_id": case.patient_id,
        "surgery_at": f"{planned.isoformat()}T{h.chance.pick(('07:45', '08:00', '12:30'))}",
        "status": "performed" if case.lead <= 0 else "scheduled",
        "procedures": h.chance.pick(PROCEDURES),
        "diagnoses": h.chance.pick(DIAGNOSES),
        "urgency": "urgent" if h.chance.one_in(0.04) else "elective",
        "admitted_at": f"{case.day.isoformat()}T06:15",
        "surgeon": f"Synthetic surgeon {h.chance.pick('AABBCD')}",
        "site": "Synthetic General",
        "stage": "2" if any(c["patient_id"] == case.patient_id for c in h.cases) else "1",
        **unusual,
    }
    if row["status"] == "performed" and (postponed or not h.chance.one_in(0.1)):
        hour = "13" if row["surgery_at"].endswith("12:30") else "08"
        row["started_at"] = f"{case.day.isoformat()}T{hour}:{h.chance.between(20, 55)}"
    h.cases.append(row)


def _background(h: Hospital, case: Case, pair: Pair) -> None:
    """Add the patient's other events. Nothing here may change the story of the case."""

    def scan(share: float, days: tuple[int, int], study: Study, needs: int | None) -> None:
        # A further CT or MRI would become the nearest miss in a story about a missing one.
        plain = needs is None or pair[needs] in (in_window, too_old)
        day = case.back(h.chance.between(*days))
        if plain and h.chance.one_in(share) and day <= AS_OF:
            h.scan(case, study, day)

    scan(0.6, (75, 170), CT[1], needs=0)
    scan(0.25, (75, 170), MRI[0], needs=1)
    scan(0.3, (8, 60), RECTAL_MRI, needs=1)
    scan(0.25, (3, 50), CHEST_CT, needs=0)
    scan(0.2, (20, 80), PET_CT, needs=0)
    scan(0.2, (5, 90), ULTRASOUND, needs=None)
    if h.chance.one_in(0.45):
        last = case.back(h.chance.between(28, 50))
        for cycle in (3, 2, 1, 0):
            day = last - timedelta(days=14 * cycle)
            if day <= AS_OF:
                h.event(case, "therapy", "completed", day.isoformat(), description="FOLFOX cycle")
    clinic = case.back(h.chance.between(3, 14))
    if h.chance.one_in(0.6):
        done = clinic <= AS_OF
        h.event(
            case,
            "visit",
            "completed" if done else "booked",
            f"{clinic.isoformat()}T10:00",
            description="Pre-admission clinic",
        )
    if h.chance.one_in(0.5) and clinic <= AS_OF:
        h.event(case, "lab", "completed", f"{clinic.isoformat()}T10:40", description="CEA")
    follow_up = case.day + timedelta(days=h.chance.between(85, 100))
    if pair[0] in (in_window, too_old) and follow_up <= AS_OF:
        h.scan(case, CT[1], follow_up)


def _ultrasound_in_theatre(h: Hospital, case: Case, other: bool) -> None:
    """Add a row of ious.csv for a performed resection; the plan changes in about one of five."""
    if case.lead > 0 or other:
        return
    performed = not h.chance.one_in(0.08)
    row = {"case_id": case.case_id, "performed": "yes" if performed else "no"}
    if performed:
        lesions = 1 + h.chance.along(((0.0, 0), (0.5, 1), (0.9, 4), (1.0, 9)))
        new = h.chance.between(1, 3) if h.chance.one_in(0.28) else 0
        inside = new > 0 and h.chance.one_in(0.25)
        change = "no_change"
        if new and not inside:
            change = h.chance.pick(
                ("additional_resection", "extended_resection", "additional_ablation")
            )
        elif h.chance.one_in(0.05):
            change = h.chance.pick(("limited_resection", "changed_margin", "abandoned"))
        row |= {
            "plan_recorded_before": "no" if h.chance.one_in(0.07) else "yes",
            "plan_change": change,
            "lesions_preop": str(lesions),
            "lesions_new": str(new),
            "lesions_not_confirmed": "1" if h.chance.one_in(0.05) else "0",
            "new_within_planned_resection": ("yes" if inside else "no") if new else "",
            "operator": "surgeon" if h.chance.one_in(0.3) else "radiologist",
            "contrast": "yes" if h.chance.one_in(0.2) else "no",
            "histology_confirmed": ("yes" if h.chance.one_in(0.8) else "no") if new else "",
        }
    h.ious.append(row)
