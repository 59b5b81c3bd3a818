"""A small synthetic export for each shipped mapping, as a department's system delivers it.

Five operations on the liver, whatever the system: C1 has CT and MRI in time, C2 an MRI that is too
old, C3 is planned with an MRI that is only booked, C4 was cancelled, C5 has a CT that guided a
biopsy. Data that a system cannot deliver (Synthea has no plans) is left out.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

Rows = Sequence[Sequence[str]]
AS_OF = "2026-03-16"
VERDICTS = {
    "C1": "compliant",
    "C2": "not_compliant",
    "C3": "pending",
    "C4": "not_applicable",
    "C5": "not_compliant",
}
# The questions for a hospital: lines of the shipped mapping, each below a comment that begins with
# YOURS.
ANSWERS = {
    "epic-ehi": {'"0000": "CPT:47120"': '"3071": "CPT:47120"'},
    "epic-clarity": {'"0000": "CPT:47120"': '"3071": "CPT:47120"'},
    "oracle-health": {'"0000": "CPT:47120"': '"3071": "CPT:47120"'},
}
# Operation, patient, day and time, word of the status (done, planned or cancelled).
OPERATIONS = (
    ("C1", "P1", "2026-03-10", "07:30", "done"),
    ("C2", "P2", "2026-03-11", "13:15", "done"),
    ("C3", "P3", "2026-03-24", "08:00", "planned"),
    ("C4", "P4", "2026-03-12", "09:00", "cancelled"),
    ("C5", "P5", "2026-03-13", "10:45", "done"),
)
# Examination, patient, name, day and time, ordered on, word of the status.
CT, MRI, BIOPSY = (
    "CT ABDOMEN PELVIS W CONTRAST",
    "MRI LIVER W WO CONTRAST",
    "CT GUIDED LIVER BIOPSY",
)
EXAMS = (
    ("E1", "P1", CT, "2026-02-20", "10:15", "2026-02-10", "done"),
    ("E2", "P1", MRI, "2026-02-25", "15:00", "2026-02-10", "done"),
    ("E3", "P2", CT, "2026-02-20", "11:00", "2026-02-10", "done"),
    ("E4", "P2", MRI, "2026-02-01", "12:00", "2026-01-20", "done"),
    ("E5", "P3", CT, "2026-03-05", "08:30", "2026-02-20", "done"),
    ("E6", "P3", MRI, "2026-03-20", "16:45", "2026-03-02", "planned"),
    ("E7", "P4", CT, "2026-03-02", "10:00", "2026-02-20", "cancelled"),
    ("E8", "P5", BIOPSY, "2026-03-01", "14:00", "2026-02-20", "done"),
    ("E9", "P5", MRI, "2026-03-02", "17:00", "2026-02-20", "done"),
)


def american(day: str, clock: str = "00:00") -> str:
    """`3/10/2026 7:30:00 AM`."""
    year, month, date = day.split("-")
    hour, minute = map(int, clock.split(":"))
    half = "AM" if hour < 12 else "PM"
    return f"{int(month)}/{int(date)}/{year} {(hour + 11) % 12 + 1}:{minute:02}:00 {half}"


def british(day: str) -> str:
    return "/".join(reversed(day.split("-")))


def short(day: str) -> str:
    """`03/10/26`."""
    year, month, date = day.split("-")
    return f"{month}/{date}/{year[2:]}"


def table(path: Path, header: str, rows: Rows, separator: str = ",") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(header.split(","))
        writer.writerows(rows)


def epic_ehi(folder: Path) -> None:
    statuses = {"done": "Completed", "planned": "Scheduled", "cancelled": "Canceled"}
    read = {"done": "Final", "planned": "Scheduled", "cancelled": "Discontinued"}

    def tsv(name: str, header: str, rows: Rows) -> None:
        table(folder / f"{name}.tsv", header, rows, "\t")

    tsv(
        "OR_CASE",
        "OR_CASE_ID,PAT_ID,SURGERY_DATE,SCHED_STATUS_C_NAME,CASE_CLASS_C_NAME,SERVICE_C_NAME",
        [
            (c, p, american(d, t), statuses[s], "Elective", "Surgery")
            for c, p, d, t, s in OPERATIONS
        ],
    )
    tsv(
        "OR_CASE_ALL_PROC",
        "OR_CASE_ID,LINE,OR_PROC_ID,OR_PROC_ID_PROC_NAME",
        [
            (c, str(n), proc, name)
            for c, *_ in OPERATIONS
            for n, (proc, name) in enumerate([("3071", "LIVER RESECTION"), ("880", "COLECTOMY")], 1)
        ],
    )
    tsv("OR_CASE_ICD10", "OR_CASE_ID,ICD10", [(c, "C78.7") for c, *_ in OPERATIONS])
    tsv(
        "ORDER_PROC",
        "ORDER_PROC_ID,PAT_ID,ORDER_TYPE_C_NAME,DESCRIPTION,RADIOLOGY_STATUS_C_NAME,ORDER_TIME",
        [(e, p, "Imaging", n, read[s], american(o)) for e, p, n, _, _, o, s in EXAMS]
        + [("L1", "P1", "Lab", "CBC", "", american("2026-03-01"))],
    )
    tsv("ORDER_PROC_2", "ORDER_PROC_ID,MOD_BEGIN_TM", [(e[0], american(e[3], e[4])) for e in EXAMS])


def epic_clarity(folder: Path) -> None:
    statuses, read = (
        {"done": 1, "planned": 2, "cancelled": 3},
        {"done": 1, "planned": 2, "cancelled": 3},
    )
    con = sqlite3.connect(folder / "clarity.db")
    with con:
        for name, columns, rows in (
            (
                "OR_CASE",
                "OR_CASE_ID,PAT_ID,SURGERY_DATE,SCHED_STATUS_C,CASE_CLASS_C",
                [(c, p, f"{d} {t}:00", statuses[s], 1) for c, p, d, t, s in OPERATIONS],
            ),
            (
                "ZC_OR_SCHED_STATUS",
                "SCHED_STATUS_C,NAME",
                [(1, "Completed"), (2, "Scheduled"), (3, "Canceled")],
            ),
            ("ZC_OR_CASE_CLASS", "CASE_CLASS_C,NAME", [(1, "Elective")]),
            (
                "OR_CASE_ALL_PROC",
                "OR_CASE_ID,LINE,OR_PROC_ID",
                [(c, 1, "3071") for c, *_ in OPERATIONS],
            ),
            ("OR_PROC", "OR_PROC_ID,PROC_NAME", [("3071", "LIVER RESECTION")]),
            ("QI_CASE_ICD10", "OR_CASE_ID,ICD10", [(c, "C78.7") for c, *_ in OPERATIONS]),
            (
                "ORDER_PROC",
                "ORDER_PROC_ID,PAT_ID,ORDER_TYPE_C,DESCRIPTION,RADIOLOGY_STATUS_C,ORDER_TIME,PROC_BGN_TIME",
                [(e, p, 5, n, read[s], o, f"{d} {t}:00") for e, p, n, d, t, o, s in EXAMS],
            ),
            ("ZC_ORDER_TYPE", "ORDER_TYPE_C,NAME", [(5, "Imaging"), (7, "Lab")]),
            (
                "ZC_RADIOLOGY_STATUS",
                "RADIOLOGY_STATUS_C,NAME",
                [(1, "Final"), (2, "Scheduled"), (3, "Discontinued")],
            ),
        ):
            con.execute(f"CREATE TABLE {name} ({columns})")
            con.executemany(f"INSERT INTO {name} VALUES ({','.join('?' * len(rows[0]))})", rows)
    con.close()


def epic_caboodle(folder: Path) -> None:
    statuses = {"done": "Completed", "planned": "Scheduled", "cancelled": "Canceled"}
    read = {"done": "Final", "planned": "Scheduled", "cancelled": "Discontinued"}
    table(
        folder / "SurgicalCaseFact.csv",
        "SurgicalCaseKey,PatientDurableKey,PlannedOperationStartInstant,ProcedureStartInstant,CaseStatus,CaseClass",
        [
            (c, p, f"{d} {t}:00", f"{d} {t}:00" if s == "done" else "", statuses[s], "Elective")
            for c, p, d, t, s in OPERATIONS
        ]
        + [("C0", "-1", "2026-03-10 08:00:00", "", "Scheduled", "Elective")],
    )
    keys = [c for c, *_ in OPERATIONS]
    table(
        folder / "SurgicalProcedureEventFact.csv",
        "SurgicalCaseKey,ProcedureCptCode",
        [(c, "47120") for c in keys],
    )
    table(
        folder / "SurgicalCaseDiagnosis.csv",
        "SurgicalCaseKey,Icd10Code",
        [(c, "C78.7") for c in keys],
    )
    table(
        folder / "ImagingFact.csv",
        "ImagingKey,AccessionNumber,PatientDurableKey,FirstProcedureName,StudyStatus,ExamStartInstant,OrderingInstant",
        [(e, f"A{e}", p, n, read[s], f"{d} {t}:00", o) for e, p, n, d, t, o, s in EXAMS],
    )


def oracle_health(folder: Path) -> None:
    statuses = {"done": "11", "planned": "12", "cancelled": "13"}
    read = {"done": "21", "planned": "22", "cancelled": "23"}
    exams = {name: str(31 + n) for n, name in enumerate(dict.fromkeys(e[2] for e in EXAMS))}
    table(
        folder / "SURGICAL_CASE.csv",
        "SURG_CASE_ID,PERSON_ID,SCHED_START_DT_TM,SURG_START_DT_TM,CURR_CASE_STATUS_CD,SURG_CASE_NBR_FORMATTED",
        [
            (c, p, f"{d} {t}:00", f"{d} {t}:00" if s == "done" else "", statuses[s], f"MAIN-{c}")
            for c, p, d, t, s in OPERATIONS
        ],
    )
    table(
        folder / "SURG_CASE_PROCEDURE.csv",
        "SURG_CASE_ID,SURG_PROC_CD",
        [(c, "3071") for c, *_ in OPERATIONS],
    )
    table(
        folder / "SURG_CASE_ICD10.csv", "SURG_CASE_ID,ICD10", [(c, "C78.7") for c, *_ in OPERATIONS]
    )
    table(
        folder / "ORDER_RADIOLOGY.csv",
        "ORDER_ID,PERSON_ID,CATALOG_CD,EXAM_STATUS_CD,START_DT_TM,REQUEST_DT_TM,ACCESSION",
        [(e, p, exams[n], read[s], f"{d} {t}:00", o, f"A{e}") for e, p, n, d, t, o, s in EXAMS],
    )
    words = {"11": "Completed", "12": "Scheduled", "13": "Canceled"}
    words |= {"21": "Completed", "22": "Scheduled", "23": "Canceled"}
    words |= {code: name for name, code in exams.items()}
    table(folder / "CODE_VALUE.csv", "CODE_VALUE,DISPLAY", list(words.items()))


def meditech(folder: Path) -> None:
    statuses = {"done": "COMP", "planned": "SCHED", "cancelled": "CAN"}
    read = {"done": "RES", "planned": "SCH", "cancelled": "CAN"}
    table(
        folder / "ORM_CASES.csv",
        "CASE NUMBER,UNIT NUMBER,OPERATION DATE,SCHED TIME,CASE STATUS,CPT,PREOP DX,PRIORITY,SURGEON",
        [
            (c, p, short(d), t.replace(":", ""), statuses[s], code, "C78.7", "EL", "ELM")
            for c, p, d, t, s in OPERATIONS
            for code in ("47120", "44140")
        ]
        + [("Total: 10", *[""] * 8)],
    )
    table(
        folder / "ITS_EXAMS.csv",
        "ORDER NUMBER,UNIT NUMBER,EXAM NAME,CATEGORY,EXAM DATE,EXAM TIME,STATUS",
        [
            (e, p, n, "MRI" if n == MRI else "CT", short(d), t.replace(":", ""), read[s])
            for e, p, n, d, t, _, s in EXAMS
        ]
        + [("*** End of report", *[""] * 6)],
    )


def synthea(folder: Path) -> None:
    table(
        folder / "procedures.csv",
        "START,STOP,PATIENT,ENCOUNTER,SYSTEM,CODE,DESCRIPTION,BASE_COST,REASONCODE,REASONDESCRIPTION",
        [
            (
                f"{d}T{t}:00Z",
                f"{d}T{t}:00Z",
                p,
                c,
                "http://snomed.info/sct",
                code,
                "",
                "1",
                "94381002",
                "",
            )
            for c, p, d, t, s in OPERATIONS
            if s == "done"
            for code in ("85946004", "430193006")
        ],
    )
    table(
        folder / "imaging_studies.csv",
        "Id,DATE,PATIENT,ENCOUNTER,SERIES_UID,BODYSITE_CODE,BODYSITE_DESCRIPTION,MODALITY_CODE,MODALITY_DESCRIPTION,"
        "INSTANCE_UID,SOP_CODE,SOP_DESCRIPTION,PROCEDURE_CODE",
        [
            (
                e,
                f"{d}T{t}:0{n}Z",
                p,
                "X",
                f"1.{n}",
                "10200004",
                "Liver",
                modality,
                "",
                f"2.{n}",
                "",
                "",
                "",
            )
            for e, p, name, d, t, _, s in EXAMS
            if s == "done" and name != BIOPSY
            for modality in ("MR" if name == MRI else "CT",)
            for n in range(3)
        ],
    )


def nhs(folder: Path) -> None:
    statuses = {"done": "Admitted", "planned": "Waiting", "cancelled": "Removed"}
    read = {"done": "Reported", "planned": "Booked", "cancelled": "DNA"}

    def number(patient: str) -> str:
        return f"943 476 591{patient[1:]}"

    table(
        folder / "waiting_list.csv",
        "ELECTIVE ADMISSION LIST ENTRY NUMBER,NHS NUMBER,OFFERED FOR ADMISSION DATE,INTENDED PROCEDURE DATE,"
        "ELECTIVE ADMISSION LIST REMOVAL REASON,PRIMARY PROCEDURE (OPCS),PRIMARY DIAGNOSIS (ICD),PRIORITY TYPE,"
        "CONSULTANT CODE",
        [
            (
                c,
                number(p),
                british(d) if s != "planned" else "NULL",
                british(d),
                statuses[s],
                "J02.1",
                "C78.7",
                "1",
                "C1",
            )
            for c, p, d, _, s in OPERATIONS
        ],
    )
    table(
        folder / "imaging.csv",
        "RADIOLOGICAL ACCESSION NUMBER,NHS NUMBER,IMAGING DESCRIPTION,EXAM STATUS,DIAGNOSTIC TEST DATE,"
        "DIAGNOSTIC TEST REQUEST DATE,IMAGING CODE (SNOMED-CT)",
        [
            (e, number(p).replace(" ", ""), n, read[s], f"{british(d)} {t}", british(o), "")
            for e, p, n, d, t, o, s in EXAMS
        ],
    )


EXPORTS: dict[str, Callable[[Path], None]] = {
    "epic-ehi": epic_ehi,
    "epic-clarity": epic_clarity,
    "epic-caboodle": epic_caboodle,
    "oracle-health": oracle_health,
    "meditech": meditech,
    "synthea-csv": synthea,
    "nhs-waiting-list": nhs,
}
# Synthea has completed events only, and its guided biopsy is not an imaging study.
ONLY_DONE = {"synthea-csv": {"C1", "C2", "C5"}}
