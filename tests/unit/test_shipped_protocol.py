"""The protocol that comes with the program: sound codes, and examples that cover the field."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

import pytest

from qi_checker.protocol.catalogue import CodeLists
from qi_checker.protocol.codes import Catalogue, canonical_code, split_codes
from qi_checker.protocol.examples import Example, load_examples
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.vocabulary import Status, Verdict
from tests.helpers.engines import on_reference

FOLDER = rules_dir() / "hepatic-metastasectomy-imaging"
BUNDLE = load_protocol(FOLDER)
CATALOGUE: Catalogue = BUNDLE.catalogue
EXAMPLES = load_examples(FOLDER, BUNDLE)
COVERS_LIVER = ("liver", "abdomen", "abdomen-pelvis", "chest-abdomen-pelvis")


def _rows(name: str) -> list[dict[str, str]]:
    with (rules_dir() / "codelists" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _codes(system: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every code of a system in every file, with its row."""
    for file in sorted((rules_dir() / "codelists").glob("*.csv")):
        for row in _rows(file.name):
            if row.get("system") == system:
                yield row["code"], row


def _holds(name: str, text: str) -> bool:
    return any(CATALOGUE.lists[name].holds(*pair) for pair in split_codes(text))


def luhn_check_digit(number: str) -> int:
    """The mod-10 check digit of LOINC, computed from the digits before the hyphen."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return -total % 10


def verhoeff_is_valid(number: str) -> bool:
    """The check of SNOMED CT identifiers (J. Verhoeff, 1969), through the dihedral group D5."""

    def times(a: int, b: int) -> int:
        turned = (a - b) % 5 if a >= 5 else (a + b) % 5
        return turned + 5 * ((a >= 5) != (b >= 5))

    permutation = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit)
        for _ in range(place % 8):
            value = permutation[value]
        total = times(total, value)
    return total == 0


# ---- Codes ---------------------------------------------------------------------------------------


def test_check_digits_find_a_transposition() -> None:
    assert luhn_check_digit("30670") == 4
    assert luhn_check_digit("36070") != 4
    assert verhoeff_is_valid("241622002")
    assert not verhoeff_is_valid("241620202")
    assert not verhoeff_is_valid("241622003")


def test_loinc_codes_have_their_check_digit() -> None:
    codes = [code for code, _ in _codes("LOINC")]
    assert len(codes) > 30
    for code in codes:
        number, check = code.split("-")
        assert luhn_check_digit(number) == int(check), code


def test_snomed_identifiers_have_their_check_digit_and_no_description() -> None:
    codes = list(_codes("SNOMED"))
    assert len(codes) > 10
    for code, row in codes:
        assert verhoeff_is_valid(code), code
        assert row["note"] == "", "descriptions of SNOMED CT are not ours to ship"


def test_cpt_codes_are_bare_numbers() -> None:
    for code, row in _codes("CPT"):
        assert re.fullmatch(r"[0-9]{5}", code)
        assert row["note"] in ("", "cannot be told from MRCP, which is billed alike")


def test_atc_groups_are_bare() -> None:
    codes = list(_codes("ATC"))
    assert codes, "nothing to look at"
    for code, row in codes:
        assert re.fullmatch(r"[A-Z][0-9]{2}[A-Z0-9]*\*?", code), code
        assert row["note"] == "", "names of the ATC are not ours to ship"


def test_a_hospitals_own_codes_say_so() -> None:
    codes = list(_codes("LOCAL"))
    assert codes, "nothing to look at"
    for code, row in codes:
        assert re.fullmatch(r"[A-Z]+(-[A-Z]+)*", code), code
        assert row["source"].startswith("a hospital's own code"), code


def test_icd_10_pcs_codes_have_seven_characters() -> None:
    for code, _ in _codes("ICD-10-PCS"):
        assert re.fullmatch(r"[0-9A-HJ-NP-Z]{7}|[0-9A-HJ-NP-Z]{3,6}\*", code), code


def test_cci_codes_are_rubrics() -> None:
    for code, _ in _codes("CCI"):
        assert re.fullmatch(r"1\.OA\.[0-9]{2}\*", code), code


@pytest.mark.parametrize(
    "code",
    [
        "ICD-10-PCS:0FB00ZZ",
        "ICD-10-PCS:0fb1.4zg",
        "ICD-10-PCS:0FT20ZZ",
        "CCI:1.OA.87.LA",
        "CCI:1OA87",
        "CPT:47125",
        "OPCS-4:J02.3",
        "http://snomed.info/sct:71273005",
    ],
)
def test_resections_are_in_the_population(code: str) -> None:
    assert _holds("liver-resection", code)


@pytest.mark.parametrize(
    "code",
    [
        "ICD-10-PCS:0FB00ZX",  # biopsies
        "ICD-10-PCS:0FB03ZX",
        "CPT:47100",
        "SNOMED:86259008",
        "ICD-10-PCS:0FB03ZZ",  # percutaneous
        "ICD-10-PCS:0FT00ZZ",  # the whole liver, and transplantation
        "ICD-10-PCS:0FY00Z0",
        "CCI:1.OA.85.LA",
        "SNOMED:240326000",
        "SNOMED:18027006",
        "CCI:1.OA.59",  # ablation
        "ICD-10-PCS:0F500ZZ",
        "CPT:47371",
        "OPCS-4:J04.1",  # repair
        "SNOMED:107963000",  # the parent of all of them
    ],
)
def test_other_procedures_are_not(code: str) -> None:
    assert not _holds("liver-resection", code)


@pytest.mark.parametrize(
    ("name", "held", "not_held"),
    [
        # Biopsies, and approaches through which no lobe is removed, are not resections.
        ("lung-resection", "ICD-10-PCS:0BTC4ZZ", "ICD-10-PCS:0BBC0ZX"),
        ("lung-resection", "CPT:32663", "ICD-10-PCS:0BBC8ZZ"),
        ("lung-cancer", "ICD-10:C34.1", "ICD-10:C78.0"),
        ("pancreas-resection", "ICD-10-PCS:0FBG4ZG", "ICD-10-PCS:0FBG3ZX"),
        ("pancreas-cancer", "ICD-10-CM:C25.0", "ICD-10-CM:C25.4"),  # endocrine
        ("tips", "CPT:37182", "CPT:37183"),  # revision
        ("liver-ablation", "ICD-10-PCS:0F503ZF", "ICD-10-PCS:0FB00ZZ"),
        ("liver-ablation", "CCI:1.OA.59", "CCI:1.OA.87"),
        ("liver-embolisation", "ICD-10-PCS:06L83DZ", "ICD-10-PCS:06183J4"),
        ("systemic-therapy", "ICD-10-PCS:3E03305", "ICD-10-PCS:3E05305"),  # through an artery
        ("systemic-therapy", "ATC:L01FF02", "ATC:L02BA01"),  # endocrine therapy
        ("antibiotics", "atc:j01db04", "ATC:N02BE01"),
        ("hip-replacement", "ICD-10-PCS:0SR904A", "ICD-10-PCS:0SR90EZ"),  # a spacer
        ("hip-partial-or-revision", "ICD-10-PCS:0SRR0J9", "ICD-10-PCS:0SP904Z"),  # a screw
        ("hip-fracture", "ICD-10-CM:S72.001A", "ICD-10-CM:M16.11"),
        ("hip-function", "LOINC:82323-7", "LOINC:71969-0"),  # mental health
        ("history-and-physical", "LOINC:34117-2", "LOINC:34115-6"),  # of a student
        ("history-and-physical-update", "LOCAL:HP-UPDATE", "LOINC:34117-2"),
        ("chest-ct", "LOINC:24627-2", "LOINC:24629-8"),  # MR Chest
    ],
)
def test_lists_of_the_other_protocols(name: str, held: str, not_held: str) -> None:
    codes = CodeLists([rules_dir() / "codelists"]).load([name]).catalogue.lists[name]
    assert any(codes.holds(*pair) for pair in split_codes(held))
    assert not any(codes.holds(*pair) for pair in split_codes(not_held))


def test_transplantation_is_told_by_its_codes() -> None:
    for code in ("ICD-10-PCS:0FY00Z0", "CCI:1.OA.85.XXK", "SNOMED:240326000"):
        assert _holds("liver-transplant", code)
    assert not _holds("liver-transplant", "CCI:1.OA.87.LA")


def test_metastasis_is_told_from_primary_cancer() -> None:
    for code in ("ICD-10-CM:C78.7", "ICD-10:C787", "SNOMED:94381002"):
        assert _holds("liver-metastasis", code)
    for code in ("ICD-10-CM:C22.0", "ICD-10-CM:C78.00", "ICD-10-CM:C78"):
        assert not _holds("liver-metastasis", code)


def test_region_words_are_those_of_the_contract() -> None:
    assert CATALOGUE.regions == (
        *COVERS_LIVER,
        *("chest", "pelvis", "head", "neck", "spine", "breast", "extremity", "whole-body", "other"),
    )
    covering = tuple(r["region"] for r in _rows("regions.csv") if r["covers_liver"] == "yes")
    assert covering == COVERS_LIVER
    for leaf in BUNDLE.protocol.versions[-1].leaves:
        assert tuple(leaf.event.region or ()) == COVERS_LIVER


def test_modalities_are_dicom_terms() -> None:
    wanted = {"CT", "MR", "US", "PT", "NM", "XA", "CR", "DX", "RF", "MG"}
    documents = {"SR", "PR", "KO", "SEG", "OT", "DOC"}
    assert wanted | documents <= set(CATALOGUE.modalities)
    assert not {"MRI", "PET", "MA", "DS"} & set(CATALOGUE.modalities)


def test_imaging_codes_that_qualify_cover_the_liver() -> None:
    for row in CATALOGUE.imaging:
        if row.role == "qualifies":
            assert row.modality in ("CT", "MR", "US"), row
            assert row.region in COVERS_LIVER, row


@pytest.mark.parametrize("code", ["24812-0", "24627-2", "24628-0", "24629-8", "30674-6", "30706-6"])
def test_guidance_and_other_regions_never_count(code: str) -> None:
    roles = {row.code: row.role for row in CATALOGUE.imaging if row.system == "LOINC"}
    assert roles[code] == "never"


def test_every_row_says_where_it_comes_from() -> None:
    for file in sorted((rules_dir() / "codelists").glob("*.csv")):
        for row in _rows(file.name):
            if "source" in row:
                assert row["source"], f"{file.name}: {row}"
                assert canonical_code(row["system"], row["code"])


def test_every_code_list_is_used_by_a_protocol() -> None:
    lists = {f.stem for f in (rules_dir() / "codelists").glob("*.csv")}
    used = "\n".join(f.read_text(encoding="utf-8") for f in rules_dir().glob("*/protocol.yaml"))
    unused = [n for n in lists - {"imaging", "regions", "modalities"} if f"in: {n}" not in used]
    assert unused == []


def test_loinc_notice_is_shipped_where_loinc_names_are() -> None:
    notice = "LOINC is copyright"
    for name in ("NOTICE", "docs/codes.md"):
        assert notice in (rules_dir().parent / name).read_text(encoding="utf-8")


# ---- The protocol --------------------------------------------------------------------------------


def test_the_source_is_named_for_what_it_is() -> None:
    first = BUNDLE.protocol.source[0]
    assert first.doi == "10.31487/j.JSO.2020.03.02"
    assert "Science Repository" in first.citation
    assert first.level.startswith("Local protocol, single centre")


def test_both_scans_are_asked_for_in_the_same_way() -> None:
    version = BUNDLE.protocol.versions[-1]
    assert [leaf.id for leaf in version.leaves] == ["ct", "mri"]
    for leaf in version.leaves:
        assert (str(leaf.window.at_most), leaf.same_day, leaf.pet_ct) == (
            "30 days",
            "unknown",
            "refuse",
        )
        assert str(leaf.lead_time) == "5 working days"


# ---- Examples ------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.id)
def test_example(example: Example) -> None:
    """Alone; `test_shipped_protocols.py` has all of them together, on the engines."""
    seen = on_reference(BUNDLE, dict(example.tables), example.as_of, example.site, {})
    line = seen.case(example.case_id)
    assert line["verdict"] == example.expect.verdict, example.why
    for name, wanted in example.expect.requirements.items():
        found = seen.finding(name, example.case_id)
        said = (found["status"], found["reason"], found["event_id"] or "")
        assert said == (wanted.status, wanted.reason, wanted.event or ""), example.why


def test_examples_reach_every_status_and_verdict() -> None:
    statuses = {r.status for e in EXAMPLES for r in e.expect.requirements.values()}
    assert statuses == set(Status) - {Status.ERROR}
    assert {e.expect.verdict for e in EXAMPLES} == set(Verdict) - {Verdict.ERROR}


def test_treatment_since_the_scan_is_advice_only() -> None:
    for leaf in BUNDLE.protocol.versions[-1].leaves:
        between = {line.id: line.then for line in leaf.none_between}
        assert between == {"chemotherapy": "warn", "embolisation": "warn", "ablation": "warn"}


def test_examples_expect_something_of_both_scans() -> None:
    assert len(EXAMPLES) >= 34
    for example in EXAMPLES:
        assert set(example.expect.requirements) == {"ct", "mri"}, example.id
