"""What is legal and suspicious: one small change of a good protocol each."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from qi_checker.protocol.lint import lint, lint_rulebook
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir

BAD_INPUT = Path(__file__).parents[1] / "bad_input"
GOOD = (BAD_INPUT / "good-protocol.yaml").read_text(encoding="utf-8")
EMERGENCY = "{id: emergency, title: Emergency surgery, when: {urgency: [emergency]}}"


def linted(text: str, folder: Path) -> list[str]:
    """What is suspicious in a protocol of this text, with line and column."""
    file = folder / "own" / "protocol.yaml"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    shutil.copytree(BAD_INPUT / "codelists", folder / "codelists")
    (folder / "codelists" / "empty.csv").write_text("system,code,note,source\n")
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
            "19:41: this exclusion repeats `emergency`. It can never be the first to hold.",
        ),
        (
            "[14 days, 30 days]",
            "[14 days, 30 days, 14 days]",
            "36:37: 14 days is listed twice.",
        ),
        (
            "[14 days, 30 days]",
            "[14 days]",
            "36:18: 30 days itself is not listed. Beside it, the other windows are easier to judge.",
        ),
        (", at_most: 90 days", "", "35:17: exceptions may last for ever. Give them at_most."),
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
            "32:16: the region is left open. A scan of the head would count; give a region or codes.",
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
                "An event of the same day may have been after the operation."
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
            "32:16: this requirement asks for the same as `ct`. One event fulfils both.",
        ),
    ],
)
def test_what_is_suspicious(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert QUIET.count(old) >= 1
    assert linted(QUIET.replace(old, new, 1), tmp_path) == [said]


def test_codes_that_cannot_be_are_told(tmp_path: Path) -> None:
    rulebook = _copy(tmp_path)
    with (rulebook / "codelists" / "liver-resection.csv").open("a") as out:
        out.write("ICD-10-PCS,OFB00ZZ,letter O for the digit 0,\n")
    said = "liver-resection.csv: ICD-10-PCS OFB00ZZ is no code of ICD-10-PCS. Check it for a slip."
    assert [str(p) for p in lint_rulebook(rulebook)] == [said]


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
    assert f"the id {name} is that of" in said


def test_a_broken_protocol_does_not_hide_the_others(tmp_path: Path) -> None:
    rulebook = _copy(tmp_path)
    (rulebook / "broken").mkdir()
    (rulebook / "broken" / "protocol.yaml").write_text("id: [\n")
    (problem,) = lint_rulebook(rulebook)
    assert "a value is missing" in str(problem)
