"""What `inspect` proposes for exports as hospitals in several countries write them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml

from qi_checker.errors import UserError
from qi_checker.protocol.load_mapping import load_mapping
from qi_checker.sources.files import read_folder
from qi_checker.sources.inspect.mapping_text import mapping_text
from qi_checker.sources.inspect.proposal import Proposal
from qi_checker.sources.inspect.propose import propose
from qi_checker.sources.inspect.tables import read_tables
from qi_checker.sources.raw import connect
from tests.helpers.folders import SITE


def proposed(folder: Path, target: str = "") -> Proposal:
    con = connect()
    seen, unread = read_tables(con, target or str(folder))
    assert unread == []
    return propose(con, seen, target)


def records(folder: Path, proposal: Proposal) -> list[dict[str, Any]]:
    """The operations that the proposal as it stands makes of the export."""
    (folder / "mapping.yaml").write_text(mapping_text(proposal, "export"), encoding="utf-8")
    events = "event_id,patient_id,kind,status,at\n"
    loaded = load_mapping(folder / "mapping.yaml")
    if "events" not in proposal.mapping:
        (folder / "events.csv").write_text(events)
    found = read_folder(folder, SITE, mapping=loaded)
    result = found.con.execute("SELECT * FROM raw_cases ORDER BY _row")
    names = [column[0] for column in result.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    found.con.close()
    return rows


def write(folder: Path, encoding: str = "utf-8", **files: list[str]) -> Path:
    for name, lines in files.items():
        (folder / f"{name}.csv").write_bytes("\r\n".join(lines).encode(encoding))
    return folder


def numbered(template: str, rows: int = 9) -> list[str]:
    return [template.replace("#", str(n)) for n in range(1, rows + 1)]


def test_a_french_list_of_operations(tmp_path: Path) -> None:
    header = "N° intervention;IPP;Date et heure intervention;Code CCAM;Diagnostic principal (CIM-10);Statut"
    rows = numbered("I2600#;000000012#;1#/03/2026 07h30;HLFA011;C787;Réalisée")
    found = proposed(write(tmp_path, "utf-8-sig", interventions=[header, *rows]))
    columns = found.mapping["cases"]["columns"]
    assert columns["surgery_at"] == {
        "column": "Date et heure intervention",
        "date": "DD/MM/YYYY HHhmm",
    }
    first = records(tmp_path, found)[0]
    assert first["case_id"] == "I26001" and first["surgery_at"] == "2026-03-11 07:30:00"
    assert first["procedures"] == "CCAM:HLFA011" and first["diagnoses"] == "ICD-10:C787"


def test_a_german_list_with_its_number_and_certain_diagnoses(tmp_path: Path) -> None:
    """`C78.7 V` is a suspicion: only what is certain loses its mark."""
    header = "Fallnr.;Pat.-ID;OP-Datum;OP-Beginn;OPS;Hauptdiagnose;OP-Status"
    rows = numbered("20260#;P-70#;1#.03.2026;07:30;5-502.1;C78.7 G;durchgeführt")
    rows[-1] = rows[-1].replace(" G;", " V;")
    found = proposed(write(tmp_path, "cp1252", op_plan=[header, *rows]))
    made = records(tmp_path, found)
    assert made[0]["case_id"] == "202601" and made[0]["diagnoses"] == "ICD-10:C78.7"
    assert made[-1]["diagnoses"] == "ICD-10:C78.7 V"


def test_the_time_of_an_order_is_not_offered_as_that_of_the_examination(tmp_path: Path) -> None:
    header = "Auftragsnr.;Pat.-ID;Untersuchung;Untersuchungsbeginn;Anforderung;Befundstatus"
    rows = numbered("R#;P#;CT Abdomen mit KM;1#.03.2026 07:30;0#.03.2026 09:00;vidiert")
    found = proposed(write(tmp_path, "cp1252", ris=[header, *rows]))
    assert found.mapping["events"]["columns"]["ordered_at"]["column"] == "Anforderung"
    assert [d for d in found.doubts if d.path[-1] == "at"] == []


@pytest.mark.parametrize(
    "text",
    [
        "Liver metastases (HCC) [C78.7]",
        "C78.7 - Secondary malignant neoplasm of liver",
        "Liver metastasis (C78.7)",
    ],
)
def test_codes_in_a_text_are_taken_out_of_it(tmp_path: Path, text: str) -> None:
    header = "Log ID,MRN,Sched Surgery Date/Time,CPT,Pre-op Diagnosis,Log Status"
    rows = numbered(f"55#,1002#,03/1#/2026 07:30 AM,47120,{text},Posted")
    found = proposed(write(tmp_path, cases=[header, *rows]))
    (doubt,) = [d for d in found.doubts if d.path[-1] == "diagnoses"]
    assert "in the texts of Pre-op Diagnosis" in doubt.question
    assert records(tmp_path, found)[0]["diagnoses"] == "ICD-10-CM:C78.7"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("Mar 1# 2026  7:30AM", "MMM DD YYYY hh:mmAM"),
        ("March 1#, 2026 7:30 AM", "MMM DD, YYYY hh:mm AM"),
        ("03/1#/2026 7:30AM", "MM/DD/YYYY hh:mmAM"),
        ("1#/03/2026 7h30", "DD/MM/YYYY HHhmm"),
    ],
)
def test_dates_are_read_as_they_are_proposed(tmp_path: Path, day: str, expected: str) -> None:
    header = "CASE_ID;MRN;SURGERY_DATE;STATUS;CPT"
    found = proposed(write(tmp_path, or_cases=[header, *numbered(f"#;P#;{day};Completed;47120")]))
    assert found.mapping["cases"]["columns"]["surgery_at"]["date"] == expected
    assert records(tmp_path, found)[0]["surgery_at"] == "2026-03-11 07:30:00"


def test_marks_that_keep_zeros_from_a_spreadsheet(tmp_path: Path) -> None:
    cases = numbered('\'00#,"=""0000500#""",2026-03-1# 07:30:00,Performed,47120')
    exams = numbered("00#,500#,CT ABDOMEN,2026-03-0# 09:00:00,Completed")
    write(
        tmp_path,
        cases=["case_no,pat_id,surgery_date,status,cpt", *cases],
        exams=["exam_no,pat_id,exam_name,performed,status", *exams],
    )
    found = proposed(tmp_path)
    assert found.mapping["cases"]["text_marks"] is True
    (doubt,) = [d for d in found.doubts if d.path[-1] == "patient_id"]
    assert "100% if leading zeros are removed" in doubt.question
    first = records(tmp_path, found)[0]
    assert first["case_id"] == "001" and first["patient_id"] == "5001"


