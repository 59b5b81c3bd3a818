"""Code lists and vocabularies: every mistake is told with its file and row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from qi_checker.protocol.catalogue import CodeLists, LoadedCatalogue, available_lists
from qi_checker.protocol.code_shapes import suspicious_codes
from qi_checker.protocol.paths import rules_dir

SHIPPED = rules_dir() / "codelists"
HEAD = "system,code,note,source\n"
IMAGING = "system,code,modality,region,role,note,source\n"

Load = Callable[[dict[str, str]], LoadedCatalogue]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load a code list `own`, with files of these texts put before those of the program."""

    def loaded(files: dict[str, str]) -> LoadedCatalogue:
        for name, text in files.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        return CodeLists([tmp_path, SHIPPED]).load(["own"])

    return loaded


def messages(loaded: LoadedCatalogue) -> list[str]:
    """Problems without the name of the folder."""
    return [str(p).rpartition("/")[2] if "/" in p.where else str(p) for p in loaded.problems]


def test_codes_are_written_in_one_way(load: Load) -> None:
    found = load({"own": HEAD + "icd-10-cm,c78.7,note,source\nhttp://loinc.org/,36267-3,,\n"})
    assert found.problems == []
    own = found.catalogue.lists["own"]
    assert own.exact == {("ICD-10-CM", "C787"), ("LOINC", "36267-3")}
    assert own.rows[0].note == "note"


def test_a_star_stands_for_the_rest_of_a_code(load: Load) -> None:
    own = load({"own": HEAD + "ICD-10-PCS,0FB0*,,\n"}).catalogue.lists["own"]
    assert own.holds("ICD-10-PCS", "0FB00ZZ")
    assert not own.holds("ICD-10-PCS", "0FB10ZZ")


def test_a_byte_order_mark_and_blank_rows_are_no_mistakes(load: Load) -> None:
    found = load({"own": "\ufeff" + HEAD + "\n,,,\nLOCAL,A1,,\n"})
    assert found.problems == []
    assert found.catalogue.lists["own"].exact == {("LOCAL", "A1")}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "own.csv, row 1: the column `system` is missing."),
        ("system,code,note\n", "own.csv, row 1: the column `source` is missing."),
        ("system,cod,note,source\n", "own.csv, row 1: the column `cod` is not known. Did you mean"),
        ("system,code,note,source,x\n", "own.csv, row 1: the column `x` is not known."),
        ("system,code,note,note,source\n", "own.csv, row 1: the column `note` appears twice."),
        ("system;code;note;source\n", "own.csv, row 1: the columns are not separated by commas."),
        (HEAD + "LOCAL,A1,,\nLOCAL,,,\n", "own.csv, row 3: the code is empty."),
        (HEAD + ",A1,,\n", "own.csv, row 2: the system is empty."),
        (HEAD + "LOCAL,A1\n", "own.csv, row 2: has 2 cells, and the header has 4."),
        (HEAD + "LOCAL,A1,a, b,\n", "own.csv, row 2: has 5 cells, and the header has 4."),
        (
            HEAD + "ICD-10-CM,C78.7,,\n\nicd10cm,C787,,\n",
            "own.csv, row 4: ICD-10-CM C787 is in row 2 already.",
        ),
        (HEAD + "LOCAL,1.23E+10,,\n", "own.csv, row 2: the code 1.23E+10 looks damaged"),
        (HEAD + 'LOCAL,"1,23E+10",,\n', "own.csv, row 2: the code 1,23E+10 looks damaged"),
        (HEAD + "LOCAL,74160.0,,\n", "own.csv, row 2: the code 74160.0 looks damaged"),
        (HEAD + "CPT,100,,\n", "own.csv, row 2: the code 100 looks damaged"),
        (HEAD + "LOCAL,02-Jan,,\n", "own.csv, row 2: the code 02-Jan looks damaged"),
        (HEAD + "LOCAL,#NAME?,,\n", "own.csv, row 2: the code #NAME? looks damaged"),
        (HEAD + "LOCAL,A*1,,\n", "own.csv, row 2: the code A*1 has a * in the wrong place."),
        (HEAD + "LOCAL,*,,\n", "own.csv, row 2: the code * has a * in the wrong place."),
        (HEAD + 'LOCAL,"A1,,\n', "own.csv, row 2: is not CSV"),
    ],
)
def test_mistakes_of_a_code_list(text: str, problem: str, load: Load) -> None:
    problems = messages(load({"own": text}))
    assert problems[0].startswith(problem)
    assert len(problems) == (4 if text == "" else 1)


