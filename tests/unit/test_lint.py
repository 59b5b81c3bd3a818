"""What is legal and suspicious: one small change of a good protocol each."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from qi_checker.protocol.lint import lint, lint_rulebook
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.site import Site

BAD_INPUT = Path(__file__).parents[1] / "bad_input"
GOOD = (BAD_INPUT / "good-protocol.yaml").read_text(encoding="utf-8")
EMERGENCY = "{id: emergency, title: Emergency surgery, when: {urgency: [emergency]}}"


def linted(text: str, folder: Path, **lists: str) -> list[str]:
    """What is suspicious in a protocol of this text, with line and column."""
    file = folder / "own" / "protocol.yaml"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    shutil.copytree(BAD_INPUT / "codelists", folder / "codelists")
    (folder / "codelists" / "empty.csv").write_text("system,code,note,source\n")
    (folder / "codelists" / "bare.csv").write_text(
        "system,code,note,source\nICD-10-PCS,0FB00ZZ,,\n"
    )
    for name, rows in lists.items():
        (folder / "codelists" / f"{name}.csv").write_text(rows)
    shutil.copy(rules_dir() / "codelists" / "imaging.csv", folder / "codelists")
    problems = lint(load_protocol(file))
    return [str(p).removeprefix(f"{file}:") for p in problems]


# The good protocol lists 28 days, which is its 4 weeks, but not its 30 days.
QUIET = GOOD.replace("sensitivity: [14 days, 28 days]", "sensitivity: [14 days, 30 days]")


def test_nothing_is_suspicious(tmp_path: Path) -> None:
    assert linted(QUIET, tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            EMERGENCY,
            (
                "{id: all, title: All, when: {all_of: [{procedure: {in: liver-resection}}, "
                "{diagnosis: {in: liver-metastasis}}]}}"
            ),
            "18:37: this exclusion repeats applies_to. No case would be left.",
        ),
        (
            EMERGENCY,
            EMERGENCY + "\n      - {id: other, title: Other, when: {urgency: [emergency]}}",
            "19:41: this exclusion repeats `emergency`. It never has an effect.",
        ),
        (
            "owner: MRI booking desk",
            "owner: {order: Clinic, book: CT Booking  Desk}",
            (
                "34:16: the owner `CT Booking  Desk` is spelt `CT booking desk` elsewhere. "
                "Its actions would be on two lists; use one spelling."
            ),
        ),
        (
            "[14 days, 30 days]",
            "[14 days, 30 days, 14 days]",
            "36:37: 14 days is listed twice.",
        ),
        (
            "[14 days, 30 days]",
            "[14 days]",
            "36:18: 30 days itself is not listed. It makes the other windows easier to compare.",
        ),
        (", at_most: 90 days", "", "35:17: exceptions may last forever. Give them at_most."),
        (
            "at_most: 90 days",
            "at_most: 2 years",
            "35:63: exceptions may last for more than a year.",
        ),
        (
            "[patient-declined, other]",
            "[other, patient-declined, other]",
            "35:53: the reason other is listed twice.",
        ),
        (
            "modality: [MR], region: [liver]",
            "modality: [MR]",
            "32:16: there is no region. A scan of the head would count; add a region or codes.",
        ),
        (
            "modality: [MR], region: [liver]",
            "codes: {in: empty}",
            "32:44: the code list `empty` is empty. It matches nothing.",
        ),
        (
            "{before: surgery, less_than: 4 weeks}",
            "{before: surgery}",
            "33:17: the window has no limit. An event of any age counts.",
        ),
        (
            "lead_time: 5 working days",
            "lead_time: 30 working days",
            (
                "26:20: 30 working days are longer than the window. "
                "It would have to be arranged before the window opens."
            ),
        ),
        (
            "same_day: unknown",
            "same_day: allow",
            (
                "24:19: events of the day of surgery count without a clock time. "
                "An event on the same day may have been after the operation."
            ),
        ),
        (
            "when: {description: [unenhanced]}}\n",
            (
                "when: {description: [unenhanced]}}\n"
                "          - {id: again, title: Again., when: {description: [unenhanced]}}\n"
            ),
            "30:46: `again` repeats another advice's when.",
        ),
        (
            (
                "{kind: imaging, modality: [MR], region: [liver]}\n"
                "        window: {before: surgery, less_than: 4 weeks}"
            ),
            (
                "{kind: imaging, modality: [CT], region: [liver, abdomen]}\n"
                "        window: {before: surgery, at_most: 30 days}"
            ),
            "32:16: this requirement is the same as `ct`. One event fulfils both.",
        ),
        (
            "less_than: 4 weeks}",
            "less_than: 120 minutes}\n        same_day: allow",
            (
                "34:19: `same_day: allow` has no effect. "
                "The window needs clock times, or the order on a day does not matter."
            ),
        ),
        (
            "window: {before: surgery, at_most: 30 days}",
            "window: {after: surgery, at_least: 30 days}",
            "23:17: the window has no limit. An event of any age counts.",
        ),
        (
            "less_than: 4 weeks",
            "at_least: 28 days, at_most: 4 weeks",
            "33:45: only one day counts.",
        ),
        (
            "less_than: 4 weeks",
            "at_least: 30 days, at_most: 1 month",
            (
                "33:45: in some months no day is 30 days and 1 month away. "
                "A month has 28 to 31 days."
            ),
        ),
        (
            "less_than: 4 weeks}",
            "less_than: 4 weeks}\n        count: 2",
            (
                "34:16: 2 events may be on the same day. "
                "A study stored under two numbers counts twice; add apart."
            ),
        ),
        (
            "at_most: 90 days",
            "at_most: 0 days",
            "35:63: an exception lasts only one day. It must be the day of surgery.",
        ),
        (
            "at_most: 90 days",
            "at_most: 4 days",
            (
                "35:63: exceptions expire before there is time to arrange `ct`. "
                "An exception approved in time would have expired on the day of surgery."
            ),
        ),
        (
            "before: surgery, less_than: 4 weeks",
            "before: {column: admited_at}, less_than: 4 weeks",
            "33:35: the column `admited_at` looks like admitted_at. It is read as your own column.",
        ),
        (
            "modality: [MR], region: [liver]}",
            "modality: [MR], region: [liver], columns: [{name: modalty, in: [A]}]}",
            "32:82: the column `modalty` looks like modality. It is read as your own column.",
        ),
        (
            "kind: imaging, modality: [MR], region: [liver]}",
            "kind: therapy, codes: {in: bare}}\n        forbidden: true",
            (
                "32:44: `bare` gives no source for 1 of its 1 codes. "
                "Events with a missing code would not be found."
            ),
        ),
        (
            "- id: ct-or-mri\n            title: CT or MRI of the liver",
            "- id: tomography\n            title: CT of the liver",
            (
                "42:17: `ct` of version 1.0 is `tomography` here. "
                "Its results cannot be followed across versions."
            ),
        ),
    ],
)
def test_what_is_suspicious(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert QUIET.count(old) >= 1
    assert linted(QUIET.replace(old, new, 1), tmp_path) == [said]


def test_no_other_window_judges_anew(tmp_path: Path) -> None:
    text = QUIET.replace("before: surgery", "before: admission")
    why = "Only simple windows before surgery, in days or longer, can be."
    said = f"36:18: no requirement of this version can be judged by another window. {why}"
    assert linted(text, tmp_path) == [said]


def test_a_window_between_two_anchors_has_limits(tmp_path: Path) -> None:
    text = QUIET.replace("less_than: 4 weeks", "and: [{after: admission}]")
    assert linted(text, tmp_path) == []


def test_requirements_under_opposite_conditions_may_be_alike(tmp_path: Path) -> None:
    ct, mri = (
        QUIET[QUIET.index("      - id: ct\n") :].split("      - id: mri\n")[0],
        "      - id: mri",
    )
    urgent = ct.replace("title: CT", "title: Urgent CT")
    other = urgent.replace("id: ct", "id: ct-too") + "        applies_if: {urgency: [urgent]}\n"
    assert linted(QUIET.replace(mri, other + mri, 1), tmp_path) == []


@pytest.mark.parametrize("feeds", [{}, {"therapy": "3 days"}])
def test_silence_where_absence_is_asked_for(feeds: dict[str, str], tmp_path: Path) -> None:
    between = "{id: x, title: X, event: {kind: therapy, codes: {in: liver-resection}}, then: fail}"
    text = QUIET.replace("same_day: unknown", f"none_between: [{between}]").replace(
        "kind: imaging, modality: [MR], region: [liver]}",
        "kind: therapy, codes: {in: liver-resection}}\n        forbidden: true",
    )
    file = tmp_path / "protocol.yaml"
    file.write_text(text, encoding="utf-8")
    site = Site.model_validate({"timezone": "UTC", "feeds": feeds})
    places = [p.where.removeprefix(f"{file}:") for p in lint(load_protocol(file), site)]
    without = [p.where.removeprefix(f"{file}:") for p in lint(load_protocol(file))]
    assert [p for p in places if p not in without] == ([] if feeds else ["24:49", "33:20"])


def test_codes_that_cannot_be_are_told(tmp_path: Path) -> None:
    rulebook = _copy(tmp_path)
    with (rulebook / "codelists" / "liver-resection.csv").open("a") as out:
        out.write("ICD-10-PCS,OFB00ZZ,letter O for the digit 0,\n")
    said = "liver-resection.csv: ICD-10-PCS OFB00ZZ is no code of ICD-10-PCS. Check it for a typing error."
    assert [str(p) for p in lint_rulebook(rulebook)] == [said]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("LOCAL,CHEMOTHERAPY", []),
        ("ATC,L01*", []),
        ("http://www.whocc.no/atc,J01DB04", []),
        ("ATC,J01DBO4", ["liver-resection.csv: ATC J01DBO4 is no code of ATC."]),
        ("OURS,X", ["liver-resection.csv: the code system OURS is not known."]),
    ],
)
def test_systems_of_codes(row: str, said: list[str], tmp_path: Path) -> None:
    rulebook = _copy(tmp_path)
    with (rulebook / "codelists" / "liver-resection.csv").open("a") as out:
        out.write(f"{row},,\n")
    found = [str(p).partition(". ")[0] + "." for p in lint_rulebook(rulebook)]
    assert found == said


def _copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(rules_dir(), tmp_path / "rules"))


def test_the_shipped_rules_are_clean() -> None:
    assert lint_rulebook(rules_dir()) == []


def test_a_code_list_that_no_protocol_names(tmp_path: Path) -> None:
    rulebook = _copy(tmp_path)
    (rulebook / "codelists" / "forgotten.csv").write_text("system,code,note,source\n")
    (problem,) = lint_rulebook(rulebook)
    assert str(problem).endswith("forgotten.csv: no protocol uses this code list.")


def test_folder_id_and_examples(tmp_path: Path) -> None:
    rulebook = _copy(tmp_path)
    name = "hepatic-metastasectomy-imaging"
    shutil.copytree(rulebook / name, rulebook / "other-name")
    (rulebook / "other-name" / "examples.yaml").unlink()
    said = "\n".join(str(p) for p in lint_rulebook(rulebook))
    assert f"the folder is not called {name}, which is the id" in said
    assert "other-name: has no examples.yaml" in said
    assert f"the id {name} is also that of" in said


def test_a_broken_protocol_does_not_hide_the_others(tmp_path: Path) -> None:
    rulebook = _copy(tmp_path)
    (rulebook / "broken").mkdir()
    (rulebook / "broken" / "protocol.yaml").write_text("id: [\n")
    (problem,) = lint_rulebook(rulebook)
    assert "a value is missing" in str(problem)


PELVIC = """      - id: pelvis
        title: MRI of the pelvis
        event: {kind: imaging, modality: [MR], %s}
        window: {before: surgery, at_most: 30 days}
        owner: MRI booking desk