@pytest.mark.parametrize("mark", ["", "'"])
def test_codes_in_files_of_their_own_are_joined(tmp_path: Path, mark: str) -> None:
    """Also where only their ids have the mark that keeps zeros from a spreadsheet."""
    log = numbered("77#,12345#,2026-03-1#,Completed")
    procedures = [
        f"{mark}77{n},{line},{code}"
        for n in range(1, 10)
        for line, code in ((1, "47120"), (2, "47600"))
    ]
    write(
        tmp_path,
        or_log=["LOG_ID,MRN,SURGERY_DATE,STATUS", *log],
        or_log_all_proc=["LOG_ID,LINE,CPT_CODE", *procedures],
        or_log_dx=["LOG_ID,LINE,ICD10_CODE", *numbered(f"{mark}77#,1,C78.7")],
    )
    found = proposed(tmp_path)
    assert [d.question for d in found.doubts] == [
        "The procedures are in or_log_all_proc.csv, as codes of CPT: is that right?",
        "The diagnoses are in or_log_dx.csv, as codes of ICD-10-CM: is that right?",
    ]
    made = records(tmp_path, found)
    assert len(made) == 9 and made[0]["procedures"] == "CPT:47120;CPT:47600"
    assert made[0]["diagnoses"] == "ICD-10-CM:C78.7"


def test_a_table_of_codes_that_names_their_systems(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "his.db") as con:
        con.execute("CREATE TABLE operation (op_id INTEGER, patient_no, planned_ts, state)")
        con.execute("CREATE TABLE operation_code (op_id INTEGER, seq INTEGER, code_type, code)")
        for n in range(1, 10):
            day = f"2026-03-1{n} 07:30:00"
            con.execute("INSERT INTO operation VALUES (?, ?, ?, 'DONE')", (n, f"0{n}", day))
            for seq, (system, code) in enumerate((("OPS", "5-502.1"), ("ICD10", "C78.7"))):
                con.execute(
                    "INSERT INTO operation_code VALUES (?, ?, ?, ?)", (n, seq, system, code)
                )
    found = proposed(tmp_path, f"sqlite:///{tmp_path}/his.db")
    assert [join["where"] for join in found.mapping["cases"]["join"]] == [
        [{"column": "code_type", "is": ["OPS"]}],
        [{"column": "code_type", "is": ["ICD10"]}],
    ]
    folder = tmp_path / "only"
    folder.mkdir()
    first = records(folder, found)[0]
    assert (first["procedures"], first["diagnoses"]) == ("OPS:5-502.1", "ICD-10:C78.7")


def test_a_mapping_of_codes_in_a_text_says_of_which_system(tmp_path: Path) -> None:
    columns = dict.fromkeys(("case_id", "patient_id", "surgery_at", "status"), "X")
    columns |= {"diagnoses": {"column": "DX", "in_text": True}}  # type: ignore[dict-item]
    file = tmp_path / "mapping.yaml"
    file.write_text(yaml.safe_dump({"cases": {"file": "x.csv", "columns": columns}}))
    with pytest.raises(UserError) as caught:
        load_mapping(file)
    assert "no code system is given for the codes in the text" in str(caught.value)
    assert "Add system, one of CPT, OPS" in str(caught.value)