def test_a_code_that_truly_ends_with_zero(load: Load) -> None:
    assert load({"own": HEAD + "ICD-9-CM,155.0,,\n"}).problems == []


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("LOCAL,A1,CT,liver,qualify,,", "the role `qualify` is not known. Did you mean qualifies?"),
        ("LOCAL,A1,CT,liver,,,", "the role is empty."),
        ("LOCAL,A1,CTX,liver,qualifies,,", "the modality `CTX` is not known."),
        ("LOCAL,A1,PT;CTX,liver,qualifies,,", "the modality `CTX` is not known."),
        ("LOCAL,A1,CT,livr,qualifies,,", "the region `livr` is not known. Did you mean liver?"),
        ("LOCAL,A1*,CT,liver,qualifies,,", "the code A1* ends with *."),
    ],
)
def test_mistakes_of_the_imaging_codes(row: str, problem: str, load: Load) -> None:
    problems = messages(load({"own": HEAD, "imaging": IMAGING + row + "\n"}))
    assert len(problems) == 1
    assert problems[0].startswith(f"imaging.csv, row 2: {problem}")


def test_imaging_codes_may_name_several_words_or_none(load: Load) -> None:
    rows = "LOCAL,A1,pt; CT,Liver;chest,warns,,\nLOCAL,A2,,,never,,\n"
    first, second, _ = load({"own": HEAD, "imaging": IMAGING + rows}).catalogue.imaging
    assert (first.modality, first.region, first.role) == ("PT;CT", "liver;chest", "warns")
    assert (second.modality, second.region) == ("", "")


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("regions", "region,covers_liver,note\nliver,maybe,\n", "covers_liver must be yes or no."),
        ("regions", "region,covers_liver,note\nThe Liver,yes,\n", "the region `The Liver` is not"),
        ("modalities", "modality,meaning\nCT,a\nCT,b\n", "the modality `CT` is listed twice."),
        ("modalities", "modality,meaning\nct,a\n", "the modality `ct` is not a word"),
    ],
)
def test_mistakes_of_the_vocabularies(name: str, text: str, problem: str, load: Load) -> None:
    problems = messages(load({"own": HEAD, "imaging": IMAGING, name: text}))
    assert len(problems) == 1
    assert f"{name}.csv, row" in problems[0]
    assert problem in problems[0]


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_bytes((HEAD + "LOCAL,Ä1,,\n").encode("latin-1"))
    problems = messages(CodeLists([tmp_path, SHIPPED]).load(["own"]))
    assert problems == ["own.csv:2:7: is not UTF-8. Save the file with the encoding UTF-8."]


def test_a_missing_vocabulary_is_told(tmp_path: Path) -> None:
    problems = messages(CodeLists([tmp_path]).load([]))
    assert [p.partition(":")[0] for p in problems] == [
        "imaging.csv",
        "regions.csv",
        "modalities.csv",
    ]


def test_the_shipped_files_are_right() -> None:
    names = available_lists([SHIPPED])
    found = CodeLists([SHIPPED]).load(names)
    assert found.problems == []
    assert list(suspicious_codes(found.catalogue)) == []
    assert not {"imaging", "regions", "modalities"} & set(names)


def test_the_shipped_regions_are_those_of_the_contract() -> None:
    assert CodeLists([SHIPPED]).load([]).catalogue.regions == (
        *("liver", "abdomen", "abdomen-pelvis", "chest-abdomen-pelvis", "chest", "pelvis", "head"),
        *("neck", "spine", "breast", "extremity", "whole-body", "other"),
    )


@pytest.mark.parametrize(
    ("system", "code", "suspicious"),
    [
        ("LOINC", "36267-3", False),
        ("LOINC", "36267-4", True),
        ("LOINC", "3626-73", True),
        ("SNOMED", "94381002", False),
        ("SNOMED", "94381003", True),
        ("SNOMED", "94318002", True),
        ("ICD-10-PCS", "0FB00ZZ", False),
        ("ICD-10-PCS", "OFB00ZZ", True),
        ("ICD-10-PCS", "0FB00Z", True),
        ("ICD-10-PCS", "0FB0*", False),
        ("ICD-10-CM", "C78.7", False),
        ("ICD-10-CM", "787", True),
        ("LOKAL", "A1", True),
    ],
)
def test_codes_with_slips(system: str, code: str, suspicious: bool, load: Load) -> None:
    found = load({"own": HEAD + f"{system},{code},,\n"})
    assert bool(list(suspicious_codes(found.catalogue))) is suspicious