"""
BEFORE_EXCEPTIONS = "    exceptions: {reasons: [patient-declined, other], at_most: 90 days}\n"


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (
            "region: [pelvis, liver]",
            (
                "37:45: imaging.csv says of every code of the region `pelvis` that it never counts."
                " List the codes that may count here in allow_codes."
            ),
        ),
        (
            "region: [pelvis], codes: {in: pelvic}",
            (
                "37:69: imaging.csv says that 2 codes of `pelvic` never count: 30673-8, 30674-6."
                " List the codes that may count here in allow_codes."
            ),
        ),
        ("region: [pelvis], codes: {in: pelvic}, allow_codes: {in: pelvic}", ""),
        ("region: [liver]", ""),
    ],
)
def test_codes_that_never_count_are_what_another_rule_asks_for(
    event: str, said: str, tmp_path: Path
) -> None:
    """A pelvic MRI says nothing about the liver, and is the scan before pelvic surgery."""
    lists = "system,code,note,source\nLOINC,30673-8,,\nLOINC,30674-6,,\nCPT,72195,,\n"
    text = QUIET.replace(BEFORE_EXCEPTIONS, PELVIC % event + BEFORE_EXCEPTIONS, 1)
    found = linted(text, tmp_path, pelvic=lists)
    found_lines = [line for line in found if "never count" in line]
    assert [line.split(": ", 1)[1] for line in found_lines] == (
        [said.split(": ", 1)[1]] if said else []
    )


def test_two_requirements_with_one_title(tmp_path: Path) -> None:
    """However it is written: nobody can tell them apart on a list."""
    text = QUIET.replace("title: MRI of the liver\n", "title: ct  of the LIVER\n", 1)
    (found_lines,) = (line for line in linted(text, tmp_path) if "same title" in line)
    assert found_lines.endswith(
        ": `ct` has the same title. They cannot be distinguished on a page or list."
    )


def test_something_forbidden_for_ever(tmp_path: Path) -> None:
    """Without an end it is never decided."""
    for limit, count in (("", 1), (", at_most: 30 days", 0)):
        folder = tmp_path / str(count)
        folder.mkdir()
        window = f"window: {{after: surgery{limit}}}\n        forbidden: true"
        text = QUIET.replace("window: {before: surgery, less_than: 4 weeks}", window, 1)
        found_lines = [line for line in linted(text, folder) if "the window never closes" in line]
        assert len(found_lines) == count


def test_titles_of_columns_that_no_rule_reads(tmp_path: Path) -> None:
    """Misspelt, or forgotten."""
    titles = "columns: {born_on: {title: date of birth}, seen_at: {title: the first visit}}\n"
    window = "window: {before: {column: seen_at}, less_than: 4 weeks}"
    text = QUIET.replace("window: {before: surgery, less_than: 4 weeks}", window, 1)
    found_lines = linted(text.replace("versions:\n", f"{titles}versions:\n", 1), tmp_path)
    assert [line for line in found_lines if "no rule reads" in line] == [
        "10:20: no rule reads the column `born_on`. Its title is never shown."
    ]
