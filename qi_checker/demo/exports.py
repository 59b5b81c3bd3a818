"""Exports for practice: one made-up month of a department as three hospitals would export it.

The tests know which verdict each operation must get.

- `american`: a case list with a row for each procedure, `03/14/2026 07:30 AM`, ids without zeros;
- `german`: Windows-1252, semicolons, `14.03.2026 07:30`, OPS codes;
- `workbook`: titles, two header rows, dates as serial numbers, merged cells, a row of totals.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter

AS_OF = "2026-03-16"
Clock = dt.datetime


@dataclass(frozen=True)
class Exam:
    """An examination: what, when, and its status; `name` is a key of `NAMES`."""

    name: str
    at: Clock
    done: bool = True


@dataclass(frozen=True)
class Operation:
    """An operation of one patient, with the examinations, and its verdict."""

    number: int
    at: Clock
    status: str
    verdict: str
    exams: tuple[Exam, ...] = ()
    liver: bool = True
    second: bool = False  # a second procedure in the same operation


CT, MRI = "ct", "mri"
# Number, time, status, verdict; `two` for two procedures, `hip` for another operation;
# examinations, with a question mark if only booked.
TRUTH = """
1001 03-10T07:30 performed compliant      two ct:02-20T10:15      mri:02-25T15:00
1002 03-11T13:15 performed not_compliant      ct:02-20T11:00      mri:02-01T12:00
1003 03-12T07:30 performed not_compliant      chest:03-01T09:00   mri:03-01T10:00
1004 03-24T07:30 scheduled pending        two ct:03-05T08:30      mri:03-20T16:45?
1005 04-07T07:30 scheduled action_needed
1006 03-26T07:30 scheduled action_needed      biopsy:03-10T14:00  mri:03-10T17:00
1007 03-13T10:00 cancelled not_applicable     ct:03-02T10:00
1008 03-13T12:00 performed not_applicable hip
1009 03-13T07:30 performed undetermined       outside:03-05T10:00 mri:03-05T11:00
1010 03-13T08:00 performed not_compliant      cap:02-27T13:00     mri:03-13T11:00
1011 03-14T07:30 performed not_compliant      petct:03-02T09:30   mri:03-02T12:30
1012 03-14T09:45 performed undetermined   two urogram:03-03T09:30 mri:03-03T10:30
"""


def _operation(line: str) -> Operation:
    number, moment, status, verdict, *rest = line.split()
    exams = [part.partition(":") for part in rest if ":" in part]
    return Operation(
        int(number),
        _at(moment),
        status,
        verdict,
        tuple(Exam(name, _at(when.rstrip("?")), not when.endswith("?")) for name, _, when in exams),
        "hip" not in rest,
        "two" in rest,
    )


def _at(text: str) -> Clock:
    return dt.datetime.fromisoformat(f"2026-{text}")


OPERATIONS = tuple(_operation(line) for line in TRUTH.split("\n") if line)
EXAMS = [(operation, exam) for operation in OPERATIONS for exam in operation.exams]
VERDICTS = {operation.number: operation.verdict for operation in OPERATIONS}
_NAMES = """
ct      | CT ABD/PELVIS W CONTRAST | CT Abdomen/Becken mit KM      | TDM abdomino-pelvienne
mri     | MRI LIVER W WO EOVIST    | MRT Leber mit Primovist       | IRM hépatique
chest   | CT CHEST W CONTRAST      | CT Thorax mit KM              | TDM thorax
biopsy  | CT GUIDED BX LIVER       | CT-gesteuerte Punktion Leber  | Biopsie hépatique sous scanner
outside | OUTSIDE CT ABDOMEN READ  | Fremdbefundung CT Abdomen     | Relecture TDM abdominale externe
cap     | CT CHEST ABD PELVIS W    | CT Thorax/Abdomen/Becken      | TDM TAP
petct   | PET/CT SKULL TO THIGH    | PET/CT Ganzkörper             | TEP-TDM corps entier
urogram | CT UROGRAM W/WO          | CT Urographie                 | Uroscanner
"""
_ROWS = [[cell.strip() for cell in line.split("|")] for line in _NAMES.split("\n") if line]
AMERICAN, GERMAN, FRENCH = ({row[0]: row[n] for row in _ROWS} for n in (1, 2, 3))


def patient(operation: Operation) -> int:
    return operation.number * 37 + 4000


def american(folder: Path) -> None:
    """Write two CSV files; ids have leading zeros in radiology only."""
    words = {"performed": "Completed", "scheduled": "Scheduled", "cancelled": "Canceled"}
    lines = [
        "OR_CASE_ID,LINE,MRN,PATIENT_NAME,SURGERY_DATE,START_TIME,CASE_STATUS,CPT_CODE,ICD10,PRIMARY_SURGEON"
    ]
    for o in OPERATIONS:
        for line, cpt in enumerate(
            (["47120"] if o.liver else ["27130"]) + ["44140"] * o.second, start=1
        ):
            icd = "C78.7" if o.liver else "M16.11"
            lines.append(
                f'{o.number},{line},{patient(o)},"Doe, Jo {o.number}",{o.at:%m/%d/%Y},'
                f"{o.at:%I:%M %p},{words[o.status]},{cpt},{icd},Elm"
            )
    (folder / "or_cases.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    lines = ["ACCESSION_NUM,PAT_MRN_ID,EXAM_NAME,EXAM_STATUS,BEGIN_EXAM_DTTM,ORDER_DTTM"]
    for n, (o, e) in enumerate(EXAMS):
        ordered = e.at - dt.timedelta(days=6)
        lines.append(
            f"A{7000 + n},{patient(o):08},{AMERICAN[e.name]},{'Final' if e.done else 'Scheduled'},"
            f"{e.at:%m/%d/%Y %I:%M %p},{ordered:%m/%d/%Y %I:%M %p}"
        )
    (folder / "rad_exams.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def german(folder: Path) -> None:
    """Write two text files in Windows-1252 with semicolons; one has a title."""
    words = {"performed": "durchgeführt", "scheduled": "geplant", "cancelled": "abgesagt"}
    lines = [
        "OP-Nummer;Patientennummer;OP-Datum;OP-Status;OPS-Code;Hauptdiagnose ICD;Operateur;Saal"
    ]
    for o in OPERATIONS:
        codes = (["5-502.1"] if o.liver else ["5-820.00"]) + ["5-455.41"] * o.second
        icd = "C78.7" if o.liver else "M16.1"
        lines.append(
            f"{o.number};{patient(o)};{o.at:%d.%m.%Y %H:%M};{words[o.status]};{','.join(codes)};{icd};Müller;1"
        )
    (folder / "OP-Liste.csv").write_bytes(("\r\n".join(lines) + "\r\n").encode("cp1252"))
    lines = [
        "Radiologie - Auszug für die Chirurgie;;;;",
        "",
        "Auftragsnummer;Patientennummer;Untersuchung;Untersuchungsdatum;Status",
    ]
    for n, (o, e) in enumerate(EXAMS):
        state = "befundet" if e.done else "terminiert"
        lines.append(f"R-{800 + n};{patient(o)};{GERMAN[e.name]};{e.at:%d.%m.%Y %H:%M};{state}")
    (folder / "Radiologie.csv").write_bytes(("\r\n".join(lines) + "\r\n").encode("cp1252"))


def workbook(folder: Path) -> None:
    """Write one workbook with two sheets filled in by people, and a hidden one."""
    words = {"performed": "réalisé", "scheduled": "programmé", "cancelled": "annulé"}
    with xlsxwriter.Workbook(folder / "bloc.xlsx") as book:
        book.set_properties({"created": _at("03-16T06:00")})
        old = book.add_worksheet("Ancien")
        plan, rad = book.add_worksheet("Interventions"), book.add_worksheet("Imagerie")
        plan.activate()
        plan.set_first_sheet()
        old.hide()
        old.write_row(0, 0, ["x", "y"])
        plan.write(0, 0, "Programme opératoire")
        plan.write(1, 0, "Service de chirurgie")
        plan.merge_range(3, 0, 3, 1, "Patient")
        plan.merge_range(3, 2, 3, 5, "Intervention")
        plan.write_row(4, 0, ["IPP", "Nom", "Numéro", "Date", "Code CCI", "Statut"])
        plan.write(3, 6, "Diagnostic")
        plan.write(4, 6, "CIM 10")
        row = 5
        for o in OPERATIONS:
            codes = ["1.OA.87.LA" if o.liver else "1.VA.53.LA"] + ["1.NM.87.LA"] * o.second
            _merged(plan, row, row + len(codes) - 1, 0, str(patient(o)))
            _merged(plan, row, row + len(codes) - 1, 1, f"Nom {o.number}")
            for code in codes:
                cells: list[Any] = [
                    str(o.number),
                    serial(o.at),
                    code,
                    words[o.status],
                    "C78.7" if o.liver else "M16.1",
                ]
                plan.write_row(row, 2, cells)
                row += 1
        plan.write_row(row, 0, ["Total", "", len(OPERATIONS)])
        rad.write_row(0, 0, ["N° examen", "IPP", "Libellé examen", "Date examen", "Statut"])
        for n, (o, e) in enumerate(EXAMS, start=1):
            state = "validé" if e.done else "programmé"
            rad.write_row(
                n,
                0,
                [f"I{500 + n}", str(patient(o)), FRENCH[e.name], serial(e.at), state],
            )


def _merged(page: Any, first: int, last: int, column: int, text: str) -> None:
    if first == last:
        page.write(first, column, text)
    else:
        page.merge_range(first, column, last, column, text)


def serial(moment: Clock) -> float:
    """Return a moment as a spreadsheet serial number without a format."""
    return (moment - dt.datetime(1899, 12, 30)) / dt.timedelta(days=1)


EXPORTS = {"american": american, "german": german, "workbook": workbook}


README = """# Synthetic exports

One made-up month of a department, as three hospitals would export it: see docs/export-tutorial.md.
No patient in it exists.
"""


def write_exports(out: Path) -> None:
    """Write a folder for each export, each with the settings of its site."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "README.md").write_text(README, encoding="utf-8")
    for name, write in EXPORTS.items():
        folder = out / name
        folder.mkdir(exist_ok=True)
        write(folder)
        zone = {"american": "America/New_York", "german": "Europe/Berlin"}.get(name, "Europe/Paris")
        (folder / "site.yaml").write_text(f"timezone: {zone}\n", encoding="utf-8")
