"""Synthetic pages: typed values as the audit fills them. All people are fictional."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from qi_checker.audit.views import (
    AuditPage,
    CaseLine,
    RequirementTotals,
    RulebookLine,
    RulebookPage,
)
from qi_checker.cases.actions import ActionCount, urgency
from qi_checker.cases.views import (
    Candidate,
    CaseSheet,
    Checklist,
    ChecklistItem,
    Criterion,
    RequirementSheet,
    SheetLine,
    SheetsPage,
)
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.examples import Example, Expect, Expected, Given
from qi_checker.protocol.site import Site
from qi_checker.protocol.vocabulary import Reason, Status, Verdict
from qi_checker.render.views import Provenance, Rate
from tests.helpers.protocols import EMERGENCY, bundle, ct, group, mri, version

SURGERY = date(2026, 2, 23)
AS_OF = date(2026, 2, 10)
SYNTHETIC = "The records of this page are made up; nobody in them exists."
NAMES = ("code", "modality", "region", "status", "window")

PROVENANCE = Provenance(
    program_version="0.1.0",
    protocol_id="hepatic-metastasectomy-imaging",
    protocol_title="CT and MRI of the liver within 30 days before hepatic metastasectomy",
    protocol_version="1.0",
    protocol_sha256="a1" * 32,
    data_sha256="b2" * 32,
    as_of="2026-02-10",
    timezone="America/Toronto",
)


def candidate(number: int, at: str, days: int | None, **fields: object) -> Candidate:
    """Make a completed CT of the liver inside the window; `failed` names failed criteria."""
    failed = fields.pop("failed", {})
    assert isinstance(failed, dict)
    criteria = tuple(Criterion(n, *failed.get(n, ("pass", ""))) for n in NAMES)
    first = SURGERY - timedelta(days=days) if days is not None else None
    plain = Candidate(
        event_id=f"E-{number:04}",
        source=f"events.csv, row {number + 1}",
        status="completed",
        at=at,
        first=first,
        last=first,
        days_before=days,
        modality="CT",
        region="liver",
        codes="LOINC:30670-4",
        description="CT liver, three phases",
        provenance="internal",
        chosen=False,
        criteria=criteria,
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


TOO_OLD = {"window": ("fail", "1 day too old")}
CT = RequirementSheet(
    id="ct",
    title="CT of the liver",
    group="",
    asks="CT; region liver, abdomen, abdomen-pelvis or chest-abdomen-pelvis; within 30 days before surgery",
    status="met",
    reason="in_window",
    sentence="CT of the liver on 2026-02-03 is 20 days before surgery on 2026-02-23; the limit is "
    "30 days. It counts for surgery until 2026-03-05.",
    event_id="E-0013",
    window_opens=SURGERY - timedelta(days=30),
    window_closes=SURGERY,
    valid_through=date(2026, 3, 5),
    slack_days=10,
    act_by=None,
    owner="",
    exception="",
    candidates=(
        candidate(
            13,
            "2026-02-03T10:20:00",
            20,
            chosen=True,
            advice=("The description speaks of a study without contrast.",),
        ),
        candidate(
            12,
            "2026-02-01",
            22,
            region="chest",
            description="CT thorax",
            failed={"region": ("fail", "another part of the body")},
        ),
        candidate(
            11,
            "2026-01",
            53,
            last=date(2026, 1, 31),
            provenance="external",
            failed={"window": ("undecided", "only the month is known")},
        ),
        candidate(10, "2025-11-02", 113, failed={"window": ("fail", "83 days too old")}),
    ),
)
MRI = replace(
    CT,
    id="mri",
    title="MRI of the liver",
    asks=CT.asks.replace("CT", "MR"),
    status="expired",
    reason="too_old",
    sentence="MRI of the liver on 2026-01-23 is 31 days before surgery on 2026-02-23; the limit is "
    "30 days. 1 day too old. Book it for a day between 2026-02-10 and 2026-02-23; arrange it by "
    "2026-02-13.",
    event_id="E-0021",
    valid_through=date(2026, 2, 22),
    slack_days=-1,
    act_by=date(2026, 2, 13),
    owner="MRI booking desk",
    candidates=(
        candidate(
            21,
            "2026-01-23",
            31,
            modality="MR",
            failed=TOO_OLD,
            chosen=True,
            description="MR liver with gadoxetate",
        ),
        candidate(
            22,
            "2026-02-25T09:00",
            -2,
            modality="MR",
            status="booked",
            failed={"window": ("fail", "not before the operation")},
        ),
        candidate(
            23,
            "",
            None,
            modality="MR",
            status="ordered",
            region="",
            failed={
                "region": ("undecided", "not recorded"),
                "status": ("fail", "ordered, but no appointment"),
            },
        ),
        candidate(
            24,
            "2026-02-02",
            21,
            modality="MR",
            status="cancelled",
            failed={"status": ("fail", "cancelled")},
        ),
    ),
)
CASE = CaseSheet(
    case_id="C-1042",
    patient_id="P-77",
    source="cases.csv, row 7",
    surgery_date=SURGERY,
    surgery_time="08:00",
    case_status="scheduled",
    upcoming=True,
    verdict="not_compliant",
    next_action="MRI of the liver: book it for a day between 2026-02-10 and 2026-02-23; arrange it "
    "by 2026-02-13.",
    act_by=date(2026, 2, 13),
    owner="MRI booking desk",
    latest_surgery_date=None,
    facts=(
        ("Procedures", "ICD-10-PCS:0FB00ZZ"),
        ("Diagnoses", "ICD-10-CM:C787"),
        ("Urgency", "elective"),
    ),
    requirements=(CT, MRI),
    problems=("events.csv, row 12: column region says chest, the code says abdomen.", SYNTHETIC),
    provenance=PROVENANCE,
    why=(("MRI of the liver", "too_old"),),
)


def compliant_case() -> CaseSheet:
    """Make a past case with everything in time."""
    mri = replace(CT, id="mri", title="MRI of the liver", candidates=CT.candidates[:1])
    return replace(
        CASE,
        upcoming=False,
        case_status="performed",
        verdict="compliant",
        next_action="",
        act_by=None,
        owner="",
        latest_surgery_date=date(2026, 3, 5),
        requirements=(CT, mri),
        problems=(SYNTHETIC,),
        why=(),
    )


def item(number: int, days_left: int | None, action: str = "") -> ChecklistItem:
    """Make one line of a checklist; without an action everything is booked."""
    lacks = ("MRI of the liver", "missing", "never_ordered")
    booked = ("MRI of the liver", "booked", "booked_in_window")
    act_by = AS_OF + timedelta(days=days_left) if days_left is not None else None
    return ChecklistItem(
        case_id=f"C-{number}",
        surgery_date=SURGERY + timedelta(days=number % 9),
        verdict="action_needed" if action else "pending",
        next_action=action,
        act_by=act_by,
        owner="MRI booking desk" if action else "",
        days_left=days_left,
        latest_surgery_date=None if action else date(2026, 3, 5),
        reason="never_ordered" if action else "",
        statuses=(("CT of the liver", "met", "in_window"), lacks if action else booked),
        when=urgency(act_by, AS_OF, Site(timezone="UTC")) if act_by and action else "",
    )


ACTION = (
    "MRI of the liver: book it for a day between 2026-02-10 and 2026-02-23; arrange it by {day}."
)
CHECKLIST = Checklist(
    items=(
        item(1001, -3, ACTION.format(day="2026-02-07")),
        item(1002, 0, ACTION.format(day="2026-02-10")),
        item(1003, 2, ACTION.format(day="2026-02-12")),
        item(1004, 7, ACTION.format(day="2026-02-17")),
        item(1005, 20, ACTION.format(day="2026-03-02")),
        item(1006, None),
        item(1007, None),
    ),
    days=60,
    last_day=date(2026, 4, 11),
    provenance=PROVENANCE,
    problems=(SYNTHETIC,),
    count=ActionCount(overdue=1, today=1, soon=2, later=1, operations=4),
)


SHEETS = SheetsPage(
    selection="operations until Sat 11 Apr 2026 (60 days)",
    lines=(
        SheetLine(
            "C-1042",
            SURGERY,
            "not_compliant",
            CASE.next_action,
            CASE.act_by,
            "MRI booking desk",
            "cases/C-1042.html",
            "cases/C-1042.pdf",
            CASE.why,
        ),
        SheetLine(
            "C-1043", SURGERY, "compliant_with_exception", "", None, "", "cases/C-1043.html", ""
        ),
        SheetLine("C-1044", SURGERY, "compliant", "", None, "", "", "cases/C-1044.pdf"),
    ),
    provenance=replace(PROVENANCE, organisation="General Hospital"),
)


def line(number: int, verdict: str, sentence: str, upcoming: bool = False) -> CaseLine:
    return CaseLine(
        case_id=f"C-{number}",
        surgery_date=SURGERY - timedelta(days=number % 300),
        upcoming=upcoming,
        verdict=verdict,
        sentence=sentence,
        act_by=AS_OF + timedelta(days=number % 9) if upcoming else None,
        owner="MRI booking desk" if verdict not in ("compliant", "not_applicable") else "",
        page=f"cases/C-{number}.html",
    )


def totals(id: str, title: str, in_window: int) -> RequirementTotals:
    return RequirementTotals(
        id=id,
        title=title,
        eligible=32,
        present=32,
        in_window=in_window,
        statuses=(("met", in_window), ("exempt", 2), ("unknown", 1), ("due", 3), ("expired", 2)),
        reasons=(("expired", "too_old", 2), ("unknown", "partial_date", 1)),
        owner=f"{title[:3].strip()} booking desk",
    )


AUDIT = AuditPage(
    provenance=PROVENANCE,
    rate=Rate(27, 32, 2, 1, 0.9, 0.7438, 0.9654, 0.9, 28 / 30, 27 / 32),
    requirements=(totals("ct", "CT of the liver", 30), totals("mri", "MRI of the liver", 27)),
    verdicts=(
        ("not_compliant", 2),
        ("undetermined", 1),
        ("action_needed", 3),
        ("compliant", 27),
        ("compliant_with_exception", 2),
        ("not_applicable", 5),
    ),
    flow=(
        ("Operations in the records", 40),
        ("– cancelled", 1),
        ("– outside the population", 4),
        ("– still to come", 3),
        ("Eligible", 32),
    ),
    sensitivity=(("14 days", 6, 32), ("28 days", 25, 32), ("30 days", 27, 32), ("60 days", 32, 32)),
    action=tuple(
        line(n, "action_needed", ACTION.format(day="2026-02-13"), True) for n in range(1, 4)
    ),
    actions=ActionCount(soon=3, operations=3),
    failed=tuple(
        line(
            n,
            "not_compliant",
            "MRI of the liver on 2025-01-23 is 31 days before surgery; "
            "the limit is 30 days. 1 day too old.",
        )
        for n in (10, 11)
    ),
    undetermined=(
        line(
            12,
            "undetermined",
            "Only part of the date of MRI of the liver is known "
            "(from 2026-01-01); the limit is 30 days.",
        ),
    ),
    exempt=tuple(
        line(
            n,
            "compliant_with_exception",
            "MRI of the liver is waived by an approved exception until 2026-04-01.",
        )
        for n in (13, 14)
    ),
    others=tuple(line(n, "compliant", "") for n in range(100, 127))
    + tuple(
        line(n, "not_applicable", "The operation is outside the population of the protocol.")
        for n in range(200, 205)
    ),
    rejects=(
        ("events.csv, row 14", 14, "at: unreadable date"),
        ("events.csv, row 19", 19, "status: unknown word"),
    ),
    reconciliation=(("cases.csv", 40, 40, 0), ("events.csv", 212, 210, 2)),
    problems=("cases.csv, row 9: still scheduled after its date; evaluated as past.",),
    target="95%",
    notes=(SYNTHETIC,),
)

RULEBOOK = RulebookPage(
    as_of="2026-02-10",
    timezone="America/Toronto",
    data_sha256="b2" * 32,
    program_version="0.1.0",
    lines=(
        RulebookLine(PROVENANCE, AUDIT.rate, AUDIT.verdicts, 3, "liver/index.html"),
        RulebookLine(
            replace(PROVENANCE, protocol_id="hp", protocol_title="History and physical"),
            Rate(0, 0, 0, 0, None, None, None, None, None, None),
            (("not_applicable", 40),),
            0,
            "hp/index.html",
        ),
    ),
    reconciliation=AUDIT.reconciliation,
)

EMPTY_AUDIT = AuditPage(
    provenance=PROVENANCE,
    rate=Rate(0, 0, 0, 0, None, None, None, None, None, None),
    requirements=(),
    verdicts=(),
    flow=(),
    sensitivity=(),
    action=(),
    failed=(),
    undetermined=(),
    exempt=(),
    others=(),
    rejects=(),
    reconciliation=(),
    problems=(),
)


def rule_bundle() -> Bundle:
    """Make a protocol with text under every heading of its page."""
    either = group("any_of", ct(lead_time="5 working days"), mri(pet_ct="allow")) | {
        "title": "CT or MRI"
    }
    advice = {"id": "plain", "title": "No contrast.", "when": {"description": ["plain"]}}
    visit = {
        "id": "visit",
        "title": "Visit of the anaesthetist",
        "event": {"kind": "visit"},
        "window": {"before": "surgery", "less_than": "4 weeks"},
        "same_day": "allow",
        "owner": "Ward",
        "warn": [advice],
    }
    first = version(ct(), in_force={"from": "2020-01-01", "to": "2023-12-31"})
    second = version(
        either,
        visit,
        version="2.0",
        in_force={"from": "2024-01-01"},
        exclude=[EMERGENCY],
        sensitivity=["14 days", "30 days"],
        exceptions={"reasons": ["contraindication-mri", "other"], "at_most": "90 days"},
    )
    return bundle(first, second)


def rule_examples() -> list[Example]:
    """Make one example, with a value in every part."""
    given = Given(
        case={"urgency": "elective"},
        events=[{"modality": "CT", "at": "2026-02-10"}],
        exceptions=[{"requirement": "mri", "reason": "other"}],
    )
    expect = Expect(
        verdict=Verdict.COMPLIANT,
        requirements={
            "ct": Expected(status=Status.MET, reason=Reason.IN_WINDOW, event="E1"),
            "mri": Expected(status=Status.EXEMPT),
        },
    )
    tables = {
        "cases": [{"case_id": "C1", "surgery_at": "2026-02-23", "status": "performed"}],
        "events": [{"event_id": "E1"}],
        "exceptions": [{"exception_id": "X1"}],
    }
    why = "A CT ten days before surgery is enough."
    as_of, site = AsOf.parse("2026-03-01"), Site(timezone="UTC")
    return [Example("a-ct-is-enough", why, given, expect, tables, as_of, site)]
