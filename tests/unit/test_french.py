"""Sentences in French: one table beside the English one, and no English word left in what it says."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import qi_checker
from qi_checker import UserError
from qi_checker.cases.case_actions import actions_of
from qi_checker.cases.phrases import Phrase, PhraseWriter
from qi_checker.judging import CaseTrace, read_data, rows
from qi_checker.judging.trace import trace_of
from qi_checker.protocol import english, french
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.examples import load_examples
from qi_checker.protocol.language import LANGUAGES, PLACEHOLDER, Words, words_of
from qi_checker.protocol.load import load_protocol
from qi_checker.protocol.paths import rules_dir
from qi_checker.protocol.plausible import CHECKS, Level
from qi_checker.protocol.plausible_findings import Finding
from qi_checker.protocol.plausible_french import FRENCH
from qi_checker.protocol.plausible_french import in_french as plausibility
from qi_checker.protocol.translation import (
    Translation,
    read_translation,
    translated,
    translation_files,
    words,
)
from qi_checker.protocol.vocabulary import Reason
from tests.helpers.protocols import ct, protocol_with
from tests.helpers.records import case, scan
from tests.spec.test_actions import EARLY, LATE, LEAD, SITE, SURGERY, UPCOMING

SHIPPED = sorted(path.parent for path in rules_dir().glob("*/protocol.yaml"))
LIVER = rules_dir() / "hepatic-metastasectomy-imaging"
ENGLISH_WORDS = """the is are of to by from for with and any surgery day days month months week weeks year years hour
    hours before after until booked ordered order book find out whether too late early old no not none at
    it its that which was been be has have limit move request exception arrange today unknown row rows
    window within least most more less than time since there counts check since only again required may
    missing value unreadable duplicate word admission discharge birth imaging therapy visit"""


def tables(table: Any) -> Iterator[tuple[str, Any]]:
    """Everything that a table has by name: texts, dicts and tuples of texts."""
    for name in sorted(Words.__annotations__):
        yield name, getattr(table, name)


def placeholders(text: str) -> list[str]:
    return sorted(set(PLACEHOLDER.findall(text)))


def test_both_tables_have_every_key_and_placeholder() -> None:
    for (name, one), (_, other) in zip(tables(english), tables(french), strict=True):
        assert type(one) is type(other), name
        if isinstance(one, str) and name != "THOUSANDS":
            assert placeholders(one) == placeholders(other), name
        elif isinstance(one, dict) and name not in ("KINDS", "REGIONS", "FAULTS"):
            assert list(one) == list(other), name
            for key, text in one.items():
                assert len(text) == len(other[key]) or placeholders(text) == placeholders(
                    other[key]
                )
    assert set(english.FOUND) == set(Reason) and len(english.MONTHS) == len(french.MONTHS) == 12
    regions = (
        (rules_dir() / "codelists" / "regions.csv").read_text(encoding="utf-8").splitlines()[1:]
    )
    assert {line.split(",")[0] for line in regions} == set(french.REGIONS)
    faults = {rows.MISSING, rows.UNKNOWN_WORD, rows.UNREADABLE, rows.EXTERNAL_UNDATED}
    assert faults | {rows.DUPLICATE, rows.SAME_CONTENT} <= set(french.FAULTS)


def test_no_template_has_an_english_word() -> None:
    for name, value in tables(french):
        texts = value.values() if isinstance(value, dict) else value
        if name not in ("day", "day_of_month", "ZERO_IS_ONE"):
            said = [texts] if isinstance(texts, str) else [t for t in texts if isinstance(t, str)]
            check([PLACEHOLDER.sub("", text) for text in said])


# ---- no English word is left ----------------------------------------------------------------------


def in_french(bundle: Bundle) -> Bundle:
    """A protocol every text of which is translated: by a number, so that nothing of it is English."""
    said: dict[str, Any] = {"reviewed_by": []}
    for number, (keys, _) in enumerate(words(bundle.protocol)):
        held = said
        for key in keys[:-1]:
            held = held.setdefault(str(key), {})
        held[str(keys[-1])] = f"«{number}»"
    return translated(bundle, Translation.model_validate(said))


def spoken(trace: CaseTrace, protocol: Any) -> list[str]:
    """What is said of a case in French: its findings, advice and actions."""
    setting = dataclasses.replace(trace.setting, language="fr", phrases={})
    chart = dataclasses.replace(trace.chart, setting=setting)
    case_in_french = trace_of(chart, trace.exceptions)
    said = [found["sentence"] for found in case_in_french.findings]
    said += [one.to_do for one in case_in_french.requirements]
    titles = trace.case.version.titles
    said += [one.requirement.window.words(titles, french) for one in case_in_french.requirements]
    actions = actions_of(case_in_french, protocol, lambda table, row: f"fichier, ligne {row}")
    return said + [action.text for action in actions]


def check(said: list[str]) -> None:
    for text in said:
        found = set(ENGLISH_WORDS.split()) & set(re.findall(r"[a-zé’]+", text.lower()))
        assert not found, f"{text}: {found}"
        assert not re.search(r"\d{4}-\d\d-\d\d|\{|\}", text), text


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_example_of_a_shipped_protocol_is_told_in_french(path: Path) -> None:
    bundle = load_protocol(path)
    of_french = in_french(bundle)
    for example in load_examples(path / "examples.yaml", bundle):
        given = {**example.tables}, example.as_of, example.site
        there = read_data(of_french, *given)
        for trace, other in zip(there.traces(), read_data(bundle, *given).traces(), strict=True):
            check(spoken(trace, of_french.protocol))
            status = [(one.status, one.reason) for one in trace.requirements]
            assert status == [(one.status, one.reason) for one in other.requirements]


OPEN_LATER = {"before": "surgery", "at_least": "7 days", "at_most": "30 days"}


@pytest.mark.parametrize("window", [{}, {"window": OPEN_LATER}], ids=["open", "closed"])
@pytest.mark.parametrize("as_of", [EARLY, LATE])
def test_the_action_of_each_reason_is_told_in_french(as_of: str, window: dict[str, Any]) -> None:
    row = case(surgery_at=SURGERY, status="scheduled")
    table: Any = UPCOMING
    for _, events, changes, _, _ in table:
        rule = in_french(protocol_with(ct(**LEAD | changes | window)))
        trace = qi_checker.judge(rule, row, events, as_of, site=SITE)
        check(spoken(trace, rule.protocol))


def test_the_same_action_in_two_languages() -> None:
    """It is kept as JSON, and written with the titles of the language."""
    rule = protocol_with(ct(**LEAD))
    row = case(surgery_at=SURGERY, status="scheduled")
    (found,) = qi_checker.judge(rule, row, [scan("2026-03-05")], LATE, site=SITE).actions
    assert found.text == (
        "Order the CT of the liver to be done by 14 May (the one of 5 Mar will be 70 days old at surgery). "
        "If there is no slot: 18 May is the first surgery date with time to arrange everything"
    )
    said = Phrase.from_json(json.loads(json.dumps(found.phrase.to_json())))
    assert said == found.phrase
    speaker = PhraseWriter(french, {"ct": "TDM du foie"}, date(2026, 5, 11), lambda *_: "")
    assert speaker.text(said).replace("\u00a0", " ") == (
        "À demander : TDM du foie, à faire au plus tard le 14 mai "
        "(réalisation du 5 mars, soit 70 jours avant l’opération). "
        "Sans créneau : première date d’opération qui laisse le temps de tout organiser, le 18 mai"
    )


def test_a_finding_in_french() -> None:
    bundle = load_protocol(LIVER)
    (file,) = translation_files(bundle)
    rule = translated(bundle, read_translation(file, bundle.protocol).words)
    row = case(surgery_at="2026-02-23", status="scheduled", urgency="elective")
    trace = qi_checker.judge(rule, row, [scan("2026-01-23")], "2026-02-10", site=SITE)
    said = [
        text.replace("\u00a0", " ").replace("\u202f", " ") for text in spoken(trace, rule.protocol)
    ]
    assert said[0] == (
        "TDM du foie du ven. 23 janv. 2026 : 31 jours avant l’opération (lun. 23 févr. 2026) ; "
        "limite : 30 jours. 1 jour de trop. À programmer : TDM du foie, entre le mar. 10 févr. 2026 et le "
        "lun. 23 févr. 2026 ; à organiser au plus tard le lun. 16 févr. 2026."
    )
    assert "au plus 30 jours avant l’opération" in said


# ---- checks of the records ------------------------------------------------------------------------


def test_every_check_of_the_records_has_a_french_sentence() -> None:
    """The page makes it from the stored numbers; the details in words stay in the English one."""
    assert set(FRENCH) == set(CHECKS)
    for name in CHECKS:
        row = Finding(name, "events", "at", 1_466, 1_479, Level.WARN, "English.").as_dict()
        text = plausibility(row, "liver")
        assert "1\u202f466 sur 1\u202f479 : " in text and text.endswith(".")
        names = r"`[^`]*`|\bat\b|--[a-z-]+|[a-z_]+\.(csv|yaml)|[a-z]+_[a-z_]+|bookings: off"
        words = set(re.findall(r"[a-zà-ÿ]+", re.sub(names, "", text.lower())))
        assert not words & set(ENGLISH_WORDS.split()) - {"admission", "week"}, text
    assert plausibility(row, "liver").startswith("Protocole liver, events, at : ")
    days = Finding("newest_event", "events", "at", 21, 0, Level.WARN, "English.").as_dict()
    assert plausibility(days, "liver").startswith("Events, at : 21 jours depuis")
    assert plausibility(row | {"check": "of a later version"}, "liver") == ""


# ---- translations of protocols --------------------------------------------------------------------


def test_a_translation_changes_no_hash_and_no_english() -> None:
    bundle = load_protocol(LIVER)
    (file,) = translation_files(bundle)
    found = read_translation(file, bundle.protocol)
    other = translated(bundle, found.words)
    assert other.sha256 == bundle.sha256 and other.catalogue is bundle.catalogue
    assert bundle.protocol == load_protocol(LIVER).protocol
    assert not found.missing and found.words.reviewed_by == []
    (version,) = other.protocol.versions
    assert [leaf.title for leaf in version.leaves] == ["TDM du foie", "IRM du foie"]
    assert version.leaves[0].owner_of("book") == "Rendez-vous TDM"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_text_of_a_shipped_protocol_can_be_translated(path: Path) -> None:
    """Ids, code lists, lengths and sources are all that is left."""
    bundle = load_protocol(path)
    said = in_french(bundle).protocol
    for keys, text in words(said):
        assert text.startswith("«") or keys[0] == "reasons", keys
    for file in translation_files(bundle):
        assert not read_translation(file, bundle.protocol).missing


WRONG = [
    (
        "requirements: {mir: {title: IRM}}",
        "2:16",
        "no `mir` under `requirements`. Did you mean mri?",
    ),
    ("owners: {Radiologie: X}", "2:10", "no `Radiologie` under `owners`. Did you mean Radiology?"),
    ("requirements: {ct: {warn: {contrst: X}}}", "2:28", "Did you mean contrast?"),
    ('versions: {"2.0": {exclude: {emergency: X}}}', "2:12", "no `2.0` under `versions`"),
    ("titel: X", "2:1", "`titel` is not a key of a translation. Did you mean title?"),
    ("title: [X]", "2:8", "title"),
    ("exclude: {emergency: ''}", "2:22", "`emergency` is empty"),
    ("columns: {born_on: naissance}", "2:11", "no `born_on` under `columns`"),
]


@pytest.mark.parametrize(("text", "where", "what"), WRONG)
def test_what_is_wrong_in_a_translation_is_told(
    tmp_path: Path, text: str, where: str, what: str
) -> None:
    file = tmp_path / "fr.yaml"
    file.write_text(f"reviewed_by: []\n{text}\n", encoding="utf-8")
    with pytest.raises(UserError) as raised:
        read_translation(file, load_protocol(LIVER).protocol)
    (problem,) = raised.value.problems
    assert problem.where == f"{file}:{where}" and what in str(problem)


def test_a_translation_says_who_reviewed_it_and_what_it_leaves_out(tmp_path: Path) -> None:
    file = tmp_path / "fr.yaml"
    file.write_text("title: TDM\n", encoding="utf-8")
    protocol = load_protocol(LIVER).protocol
    with pytest.raises(UserError, match="the key `reviewed_by` is missing"):
        read_translation(file, protocol)
    file.write_text(
        "reviewed_by: [M. Roy]\nversions: {'1.0': {requirements: {ct: {title: TDM}}}}\n"
    )
    found = read_translation(file, protocol)
    left = [str(problem) for problem in found.left_in_english]
    assert any("`requirements.mri.title` is not translated and stays English" in x for x in left)
    assert not any("requirements.ct.title" in x for x in left)
    other = file.with_name("de.yaml")
    other.write_text("reviewed_by: []\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"no sentences in the language `de`.*fr"):
        read_translation(other, protocol)


def test_every_language_is_a_table() -> None:
    assert [words_of(language) for language in LANGUAGES] == [english, french]
