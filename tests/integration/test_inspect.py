"""qi-checker inspect: three exports that nobody has described, from looking at them to the verdicts."""

from __future__ import annotations

import os
import pty
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from qi_checker.demo.exports import AS_OF, EXPORTS, OPERATIONS, VERDICTS
from qi_checker.errors import UserError
from qi_checker.protocol.date_format import ACCEPTED
from qi_checker.protocol.load_mapping import load_mapping
from qi_checker.sources.inspect.proposal import Proposal
from qi_checker.sources.inspect.propose import propose
from qi_checker.sources.inspect.tables import read_tables
from qi_checker.sources.raw import connect
from tests.helpers.commands import csv_rows, environment, run

SITE = "timezone: Europe/Berlin\n"


@pytest.fixture(params=EXPORTS)
def export(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    EXPORTS[request.param](folder)
    (folder / "site.yaml").write_text(SITE, encoding="utf-8")
    return folder


def proposed(folder: Path | str) -> Proposal:
    con = connect()
    seen, unread = read_tables(con, str(folder))
    assert unread == []
    return propose(con, seen)


def verdicts(folder: Path, out: Path) -> dict[int, str]:
    ran = run("audit", "--data", folder, "--as-of", AS_OF, "--out", out, "--pages", 0)
    assert ran.code == 0, ran.err
    return {int(row["case_id"]): row["verdict"] for row in csv_rows(out / "cases.csv")}


def test_what_is_proposed_gives_the_right_verdicts_as_it_stands(
    export: Path, tmp_path: Path
) -> None:
    """No question is left open for these, and no answer is needed."""
    ran = run("inspect", export)
    assert (ran.code, ran.err) == (0, "")
    (export / "mapping.yaml").write_text(ran.out, encoding="utf-8")
    assert verdicts(export, tmp_path / "audit") == VERDICTS


def test_the_checklist_names_what_is_to_do(export: Path) -> None:
    (export / "mapping.yaml").write_text(run("inspect", export).out, encoding="utf-8")
    ran = run("checklist", "--data", export, "--as-of", AS_OF)
    assert ran.code == 0, ran.err
    for operation in OPERATIONS:
        if operation.verdict == "action_needed":
            assert str(operation.number) in ran.out


def test_a_dry_run_shows_rows_before_and_after_and_what_nothing_maps(export: Path) -> None:
    (export / "mapping.yaml").write_text(run("inspect", export).out, encoding="utf-8")
    ran = run("inspect", export, "--dry-run")
    assert ran.code == 0, ran.err
    assert "cases: 12 records from" in ran.out and "events: 19 records from" in ran.out
    assert "2026-03-10 07:30:00" in ran.out
    assert "10 of 12 patients with an operation have an event (83%)" in ran.out
    assert re.search(r"row 1[35]: at \(.*\): external study without an acquisition date", ran.out)
    (part,) = re.findall(r"exam names\n((?: +\d+  .*\n)+)", ran.out)
    assert re.search(r"1  (CT UROGRAM W/WO|CT Urographie|Uroscanner)", part)


def test_a_dry_run_without_a_mapping_says_how_to_get_one(tmp_path: Path) -> None:
    ran = run("inspect", tmp_path, "--dry-run")
    assert (
        ran.code == 2
        and f"there is no mapping. Write one: qi-checker inspect {tmp_path}" in ran.err
    )


# ---- doubts --------------------------------------------------------------------------------------


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


CASES = "CASE_ID,MRN,SURGERY_DATE,STATUS,CPT\n"
EXAMS = "ACCESSION,MRN,EXAM_NAME,EXAM_DATE,STATUS\n"


def test_dates_that_can_be_read_two_ways_are_left_open(tmp_path: Path) -> None:
    cases = CASES + "".join(f"{n},P{n},0{n}/0{n + 1}/2026,Completed,47120\n" for n in range(1, 5))
    write(tmp_path, or_cases=cases)
    found = proposed(tmp_path)
    assert found.mapping["cases"]["columns"]["surgery_at"]["date"] == "DD/MM/YYYY or MM/DD/YYYY"
    (doubt,) = [d for d in found.doubts if d.path[-1] == "surgery_at"]
    assert doubt.usual is None and [words for words, _ in doubt.answers] == [
        "DD/MM/YYYY",
        "MM/DD/YYYY",
    ]
    ran = run("inspect", tmp_path)
    assert "QUESTION: SURGERY_DATE can be read in 2 ways" in ran.out
    (tmp_path / "mapping.yaml").write_text(ran.out)
    with pytest.raises(UserError) as caught:
        load_mapping(tmp_path / "mapping.yaml")
    assert "`DD/MM/YYYY or MM/DD/YYYY` is still open" in str(caught.value)
    found.answer(doubt, 1)
    assert found.mapping["cases"]["columns"]["surgery_at"]["date"] == "MM/DD/YYYY"


def test_one_day_beyond_the_twelfth_settles_the_order(tmp_path: Path) -> None:
    write(
        tmp_path,
        or_cases=CASES + "1,P1,01/02/2026,Completed,47120\n2,P2,13/02/2026,Completed,47120\n",
    )
    found = proposed(tmp_path)
    assert found.mapping["cases"]["columns"]["surgery_at"]["date"] == "DD/MM/YYYY"


def test_a_word_that_it_does_not_know_is_asked_for(tmp_path: Path) -> None:
    write(
        tmp_path, or_cases=CASES + "1,P1,2026-01-02,Completed,47120\n2,P2,2026-01-03,Zzyzx,47120\n"
    )
    found = proposed(tmp_path)
    (doubt,) = [d for d in found.doubts if d.path[-1] == "Zzyzx"]
    assert found.mapping["cases"]["columns"]["status"]["words"] == {
        "Completed": "performed",
        "Zzyzx": "?",
    }
    found.answer(doubt, 2)
    assert found.mapping["cases"]["columns"]["status"]["words"]["Zzyzx"] == "cancelled"


def test_ids_of_two_shapes_are_joined_by_what_makes_them_meet(tmp_path: Path) -> None:
    cases = CASES + "".join(f"{n},12-34{n},2026-01-0{n},Completed,47120\n" for n in range(1, 9))
    exams = EXAMS + "".join(
        f"A{n},00012{34}{n},CT ABDOMEN,2026-01-0{n},Final\n" for n in range(1, 9)
    )
    found = proposed(write(tmp_path, or_cases=cases, rad=exams))
    assert found.mapping["cases"]["columns"]["patient_id"] == {
        "column": "MRN",
        "strip": "-",
        "pad": 8,
    }
    (doubt,) = [d for d in found.doubts if "two shapes" in d.question]
    assert "0% are the same in both tables, and 100% if" in doubt.question
    found.answer(doubt, 1)
    assert found.mapping["cases"]["columns"]["patient_id"] == "MRN"


def test_rows_of_one_operation_that_disagree_about_its_time_are_asked_about(tmp_path: Path) -> None:
    rows = "".join(
        f"{case},P{case},2026-01-02T0{hour}:00,Completed,47120\n"
        for case, hour in ((1, 8), (1, 9), (2, 8))
    )
    found = proposed(write(tmp_path, or_cases=CASES + rows))
    (doubt,) = [d for d in found.doubts if "which one counts" in d.question]
    found.answer(doubt, 0)
    assert found.mapping["cases"]["columns"]["surgery_at"] == {
        "column": "SURGERY_DATE",
        "pick": "earliest",
    }


def test_without_a_status_it_is_asked_what_the_rows_are(tmp_path: Path) -> None:
    cases = "CASE_ID,MRN,SURGERY_DATE,CPT\n1,P1,2026-01-02,47120\n2,P2,2026-01-03,47120\n"
    found = proposed(write(tmp_path, or_cases=cases))
    (doubt,) = [d for d in found.doubts if d.path[-1] == "status"]
    assert found.mapping["cases"]["columns"]["status"] == {"constant": "?"}
    found.answer(doubt, 0)
    assert found.mapping["cases"]["columns"]["status"] == {"constant": "scheduled"}


def test_a_therapy_list_is_asked_what_it_is(tmp_path: Path) -> None:
    write(tmp_path, or_cases=CASES + "1,P1,2026-01-02,Completed,47120\n")
    write(
        tmp_path,
        chemo="EVENT_ID,MRN,GIVEN_AT,STATUS\nX1,P1,2025-12-01,Completed\nX2,P1,2025-12-08,Completed\n",
    )
    found = proposed(tmp_path)
    (doubt,) = [d for d in found.doubts if d.path[-1] == "kind"]
    found.answer(doubt, 1)
    assert found.mapping["events"]["columns"]["kind"] == {"constant": "therapy"}


def test_a_file_that_fits_nothing_is_said_and_not_used(tmp_path: Path) -> None:
    write(
        tmp_path,
        or_cases=CASES + "1,P1,2026-01-02,Completed,47120\n",
        menu="DISH,PRICE\nsoup,3\npie,5\n",
    )
    ran = run("inspect", tmp_path)
    assert "menu.csv: 2 rows; is not used: nothing matches" in ran.out


def test_nothing_to_propose_is_an_error(tmp_path: Path) -> None:
    ran = run("inspect", write(tmp_path, menu="DISH,PRICE\nsoup,3\npie,5\n"))
    assert ran.code == 2 and "no file or table looks like operations or examinations" in ran.err


@pytest.mark.parametrize("target", ["not-there", "klingon://host/x"])
def test_a_target_that_cannot_be_looked_at(target: str, tmp_path: Path) -> None:
    assert run("inspect", target, cwd=tmp_path).code == 2


def test_an_upper_header_and_a_number_in_front_hide_no_column(tmp_path: Path) -> None:
    """`Intervention N°`, `1. Operateur`, `Pre-op Dx`: the last words say what a column holds."""
    rows = "".join(
        f"OP{n},P{n},2026-01-0{n}T08:00,geplant,5-501.20,C78.7,Elm\n" for n in range(1, 9)
    )
    header = "Intervention N°,Patient IPP,OP-Termin,OP-Status,OPS,Pre-op Dx,1. Operateur\n"
    columns = proposed(write(tmp_path, bloc=header + rows)).mapping["cases"]["columns"]
    assert columns["case_id"] == "Intervention N°" and columns["surgeon"] == "1. Operateur"
    assert columns["surgery_at"] == "OP-Termin" and columns["patient_id"] == "Patient IPP"
    assert columns["diagnoses"]["column"] == "Pre-op Dx"


def test_a_date_of_birth_is_never_offered_as_another_date(tmp_path: Path) -> None:
    rows = "".join(
        f"{n},P{n},195{n}-03-01,2026-01-0{n},2026-02-0{n},Completed,47120\n" for n in range(1, 9)
    )
    header = "CASE_ID,MRN,Date of birth,Seen on,Signed,STATUS,CPT\n"
    (doubt,) = [
        d
        for d in proposed(write(tmp_path, or_cases=header + rows)).doubts
        if d.path[-1] == "surgery_at"
    ]
    assert [words for words, _ in doubt.answers] == ["Seen on", "Signed"]


def test_operations_without_a_number_are_told_apart_and_grouped(tmp_path: Path) -> None:
    rows = "".join(
        f"P{n},2026-01-0{n},Completed,{code}\n" for n in range(1, 7) for code in ("47120", "44140")
    )
    found = proposed(write(tmp_path, or_cases="MRN,SURGERY_DATE,STATUS,CPT\n" + rows))
    cases = found.mapping["cases"]
    assert cases["columns"]["case_id"] == {"columns": ["MRN", "SURGERY_DATE"], "join_with": "/"}
    assert cases["group_by"] == ["MRN", "SURGERY_DATE"]
    (doubt,) = [d for d in found.doubts if d.path[-1] == "group_by"]
    assert "12 rows have 6 values of MRN and SURGERY_DATE" in doubt.question


def test_a_serial_time_beside_a_serial_day_is_added_to_it(tmp_path: Path) -> None:
    rows = "".join(f"{n},P{n},{46090 + n},0.3125,Completed,47120\n" for n in range(1, 9))
    header = "CASE_ID,MRN,SURGERY_DATE,SURGERY_TIME,STATUS,CPT\n"
    columns = proposed(write(tmp_path, or_cases=header + rows)).mapping["cases"]["columns"]
    assert columns["surgery_at"] == {"columns": ["SURGERY_DATE", "SURGERY_TIME"], "date": "excel"}


def test_the_name_of_a_scanner_is_asked_about_and_left_to_the_exam_name(tmp_path: Path) -> None:
    rows = "".join(f"A{n},P{n},CT ABDOMEN,2026-01-0{n},Final,CT\n" for n in range(1, 9))
    rows += "A9,P9,MRI LIVER,2026-01-09,Final,MAGNETOM 2\n"
    header = "ACCESSION,MRN,EXAM_NAME,EXAM_DATE,STATUS,MODALITY\n"
    found = proposed(write(tmp_path, rad=header + rows))
    (doubt,) = [d for d in found.doubts if d.path[-1] == "MAGNETOM 2"]
    assert found.mapping["events"]["columns"]["modality"]["words"] == {"MAGNETOM 2": ""}
    assert doubt.usual == 0 and "MR" in [words for words, _ in doubt.answers]


# ---- plausibility of what a mapping makes ---------------------------------------------------------


def test_a_dry_run_says_what_the_checks_of_plausibility_see(tmp_path: Path) -> None:
    cases = CASES + "".join(f"{n},P{n},2026-01-{n + 10},Completed,47120\n" for n in range(12))
    exams = EXAMS + "".join(f"A{n},X{n},CT ABDOMEN,2026-01-{n + 10},Final\n" for n in range(12))
    write(tmp_path, or_cases=cases, rad=exams, site="")
    (tmp_path / "site.yaml").write_text(SITE)
    assert run("inspect", tmp_path, "--out", tmp_path / "mapping.yaml").code == 0
    text = (tmp_path / "mapping.yaml").read_text().replace("patient_id: '?'", "patient_id: MRN")
    (tmp_path / "mapping.yaml").write_text(text)
    ran = run("inspect", tmp_path, "--dry-run")
    assert ran.code == 0, ran.err
    _, _, said = ran.out.partition("Plausibility on 2026-01-21 with protocol ")
    assert "- refuse no_events: or_cases.csv, patient_id: 12 of 12 (100%)" in said
    ran = run("inspect", tmp_path, "--dry-run", "--as-of", "2026-01-15")
    assert "Plausibility on 2026-01-15 with protocol" in ran.out


def test_a_folder_of_records_is_tried_without_a_mapping(tmp_path: Path) -> None:
    rows = "".join(f"{n},P{n},03/{10 + n}/2026 07:30 AM,performed\n" for n in range(9))
    write(tmp_path, cases="case_id,patient_id,surgery_at,status\n" + rows)
    write(tmp_path, events="event_id,patient_id,kind,status,at\n")
    (tmp_path / "site.yaml").write_text(SITE)
    ran = run("inspect", tmp_path, "--dry-run")
    assert ran.code == 0, ran.err
    assert "03/10/2026 07:30 AM" in ran.out
    assert f"surgery_at look like MM/DD/YYYY hh:mm AM; accepted are {ACCEPTED}" in ran.out


# ---- where it is written -------------------------------------------------------------------------


def test_a_mapping_that_is_there_is_not_replaced(export: Path) -> None:
    out = export / "mapping.yaml"
    assert run("inspect", export, "--out", out).code == 0
    again = run("inspect", export, "--out", out)
    assert again.code == 2 and "already exists" in again.err
    assert run("inspect", export, "--out", out, "--force").code == 0


def test_on_a_terminal_it_is_a_conversation(tmp_path: Path) -> None:
    """Each doubt is a question; a number answers it, and the file has no question left."""
    cases = CASES + "".join(
        f"{n},P{n},0{n}/0{n + 1}/2026,{s},47120\n" for n, s in enumerate(["Completed", "Zzyzx"], 1)
    )
    write(tmp_path, or_cases=cases)
    said = talk(["inspect", tmp_path], "9\n2\n1\n\n")
    assert "SURGERY_DATE can be read in 2 ways" in said and "Write a number from 1 to 2" in said
    columns = load_mapping(tmp_path / "mapping.yaml").mapping.blocks("cases")[0].sources
    assert columns["surgery_at"].date == "MM/DD/YYYY"
    assert columns["status"].words == {"Completed": "performed", "Zzyzx": "scheduled"}
    assert "QUESTION" not in (tmp_path / "mapping.yaml").read_text()


def talk(arguments: list[Any], answers: str) -> str:
    """What a command says on a terminal to somebody who types these answers."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "qi_checker", *map(str, arguments)]
    with subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment()
    ) as process:
        os.close(slave)
        os.write(master, answers.encode())
        seen = b""
        try:
            while part := os.read(master, 65536):
                seen += part
        except OSError:  # how Linux says that the other side is closed
            pass
    os.close(master)
    assert process.returncode == 0, seen.decode()
    return seen.decode()


# ---- other places --------------------------------------------------------------------------------


def test_a_database_is_looked_at_like_a_folder(tmp_path: Path) -> None:
    EXPORTS["american"](tmp_path)
    with sqlite3.connect(tmp_path / "x.db") as con:
        for name in ("or_cases", "rad_exams"):
            rows = csv_rows(tmp_path / f"{name}.csv")
            con.execute(f"CREATE TABLE {name} ({', '.join(rows[0])})")
            marks = ", ".join("?" for _ in rows[0])
            con.executemany(
                f"INSERT INTO {name} VALUES ({marks})", [tuple(r.values()) for r in rows]
            )
    folder = tmp_path / "only"
    folder.mkdir()
    (folder / "site.yaml").write_text(SITE)
    ran = run("inspect", f"sqlite:///{tmp_path}/x.db")
    assert ran.code == 0, ran.err
    (folder / "mapping.yaml").write_text(ran.out, encoding="utf-8")
    assert verdicts(folder, tmp_path / "audit") == VERDICTS


def test_parquet_is_looked_at_like_text(tmp_path: Path) -> None:
    EXPORTS["american"](tmp_path)
    folder = tmp_path / "parquet"
    folder.mkdir()
    (folder / "site.yaml").write_text(SITE)
    for name in ("or_cases", "rad_exams"):
        source = f"read_csv('{tmp_path / name}.csv', all_varchar = true)"
        duckdb.connect().execute(f"COPY (FROM {source}) TO '{folder / name}.parquet'")
    (folder / "mapping.yaml").write_text(run("inspect", folder).out, encoding="utf-8")
    assert verdicts(folder, tmp_path / "audit") == VERDICTS


def test_one_workbook_is_looked_at_alone(tmp_path: Path) -> None:
    EXPORTS["workbook"](tmp_path)
    ran = run("inspect", tmp_path / "bloc.xlsx")
    assert ran.code == 0 and "sheet: Interventions" in ran.out and "Ancien" not in ran.out


# ---- what three further exports showed ------------------------------------------------------------


def test_codes_of_every_column_are_proposed(tmp_path: Path) -> None:
    """A metastasis among the secondary diagnoses puts an operation into the population, too."""
    rows = "".join(
        f'{n},P{n},2026-01-0{n},geplant,5-502.{n}:R,{second},,C18.7 G,"C78.7 G, I10.90 G"\n'
        for n, second in enumerate(["", "5-455.41", "", "5-455.41"], 1)
    )
    header = (
        "OP-Nr.,Patientennummer,OP-Datum,OP-Status,OPS 1,OPS 2,OPS 3,Hauptdiagnose,Nebendiagnosen\n"
    )
    found = proposed(write(tmp_path, plan=header + rows))
    columns = found.mapping["cases"]["columns"]
    assert columns["procedures"] == {
        "columns": ["OPS 1", "OPS 2", "OPS 3"],
        "system": "OPS",
        "strip": [":B", ":L", ":R"],
    }
    assert columns["diagnoses"]["columns"] == ["Hauptdiagnose", "Nebendiagnosen"]
    doubt = next(d for d in found.doubts if d.path[-1] == "procedures")
    assert "OPS 1 and in OPS 2, OPS 3: do all of them count?" in doubt.question
    found.answer(doubt, 1)
    assert columns["procedures"]["column"] == "OPS 1" and "columns" not in columns["procedures"]


def test_the_appointment_is_taken_where_an_examination_has_no_start(tmp_path: Path) -> None:
    rows = "".join(
        f"A{n},P{n},CT ABDOMEN,Sent,{state},1/{n}/26 8:05 AM,1/{n + 12}/26 8:05 AM,{begun}\n"
        for n in range(1, 9)
        for state, begun in [("Final", f"1/{n + 12}/26 8:20 AM") if n < 6 else ("Scheduled", "")]
    )
    header = "Acc #,MRN,Exam,Order Status,Exam Status,Ordering Date,Appt Date/Time,Begin Exam\n"
    found = proposed(write(tmp_path, rad=header + rows))
    columns = found.mapping["events"]["columns"]
    date = "MM/DD/YY hh:mm AM"
    assert columns["at"] == {"first_of": ["Begin Exam", "Appt Date/Time"], "date": date}
    assert columns["ordered_at"]["column"] == "Ordering Date"
    (doubt,) = [d for d in found.doubts if d.path[-1] == "at"]
    assert "Begin Exam is empty in 3 rows" in doubt.question
    found.answer(doubt, 1)
    assert columns["at"] == {"column": "Begin Exam", "date": date}
    (which,) = [d for d in found.doubts if d.path[-1] == "status"]
    assert columns["status"]["column"] == "Exam Status"
    found.answer(which, 1)
    assert columns["status"] == {"column": "Order Status", "words": {"Sent": "?"}}


def test_a_letter_in_front_of_every_id_is_taken_off(tmp_path: Path) -> None:
    cases = CASES + "".join(f"{n},E10040{n},2026-01-0{n},Completed,47120\n" for n in range(1, 9))
    exams = EXAMS + "".join(f"A{n},10040{n},CT ABDOMEN,2026-01-0{n},Final\n" for n in range(1, 9))
    found = proposed(write(tmp_path, or_cases=cases, rad=exams))
    assert found.mapping["cases"]["columns"]["patient_id"] == {"column": "MRN", "strip": "E"}


def test_of_two_registers_that_of_both_tables_is_taken(tmp_path: Path) -> None:
    header = "CASE_ID,NHS No,Hosp No,SURGERY_DATE,STATUS,OPCS\n"
    rows = "".join(
        f"{n},943 476 500{n},H00{n},2026-01-0{n},Completed,J02.{n}\n" for n in range(1, 9)
    )
    exams = EXAMS + "".join(f"A{n},H00{n},CT ABDOMEN,2026-01-0{n},Final\n" for n in range(1, 9))
    found = proposed(write(tmp_path, theatre=header + rows, rad=exams))
    assert found.mapping["cases"]["columns"]["patient_id"] == "Hosp No"
    (doubt,) = [d for d in found.doubts if d.path[-1] == "patient_id"]
    assert "100% of the patients are in both tables by Hosp No" in doubt.question
    found.answer(doubt, 1)
    assert found.mapping["cases"]["columns"]["patient_id"] == "NHS No"


def test_a_number_that_differs_in_every_row_is_its_id_and_no_code(tmp_path: Path) -> None:
    rows = "".join(f"{20260000 + n},P{n % 3},CT ABDOMEN,2026-01-0{n},Final\n" for n in range(1, 9))
    header = "Key,MRN,EXAM_NAME,EXAM_DATE,STATUS\n"
    found = proposed(write(tmp_path, rad=header + rows))
    columns = found.mapping["events"]["columns"]
    assert columns["event_id"] == "Key" and "codes" not in columns
    assert any("Key is different in every row" in d.question for d in found.doubts)


def test_rows_of_subtotals_are_left_out(tmp_path: Path) -> None:
    rows = "".join(
        f"{n},P{n},2026-01-0{n},Completed,47120\n" + ("Subtotal,1,,,\n" if n % 2 else "")
        for n in range(1, 9)
    )
    found = proposed(write(tmp_path, or_cases=CASES + rows + "Grand total,8,,,\n"))
    cases = found.mapping["cases"]
    assert cases["where"] == [{"column": "SURGERY_DATE", "empty": "no"}]
    assert "group_by" not in cases


def test_a_date_that_is_asked_for_comes_with_its_format_and_its_time(tmp_path: Path) -> None:
    rows = "".join(f"{n},P{n},{n + 12}.01.26,0{n}:30 Uhr,geplant,47120\n" for n in range(1, 9))
    header = "CASE_ID,MRN,Tag X,Zeit X,STATUS,CPT\n"
    found = proposed(write(tmp_path, or_cases=header + rows))
    (doubt,) = [d for d in found.doubts if d.path[-1] == "surgery_at"]
    found.answer(doubt, 0)
    columns = found.mapping["cases"]["columns"]
    assert columns["surgery_at"] == {"columns": ["Tag X", "Zeit X"], "date": "DD.MM.YY HH:mm Uhr"}


def test_rows_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"{n},P{n},2026-01-0{n},Completed,47120\n" for n in range(1, 9))
    write(tmp_path, or_cases=CASES + rows + "9,P9,2026-01-09,Completed, after all,47120\n")
    ran = run("inspect", tmp_path)
    assert "#   1 more row with another number of cells than the header cannot be read" in ran.out


def test_every_open_question_is_said_and_refused_together(tmp_path: Path) -> None:
    """A column, a word for all rows and a word of the export: none is taken for an answer."""
    cases = "CASE_ID,MRN,SURGERY_DATE,CPT\n1,P1,2026-03-14,47120\n"
    exams = "ACCESSION,MRN,EXAM_NAME,WHENDONE,STATUS\nA1,P1,CT ABDOMEN,2026-03-01,Kaputt\n"
    write(tmp_path, or_cases=cases, rad=exams)
    out = tmp_path / "mapping.yaml"
    ran = run("inspect", tmp_path, "--out", out)
    assert f"{out}: 3 questions are open" in ran.out
    assert "Which column of rad.csv is the time of the examination?" in out.read_text()
    ran = run("inspect", tmp_path, "--dry-run")
    assert ran.code == 2
    for question in (
        "the question about status is still open. Replace `?` by the word that is right for every",
        " row: scheduled, performed, cancelled.",
        "the question about `Kaputt` is still open. Replace `?` by one of ordered, booked, completed, ",
        "the question about at is still open. Replace `?` by the name of a column of your export.",
    ):
        assert question in ran.err


def test_the_column_that_the_name_suggests_is_offered_first(tmp_path: Path) -> None:
    """Three of four dates are written in different ways, so that none is recognised."""
    days = ("02.03.26", "2026-03-20", "tomorrow", "?")
    rows = "".join(f"{n},P{n},5500{n},{day},Completed,47120\n" for n, day in enumerate(days, 1))
    found = proposed(write(tmp_path, or_cases=f"CASE_ID,MRN,FIN,SURGERY_DATE,STATUS,CPT\n{rows}"))
    (doubt,) = [d for d in found.doubts if d.path[-1] == "surgery_at"]
    assert doubt.answers[0][0] == "SURGERY_DATE"


@pytest.mark.parametrize("total", ["Summe: 4", "Total 4"])
def test_a_title_above_the_header_is_not_its_footer(tmp_path: Path, total: str) -> None:
    rows = "".join(f"{n},P{n},2026-01-0{n},Completed,47120\n" for n in range(1, 5))
    title = "OR list,,,,\nerstellt am 10.03.2026,,,,\n,,,,\n"
    found = proposed(write(tmp_path, or_cases=title + CASES + rows + f"{total},,,,\n"))
    assert found.mapping["cases"]["footer"] == total.split(":")[0].split()[0]


@pytest.mark.parametrize("name", ["FIN", "ACCOUNT", "ZIP", "ROOM PHONE"])
def test_numbers_under_another_name_are_not_codes(tmp_path: Path, name: str) -> None:
    """Any number of five digits has the shape of a CPT code."""
    cases = f"CASE_ID,MRN,SURGERY_DATE,STATUS,CPT,CPT 2,{name}\n" + "".join(
        f"{n},P{n},2026-01-0{n},Completed,47120,44140,9001{n}\n" for n in range(1, 9)
    )
    found = proposed(write(tmp_path, or_cases=cases))
    assert found.mapping["cases"]["columns"]["procedures"]["columns"] == ["CPT", "CPT 2"]


def test_ids_of_a_further_feed_are_compared_too(tmp_path: Path) -> None:
    cases = CASES + "".join(f"{n},0010{n},2026-01-0{n},Completed,47120\n" for n in range(1, 9))
    exams = EXAMS + "".join(f"A{n},0010{n},CT ABDOMEN,2026-01-0{n},Final\n" for n in range(1, 9))
    chemo = "EVENT_ID,MRN,GIVEN_AT,STATUS\n" + "".join(
        f"X{n},K10{n},2025-12-0{n},Completed\n" for n in range(1, 4)
    )
    found = proposed(write(tmp_path, or_cases=cases, rad=exams, chemo=chemo))
    feeds = found.mapping["events"]
    (number,) = [n for n, feed in enumerate(feeds) if feed["file"] == "chemo.csv"]
    assert feeds[number]["columns"]["patient_id"] == {"column": "MRN", "strip": "K", "pad": 5}
    (doubt,) = [d for d in found.doubts if "have an operation" in d.question]
    found.answer(doubt, 1)
    assert feeds[number]["columns"]["patient_id"] == "MRN"


def test_ids_that_never_meet_are_left_open(tmp_path: Path) -> None:
    cases = CASES + "".join(f"{n},P{n},2026-01-0{n},Completed,47120\n" for n in range(1, 9))
    exams = EXAMS + "".join(f"A{n},X9{n}Q,CT ABDOMEN,2026-01-0{n},Final\n" for n in range(1, 9))
    found = proposed(write(tmp_path, or_cases=cases, rad=exams))
    assert found.mapping["cases"]["columns"]["patient_id"] == "?"
    (doubt,) = [d for d in found.doubts if "under the same id" in d.question]
    found.answer(doubt, 0)
    assert found.mapping["cases"]["columns"]["patient_id"] == "MRN"
